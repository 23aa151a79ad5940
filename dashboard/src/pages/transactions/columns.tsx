/** The columns a payment has in a list. */

import type { Payment } from "../../api/shapes";
import { type Column, IdText, MethodText, Money, named, StatusBadge, Time } from "../../ui";

export const paymentPath = (payment: Pick<Payment, "id">): string => `/dashboard/transactions/${payment.id}`;

/** What the status alone does not say. */
export function statusOf(payment: Payment): { status: string; label?: string; more?: string; tone?: "info" | "bad" } {
  switch (payment.state) {
    case "authorized":
      return { status: payment.status, more: "held", tone: "info" };
    case "requires_action":
      return { status: payment.status, more: "customer’s turn", tone: "info" };
    case "outcome_unknown":
      return { status: payment.status, more: "unknown", tone: "bad" };
    case "voided":
    case "authorization_expired":
      return { status: payment.status, label: payment.state === "voided" ? "voided" : "authorization expired" };
    default:
      return { status: payment.status };
  }
}

export const paymentColumns: Column<Payment>[] = [
  {
    key: "amount",
    title: "Amount",
    narrow: "1s",
    cell: (payment) => (
      <strong {...named("amount")}>
        <Money amount={payment.amount} currency={payment.currency} />
      </strong>
    ),
  },
  {
    key: "status",
    title: "Status",
    narrow: "1e",
    cell: (payment) => <StatusBadge {...statusOf(payment)} testId="status" />,
  },
  {
    key: "method",
    title: "Method",
    narrow: "2",
    cell: (payment) => <MethodText payment={payment} testId="method" />,
  },
  {
    key: "id",
    title: "Payment",
    narrow: "3s",
    cell: (payment) => <IdText id={payment.id} what="payment id" testId="payment-id" />,
  },
  {
    key: "order",
    title: "Order",
    wideOnly: true,
    cell: (payment) => <IdText id={payment.order_id} what="order id" testId="order-id" />,
  },
  {
    key: "created",
    title: "Created",
    align: "end",
    narrow: "3e",
    cell: (payment) => (
      <span className="muted number" {...named("created-at")}>
        <Time at={payment.created_at} />
      </span>
    ),
  },
];
