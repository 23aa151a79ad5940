/** Short words at the corner of the screen: that something was done, or was not. */

import { adviceFor } from "./ErrorState";

export interface Notice {
  id: number;
  tone: "good" | "bad";
  title: string | null;
  message: string;
  /** What can be done about it, as a button. It stays until it is dismissed. */
  action?: { verb: string; run: () => void };
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

function tell(notice: Omit<Notice, "id">): void {
  count += 1;
  const id = count;
  changed([...notices, { id, ...notice }].slice(-SHOWN_MAX));
  if (!notice.action) setTimeout(() => dismiss(id), SHOWN_MS[notice.tone]);
}

export function tellDone(message: string): void {
  tell({ tone: "good", title: null, message });
}

/** Why nothing happened, to one who may not do it. */
export function tellRefusal(refusal: string): void {
  tell({ tone: "bad", title: null, message: refusal });
}

export function tellProblem(error: unknown): void {
  tell({ tone: "bad", title: "That did not work", message: adviceFor(error) });
}

const RELOAD = "This page could not be loaded whole";

/** A file of the page is not there: a new version has taken its place, or the connection is gone. */
export function tellReload(): void {
  if (notices.some((notice) => notice.title === RELOAD)) return;
  tell({
    tone: "bad",
    title: RELOAD,
    message: "There is a new version of the dashboard, or no connection. Load the page again.",
    action: { verb: "Reload", run: () => location.reload() },
  });
}
