import { describe, expect, test } from "vitest";
import {
  expiryOf,
  grouped,
  isExpired,
  luhn,
  networkOf,
  numberProblem,
  type Typed,
  typedCvv,
  typedExpiry,
  typedNumber,
} from "./card";

/** What stands in the input after the text was typed one key at a time. */
function typing(text: string, format: (typed: Typed, before: string) => Typed): string {
  let value = "";
  for (const key of text) value = format({ text: value + key, caret: value.length + 1 }, value).text;
  return value;
}

describe("a card number", () => {
  test.each([
    ["4242-4242 4242 4242", "4242 4242 4242 4242"],
    ["  4242424242424242\n", "4242 4242 4242 4242"],
    ["४२४२ ४२४२ ४२४२ ४२४२", "4242 4242 4242 4242"],
    ["378282246310005", "3782 822463 10005"],
    ["3782 8224 6310 0059", "3782 822463 10005"],
    ["6304000000000000000999", "6304 0000 0000 0000 000"],
    ["4242", "4242"],
    ["card", ""],
  ])("%j is shown as %j", (typed, shown) => {
    expect(grouped(typed)).toBe(shown);
  });

  test("grows in groups as it is typed", () => {
    expect(typing("4242424242424242", typedNumber)).toBe("4242 4242 4242 4242");
  });

  test("keeps the caret behind the digit that was typed in the middle", () => {
    // A 1 was typed after the first group of "4242 4242".
    expect(typedNumber({ text: "42421 4242", caret: 5 })).toEqual({ text: "4242 1424 2", caret: 6 });
  });

  test("keeps the caret when a digit in the middle is deleted", () => {
    // The 2 before the caret of "4242| 4242" was deleted.
    expect(typedNumber({ text: "424 4242", caret: 3 })).toEqual({ text: "4244 242", caret: 3 });
  });

  test.each([
    ["4", "visa"],
    ["51", "mastercard"],
    ["55", "mastercard"],
    ["56", "unknown"],
    ["2220", "unknown"],
    ["2221", "mastercard"],
    ["2720", "mastercard"],
    ["2721", "unknown"],
    ["34", "amex"],
    ["37", "amex"],
    ["60", "rupay"],
    ["65", "rupay"],
    ["80", "unknown"],
    ["81", "rupay"],
    ["89", "rupay"],
    ["", "unknown"],
  ])("%s is of %s", (digits, network) => {
    expect(networkOf(digits)).toBe(network);
  });

  test("ends with the digit that Luhn asks for", () => {
    expect(luhn("4242424242424242")).toBe(true);
    expect(luhn("378282246310005")).toBe(true);
    expect(luhn("4242424242424241")).toBe(false);
    expect(luhn("2424242424242424")).toBe(false);
  });

  test("has a problem that says what to look for", () => {
    expect(numberProblem("")).toBe("number_missing");
    expect(numberProblem("4242 4242")).toBe("number_short");
    expect(numberProblem("3782 822463 1000")).toBe("number_short");
    expect(numberProblem("4242 4242 4242 4241")).toBe("number_wrong");
    expect(numberProblem("4242 4242 4242 4242")).toBeNull();
  });
});

describe("an expiry date", () => {
  const pasted = (text: string) => typedExpiry({ text, caret: text.length }, "").text;

  test.each([
    ["12/30", "12/30"],
    ["12/2030", "12/30"],
    ["12 30", "12/30"],
    ["1230", "12/30"],
    ["122030", "12/30"],
    ["12 / 30", "12/30"],
    ["1/30", "01/30"],
    ["01-2030", "01/30"],
    ["2030-12", "12/30"],
    ["१२/३०", "12/30"],
  ])("pasted as %j is %j", (text, shown) => {
    expect(pasted(text)).toBe(shown);
  });

  test.each([
    ["1230", "12/30"],
    ["12/30", "12/30"],
    ["12/2030", "12/30"],
    ["1/30", "01/30"],
    ["530", "05/30"],
    ["5/30", "05/30"],
  ])("typed as %j is %j", (text, shown) => {
    expect(typing(text, typedExpiry)).toBe(shown);
  });

  test("can be deleted key by key", () => {
    let value = "12/3";
    const seen: string[] = [];
    for (let keys = 0; keys < 4; keys++) {
      value = typedExpiry({ text: value.slice(0, -1), caret: value.length - 1 }, value).text;
      seen.push(value);
    }
    expect(seen).toEqual(["12/", "12", "1", ""]);
  });

  test("keeps the caret when a digit in the middle is changed", () => {
    // The 2 of "12/30" was overtyped by a 1.
    expect(typedExpiry({ text: "11/30", caret: 2 }, "12/30")).toEqual({ text: "11/30", caret: 2 });
  });

  test("needs a month of the year", () => {
    expect(expiryOf("12/30")).toEqual({ month: 12, year: 2030 });
    expect(expiryOf("13/30")).toBeNull();
    expect(expiryOf("00/30")).toBeNull();
    expect(expiryOf("1/30")).toBeNull();
  });

  test("is good through the end of its month", () => {
    const december = new Date(2030, 11, 31);
    expect(isExpired({ month: 12, year: 2030 }, december)).toBe(false);
    expect(isExpired({ month: 11, year: 2030 }, december)).toBe(true);
    expect(isExpired({ month: 12, year: 2029 }, december)).toBe(true);
    expect(isExpired({ month: 1, year: 2031 }, december)).toBe(false);
  });
});

test("a CVV has 3 digits, and 4 on an Amex", () => {
  expect(typedCvv("12345", "visa")).toBe("123");
  expect(typedCvv("12345", "amex")).toBe("1234");
  expect(typedCvv("1 2a3", "unknown")).toBe("123");
});
