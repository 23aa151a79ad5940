/** The columns a refund has in a list. */

import { Link } from "@tanstack/react-router";
import type { Refund } from "../../api/shapes";
import { type Column, IdText, Money, StatusBadge, sayName, Time } from "../../ui";

export const refundColumns: Column<Refund>[] = [
  {
    key: "amount",
    title: "Amount",
    narrow: "1s",
    cell: (refund) => (
      <strong>
        <Money amount={refund.amount} currency={refund.currency} />
      </strong>
    ),
  },
  {
    key: "status",
    title: "Status",
    narrow: "1e",
    cell: (refund) => <StatusBadge status={refund.status} />,
  },
  {
    key: "reason",
    title: "Reason",
    narrow: "3",
    cell: (refund) =>
      refund.status === "failed" ? (
        (refund.error_description ?? sayName(refund.error_reason ?? "failed"))
      ) : (
        <span className={refund.reason ? undefined : "muted"}>{refund.reason ?? "–"}</span>
      ),
  },
  {
    key: "id",
    title: "Refund",
    narrow: "2s",
    cell: (refund) => <IdText id={refund.id} what="refund id" />,
  },
  {
    key: "payment",
    title: "Payment",
    wideOnly: true,
    cell: (refund) => (
      <Link to="/dashboard/transactions/$paymentId" params={{ paymentId: refund.payment_id }}>
        <code>{refund.payment_id}</code>
      </Link>
    ),
  },
  {
    key: "created",
    title: "Created",
    align: "end",
    narrow: "2e",
    cell: (refund) => (
      <span className="muted number">
        <Time at={refund.created_at} />
      </span>
    ),
  },
];
