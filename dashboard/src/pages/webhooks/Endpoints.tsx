/** The further endpoints of a merchant. */

import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useRefusal } from "../../api/session";
import type { WebhookEndpoint } from "../../api/shapes";
import { type Column, DataTable, EmptyState, GuardedButton, Panel, Time } from "../../ui";
import { EndpointDialog } from "./EndpointDialog";
import { sayEvents } from "./eventTypes";
import { endpointsQuery } from "./queries";
import { EndpointBadge } from "./WebhookConfig";
import classes from "./Webhooks.module.css";

const columns: Column<WebhookEndpoint>[] = [
  {
    key: "url",
    title: "URL",
    narrow: "1s",
    cell: (endpoint) => <span className={classes.url}>{endpoint.url}</span>,
  },
  { key: "description", title: "Description", wideOnly: true, cell: (endpoint) => endpoint.description || "–" },
  { key: "events", title: "Events", narrow: "2s", cell: (endpoint) => sayEvents(endpoint.events) },
  { key: "status", title: "Status", narrow: "1e", cell: (endpoint) => <EndpointBadge endpoint={endpoint} /> },
  {
    key: "created",
    title: "Created",
    align: "end",
    narrow: "2e",
    cell: (endpoint) => <Time at={endpoint.created_at} />,
  },
];

export function Endpoints() {
  const { data, error, refetch } = useQuery(endpointsQuery);
  const [adding, setAdding] = useState(false);
  const refusal = useRefusal("developer");
  const others = data?.filter((endpoint) => !endpoint.is_first);
  return (
    <Panel
      title="Further endpoints"
      description="Each with its own URL, events and secret: for accounting, a data warehouse, a second shop."
      flush
      actions={
        <GuardedButton
          variant="default"
          size="xs"
          leftSection={<IconPlus size={15} aria-hidden />}
          refusal={refusal}
          onClick={() => setAdding(true)}
        >
          Add endpoint
        </GuardedButton>
      }
    >
      <DataTable
        caption="Further endpoints"
        columns={columns}
        rows={others}
        rowKey={(endpoint) => endpoint.id}
        open={(endpoint) => `/dashboard/webhooks/endpoints/${endpoint.id}`}
        error={error}
        retry={() => void refetch()}
        skeletonRows={2}
        empty={
          <EmptyState title="None yet">
            Your endpoint above gets every event it asks for. Up to 16 others can be told, too.
          </EmptyState>
        }
      />
      {adding && <EndpointDialog onClose={() => setAdding(false)} />}
    </Panel>
  );
}
