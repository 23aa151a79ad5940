/** Asks for an amount in the currency's own form, checks it while it is typed, and does what was to be done with it. */

import { TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { checkAmount, Dialog, formatAmount, IntentFoot, signOf, toDecimal, useIntent } from "../../ui";
import dialogs from "../../ui/dialogs.module.css";

export interface AmountBody {
  amount: number;
  reason?: string;
}

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
  /** What is meant, and of which payment: "refund pay_1". */
  intent: string;
  send: (body: AmountBody, key: string) => Promise<unknown>;
  /** The dialog is closed then. */
  done: (amount: number) => void;
  /** After it, whether it was done or not. */
  refresh: () => void;
  onClose: () => void;
}

const LEAST = 1;
const REASON_MAX = 255;

export function AmountDialog(props: AmountDialogProps) {
  const { title, verb, label, about, currency, most, mostIs, withReason, danger, after, onClose } = props;
  const intent = useIntent<AmountBody, unknown>({
    name: props.intent,
    send: props.send,
    done: (_, body) => {
      onClose();
      props.done(body.amount);
    },
    doneBefore: onClose,
    refresh: props.refresh,
  });
  const { doubted, locked } = intent;
  const [text, setText] = useState(toDecimal(doubted?.amount ?? most, currency));
  const [reason, setReason] = useState(doubted?.reason ?? "");
  // What was sent is no longer checked: the payment may have it already.
  const checked = doubted
    ? ({ amount: doubted.amount, problem: null } as const)
    : checkAmount(text, currency, { least: LEAST, most, most_is: mostIs });

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (checked.amount === null) return;
    const why = reason.trim();
    void intent.send(why === "" ? { amount: checked.amount } : { amount: checked.amount, reason: why });
  };

  return (
    <Dialog title={title} onClose={onClose} busy={intent.busy}>
      <form onSubmit={submit} className={dialogs.body} noValidate>
        <p className={dialogs.about}>{about}</p>
        <TextInput
          label={label}
          inputMode="decimal"
          autoComplete="off"
          size="md"
          leftSection={<span aria-hidden>{signOf(currency)}</span>}
          value={text}
          readOnly={locked}
          onChange={(event) => {
            setText(event.currentTarget.value);
            intent.clear();
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
            readOnly={locked}
            onChange={(event) => {
              setReason(event.currentTarget.value);
              intent.clear();
            }}
          />
        )}
        <p className={dialogs.about} role="status">
          {checked.amount === null || locked ? "" : after(checked.amount)}
        </p>
        <IntentFoot
          intent={intent}
          verb={checked.amount === null ? verb : `${verb} ${formatAmount(checked.amount, currency)}`}
          onClose={onClose}
          disabled={checked.amount === null}
          {...(danger ? { danger } : {})}
        />
      </form>
    </Dialog>
  );
}
