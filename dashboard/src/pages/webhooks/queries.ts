/** What the webhook pages ask for, and what they change. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Params } from "../../api/client";
import { newKey } from "../../api/intents";
import { get, live } from "../../api/queries";
import type { Merchant, Page, Webhook, WebhookDetails, WebhookEndpoint } from "../../api/shapes";

const endpointPath = (id: string): string => `/api/v1/webhook_endpoints/${encodeURIComponent(id)}`;

export const endpointsQuery = queryOptions({
  queryKey: ["webhook_endpoints"],
  queryFn: async ({ signal }) => {
    const { data } = await get<{ data: WebhookEndpoint[] }>("/api/v1/webhook_endpoints", {}, signal);
    if (!data.some((one) => one.is_first)) {
      // The list leaves out what has no URL yet, and the merchant's own endpoint is there from the beginning.
      const { webhook_endpoint_id } = await get<Merchant>("/api/v1/merchants/me", {}, signal);
      data.push(await get<WebhookEndpoint>(endpointPath(webhook_endpoint_id), {}, signal));
    }
    // The merchant's own first, the others as they came to be.
    return data.toSorted(
      (one, other) => Number(other.is_first) - Number(one.is_first) || one.created_at.localeCompare(other.created_at),
    );
  },
  meta: live,
});

export const webhooksQuery = (params: Params) =>
  queryOptions({
    queryKey: ["webhooks", "list", params],
    queryFn: ({ signal }) => get<Page<Webhook>>("/api/v1/webhooks", { ...params, total: false }, signal),
    placeholderData: keepPreviousData,
    meta: live,
  });

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ["webhooks", id],
    queryFn: ({ signal }) => get<WebhookDetails>(`/api/v1/webhooks/${encodeURIComponent(id)}`, {}, signal),
    meta: live,
  });

/** What queries show webhooks: to be asked again after a change. */
export const WEBHOOK_KEYS = [["webhooks"], ["webhook_endpoints"], ["merchant"], ["attention"]];

export const saveFirst = (webhook_url: string | null, webhook_events: string[]): Promise<unknown> =>
  call("/api/v1/merchants/me", { method: "PUT", body: { webhook_url, webhook_events } });

export interface EndpointChange {
  url?: string;
  events?: string[];
  description?: string;
  enabled?: boolean;
}

export const createEndpoint = (endpoint: EndpointChange, idempotencyKey: string): Promise<WebhookEndpoint> =>
  call("/api/v1/webhook_endpoints", { method: "POST", body: endpoint, idempotencyKey });

export const updateEndpoint = (id: string, change: EndpointChange): Promise<WebhookEndpoint> =>
  call(endpointPath(id), { method: "PUT", body: change });

export const deleteEndpoint = (id: string): Promise<unknown> => call(endpointPath(id), { method: "DELETE" });

export const revealSecret = (id: string): Promise<{ secret: string }> =>
  call(`${endpointPath(id)}/reveal`, { method: "POST", body: {} });

export const regenerateSecret = (
  id: string,
  overlap_seconds: number,
  idempotencyKey: string,
): Promise<WebhookEndpoint> =>
  call(`${endpointPath(id)}/secret`, { method: "POST", body: { overlap_seconds }, idempotencyKey });

export const sendTest = (id: string, idempotencyKey: string): Promise<{ event_id: string }> =>
  call("/api/v1/webhooks/test", { method: "POST", body: { webhook_endpoint_id: id }, idempotencyKey });

export const retryWebhook = (id: string, idempotencyKey: string): Promise<unknown> =>
  call(`/api/v1/webhooks/${encodeURIComponent(id)}/retry`, { method: "POST", body: {}, idempotencyKey });

const REPLAY_CALLS_MAX = 50; // of 5,000 events each

/** Sends what the endpoint missed while it failed; says how many deliveries were scheduled. */
export async function replayGap(id: string): Promise<number> {
  let scheduled = 0;
  let from: string | null = null;
  for (let calls = 0; calls < REPLAY_CALLS_MAX; calls += 1) {
    const answer: { scheduled: number; has_more: boolean; next_from: string | null } = await call(
      `${endpointPath(id)}/replay`,
      { method: "POST", body: from === null ? {} : { from }, idempotencyKey: newKey() },
    );
    scheduled += answer.scheduled;
    if (!answer.has_more || answer.next_from === null) break;
    from = answer.next_from;
  }
  return scheduled;
}
