/** Money as people read and write it, and back to minor units. Integers all the way: nothing here is ever a float. */

const LOCALE = "en-IN";

// As the gateway has them; browsers know other ones of some currencies, and would be wrong by a hundred.
const EXPONENTS: Record<string, number> = {
  BHD: 3,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  OMR: 3,
  TND: 3,
  VND: 0,
};
const USUAL_EXPONENT = 2;

/** How many digits of the currency stand behind the point: 2 for INR, 0 for JPY, 3 for KWD. */
export function exponentOf(currency: string): number {
  return EXPONENTS[currency] ?? USUAL_EXPONENT;
}

/** What stands before an amount in a field: "₹", or the currency's code. */
export function signOf(currency: string): string {
  return currency === "INR" ? "₹" : currency;
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
    const digits = round ? 0 : exponent;
    format = new Intl.NumberFormat(LOCALE, {
      style: "currency",
      currency,
      ...(style === "short"
        ? { notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 }
        : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    });
    formats.set(key, format);
  }
  // As text, so that the largest amounts keep their last digit.
  return format.format(toDecimal(amount, currency) as Intl.StringNumericLiteral);
}

export type Parsed = { amount: number; problem: null } | { amount: null; problem: string };

const GROUPED = /^(\d{1,2}(,\d\d)*,\d{3}|\d{1,3}(,\d{3})+)$/; // 1,23,456 or 123,456

/** The currency's own signs, which may be typed before an amount. */
function signsOf(currency: string): string[] {
  const signs = ["symbol", "narrowSymbol"].map((currencyDisplay) =>
    new Intl.NumberFormat(LOCALE, { style: "currency", currency, currencyDisplay } as Intl.NumberFormatOptions)
      .formatToParts(0)
      .find((part) => part.type === "currency")
      ?.value.toUpperCase(),
  );
  return [currency, ...(currency === "INR" ? ["RS.", "RS"] : []), ...signs.filter((sign) => sign !== undefined)];
}

/** "1,23,456.5" → 12345650 paise, or what is wrong with it, in words. */
export function parseAmount(text: string, currency: string): Parsed {
  const exponent = exponentOf(currency);
  const typed = text.trim();
  const sign = signsOf(currency).find((each) => typed.toUpperCase().startsWith(each)) ?? "";
  const plain = typed.slice(sign.length).trim();
  if (plain === "") return { amount: null, problem: "Enter an amount" };
  const match = /^([\d,]*)(?:\.(\d*))?$/.exec(plain);
  if (!match || (match[1] === "" && !match[2])) {
    return { amount: null, problem: `Enter an amount such as ${exponent === 0 ? "500" : "500.00"}` };
  }
  const [, whole = "", minor = ""] = match;
  if (whole.includes(",") && !GROUPED.test(whole)) {
    return { amount: null, problem: "A comma parts thousands or lakhs, as in 1,23,456; the rest follows a point" };
  }
  const major = whole.replaceAll(",", "");
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
