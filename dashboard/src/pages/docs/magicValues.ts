/** Values that make the simulated bank behave in a known way. They do not exist in production. */

export interface MagicValue {
  vpa: string;
  card: string | null;
  does: string;
}

const value = (vpa: string, card: string | null, does: string): MagicValue => ({ vpa: `${vpa}@magic`, card, does });

export const MAGIC_VALUES: { title: string; values: MagicValue[] }[] = [
  {
    title: "Answers at once",
    values: [
      value("approve", "4242 4242 4242 4242", "approved"),
      value("do-not-honour", "4000 0000 0000 0002", "declined, no reason given"),
      value("insufficient-funds", "4000 0000 0000 9995", "declined"),
      value("lost-card", "4000 0000 0000 9987", "declined"),
      value("stolen-card", "4000 0000 0000 9979", "declined"),
      value("expired-card", "4000 0000 0000 0069", "declined"),
      value("incorrect-cvv", "4000 0000 0000 0127", "declined"),
      value("limit-exceeded", "4000 0000 0000 6975", "declined"),
      value("processing-error", "4000 0000 0000 0119", "declined"),
    ],
  },
  {
    title: "Banks on a bad day",
    values: [
      value("slow", "4000 0000 0000 0259", "approved after 20 s"),
      value("timeout-before-debit", "4000 0000 0000 0341", "the request gets lost; asked again, it is approved"),
      value("timeout-after-debit", "4000 0000 0000 0325", "debited, but the answer gets lost; found by inquiry"),
      value("garbled-answer", "4000 0000 0000 0358", "debited, but the answer cannot be read; found by inquiry"),
      value("late-answer", "4000 0000 0000 0366", "debited; for 5 s the bank says nothing at all"),
      value("double-answer", "4000 0000 0000 0374", "approved, and told a second time"),
    ],
  },
  {
    title: "The customer’s turn",
    values: [
      value("otp", "4000 0000 0000 3220", "the bank wants a code first; 123456 is right, the third wrong one declines"),
      value("otp-then-declined", "4000 0000 0000 3238", "the same, but after the right code it is declined"),
      value("otp-expires", "4000 0000 0000 3246", "the same, but the code must be entered within 5 s"),
      value("app", null, "waits until it is approved in the UPI app, or declined there"),
      value("app-expires", null, "the same, but it must be approved within 5 s"),
    ],
  },
  {
    title: "Refunds",
    values: [
      value("refund-declined", "4000 0000 0000 5126", "approved; refunds of it are declined"),
      value("refund-timeout", "4000 0000 0000 7726", "approved; the first answer to a refund gets lost"),
      value(
        "refund-returned",
        "4000 0000 0000 3063",
        "approved; a refund is processed, and comes back within a minute",
      ),
    ],
  },
];
