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
import { countChoices, type Filters, listParams, RANGES, readFilters, withChoice } from "../filters";
import { refundColumns } from "./columns";

const STATUSES = { processed: "Processed", pending: "Pending", failed: "Failed" };

/** The payment that a refund is of, when the address names a refund: what was found by its id. */
function useOpened(id: unknown): void {
  const navigate = useNavigate();
  useEffect(() => {
    if (typeof id !== "string" || !id.startsWith("rfnd_")) return;
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
  const payment = filters.q?.startsWith("pay_") ? filters.q : undefined;
  const params = { ...listParams(filters, now), payment_id: payment, amount_gte: undefined, amount_lte: undefined };
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
            error={filters.q && !/^(pay|rfnd)_/.test(filters.q) ? "Ids begin with pay_ or rfnd_" : null}
          />
          <FilterSelect
            label="Status"
            any="Any status"
            value={filters.status}
            options={STATUSES}
            choose={(status) => choose({ status })}
          />
          <FilterSelect
            label="Created"
            any="Any time"
            value={filters.range}
            options={RANGES}
            choose={(range) => choose({ range })}
          />
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
            noun="refunds"
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
