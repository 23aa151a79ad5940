/** What happened, whether or not anybody was told. */

import { Button } from "@mantine/core";
import { IconBolt, IconFilterOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { GatewayEvent } from "../../api/shapes";
import { pick } from "../../routes/search";
import { type Column, DataTable, EmptyState, FilterBar, FilterSelect, FilterText, Pager, Panel, Time } from "../../ui";
import { PAGE_SIZE } from "../filters";
import { EVENTS } from "../webhooks/deliveryFilters";
import { eventsQuery } from "./queries";

const NAMES = ["q", "type", "after", "before"] as const;
type EventFilters = Partial<Record<(typeof NAMES)[number], string>>;

const columns: Column<GatewayEvent>[] = [
  { key: "type", title: "Event", narrow: "1s", cell: (event) => <code>{event.type}</code> },
  { key: "id", title: "Id", wideOnly: true, cell: (event) => <code className="muted">{event.id}</code> },
  { key: "payment", title: "Payment", narrow: "2s", cell: (event) => <code>{event.payment_id ?? "–"}</code> },
  {
    key: "sequence",
    title: "Sequence",
    align: "end",
    cell: (event) => <span className="number">{event.sequence ?? "–"}</span>,
  },
  { key: "at", title: "When", align: "end", narrow: "1e", cell: (event) => <Time at={event.created_at} /> },
];

export function Events() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const filters: EventFilters = pick(search, NAMES);
  const { data, error, isPlaceholderData, refetch } = useQuery(
    eventsQuery({
      limit: PAGE_SIZE,
      type: filters.type,
      payment_id: filters.q,
      starting_after: filters.after,
      ending_before: filters.after ? undefined : filters.before,
    }),
  );
  const show = (next: EventFilters): void =>
    void navigate({ to: ".", search: next as Record<string, string>, resetScroll: false });
  const choices = [filters.q, filters.type].filter(Boolean).length;
  const { after: _a, before: _b, ...kept } = filters;
  return (
    <Panel title="Events" description="Every fact about your payments, in the exact form receivers get it." flush>
      <FilterBar choices={choices} clear={() => show({})}>
        <FilterText
          wide
          label="Search events by payment"
          placeholder="Payment id: pay_…"
          value={filters.q ?? ""}
          error={filters.q && !filters.q.startsWith("pay_") ? "Ids of payments begin with pay_" : null}
          choose={(q) => show({ ...kept, q })}
        />
        <FilterSelect
          label="Type"
          any="Any type"
          value={filters.type}
          options={EVENTS}
          choose={(type) => show({ ...kept, type })}
        />
      </FilterBar>
      <DataTable
        caption="Events"
        columns={columns}
        rows={data?.data}
        rowKey={(event) => event.id}
        open={(event) => `/dashboard/developers/events/${event.id}`}
        error={error}
        retry={() => void refetch()}
        stale={isPlaceholderData}
        keyboard
        skeletonRows={10}
        empty={
          choices > 0 ? (
            <EmptyState
              icon={<IconFilterOff size={22} />}
              title="No event is like that"
              action={
                <Button variant="default" onClick={() => show({})}>
                  Clear the filters
                </Button>
              }
            />
          ) : (
            <EmptyState icon={<IconBolt size={22} />} title="Nothing has happened yet">
              A payment begins, succeeds, is refunded: each of these is an event, kept here and sent to your endpoints.
            </EmptyState>
          )
        }
      />
      {data && (data.data.length > 0 || filters.after || filters.before) && (
        <Pager
          place={filters}
          ids={data.data.map((event) => event.id)}
          hasMore={data.has_more}
          loading={isPlaceholderData}
          nouns={["event", "events"]}
          go={(place) => show({ ...kept, ...place })}
        />
      )}
    </Panel>
  );
}
