/** One field for everything: pages, what one can do, and whatever has an id, a receipt, a VPA or four last digits. */

import { Modal, useMantineColorScheme } from "@mantine/core";
import {
  IconArrowBackUp,
  IconCreditCard,
  IconKeyboard,
  IconMoon,
  IconPlus,
  IconReceipt2,
  IconSearch,
  IconSun,
  IconWebhook,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type ComponentType, type KeyboardEvent, type ReactNode, useEffect, useId, useState } from "react";
import { call } from "../api/client";
import { useRefusal, useSession } from "../api/session";
import type { Found } from "../api/shapes";
import { adviceFor } from "../ui/ErrorState";
import { tellRefusal } from "../ui/notices";
import { useOpenDialog } from "../ui/openDialogs";
import { StatusBadge } from "../ui/StatusBadge";
import classes from "./Palette.module.css";
import { MENU } from "./pages";

const SETTLE_MS = 140;
const QUERY_MIN = 3;

interface Entry {
  key: string;
  group: string;
  title: string;
  subtitle?: string;
  icon: ComponentType<{ size?: number; stroke?: number; "aria-hidden"?: boolean }>;
  trail?: ReactNode;
  run: () => void;
}

const PLACES: Record<Found["type"], [string, Entry["icon"], (id: string) => string]> = {
  payment: ["Payments", IconCreditCard, (id) => `/dashboard/transactions/${id}`],
  order: ["Orders", IconReceipt2, (id) => `/dashboard/orders/${id}`],
  refund: ["Refunds", IconArrowBackUp, (id) => `/dashboard/refunds?id=${id}`],
  webhook: ["Webhooks", IconWebhook, (id) => `/dashboard/webhooks/${id}`],
};

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  useOpenDialog(onClose);
  const router = useRouter();
  const session = useSession();
  const mayNotPay = useRefusal("support");
  const { setColorScheme } = useMantineColorScheme();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const query = useSettled(text.trim());
  const searched = useQuery({
    queryKey: ["search", query],
    queryFn: ({ signal }) => call<{ data: Found[] }>("/api/v1/search", { params: { q: query }, signal }),
    enabled: query.length >= QUERY_MIN,
    staleTime: 5_000,
  });

  const go = (to: string): void => router.history.push(to);
  const words = text.trim().toLowerCase();
  const pages: Entry[] = MENU.filter((page) => page.shown?.(session) ?? true).map((page) => ({
    key: page.to,
    group: "Pages",
    title: page.name,
    ...(page.words ? { subtitle: page.words } : {}),
    icon: page.icon,
    run: () => go(page.to),
  }));
  const actions: Entry[] = [
    {
      key: "new",
      group: "Commands",
      title: "Initiate a payment",
      icon: IconPlus,
      ...(mayNotPay === null ? {} : { subtitle: mayNotPay }),
      run: () => (mayNotPay === null ? go("/dashboard/orders?new=1") : tellRefusal(mayNotPay)),
    },
    {
      key: "light",
      group: "Commands",
      title: "Use the light theme",
      icon: IconSun,
      run: () => setColorScheme("light"),
    },
    { key: "dark", group: "Commands", title: "Use the dark theme", icon: IconMoon, run: () => setColorScheme("dark") },
    { key: "keys", group: "Commands", title: "Show keyboard shortcuts", icon: IconKeyboard, run: onHelp },
  ];
  const named = [...actions, ...pages].filter(
    (entry) => words === "" || `${entry.title} ${entry.subtitle ?? ""}`.toLowerCase().includes(words),
  );
  // What was found for other words is gone with them: Enter would open it in place of what is meant.
  const found: Entry[] =
    words.length < QUERY_MIN || query !== text.trim()
      ? []
      : (searched.data?.data ?? []).map((each) => {
          const [group, icon, to] = PLACES[each.type];
          return {
            key: each.id,
            group,
            title: each.title,
            subtitle: each.subtitle,
            icon,
            trail: <StatusBadge status={each.status} />,
            run: () => go(to(each.id)),
          };
        });
  const entries = [...found, ...named];
  const at = Math.min(chosen, entries.length - 1);

  useEffect(() => {
    document.getElementById(`${listId}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at, listId]);

  const choose = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    entry.run();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setChosen(Math.min(at + 1, entries.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
    else if (event.key === "Enter") choose(entries[at]);
    else return;
    event.preventDefault();
  };

  const waiting = words.length >= QUERY_MIN && (searched.isFetching || query !== text.trim());
  return (
    <Modal.Root
      opened
      onClose={onClose}
      size="lg"
      yOffset="10dvh"
      centered={false}
      closeOnEscape={false}
      returnFocus={false}
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Search and commands" radius="lg">
        <div className={classes.field}>
          <IconSearch size={18} aria-hidden />
          <input
            // biome-ignore lint/a11y/noAutofocus: whoever opened this wants to type
            autoFocus
            data-autofocus
            className={classes.input}
            placeholder="Id, receipt, VPA, last four digits, or a page"
            aria-label="Search"
            role="combobox"
            aria-expanded
            aria-controls={listId}
            aria-activedescendant={entries.length > 0 ? `${listId}-${at}` : undefined}
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setChosen(0);
            }}
            onKeyDown={onKeyDown}
          />
          <kbd>Esc</kbd>
        </div>
        <div id={listId} role="listbox" aria-label="Results" className={classes.list} aria-busy={waiting}>
          {entries.map((entry, place) => (
            <div key={`${entry.group} ${entry.key}`} role="presentation">
              {entries[place - 1]?.group !== entry.group && (
                <div className={classes.group} role="presentation">
                  {entry.group}
                </div>
              )}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys */}
              {/* biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus */}
              <div
                id={`${listId}-${place}`}
                role="option"
                aria-selected={place === at}
                className={classes.option}
                onMouseMove={() => setChosen(place)}
                onClick={() => choose(entry)}
              >
                <entry.icon size={17} stroke={1.7} aria-hidden />
                <span className={classes.words}>
                  <span className={classes.title}>{entry.title}</span>
                  {entry.subtitle && entry.group !== "Pages" && (
                    <span className={classes.subtitle}>{entry.subtitle}</span>
                  )}
                </span>
                {entry.trail}
              </div>
            </div>
          ))}
        </div>
        <p className={classes.foot} role="status">
          {searched.isError && words.length >= QUERY_MIN
            ? adviceFor(searched.error)
            : waiting
              ? "Searching…"
              : entries.length === 0
                ? "Nothing found. Ids may be cut off, receipts and VPAs must be whole."
                : "↑ ↓ to choose, Enter to open"}
        </p>
      </Modal.Content>
    </Modal.Root>
  );
}
