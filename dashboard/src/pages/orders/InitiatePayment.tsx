/** Makes an order, and hands over its checkout: a link to send, a code to scan. */

import { Autocomplete, Button, Modal, SegmentedControl, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ApiError, call, newIntent } from "../../api/client";
import type { NewOrder, Order } from "../../api/shapes";
import { adviceFor, Callout, checkAmount, formatAmount, LinkButton, named } from "../../ui";
import dialogs from "../../ui/dialogs.module.css";
import { signOf, useCurrencies } from "../currencies";
import { DEFAULT_CURRENCY } from "../filters";
import { CheckoutLink } from "./CheckoutLink";

const LEAST = 100; // the API's own least: ₹1.00
const RECEIPT_MAX = 255;

export default function InitiatePayment({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const captureLabel = useId();
  const [text, setText] = useState("");
  const [receipt, setReceipt] = useState("");
  const [capture, setCapture] = useState<"automatic" | "manual">("automatic");
  const [left, setLeft] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [intent, setIntent] = useState(newIntent);
  const [order, setOrder] = useState<Order | null>(null);
  const [typed, setTyped] = useState(DEFAULT_CURRENCY);
  const known = useCurrencies(DEFAULT_CURRENCY);
  // Three letters, as all codes are; which of them the gateway takes, it says itself.
  const currency = typed.trim().toUpperCase();
  const isCode = /^[A-Z]{3}$/.test(currency);
  const sign = signOf(isCode ? currency : DEFAULT_CURRENCY);
  const checked = checkAmount(text, isCode ? currency : DEFAULT_CURRENCY, { least: LEAST });
  const of = (field: string): string | null =>
    error instanceof ApiError && error.field === field ? error.description : null;
  const ofAmount = of("amount");
  const ofCurrency = isCode ? of("currency") : "Three letters, such as INR";

  const changed = (): void => {
    setError(null);
    setIntent(newIntent());
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setLeft(true);
    if (checked.amount === null || !isCode) return;
    const body: NewOrder = { amount: checked.amount, currency, capture };
    if (receipt.trim() !== "") body.receipt = receipt.trim();
    setBusy(true);
    setError(null);
    try {
      setOrder(await call<Order>("/api/v1/orders", { method: "POST", body, idempotencyKey: intent }));
      await queries.invalidateQueries({ queryKey: ["orders"] });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };

  if (order) {
    return (
      <Modal opened onClose={onClose} title={`${formatAmount(order.amount, order.currency)} to be paid`} size="md">
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
                changed();
              }}
            >
              Another one
            </Button>
            <LinkButton variant="default" to="/dashboard/orders/$orderId" params={{ orderId: order.id }}>
              Follow this order
            </LinkButton>
          </div>
        </div>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title="Initiate a payment" size="md">
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
          onChange={(event) => {
            setText(event.currentTarget.value);
            changed();
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
          onChange={(next) => {
            setTyped(next);
            changed();
          }}
          error={ofCurrency}
          {...named("order-currency-input")}
        />
        <TextInput
          label="Receipt (optional)"
          description="Your own name for it, such as an invoice number; you can search for it"
          maxLength={RECEIPT_MAX}
          value={receipt}
          onChange={(event) => {
            setReceipt(event.currentTarget.value);
            changed();
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
            onChange={(value) => {
              setCapture(value === "manual" ? "manual" : "automatic");
              changed();
            }}
          />
        </div>
        {error !== null && !ofAmount && !of("currency") && (
          <Callout tone="bad" role="alert">
            {adviceFor(error)}
          </Callout>
        )}
        <div className={dialogs.actions}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} {...named("create-order-button")}>
            Make the checkout link
          </Button>
        </div>
      </form>
    </Modal>
  );
}
