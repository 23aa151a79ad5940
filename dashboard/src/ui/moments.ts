/** Moments as people say them: near ones by how long ago, all of them exactly when asked. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat("en-IN", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat("en-IN", { dateStyle: "medium", timeStyle: "long" });
const inYear = new Intl.DateTimeFormat("en-IN", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const toSecond = new Intl.DateTimeFormat("en-IN", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const beyond = new Intl.DateTimeFormat("en-IN", { day: "numeric", month: "short", year: "numeric" });

export function sayExactly(at: string): string {
  return exact.format(new Date(at));
}

/** "21 Nov, 15:04:07": of things whose order within a minute matters. */
export function sayToSecond(at: string): string {
  return toSecond.format(new Date(at));
}

/** "just now", "5 min ago", "in 2 hr"; beyond a day the date. */
export function sayMoment(at: string, now: number): string {
  const then = Date.parse(at);
  if (Number.isNaN(then)) return at;
  const apart = then - now;
  const size = Math.abs(apart);
  if (size < 10_000) return "just now";
  if (size < MINUTE) return relative.format(Math.round(apart / 1000), "second");
  if (size < HOUR) return relative.format(Math.round(apart / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.round(apart / HOUR), "hour");
  return (size < 300 * DAY ? inYear : beyond).format(new Date(then));
}
