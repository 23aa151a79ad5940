/**
 * What a list is narrowed to, as it stands in the address, and as the API takes it.
 *
 * The address keeps what a person chose ("the last 7 days", "₹500"); the API gets moments and minor units.
 */

import type { Params } from "../api/client";
import { pick } from "../routes/search";
import { parseAmount } from "../ui/amounts";

export const PAGE_SIZE = 25;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export const RANGES = {
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  "90d": "Last 90 days",
} as const;

export type RangeName = keyof typeof RANGES;

export function isRange(name: unknown): name is RangeName {
  return typeof name === "string" && name in RANGES;
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** ISO without milliseconds, as the API writes it. */
export function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** When a range starts: days at midnight, hours at the full hour, so that the question stays the same for a while. */
export function rangeStart(name: RangeName, now: number): number {
  if (name === "24h") return Math.floor(now / HOUR_MS) * HOUR_MS - 23 * HOUR_MS;
  const days = Number.parseInt(name, 10);
  return midnight(midnight(now) - (days - 1) * DAY_MS + DAY_MS / 2);
}

const NAMES = ["q", "status", "state", "method", "range", "from", "to", "min", "max", "after", "before"] as const;

export type Filters = Partial<Record<(typeof NAMES)[number], string>>;

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Reads an address's search; whatever a list could not take is dropped. */
export function readFilters(search: Record<string, unknown>): Filters {
  const filters = pick(search, NAMES);
  if (filters.range !== undefined && !isRange(filters.range)) delete filters.range;
  for (const name of ["from", "to"] as const) {
    const text = filters[name];
    if (text !== undefined && (!DATE.test(text) || Number.isNaN(Date.parse(text)))) delete filters[name];
  }
  if (filters.after !== undefined) delete filters.before;
  return filters;
}

/** The same list with something else chosen: from its newest page on. */
export function withChoice(filters: Filters, choice: Filters): Filters {
  const { after: _after, before: _before, ...kept } = filters;
  const next: Filters = { ...kept, ...choice };
  for (const name of NAMES) if (!next[name]) delete next[name];
  return next;
}

/** How many choices narrow the list: paging is none. */
export function countChoices(filters: Filters): number {
  return NAMES.filter((name) => name !== "after" && name !== "before" && filters[name]).length;
}

function minor(text: string | undefined, currency: string): number | undefined {
  if (text === undefined) return undefined;
  return parseAmount(text, currency).amount ?? undefined;
}

/** The days that were chosen, both included, in this browser's time zone. */
function days(filters: Filters, now: number): Params {
  if (isRange(filters.range)) return { created_gte: iso(rangeStart(filters.range, now)) };
  const params: Params = {};
  if (filters.from) params.created_gte = iso(new Date(`${filters.from}T00:00:00`).getTime());
  if (filters.to) params.created_lte = iso(new Date(`${filters.to}T23:59:59`).getTime());
  return params;
}

export function listParams(filters: Filters, now: number, currency = "INR"): Params {
  return {
    limit: PAGE_SIZE,
    status: filters.status,
    ...days(filters, now),
    amount_gte: minor(filters.min, currency),
    amount_lte: minor(filters.max, currency),
    starting_after: filters.after,
    ending_before: filters.before,
  };
}

/** What was typed into the search field of the payments: one thing, told by its form. */
export function searchPayments(text: string): Params {
  const typed = text.trim();
  if (typed === "") return {};
  if (typed.startsWith("order_")) return { order_id: typed };
  if (typed.includes("@")) return { vpa: typed };
  if (/^\d{4}$/.test(typed)) return { card_last4: typed };
  return { receipt: typed };
}

export function paymentParams(filters: Filters, now: number): Params {
  return {
    ...listParams(filters, now),
    method: filters.method,
    state: filters.state,
    ...searchPayments(filters.q ?? ""),
  };
}

/** Without the page: of an export, which is of all of them. */
export function withoutPage({ limit: _l, starting_after: _a, ending_before: _b, ...params }: Params): Params {
  return params;
}
