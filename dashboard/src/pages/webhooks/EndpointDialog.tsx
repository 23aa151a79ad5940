/** A further endpoint: made, with its secret shown once; or changed. */

import { Button, Modal, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, newIntent } from "../../api/client";
import type { WebhookEndpoint } from "../../api/shapes";
import { adviceFor, Callout, CopyButton, tellDone, useSteppedUp } from "../../ui";
import { EventsPicker } from "./EventsPicker";
import { USUAL_EVENTS } from "./eventTypes";
import { createEndpoint, saveFirst, updateEndpoint, WEBHOOK_KEYS } from "./queries";
import { webAddressProblem } from "./WebhookConfig";
import classes from "./Webhooks.module.css";

interface EndpointDialogProps {
  /** The one to change; left out, a new one. */
  endpoint?: WebhookEndpoint;
  onClose: () => void;
}

export function EndpointDialog({ endpoint, onClose }: EndpointDialogProps) {
  const queries = useQueryClient();
  const steppedUp = useSteppedUp();
  const [intent] = useState(newIntent);
  const [url, setUrl] = useState(endpoint?.url ?? "");
  const [description, setDescription] = useState(endpoint?.description ?? "");
  const [events, setEvents] = useState(endpoint?.events ?? USUAL_EVENTS);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ field: string | undefined; text: string } | null>(null);
  const [made, setMade] = useState<WebhookEndpoint | null>(null);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    event.stopPropagation();
    const address = url.trim();
    const wrong = address === "" ? "Enter where to send the events" : webAddressProblem(address);
    if (wrong !== null) return setProblem({ field: "url", text: wrong });
    if (events.length === 0) return setProblem({ field: undefined, text: "Choose at least one event" });
    setBusy(true);
    setProblem(null);
    try {
      if (endpoint === undefined) {
        const created = await steppedUp(() => createEndpoint({ url: address, description, events }, intent));
        setMade(created);
      } else {
        await steppedUp(async () => {
          if (endpoint.is_first) await saveFirst(address, events);
          return updateEndpoint(
            endpoint.id,
            endpoint.is_first ? { description } : { url: address, description, events },
          );
        });
        tellDone("Saved");
        onClose();
      }
      for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
    } catch (error) {
      setProblem({ field: error instanceof ApiError ? error.field : undefined, text: adviceFor(error) });
    } finally {
      setBusy(false);
    }
  };

  if (made) {
    return (
      <Modal opened onClose={onClose} title="The endpoint is there" size="lg" closeOnClickOutside={false}>
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
      </Modal>
    );
  }
  const urlProblem = problem?.field === "url" || problem?.field === "webhook_url" ? problem.text : null;
  return (
    <Modal opened onClose={onClose} title={endpoint ? "Edit the endpoint" : "Add an endpoint"} size="lg">
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
          error={urlProblem}
          onChange={(event) => setUrl(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label="Description"
          description="For you and your team"
          placeholder="Accounting"
          maxLength={255}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <EventsPicker events={events} choose={setEvents} />
        {problem && urlProblem === null && (
          <Callout tone="bad" role="alert">
            {problem.text}
          </Callout>
        )}
        <div className={classes.buttons} style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            {endpoint ? "Save" : "Add endpoint"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
