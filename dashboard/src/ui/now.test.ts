import { expect, test, vi } from "vitest";
import { currentNow, watchNow } from "./now";

test("what nobody looked at for an hour does not say the time of an hour ago", () => {
  vi.useFakeTimers();
  const stop = watchNow(() => {});
  stop();
  vi.advanceTimersByTime(3_600_000);
  const again = watchNow(() => {});
  expect(currentNow()).toBe(Date.now());
  vi.advanceTimersByTime(10_000);
  expect(currentNow()).toBe(Date.now());
  again();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
