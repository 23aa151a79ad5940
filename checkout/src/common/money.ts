/** Amounts as people read them. */

import type { Locale } from "./language";

/** `50000, "INR"` is "₹500.00". ISO 4217 says how many minor units make one, and Intl knows it by currency. */
export function money(amount: number, currency: string, locale: Locale): string {
  const format = new Intl.NumberFormat(`${locale}-IN`, { style: "currency", currency, numberingSystem: "latn" });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}
