/** What sends something to an endpoint because a person wants it to: a delivery again, a test event. */

import { useQueryClient } from "@tanstack/react-query";
import { tellDone, tellProblem, useIntent } from "../../ui";
import { retryWebhook, sendTest, WEBHOOK_KEYS } from "./queries";

function useRefresh(): () => void {
  const queries = useQueryClient();
  return () => {
    for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
  };
}

export function useRetry(webhookId: string): { busy: boolean; retry: () => void } {
  const { busy, send } = useIntent<null, unknown>({
    name: `retry ${webhookId}`,
    send: (_, key) => retryWebhook(webhookId, key),
    done: () => tellDone("The delivery starts again"),
    failed: tellProblem,
    refresh: useRefresh(),
  });
  return { busy, retry: () => void send(null) };
}

export function useTest(endpointId: string): { busy: boolean; test: () => void } {
  const { busy, send } = useIntent<null, unknown>({
    name: `test ${endpointId}`,
    send: (_, key) => sendTest(endpointId, key),
    done: () => tellDone("A test event is on its way. Watch it below."),
    failed: tellProblem,
    refresh: useRefresh(),
  });
  return { busy, test: () => void send(null) };
}
