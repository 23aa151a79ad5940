import { readFileSync } from "node:fs";
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
    ["₹1,234", 123400],
    ["1,234,567.5", 123456750],
    ["12,34,567", 123456700],
    ["Rs. 10", 1000],
    ["INR 10", 1000],
    ["90071992547409.91", Number.MAX_SAFE_INTEGER],
    ["1.15", 115],
    ["8.29", 829],
    ["4.35", 435],
  ])("%s is %i paise, exactly", (text, amount) => {
    expect(parseAmount(text, "INR")).toEqual({ amount, problem: null });
  });

  test.each([
    ...["", " ", "abc", "-5", "1e3", "1.2.3", "0x10", ".", "١٢", "5.001", "90071992547409.92", "Infinity"],
    ...[
      "12,50",
      "1,2,3",
      "1,",
      ",1",
      "1,23",
      "1,2345",
      "1234,567",
      "1,23,456,789",
      "1 000",
      "1.5,00",
      "$50",
      "€ 5",
      "USD 5",
      "5 5",
    ],
  ])("%j is no amount", (text) => {
    const { amount, problem } = parseAmount(text, "INR");
    expect(amount).toBeNull();
    expect(problem).toBeTruthy();
  });

  test("only the currency's own sign may stand before it", () => {
    expect(parseAmount("$50", "USD").amount).toBe(5000);
    expect(parseAmount("usd 50", "USD").amount).toBe(5000);
    expect(parseAmount("₹50", "USD").amount).toBeNull();
    expect(parseAmount("Rs 50", "USD").amount).toBeNull();
  });

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

  test("every currency has the digits that the gateway gives it", () => {
    const table = readFileSync(new URL("../../../shared/money.py", import.meta.url), "utf8");
    const codes = [...table.matchAll(/"([A-Z]{3})": (\d)/g)].map(
      ([, code = "", digits]) => [code, Number(digits)] as const,
    );
    expect(codes.length).toBeGreaterThan(40);
    for (const [code, exponent] of codes) {
      expect([code, exponentOf(code)]).toEqual([code, exponent]);
      const written = formatAmount(1234567, code).replace(/[^\d.]/g, "");
      expect([code, written]).toEqual([code, toDecimal(1234567, code)]);
      expect([code, parseAmount(formatAmount(1234567, code), code).amount]).toEqual([code, 1234567]);
    }
  });
});

test("bounds are told in the currency's own form", () => {
  expect(checkAmount("0.5", "INR", { least: 100 }).problem).toBe("The least is ₹1.00");
  expect(checkAmount("501", "INR", { least: 1, most: 50000, most_is: "You can refund up to" }).problem).toBe(
    "You can refund up to ₹500.00",
  );
  expect(checkAmount("500", "INR", { least: 1, most: 50000 }).amount).toBe(50000);
});
