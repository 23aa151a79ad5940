/** A moment: how long ago, and exactly when one looks closer. All of them tick together. */

import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { sayExactly, sayMoment, sayToSecond } from "./moments";

const TICK_MS = 10_000;

let now = Date.now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(watcher: () => void): () => void {
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

export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

interface TimeProps {
  at: string | null;
  /** What to say when there is none. */
  none?: string;
  /** The moment itself, to the second, in place of how long ago. */
  precise?: boolean;
}

export function Time({ at, none = "–", precise = false }: TimeProps) {
  const current = useNow();
  if (at === null) return <span className="muted">{none}</span>;
  // A moment that is newer than the last tick is not in the future.
  const said = precise ? sayToSecond(at) : sayMoment(at, Math.max(current, Math.min(Date.now(), Date.parse(at))));
  return (
    <Tooltip label={sayExactly(at)}>
      <time dateTime={at}>{said}</time>
    </Tooltip>
  );
}
