/** Whether the shop may be told what the checkout said of a payment: it is well formed, and of the shop's own order. */

import type { ToShop } from "../messages";

type Outcome = Extract<ToShop, { type: "payment_success" | "payment_failed" }>;

const PAYMENT = /^pay_[0-9A-Za-z]{16}$/;
const SIGNATURE = /^([0-9a-f]{64})?$/; // empty for a merchant without a webhook secret
const TEXT_MAX = 1024;

export function isTellable({ data }: Outcome, order: string): boolean {
  if (data.orderId !== order || data.id !== data.paymentId || !PAYMENT.test(data.id)) return false;
  if (data.status === "success") return [data.signature, data.signaturePrevious ?? ""].every(isSignature);
  return [data.errorCode, data.errorReason, data.errorDescription].every((text) => text.length <= TEXT_MAX);
}

function isSignature(value: unknown): boolean {
  return typeof value === "string" && SIGNATURE.test(value);
}
