/** What was sent, and what became of it. Narrowed in the address; a status changes before one's eyes. */

import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconFilterOff, IconRefresh, IconWebhook } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useRefusal } from "../../api/session";
import type { Webhook } from "../../api/shapes";
import {
  type Column,
  DataTable,
  EmptyState,
  FilterBar,
  FilterSelect,
  FilterText,
  GuardedButton,
  named,
  Pager,
  Panel,
  StatusBadge,
  Time,
  useNow,
} from "../../ui";
import { CreatedFilter } from "../CreatedFilter";
import { withoutPage } from "../filters";
import {
  chosen,
  countChosen,
  type DeliveryFilters,
  deliveryParams,
  EVENTS,
  readDeliveryFilters,
  STATUSES,
  sayChosen,
} from "./deliveryFilters";
import { endpointsQuery, webhooksQuery } from "./queries";
import { RetryAllDialog } from "./RetryAllDialog";
import { useRetry } from "./sending";
import classes from "./Webhooks.module.css";

export function ResponseCode({ code, testId }: { code: number | null; testId?: string }) {
  const bad = code !== null && (code < 200 || code >= 300);
  return (
    <span className={classes.code} data-bad={bad || undefined} {...(testId ? named(testId) : undefined)}>
      {code ?? "–"}
    </span>
  );
}

/** Sends a delivery again from its first attempt. */
export function RetryButton({ webhook }: { webhook: Webhook }) {
  const refusal = useRefusal("support");
  const { busy, retry } = useRetry(webhook.id);
  return (
    <Tooltip label={refusal ?? "Retry this delivery"} multiline maw={260}>
      <ActionIcon
        variant="default"
        size="md"
        loading={busy}
        aria-label={`Retry the delivery of ${webhook.event}`}
        {...(refusal === null ? {} : { "data-disabled": true, "aria-disabled": true })}
        onClick={() => {
          if (refusal === null) retry();
        }}
        {...named("retry-webhook-button")}
        data-webhook-id={webhook.id}
      >
        <IconRefresh size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

const columns: Column<Webhook>[] = [
  {
    key: "event",
    title: "Event",
    narrow: "1s",
    cell: (webhook) => <code {...named("webhook-event")}>{webhook.event}</code>,
  },
  {
    key: "status",
    title: "Status",
    narrow: "1e",
    cell: (webhook) => <StatusBadge status={webhook.status} testId="webhook-status" />,
  },
  {
    key: "payment",
    title: "Payment",
    wideOnly: true,
    cell: (webhook) => (webhook.payment_id ? <code>{webhook.payment_id}</code> : "–"),
  },
  {
    key: "attempts",
    title: "Attempts",
    align: "end",
    narrow: "3s",
    cell: (webhook) => (
      <span>
        <span className="number" {...named("webhook-attempts")}>
          {webhook.attempts}
        </span>
        <span className={classes.narrowWord}>{webhook.attempts === 1 ? " attempt" : " attempts"}</span>
      </span>
    ),
  },
  {
    key: "last",
    title: "Last attempt",
    narrow: "2s",
    cell: (webhook) => (
      <span {...named("webhook-last-attempt")}>
        <Time at={webhook.last_attempt_at} none="not yet" />
      </span>
    ),
  },
  {
    key: "next",
    title: "Next",
    wideOnly: true,
    cell: (webhook) => <Time at={webhook.status === "pending" ? webhook.next_retry_at : null} />,
  },
  {
    key: "code",
    title: "Response",
    align: "end",
    narrow: "2e",
    cell: (webhook) => <ResponseCode code={webhook.response_code} testId="webhook-response-code" />,
  },
  {
    key: "retry",
    title: "Retry",
    align: "end",
    narrow: "3e",
    cell: (webhook) => <RetryButton webhook={webhook} />,
  },
];

/** With an endpoint: only what was sent there. */
export function Deliveries({ endpointId }: { endpointId?: string }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow();
  const [retrying, setRetrying] = useState(false);
  const refusal = useRefusal("support");
  const filters = readDeliveryFilters(search);
  const params = deliveryParams({ ...filters, ...(endpointId ? { endpoint: endpointId } : {}) }, now);
  const { data, error, isPlaceholderData, refetch } = useQuery(webhooksQuery(params));
  const endpoints = useQuery(endpointsQuery).data ?? [];
  const show = (next: DeliveryFilters): void =>
    void navigate({ to: ".", search: next as Record<string, string>, resetScroll: false });
  const choose = (choice: DeliveryFilters): void => show(chosen(filters, choice));
  const choices = countChosen(filters);
  // Whatever status is listed: of the others nothing is to be retried.
  const retried = { ...withoutPage(params), status: "failed" };
  const urls = Object.fromEntries(endpoints.map((one) => [one.id, one.url ?? "Your endpoint"]));
  const endpoint = endpointId ?? filters.endpoint;
  const which = sayChosen(filters, endpoint && (urls[endpoint] ?? endpoint));

  return (
    <Panel
      title="Deliveries"
      description="Each event for each endpoint, with up to five attempts over two and a half hours."
      flush
      actions={
        <GuardedButton
          variant="default"
          size="xs"
          leftSection={<IconRefresh size={15} aria-hidden />}
          refusal={refusal}
          onClick={() => setRetrying(true)}
        >
          Retry all failed
        </GuardedButton>
      }
    >
      <FilterBar choices={choices} clear={() => show({})}>
        <FilterText
          wide
          label="Search deliveries"
          placeholder="Event id: evt_…"
          value={filters.q ?? ""}
          error={filters.q && !filters.q.startsWith("evt_") ? "Ids of events begin with evt_" : null}
          choose={(q) => choose({ q })}
        />
        <FilterSelect
          label="Status"
          any="Any status"
          value={filters.status}
          options={STATUSES}
          choose={(status) => choose({ status })}
        />
        <FilterSelect
          label="Event"
          any="Any event"
          value={filters.event}
          options={EVENTS}
          choose={(event) => choose({ event })}
        />
        {!endpointId && endpoints.length > 1 && (
          <FilterSelect
            label="Endpoint"
            any="Any endpoint"
            value={filters.endpoint}
            options={urls}
            choose={(endpoint) => choose({ endpoint })}
          />
        )}
        <CreatedFilter dates={filters} choose={choose} now={now} />
      </FilterBar>
      <DataTable
        caption="Deliveries"
        columns={columns}
        rows={data?.data}
        rowKey={(webhook) => webhook.id}
        open={(webhook) => `/dashboard/webhooks/${webhook.id}`}
        error={error}
        retry={() => void refetch()}
        stale={isPlaceholderData}
        keyboard
        skeletonRows={8}
        tableProps={named("webhook-logs-table")}
        rowProps={(webhook) => ({ ...named("webhook-log-item"), "data-webhook-id": webhook.id })}
        empty={
          choices > 0 ? (
            <EmptyState
              icon={<IconFilterOff size={22} />}
              title="No delivery is like that"
              action={
                <Button variant="default" onClick={() => show({})}>
                  Clear the filters
                </Button>
              }
            />
          ) : (
            <EmptyState icon={<IconWebhook size={22} />} title="Nothing was sent yet">
              Save a URL above and send a test event, or make a payment. Every attempt stands here, with what was sent
              and what was answered.
            </EmptyState>
          )
        }
      />
      {data && (data.data.length > 0 || filters.after || filters.before) && (
        <Pager
          place={filters}
          ids={data.data.map((webhook) => webhook.id)}
          hasMore={data.has_more}
          loading={isPlaceholderData}
          nouns={["delivery", "deliveries"]}
          go={(place) => {
            const { after: _a, before: _b, ...kept } = filters;
            show({ ...kept, ...place });
          }}
        />
      )}
      {retrying && <RetryAllDialog params={retried} which={which} onClose={() => setRetrying(false)} />}
    </Panel>
  );
}
