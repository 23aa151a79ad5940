/** Short words at the corner of the screen: that something was done, or was not. */

import { adviceFor } from "./ErrorState";

export interface Notice {
  id: number;
  tone: "good" | "bad";
  title: string | null;
  message: string;
}

const SHOWN_MS = { good: 4_500, bad: 10_000 };
const SHOWN_MAX = 4;

let notices: Notice[] = [];
let count = 0;
const watchers = new Set<() => void>();

function changed(next: Notice[]): void {
  notices = next;
  for (const watcher of watchers) watcher();
}

export function watchNotices(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export const currentNotices = (): Notice[] => notices;

export function dismiss(id: number): void {
  changed(notices.filter((notice) => notice.id !== id));
}

function tell(tone: Notice["tone"], title: string | null, message: string): void {
  count += 1;
  const id = count;
  changed([...notices, { id, tone, title, message }].slice(-SHOWN_MAX));
  setTimeout(() => dismiss(id), SHOWN_MS[tone]);
}

export function tellDone(message: string): void {
  tell("good", null, message);
}

/** Why nothing happened, to one who may not do it. */
export function tellRefusal(refusal: string): void {
  tell("bad", null, refusal);
}

export function tellProblem(error: unknown): void {
  tell("bad", "That did not work", adviceFor(error));
}
