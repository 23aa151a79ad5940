/** Asks before what cannot be taken back, in words that say what will happen. */

import { type FormEvent, type ReactNode, useState } from "react";
import { newKey } from "../api/intents";
import { Dialog } from "./Dialog";
import classes from "./dialogs.module.css";
import { IntentFoot } from "./IntentFoot";
import { useIntent } from "./useIntent";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** What the button says: a verb. */
  verb: string;
  danger?: boolean;
  /** Names what is meant, if `run` sends its key: "void pay_1". */
  intent?: string;
  /** The dialog closes when it is done; what it throws is shown in the dialog. */
  run: (key: string) => Promise<unknown>;
  /** After it, whether it was done or not. */
  refresh?: () => void;
}

export function ConfirmDialog({ opened, ...props }: ConfirmDialogProps) {
  return opened ? <Confirming {...props} /> : null;
}

function Confirming(props: Omit<ConfirmDialogProps, "opened">) {
  const { onClose, title, children, verb, danger, run, refresh } = props;
  const [alone] = useState(newKey);
  const intent = useIntent<null, unknown>({
    name: props.intent ?? alone,
    send: (_, key) => run(key),
    done: onClose,
    ...(refresh ? { refresh } : {}),
  });
  const confirm = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    void intent.send(null);
  };
  return (
    <Dialog title={title} onClose={onClose} busy={intent.busy}>
      <form className={classes.body} onSubmit={confirm}>
        <div>{children}</div>
        <IntentFoot
          intent={intent}
          verb={verb}
          onClose={onClose}
          {...(danger ? { danger } : {})}
          buttonProps={{ "data-autofocus": true }}
        />
      </form>
    </Dialog>
  );
}
