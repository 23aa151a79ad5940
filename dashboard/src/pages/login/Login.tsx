/** Signing in. */

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { signIn } from "../../api/session";
import { safeReturn } from "../../routes/search";
import icon from "../../theme/icon.svg";
import { Callout, named } from "../../ui";
import { signInAdvice } from "./advice";
import classes from "./Login.module.css";

export default function Login() {
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
      await signIn(email.trim(), password);
      await navigate({ to: safeReturn(return_to), replace: true });
    } catch (error) {
      setPassword("");
      setProblem(signInAdvice(error));
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
        <p className={classes.help}>
          Forgotten? An owner of your merchant gives you a new password under Team. For an only owner it is whoever runs
          the gateway: <code>make merchant ARGS='user-password EMAIL'</code>.
        </p>
      </div>
    </main>
  );
}
