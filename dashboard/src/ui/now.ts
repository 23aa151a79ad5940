/** What time it is, as far as a page says so: everything on it ticks together. */

import { useSyncExternalStore } from "react";

const TICK_MS = 10_000;

let now = Date.now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

export function watchNow(watcher: () => void): () => void {
  // Nobody has looked since then: the clock stood still.
  if (watchers.size === 0) now = Date.now();
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of watchers) each();
  }, TICK_MS);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

export const currentNow = (): number => now;

export function useNow(): number {
  return useSyncExternalStore(watchNow, currentNow);
}
