import { expect, test } from "vitest";
import { fromCheckout, type PaymentFailure, type PaymentSuccess, type Peer, send } from "../messages";
import { isTellable } from "./outcome";

const ORDER = "order_0123456789ABCdef";
const ID = "pay_0123456789ABCdef";
const WINDOW = {} as Window;
const PEER: Peer = { window: WINDOW, origin: "https://pay.example", channel: "1-2-3-4" };
const SUCCESS: PaymentSuccess = {
  id: ID,
  paymentId: ID,
  orderId: ORDER,
  status: "success",
  signature: "0a".repeat(32),
};
const FAILURE: PaymentFailure = {
  id: ID,
  paymentId: ID,
  orderId: ORDER,
  status: "failed",
  errorCode: "PAYMENT_FAILED",
  errorReason: "",
  errorDescription: "No.",
};

function told(type: string, data: unknown, from: Partial<{ source: unknown; origin: string; channel: unknown }> = {}) {
  const { source = WINDOW, origin = PEER.origin, channel = PEER.channel } = from;
  const said = fromCheckout({ source, origin, data: { type, data, channel } } as MessageEvent<unknown>, PEER);
  return (
    said !== null && (said.type === "payment_success" || said.type === "payment_failed") && isTellable(said, ORDER)
  );
}

test("a whole outcome of the shop's own order is told", () => {
  expect(told("payment_success", SUCCESS)).toBe(true);
  expect(told("payment_success", { ...SUCCESS, signature: "", signaturePrevious: "0b".repeat(32) })).toBe(true);
  expect(told("payment_failed", FAILURE)).toBe(true);
});

test("what is sent names the one origin that may read it", () => {
  const sent: unknown[][] = [];
  const window = { postMessage: (...said: unknown[]) => sent.push(said) } as unknown as Window;
  send({ ...PEER, window }, { type: "init", data: { prefill: { vpa: "a@b" } } });
  expect(sent).toEqual([
    [{ type: "init", data: { prefill: { vpa: "a@b" } }, channel: "1-2-3-4" }, "https://pay.example"],
  ]);
});

test("only the one window, origin and channel are heard", () => {
  const others = [
    { source: {} },
    { source: null },
    { origin: "https://pay.example.evil" },
    { origin: "null" },
    { channel: "1" },
  ];
  for (const from of [...others, { channel: ["1-2-3-4"] }, { channel: 1 }]) {
    expect(told("payment_success", SUCCESS, from), JSON.stringify(from)).toBe(false);
  }
});

test.each([
  { orderId: "order_ZZZZZZZZZZZZZZZZ" },
  { id: "pay_ZZZZZZZZZZZZZZZZ" },
  { id: "x", paymentId: "x" },
  { id: `${ID}\n`, paymentId: `${ID}\n` },
  { status: "failed" },
  { signature: "0A".repeat(32) },
  { signature: "0a" },
  { signature: { length: 64 } },
  { signaturePrevious: 1 },
])("a success with %o is not", (change) => {
  expect(told("payment_success", { ...SUCCESS, ...change })).toBe(false);
});

test.each([{ orderId: ID }, { status: "success" }, { errorCode: 1 }, { errorDescription: "x".repeat(1025) }])(
  "a failure with %o is not",
  (change) => {
    expect(told("payment_failed", { ...FAILURE, ...change })).toBe(false);
  },
);

test("a success is no failure, and the other way", () => {
  expect(told("payment_failed", SUCCESS)).toBe(false);
  expect(told("payment_success", FAILURE)).toBe(false);
  expect(told("close_modal", {})).toBe(false);
});
