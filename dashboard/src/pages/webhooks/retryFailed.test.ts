import { expect, test } from "vitest";
import { ApiError } from "../../api/client";
import type { Page, Webhook } from "../../api/shapes";
import { RETRIED_MAX, type Retrying, retryFailed } from "./retryFailed";

function failing(count: number) {
  const ids = Array.from({ length: count }, (_, place) => `w${place}`);
  const list = async (after: string | undefined, limit: number): Promise<Page<Webhook>> => {
    const from = after === undefined ? 0 : ids.indexOf(after) + 1;
    const data = ids.slice(from, from + limit).map((id) => ({ id }) as Webhook);
    return { data, has_more: from + limit < ids.length };
  };
  return { ids, list };
}

const refused = new ApiError(400, { code: "BAD_REQUEST_ERROR", description: "The webhook endpoint is disabled" });

test("each is retried once, over all pages", async () => {
  const { ids, list } = failing(230);
  const retried: string[] = [];
  const told: Retrying[] = [];
  const end = await retryFailed(
    { list, retry: async (id) => retried.push(id) },
    (state) => told.push(state),
    new AbortController().signal,
  );
  expect(retried.toSorted()).toEqual(ids.toSorted());
  expect(end).toEqual({ found: 230, retried: 230, refused: 0, refusal: null });
  expect(told).toHaveLength(231);
});

test("one that is refused stops no other, and its reason is kept", async () => {
  const { list } = failing(9);
  const retry = async (id: string): Promise<void> => {
    if (id === "w3" || id === "w4") throw refused;
  };
  expect(await retryFailed({ list, retry }, () => {}, new AbortController().signal)).toEqual({
    found: 9,
    retried: 7,
    refused: 2,
    refusal: "The webhook endpoint is disabled",
  });
});

test("a gateway that does not answer ends it", async () => {
  const { list } = failing(50);
  const busy = new ApiError(503, { code: "UNAVAILABLE", description: "Busy" });
  let tries = 0;
  const retry = async (): Promise<void> => {
    tries += 1;
    throw busy;
  };
  await expect(retryFailed({ list, retry }, () => {}, new AbortController().signal)).rejects.toBe(busy);
  expect(tries).toBeLessThan(10);
});

test("it is bounded, and can be stopped", async () => {
  const { list } = failing(RETRIED_MAX + 300);
  const end = await retryFailed({ list, retry: async () => {} }, () => {}, new AbortController().signal);
  expect(end.retried).toBe(RETRIED_MAX);
  const stop = new AbortController();
  let count = 0;
  const stopped = await retryFailed(
    {
      list,
      retry: async () => {
        count += 1;
        if (count === 5) stop.abort();
      },
    },
    () => {},
    stop.signal,
  );
  expect(stopped.retried).toBeLessThan(10);
});
