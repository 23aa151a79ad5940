/** One delivery: what was sent, with each attempt and what was answered. */

import { Button } from "@mantine/core";
import { IconRefresh, IconStethoscope } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useRefusal } from "../../api/session";
import type { WebhookAttempt, WebhookDetails } from "../../api/shapes";
import {
  Bones,
  Callout,
  CodeBlock,
  EmptyState,
  ErrorState,
  Fact,
  Facts,
  formatSeconds,
  GuardedButton,
  IdText,
  named,
  PageHeader,
  Panel,
  StatusBadge,
  sayName,
  Time,
} from "../../ui";
import { ResponseCode } from "./Deliveries";
import { endpointsQuery, webhookQuery } from "./queries";
import { useRetry } from "./sending";
import classes from "./Webhooks.module.css";

const WITHIN = { to: "/dashboard/webhooks", name: "Webhooks" };

export function headerLines(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

function paymentOf(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("data" in body)) return null;
  const { data } = body;
  if (typeof data !== "object" || data === null || !("payment" in data)) return null;
  const { payment } = data;
  if (typeof payment !== "object" || payment === null || !("id" in payment)) return null;
  return typeof payment.id === "string" && payment.id !== "pay_TestTestTestTest" ? payment.id : null;
}

function Attempt({ attempt, newest }: { attempt: WebhookAttempt; newest: boolean }) {
  // As it was when it came: a newer one does not close what somebody reads.
  const [open, setOpen] = useState(newest);
  const good = attempt.response_code !== null && attempt.response_code >= 200 && attempt.response_code < 300;
  const running = attempt.response_code === null && attempt.error === null;
  return (
    <li className={classes.attempt}>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <StatusBadge
            status={running ? "processing" : good ? "success" : "failed"}
            label={running ? "under way" : (attempt.response_code?.toString() ?? "no answer")}
          />
          <span>Attempt {attempt.attempt}</span>
          <span className="muted number">
            {attempt.duration_ms === null ? "" : formatSeconds(attempt.duration_ms / 1000)}
          </span>
          <span className="muted">
            <Time at={attempt.started_at} />
          </span>
        </summary>
        <div className={classes.attemptBody}>
          {attempt.error && (
            <Callout tone="bad" title="No answer">
              {sayName(attempt.error)}
            </Callout>
          )}
          {attempt.response_body !== null && attempt.response_body !== "" ? (
            <CodeBlock
              what="response body"
              codes={[{ name: "Response body", text: attempt.response_body }]}
              wrap
              height={220}
            />
          ) : (
            attempt.error === null && <p className={classes.note}>The answer had no body.</p>
          )}
          {attempt.request_headers && (
            <CodeBlock
              what="request headers"
              codes={[{ name: "Request headers", text: headerLines(attempt.request_headers) }]}
              wrap
              height={260}
            />
          )}
        </div>
      </details>
    </li>
  );
}

function Explanation({ webhook }: { webhook: WebhookDetails }) {
  if (webhook.status === "failed") {
    return (
      <Callout tone="bad" title="It was given up">
        No attempt got 2xx within 5 seconds. Repair the receiver, then retry: the same event, freshly signed.
      </Callout>
    );
  }
  if (webhook.status === "pending" && webhook.attempts > 0) {
    return (
      <Callout tone="wait" title="It is tried again">
        The next attempt is <Time at={webhook.next_retry_at} none="due" />. You need not wait: retry it when your
        receiver is ready.
      </Callout>
    );
  }
  return null;
}

export default function WebhookDetail() {
  const { webhookId: id = "" } = useParams({ strict: false });
  const { data: webhook, error, refetch } = useQuery(webhookQuery(id));
  const endpoint = useQuery(endpointsQuery).data?.find((one) => one.id === webhook?.webhook_endpoint_id);
  const refusal = useRefusal("support");
  const { busy, retry } = useRetry(id);

  if (!webhook) {
    return (
      <>
        <PageHeader title="Delivery" within={WITHIN} />
        <Panel>
          {error ? (
            <ErrorState error={error} what="this delivery" retry={() => void refetch()} />
          ) : (
            <Bones lines={8} what="the delivery" />
          )}
        </Panel>
      </>
    );
  }

  const payment = paymentOf(webhook.request_body);
  return (
    <>
      <PageHeader
        title={webhook.event}
        heading={
          <span className={classes.row}>
            {webhook.event} <StatusBadge status={webhook.status} testId="webhook-status" />
          </span>
        }
        within={WITHIN}
      >
        <Button
          component={Link}
          {...({ to: "/dashboard/webhooks/doctor", search: { webhook: webhook.id } } as object)}
          variant="default"
          leftSection={<IconStethoscope size={17} aria-hidden />}
        >
          Check its signature
        </Button>
        <GuardedButton
          leftSection={<IconRefresh size={16} aria-hidden />}
          refusal={refusal}
          loading={busy}
          onClick={retry}
          {...named("retry-webhook-button")}
          {...{ "data-webhook-id": webhook.id }}
        >
          Retry
        </GuardedButton>
      </PageHeader>
      <div className={classes.columns}>
        <div className={classes.stack}>
          <Explanation webhook={webhook} />
          <Panel title="Attempts" description="The newest first." flush>
            {webhook.attempt_log.length === 0 ? (
              <EmptyState title="Not sent yet">The first attempt follows within a second or two.</EmptyState>
            ) : (
              <ol className={classes.attempts}>
                {webhook.attempt_log.map((attempt, place) => (
                  <Attempt key={`${attempt.attempt} ${attempt.started_at}`} attempt={attempt} newest={place === 0} />
                ))}
              </ol>
            )}
          </Panel>
          <Panel title="Request body" description="Sent as one line: what is signed stands behind the second tab.">
            <RequestBody body={webhook.request_body} />
          </Panel>
        </div>
        <Panel title="Delivery">
          <Facts>
            <Fact name="Id">
              <IdText id={webhook.id} what="delivery id" />
            </Fact>
            <Fact name="Event">
              <Link to={`/dashboard/developers/events/${webhook.event_id}` as string}>
                <code>{webhook.event_id}</code>
              </Link>
            </Fact>
            {payment && (
              <Fact name="Payment">
                <Link to="/dashboard/transactions/$paymentId" params={{ paymentId: payment }}>
                  <code>{payment}</code>
                </Link>
              </Fact>
            )}
            <Fact name="Endpoint">
              <Link to={`/dashboard/webhooks/endpoints/${webhook.webhook_endpoint_id}` as string}>
                {endpoint?.url ?? <code>{webhook.webhook_endpoint_id}</code>}
              </Link>
            </Fact>
            <Fact name="Response">
              <ResponseCode code={webhook.response_code} testId="webhook-response-code" />
            </Fact>
            <Fact name="Attempts">
              <span {...named("webhook-attempts")}>{webhook.attempts}</span>
            </Fact>
            <Fact name="Created">
              <Time at={webhook.created_at} />
            </Fact>
            <Fact name="Last attempt">
              <Time at={webhook.last_attempt_at} none="not yet" />
            </Fact>
            {webhook.status === "pending" && (
              <Fact name="Next attempt">
                <Time at={webhook.next_retry_at} none="due" />
              </Fact>
            )}
          </Facts>
        </Panel>
      </div>
    </>
  );
}

function RequestBody({ body }: { body: unknown }) {
  return (
    <CodeBlock
      what="request body"
      codes={[
        { name: "JSON", text: JSON.stringify(body, null, 2) },
        { name: "As sent", text: JSON.stringify(body) },
      ]}
      wrap
    />
  );
}
