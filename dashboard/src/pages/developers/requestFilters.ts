/** What the request log is narrowed to. */

import type { Params } from "../../api/client";
import { pick } from "../../routes/search";
import { PAGE_SIZE } from "../filters";

export const CLASSES = { "2xx": "2xx: done", "4xx": "4xx: refused", "5xx": "5xx: our fault" };
export const METHODS = { GET: "GET", POST: "POST", PUT: "PUT", DELETE: "DELETE" };

const NAMES = ["q", "status", "method", "after", "before"] as const;
export type RequestFilters = Partial<Record<(typeof NAMES)[number], string>>;

export function readRequestFilters(search: Record<string, unknown>): RequestFilters {
  const filters = pick(search, NAMES);
  if (filters.status !== undefined && !(filters.status in CLASSES)) delete filters.status;
  if (filters.method !== undefined && !(filters.method in METHODS)) delete filters.method;
  if (filters.after !== undefined) delete filters.before;
  return filters;
}

/** A path as people write it: "payments", "/api/v1/payments", a whole address. */
export function pathPrefix(text: string): string | undefined {
  const typed = text.trim();
  if (typed === "") return undefined;
  const path = typed.replace(/^https?:\/\/[^/]+/, "");
  if (path.startsWith("/")) return path;
  return `/api/v1/${path}`;
}

export function requestParams(filters: RequestFilters): Params {
  return {
    limit: PAGE_SIZE,
    status: filters.status,
    method: filters.method,
    path: pathPrefix(filters.q ?? ""),
    starting_after: filters.after,
    ending_before: filters.before,
  };
}

export function requestChoice(filters: RequestFilters, choice: RequestFilters): RequestFilters {
  const { after: _after, before: _before, ...kept } = filters;
  const next: RequestFilters = { ...kept, ...choice };
  for (const name of NAMES) if (!next[name]) delete next[name];
  return next;
}
