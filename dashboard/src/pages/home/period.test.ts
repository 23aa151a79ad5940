import { expect, test, vi } from "vitest";
import { labelOf, periodOf } from "./period";

const NOW = new Date("2026-11-21T15:30:00").getTime();
const local = (text: string): string => new Date(text).toISOString().replace(".000", "");

test("dates are days from midnight to midnight here, both included, in whichever order", () => {
  const period = {
    from: local("2026-03-01T00:00:00"),
    to: local("2026-04-01T00:00:00"),
    interval: "day",
    long: "31 days",
  };
  expect(periodOf({ from: "2026-03-01", to: "2026-03-31" }, NOW)).toEqual(period);
  expect(periodOf({ from: "2026-03-31", to: "2026-03-01" }, NOW)).toEqual(period);
});

test("one date alone is that day, hour by hour", () => {
  const day = { from: local("2026-03-29T00:00:00"), to: local("2026-03-30T00:00:00"), interval: "hour", long: "day" };
  expect(periodOf({ from: "2026-03-29" }, NOW)).toEqual(day);
  expect(periodOf({ to: "2026-03-29" }, NOW)).toEqual(day);
});

test("a range is chosen rather than dates, and without either it is the last 7 days", () => {
  expect(periodOf({ range: "24h", from: "2026-03-01" }, NOW)).toMatchObject({ interval: "hour", long: "24 h" });
  expect(periodOf({}, NOW)).toMatchObject({ from: local("2026-11-15T00:00:00"), long: "7 days" });
});

test("more days than can be drawn are no period", () => {
  expect(periodOf({ from: "2024-11-21", to: "2026-11-21" }, NOW)?.long).toBe("731 days");
  expect(periodOf({ from: "2024-11-20", to: "2026-11-21" }, NOW)).toBeNull();
});

test("after clocks have changed, a day still has its own name", () => {
  vi.stubEnv("TZ", "Europe/Berlin");
  // The gateway counts days of 24 hours from the first midnight on.
  const days = [0, 1, 2, 3].map((day) => new Date(Date.UTC(2026, 9, 23, 22) + day * 86_400_000).toISOString());
  expect(days.map((at) => labelOf(at, "day"))).toEqual(["24 Oct", "25 Oct", "26 Oct", "27 Oct"]);
  expect(labelOf("2026-10-25T01:30:00Z", "hour")).toBe("02:30");
  vi.unstubAllEnvs();
});
