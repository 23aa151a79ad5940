/** An order and a payment by UPI that is under way, for tests: each says only what is other. */

import type { Order, Payment } from "./payment";

export const ORDER: Order = {
  id: "order_1",
  merchant_name: "Test Merchant",
  amount: 50000,
  currency: "INR",
  status: "created",
  expires_at: null,
  payment_id: null,
  test_mode: true,
};

export const PENDING: Payment = {
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
