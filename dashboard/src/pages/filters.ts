/**
 * What a list is narrowed to, as it stands in the address, and as the API takes it.
 *
 * The address keeps what a person chose ("the last 7 days", "₹500"); the API gets moments and minor units.
 */

import type { Params } from "../api/client";
import { pick } from "../routes/search";
import { parseAmount } from "../ui/amounts";

export const PAGE_SIZE = 25;
export const DEFAULT_CURRENCY = "INR"; // of the API too

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

/** The date in this browser's time zone, as a field for dates has it. */
export function dateOf(at: number): string {
  const day = new Date(at);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** When a date begins in this browser's time zone; days may be added to it. */
export function midnightOf(date: string, daysLater = 0): number {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  return new Date(year, month - 1, day + daysLater).getTime();
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

const NAMES = [
  "q",
  "status",
  "state",
  "method",
  "currency",
  "range",
  "from",
  "to",
  "min",
  "max",
  "after",
  "before",
] as const;

export type Filters = Partial<Record<(typeof NAMES)[number], string>>;

const DATE = /^20\d{2}-\d{2}-\d{2}$/; // of a century: a year that is being typed is none yet
const CURRENCY = /^[A-Z]{3}$/;

export function isDate(text: string): boolean {
  return DATE.test(text) && !Number.isNaN(Date.parse(text));
}

/** What an address says of time: one of the ranges, or dates. */
export interface Dates {
  range?: string;
  from?: string;
  to?: string;
}

/** Drops what is no range and no date. */
export function onlyDates(filters: Dates): void {
  if (filters.range !== undefined && !isRange(filters.range)) delete filters.range;
  for (const name of ["from", "to"] as const) {
    const text = filters[name];
    if (text !== undefined && !isDate(text)) delete filters[name];
  }
}

/** Reads an address's search; whatever a list could not take is dropped. */
export function readFilters(search: Record<string, unknown>): Filters {
  const filters = pick(search, NAMES);
  onlyDates(filters);
  if (filters.currency !== undefined && !CURRENCY.test(filters.currency)) delete filters.currency;
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

/** The days that were chosen, in whichever order, both included. */
export function created(filters: Dates, now: number): Params {
  if (isRange(filters.range)) return { created_gte: iso(rangeStart(filters.range, now)) };
  const { from, to } = filters;
  const [first, last] = from && to && from > to ? [to, from] : [from, to];
  const params: Params = {};
  if (first) params.created_gte = iso(midnightOf(first));
  if (last) params.created_lte = iso(midnightOf(last, 1) - 1000);
  return params;
}

export function listParams(filters: Filters, now: number): Params {
  return {
    limit: PAGE_SIZE,
    status: filters.status,
    ...created(filters, now),
    starting_after: filters.after,
    ending_before: filters.before,
  };
}

/** Amounts are of one currency: 500 of one is not 500 of another. */
export function paymentParams(filters: Filters, now: number): Params {
  const amounts = filters.min !== undefined || filters.max !== undefined;
  const currency = filters.currency ?? (amounts ? DEFAULT_CURRENCY : undefined);
  return {
    ...listParams(filters, now),
    method: filters.method,
    state: filters.state,
    currency,
    amount_gte: minor(filters.min, currency ?? DEFAULT_CURRENCY),
    amount_lte: minor(filters.max, currency ?? DEFAULT_CURRENCY),
    q: filters.q?.trim(),
  };
}

/** An id that is whole: something else that begins so may be a receipt. */
export function isId(kind: "pay" | "order" | "rfnd", text: string | undefined): text is string {
  return text !== undefined && new RegExp(`^${kind}_[A-Za-z0-9]{16}$`).test(text);
}

/** Without the page: of an export, which is of all of them. */
export function withoutPage({ limit: _l, starting_after: _a, ending_before: _b, ...params }: Params): Params {
  return params;
}
