/** Every order, and where a new one is made to be paid. */

import { Button } from "@mantine/core";
import { IconFilterOff, IconPlus, IconReceipt2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, useEffect } from "react";
import { ordersQuery } from "../../api/queries";
import { useRefusal } from "../../api/session";
import {
  Callout,
  DataTable,
  EmptyState,
  FilterBar,
  FilterSelect,
  FilterText,
  GuardedButton,
  Late,
  named,
  PageHeader,
  Pager,
  Panel,
  useNow,
} from "../../ui";
import { CreatedFilter } from "../CreatedFilter";
import { countChoices, type Filters, isId, listParams, readFilters, withChoice } from "../filters";
import { orderColumns } from "./columns";

const InitiatePayment = lazy(() => import("./InitiatePayment"));

const STATUSES = {
  created: "Created",
  attempted: "Attempted",
  paid: "Paid",
  expired: "Expired",
  cancelled: "Cancelled",
};

export default function Orders() {
  const search = useSearch({ strict: false }) as Record<string, string>;
  const navigate = useNavigate();
  const now = useNow();
  const filters = readFilters(search);
  const refusal = useRefusal("support");
  const params = { ...listParams(filters, now), q: filters.q };
  const { data, error, isPlaceholderData, refetch } = useQuery(ordersQuery(params));
  const initiating = search.new === "1" && refusal === null;

  const show = (next: Filters): void => void navigate({ to: "/dashboard/orders", search: next });
  const choose = (choice: Filters): void => show(withChoice(filters, choice));
  const close = (): void => void navigate({ to: "/dashboard/orders", search: filters, replace: true });
  const initiate = (): void => void navigate({ to: "/dashboard/orders", search: { ...filters, new: "1" } });

  // An order's own id is no filter: it is where to go.
  useEffect(() => {
    if (isId("order", filters.q)) {
      void navigate({ to: "/dashboard/orders/$orderId", params: { orderId: filters.q }, replace: true });
    }
  }, [filters.q, navigate]);

  const choices = countChoices(filters);
  return (
    <>
      <PageHeader title="Orders" description="What your customers owe you. Each order has a checkout link of its own.">
        <GuardedButton
          refusal={refusal}
          leftSection={<IconPlus size={17} aria-hidden />}
          onClick={initiate}
          {...named("initiate-payment-button")}
        >
          Initiate payment
        </GuardedButton>
      </PageHeader>
      {search.new === "1" && refusal !== null && (
        <div style={{ marginBottom: 16 }}>
          <Callout tone="info" title="You cannot initiate a payment">
            {refusal}
          </Callout>
        </div>
      )}
      <Panel flush>
        <FilterBar choices={choices} clear={() => show({})}>
          <FilterText
            wide
            label="Search orders"
            placeholder="Receipt, order or payment id"
            value={filters.q ?? ""}
            choose={(q) => choose({ q })}
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
          caption="Orders"
          columns={orderColumns}
          rows={data?.data}
          rowKey={(order) => order.id}
          open={(order) => `/dashboard/orders/${order.id}`}
          error={error}
          retry={() => void refetch()}
          stale={isPlaceholderData}
          keyboard
          skeletonRows={10}
          tableProps={named("orders-table")}
          rowProps={(order) => ({ ...named("order-row"), "data-order-id": order.id })}
          empty={
            choices > 0 ? (
              <EmptyState
                icon={<IconFilterOff size={22} />}
                title="No order is like that"
                action={
                  <Button variant="default" onClick={() => show({})}>
                    Clear the filters
                  </Button>
                }
              >
                Receipts and ids are matched whole.
              </EmptyState>
            ) : (
              <EmptyState
                icon={<IconReceipt2 size={22} />}
                title="No orders yet"
                action={
                  <GuardedButton refusal={refusal} onClick={initiate}>
                    Initiate payment
                  </GuardedButton>
                }
              >
                Your server makes an order with <code>POST /api/v1/orders</code> and sends the customer to its checkout.
                Here you can make one by hand.
              </EmptyState>
            )
          }
        />
        {data && (data.data.length > 0 || filters.after || filters.before) && (
          <Pager
            place={filters}
            ids={data.data.map((order) => order.id)}
            hasMore={data.has_more}
            loading={isPlaceholderData}
            nouns={["order", "orders"]}
            go={(place) => {
              const { after: _a, before: _b, ...kept } = filters;
              show({ ...kept, ...place });
            }}
          />
        )}
      </Panel>
      <Late onFailed={close}>{initiating && <InitiatePayment onClose={close} />}</Late>
    </>
  );
}
