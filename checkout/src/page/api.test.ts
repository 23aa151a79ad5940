import { expect, test, vi } from "vitest";
import { paid, publicApi } from "./api";

const ORIGIN = "https://pay.example";

function refused(status: number, error: Record<string, unknown>, retryAfterSeconds: number | null = null) {
  return paid({ status, body: { error: { code: "BAD_REQUEST_ERROR", ...error } }, retryAfterSeconds }, ORIGIN);
}

test("a payment made is shown as it is", () => {
  const payment = {
    id: "pay_1",
    order_id: "order_1",
    status: "pending",
    next_action: { type: "otp", url: "/bank?payment_id=pay_1" },
  };
  expect(paid({ status: 201, body: payment, retryAfterSeconds: null }, ORIGIN)).toMatchObject({
    type: "payment",
    payment: { id: "pay_1", next_action: { type: "otp", url: "https://pay.example/bank?payment_id=pay_1" } },
  });
});

test.each(["https://evil.example/", "//evil.example/", "javascript:alert(1)"])("nothing at %s is framed", (url) => {
  const body = { id: "pay_1", status: "pending", next_action: { type: "otp", url } };
  expect(paid({ status: 201, body, retryAfterSeconds: null }, ORIGIN)).toMatchObject({
    payment: { next_action: null },
  });
});

test("an answer that cannot be understood is asked for again", () => {
  expect(paid({ status: 201, body: { hello: 1 }, retryAfterSeconds: null }, ORIGIN)).toMatchObject({ again: "lost" });
});

test.each([
  [403, "<h1>Forbidden</h1>"],
  [404, null],
  [403, { message: "Forbidden" }],
])("a %i that is not the gateway's own leaves open whether a payment was made", (status, body) => {
  expect(paid({ status, body, retryAfterSeconds: null }, ORIGIN)).toEqual({ again: "lost", afterSeconds: null });
});

test("a payment in progress, or one that paid before, is followed", () => {
  const follow = { type: "follow", paymentId: "pay_9" };
  expect(refused(409, { reason: "payment_in_progress", payment_id: "pay_9" })).toEqual(follow);
  expect(refused(400, { reason: "order_paid", payment_id: "pay_9" })).toEqual(follow);
});

test("what is busy is asked again after the time it names", () => {
  expect(refused(429, { code: "RATE_LIMIT_ERROR" }, 7)).toEqual({ again: "busy", afterSeconds: 7 });
  expect(refused(409, { reason: "idempotency_in_progress" }, 1)).toEqual({ again: "lost", afterSeconds: 1 });
});

test.each([
  ["order_paid", "paid"],
  ["order_expired", "expired"],
  ["order_cancelled", "cancelled"],
])("%s has its screen", (reason, screen) => {
  expect(refused(400, { reason })).toEqual({ type: "blocked", reason: screen });
});

test.each([
  ["vpa", "", "vpa", "vpa_shape"],
  ["card.number", "", "number", "number_wrong"],
  ["card.cvv", "", "cvv", "refused"],
  ["card.holder_name", "", "name", "name_missing"],
  ["card.expiry_month", "", "expiry", "expiry_shape"],
  ["card.expiry_year", "card_expired", "expiry", "expired"],
])("a wrong %s (%s) is shown at %s", (field, reason, shown, problem) => {
  expect(refused(400, { field, reason })).toEqual({ type: "refused_field", field: shown, problem });
});

test("any other refusal is told in the server's words", () => {
  expect(refused(422, { description: "Another request used this key" })).toEqual({
    type: "refused",
    notice: { said: "Another request used this key" },
  });
});

test("a key that is withdrawn during a payment does not hide how it ended", async () => {
  const fetched = vi.fn(async (_path: string, { headers }: { headers: Record<string, string> }) =>
    "X-Api-Key" in headers
      ? Response.json({ error: { code: "AUTHENTICATION_ERROR" } }, { status: 401 })
      : Response.json({ id: "pay_1", status: "success" }),
  );
  vi.stubGlobal("fetch", fetched);
  const found = await publicApi("key_test_gone", ORIGIN).payment("pay_1", true, new AbortController().signal);
  vi.unstubAllGlobals();
  expect(found).toMatchObject({ id: "pay_1", status: "success" });
  expect(fetched.mock.calls.map(([path]) => path)).toEqual(Array(2).fill("/api/v1/payments/pay_1/public?wait=20"));
});
