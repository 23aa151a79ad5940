/** The public API as the checkout uses it: what each answer means for the customer. */

import { call, type Reply } from "../shared/http";
import { fields, text } from "../shared/read";
import type { BlockedReason, CheckoutEvent, FieldName, Instrument, Problem } from "./machine";
import { asOrder, asPayment, type Order, type Payment } from "./payment";

const ANSWER_MS = 15_000;
/** The server answers within this, with whatever is known then. */
const LONG_POLL_SECONDS = 20;
const LONG_POLL_MS = (LONG_POLL_SECONDS + 10) * 1_000;

/** Not known, and to be asked again: after the time the server named, if it named one. */
export interface Again {
  again: "lost" | "busy";
  afterSeconds: number | null;
}

export interface Api {
  order(orderId: string, signal: AbortSignal): Promise<{ order: Order; payment: Payment | null } | CheckoutEvent>;
  pay(
    orderId: string,
    instrument: Instrument,
    idempotencyKey: string,
    signal: AbortSignal,
  ): Promise<CheckoutEvent | Again>;
  payment(paymentId: string, wait: boolean, signal: AbortSignal): Promise<Payment | Again>;
  cancel(paymentId: string): Promise<boolean>;
}

export function publicApi(key: string | null, origin: string): Api {
  const headers = key === null ? {} : { "X-Api-Key": key };

  async function payment(paymentId: string, wait: boolean, signal: AbortSignal): Promise<Payment | Again> {
    const path = `/api/v1/payments/${encodeURIComponent(paymentId)}/public`;
    const address = wait ? `${path}?wait=${LONG_POLL_SECONDS}` : path;
    const timing = { timeoutMs: wait ? LONG_POLL_MS : ANSWER_MS, signal };
    let reply = await call(address, { headers, ...timing });
    // The key was right when the payment was made. It was withdrawn since, and its customer is still told how it ended.
    if (reply?.status === 401) reply = await call(address, timing);
    const found = reply?.status === 200 ? asPayment(reply.body, origin) : null;
    return found ?? again(reply);
  }

  return {
    async order(orderId, signal) {
      const path = `/api/v1/orders/${encodeURIComponent(orderId)}/public`;
      const reply = await call(path, { headers, timeoutMs: ANSWER_MS, signal });
      const order = reply?.status === 200 ? asOrder(reply.body) : null;
      if (order === null) return notLoaded(reply);
      if (order.payment_id === null) return { order, payment: null };
      const found = await payment(order.payment_id, false, signal);
      return { order, payment: "again" in found ? null : found };
    },

    async pay(orderId, instrument, idempotencyKey, signal) {
      const reply = await call("/api/v1/payments/public", {
        method: "POST",
        body: { order_id: orderId, ...instrument },
        headers: { ...headers, "Idempotency-Key": idempotencyKey },
        timeoutMs: ANSWER_MS,
        signal,
      });
      return reply === null ? again(reply) : paid(reply, origin);
    },

    payment,

    async cancel(paymentId) {
      const reply = await call(`/api/v1/test/bank/challenges/${encodeURIComponent(paymentId)}`, {
        method: "POST",
        body: { action: "cancel" },
        timeoutMs: ANSWER_MS,
      });
      return reply !== null && (reply.status < 300 || reply.status === 400); // a bank that asks no more has an answer
    },
  };
}

function again(reply: Reply | null): Again {
  const busy = reply?.status === 429;
  return { again: busy ? "busy" : "lost", afterSeconds: reply?.retryAfterSeconds ?? null };
}

function notLoaded(reply: Reply | null): CheckoutEvent {
  if (reply?.status === 429) {
    return {
      type: "blocked",
      reason: "busy",
      ...(reply.retryAfterSeconds === null ? {} : { retryAfterSeconds: reply.retryAfterSeconds }),
    };
  }
  if (reply?.status === 401) return { type: "blocked", reason: "invalid_key" };
  // 400 and 422 are about an id that no order can have.
  const told = reply !== null && text(fields(fields(reply.body).error), "code") !== null; // by the gateway itself
  if (told && [400, 404, 422].includes(reply.status)) return { type: "blocked", reason: "unknown_order" };
  return { type: "blocked", reason: "unreachable" };
}

const CLOSED_ORDERS: Record<string, BlockedReason> = {
  order_paid: "paid",
  order_expired: "expired",
  order_cancelled: "cancelled",
};

/** What the answer to a payment's request means. */
export function paid(reply: Reply, origin: string): CheckoutEvent | Again {
  if (reply.status < 300) {
    const payment = asPayment(reply.body, origin);
    return payment === null ? again(null) : { type: "payment", payment };
  }
  const error = fields(fields(reply.body).error);
  const reason = text(error, "reason") ?? "";
  const live = text(error, "payment_id");
  if (reply.status === 429) return again(reply);
  // Somebody on the way answered, a firewall or a hotel's network: whether a payment was made is as open as before.
  if (text(error, "code") === null) return again(null);
  if (reply.status === 409 && reason === "idempotency_in_progress") {
    return { again: "lost", afterSeconds: reply.retryAfterSeconds };
  }
  if (live !== null && (reason === "payment_in_progress" || reason === "order_paid")) {
    return { type: "follow", paymentId: live };
  }
  const closed = CLOSED_ORDERS[reason];
  if (closed !== undefined) return { type: "blocked", reason: closed };
  if (reply.status === 404) return { type: "blocked", reason: "unknown_order" };
  if (reply.status === 401) return { type: "blocked", reason: "invalid_key" };
  const wrong = wrongField(text(error, "field") ?? "", reason);
  if (wrong !== null) return { type: "refused_field", ...wrong };
  // The payment in progress ended this instant, and failed.
  if (reason === "payment_in_progress") return { type: "refused", notice: "try_again" };
  const said = text(error, "description");
  return { type: "refused", notice: said === null ? "try_again" : { said } };
}

function wrongField(field: string, reason: string): { field: FieldName; problem: Problem } | null {
  switch (field) {
    case "vpa":
      return { field: "vpa", problem: "vpa_shape" };
    case "card.number":
      return { field: "number", problem: "number_wrong" };
    case "card.cvv":
      return { field: "cvv", problem: "refused" };
    case "card.holder_name":
      return { field: "name", problem: "name_missing" };
    case "card.expiry_month":
    case "card.expiry_year":
      return { field: "expiry", problem: reason === "card_expired" ? "expired" : "expiry_shape" };
    default:
      return null;
  }
}
