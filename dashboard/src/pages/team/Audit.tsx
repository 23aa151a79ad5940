/** Who did what: only ever added to. */

import { Button } from "@mantine/core";
import { IconFilterOff, IconHistory } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { AuditEntry } from "../../api/shapes";
import { pick } from "../../routes/search";
import {
  type Column,
  DataTable,
  EmptyState,
  FilterBar,
  FilterText,
  formatAmount,
  Pager,
  Panel,
  sayName,
  Time,
} from "../../ui";
import { PAGE_SIZE } from "../filters";
import { auditQuery } from "./queries";
import classes from "./Team.module.css";

const NAMES = ["actor", "after", "before"] as const;
type AuditFilters = Partial<Record<(typeof NAMES)[number], string>>;

/** "Role: support · Amount: ₹10.00" */
export function sayDetails({ currency, ...details }: Record<string, unknown>): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => {
      const said =
        name === "amount" && typeof value === "number" && typeof currency === "string"
          ? formatAmount(value, currency)
          : Array.isArray(value)
            ? value.map(String).join(", ")
            : typeof value === "object"
              ? JSON.stringify(value)
              : String(value);
      return `${sayName(name)}: ${said}`;
    })
    .join(" · ");
}

const columns: Column<AuditEntry>[] = [
  {
    key: "action",
    title: "What",
    narrow: "1s",
    cell: (entry) => (
      <span className={classes.person}>
        <strong>{sayName(entry.action)}</strong>
        <span>{sayDetails(entry.details)}</span>
      </span>
    ),
  },
  { key: "actor", title: "Who", narrow: "2s", cell: (entry) => <span className={classes.whole}>{entry.actor}</span> },
  { key: "subject", title: "To what", wideOnly: true, cell: (entry) => <code>{entry.subject}</code> },
  {
    key: "address",
    title: "From",
    wideOnly: true,
    cell: (entry) => <code className={classes.whole}>{entry.address || "–"}</code>,
  },
  { key: "at", title: "When", align: "end", narrow: "1e", cell: (entry) => <Time at={entry.at} /> },
];

export function Audit() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const filters: AuditFilters = pick(search, NAMES);
  const { data, error, isPlaceholderData, refetch } = useQuery(
    auditQuery({
      limit: PAGE_SIZE,
      actor: filters.actor,
      starting_after: filters.after,
      ending_before: filters.after ? undefined : filters.before,
    }),
  );
  const show = (next: AuditFilters): void =>
    void navigate({ to: ".", search: next as Record<string, string>, resetScroll: false });
  return (
    <Panel
      title="Audit log"
      description="Sign-ins, keys, secrets, settings, refunds and roles. Nobody can change or erase it."
      flush
    >
      <FilterBar choices={filters.actor ? 1 : 0} clear={() => show({})}>
        <FilterText
          wide
          label="Who"
          placeholder="Email or API key, whole"
          value={filters.actor ?? ""}
          choose={(actor) => show(actor ? { actor } : {})}
        />
      </FilterBar>
      <DataTable
        caption="Audit log"
        columns={columns}
        rows={data?.data}
        rowKey={(entry) => entry.id}
        error={error}
        retry={() => void refetch()}
        stale={isPlaceholderData}
        skeletonRows={6}
        empty={
          filters.actor ? (
            <EmptyState
              icon={<IconFilterOff size={22} />}
              title="Nobody of that name has done anything"
              action={
                <Button variant="default" onClick={() => show({})}>
                  Clear the filter
                </Button>
              }
            />
          ) : (
            <EmptyState icon={<IconHistory size={22} />} title="Nothing yet">
              What people and programs change is written down here.
            </EmptyState>
          )
        }
      />
      {data && (data.data.length > 0 || filters.after || filters.before) && (
        <Pager
          place={filters}
          ids={data.data.map((entry) => entry.id)}
          hasMore={data.has_more}
          loading={isPlaceholderData}
          nouns={["entry", "entries"]}
          go={(place) => show({ ...(filters.actor ? { actor: filters.actor } : {}), ...place })}
        />
      )}
    </Panel>
  );
}
