/** One payment: what it is, everything that happened to it, and what can be done with it. */

import { IconArrowBackUp, IconBan, IconCheck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { call } from "../../api/client";
import { paymentQuery, paymentRefundsQuery, timelineQuery } from "../../api/queries";
import { useRefusal } from "../../api/session";
import type { Payment, Refund } from "../../api/shapes";
import {
  Bones,
  Callout,
  ConfirmDialog,
  DataTable,
  ErrorState,
  Fact,
  Facts,
  formatAmount,
  GuardedButton,
  IdText,
  MethodText,
  Money,
  named,
  PageHeader,
  Panel,
  StatusBadge,
  sayName,
  Time,
  tellDone,
} from "../../ui";
import layout from "../layout.module.css";
import { NotesFacts } from "../NotesFacts";
import { refundColumns } from "../refunds/columns";
import { type AmountBody, AmountDialog } from "./AmountDialog";
import { statusOf } from "./columns";
import { Timeline } from "./Timeline";

const CAPTURABLE = new Set<Payment["state"]>(["authorized", "partially_captured"]);
const REFUNDABLE = new Set<Payment["state"]>(["captured", "partially_captured", "partially_refunded"]);

const toCapture = (payment: Payment): number =>
  CAPTURABLE.has(payment.state) ? payment.amount - payment.amount_captured : 0;
const toRefund = (payment: Payment): number =>
  REFUNDABLE.has(payment.state) ? payment.amount_captured - payment.amount_refunded - payment.amount_refund_pending : 0;

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What the person has to know about the payment's state, and what happens next. */
function Explanation({ payment }: { payment: Payment }) {
  switch (payment.state) {
    case "failed":
      return (
        <Callout tone="bad" title={payment.error_reason ? sayName(payment.error_reason) : "Failed"}>
          {sentence(payment.error_description ?? "The bank declined the payment")} No money was taken; the customer may
          try again.
        </Callout>
      );
    case "outcome_unknown":
      return (
        <Callout tone="wait" title="The bank has not said how this ended">
          We ask again by ourselves{payment.next_inquiry_at && <> , next </>}
          {payment.next_inquiry_at && <Time at={payment.next_inquiry_at} />}. It is not charged twice. Do not ship
          before it succeeded.
        </Callout>
      );
    case "authorized":
      return (
        <Callout tone="info" title="The money is held, not taken">
          Capture it to be paid, or void it to let it go.{" "}
          {payment.authorization_expires_at && (
            <>
              The bank lets go by itself <Time at={payment.authorization_expires_at} />.
            </>
          )}
        </Callout>
      );
    case "requires_action":
      return (
        <Callout tone="info" title="It is the customer’s turn">
          The bank waits for the customer to confirm. Nothing is to be done here.
        </Callout>
      );
    default:
      return null;
  }
}

export default function PaymentDetail() {
  const { paymentId = "" } = useParams({ strict: false });
  const queries = useQueryClient();
  const payment = useQuery(paymentQuery(paymentId));
  const timeline = useQuery(timelineQuery(paymentId));
  const refunds = useQuery(paymentRefundsQuery(paymentId));
  const refusal = useRefusal("support");
  const [open, setOpen] = useState<"capture" | "void" | "refund" | null>(null);
  const close = (): void => setOpen(null);

  const within = { to: "/dashboard/transactions", name: "Transactions" };
  if (!payment.data) {
    return (
      <>
        <PageHeader title="Payment" within={within} />
        <Panel>
          {payment.error ? (
            <ErrorState error={payment.error} what="this payment" retry={() => void payment.refetch()} />
          ) : (
            <Bones lines={8} what="the payment" />
          )}
        </Panel>
      </>
    );
  }
  const it = payment.data;
  const currency = it.currency;
  const path = `/api/v1/payments/${encodeURIComponent(it.id)}`;
  const capturable = toCapture(it);
  const refundable = toRefund(it);
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ["payments"] });

  const capture = (body: AmountBody, key: string): Promise<Payment> =>
    call(`${path}/capture`, { method: "POST", body, idempotencyKey: key });
  const refund = (body: AmountBody, key: string): Promise<Refund> =>
    call(`${path}/refunds`, { method: "POST", body, idempotencyKey: key });
  const voidIt = async (key: string): Promise<void> => {
    await call<Payment>(`${path}/void`, { method: "POST", idempotencyKey: key });
    tellDone("The held money is let go");
  };

  return (
    <>
      <PageHeader
        title={`Payment ${it.id}`}
        within={within}
        heading={
          <span className={layout.heading}>
            <span {...named("amount")}>
              <Money amount={it.amount} currency={currency} />
            </span>
            <StatusBadge {...statusOf(it)} testId="status" />
          </span>
        }
        description={<IdText id={it.id} what="payment id" testId="payment-id" />}
      >
        {capturable > 0 && (
          <GuardedButton
            refusal={refusal}
            leftSection={<IconCheck size={17} aria-hidden />}
            onClick={() => setOpen("capture")}
            {...named("capture-button")}
          >
            Capture
          </GuardedButton>
        )}
        {it.state === "authorized" && (
          <GuardedButton
            variant="default"
            refusal={refusal}
            leftSection={<IconBan size={17} aria-hidden />}
            onClick={() => setOpen("void")}
            {...named("void-button")}
          >
            Void
          </GuardedButton>
        )}
        {refundable > 0 && (
          <GuardedButton
            variant="default"
            refusal={refusal}
            leftSection={<IconArrowBackUp size={17} aria-hidden />}
            onClick={() => setOpen("refund")}
            {...named("refund-button")}
          >
            Refund
          </GuardedButton>
        )}
      </PageHeader>
      <div className={layout.columns}>
        <div className={layout.stack}>
          <Explanation payment={it} />
          {(refunds.data?.data.length ?? 0) > 0 && (
            <Panel title="Refunds" flush>
              <DataTable
                caption="Refunds of this payment"
                columns={refundColumns.filter((column) => column.key !== "payment")}
                rows={refunds.data?.data}
                rowKey={(each) => each.id}
                empty={null}
              />
            </Panel>
          )}
          <Panel title="Timeline" testId={named("timeline")}>
            {timeline.data ? (
              timeline.data.data.length > 0 ? (
                <Timeline entries={timeline.data.data} currency={currency} />
              ) : (
                <p className="muted">Nothing has happened yet.</p>
              )
            ) : timeline.error ? (
              <ErrorState error={timeline.error} what="the timeline" retry={() => void timeline.refetch()} />
            ) : (
              <Bones lines={6} what="the timeline" />
            )}
          </Panel>
        </div>
        <div className={layout.stack}>
          <Panel title="Details">
            <Facts>
              <Fact name="Order">
                <Link to="/dashboard/orders/$orderId" params={{ orderId: it.order_id }}>
                  <IdText id={it.order_id} copy={false} testId="order-id" />
                </Link>
              </Fact>
              <Fact name="Method">
                <MethodText payment={it} testId="method" />
              </Fact>
              <Fact name="State">{sayName(it.state)}</Fact>
              <Fact name="Created">
                <span {...named("created-at")}>
                  <Time at={it.created_at} />
                </span>
              </Fact>
              <Fact name="Last change">
                <Time at={it.updated_at} />
              </Fact>
            </Facts>
          </Panel>
          <Panel title="Money">
            <Facts>
              <Fact name="Amount">
                <Money amount={it.amount} currency={currency} />
              </Fact>
              <Fact name="Captured">
                <Money amount={it.amount_captured} currency={currency} />
              </Fact>
              <Fact name="Refunded">
                <Money amount={it.amount_refunded} currency={currency} />
              </Fact>
              {it.amount_refund_pending > 0 && (
                <Fact name="Being refunded">
                  <Money amount={it.amount_refund_pending} currency={currency} />
                </Fact>
              )}
              <Fact name="Kept">
                <strong>
                  <Money
                    amount={it.amount_captured - it.amount_refunded - it.amount_refund_pending}
                    currency={currency}
                  />
                </strong>
              </Fact>
            </Facts>
          </Panel>
          <NotesFacts notes={it.notes} />
        </div>
      </div>
      {open === "capture" && (
        <AmountDialog
          title="Capture the held money"
          verb="Capture"
          label="Amount to capture"
          about={`${formatAmount(capturable, currency)} are held at the customer’s bank.`}
          currency={currency}
          most={capturable}
          mostIs="You can capture up to"
          after={(amount) =>
            amount === capturable ? "Nothing stays held." : `${formatAmount(capturable - amount, currency)} stay held.`
          }
          intent={`capture ${it.id}`}
          send={capture}
          done={(amount) => tellDone(`Captured ${formatAmount(amount, currency)}`)}
          refresh={refresh}
          onClose={close}
        />
      )}
      {open === "refund" && (
        <AmountDialog
          title="Refund this payment"
          verb="Refund"
          label="Amount to refund"
          about="The customer’s bank books it back to them; that takes a moment and cannot be called back."
          currency={currency}
          most={refundable}
          mostIs="You can refund up to"
          withReason
          after={(amount) =>
            amount === refundable
              ? "Then nothing of this payment is left to refund."
              : `Then ${formatAmount(refundable - amount, currency)} can still be refunded.`
          }
          intent={`refund ${it.id}`}
          send={refund}
          done={(amount) => tellDone(`Refund of ${formatAmount(amount, currency)} is on its way`)}
          refresh={refresh}
          onClose={close}
        />
      )}
      <ConfirmDialog
        opened={open === "void"}
        onClose={close}
        title="Void this payment?"
        verb="Void payment"
        danger
        intent={`void ${it.id}`}
        run={voidIt}
        refresh={refresh}
      >
        The hold of {formatAmount(it.amount, currency)} is released and the customer is not charged. This cannot be
        undone.
      </ConfirmDialog>
    </>
  );
}
