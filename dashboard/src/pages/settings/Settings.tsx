/** The person, and the merchant. */

import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconTrash, IconWorld } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, lazy, useState } from "react";
import { ApiError, call } from "../../api/client";
import { merchantQuery } from "../../api/queries";
import { ROLE_NAMES, signOutEverywhere, useRefusal, useSession } from "../../api/session";
import type { Merchant } from "../../api/shapes";
import {
  adviceFor,
  Bones,
  Callout,
  ConfirmDialog,
  ErrorState,
  Fact,
  Facts,
  GuardedButton,
  IdText,
  Late,
  PageHeader,
  Panel,
  SingleKeysSwitch,
  Time,
  tellDone,
  useSteppedUp,
} from "../../ui";
import { readOrigin } from "./origins";
import classes from "./Settings.module.css";

const ChangePassword = lazy(() => import("../../shell/ChangePassword"));

/** What is to be saved, or how it is made of what is saved by now. */
type Change = Partial<Merchant> | ((newest: Merchant) => Partial<Merchant>);

interface Problem {
  field: string | undefined;
  text: string;
}

/** Saves a part of the merchant, and says what was wrong with it. */
function useSaving(): {
  busy: boolean;
  problem: Problem | null;
  setProblem: (problem: Problem | null) => void;
  save: (change: Change, done: string) => Promise<boolean>;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const queries = useQueryClient();
  const steppedUp = useSteppedUp();
  const save = async (change: Change, done: string): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      const body =
        typeof change === "function" ? change(await queries.fetchQuery({ ...merchantQuery, staleTime: 0 })) : change;
      const merchant = await steppedUp(() => call<Merchant>("/api/v1/merchants/me", { method: "PUT", body }));
      queries.setQueryData(merchantQuery.queryKey, merchant);
      void queries.invalidateQueries({ queryKey: ["session"] });
      tellDone(done);
      return true;
    } catch (error) {
      setProblem({ field: error instanceof ApiError ? error.field : undefined, text: adviceFor(error) });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, setProblem, save };
}

function You() {
  const { user, role } = useSession();
  const [changing, setChanging] = useState(false);
  const [ending, setEnding] = useState(false);
  return (
    <Panel title="You">
      <div className={classes.form}>
        <Facts>
          <Fact name="Name">{user.name}</Fact>
          <Fact name="Email">{user.email}</Fact>
          <Fact name="Role">
            {ROLE_NAMES[role]}
            {user.is_operator ? ", operator" : ""}
          </Fact>
        </Facts>
        <div className={classes.buttons}>
          <Button variant="default" onClick={() => setChanging(true)}>
            Change password
          </Button>
          <Button variant="default" onClick={() => setEnding(true)}>
            Sign out everywhere
          </Button>
        </div>
      </div>
      <Late onFailed={() => setChanging(false)}>
        {changing && <ChangePassword onClose={() => setChanging(false)} />}
      </Late>
      <ConfirmDialog
        opened={ending}
        onClose={() => setEnding(false)}
        title="Sign out everywhere"
        verb="Sign out everywhere"
        run={signOutEverywhere}
      >
        Every session of yours ends, on every device, this one too. Do it when a device is lost; then change your
        password.
      </ConfirmDialog>
    </Panel>
  );
}

function MerchantDetails({ merchant }: { merchant: Merchant }) {
  const refusal = useRefusal("owner");
  const { busy, problem, setProblem, save } = useSaving();
  const [name, setName] = useState(merchant.name);
  const [email, setEmail] = useState(merchant.email);
  const changed = name.trim() !== merchant.name || email.trim() !== merchant.email;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (refusal !== null || !changed) return;
    await save({ name: name.trim(), email: email.trim() }, "Saved");
  };
  const problemOf = (field: string): string | undefined => (problem?.field === field ? problem.text : undefined);
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      {refusal === null && (
        <>
          <TextInput
            label="Name"
            description="Your customers read it in the checkout."
            value={name}
            maxLength={255}
            error={problemOf("name")}
            onChange={(event) => {
              setName(event.currentTarget.value);
              setProblem(null);
            }}
          />
          <TextInput
            label="Email"
            type="email"
            value={email}
            maxLength={254}
            error={problemOf("email")}
            onChange={(event) => {
              setEmail(event.currentTarget.value);
              setProblem(null);
            }}
          />
        </>
      )}
      {problem && problemOf("name") === undefined && problemOf("email") === undefined && (
        <Callout tone="bad" role="alert">
          {problem.text}
        </Callout>
      )}
      <Facts>
        {refusal !== null && (
          <>
            <Fact name="Name">{merchant.name}</Fact>
            <Fact name="Email">{merchant.email}</Fact>
          </>
        )}
        <Fact name="Merchant id">
          <IdText id={merchant.id} what="merchant id" />
        </Fact>
        <Fact name="Since">
          <Time at={merchant.created_at} />
        </Fact>
      </Facts>
      {refusal === null && (
        <div className={classes.buttons}>
          <Button type="submit" loading={busy} disabled={!changed}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
}

function Origins({ merchant }: { merchant: Merchant }) {
  const refusal = useRefusal("developer");
  const { busy, problem, setProblem, save } = useSaving();
  const [text, setText] = useState("");
  const originsOf = (one: Merchant): string[] => one.checkout_origins ?? [];
  const origins = originsOf(merchant);
  // The whole list is saved: what a colleague has registered meanwhile is part of it.
  const adding = (origin: string) => (newest: Merchant) => ({
    checkout_origins: [...originsOf(newest).filter((one) => one !== origin), origin],
  });
  const removing = (origin: string) => (newest: Merchant) => ({
    checkout_origins: originsOf(newest).filter((one) => one !== origin),
  });
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (refusal !== null) return;
    const read = readOrigin(text);
    if (read.problem !== null) return setProblem({ field: "checkout_origins", text: read.problem });
    if (origins.includes(read.origin)) {
      return setProblem({ field: "checkout_origins", text: "It is in the list already" });
    }
    if (await save(adding(read.origin), `${read.origin} may open your checkout`)) setText("");
  };
  return (
    <div className={classes.form}>
      {origins.length === 0 ? (
        <p className={classes.note}>
          <IconWorld size={16} aria-hidden style={{ verticalAlign: "-3px", marginInlineEnd: 6 }} />
          None is registered. Register your shop’s address, so that no other site can show your checkout as its own.
        </p>
      ) : (
        <ul className={classes.origins}>
          {origins.map((origin) => (
            <li key={origin}>
              <code>{origin}</code>
              {refusal === null && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Remove ${origin}`}
                  disabled={busy}
                  onClick={() => void save(removing(origin), `${origin} is removed`)}
                >
                  <IconTrash size={17} aria-hidden />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      <form className={classes.add} onSubmit={add} noValidate>
        <TextInput
          aria-label="Origin to register"
          placeholder="https://shop.example"
          value={text}
          error={problem?.text}
          readOnly={refusal !== null}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setProblem(null);
          }}
        />
        {refusal === null ? (
          <Button type="submit" variant="default" loading={busy} disabled={text.trim() === ""}>
            Add
          </Button>
        ) : (
          <GuardedButton variant="default" refusal={refusal} onClick={() => {}}>
            Add
          </GuardedButton>
        )}
      </form>
    </div>
  );
}

export default function Settings() {
  const { data: merchant, error, refetch } = useQuery(merchantQuery);
  const waiting = error ? (
    <ErrorState error={error} what="the merchant" retry={() => void refetch()} />
  ) : (
    <Bones lines={4} what="the merchant" />
  );
  return (
    <>
      <PageHeader title="Settings" />
      <div className={classes.stack}>
        <You />
        <Panel title="Keyboard">
          <SingleKeysSwitch />
        </Panel>
        <Panel title="Merchant">{merchant ? <MerchantDetails merchant={merchant} /> : waiting}</Panel>
        <Panel
          title="Checkout origins"
          description="Sites that may open your checkout in their page. In production others get nothing to frame; elsewhere any page may."
        >
          {merchant ? <Origins merchant={merchant} /> : waiting}
        </Panel>
      </div>
    </>
  );
}
