/** The password again, before something secret is shown or changed. */

import { Button, PasswordInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { ApiError } from "../api/client";
import { confirmPassword } from "../api/session";
import { Callout } from "./Callout";
import { Dialog } from "./Dialog";
import classes from "./dialogs.module.css";

function sayProblem(error: unknown): string {
  if (!(error instanceof ApiError)) return "That did not work. Try again.";
  return error.reason === "password_wrong" ? "That is not your password." : error.description;
}

export default function PasswordDialog({ onClose }: { onClose: (confirmed: boolean) => void }) {
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setProblem(null);
    try {
      await confirmPassword(password);
      onClose(true);
    } catch (error) {
      setProblem(sayProblem(error));
      setBusy(false);
    }
  };

  return (
    <Dialog onClose={() => onClose(false)} title="Confirm that it is you" size="sm" busy={busy} above>
      <form onSubmit={submit} className={classes.body}>
        <p className={classes.about}>This shows or changes something secret. Enter your password to go on.</p>
        <PasswordInput
          label="Password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
          data-autofocus
        />
        {problem && (
          <Callout tone="bad" role="alert">
            {problem}
          </Callout>
        )}
        <div className={classes.actions}>
          <Button variant="default" onClick={() => onClose(false)} disabled={busy}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={password === ""}>
            Confirm
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
