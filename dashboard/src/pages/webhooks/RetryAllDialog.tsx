/** Retries all that failed, and shows how far it is. */

import { Button, Progress } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { call } from "../../api/client";
import { once } from "../../api/intents";
import type { Page, Webhook } from "../../api/shapes";
import { adviceFor, Callout, Dialog, formatCount } from "../../ui";
import { retryWebhook, WEBHOOK_KEYS } from "./queries";
import { RETRIED_MAX, type Retrying, retryFailed } from "./retryFailed";
import classes from "./Webhooks.module.css";

interface RetryAllDialogProps {
  /** Of this endpoint alone; left out, of all. */
  endpointId?: string | undefined;
  onClose: () => void;
}

export function RetryAllDialog({ endpointId, onClose }: RetryAllDialogProps) {
  const queries = useQueryClient();
  const [state, setState] = useState<Retrying | null>(null);
  const [phase, setPhase] = useState<"asks" | "runs" | "done">("asks");
  const [error, setError] = useState<unknown>(null);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);

  const run = async (): Promise<void> => {
    setPhase("runs");
    setError(null);
    stop.current = new AbortController();
    const list = (after: string | undefined, limit: number): Promise<Page<Webhook>> =>
      call("/api/v1/webhooks", {
        params: { status: "failed", webhook_endpoint_id: endpointId, limit, starting_after: after },
      });
    const retry = (id: string) => once(`retry ${id}`, null, (_, key) => retryWebhook(id, key));
    try {
      setState(await retryFailed({ list, retry }, setState, stop.current.signal));
    } catch (problem) {
      setError(problem);
    }
    setPhase("done");
    for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
  };

  const settled = (state?.retried ?? 0) + (state?.refused ?? 0);
  return (
    <Dialog onClose={onClose} title="Retry all failed deliveries" stays={phase === "runs"}>
      <div className={classes.form}>
        {phase === "asks" && (
          <p className={classes.note}>
            Each failed delivery{endpointId ? " of this endpoint" : ""} starts again from its first attempt, with a new
            signature. Receivers tell one they have seen by its <code>webhook-id</code>. At most{" "}
            {formatCount(RETRIED_MAX)} at once.
          </p>
        )}
        {phase !== "asks" && (
          <div role="status">
            <p className={classes.note}>
              {state === null
                ? "Looking for failed deliveries…"
                : state.found === 0
                  ? "No delivery has failed."
                  : `${formatCount(state.retried)} of ${formatCount(state.found)} are on their way again`}
            </p>
            <Progress
              value={state === null ? 0 : state.found === 0 ? 100 : (settled / state.found) * 100}
              aria-label="Retried"
              mt="xs"
            />
          </div>
        )}
        {state !== null && state.refused > 0 && (
          <Callout tone="wait">
            {formatCount(state.refused)} could not be retried. {state.refusal}
          </Callout>
        )}
        {error !== null && (
          <Callout tone="bad" role="alert">
            {adviceFor(error)}
          </Callout>
        )}
        <div className={classes.buttons} style={{ justifyContent: "flex-end" }}>
          {phase === "asks" && (
            <>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button onClick={() => void run()} data-autofocus>
                Retry all
              </Button>
            </>
          )}
          {phase === "runs" && (
            <Button variant="default" onClick={() => stop.current.abort()}>
              Stop
            </Button>
          )}
          {phase === "done" && <Button onClick={onClose}>Done</Button>}
        </div>
      </div>
    </Dialog>
  );
}
