import { describe, expect, test } from "vitest";
import { activityOf, begin, type CheckoutEvent, firstWrong, type Screen, type State, step } from "./machine";
import type { Order, Payment } from "./payment";

const TODAY = new Date(2026, 5, 15);
const ORDER: Order = {
  id: "order_1",
  merchant_name: "Test Merchant",
  amount: 50000,
  currency: "INR",
  status: "created",
  expires_at: "2026-06-15T12:00:00Z",
  payment_id: null,
  test_mode: true,
};
const PENDING: Payment = {
  id: "pay_1",
  order_id: "order_1",
  status: "pending",
  method: "card",
  vpa: null,
  card_network: "visa",
  card_last4: "4242",
  error_code: null,
  error_reason: null,
  error_description: null,
  updated_at: null,
  next_action: null,
  signature: null,
  signature_previous: null,
};
const OTP: Payment = { ...PENDING, next_action: { type: "otp", url: "https://pay.example/bank", expires_at: null } };
const SUCCESS: Payment = { ...PENDING, status: "success", signature: "ab" };
const FAILED: Payment = { ...PENDING, status: "failed", error_reason: "insufficient_funds" };

function happened(...events: CheckoutEvent[]): State {
  return events.reduce(step, begin("order_1", true));
}

const LOADED: CheckoutEvent = { type: "loaded", order: ORDER, payment: null };
const CARD: CheckoutEvent[] = [
  LOADED,
  { type: "method", method: "card" },
  { type: "typed", field: "number", text: "4242 4242 4242 4242" },
  { type: "typed", field: "expiry", text: "12/30" },
  { type: "typed", field: "cvv", text: "123" },
  { type: "typed", field: "name", text: " Asha Rao " },
];
const PAY: CheckoutEvent = { type: "pay", key: "key-1", today: TODAY };
const got = (payment: Payment): CheckoutEvent => ({ type: "payment", payment });

function at<At extends Screen["at"]>(state: State, name: At): Extract<Screen, { at: At }> {
  expect(state.screen.at).toBe(name);
  return state.screen as Extract<Screen, { at: At }>;
}

describe("loading", () => {
  test("without an order there is nothing to load", () => {
    expect(at(begin(null, true), "blocked").reason).toBe("missing_order");
    expect(at(begin("", true), "blocked").reason).toBe("missing_order");
    expect(activityOf(begin(null, true))).toBeNull();
  });

  test("an open order shows the methods, UPI first", () => {
    const state = happened(LOADED);
    at(state, "choose");
    expect(state.method).toBe("upi");
  });

  test.each(["expired", "cancelled", "paid"] as const)("an order that is %s has its own screen", (status) => {
    expect(at(happened({ type: "loaded", order: { ...ORDER, status }, payment: null }), "blocked").reason).toBe(status);
  });

  test("a payment under way is followed, also when it could not be read yet", () => {
    const order = { ...ORDER, payment_id: "pay_1" };
    expect(at(happened({ type: "loaded", order, payment: null }), "processing").paymentId).toBe("pay_1");
    expect(at(happened({ type: "loaded", order, payment: PENDING }), "processing").paymentId).toBe("pay_1");
    at(happened({ type: "loaded", order, payment: OTP }), "action");
  });

  test("an order that was paid before says so, with its payment", () => {
    const order: Order = { ...ORDER, status: "paid", payment_id: "pay_1" };
    const screen = at(happened({ type: "loaded", order, payment: SUCCESS }), "succeeded");
    expect(screen.earlier).toBe(true);
    expect(screen.payment.id).toBe("pay_1");
  });

  test("an order whose last payment failed may be paid again", () => {
    at(happened({ type: "loaded", order: { ...ORDER, payment_id: "pay_1" }, payment: FAILED }), "choose");
  });

  test("a server that is out of reach is asked again, without the screen changing meanwhile", () => {
    const blocked = happened({ type: "blocked", reason: "unreachable" });
    expect(activityOf(blocked)?.kind).toBe("reload");
    expect(step(blocked, { type: "blocked", reason: "unreachable" })).toBe(blocked);
    at(step(blocked, LOADED), "choose");
  });
});

describe("choosing", () => {
  test("whoever leaves a field empty is not told off, whoever mistypes is", () => {
    const empty = happened(LOADED, { type: "left", field: "vpa", today: TODAY });
    expect(empty.problems).toEqual({});
    const wrong = happened(
      LOADED,
      { type: "typed", field: "vpa", text: "asha" },
      { type: "left", field: "vpa", today: TODAY },
    );
    expect(wrong.problems).toEqual({ vpa: "vpa_shape" });
    expect(step(wrong, { type: "typed", field: "vpa", text: "asha@" }).problems).toEqual({});
  });

  test("nothing is sent while a field is wrong, and the first wrong one is known", () => {
    const state = happened(
      ...CARD,
      { type: "typed", field: "expiry", text: "05/26" },
      { type: "typed", field: "cvv", text: "" },
      PAY,
    );
    at(state, "choose");
    expect(state.problems).toEqual({ expiry: "expired", cvv: "cvv_missing" });
    expect(firstWrong(state)).toBe("expiry");
  });

  test("the CVV of an Amex has 4 digits", () => {
    const amex: CheckoutEvent = { type: "typed", field: "number", text: "3782 822463 10005" };
    expect(happened(...CARD, amex, PAY).problems).toEqual({ cvv: "cvv_length_amex" });
    at(happened(...CARD, amex, { type: "typed", field: "cvv", text: "1234" }, PAY), "paying");
  });

  test("the shop's prefill never overwrites what was typed", () => {
    const typed = happened(LOADED, { type: "typed", field: "vpa", text: "mine@upi" });
    const state = step(typed, { type: "prefill", vpa: "theirs@upi", name: "Asha" });
    expect(state.draft).toMatchObject({ vpa: "mine@upi", name: "Asha" });
  });

  test("an order that expires meanwhile is no longer offered", () => {
    const expired: CheckoutEvent = { type: "loaded", order: { ...ORDER, status: "expired" }, payment: null };
    const state = happened(...CARD, expired);
    expect(at(state, "blocked").reason).toBe("expired");
    expect(state.draft.number).toBe("");
  });

  test("a form that is open stays open when the server is out of reach", () => {
    at(happened(...CARD, { type: "blocked", reason: "unreachable" }), "choose");
  });

  test("a payment that another tab began is followed", () => {
    const order = { ...ORDER, payment_id: "pay_1" };
    at(happened(...CARD, { type: "loaded", order, payment: PENDING }), "processing");
  });
});

describe("paying", () => {
  test("sends what was typed, without its spaces", () => {
    expect(at(happened(...CARD, PAY), "paying").instrument).toEqual({
      method: "card",
      card: { number: "4242424242424242", expiry_month: 12, expiry_year: 2030, cvv: "123", holder_name: "Asha Rao" },
    });
  });

  test("a second click pays nothing more", () => {
    const state = happened(...CARD, PAY);
    expect(step(state, { ...PAY, key: "key-2" })).toBe(state);
  });

  test("a lost request is repeated under its key, and nothing has failed", () => {
    const state = happened(...CARD, PAY);
    const lost = step(state, { type: "trouble", trouble: "lost" });
    expect(at(lost, "paying").trouble).toBe("lost");
    expect(activityOf(lost)).toEqual(activityOf(state));
  });

  test("a payment made is a card forgotten", () => {
    for (const event of [
      got(PENDING),
      got(OTP),
      got(SUCCESS),
      got(FAILED),
      { type: "follow", paymentId: "pay_1" } as const,
    ]) {
      const state = happened(...CARD, PAY, event);
      expect(JSON.stringify(state)).not.toMatch(/4242 ?4242|12\/30|"123"/);
    }
  });

  test("a refused field is shown where it was typed, with everything else still there", () => {
    const state = happened(...CARD, PAY, { type: "refused_field", field: "cvv", problem: "refused" });
    at(state, "choose");
    expect(state.problems).toEqual({ cvv: "refused" });
    expect(state.draft.number).toBe("4242 4242 4242 4242");
  });

  test("the UPI app is there in test mode only", () => {
    const app: CheckoutEvent = { type: "pay_by_app", key: "key-1" };
    expect(at(happened(LOADED, app), "paying").instrument).toEqual({ method: "upi", vpa: "app@magic" });
    at(happened({ type: "loaded", order: { ...ORDER, test_mode: false }, payment: null }, app), "choose");
  });

  test.each(["expired", "cancelled", "paid", "unknown_order", "invalid_key"] as const)(
    "an order found %s ends it",
    (reason) => {
      expect(at(happened(...CARD, PAY, { type: "blocked", reason }), "blocked").reason).toBe(reason);
    },
  );
});

describe("waiting", () => {
  test("only the payment's own status ends it", () => {
    const state = happened(...CARD, PAY, got(PENDING));
    for (const event of [
      { type: "blocked", reason: "unreachable" },
      { type: "trouble", trouble: "lost" },
      { type: "connection", online: false },
      { type: "refused", notice: "try_again" },
    ] as const) {
      at(step(state, event), "processing");
    }
    at(step(state, got(SUCCESS)), "succeeded");
    at(step(state, got(FAILED)), "failed");
  });

  test("an answer about another payment changes nothing", () => {
    const state = happened(...CARD, PAY, got(PENDING));
    expect(step(state, got({ ...SUCCESS, id: "pay_2" }))).toBe(state);
  });

  test("an answer clears the trouble", () => {
    const state = happened(...CARD, PAY, got(PENDING), { type: "trouble", trouble: "lost" }, got(PENDING));
    expect(at(state, "processing").trouble).toBeNull();
  });

  test("the bank's question is shown once and watched closely until it is answered", () => {
    const asked = happened(...CARD, PAY, got(OTP));
    at(asked, "action");
    expect(step(asked, got(OTP))).toBe(asked);
    expect(activityOf(asked)).toMatchObject({ kind: "follow", patient: false });
    at(step(asked, got(PENDING)), "processing");
  });

  test("a payment of which a part was given back was a success; of one given back in full nothing is paid", () => {
    at(happened(...CARD, PAY, got({ ...SUCCESS, status: "partially_refunded" })), "succeeded");
    const paid: Order = { ...ORDER, status: "paid", payment_id: "pay_1" };
    const payment: Payment = { ...SUCCESS, status: "refunded" };
    expect(at(happened(...CARD, PAY, got(payment)), "blocked").reason).toBe("refunded");
    expect(at(happened({ type: "loaded", order: paid, payment }), "blocked").reason).toBe("refunded");
  });

  test("a result is final", () => {
    const state = happened(...CARD, PAY, got(SUCCESS));
    for (const event of [got(FAILED), PAY, LOADED, { type: "try_again" } as const])
      expect(step(state, event)).toBe(state);
  });

  test("after a failure the same order may be tried again, with the method and the UPI ID kept", () => {
    const upi: CheckoutEvent = { type: "typed", field: "vpa", text: "asha@upi" };
    const state = happened(LOADED, upi, PAY, got(FAILED), { type: "try_again" });
    at(state, "choose");
    expect(state.draft.vpa).toBe("asha@upi");
    expect(at(step(state, { ...PAY, key: "key-2" }), "paying").key).toBe("key-2");
  });
});
