/** Asks before what cannot be taken back, in words that say what will happen. */

import { Button, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Callout } from "./Callout";
import classes from "./dialogs.module.css";
import { adviceFor } from "./ErrorState";
import { useSteppedUp } from "./StepUp";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** What the button says: a verb. */
  verb: string;
  danger?: boolean;
  /** Closes the dialog when it is done; what it throws is shown in the dialog. */
  run: () => Promise<unknown>;
}

export function ConfirmDialog({ opened, onClose, title, children, verb, danger = false, run }: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const steppedUp = useSteppedUp();

  const confirm = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await steppedUp(run);
      onClose();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal opened={opened} onClose={onClose} title={title} size="md">
      <div className={classes.body}>
        <div>{children}</div>
        {error !== null && (
          <Callout tone="bad" role="alert">
            {adviceFor(error)}
          </Callout>
        )}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button onClick={confirm} loading={busy} {...(danger ? { color: "red" } : {})} data-autofocus>
            {verb}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
