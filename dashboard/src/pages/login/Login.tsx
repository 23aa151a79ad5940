/** Signing in. What was wrong is never said more finely than the API says it. */

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError } from "../../api/client";
import { sessionQuery } from "../../api/queries";
import { signIn } from "../../api/session";
import { safeReturn } from "../../routes/search";
import icon from "../../theme/icon.svg";
import { adviceFor, Callout, named } from "../../ui";
import classes from "./Login.module.css";

function advice(error: unknown): string {
  if (error instanceof ApiError && error.status === 429) {
    const minutes = Math.ceil((error.retryAfterSeconds ?? 60) / 60);
    return `Too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
  }
  if (error instanceof ApiError && error.status === 401) return "This email and password do not belong together.";
  return adviceFor(error);
}

export default function Login() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { return_to } = useSearch({ strict: false });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    document.title = "Sign in – Payment Gateway";
  }, []);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setProblem(null);
    if (email.trim() === "" || password === "") {
      setProblem("Enter your email and your password.");
      return;
    }
    setBusy(true);
    try {
      const session = await signIn(email.trim(), password);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: safeReturn(return_to), replace: true });
    } catch (error) {
      setPassword("");
      setProblem(advice(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <p className={classes.brand}>
          <img src={icon} alt="" width={32} height={32} />
          Payment Gateway
        </p>
        <h1 className={classes.title}>Sign in</h1>
        {return_to && !problem && <p className={classes.note}>Sign in to go on where you were.</p>}
        <form onSubmit={submit} className={classes.form} noValidate {...named("login-form")}>
          <TextInput
            label="Email"
            type="email"
            name="email"
            autoComplete="username"
            size="md"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoFocus
            {...named("email-input")}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            size="md"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
            {...named("password-input")}
          />
          {problem && (
            <Callout tone="bad" role="alert">
              {problem}
            </Callout>
          )}
          <Button type="submit" size="md" fullWidth loading={busy} {...named("login-button")}>
            Sign in
          </Button>
        </form>
        <p className={classes.help}>Forgotten? An owner of your merchant gives you a new password under Team.</p>
      </div>
    </main>
  );
}
