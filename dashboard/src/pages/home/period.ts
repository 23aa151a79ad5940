/** The period that Home's figures are of, as the API takes it, and how one speaks of the one before it. */

import { type Dates, iso, isRange, midnightOf, RANGES, type RangeName, rangeStart } from "../filters";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOURLY_DAYS = 2; // so many days are shown hour by hour
export const DAYS_MAX = 731; // two years; the API draws 800 days at most

export const SHORT: Record<RangeName, string> = { "24h": "24 h", "7d": "7 days", "30d": "30 days", "90d": "90 days" };
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

export interface Period {
  from: string;
  to: string;
  interval: "hour" | "day";
  /** "7 days" */
  long: string;
}

/** The same question for the rest of the hour; null for dates too far apart. One date alone is that day. */
export function periodOf({ range, from, to }: Dates, now: number): Period | null {
  if (range === undefined && (from || to)) {
    const dates = [from ?? to ?? "", to ?? from ?? ""].toSorted();
    const start = midnightOf(dates[0] ?? "");
    const end = midnightOf(dates[1] ?? "", 1);
    const days = Math.round((end - start) / DAY_MS); // those on which clocks change have not 24 hours
    if (days > DAYS_MAX) return null;
    const interval = days <= HOURLY_DAYS ? "hour" : "day";
    return { from: iso(start), to: iso(end), interval, long: days === 1 ? "day" : `${days} days` };
  }
  const name: RangeName = isRange(range) ? range : "7d";
  return {
    from: iso(rangeStart(name, now)),
    to: iso(Math.floor(now / HOUR_MS) * HOUR_MS + HOUR_MS),
    interval: name === "24h" ? "hour" : "day",
    long: SHORT[name],
  };
}

/** What stands below a point of a chart. */
export function labelOf(at: string, interval: Period["interval"] | null): string {
  const moment = new Date(at);
  if (interval === "hour") {
    return moment.toLocaleTimeString("en-IN", { hour: "2-digit", minute: "2-digit", hour12: false });
  }
  // The gateway's days have 24 hours: after clocks have changed they begin an hour beside midnight. Their noon is theirs.
  moment.setHours(moment.getHours() + 12);
  return moment.toLocaleDateString("en-IN", { day: "numeric", month: "short" });
}
