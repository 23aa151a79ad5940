/** Puts a new secret in place of an old one, and asks how long the old one still works. */

import { Select } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "./Dialog";
import classes from "./dialogs.module.css";
import { IntentFoot } from "./IntentFoot";
import { useIntent } from "./useIntent";

interface OverlapDialogProps<R> {
  title: string;
  children: ReactNode;
  label: string;
  verb: string;
  /** The seconds that can be chosen, in words. */
  choices: { value: string; label: string }[];
  /** What is meant, and of which: "roll key_1". */
  intent: string;
  send: (overlap_seconds: number, key: string) => Promise<R>;
  /** The dialog is closed then. */
  done: (answer: R) => void;
  refresh: () => void;
  onClose: () => void;
}

const USUAL_SECONDS = 86_400;

export function OverlapDialog<R>(props: OverlapDialogProps<R>) {
  const { title, children, label, verb, choices, onClose } = props;
  const intent = useIntent<number, R>({
    name: props.intent,
    send: props.send,
    done: (answer) => {
      onClose();
      props.done(answer);
    },
    refresh: props.refresh,
  });
  const [overlap, setOverlap] = useState(String(intent.doubted ?? USUAL_SECONDS));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    void intent.send(Number(overlap));
  };
  return (
    <Dialog title={title} onClose={onClose} busy={intent.busy}>
      <form className={classes.body} onSubmit={submit}>
        <p className={classes.about}>{children}</p>
        <Select
          label={label}
          data={choices}
          value={overlap}
          disabled={intent.locked}
          onChange={(value) => setOverlap(value ?? String(USUAL_SECONDS))}
        />
        <IntentFoot
          intent={intent}
          verb={verb}
          onClose={onClose}
          danger={overlap === "0"}
          buttonProps={{ "data-autofocus": true }}
        />
      </form>
    </Dialog>
  );
}
