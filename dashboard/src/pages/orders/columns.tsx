/** The columns an order has in a list. */

import type { Order } from "../../api/shapes";
import { type Column, IdText, Money, StatusBadge, Time } from "../../ui";

export const orderColumns: Column<Order>[] = [
  {
    key: "amount",
    title: "Amount",
    narrow: "1s",
    cell: (order) => (
      <strong>
        <Money amount={order.amount} currency={order.currency} />
      </strong>
    ),
  },
  { key: "status", title: "Status", narrow: "1e", cell: (order) => <StatusBadge status={order.status} /> },
  {
    key: "receipt",
    title: "Receipt",
    narrow: "2",
    cell: (order) => <span className={order.receipt ? undefined : "muted"}>{order.receipt ?? "No receipt"}</span>,
  },
  { key: "id", title: "Order", narrow: "3s", cell: (order) => <IdText id={order.id} what="order id" /> },
  {
    key: "capture",
    title: "Capture",
    wideOnly: true,
    cell: (order) => <span className="muted">{order.capture === "manual" ? "By hand" : "At once"}</span>,
  },
  {
    key: "created",
    title: "Created",
    align: "end",
    narrow: "3e",
    cell: (order) => (
      <span className="muted number">
        <Time at={order.created_at} />
      </span>
    ),
  },
];
