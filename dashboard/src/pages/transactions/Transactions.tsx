/** Every payment: found, narrowed, paged through, exported. What is chosen stands in the address. */

import { Button } from "@mantine/core";
import { IconCreditCard, IconDownload, IconFilterOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, useEffect, useMemo, useState } from "react";
import { paymentsQuery } from "../../api/queries";
import {
  DataTable,
  EmptyState,
  FilterBar,
  FilterSelect,
  FilterText,
  Late,
  named,
  PageHeader,
  Pager,
  Panel,
  parseAmount,
  signOf,
  useNow,
} from "../../ui";
import { CreatedFilter } from "../CreatedFilter";
import { useCurrencies } from "../currencies";
import {
  countChoices,
  DEFAULT_CURRENCY,
  type Filters,
  isId,
  paymentParams,
  readFilters,
  withChoice,
  withoutPage,
} from "../filters";
import { InitiateLink } from "../orders/InitiateLink";
import { paymentColumns, paymentPath } from "./columns";

const ExportDialog = lazy(() => import("./ExportDialog"));

const STATUSES = {
  success: "Success",
  pending: "Pending",
  failed: "Failed",
  partially_refunded: "Partially refunded",
  refunded: "Refunded",
};

const STATES = {
  authorized: "To be captured",
  outcome_unknown: "Outcome unknown",
  requires_action: "Customer’s turn",
  voided: "Voided",
};

function amountProblem(text: string | undefined, currency: string): string | null {
  return text === undefined ? null : parseAmount(text, currency).problem;
}

export default function Transactions() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const [exporting, setExporting] = useState(false);
  const now = useNow();
  const filters = readFilters(search);
  const params = paymentParams(filters, now);
  const { data, error, isPlaceholderData, refetch } = useQuery(paymentsQuery(params));
  const exported = JSON.stringify(withoutPage(params));
  const exportParams = useMemo(() => JSON.parse(exported), [exported]);

  const show = (next: Filters): void => void navigate({ to: "/dashboard/transactions", search: next });
  const choose = (choice: Filters): void => show(withChoice(filters, choice));
  const currencies = useCurrencies(filters.currency);
  const currency = filters.currency ?? currencies[0] ?? DEFAULT_CURRENCY;
  // The address says which currency an amount is of.
  const chooseAmount = (choice: Pick<Filters, "min" | "max">): void => {
    const { min, max } = { ...filters, ...choice };
    choose({ ...choice, currency: min || max ? currency : currencies.length > 1 ? (filters.currency ?? "") : "" });
  };

  // A payment's own id is no filter: it is where to go.
  useEffect(() => {
    if (isId("pay", filters.q)) {
      void navigate({ to: "/dashboard/transactions/$paymentId", params: { paymentId: filters.q }, replace: true });
    }
  }, [filters.q, navigate]);

  const choices = countChoices(filters);
  const chosen = filters.state ?? filters.status;
  return (
    <>
      <PageHeader title="Transactions">
        <Button
          variant="default"
          leftSection={<IconDownload size={17} aria-hidden />}
          onClick={() => setExporting(true)}
        >
          Export
        </Button>
        <InitiateLink />
      </PageHeader>
      <Panel flush>
        <FilterBar choices={choices} clear={() => show({})}>
          <FilterText
            wide
            label="Search payments"
            placeholder="Receipt, VPA, last four, order or payment id"
            value={filters.q ?? ""}
            choose={(q) => choose({ q })}
          />
          <FilterSelect
            label="Status"
            any="Any status"
            value={chosen}
            options={{ ...STATUSES, ...STATES }}
            choose={(name) => choose(name in STATES ? { state: name, status: "" } : { status: name, state: "" })}
          />
          <FilterSelect
            label="Method"
            any="Any method"
            value={filters.method}
            options={{ upi: "UPI", card: "Card" }}
            choose={(method) => choose({ method })}
          />
          <CreatedFilter dates={filters} choose={choose} now={now} />
          {currencies.length > 1 && (
            <FilterSelect
              label="Currency"
              any="Any currency"
              value={filters.currency}
              options={Object.fromEntries(currencies.map((each) => [each, each]))}
              choose={(chosen) => choose({ currency: chosen, ...(chosen === "" ? { min: "", max: "" } : {}) })}
            />
          )}
          <FilterText
            label={`Least amount, in ${currency}`}
            placeholder={`${signOf(currency)} from`}
            value={filters.min ?? ""}
            error={amountProblem(filters.min, currency)}
            choose={(min) => chooseAmount({ min })}
          />
          <FilterText
            label={`Largest amount, in ${currency}`}
            placeholder={`${signOf(currency)} to`}
            value={filters.max ?? ""}
            error={amountProblem(filters.max, currency)}
            choose={(max) => chooseAmount({ max })}
          />
        </FilterBar>
        <DataTable
          caption="Payments"
          columns={paymentColumns}
          rows={data?.data}
          rowKey={(payment) => payment.id}
          open={paymentPath}
          error={error}
          retry={() => void refetch()}
          stale={isPlaceholderData}
          keyboard
          skeletonRows={10}
          tableProps={named("transactions-table")}
          rowProps={(payment) => ({ ...named("transaction-row"), "data-payment-id": payment.id })}
          empty={
            choices > 0 ? (
              <EmptyState
                icon={<IconFilterOff size={22} />}
                title="No payment is like that"
                action={
                  <Button variant="default" onClick={() => show({})}>
                    Clear the filters
                  </Button>
                }
              >
                Receipts, VPAs and ids are matched whole. Try fewer filters or a longer time.
              </EmptyState>
            ) : (
              <EmptyState icon={<IconCreditCard size={22} />} title="No payments yet" action={<InitiateLink />}>
                Make an order, open its checkout link, and pay as a customer would. The payment appears here by itself.
              </EmptyState>
            )
          }
        />
        {data && (data.data.length > 0 || filters.after || filters.before) && (
          <Pager
            place={filters}
            ids={data.data.map((payment) => payment.id)}
            hasMore={data.has_more}
            loading={isPlaceholderData}
            nouns={["payment", "payments"]}
            go={(place) => {
              const { after: _a, before: _b, ...kept } = filters;
              show({ ...kept, ...place });
            }}
          />
        )}
      </Panel>
      <Late onFailed={() => setExporting(false)}>
        {exporting && <ExportDialog params={exportParams} onClose={() => setExporting(false)} />}
      </Late>
    </>
  );
}
