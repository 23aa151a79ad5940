/**
 * Keeps what is on the screen up to date without a reload and without a connection held open.
 *
 * GET /api/v1/changes answers 304 until something of this merchant changes: that is one cheap question each 2 s while
 * the page can be seen, and none while it cannot. The same holds on one machine and behind API Gateway.
 */

import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { ApiError, call, lastForegroundCall, send } from "./client";
import type { Session } from "./shapes";
import { recognise, useEnded } from "./whose";

const POLL_MS = 2_000;
const POLL_MS_MAX = 30_000; // how far apart polls drift while the API does not answer
const ANSWER_MS_MAX = 20_000; // a poll that is not answered by then never will be
const ONLINE_MS = 500;
const SETTLE_MS = 400; // changes come in bursts: one refetch for each burst
const PRESENT_MS = 20_000; // what happens this long after the last key or click was still asked for by a person
const KEEP_ALIVE_MS = 4 * 60_000; // one who reads for long without asking for anything is still there

let presentAt = Date.now();
for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  globalThis.addEventListener?.(kind, () => (presentAt = Date.now()), { passive: true, capture: true });
}

/** Whether what is asked now is asked by the page alone: nobody has touched it for a while. */
export function quietly(): boolean {
  return Date.now() - presentAt > PRESENT_MS;
}

export type Link = "live" | "paused" | "offline";
let link: Link = "live";
const watchers = new Set<() => void>();

function setLink(now: Link): void {
  if (now === link) return;
  link = now;
  for (const watcher of watchers) watcher();
}

/** Whether this page hears of changes: for the mark in the top bar. */
export function useLink(): Link {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => link,
  );
}

/** Polls while the page is on the screen; to be used once, by the layout of those who are signed in. */
export function useLive(): void {
  const queries = useQueryClient();
  const ended = useEnded();
  const missed = useRef(false);
  useEffect(() => {
    if (ended) {
      missed.current = true;
      return;
    }
    // What was refused while nobody was signed in is asked again.
    if (missed.current) void queries.invalidateQueries();
    missed.current = false;
    return follow(queries);
  }, [queries, ended]);
}

/** One loop, however often the page is hidden and seen; ends with what it gives back, or with the session. */
export function follow(queries: Pick<QueryClient, "invalidateQueries">): () => void {
  let etag: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let wait = POLL_MS;
  let asking = false;
  let over = false;
  const ended = new AbortController();

  const refresh = (): void => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      void queries.invalidateQueries({ predicate: (query) => query.meta?.live === true });
    }, SETTLE_MS);
  };

  const pollIn = (ms: number): void => {
    clearTimeout(timer);
    // One poll at a time: that which is under way goes on by itself.
    if (!over && !asking && !document.hidden) timer = setTimeout(poll, ms);
  };

  const poll = async (): Promise<void> => {
    asking = true;
    try {
      const response = await send("/api/v1/changes", {
        background: true,
        signal: AbortSignal.any([ended.signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
        headers: etag === null ? {} : { "If-None-Match": etag },
      });
      if (response.status !== 304) {
        const first = etag === null;
        etag = response.headers.get("ETag");
        if (!first) refresh();
      }
      if (presentAt - lastForegroundCall() > KEEP_ALIVE_MS) {
        await recognise(await call<Session>("/api/v1/session", { signal: ended.signal }));
      }
      wait = POLL_MS;
      setLink(document.hidden ? "paused" : "live");
    } catch (problem) {
      // Refused: the session has ended.
      if (over || (problem instanceof ApiError && problem.status === 401)) return;
      wait = Math.min(wait * 2, POLL_MS_MAX);
      setLink("offline");
    } finally {
      asking = false;
    }
    pollIn(wait);
  };

  const seen = (): void => {
    if (document.hidden) setLink("paused");
    pollIn(0);
  };
  // A network that comes and goes is waited for.
  const online = (): void => pollIn(ONLINE_MS);
  const offline = (): void => setLink("offline");

  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  pollIn(0);
  return () => {
    over = true;
    ended.abort();
    clearTimeout(timer);
    clearTimeout(settling);
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
  };
}
