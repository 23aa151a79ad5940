/** Orders and payments as the public API shows them, and reading them from its answers. */

import { type Fields, fields, integer, oneOf, text } from "../common/read";

export interface Order {
  id: string;
  merchant_name: string;
  amount: number;
  currency: string;
  status: "created" | "attempted" | "paid" | "expired" | "cancelled";
  expires_at: string | null;
  /** The payment under way, or the one that paid it. */
  payment_id: string | null;
  test_mode: boolean;
}

export interface NextAction {
  type: "otp" | "upi_app";
  /** Absolute, on our own origin. */
  url: string;
  expires_at: string | null;
}

export interface Payment {
  id: string;
  order_id: string;
  status: "pending" | "success" | "failed" | "partially_refunded" | "refunded";
  method: "upi" | "card" | null;
  vpa: string | null;
  card_network: string | null;
  card_last4: string | null;
  error_code: string | null;
  error_reason: string | null;
  error_description: string | null;
  updated_at: string | null;
  next_action: NextAction | null;
  signature: string | null;
  signature_previous: string | null;
}

const ORDER_STATUSES = ["created", "attempted", "paid", "expired", "cancelled"] as const;
const PAYMENT_STATUSES = ["pending", "success", "failed", "partially_refunded", "refunded"] as const;

export function asOrder(body: unknown): Order | null {
  const from = fields(body);
  const id = text(from, "id");
  const amount = integer(from, "amount");
  const currency = text(from, "currency");
  const status = oneOf(from, "status", ORDER_STATUSES);
  if (id === null || amount === null || currency === null || status === null) return null;
  return {
    id,
    merchant_name: text(from, "merchant_name") ?? "",
    amount,
    currency,
    status,
    expires_at: text(from, "expires_at"),
    payment_id: text(from, "payment_id"),
    test_mode: from.test_mode === true,
  };
}

export function asPayment(body: unknown, ownOrigin: string): Payment | null {
  const from = fields(body);
  const id = text(from, "id");
  const status = oneOf(from, "status", PAYMENT_STATUSES);
  if (id === null || status === null) return null;
  return {
    id,
    order_id: text(from, "order_id") ?? "",
    status,
    method: oneOf(from, "method", ["upi", "card"] as const),
    vpa: text(from, "vpa"),
    card_network: text(from, "card_network"),
    card_last4: text(from, "card_last4"),
    error_code: text(from, "error_code"),
    error_reason: text(from, "error_reason"),
    error_description: text(from, "error_description"),
    updated_at: text(from, "updated_at"),
    next_action: asNextAction(fields(from.next_action), ownOrigin),
    signature: text(from, "signature"),
    signature_previous: text(from, "signature_previous"),
  };
}

/** Only what is on our own origin is framed or linked: a bank elsewhere would not be what the customer is told. */
function asNextAction(from: Fields, ownOrigin: string): NextAction | null {
  const type = oneOf(from, "type", ["otp", "upi_app"] as const);
  const path = text(from, "url");
  if (type === null || path === null || !URL.canParse(path, ownOrigin)) return null;
  const url = new URL(path, ownOrigin);
  return url.origin === ownOrigin ? { type, url: url.href, expires_at: text(from, "expires_at") } : null;
}
