/** The end of a dialog that sends something: what went wrong, the way out, and the button that sends. */

import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Callout } from "./Callout";
import classes from "./dialogs.module.css";
import { adviceFor } from "./ErrorState";
import { NotConfirmed } from "./StepUp";
import type { Intent } from "./useIntent";

interface IntentFootProps<B> {
  intent: Intent<B>;
  verb: ReactNode;
  onClose: () => void;
  danger?: boolean;
  disabled?: boolean;
  /** The error is told elsewhere, at its field. */
  told?: boolean;
  buttonProps?: object;
}

export function IntentFoot<B>({ intent, verb, onClose, danger, disabled, told, buttonProps }: IntentFootProps<B>) {
  const { busy, doubted, error } = intent;
  const waits = !busy && doubted !== undefined;
  return (
    <>
      {waits ? (
        <Callout tone="wait" role="alert" title="It is not known whether this was done">
          {error instanceof ApiError && !error.isInDoubt ? adviceFor(error) : "No answer came."} Try again: the same is
          sent, and it is done once at most.
        </Callout>
      ) : (
        error !== null &&
        !told &&
        !(error instanceof NotConfirmed) && (
          <Callout tone="bad" role="alert">
            {adviceFor(error)}
          </Callout>
        )
      )}
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose} disabled={busy}>
          {waits ? "Close" : "Cancel"}
        </Button>
        <Button
          type="submit"
          loading={busy}
          disabled={disabled === true && !waits}
          {...(danger ? { color: "red" } : {})}
          {...buttonProps}
        >
          {waits ? "Try again" : verb}
        </Button>
      </div>
    </>
  );
}
