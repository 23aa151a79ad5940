/** Retries all that failed, and shows how far it is. */

import { Button, Progress } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { call, type Params } from "../../api/client";
import { once } from "../../api/intents";
import type { Page, Webhook } from "../../api/shapes";
import { adviceFor, Callout, Dialog, formatCount } from "../../ui";
import { retryWebhook, WEBHOOK_KEYS } from "./queries";
import { RETRIED_MAX, type Retrying, retryFailed } from "./retryFailed";
import classes from "./Webhooks.module.css";

interface RetryAllDialogProps {
  /** Those of the list as it is narrowed, and which these are in words. */
  params: Params;
  which: string;
  onClose: () => void;
}

function sayCount(total: number): string {
  if (total === 0) return "There is no failed delivery";
  return total === 1 ? "One failed delivery" : `${formatCount(total)} failed deliveries`;
}

export function RetryAllDialog({ params, which, onClose }: RetryAllDialogProps) {
  const queries = useQueryClient();
  const [state, setState] = useState<Retrying | null>(null);
  const [phase, setPhase] = useState<"asks" | "runs" | "done">("asks");
  const [error, setError] = useState<unknown>(null);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);

  // The list as it was when the dialog opened: its dates move on.
  const [asked] = useState(params);
  const [total, setTotal] = useState<number | null>(null);
  useEffect(() => {
    const counting = new AbortController();
    call<Page<Webhook>>("/api/v1/webhooks", { params: { ...asked, limit: 1, offset: 0 }, signal: counting.signal })
      .then((page) => setTotal(page.total ?? null))
      .catch((problem) => counting.signal.aborted || setError(problem));
    return () => counting.abort();
  }, [asked]);

  const run = async (): Promise<void> => {
    setPhase("runs");
    setError(null);
    stop.current = new AbortController();
    const list = (after: string | undefined, limit: number): Promise<Page<Webhook>> =>
      call("/api/v1/webhooks", {
        params: { ...asked, limit, starting_after: after },
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
          <>
            <p className={classes.which} role="status">
              {total === null ? "Counting the failed deliveries" : sayCount(total)}
              {which}.
            </p>
            <p className={classes.note}>
              Each starts again from its first attempt, with a new signature. Receivers tell one they have seen by its{" "}
              <code>webhook-id</code>.{" "}
              {(total ?? 0) > RETRIED_MAX && `The newest ${formatCount(RETRIED_MAX)} are retried at once.`}
            </p>
          </>
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
              <Button variant="default" onClick={onClose} data-autofocus>
                Cancel
              </Button>
              <Button onClick={() => void run()} disabled={total === null || total === 0}>
                {total ? `Retry ${formatCount(Math.min(total, RETRIED_MAX))}` : "Retry all"}
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
