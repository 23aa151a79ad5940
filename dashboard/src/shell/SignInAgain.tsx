/** Over the page whose session has ended: the password again, and what was open and typed is still there. */

import { Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useRouterState } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { signInAgain, useSession } from "../api/session";
import { signInAdvice } from "../pages/login/advice";
import { Callout } from "../ui/Callout";
import dialogs from "../ui/dialogs.module.css";
import { useOpenDialog } from "../ui/openDialogs";

// Whoever stands before a page that was left, or signed out from elsewhere, sees none of it.
const HIDES_ALL = { backgroundOpacity: 1, color: "var(--ground)" };

// Escape in here must not close the dialogs below.
const KEEPS_ESCAPE = { "data-mantine-stop-propagation": "true" };

export default function SignInAgain() {
  useOpenDialog(() => {});
  const { user } = useSession();
  const here = useRouterState({ select: (state) => state.location.href });
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setProblem(null);
    try {
      await signInAgain(user.email, password);
    } catch (error) {
      setPassword("");
      setProblem(signInAdvice(error));
      setBusy(false);
    }
  };

  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Sign in again"
      size="sm"
      zIndex={400}
      overlayProps={HIDES_ALL}
    >
      <form onSubmit={submit} className={dialogs.body}>
        <p className={dialogs.about}>Your session has ended. What you had open is kept, and shown when you are back.</p>
        <TextInput label="Email" type="email" autoComplete="username" readOnly value={user.email} {...KEEPS_ESCAPE} />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": "Show the password", ...KEEPS_ESCAPE }}
          data-autofocus
          {...KEEPS_ESCAPE}
        />
        {problem && (
          <Callout tone="bad" role="alert">
            {problem}
          </Callout>
        )}
        <div className={dialogs.actions}>
          <Button
            variant="subtle"
            color="gray"
            onClick={() => window.location.assign(`/login?${new URLSearchParams({ return_to: here })}`)}
            {...KEEPS_ESCAPE}
          >
            Sign in as somebody else
          </Button>
          <Button type="submit" loading={busy} disabled={password === ""} {...KEEPS_ESCAPE}>
            Sign in
          </Button>
        </div>
      </form>
    </Modal>
  );
}
