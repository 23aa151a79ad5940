/** Makes an order, and hands over its checkout: a link to send, a code to scan. */

import { Autocomplete, Button, SegmentedControl, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ApiError, call } from "../../api/client";
import type { NewOrder, Order } from "../../api/shapes";
import {
  checkAmount,
  Dialog,
  formatAmount,
  IntentFoot,
  LinkButton,
  named,
  signOf,
  tellDone,
  toDecimal,
  useIntent,
} from "../../ui";
import dialogs from "../../ui/dialogs.module.css";
import { useCurrencies } from "../currencies";
import { DEFAULT_CURRENCY } from "../filters";
import { CheckoutLink } from "./CheckoutLink";

const LEAST = 100; // the API's own least: ₹1.00
const RECEIPT_MAX = 255;

export default function InitiatePayment({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const captureLabel = useId();
  const [order, setOrder] = useState<Order | null>(null);
  const intent = useIntent<NewOrder, Order>({
    name: "initiate a payment",
    send: (body, key) => call("/api/v1/orders", { method: "POST", body, idempotencyKey: key }),
    done: setOrder,
    doneBefore: () => {
      onClose();
      tellDone("The payment is initiated: its order is the newest");
    },
    refresh: () => void queries.invalidateQueries({ queryKey: ["orders"] }),
  });
  const { doubted, locked, error } = intent;
  const [typed, setTyped] = useState(doubted?.currency ?? DEFAULT_CURRENCY);
  const known = useCurrencies(DEFAULT_CURRENCY);
  // Three letters, as all codes are; which of them the gateway takes, it says itself.
  const currency = typed.trim().toUpperCase();
  const isCode = /^[A-Z]{3}$/.test(currency);
  const sign = signOf(isCode ? currency : DEFAULT_CURRENCY);
  const [text, setText] = useState(doubted ? toDecimal(doubted.amount, doubted.currency ?? DEFAULT_CURRENCY) : "");
  const [receipt, setReceipt] = useState(doubted?.receipt ?? "");
  const [capture, setCapture] = useState<"automatic" | "manual">(doubted?.capture ?? "automatic");
  const [left, setLeft] = useState(false);
  const checked = checkAmount(text, isCode ? currency : DEFAULT_CURRENCY, { least: LEAST });
  const of = (field: string): string | null =>
    error instanceof ApiError && error.field === field ? error.description : null;
  const ofAmount = of("amount");
  const ofCurrency = isCode ? of("currency") : "Three letters, such as INR";

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setLeft(true);
    if (checked.amount === null || !isCode) return;
    const body: NewOrder = { amount: checked.amount, currency, capture };
    if (receipt.trim() !== "") body.receipt = receipt.trim();
    void intent.send(body);
  };

  if (order) {
    return (
      <Dialog onClose={onClose} title={`${formatAmount(order.amount, order.currency)} to be paid`}>
        <div className={dialogs.body}>
          <CheckoutLink orderId={order.id} />
          <div className={dialogs.actions}>
            <Button
              variant="subtle"
              onClick={() => {
                setOrder(null);
                setText("");
                setReceipt("");
                setLeft(false);
              }}
            >
              Another one
            </Button>
            <LinkButton variant="default" to="/dashboard/orders/$orderId" params={{ orderId: order.id }}>
              Follow this order
            </LinkButton>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog onClose={onClose} title="Initiate a payment" busy={intent.busy}>
      <form onSubmit={submit} className={dialogs.body} noValidate {...named("initiate-payment-form")}>
        <TextInput
          label="Amount"
          placeholder="500.00"
          inputMode="decimal"
          autoComplete="off"
          size="md"
          leftSection={<span aria-hidden>{sign}</span>}
          leftSectionWidth={sign.length > 2 ? 52 : 36}
          value={text}
          readOnly={locked}
          onChange={(event) => {
            setText(event.currentTarget.value);
            intent.clear();
          }}
          onBlur={() => setLeft(text !== "")}
          error={ofAmount ?? (left || text.length > 1 ? checked.problem : null)}
          data-autofocus
          {...named("order-amount-input")}
        />
        <Autocomplete
          label="Currency"
          description={known.length > 1 ? undefined : "Any that the gateway takes, by its three letters"}
          autoComplete="off"
          maxLength={3}
          data={known}
          value={typed}
          readOnly={locked}
          onChange={(next) => {
            setTyped(next);
            intent.clear();
          }}
          error={ofCurrency}
          {...named("order-currency-input")}
        />
        <TextInput
          label="Receipt (optional)"
          description="Your own name for it, such as an invoice number; you can search for it"
          maxLength={RECEIPT_MAX}
          value={receipt}
          readOnly={locked}
          onChange={(event) => {
            setReceipt(event.currentTarget.value);
            intent.clear();
          }}
          {...named("order-receipt-input")}
        />
        <div>
          <p className={dialogs.label} id={captureLabel}>
            When is the money taken?
          </p>
          <SegmentedControl
            fullWidth
            aria-labelledby={captureLabel}
            data={[
              { value: "automatic", label: "At once" },
              { value: "manual", label: "When I capture it" },
            ]}
            value={capture}
            disabled={locked}
            onChange={(value) => {
              setCapture(value === "manual" ? "manual" : "automatic");
              intent.clear();
            }}
          />
        </div>
        <IntentFoot
          intent={intent}
          verb={
            checked.amount === null || !isCode
              ? "Make the checkout link"
              : `Make the link for ${formatAmount(checked.amount, currency)}`
          }
          onClose={onClose}
          told={ofAmount !== null || of("currency") !== null}
          buttonProps={named("create-order-button")}
        />
      </form>
    </Dialog>
  );
}
