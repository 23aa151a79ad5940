/** The merchant's own endpoint: where events go, which, and how they are signed. */

import { Button, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError } from "../../api/client";
import { useRefusal } from "../../api/session";
import type { WebhookEndpoint } from "../../api/shapes";
import {
  adviceFor,
  Bones,
  Callout,
  ErrorState,
  GuardedButton,
  named,
  Panel,
  StatusBadge,
  Time,
  tellDone,
  tellProblem,
} from "../../ui";
import { EventsPicker } from "./EventsPicker";
import { sameEvents, sayEvents } from "./eventTypes";
import { endpointsQuery, replayGap, saveFirst, updateEndpoint, WEBHOOK_KEYS } from "./queries";
import { Secret } from "./Secret";
import { useTest } from "./sending";
import classes from "./Webhooks.module.css";

/** How an endpoint does, in a word. */
export function endpointStatus(endpoint: WebhookEndpoint): string {
  if (endpoint.url === null) return "created";
  if (!endpoint.enabled) return "disabled";
  return endpoint.failing_since ? "failing" : "active";
}

export function EndpointBadge({ endpoint }: { endpoint: WebhookEndpoint }) {
  const status = endpointStatus(endpoint);
  return <StatusBadge status={status} label={status === "created" ? "no URL yet" : status} />;
}

/** What the person has to know about an endpoint that does not do well, and the way out. */
export function EndpointTrouble({ endpoint }: { endpoint: WebhookEndpoint }) {
  const queries = useQueryClient();
  const refusal = useRefusal("developer");
  const replayRefusal = useRefusal("support");
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<string>): Promise<void> => {
    setBusy(true);
    try {
      tellDone(await work());
    } catch (error) {
      tellProblem(error);
    } finally {
      setBusy(false);
      for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
    }
  };
  const enable = async (): Promise<string> => {
    await updateEndpoint(endpoint.id, { enabled: true });
    return "Enabled. Now replay what it missed.";
  };
  const replay = async (): Promise<string> => {
    const count = await replayGap(endpoint.id);
    return count === 0 ? "Nothing was missed" : `${count} deliveries are on their way`;
  };
  if (!endpoint.enabled && endpoint.url !== null) {
    return (
      <Callout tone="wait" title={endpoint.disabled_at ? "Given up after five days" : "Disabled"}>
        <p className={classes.words}>
          {endpoint.disabled_at ? (
            <>
              It has accepted nothing since <Time at={endpoint.failing_since} none="then" />. Repair the receiver, then
              enable it and replay what it missed.
            </>
          ) : (
            "Nothing is sent here. What happens meanwhile can be replayed."
          )}
        </p>
        <div className={classes.buttons} style={{ marginTop: 10 }}>
          <GuardedButton size="xs" refusal={refusal} loading={busy} onClick={() => void run(enable)}>
            Enable
          </GuardedButton>
        </div>
      </Callout>
    );
  }
  if (endpoint.gap_since !== null && endpoint.enabled) {
    return (
      <Callout tone="info" title="It has missed events">
        <p className={classes.words}>
          What happened since <Time at={endpoint.gap_since} /> was not all delivered. Nothing is sent twice.
        </p>
        <div className={classes.buttons} style={{ marginTop: 10 }}>
          <GuardedButton size="xs" refusal={replayRefusal} loading={busy} onClick={() => void run(replay)}>
            Replay the gap
          </GuardedButton>
        </div>
      </Callout>
    );
  }
  if (endpoint.failing_since !== null && endpoint.enabled) {
    return (
      <Callout tone="bad" title="Deliveries are failing">
        <p className={classes.words}>
          No attempt was accepted after <Time at={endpoint.failing_since} precise />. Open a failed delivery below to
          see what was answered. After five days the endpoint is disabled.
        </p>
      </Callout>
    );
  }
  return null;
}

export function webAddressProblem(url: string): string | null {
  if (url === "") return null;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "That is no address. It begins with https://";
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return "The address must begin with https://";
  if (parsed.username !== "" || parsed.password !== "") return "Leave name and password out of the address";
  return null;
}

function ConfigForm({ endpoint }: { endpoint: WebhookEndpoint }) {
  const queries = useQueryClient();
  const refusal = useRefusal("developer");
  const supportRefusal = useRefusal("support");
  const [url, setUrl] = useState(endpoint.url ?? "");
  const [events, setEvents] = useState(endpoint.events);
  const [busy, setBusy] = useState(false);
  const { busy: testing, test } = useTest(endpoint.id);
  const [problem, setProblem] = useState<{ field: string | undefined; text: string } | null>(null);
  // What the fields began with: only fields that still say that take over what is saved elsewhere.
  const [base, setBase] = useState(endpoint);
  const says = (other: WebhookEndpoint): boolean =>
    url.trim() === (other.url ?? "") && sameEvents(events, other.events);
  const changed = !says(endpoint);
  const elsewhere = changed && ((base.url ?? "") !== (endpoint.url ?? "") || !sameEvents(base.events, endpoint.events));
  const load = (): void => {
    setBase(endpoint);
    setUrl(endpoint.url ?? "");
    setEvents(endpoint.events);
    setProblem(null);
  };
  const follows = base !== endpoint && (!changed || says(base));
  useEffect(() => {
    if (!follows) return;
    setBase(endpoint);
    setUrl(endpoint.url ?? "");
    setEvents(endpoint.events);
  }, [follows, endpoint]);

  const refresh = (): void => {
    for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
  };

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (refusal !== null) return;
    const address = url.trim();
    const wrong = webAddressProblem(address);
    if (wrong !== null) return setProblem({ field: "webhook_url", text: wrong });
    if (events.length === 0) {
      return setProblem({ field: undefined, text: "Choose at least one event; to get none, empty the URL" });
    }
    setBusy(true);
    setProblem(null);
    try {
      await saveFirst(address === "" ? null : address, events);
      tellDone(address === "" ? "Saved. Nothing is sent any more." : "Saved. Events are sent there from now on.");
      refresh();
    } catch (error) {
      setProblem({ field: error instanceof ApiError ? error.field : undefined, text: adviceFor(error) });
    } finally {
      setBusy(false);
    }
  };

  const testRefusal =
    supportRefusal ??
    (endpoint.url === null
      ? "Save a URL first: there is nowhere to send it."
      : endpoint.enabled
        ? null
        : "This endpoint is disabled: enable it first.");
  const urlProblem = problem?.field === "webhook_url" || problem?.field === "url" ? problem.text : null;

  return (
    <form className={classes.form} onSubmit={save} {...named("webhook-config-form")} noValidate>
      <EndpointTrouble endpoint={endpoint} />
      <div className={classes.split}>
        <TextInput
          label="Endpoint URL"
          description="We send each event there by POST, and want 2xx within 5 seconds."
          placeholder="https://shop.example/webhook"
          type="url"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          maxLength={2048}
          value={url}
          error={urlProblem}
          readOnly={refusal !== null}
          onChange={(event) => {
            setUrl(event.currentTarget.value);
            setProblem(null);
          }}
          {...named("webhook-url-input")}
        />
        <Secret endpoint={endpoint} contract />
      </div>
      <details>
        <summary className={classes.summary}>{sayEvents(events)}</summary>
        <EventsPicker events={events} choose={setEvents} disabled={refusal !== null} />
      </details>
      {elsewhere && (
        <Callout tone="wait" title="Changed elsewhere" role="alert">
          <p className={classes.words}>
            Meanwhile somebody saved {endpoint.url === null ? "that nothing is sent" : <code>{endpoint.url}</code>},{" "}
            {sayEvents(endpoint.events)}. Saving here replaces it.
          </p>
          <div className={classes.buttons} style={{ marginTop: 10 }}>
            <Button size="xs" variant="default" onClick={load}>
              Load what was saved
            </Button>
          </div>
        </Callout>
      )}
      {problem && urlProblem === null && (
        <Callout tone="bad" role="alert">
          {problem.text}
        </Callout>
      )}
      <div className={classes.buttons}>
        {refusal === null ? (
          <Button type="submit" loading={busy} {...named("save-webhook-button")}>
            Save
          </Button>
        ) : (
          <GuardedButton refusal={refusal} onClick={() => {}} {...named("save-webhook-button")}>
            Save
          </GuardedButton>
        )}
        <GuardedButton
          variant="default"
          leftSection={<IconSend size={16} aria-hidden />}
          refusal={testRefusal}
          loading={testing}
          onClick={test}
          {...named("test-webhook-button")}
        >
          Send test event
        </GuardedButton>
        {changed && refusal === null && (
          <Button variant="subtle" color="gray" onClick={load}>
            Discard changes
          </Button>
        )}
        {refusal !== null && <span className={classes.note}>{refusal}</span>}
      </div>
    </form>
  );
}

export function WebhookConfig() {
  const { data, error, refetch } = useQuery(endpointsQuery);
  const first = data?.find((endpoint) => endpoint.is_first);
  return (
    <Panel
      title={<span className={classes.row}>Your endpoint {first && <EndpointBadge endpoint={first} />}</span>}
      testId={named("webhook-config")}
    >
      {first ? (
        <ConfigForm endpoint={first} />
      ) : error ? (
        <ErrorState error={error} what="your endpoint" retry={() => void refetch()} />
      ) : (
        <Bones lines={5} what="your endpoint" />
      )}
    </Panel>
  );
}
