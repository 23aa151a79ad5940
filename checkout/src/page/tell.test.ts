import { expect, test } from "vitest";
import type { Payment } from "./payment";
import { outcomeOf } from "./tell";

const PAID: Payment = {
  id: "pay_1",
  order_id: "order_1",
  status: "success",
  method: "upi",
  vpa: "asha@upi",
  card_network: null,
  card_last4: null,
  error_code: null,
  error_reason: null,
  error_description: null,
  updated_at: null,
  next_action: null,
  signature: "ab",
  signature_previous: null,
};

test("the shop is told of a success with its signature, and of the one before if there is one", () => {
  const data = { id: "pay_1", paymentId: "pay_1", orderId: "order_1", status: "success", signature: "ab" };
  const shown = { at: "succeeded", earlier: false } as const;
  expect(outcomeOf({ ...shown, payment: PAID }, "order_1")).toEqual({ type: "payment_success", data });
  expect(outcomeOf({ ...shown, payment: { ...PAID, signature_previous: "cd" } }, "order_1")).toEqual({
    type: "payment_success",
    data: { ...data, signaturePrevious: "cd" },
  });
});

test("the shop is told of no success that the gateway does not call one, as it does not sign it", () => {
  const payment = { ...PAID, status: "partially_refunded", signature: null } as const;
  expect(outcomeOf({ at: "succeeded", payment, earlier: true }, "order_1")).toBeNull();
  expect(outcomeOf({ at: "blocked", reason: "refunded", retryAfterSeconds: 0 }, "order_1")).toBeNull();
});

test("the shop is told why a payment failed", () => {
  const payment = { ...PAID, status: "failed", error_reason: "insufficient_funds", signature: null } as const;
  expect(outcomeOf({ at: "failed", payment }, "order_1")).toMatchObject({
    type: "payment_failed",
    data: { paymentId: "pay_1", errorCode: "PAYMENT_FAILED", errorReason: "insufficient_funds", errorDescription: "" },
  });
});

test("what is no outcome is not told", () => {
  expect(outcomeOf({ at: "processing", paymentId: "pay_1", trouble: null }, "order_1")).toBeNull();
});
