/** The page's own small drawings; none is needed to understand it, so all are hidden from screen readers. */

import type { ComponentChildren } from "preact";
import type { Network } from "./card";

function Icon({ children, size = 20 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const Lock = () => (
  <Icon size={16}>
    <rect x="5" y="11" width="14" height="9" rx="2" />
    <path d="M8 11V8a4 4 0 0 1 8 0v3" />
  </Icon>
);

export const Upi = () => (
  <Icon>
    <path d="M9 4 5.5 20 14 12 9 4Z" />
    <path d="m14 4-1.2 5M14 20l5-8-5-8" />
  </Icon>
);

export const Card = () => (
  <Icon>
    <rect x="3" y="5" width="18" height="14" rx="2.5" />
    <path d="M3 10h18M7 15h3" />
  </Icon>
);

export const Phone = () => (
  <Icon>
    <rect x="7" y="3" width="10" height="18" rx="2.5" />
    <path d="M11 18h2" />
  </Icon>
);

export const Warning = () => (
  <Icon size={16}>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 7.5v5.5M12 16.4v.1" />
  </Icon>
);

/** The big sign of a result. */
export function Sign({ kind }: { kind: "good" | "bad" | "pause" }) {
  return (
    <span class={`sign sign-${kind}`}>
      <Icon size={30}>
        {kind === "good" && <path class="drawn" d="m5 12.5 4.5 4.5L19 7.5" />}
        {kind === "bad" && <path d="M12 6v7.5M12 17.6v.1" />}
        {kind === "pause" && <path d="M12 7v5.5l3.5 2" />}
      </Icon>
    </span>
  );
}

/** The network in our own letters, not its logo. */
export function NetworkMark({ network }: { network: Network }) {
  switch (network) {
    case "visa":
      return <Letters ground="#1a3fa0">VISA</Letters>;
    case "rupay":
      return <Letters ground="#0b6b50">RuPay</Letters>;
    case "amex":
      return <Letters ground="#0a63b0">AMEX</Letters>;
    case "mastercard":
      return (
        <svg class="network" width="40" height="26" viewBox="0 0 40 26" aria-hidden="true">
          <rect width="40" height="26" rx="5" fill="#23262b" />
          <circle cx="16" cy="13" r="7" fill="#e0352b" />
          <circle cx="24" cy="13" r="7" fill="#f3a024" fill-opacity=".9" />
        </svg>
      );
    case "unknown":
      return (
        <span class="network network-none">
          <Card />
        </span>
      );
  }
}

function Letters({ ground, children }: { ground: string; children: string }) {
  return (
    <svg class="network" width="40" height="26" viewBox="0 0 40 26" aria-hidden="true">
      <rect width="40" height="26" rx="5" fill={ground} />
      <text
        x="20"
        y="17"
        text-anchor="middle"
        font-size="10.5"
        font-weight="800"
        font-style="italic"
        font-family="system-ui, sans-serif"
        fill="#fff"
      >
        {children}
      </text>
    </svg>
  );
}
