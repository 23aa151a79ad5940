import { expect, test } from "vitest";
import { byMinute } from "./throughput";

const point = (at: string, kind: string, completed: number) => ({ at, kind, completed, pending: 1 });

test("a minute in which nothing was done is a minute with none", () => {
  const { kinds, minutes } = byMinute(
    [point("2026-01-01T10:00:00Z", "deliver_webhook", 4), point("2026-01-01T10:02:00Z", "process_payment", 2)],
    "completed",
  );
  expect(kinds).toEqual(["deliver_webhook", "process_payment"]);
  expect(minutes.map((minute) => [minute.deliver_webhook, minute.process_payment])).toEqual([
    [4, 0],
    [0, 0],
    [0, 2],
  ]);
});

test("nothing in the last hour", () => {
  expect(byMinute([], "completed")).toEqual({ kinds: [], minutes: [] });
});
