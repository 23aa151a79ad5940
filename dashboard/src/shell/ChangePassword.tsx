/** A new password, for who knows the old one. */

import { Button, PasswordInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError } from "../api/client";
import { changePassword } from "../api/session";
import { Callout } from "../ui/Callout";
import { Dialog } from "../ui/Dialog";
import dialogs from "../ui/dialogs.module.css";
import { adviceFor } from "../ui/ErrorState";
import { tellDone } from "../ui/notices";

const LENGTH_MIN = 8;

export default function ChangePassword({ onClose }: { onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  return (
    <Dialog onClose={onClose} title="Change password" size="sm" busy={busy}>
      <PasswordForm busy={busy} setBusy={setBusy} onDone={onClose}>
        <Button variant="default" onClick={onClose} disabled={busy}>
          Cancel
        </Button>
      </PasswordForm>
    </Dialog>
  );
}

interface PasswordFormProps {
  busy: boolean;
  setBusy: (busy: boolean) => void;
  onDone: () => unknown;
  /** The buttons beside the one that changes it. */
  children: ReactNode;
}

/** Asks for both passwords. */
export function PasswordForm({ busy, setBusy, onDone, children }: PasswordFormProps) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [problem, setProblem] = useState<ApiError | unknown>(null);
  const ofNext = problem instanceof ApiError && problem.field === "new_password" ? problem.description : null;
  const ofCurrent =
    problem instanceof ApiError && problem.reason === "password_wrong" ? "That is not your password" : null;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await changePassword(current, next);
      tellDone("Your password is changed");
      await onDone();
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit} className={dialogs.body}>
      <PasswordInput
        label="Password now"
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
        error={ofCurrent}
        data-autofocus
      />
      <PasswordInput
        label="New password"
        description={`At least ${LENGTH_MIN} characters; 15 or more are better than odd signs`}
        autoComplete="new-password"
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
        error={ofNext}
      />
      {problem !== null && !ofNext && !ofCurrent && (
        <Callout tone="bad" role="alert">
          {adviceFor(problem)}
        </Callout>
      )}
      <div className={dialogs.actions}>
        {children}
        <Button type="submit" loading={busy} disabled={current === "" || next.length < LENGTH_MIN}>
          Change password
        </Button>
      </div>
    </form>
  );
}
