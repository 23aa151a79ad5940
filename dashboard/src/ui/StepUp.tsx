/**
 * Asks for the password again when the API wants it (403 `password_needed`), then does what was to be done.
 *
 *     const steppedUp = useSteppedUp();
 *     const { secret } = await steppedUp(() => call<{ secret: string }>(path, { method: "POST", body: {} }));
 */

import { Alert, Button, Modal, PasswordInput } from "@mantine/core";
import { createContext, type FormEvent, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { confirmPassword } from "../api/session";
import classes from "./dialogs.module.css";

/** One who was asked for the password and closed the dialog instead. */
export class NotConfirmed extends ApiError {
  constructor() {
    super(403, { code: "FORBIDDEN_ERROR", reason: "password_needed", description: "This needs your password" });
  }
}

type SteppedUp = <T>(run: () => Promise<T>) => Promise<T>;

const Context = createContext<SteppedUp>((run) => run());

export const useSteppedUp = (): SteppedUp => useContext(Context);

export function StepUp({ children }: { children: ReactNode }) {
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const settle = useRef<((confirmed: boolean) => void) | null>(null);

  const steppedUp = useCallback<SteppedUp>(async (run) => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== "password_needed") throw error;
      setPassword("");
      setProblem(null);
      setAsking(true);
      const confirmed = await new Promise<boolean>((resolve) => {
        settle.current = resolve;
      });
      if (!confirmed) throw new NotConfirmed();
      return run();
    }
  }, []);

  const close = (confirmed: boolean): void => {
    setAsking(false);
    settle.current?.(confirmed);
    settle.current = null;
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setProblem(null);
    try {
      await confirmPassword(password);
      close(true);
    } catch (error) {
      setProblem(
        error instanceof ApiError && error.status === 401
          ? "That is not your password."
          : error instanceof ApiError
            ? error.description
            : "That did not work. Try again.",
      );
    } finally {
      setBusy(false);
    }
  };

  return (
    <Context value={steppedUp}>
      {children}
      <Modal opened={asking} onClose={() => close(false)} title="Confirm that it is you" size="sm" zIndex={320}>
        <form onSubmit={submit} className={classes.body}>
          <p className="muted">This shows or changes something secret. Enter your password to go on.</p>
          <PasswordInput
            label="Password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
            required
            withAsterisk={false}
            data-autofocus
          />
          {problem && (
            <Alert color="red" variant="light" role="alert">
              {problem}
            </Alert>
          )}
          <div className={classes.actions}>
            <Button variant="default" onClick={() => close(false)}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={password === ""}>
              Confirm
            </Button>
          </div>
        </form>
      </Modal>
    </Context>
  );
}
