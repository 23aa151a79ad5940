/** Adds a member, with a password to begin with that is shown once. */

import { Select, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import type { Member, Role } from "../../api/shapes";
import { Dialog, IntentFoot, useIntent } from "../../ui";
import { GivenPassword } from "./GivenPassword";
import { addMember, type NewMember, newPassword, ROLE_OPTIONS } from "./queries";
import classes from "./Team.module.css";

export default function InviteDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [added, setAdded] = useState<NewMember | null>(null);
  const intent = useIntent<NewMember, Member>({
    name: "add a member",
    send: addMember,
    done: (_, member) => setAdded(member),
    refresh: () => {
      void queries.invalidateQueries({ queryKey: ["team"] });
      void queries.invalidateQueries({ queryKey: ["audit"] });
    },
  });
  const { doubted, locked, error } = intent;
  const [email, setEmail] = useState(doubted?.email ?? "");
  const [name, setName] = useState(doubted?.name ?? "");
  const [role, setRole] = useState<Role>(doubted?.role ?? "support");
  const [password] = useState(newPassword);
  const [wrong, setWrong] = useState<{ name?: string; email?: string }>({});

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    intent.clear();
    const found: typeof wrong = {};
    if (name.trim() === "") found.name = "Enter a name";
    if (!/^\S+@\S+$/.test(email.trim())) found.email = "Enter an email address";
    setWrong(found);
    if (Object.keys(found).length > 0) return;
    void intent.send({ email: email.trim(), name: name.trim(), role, password });
  };

  if (added) {
    return (
      <Dialog onClose={onClose} title={`${added.name} can sign in`} stays>
        <GivenPassword password={added.password} onClose={onClose} />
      </Dialog>
    );
  }
  const errorOf = (field: "name" | "email"): string | null =>
    wrong[field] ?? (error instanceof ApiError && error.field === field ? error.description : null);
  return (
    <Dialog onClose={onClose} title="Add a member" busy={intent.busy}>
      <form className={classes.form} onSubmit={submit} noValidate>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf("name")}
          readOnly={locked}
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
          readOnly={locked}
          autoComplete="off"
          maxLength={254}
        />
        <Select
          label="Role"
          data={ROLE_OPTIONS}
          value={role}
          disabled={locked}
          onChange={(value) => setRole((value ?? "support") as Role)}
        />
        <p className={classes.note}>A password to begin with is made up, and shown to you once.</p>
        <IntentFoot
          intent={intent}
          verb="Add member"
          onClose={onClose}
          told={errorOf("name") !== null || errorOf("email") !== null}
        />
      </form>
    </Dialog>
  );
}
