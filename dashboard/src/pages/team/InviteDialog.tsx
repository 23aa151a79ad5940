/** Adds a member, with a password to begin with that is shown once. */

import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import type { Role } from "../../api/shapes";
import { adviceFor, Callout, useSteppedUp } from "../../ui";
import { GivenPassword } from "./GivenPassword";
import { addMember, newPassword, ROLE_OPTIONS } from "./queries";
import classes from "./Team.module.css";

export default function InviteDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const steppedUp = useSteppedUp();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("support");
  const [password] = useState(newPassword);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState<{ field: string | undefined; text: string } | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    event.stopPropagation();
    if (name.trim() === "") return setProblem({ field: "name", text: "Enter a name" });
    if (!/^\S+@\S+$/.test(email.trim())) return setProblem({ field: "email", text: "Enter an email address" });
    setBusy(true);
    setProblem(null);
    try {
      await steppedUp(() => addMember({ email: email.trim(), name: name.trim(), role, password }));
      setDone(true);
      void queries.invalidateQueries({ queryKey: ["team"] });
      void queries.invalidateQueries({ queryKey: ["audit"] });
    } catch (error) {
      setProblem({ field: error instanceof ApiError ? error.field : undefined, text: adviceFor(error) });
    } finally {
      setBusy(false);
    }
  };

  if (done) {
    return (
      <Modal opened onClose={onClose} title={`${name.trim()} can sign in`} size="md" closeOnClickOutside={false}>
        <GivenPassword password={password} onClose={onClose} />
      </Modal>
    );
  }
  const errorOf = (field: string): string | null => (problem?.field === field ? problem.text : null);
  return (
    <Modal opened onClose={onClose} title="Add a member" size="md">
      <form className={classes.form} onSubmit={submit} noValidate>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf("name")}
          autoComplete="off"
          maxLength={120}
          data-autofocus
        />
        <TextInput
          label="Email"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={errorOf("email")}
          autoComplete="off"
          maxLength={254}
        />
        <Select
          label="Role"
          data={ROLE_OPTIONS}
          value={role}
          onChange={(value) => setRole((value ?? "support") as Role)}
        />
        <p className={classes.note}>A password to begin with is made up, and shown to you once.</p>
        {problem && errorOf("name") === null && errorOf("email") === null && (
          <Callout tone="bad" role="alert">
            {problem.text}
          </Callout>
        )}
        <div className={classes.buttons}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            Add member
          </Button>
        </div>
      </form>
    </Modal>
  );
}
