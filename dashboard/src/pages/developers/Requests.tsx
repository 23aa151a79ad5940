/** The last calls of the merchant's programs: what was asked, how it was answered, how long it took. */

import { Button, Drawer } from "@mantine/core";
import { IconFilterOff, IconTerminal2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { RequestEntry } from "../../api/shapes";
import {
  CodeBlock,
  type Column,
  DataTable,
  EmptyState,
  Fact,
  Facts,
  FilterBar,
  FilterSelect,
  FilterText,
  IdText,
  Pager,
  Panel,
  StatusBadge,
  Time,
} from "../../ui";
import classes from "./Developers.module.css";
import { requestsQuery } from "./queries";
import {
  CLASSES,
  METHODS,
  type RequestFilters,
  readRequestFilters,
  requestChoice,
  requestParams,
} from "./requestFilters";

function StatusCode({ status }: { status: number }) {
  const state = status < 400 ? "success" : status < 500 ? "expired" : "failed";
  return (
    <StatusBadge status={state} label={String(status)} tone={status < 400 ? "good" : status < 500 ? "wait" : "bad"} />
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function columns(open: (request: RequestEntry) => void): Column<RequestEntry>[] {
  return [
    {
      key: "call",
      title: "Call",
      narrow: "1s",
      cell: (request) => (
        <span className={classes.call}>
          <span className={classes.method}>{request.method}</span> <code>{request.path}</code>
        </span>
      ),
    },
    { key: "status", title: "Status", narrow: "1e", cell: (request) => <StatusCode status={request.status} /> },
    {
      key: "duration",
      title: "Took",
      align: "end",
      narrow: "2s",
      cell: (request) => <span className="number">{request.duration_ms} ms</span>,
    },
    { key: "key", title: "By", wideOnly: true, cell: (request) => <Caller request={request} /> },
    { key: "at", title: "When", align: "end", narrow: "2e", cell: (request) => <Time at={request.created_at} /> },
    {
      key: "open",
      title: "Details",
      align: "end",
      narrow: "3e",
      cell: (request) => (
        <Button
          variant="default"
          size="compact-xs"
          onClick={() => open(request)}
          aria-label={`Details of ${request.method} ${request.path}`}
        >
          Details
        </Button>
      ),
    },
  ];
}

function Caller({ request }: { request: RequestEntry }) {
  return request.api_key ? <code>{request.api_key}</code> : <span className="muted">the dashboard</span>;
}

export function Requests() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const filters = readRequestFilters(search);
  const { data, error, isPlaceholderData, refetch } = useQuery(requestsQuery(requestParams(filters)));
  const [opened, setOpened] = useState<RequestEntry | null>(null);
  const show = (next: RequestFilters): void =>
    void navigate({ to: ".", search: next as Record<string, string>, resetScroll: false });
  const choose = (choice: RequestFilters): void => show(requestChoice(filters, choice));
  const choices = [filters.q, filters.status, filters.method].filter(Boolean).length;

  return (
    <>
      <Panel
        title="Request log"
        description="The last 1,000 calls. Cards, CVVs and secrets are masked before they are kept."
        flush
      >
        <FilterBar choices={choices} clear={() => show({})}>
          <FilterText
            wide
            label="Path begins with"
            placeholder="Path, such as payments"
            value={filters.q ?? ""}
            choose={(q) => choose({ q })}
          />
          <FilterSelect
            label="Status"
            any="Any status"
            value={filters.status}
            options={CLASSES}
            choose={(status) => choose({ status })}
          />
          <FilterSelect
            label="Method"
            any="Any method"
            value={filters.method}
            options={METHODS}
            choose={(method) => choose({ method })}
          />
        </FilterBar>
        <DataTable
          caption="Calls"
          columns={columns(setOpened)}
          rows={data?.data}
          rowKey={(request) => request.id}
          error={error}
          retry={() => void refetch()}
          stale={isPlaceholderData}
          skeletonRows={10}
          empty={
            choices > 0 ? (
              <EmptyState
                icon={<IconFilterOff size={22} />}
                title="No call is like that"
                action={
                  <Button variant="default" onClick={() => show({})}>
                    Clear the filters
                  </Button>
                }
              />
            ) : (
              <EmptyState icon={<IconTerminal2 size={22} />} title="No calls yet">
                Call the API with your key, and see here what came in and what was answered. The documentation has
                snippets to run.
              </EmptyState>
            )
          }
        />
        {data && (data.data.length > 0 || filters.after || filters.before) && (
          <Pager
            place={filters}
            ids={data.data.map((request) => request.id)}
            hasMore={data.has_more}
            loading={isPlaceholderData}
            nouns={["call", "calls"]}
            go={(place) => {
              const { after: _a, before: _b, ...kept } = filters;
              show({ ...kept, ...place });
            }}
          />
        )}
      </Panel>
      <Drawer
        opened={opened !== null}
        onClose={() => setOpened(null)}
        position="right"
        size={520}
        title={opened ? `${opened.method} ${opened.path}` : ""}
      >
        {opened && (
          <div className={classes.form}>
            <Facts>
              <Fact name="Status">
                <StatusCode status={opened.status} />
              </Fact>
              <Fact name="Took">{opened.duration_ms} ms</Fact>
              <Fact name="When">
                <Time at={opened.created_at} />
              </Fact>
              <Fact name="Request id">
                <IdText id={opened.request_id} what="request id" />
              </Fact>
              {opened.subject && (
                <Fact name="About">
                  <IdText id={opened.subject} />
                </Fact>
              )}
              <Fact name="By">
                <Caller request={opened} />
              </Fact>
              <Fact name="Address">{opened.address || "–"}</Fact>
              <Fact name="User agent">{opened.user_agent || "–"}</Fact>
            </Facts>
            {opened.body ? (
              <CodeBlock
                what="request body"
                codes={[{ name: "Request body, masked", text: pretty(opened.body) }]}
                wrap
              />
            ) : (
              <p className={classes.note}>It was sent without a body.</p>
            )}
          </div>
        )}
      </Drawer>
    </>
  );
}
