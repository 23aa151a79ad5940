/** Keyboard shortcuts: pages register theirs, the help lists what holds here. */

import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  /** "j", "?", "mod+k", or two keys in a row: "g t". */
  keys: string;
  does: string;
  group: string;
  /** Also while a text field has the focus. */
  everywhere?: boolean;
  run: () => void;
}

const SEQUENCE_MS = 1_200;

let registered: Shortcut[] = [];
const watchers = new Set<() => void>();
let pending: { key: string; at: number } | null = null;

function changed(next: Shortcut[]): void {
  registered = next;
  for (const watcher of watchers) watcher();
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

const SINGLE_KEYS = "single-keys";
const switchers = new Set<() => void>();

// Who speaks to the computer, or hits keys unmeant, has to be able to switch them off (WCAG 2.1.4).
const singleKeys = (): boolean => localStorage.getItem(SINGLE_KEYS) !== "off";

/** Whether keys without Ctrl or ⌘ do anything in this browser, and the switch. */
export function useSingleKeys(): [boolean, (on: boolean) => void] {
  const on = useSyncExternalStore((switcher) => {
    switchers.add(switcher);
    return () => switchers.delete(switcher);
  }, singleKeys);
  return [
    on,
    (next) => {
      localStorage.setItem(SINGLE_KEYS, next ? "on" : "off");
      for (const switcher of switchers) switcher();
    },
  ];
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const mod = event.ctrlKey || event.metaKey;
  if (!mod && !singleKeys()) return;
  const key = mod ? `mod+${event.key.toLowerCase()}` : event.key;
  const inText = typing(event.target);
  const inDialog = document.querySelector('[role="dialog"]') !== null;
  const sequence = pending && event.timeStamp - pending.at < SEQUENCE_MS ? `${pending.key} ${key}` : null;
  pending = null;
  const found =
    registered.findLast((each) => each.keys === sequence) ?? registered.findLast((each) => each.keys === key);
  if (found && (found.everywhere || (!inText && !inDialog))) {
    event.preventDefault();
    // A dialog is finished or closed first: what lies under it stays as it is.
    if (!inDialog) found.run();
  } else if (!inText && !inDialog && !mod && registered.some((each) => each.keys.startsWith(`${key} `))) {
    pending = { key, at: event.timeStamp };
  }
}

/** Holds while the component is on the page. `run` may change between renders. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const newest = useRef(shortcuts);
  newest.current = shortcuts;
  const names = shortcuts.map((each) => `${each.keys}=${each.does}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` says when the set has changed
  useEffect(() => {
    const mine = newest.current.map((each, place) => ({ ...each, run: () => newest.current[place]?.run() }));
    if (registered.length === 0) document.addEventListener("keydown", pressed);
    changed([...registered, ...mine]);
    return () => {
      changed(registered.filter((each) => !mine.includes(each)));
      if (registered.length === 0) document.removeEventListener("keydown", pressed);
    };
  }, [names]);
}

export function useRegisteredShortcuts(): Shortcut[] {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => registered,
  );
}

export const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);
