/** How values are said to people: rates, durations, methods, reasons. */

/** 0.95 → "95%"; 0.9536 → "95.4%"; null → "–". */
export function formatRate(rate: number | null): string {
  if (rate === null) return "–";
  // Rounded down past 99 %: "100%" is only said when nothing failed.
  const tenths = rate < 1 ? Math.min(Math.round(rate * 1000), 999) : 1000;
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)}%`;
}

export function formatCount(count: number): string {
  return new Intl.NumberFormat("en-IN").format(count);
}

/** 0.42 → "420 ms", 6.2 → "6.2 s", 90 → "1 min 30 s". */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const WORDS: Record<string, string> = {
  upi: "UPI",
  card: "Card",
  visa: "Visa",
  mastercard: "Mastercard",
  amex: "American Express",
  rupay: "RuPay",
  vpa: "VPA",
  otp: "one-time code",
};

/** `insufficient_funds` → "Insufficient funds". */
export function sayName(name: string): string {
  const known = WORDS[name.toLowerCase()];
  if (known) return known;
  const words = name
    .replace(/[_.]/g, " ")
    .toLowerCase()
    .replace(/\b(?:api|otp|upi|url|vpa)\b/g, (short) => short.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const EVENTS: Record<string, string> = {
  "payment.created": "Payment created",
  "payment.requires_action": "The customer has to confirm",
  "payment.pending": "Sent to the bank",
  "payment.outcome_unknown": "The bank did not say how it ended",
  "payment.success": "Payment succeeded",
  "payment.failed": "Payment failed",
  "payment.captured": "Money captured",
  "payment.voided": "Hold released",
  "payment.authorization_expired": "Hold expired",
  "payment.partially_refunded": "Partially refunded",
  "payment.refunded": "Fully refunded",
  "payment.refund_returned": "A refund came back",
  "refund.created": "Refund started",
  "refund.processed": "Refund processed",
  "refund.failed": "Refund failed",
  "webhook_endpoint.disabled": "Webhook endpoint switched off",
};

/** `payment.success` → "Payment succeeded"; what is no event we know stays as it is. */
export function sayEvent(type: string): string {
  return EVENTS[type] ?? type;
}
