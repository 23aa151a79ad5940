import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Again, Api } from "./api";
import { begin, type CheckoutEvent } from "./machine";
import type { Order, Payment } from "./payment";
import { run } from "./run";

const ORDER: Order = {
  id: "order_1",
  merchant_name: "Test Merchant",
  amount: 50000,
  currency: "INR",
  status: "created",
  expires_at: null,
  payment_id: null,
  test_mode: true,
};
const PENDING: Payment = {
  id: "pay_1",
  order_id: "order_1",
  status: "pending",
  method: "upi",
  vpa: "asha@upi",
  card_network: null,
  card_last4: null,
  error_code: null,
  error_reason: null,
  error_description: null,
  updated_at: null,
  next_action: null,
  signature: null,
  signature_previous: null,
};
const SUCCESS: Payment = { ...PENDING, status: "success" };
const OTP: Payment = { ...PENDING, next_action: { type: "otp", url: "https://pay.example/bank", expires_at: null } };
const LOST: Again = { again: "lost", afterSeconds: null };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that gives these answers in turn, the last one for ever. */
function server(answers: {
  pay?: (CheckoutEvent | Again)[];
  payment?: (Payment | Again)[];
  order?: Order[];
  cancel?: boolean[];
}) {
  const asked: string[] = [];
  const next = <T>(list: T[] | undefined): T => {
    const answer = list !== undefined && list.length > 1 ? list.shift() : list?.[0];
    if (answer === undefined) throw new Error("asked for an answer that was not given");
    return answer;
  };
  const api: Api = {
    order: async () => ({ order: next(answers.order ?? [ORDER]), payment: null }),
    pay: async (_order, _instrument, key) => {
      asked.push(`pay ${key}`);
      return next(answers.pay);
    },
    payment: async (id, wait) => {
      asked.push(`${wait ? "wait for" : "look at"} ${id}`);
      return next(answers.payment);
    },
    cancel: async (id) => {
      asked.push(`cancel ${id}`);
      return next(answers.cancel);
    },
  };
  return { api, asked };
}

async function paying(api: Api) {
  const checkout = run(begin("order_1", true), api);
  await vi.advanceTimersByTimeAsync(0);
  checkout.dispatch({ type: "typed", field: "vpa", text: "asha@upi" });
  checkout.dispatch({ type: "pay", key: "key-1", today: new Date() });
  await vi.advanceTimersByTimeAsync(0);
  return checkout;
}

test("a request that is lost is repeated under the same key, and said to be lost, never failed", async () => {
  const { api, asked } = server({ pay: [LOST] });
  const checkout = await paying(api);
  expect(checkout.state().screen).toMatchObject({ at: "paying", trouble: null });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(checkout.state().screen).toMatchObject({ at: "paying", trouble: "lost" });
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.length).toBeLessThan(20);
  expect(new Set(asked)).toEqual(new Set(["pay key-1"]));
});

test("two clicks send one payment", async () => {
  const { api, asked } = server({ pay: [{ type: "payment", payment: SUCCESS }] });
  const checkout = run(begin("order_1", true), api);
  await vi.advanceTimersByTimeAsync(0);
  checkout.dispatch({ type: "typed", field: "vpa", text: "asha@upi" });
  for (const key of ["key-1", "key-2"]) checkout.dispatch({ type: "pay", key, today: new Date() });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual(["pay key-1"]);
  expect(checkout.state().screen.at).toBe("succeeded");
});

test("a busy server is asked again when it said, and not before", async () => {
  const { api, asked } = server({
    pay: [
      { again: "busy", afterSeconds: 7 },
      { type: "payment", payment: SUCCESS },
    ],
  });
  const checkout = await paying(api);
  expect(checkout.state().screen).toMatchObject({ trouble: "busy" });
  await vi.advanceTimersByTimeAsync(6_900);
  expect(asked.length).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(checkout.state().screen.at).toBe("succeeded");
});

test("waking asks at once", async () => {
  const { api, asked } = server({
    pay: [
      { again: "busy", afterSeconds: 30 },
      { type: "payment", payment: SUCCESS },
    ],
  });
  const checkout = await paying(api);
  checkout.wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.length).toBe(2);
  expect(checkout.state().screen.at).toBe("succeeded");
});

test("a long poll that does not wait is not repeated without pause", async () => {
  const { api, asked } = server({ pay: [{ type: "payment", payment: PENDING }], payment: [PENDING] });
  await paying(api);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked.filter((one) => one === "wait for pay_1").length).toBeLessThan(16);
});

test("polls that fail go on every 2 s until the result is there", async () => {
  const { api, asked } = server({
    pay: [{ type: "payment", payment: PENDING }],
    payment: [LOST, LOST, LOST, LOST, SUCCESS],
  });
  const checkout = await paying(api);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(checkout.state().screen).toMatchObject({ at: "processing", trouble: "lost" });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(checkout.state().screen.at).toBe("succeeded");
  expect(asked.length).toBe(6);
});

test("while the bank asks, its answer is looked at each second, and at once when its page is done", async () => {
  const { api, asked } = server({ pay: [{ type: "payment", payment: OTP }], payment: [OTP, OTP, OTP, SUCCESS] });
  const checkout = await paying(api);
  expect(asked).toEqual(["pay key-1", "look at pay_1"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.length).toBe(3);
  checkout.wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.length).toBe(4);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(checkout.state().screen.at).toBe("succeeded");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked.length).toBe(5);
});

test("a look at the order that comes back too late does not end the payment begun meanwhile", async () => {
  const { api, asked } = server({ pay: [LOST] });
  const checkout = run(begin("order_1", true), api);
  await vi.advanceTimersByTimeAsync(0);
  let answer: (event: CheckoutEvent) => void = () => {};
  api.order = () => new Promise((resolve) => (answer = resolve));
  checkout.recheck();
  checkout.dispatch({ type: "typed", field: "vpa", text: "asha@upi" });
  checkout.dispatch({ type: "pay", key: "key-1", today: new Date() });
  answer({ type: "blocked", reason: "unreachable" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(checkout.state().screen).toMatchObject({ at: "paying", key: "key-1" });
  expect(asked.length).toBeGreaterThan(3);
});

test("an order that by the server's clock has a moment left is asked for until it has not", async () => {
  const expires_at = new Date(Date.now() + 10_000).toISOString();
  const open = { ...ORDER, expires_at };
  const { api } = server({ order: [open, open, { ...ORDER, status: "expired" }] });
  const checkout = run(begin("order_1", true), api);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(checkout.state().screen.at).toBe("choose");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(checkout.state().screen).toMatchObject({ at: "blocked", reason: "expired" });
});

test("a wish to cancel that was not heard may be said again", async () => {
  const { api, asked } = server({
    pay: [{ type: "payment", payment: OTP }],
    payment: [OTP],
    cancel: [false, true],
  });
  const checkout = await paying(api);
  expect(await checkout.cancel("pay_1")).toBe(false);
  expect(await checkout.cancel("pay_1")).toBe(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.at(-1)).toBe("look at pay_1");
});

test("an order that expires while the form is open is asked for again then", async () => {
  const expires_at = new Date(Date.now() + 60_000).toISOString();
  const { api } = server({
    order: [
      { ...ORDER, expires_at },
      { ...ORDER, status: "expired" },
    ],
  });
  const checkout = run(begin("order_1", true), api);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(checkout.state().screen.at).toBe("choose");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(checkout.state().screen).toMatchObject({ at: "blocked", reason: "expired" });
});
