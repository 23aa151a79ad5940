/**
 * Keeps what is on the screen up to date without a reload and without a connection held open.
 *
 * GET /api/v1/changes answers 304 until something of this merchant changes: that is one cheap question each 2 s while
 * the page can be seen, and none while it cannot. The same holds on one machine and behind API Gateway.
 */

import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { ApiError, call, lastForegroundCall, send } from "./client";

const POLL_MS = 2_000;
const POLL_MS_MAX = 30_000; // how far apart polls drift while the API does not answer
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
  useEffect(() => follow(queries), [queries]);
}

function follow(queries: QueryClient): () => void {
  let etag: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let wait = POLL_MS;
  let over = false;
  const ended = new AbortController();

  const refresh = (): void => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      void queries.invalidateQueries({ predicate: (query) => query.meta?.live === true });
    }, SETTLE_MS);
  };

  const poll = async (): Promise<void> => {
    try {
      const response = await send("/api/v1/changes", {
        background: true,
        signal: ended.signal,
        headers: etag === null ? {} : { "If-None-Match": etag },
      });
      if (response.status !== 304) {
        const first = etag === null;
        etag = response.headers.get("ETag");
        if (!first) refresh();
      }
      if (presentAt - lastForegroundCall() > KEEP_ALIVE_MS) await call("/api/v1/session", { signal: ended.signal });
      wait = POLL_MS;
      setLink("live");
    } catch (problem) {
      if (over) return;
      // Refused: the session has ended, and whoever asked next will hear of it.
      if (problem instanceof ApiError && problem.status === 401) return;
      wait = Math.min(wait * 2, POLL_MS_MAX);
      setLink("offline");
    }
    if (!over && !document.hidden) timer = setTimeout(poll, wait);
  };

  const seen = (): void => {
    clearTimeout(timer);
    if (document.hidden) setLink("paused");
    else void poll();
  };

  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", seen);
  void poll();
  return () => {
    over = true;
    ended.abort();
    clearTimeout(timer);
    clearTimeout(settling);
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", seen);
  };
}
