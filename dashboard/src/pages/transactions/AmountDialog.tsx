/** Asks for an amount in the currency's own form, checks it while it is typed, and does what was to be done with it. */

import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { newIntent } from "../../api/client";
import { adviceFor, Callout, checkAmount, formatAmount, toDecimal } from "../../ui";
import dialogs from "../../ui/dialogs.module.css";

interface AmountDialogProps {
  title: string;
  verb: string;
  label: string;
  /** What is said above the field. */
  about: string;
  currency: string;
  most: number;
  /** What the most is: "You can refund up to". */
  mostIs: string;
  withReason?: boolean;
  danger?: boolean;
  /** What is left after this amount, in words. */
  after: (amount: number) => string;
  run: (amount: number, reason: string, intent: string) => Promise<unknown>;
  onClose: () => void;
}

const LEAST = 1;
const REASON_MAX = 255;

export function AmountDialog(props: AmountDialogProps) {
  const { title, verb, label, about, currency, most, mostIs, withReason, danger, after, run, onClose } = props;
  const [text, setText] = useState(toDecimal(most, currency));
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  // One for as long as the dialog is open: pressed twice, or sent again after a lost answer, it counts once.
  const [intent, setIntent] = useState(newIntent);
  const checked = checkAmount(text, currency, { least: LEAST, most, most_is: mostIs });

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (checked.amount === null) return;
    setBusy(true);
    setError(null);
    try {
      await run(checked.amount, reason.trim(), intent);
      onClose();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal opened onClose={onClose} title={title} size="md">
      <form onSubmit={submit} className={dialogs.body} noValidate>
        <p className={dialogs.about}>{about}</p>
        <TextInput
          label={label}
          inputMode="decimal"
          autoComplete="off"
          size="md"
          leftSection={<span aria-hidden>{currency === "INR" ? "₹" : currency}</span>}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setIntent(newIntent());
          }}
          error={checked.problem}
          data-autofocus
        />
        {withReason && (
          <TextInput
            label="Reason (optional)"
            description="Kept with the refund; your customer does not see it"
            maxLength={REASON_MAX}
            value={reason}
            onChange={(event) => {
              setReason(event.currentTarget.value);
              setIntent(newIntent());
            }}
          />
        )}
        <p className={dialogs.about} role="status">
          {checked.amount === null ? "" : after(checked.amount)}
        </p>
        {error !== null && (
          <Callout tone="bad" role="alert">
            {adviceFor(error)}
          </Callout>
        )}
        <div className={dialogs.actions}>
          <Button variant="default" onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={checked.amount === null} {...(danger ? { color: "red" } : {})}>
            {checked.amount === null ? verb : `${verb} ${formatAmount(checked.amount, currency)}`}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
