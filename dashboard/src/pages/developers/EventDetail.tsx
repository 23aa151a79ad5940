/** One event: its body, to whom it was sent, and sending it again. */

import { IconRefresh } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRefusal } from "../../api/session";
import {
  Bones,
  CodeBlock,
  DataTable,
  EmptyState,
  ErrorState,
  Fact,
  Facts,
  GuardedButton,
  IdText,
  PageHeader,
  Panel,
  StatusBadge,
  Time,
  tellDone,
  tellProblem,
  useIntent,
} from "../../ui";
import { endpointsQuery, webhooksQuery } from "../webhooks/queries";
import classes from "./Developers.module.css";
import { eventQuery, replayEvent } from "./queries";

const WITHIN = { to: "/dashboard/developers/events", name: "Events" };

export function EventDetail({ id }: { id: string }) {
  const { data: event, error, refetch } = useQuery(eventQuery(id));
  const deliveries = useQuery(webhooksQuery({ event_id: id, limit: 25 }));
  const endpoints = useQuery(endpointsQuery).data ?? [];
  const queries = useQueryClient();
  const refusal = useRefusal("support");
  const replay = useIntent<null, { scheduled: number }>({
    name: `replay ${id}`,
    send: (_, key) => replayEvent(id, key),
    done: ({ scheduled }) =>
      tellDone(
        scheduled === 0 ? "No endpoint wants it, or it is on its way already" : `On its way to ${scheduled} endpoints`,
      ),
    failed: tellProblem,
    refresh: () => void queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  if (!event) {
    return (
      <>
        <PageHeader title="Event" within={WITHIN} />
        <Panel>
          {error ? (
            <ErrorState error={error} what="this event" retry={() => void refetch()} />
          ) : (
            <Bones lines={8} what="the event" />
          )}
        </Panel>
      </>
    );
  }
  return (
    <>
      <PageHeader title={event.type} within={WITHIN}>
        <GuardedButton
          leftSection={<IconRefresh size={16} aria-hidden />}
          refusal={refusal}
          loading={replay.busy}
          onClick={() => void replay.send(null)}
        >
          Replay
        </GuardedButton>
      </PageHeader>
      <div className={classes.columns}>
        <div className={classes.stack}>
          <Panel title="Body">
            <CodeBlock
              what="event body"
              wrap
              codes={[
                { name: "JSON", text: JSON.stringify(event.body, null, 2) },
                { name: "As sent", text: JSON.stringify(event.body) },
              ]}
            />
          </Panel>
          <Panel title="Deliveries" flush>
            <DataTable
              caption="Deliveries of this event"
              rows={deliveries.data?.data}
              rowKey={(webhook) => webhook.id}
              open={(webhook) => `/dashboard/webhooks/${webhook.id}`}
              error={deliveries.error}
              skeletonRows={1}
              columns={[
                {
                  key: "endpoint",
                  title: "Endpoint",
                  narrow: "1s",
                  cell: (webhook) =>
                    endpoints.find((each) => each.id === webhook.webhook_endpoint_id)?.url ?? (
                      <code>{webhook.webhook_endpoint_id}</code>
                    ),
                },
                {
                  key: "status",
                  title: "Status",
                  narrow: "1e",
                  cell: (webhook) => <StatusBadge status={webhook.status} />,
                },
                {
                  key: "last",
                  title: "Last attempt",
                  align: "end",
                  narrow: "2s",
                  cell: (webhook) => <Time at={webhook.last_attempt_at} none="not yet" />,
                },
              ]}
              empty={
                <EmptyState title="Sent to nobody">
                  No endpoint wanted events of this type when it happened. Replay it once one does.
                </EmptyState>
              }
            />
          </Panel>
        </div>
        <Panel title="Event">
          <Facts>
            <Fact name="Id">
              <IdText id={event.id} what="event id" />
            </Fact>
            <Fact name="Payment">
              {event.payment_id ? (
                <Link to="/dashboard/transactions/$paymentId" params={{ paymentId: event.payment_id }}>
                  <code>{event.payment_id}</code>
                </Link>
              ) : (
                "–"
              )}
            </Fact>
            <Fact name="Sequence">{event.sequence ?? "–"}</Fact>
            <Fact name="When">
              <Time at={event.created_at} />
            </Fact>
          </Facts>
        </Panel>
      </div>
    </>
  );
}
