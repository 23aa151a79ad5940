/**
 * Whose page this is: the user and the merchant that it shows.
 *
 * The session is the browser's, and each of its tabs can change it. A page never becomes one of somebody else: it is
 * loaded anew, so that nothing shown, typed or still on its way for one merchant can reach another. A session that only
 * ended leaves the page as it is, below the question for the password.
 */

import { useSyncExternalStore } from "react";
import { listen, speakFor } from "./client";
import type { Session } from "./shapes";

interface Whose {
  user: string;
  merchant: string | null;
}

type News = { kind: "session"; whose: Whose } | { kind: "signed_out" };

const MOVED = "session-moved"; // kept over the load, for the first words of the page that follows
const HOME = "/dashboard";
const DOOR = "/login";

let whose: Whose | null = null;
let ended = false;
let leaving = false;
const watchers = new Set<() => void>();
let tabs: BroadcastChannel | null = null;

const of = (session: Session): Whose => ({
  user: session.user.id,
  // One in no team has none.
  merchant: (session.merchant as Session["merchant"] | null)?.id ?? null,
});

const same = (one: Whose, other: Whose): boolean => one.user === other.user && one.merchant === other.merchant;

function setEnded(now: boolean): void {
  if (now === ended) return;
  ended = now;
  for (const watcher of watchers) watcher();
}

/** Whether the session of this page has ended. */
export function useEnded(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => ended,
  );
}

function load(path: string): void {
  leaving = true;
  window.location.replace(path);
}

function moveOn(): void {
  if (leaving) return;
  sessionStorage.setItem(MOVED, whose?.user ?? "");
  load(HOME);
}

/** A session that was answered, if it is this page's. Somebody else's is never shown here: the page goes. */
export async function recognise(session: Session): Promise<Session> {
  const found = of(session);
  if (whose !== null && !same(whose, found)) {
    moveOn();
    return new Promise(() => {});
  }
  whose = found;
  speakFor(found.user, found.merchant);
  return session;
}

/** What somebody is told whose page was loaded anew for another merchant, once. */
export function sayMoved(session: Session): string | null {
  const before = sessionStorage.getItem(MOVED);
  sessionStorage.removeItem(MOVED);
  if (before === null || session.merchant === null) return null;
  const who = before === session.user.id ? "" : `, as ${session.user.email}`;
  return `You are now looking at ${session.merchant.name}${who}`;
}

/** A person signed in, or chose a merchant, on this page: every other tab hears of it. */
export async function begun(session: Session): Promise<Session> {
  tabs?.postMessage({ kind: "session", whose: of(session) } satisfies News);
  const mine = await recognise(session);
  setEnded(false);
  return mine;
}

/** A person signed out on this page. */
export function left(): void {
  tabs?.postMessage({ kind: "signed_out" } satisfies News);
  load(DOOR);
}

/** The merchant that the page shows, to be chosen again in a new session. */
export const shownMerchant = (): string | null => whose?.merchant ?? null;

/** Follows the session from here on. `ask` looks whose it is. */
export function watchSession(ask: () => Promise<unknown>, returnTo: () => string): void {
  let asking = false;
  listen({
    ended: () => setEnded(whose !== null),
    changed: () => {
      if (asking || ended) return;
      asking = true;
      // Unanswered, the next call that is refused asks again.
      void ask()
        .catch(() => {})
        .finally(() => {
          asking = false;
        });
    },
  });
  tabs = new BroadcastChannel("session");
  tabs.onmessage = ({ data }: MessageEvent<News>): void => {
    if (data.kind === "signed_out") {
      if (whose !== null) load(DOOR);
    } else if (whose === null) load(returnTo());
    else if (!same(whose, data.whose)) moveOn();
    else setEnded(false);
  };
  // A page that the browser kept for its Back button may be of a session that is long over.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
}
