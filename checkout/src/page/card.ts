/** A card as it is typed: grouped, named by its network and checked, by the rules of shared/domain/card.py. */

import { digitsOf, latin } from "../shared/digits";

export type Network = "visa" | "mastercard" | "amex" | "rupay" | "unknown";

/** The text of an input, and where its caret stands. */
export interface Typed {
  text: string;
  caret: number;
}

const NUMBER_DIGITS_MIN = 13;
const NUMBER_DIGITS_MAX = 19;
const AMEX_DIGITS = 15;

export function networkOf(digits: string): Network {
  const two = Number(digits.slice(0, 2));
  const four = Number(digits.slice(0, 4));
  if (digits.startsWith("4")) return "visa";
  if ((two >= 51 && two <= 55) || (digits.length >= 4 && four >= 2221 && four <= 2720)) return "mastercard";
  if (two === 34 || two === 37) return "amex";
  if (two === 60 || two === 65 || (two >= 81 && two <= 89)) return "rupay";
  return "unknown";
}

/** Groups of four; 4-6-5 for Amex, as on the card. */
export function grouped(text: string): string {
  const all = digitsOf(text);
  if (networkOf(all) !== "amex") return all.slice(0, NUMBER_DIGITS_MAX).replace(/(.{4})(?=.)/g, "$1 ");
  const digits = all.slice(0, AMEX_DIGITS);
  return [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10)].filter((group) => group !== "").join(" ");
}

/** Groups what was typed, and leaves the caret behind the digit it stood behind. */
export function typedNumber({ text, caret }: Typed): Typed {
  const formatted = grouped(text);
  return { text: formatted, caret: behindDigit(formatted, digitsOf(text.slice(0, caret)).length) };
}

/** ISO/IEC 7812-1, annex B: the check digit that catches a mistyped or swapped one. */
export function luhn(digits: string): boolean {
  let total = 0;
  for (let place = 0; place < digits.length; place++) {
    const value = Number(digits[digits.length - 1 - place]) * (place % 2 ? 2 : 1);
    total += value > 9 ? value - 9 : value;
  }
  return total % 10 === 0;
}

/** MM/YY from "1230", "12 30", "12/2030", "1/30" or "2030-12"; `before` is what stood there before this key. */
export function typedExpiry({ text, caret }: Typed, before: string): Typed {
  const atEnd = caret === text.length;
  const formatted = expiryText(latin(text), before);
  if (atEnd) return { text: formatted, caret: formatted.length };
  return { text: formatted, caret: behindDigit(formatted, digitsOf(text.slice(0, caret)).length) };
}

function expiryText(text: string, before: string): string {
  const yearFirst = /^\s*(\d{4})\D+(\d{1,2})\s*$/.exec(text);
  if (yearFirst) return `${(yearFirst[2] ?? "").padStart(2, "0")}/${(yearFirst[1] ?? "").slice(2)}`;

  const separator = /^\D*\d{1,2}(\s*[^\d\s]\s*|\s+)/.exec(text);
  let digits = digitsOf(text);
  // "1/" can only be January, and a first digit above 1 needs no second.
  const monthDigits = separator ? digitsOf(separator[0]).length : 2;
  if ((separator && monthDigits === 1) || /^[2-9]/.test(digits)) digits = `0${digits}`;

  const month = digits.slice(0, 2);
  const year = digits.slice(2, 6);
  if (year.length === 4) return `${month}/${year.slice(2)}`;
  if (year !== "") return `${month}/${year.startsWith("20") ? year : year.slice(0, 2)}`;
  // The slash comes by itself while typing forward, and does not come back while deleting.
  const growing = digitsOf(text).length > digitsOf(before).length;
  return month.length === 2 && (growing || separator !== null) ? `${month}/` : month;
}

function behindDigit(text: string, count: number): number {
  let seen = 0;
  for (let place = 0; place < text.length; place++) {
    if (seen === count) return place;
    if (/\d/.test(text[place] ?? "")) seen++;
  }
  return text.length;
}

export function expiryOf(text: string): { month: number; year: number } | null {
  const parts = /^(\d{2})\/(\d{2})$/.exec(text);
  if (!parts) return null;
  const month = Number(parts[1]);
  return month >= 1 && month <= 12 ? { month, year: 2000 + Number(parts[2]) } : null;
}

/** Valid through the end of its month. */
export function isExpired({ month, year }: { month: number; year: number }, today: Date): boolean {
  return year < today.getFullYear() || (year === today.getFullYear() && month < today.getMonth() + 1);
}

export function cvvDigits(network: Network): number {
  return network === "amex" ? 4 : 3;
}

/** Before the number is there a CVV may still be an Amex's. */
export function typedCvv(text: string, network: Network): string {
  return digitsOf(text).slice(0, network === "unknown" ? 4 : cvvDigits(network));
}

export type NumberProblem = "number_missing" | "number_short" | "number_wrong";

export function numberProblem(text: string): NumberProblem | null {
  const digits = digitsOf(text);
  if (digits === "") return "number_missing";
  const least = networkOf(digits) === "amex" ? AMEX_DIGITS : NUMBER_DIGITS_MIN;
  if (digits.length < least) return "number_short";
  return luhn(digits) ? null : "number_wrong";
}
