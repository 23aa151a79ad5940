import { expect, test } from "vitest";
import { formatSeconds, sayName } from "./words";

test.each([
  [0.42, "420 ms"],
  [0.9996, "1.0 s"],
  [6.2, "6.2 s"],
  [9.97, "10 s"],
  [59.4, "59 s"],
  [59.6, "1 min"],
  [90, "1 min 30 s"],
  [119.6, "2 min"],
  [3599.7, "1 h 0 min"],
  [7260, "2 h 1 min"],
])("%d seconds are %s", (seconds, said) => {
  expect(formatSeconds(seconds)).toBe(said);
});

test.each([
  ["insufficient_funds", "Insufficient funds"],
  ["upi_timeout", "UPI timeout"],
  ["upi", "UPI"],
  ["amex", "American Express"],
])("%s is said as %s", (name, said) => {
  expect(sayName(name)).toBe(said);
});
