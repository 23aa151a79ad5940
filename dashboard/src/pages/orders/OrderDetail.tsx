/** One order: what is owed, where it is paid, and every attempt to pay it. */

import { IconCreditCard } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { orderQuery, paymentsQuery } from "../../api/queries";
import {
  Bones,
  DataTable,
  EmptyState,
  ErrorState,
  Fact,
  Facts,
  IdText,
  Money,
  PageHeader,
  Panel,
  StatusBadge,
  Time,
} from "../../ui";
import layout from "../layout.module.css";
import { NotesFacts } from "../NotesFacts";
import { paymentColumns, paymentPath } from "../transactions/columns";
import { CheckoutLink } from "./CheckoutLink";

const ATTEMPTS_MAX = 50;
const PAYABLE = new Set(["created", "attempted"]);

export default function OrderDetail() {
  const { orderId = "" } = useParams({ strict: false });
  const order = useQuery(orderQuery(orderId));
  const attempts = useQuery(paymentsQuery({ order_id: orderId, limit: ATTEMPTS_MAX }));
  const within = { to: "/dashboard/orders", name: "Orders" };
  if (!order.data) {
    return (
      <>
        <PageHeader title="Order" within={within} />
        <Panel>
          {order.error ? (
            <ErrorState error={order.error} what="this order" retry={() => void order.refetch()} />
          ) : (
            <Bones lines={6} what="the order" />
          )}
        </Panel>
      </>
    );
  }
  const it = order.data;
  const payable = PAYABLE.has(it.status);
  return (
    <>
      <PageHeader
        title={`Order ${it.id}`}
        within={within}
        heading={
          <span className={layout.heading}>
            <Money amount={it.amount} currency={it.currency} />
            <StatusBadge status={it.status} />
          </span>
        }
        description={<IdText id={it.id} what="order id" />}
      />
      <div className={layout.columns}>
        <div className={layout.stack}>
          {payable && (
            <Panel title="Checkout">
              <CheckoutLink orderId={it.id} />
            </Panel>
          )}
          <Panel title="Payments" description="Each attempt of the customer; the newest first" flush>
            <DataTable
              caption="Payments of this order"
              columns={paymentColumns.filter((column) => column.key !== "order")}
              rows={attempts.data?.data}
              rowKey={(payment) => payment.id}
              open={paymentPath}
              error={attempts.error}
              retry={() => void attempts.refetch()}
              skeletonRows={1}
              keyboard
              empty={
                <EmptyState icon={<IconCreditCard size={22} />} title="Nobody has tried to pay yet">
                  {payable
                    ? "Send the checkout link. An attempt appears here by itself."
                    : "This order can no longer be paid."}
                </EmptyState>
              }
            />
          </Panel>
        </div>
        <div className={layout.stack}>
          <Panel title="Details">
            <Facts>
              <Fact name="Receipt">{it.receipt ?? <span className="muted">None</span>}</Fact>
              <Fact name="Capture">{it.capture === "manual" ? "By hand, after the customer paid" : "At once"}</Fact>
              <Fact name="Created">
                <Time at={it.created_at} />
              </Fact>
              <Fact name="Last change">
                <Time at={it.updated_at} />
              </Fact>
              <Fact name="Expires">
                <Time at={it.expires_at} none="Never" />
              </Fact>
            </Facts>
          </Panel>
          <NotesFacts notes={it.notes} />
        </div>
      </div>
    </>
  );
}
