import { describe, expect, test } from "vitest";
import { fromCheckout, fromShop, type Peer, send, type ToShop } from "./messages";

const sent: { message: unknown; origin: string }[] = [];
const other = {
  postMessage: (message: unknown, origin: string) => sent.push({ message, origin }),
} as unknown as Window;
const peer: Peer = { window: other, origin: "https://shop.example", channel: "nonce" };

function event(data: unknown, from: Partial<{ source: unknown; origin: string }> = {}): MessageEvent<unknown> {
  return { data, source: other, origin: peer.origin, ...from } as unknown as MessageEvent<unknown>;
}

const init = { type: "init", channel: "nonce", data: { prefill: { vpa: "asha@upi", name: "Asha" } } };
const success = { id: "pay_1", paymentId: "pay_1", orderId: "order_1", status: "success", signature: "ab" };
const failure = {
  id: "pay_1",
  paymentId: "pay_1",
  orderId: "order_1",
  status: "failed",
  errorCode: "PAYMENT_FAILED",
  errorReason: "insufficient_funds",
  errorDescription: "There is not enough money in the account.",
};

test("a message goes to the agreed origin alone, with the channel", () => {
  send(peer, { type: "ready", data: {} });
  expect(sent).toEqual([{ message: { type: "ready", channel: "nonce", data: {} }, origin: "https://shop.example" }]);
});

describe("the checkout", () => {
  test("takes what the shop fills in", () => {
    expect(fromShop(event(init), peer)).toEqual({ type: "init", data: { prefill: { vpa: "asha@upi", name: "Asha" } } });
  });

  test("takes nothing else than a UPI ID and a name, as texts of a bounded length", () => {
    const prefill = { vpa: "a".repeat(1000), name: 7, number: "4242424242424242" };
    const taken = fromShop(event({ ...init, data: { prefill } }), peer);
    expect(taken).toEqual({ type: "init", data: { prefill: { vpa: "a".repeat(256) } } });
  });

  test.each([
    ["another window", event(init, { source: {} })],
    ["no window", event(init, { source: null })],
    ["another origin", event(init, { origin: "https://shop.example.evil.example" })],
    ["another channel", event({ ...init, channel: "guess" })],
    ["no channel", event({ type: "init", data: init.data })],
    ["another type", event({ ...init, type: "payment_success" })],
    ["no data", event({ type: "init", channel: "nonce" })],
    ["no prefill", event({ ...init, data: {} })],
    ["a prefill that is a list", event({ ...init, data: { prefill: [] } })],
    ["a text", event(JSON.stringify(init))],
    ["nothing", event(null)],
    ["a list", event([init])],
  ])("does not hear %s", (_, heard) => {
    expect(fromShop(heard, peer)).toBeNull();
  });
});

describe("the shop", () => {
  test.each<ToShop>([
    { type: "ready", data: {} },
    { type: "close_modal", data: {} },
    { type: "payment_success", data: success as ToShop["data"] & typeof success & { status: "success" } },
    { type: "payment_failed", data: failure as ToShop["data"] & typeof failure & { status: "failed" } },
  ])("hears $type", (message) => {
    expect(fromCheckout(event({ ...message, channel: "nonce" }), peer)).toEqual(message);
  });

  test.each([
    ["a success that is none", { type: "payment_success", data: { ...success, status: "failed" } }],
    ["a success without a signature", { type: "payment_success", data: { ...success, signature: undefined } }],
    ["a failure without its reason", { type: "payment_failed", data: { ...failure, errorReason: 5 } }],
    ["what only a shop says", { type: "init", data: { prefill: {} } }],
    ["an inherited type", { type: "toString", data: {} }],
  ])("does not hear %s", (_, message) => {
    expect(fromCheckout(event({ ...message, channel: "nonce" }), peer)).toBeNull();
  });
});
