/**
 * What the pages ask the API for, each under one key.
 *
 * Queries with `meta: { live: true }` are asked again when something of this merchant has changed; see live.ts.
 */

import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, call, isOffline, type Params } from "./client";
import { quietly } from "./live";
import type {
  Attention,
  Balance,
  Merchant,
  Order,
  Page,
  Payment,
  Refund,
  Session,
  Stats,
  TimelineEntry,
} from "./shapes";
import { recognise } from "./whose";

const TRIES_MAX = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      refetchOnReconnect: true,
      // Without a network a question fails and says so, instead of waiting behind a skeleton.
      networkMode: "always",
      retry: (failures, error) => failures < TRIES_MAX && error instanceof ApiError && mayHeal(error),
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

/** What another try may heal: no connection, a server that was busy, a merchant that was switched to and back. */
function mayHeal({ status, reason }: ApiError): boolean {
  return (status === 0 && !isOffline()) || status >= 500 || reason === "session_changed";
}

export const live = { live: true } as const;

/** GET as a query: in the background when it was not a person who made it run. */
export function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return call<T>(path, { params, background: quietly(), ...(signal ? { signal } : {}) });
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => recognise(await get<Session>("/api/v1/session", {}, signal)),
  staleTime: 60_000,
});

export const merchantQuery = queryOptions({
  queryKey: ["merchant"],
  queryFn: ({ signal }) => get<Merchant>("/api/v1/merchants/me", {}, signal),
  staleTime: 60_000,
});

export function listQuery<T>(noun: string, params: Params) {
  return queryOptions({
    queryKey: [noun, "list", params],
    queryFn: ({ signal }) => get<Page<T>>(`/api/v1/${noun}`, params, signal),
    placeholderData: keepPreviousData,
    meta: live,
  });
}

export const paymentsQuery = (params: Params) => listQuery<Payment>("payments", params);
export const ordersQuery = (params: Params) => listQuery<Order>("orders", params);
export const refundsQuery = (params: Params) => listQuery<Refund>("refunds", params);

export const paymentQuery = (id: string) =>
  queryOptions({
    queryKey: ["payments", id],
    queryFn: ({ signal }) => get<Payment>(`/api/v1/payments/${encodeURIComponent(id)}`, {}, signal),
    meta: live,
  });

export const timelineQuery = (id: string) =>
  queryOptions({
    queryKey: ["payments", id, "timeline"],
    queryFn: ({ signal }) =>
      get<{ data: TimelineEntry[] }>(`/api/v1/payments/${encodeURIComponent(id)}/timeline`, {}, signal),
    meta: live,
  });

export const paymentRefundsQuery = (id: string) =>
  queryOptions({
    queryKey: ["payments", id, "refunds"],
    queryFn: ({ signal }) =>
      get<Page<Refund>>(`/api/v1/payments/${encodeURIComponent(id)}/refunds`, { limit: 100 }, signal),
    meta: live,
  });

export const orderQuery = (id: string) =>
  queryOptions({
    queryKey: ["orders", id],
    queryFn: ({ signal }) => get<Order>(`/api/v1/orders/${encodeURIComponent(id)}`, {}, signal),
    meta: live,
  });

export const balanceQuery = queryOptions({
  queryKey: ["balance"],
  queryFn: ({ signal }) => get<{ data: Balance[] }>("/api/v1/balance", {}, signal),
  meta: live,
});

export const attentionQuery = queryOptions({
  queryKey: ["attention"],
  queryFn: ({ signal }) => get<Attention>("/api/v1/attention", {}, signal),
  meta: live,
});

/** The currencies there are payments in; which they are changes too seldom to be asked with everything else. */
export const currenciesQuery = queryOptions({
  queryKey: ["currencies"],
  queryFn: async ({ signal }) => (await get<Stats>("/api/v1/stats", {}, signal)).currencies,
  staleTime: 5 * 60_000,
});

interface StatsParams {
  from?: string;
  to?: string;
  interval?: "hour" | "day";
  currency?: string | undefined;
}

export const statsQuery = (params: StatsParams) =>
  queryOptions({
    queryKey: ["stats", params],
    queryFn: ({ signal }) => get<Stats>("/api/v1/stats", { ...params }, signal),
    placeholderData: keepPreviousData,
    meta: live,
  });
