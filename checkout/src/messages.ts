/**
 * What the shop's page and the checkout page say to each other, and how each knows who spoke.
 *
 * A message is acted on only if it comes from the one window, the one origin and the one channel that were agreed when
 * the checkout was opened. It is sent to that origin alone, so nobody else can read it.
 */

/** What the shop may fill in for its customer. Never a card. */
export interface Prefill {
  vpa?: string;
  name?: string;
}

export interface PaymentSuccess {
  id: string;
  paymentId: string;
  orderId: string;
  status: "success";
  /** Hex HMAC-SHA256 of `orderId|paymentId`, keyed with the merchant's webhook secret. */
  signature: string;
  /** The same with the secret before, while that is being changed. */
  signaturePrevious?: string;
}

export interface PaymentFailure {
  id: string;
  paymentId: string;
  orderId: string;
  status: "failed";
  errorCode: string;
  errorReason: string;
  errorDescription: string;
}

export type ToShop =
  | { type: "ready"; data: Record<string, never> }
  | { type: "payment_success"; data: PaymentSuccess }
  | { type: "payment_failed"; data: PaymentFailure }
  | { type: "close_modal"; data: Record<string, never> };

export type ToCheckout = { type: "init"; data: { prefill: Prefill } };

/** The other side: its window, its origin, and the nonce that both know. */
export interface Peer {
  window: Window;
  origin: string;
  channel: string;
}

export function send(peer: Peer, message: ToShop | ToCheckout): void {
  peer.window.postMessage({ ...message, channel: peer.channel }, peer.origin);
}

/** What the checkout page said; null for anything else. */
export function fromCheckout(event: MessageEvent<unknown>, peer: Peer): ToShop | null {
  const said = spoken(event, peer);
  if (said === null) return null;
  const { type, data } = said;
  switch (type) {
    case "ready":
    case "close_modal":
      return { type, data: {} };
    case "payment_success":
      return isSuccess(data) ? { type, data } : null;
    case "payment_failed":
      return isFailure(data) ? { type, data } : null;
    default:
      return null;
  }
}

/** What the shop's page said; null for anything else. */
export function fromShop(event: MessageEvent<unknown>, peer: Peer): ToCheckout | null {
  const said = spoken(event, peer);
  if (said === null || said.type !== "init") return null;
  const prefill = said.data.prefill;
  if (!isRecord(prefill)) return null;
  return { type: "init", data: { prefill: strings(prefill, ["vpa", "name"]) } };
}

const TEXT_MAX = 256;

type Said = { type: unknown; data: Record<string, unknown> };

function spoken(event: MessageEvent<unknown>, peer: Peer): Said | null {
  if (event.source !== peer.window || event.origin !== peer.origin) return null;
  const message = event.data;
  if (!isRecord(message) || message.channel !== peer.channel || !isRecord(message.data)) return null;
  return { type: message.type, data: message.data };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function areTexts(data: Record<string, unknown>, names: readonly string[]): boolean {
  return names.every((name) => typeof data[name] === "string");
}

function isSuccess(data: Record<string, unknown>): data is Record<string, unknown> & PaymentSuccess {
  return data.status === "success" && areTexts(data, ["id", "paymentId", "orderId", "signature"]);
}

function isFailure(data: Record<string, unknown>): data is Record<string, unknown> & PaymentFailure {
  const texts = ["id", "paymentId", "orderId", "errorCode", "errorReason", "errorDescription"];
  return data.status === "failed" && areTexts(data, texts);
}

function strings(from: Record<string, unknown>, names: readonly (keyof Prefill)[]): Prefill {
  const found: Prefill = {};
  for (const name of names) {
    const value = from[name];
    if (typeof value === "string") found[name] = value.slice(0, TEXT_MAX);
  }
  return found;
}
