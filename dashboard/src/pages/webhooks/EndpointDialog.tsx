/** A further endpoint: made, with its secret shown once; or changed. */

import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import type { WebhookEndpoint } from "../../api/shapes";
import { Callout, CopyButton, Dialog, IntentFoot, tellDone, useIntent } from "../../ui";
import { EventsPicker } from "./EventsPicker";
import { USUAL_EVENTS } from "./eventTypes";
import { createEndpoint, saveFirst, updateEndpoint, WEBHOOK_KEYS } from "./queries";
import { webAddressProblem } from "./WebhookConfig";
import classes from "./Webhooks.module.css";

interface EndpointFields {
  url: string;
  description: string;
  events: string[];
}

interface EndpointDialogProps {
  /** The one to change; left out, a new one. */
  endpoint?: WebhookEndpoint;
  onClose: () => void;
}

export function EndpointDialog({ endpoint, onClose }: EndpointDialogProps) {
  const queries = useQueryClient();
  const [made, setMade] = useState<WebhookEndpoint | null>(null);
  const intent = useIntent<EndpointFields, WebhookEndpoint>({
    name: endpoint ? `edit ${endpoint.id}` : "add an endpoint",
    send: async (body, key) => {
      if (endpoint === undefined) return createEndpoint(body, key);
      if (!endpoint.is_first) return updateEndpoint(endpoint.id, body);
      await saveFirst(body.url, body.events);
      return updateEndpoint(endpoint.id, { description: body.description });
    },
    done: (saved) => {
      if (endpoint === undefined) return setMade(saved);
      onClose();
      tellDone("Saved");
    },
    refresh: () => {
      for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
    },
  });
  const { doubted, locked, error } = intent;
  const [url, setUrl] = useState(doubted?.url ?? endpoint?.url ?? "");
  const [description, setDescription] = useState(doubted?.description ?? endpoint?.description ?? "");
  const [events, setEvents] = useState(doubted?.events ?? endpoint?.events ?? USUAL_EVENTS);
  const [wrong, setWrong] = useState<{ url?: string; events?: string }>({});
  const ofUrl =
    error instanceof ApiError && (error.field === "url" || error.field === "webhook_url") ? error.description : null;

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    const address = url.trim();
    const ofAddress = address === "" ? "Enter where to send the events" : webAddressProblem(address);
    const ofEvents = events.length === 0 ? "Choose at least one event" : null;
    intent.clear();
    setWrong({ ...(ofAddress ? { url: ofAddress } : {}), ...(ofEvents ? { events: ofEvents } : {}) });
    if (!ofAddress && !ofEvents) void intent.send({ url: address, description, events });
  };

  if (made) {
    return (
      <Dialog onClose={onClose} title="The endpoint is there" size="lg" stays>
        <div className={classes.form}>
          <p className={classes.note}>
            Its deliveries are signed with this secret. Copy it to your receiver now. You can reveal it later with your
            password.
          </p>
          <div>
            <p className={classes.label} style={{ marginBottom: 4 }}>
              Signing secret
            </p>
            <div className={classes.secret}>
              <code>{made.secret}</code>
              {made.secret && <CopyButton text={made.secret} what="secret" />}
            </div>
          </div>
          <div className={classes.buttons} style={{ justifyContent: "flex-end" }}>
            <Button onClick={onClose}>Done</Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog onClose={onClose} title={endpoint ? "Edit the endpoint" : "Add an endpoint"} size="lg" busy={intent.busy}>
      <form className={classes.form} onSubmit={submit} noValidate>
        <TextInput
          label="Endpoint URL"
          placeholder="https://shop.example/webhook"
          type="url"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          maxLength={2048}
          required
          withAsterisk={false}
          value={url}
          error={wrong.url ?? ofUrl}
          readOnly={locked}
          onChange={(event) => setUrl(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label="Description"
          description="For you and your team"
          placeholder="Accounting"
          maxLength={255}
          value={description}
          readOnly={locked}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <EventsPicker events={events} choose={setEvents} disabled={locked} />
        {wrong.events && (
          <Callout tone="bad" role="alert">
            {wrong.events}
          </Callout>
        )}
        <IntentFoot intent={intent} verb={endpoint ? "Save" : "Add endpoint"} onClose={onClose} told={ofUrl !== null} />
      </form>
    </Dialog>
  );
}
