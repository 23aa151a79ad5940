/** Money as people read and write it, and back to minor units. Integers all the way: nothing here is ever a float. */

const LOCALE = "en-IN";

const exponents = new Map<string, number>();

/** How many digits of the currency stand behind the point: 2 for INR, 0 for JPY, 3 for KWD. */
export function exponentOf(currency: string): number {
  let exponent = exponents.get(currency);
  if (exponent === undefined) {
    exponent =
      new Intl.NumberFormat(LOCALE, { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
    exponents.set(currency, exponent);
  }
  return exponent;
}

/** 123456 paise → "1234.56"; the form that a text field holds. */
export function toDecimal(amount: number, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = Math.abs(amount)
    .toString()
    .padStart(exponent + 1, "0");
  const sign = amount < 0 ? "-" : "";
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

const formats = new Map<string, Intl.NumberFormat>();

/**
 * 50000000 paise → "₹5,00,000.00"; with `whole`, a round amount is "₹5,00,000"; with `short`, "₹5L".
 */
export function formatAmount(amount: number, currency: string, style: "full" | "whole" | "short" = "full"): string {
  const exponent = exponentOf(currency);
  const round = style === "whole" && amount % 10 ** exponent === 0;
  const key = `${currency} ${style} ${round}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(LOCALE, {
      style: "currency",
      currency,
      ...(round ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {}),
      ...(style === "short" ? { notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 } : {}),
    });
    formats.set(key, format);
  }
  // As text, so that the largest amounts keep their last digit.
  return format.format(toDecimal(amount, currency) as Intl.StringNumericLiteral);
}

export type Parsed = { amount: number; problem: null } | { amount: null; problem: string };

/** "1,23,456.5" → 12345650 paise, or what is wrong with it, in words. */
export function parseAmount(text: string, currency: string): Parsed {
  const exponent = exponentOf(currency);
  const plain = text.replace(/[\s,\u00a0]/g, "").replace(/^(₹|Rs\.?|INR|[$€£¥])/i, "");
  if (plain === "") return { amount: null, problem: "Enter an amount" };
  const match = /^(\d*)(?:\.(\d*))?$/.exec(plain);
  if (!match || (match[1] === "" && !match[2])) {
    return { amount: null, problem: `Enter an amount such as ${exponent === 0 ? "500" : "500.00"}` };
  }
  const [, major = "", minor = ""] = match;
  if (minor.length > exponent) {
    const places = exponent === 0 ? "no digits" : `at most ${exponent} digits`;
    return { amount: null, problem: `${currency} has ${places} after the point` };
  }
  const units = BigInt(`${major || "0"}${minor.padEnd(exponent, "0")}`);
  if (units > BigInt(Number.MAX_SAFE_INTEGER))
    return { amount: null, problem: "That is more than can be paid at once" };
  return { amount: Number(units), problem: null };
}

/** The same, and within bounds that are shown in the currency's own form. */
export function checkAmount(
  text: string,
  currency: string,
  bounds: { least: number; most?: number; most_is?: string },
) {
  const parsed = parseAmount(text, currency);
  if (parsed.problem !== null) return parsed;
  if (parsed.amount < bounds.least) {
    return { amount: null, problem: `The least is ${formatAmount(bounds.least, currency)}` } as const;
  }
  if (bounds.most !== undefined && parsed.amount > bounds.most) {
    const what = bounds.most_is ?? "The most is";
    return { amount: null, problem: `${what} ${formatAmount(bounds.most, currency)}` } as const;
  }
  return parsed;
}
