import { describe, expect, test } from "vitest";
import { checkAmount, exponentOf, formatAmount, parseAmount, toDecimal } from "./amounts";

describe("reading", () => {
  test.each([
    ["500", 50000],
    ["500.5", 50050],
    ["500.05", 50005],
    ["0.01", 1],
    [".5", 50],
    ["5.", 500],
    ["₹ 1,23,456.78", 12345678],
    ["Rs. 10", 1000],
    ["INR 10", 1000],
    ["90071992547409.91", Number.MAX_SAFE_INTEGER],
    ["1.15", 115],
    ["8.29", 829],
    ["4.35", 435],
  ])("%s is %i paise, exactly", (text, amount) => {
    expect(parseAmount(text, "INR")).toEqual({ amount, problem: null });
  });

  test.each(["", " ", "abc", "-5", "1e3", "1.2.3", "0x10", ".", "١٢", "5.001", "90071992547409.92", "Infinity"])(
    "%j is no amount",
    (text) => {
      const { amount, problem } = parseAmount(text, "INR");
      expect(amount).toBeNull();
      expect(problem).toBeTruthy();
    },
  );

  test("the currency says how many digits follow the point", () => {
    expect(parseAmount("500", "JPY").amount).toBe(500);
    expect(parseAmount("500.5", "JPY").amount).toBeNull();
    expect(parseAmount("1.234", "KWD").amount).toBe(1234);
  });

  test("what is written can be read again", () => {
    for (const amount of [0, 1, 9, 10, 99, 100, 101, 12345, 999999999, Number.MAX_SAFE_INTEGER]) {
      for (const currency of ["INR", "JPY", "KWD"]) {
        expect(parseAmount(toDecimal(amount, currency), currency).amount).toBe(amount);
      }
    }
  });
});

describe("writing", () => {
  test("rupees are grouped as in India", () => {
    expect(formatAmount(50000, "INR")).toBe("₹500.00");
    expect(formatAmount(50000000, "INR", "whole")).toBe("₹5,00,000");
    expect(formatAmount(50000050, "INR", "whole")).toBe("₹5,00,000.50");
    expect(formatAmount(-1050, "INR")).toBe("-₹10.50");
  });

  test("the largest amount keeps its last digit", () => {
    expect(formatAmount(Number.MAX_SAFE_INTEGER, "INR")).toBe("₹9,00,71,99,25,47,409.91");
  });

  test("currencies know their digits", () => {
    expect([exponentOf("INR"), exponentOf("JPY"), exponentOf("KWD")]).toEqual([2, 0, 3]);
  });
});

test("bounds are told in the currency's own form", () => {
  expect(checkAmount("0.5", "INR", { least: 100 }).problem).toBe("The least is ₹1.00");
  expect(checkAmount("501", "INR", { least: 1, most: 50000, most_is: "You can refund up to" }).problem).toBe(
    "You can refund up to ₹500.00",
  );
  expect(checkAmount("500", "INR", { least: 1, most: 50000 }).amount).toBe(50000);
});
