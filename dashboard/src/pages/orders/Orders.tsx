/** Every order, and where a new one is made to be paid. */

import { Button } from "@mantine/core";
import { IconFilterOff, IconPlus, IconReceipt2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, useEffect } from "react";
import { ordersQuery } from "../../api/queries";
import { useRefusal } from "../../api/session";
import {
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
import { countChoices, type Filters, listParams, RANGES, readFilters, withChoice } from "../filters";
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
  const isId = filters.q?.startsWith("order_") ?? false;
  const params = { ...listParams(filters, now), receipt: isId ? undefined : filters.q };
  const { data, error, isPlaceholderData, refetch } = useQuery(ordersQuery(params));
  const initiating = search.new === "1" && refusal === null;

  const show = (next: Filters): void => void navigate({ to: "/dashboard/orders", search: next });
  const choose = (choice: Filters): void => show(withChoice(filters, choice));
  const close = (): void => void navigate({ to: "/dashboard/orders", search: filters, replace: true });
  const initiate = (): void => void navigate({ to: "/dashboard/orders", search: { ...filters, new: "1" } });

  useEffect(() => {
    if (isId && filters.q) {
      void navigate({ to: "/dashboard/orders/$orderId", params: { orderId: filters.q }, replace: true });
    }
  }, [isId, filters.q, navigate]);

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
      <Panel flush>
        <FilterBar choices={choices} clear={() => show({})}>
          <FilterText
            wide
            label="Search orders"
            placeholder="Receipt or order id"
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
          <FilterSelect
            label="Created"
            any="Any time"
            value={filters.range}
            options={RANGES}
            choose={(range) => choose({ range })}
          />
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
                Receipts are matched whole.
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
            noun="orders"
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
