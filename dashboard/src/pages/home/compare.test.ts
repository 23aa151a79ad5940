import { expect, test } from "vitest";
import { formatRate } from "../../ui/words";
import { changeOf, pointsOf } from "./compare";

test("more and less, in whole percent", () => {
  expect(changeOf(150, 100)).toEqual({ said: "50%", direction: "up" });
  expect(changeOf(75, 100)).toEqual({ said: "25%", direction: "down" });
  expect(changeOf(100, 100)).toEqual({ said: "no change", direction: "same" });
  expect(changeOf(5, 0)).toBeNull();
  expect(changeOf(null, 3)).toBeNull();
});

test("rates are compared in points", () => {
  expect(pointsOf(0.95, 0.9)).toEqual({ said: "5.0 points", direction: "up" });
  expect(pointsOf(0.9, null)).toBeNull();
});

test("a rate is 100% only when nothing failed", () => {
  expect(formatRate(0.95)).toBe("95%");
  expect(formatRate(0.9536)).toBe("95.4%");
  expect(formatRate(0.99999)).toBe("99.9%");
  expect(formatRate(1)).toBe("100%");
  expect(formatRate(null)).toBe("–");
});
