/** What the list of deliveries is narrowed to: as the address has it, and as the API takes it. */

import type { Params } from "../../api/client";
import { pick } from "../../routes/search";
import { created, isRange, onlyDates, PAGE_SIZE, RANGES } from "../filters";
import { EVENT_TYPES } from "./eventTypes";

const NAMES = ["q", "status", "event", "endpoint", "range", "from", "to", "after", "before"] as const;
export type DeliveryFilters = Partial<Record<(typeof NAMES)[number], string>>;

export const STATUSES = { success: "Success", pending: "Pending", failed: "Failed" };
export const EVENTS: Record<string, string> = Object.fromEntries(
  [...EVENT_TYPES.map((type) => type.name), "webhook.test"].map((name) => [name, name]),
);

/** Whatever a list could not take is dropped: an address is typed by anybody. */
export function readDeliveryFilters(search: Record<string, unknown>): DeliveryFilters {
  const filters = pick(search, NAMES);
  if (filters.status !== undefined && !(filters.status in STATUSES)) delete filters.status;
  onlyDates(filters);
  if (filters.after !== undefined) delete filters.before;
  return filters;
}

/** The same list with something else chosen: from its newest page on. */
export function chosen(filters: DeliveryFilters, choice: DeliveryFilters): DeliveryFilters {
  const { after: _after, before: _before, ...kept } = filters;
  const next: DeliveryFilters = { ...kept, ...choice };
  for (const name of NAMES) if (!next[name]) delete next[name];
  return next;
}

export function countChosen(filters: DeliveryFilters): number {
  return NAMES.filter((name) => name !== "after" && name !== "before" && filters[name]).length;
}

export function deliveryParams(filters: DeliveryFilters, now: number): Params {
  return {
    limit: PAGE_SIZE,
    status: filters.status,
    event: filters.event,
    event_id: filters.q?.trim(),
    webhook_endpoint_id: filters.endpoint,
    ...created(filters, now),
    starting_after: filters.after,
    ending_before: filters.before,
  };
}

/** Which deliveries are listed, whatever their status: " of payment.failed to https://…, made in the last 7 days". */
export function sayChosen(filters: DeliveryFilters, url: string | undefined): string {
  const { event, q, range, from, to } = filters;
  let said = event ? ` of ${event}` : q ? "" : " of any event";
  if (q) said += ` of ${q.trim()}`;
  if (url) said += ` to ${url}`;
  if (isRange(range)) said += `, made in the ${RANGES[range].toLowerCase()}`;
  else if (from && to) said += `, made from ${[from, to].toSorted().join(" to ")}`;
  else if (from || to) said += `, made ${from ? `since ${from}` : `until ${to}`}`;
  return said;
}
