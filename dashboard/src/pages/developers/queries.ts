/** What the developers' pages ask for, and what they change. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Params } from "../../api/client";
import { get, live } from "../../api/queries";
import type { ApiKey, GatewayEvent, Page, RequestEntry } from "../../api/shapes";

export const keysQuery = queryOptions({
  queryKey: ["api_keys"],
  queryFn: ({ signal }) => get<{ data: ApiKey[] }>("/api/v1/api_keys", {}, signal),
});

export const createKey = (idempotencyKey: string): Promise<ApiKey> =>
  call("/api/v1/api_keys", { method: "POST", body: {}, idempotencyKey });

export const rollKey = (key: string, overlap_seconds: number, idempotencyKey: string): Promise<ApiKey> =>
  call(`/api/v1/api_keys/${encodeURIComponent(key)}/roll`, {
    method: "POST",
    body: { overlap_seconds },
    idempotencyKey,
  });

export const revokeKey = (key: string): Promise<ApiKey> =>
  call(`/api/v1/api_keys/${encodeURIComponent(key)}`, { method: "DELETE" });

const REQUESTS_EVERY_MS = 5_000; // a call changes nothing else, so nobody is told of it: this list asks by itself

export const requestsQuery = (params: Params) =>
  queryOptions({
    queryKey: ["requests", params],
    queryFn: ({ signal }) => get<Page<RequestEntry>>("/api/v1/requests", params, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REQUESTS_EVERY_MS,
  });

export const eventsQuery = (params: Params) =>
  queryOptions({
    queryKey: ["events", "list", params],
    queryFn: ({ signal }) => get<Page<GatewayEvent>>("/api/v1/events", params, signal),
    placeholderData: keepPreviousData,
    meta: live,
  });

export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ["events", id],
    queryFn: ({ signal }) => get<GatewayEvent>(`/api/v1/events/${encodeURIComponent(id)}`, {}, signal),
  });

export const replayEvent = (id: string, idempotencyKey: string): Promise<{ scheduled: number }> =>
  call(`/api/v1/events/${encodeURIComponent(id)}/replay`, { method: "POST", body: {}, idempotencyKey });
