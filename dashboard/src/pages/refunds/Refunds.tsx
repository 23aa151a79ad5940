/** Every refund; a row opens the payment it belongs to. */

import { Button } from "@mantine/core";
import { IconArrowBackUp, IconFilterOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { get, refundsQuery } from "../../api/queries";
import type { Refund } from "../../api/shapes";
import {
  DataTable,
  EmptyState,
  FilterBar,
  FilterSelect,
  FilterText,
  LinkButton,
  PageHeader,
  Pager,
  Panel,
  tellProblem,
  useNow,
} from "../../ui";
import { CreatedFilter } from "../CreatedFilter";
import { countChoices, type Filters, isId, listParams, readFilters, withChoice } from "../filters";
import { refundColumns } from "./columns";

const STATUSES = { processed: "Processed", pending: "Pending", failed: "Failed" };

/** The payment that a refund is of, when the address names a refund: what was found by its id. */
function useOpened(id: string | undefined): void {
  const navigate = useNavigate();
  useEffect(() => {
    if (!isId("rfnd", id)) return;
    get<Refund>(`/api/v1/refunds/${encodeURIComponent(id)}`)
      .then((refund) =>
        navigate({
          to: "/dashboard/transactions/$paymentId",
          params: { paymentId: refund.payment_id },
          replace: true,
        }),
      )
      .catch(tellProblem);
  }, [id, navigate]);
}

export default function Refunds() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow();
  const filters = readFilters(search);
  useOpened((search as { id?: string }).id ?? filters.q);
  const payment = isId("pay", filters.q) ? filters.q : undefined;
  const params = { ...listParams(filters, now), payment_id: payment };
  const { data, error, isPlaceholderData, refetch } = useQuery(refundsQuery(params));
  const show = (next: Filters): void => void navigate({ to: "/dashboard/refunds", search: next });
  const choose = (choice: Filters): void => show(withChoice(filters, choice));
  const choices = countChoices(filters);

  return (
    <>
      <PageHeader title="Refunds" description="Money on its way back to customers, and what came of it." />
      <Panel flush>
        <FilterBar choices={choices} clear={() => show({})}>
          <FilterText
            wide
            label="Search refunds"
            placeholder="Payment id or refund id"
            value={filters.q ?? ""}
            choose={(q) => choose({ q })}
            error={filters.q && !payment && !isId("rfnd", filters.q) ? "A whole id: pay_… or rfnd_…" : null}
          />
          <FilterSelect
            label="Status"
            any="Any status"
            value={filters.status}
            options={STATUSES}
            choose={(status) => choose({ status })}
          />
          <CreatedFilter dates={filters} choose={choose} now={now} />
        </FilterBar>
        <DataTable
          caption="Refunds"
          columns={refundColumns}
          rows={data?.data}
          rowKey={(refund) => refund.id}
          open={(refund) => `/dashboard/transactions/${refund.payment_id}`}
          error={error}
          retry={() => void refetch()}
          stale={isPlaceholderData}
          keyboard
          empty={
            choices > 0 ? (
              <EmptyState
                icon={<IconFilterOff size={22} />}
                title="No refund is like that"
                action={
                  <Button variant="default" onClick={() => show({})}>
                    Clear the filters
                  </Button>
                }
              />
            ) : (
              <EmptyState
                icon={<IconArrowBackUp size={22} />}
                title="No refunds yet"
                action={
                  <LinkButton variant="default" to="/dashboard/transactions">
                    See the payments
                  </LinkButton>
                }
              >
                Open a captured payment and choose Refund, in full or in part. Programs use{" "}
                <code>POST /api/v1/payments/{"{id}"}/refunds</code>.
              </EmptyState>
            )
          }
        />
        {data && (data.data.length > 0 || filters.after || filters.before) && (
          <Pager
            place={filters}
            ids={data.data.map((refund) => refund.id)}
            hasMore={data.has_more}
            loading={isPlaceholderData}
            nouns={["refund", "refunds"]}
            go={(place) => {
              const { after: _a, before: _b, ...kept } = filters;
              show({ ...kept, ...place });
            }}
          />
        )}
      </Panel>
    </>
  );
}
