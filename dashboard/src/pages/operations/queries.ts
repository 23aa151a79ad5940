/** What operators ask for. Asked again every few seconds: a queue changes for no merchant in particular. */

import { queryOptions } from "@tanstack/react-query";
import { call } from "../../api/client";
import { get } from "../../api/queries";
import type { DeadJob, Health, OperationsState } from "../../api/shapes";

const EVERY_MS = 5_000;

export const operationsQuery = queryOptions({
  queryKey: ["operations"],
  queryFn: ({ signal }) => get<OperationsState>("/api/v1/operations", {}, signal),
  refetchInterval: EVERY_MS,
});

export const deadJobsQuery = queryOptions({
  queryKey: ["operations", "dead_jobs"],
  queryFn: ({ signal }) => get<{ data: DeadJob[] }>("/api/v1/operations/dead_jobs", {}, signal),
  refetchInterval: EVERY_MS,
});

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => get<Health>("/health", {}, signal),
  refetchInterval: EVERY_MS,
  retry: false,
});

export const retryDeadJob = (id: string): Promise<unknown> =>
  call(`/api/v1/operations/dead_jobs/${encodeURIComponent(id)}/retry`, { method: "POST", body: {} });
