import { afterEach, expect, test, vi } from "vitest";
import { ApiError } from "./client";
import { inDoubt, newKey, once } from "./intents";

const refused = (status: number, reason = "no") => new ApiError(status, { code: "X", description: "No", reason });
const lost = new ApiError(0, { code: "X", description: "No" }, { isInDoubt: true });

/** Sends under one name; what was sent is in `sent`. */
function sender(name: string) {
  const sent: [unknown, string][] = [];
  const send = (body: unknown, problem?: Error): Promise<unknown> =>
    once(name, body, async (body, key) => {
      sent.push([body, key]);
      if (problem) throw problem;
      return "done";
    }).catch((error: unknown) => error);
  return { sent, send };
}

afterEach(() => vi.useRealTimers());

test("a lost answer is asked for with the same key and body, whatever is typed meanwhile, until it comes", async () => {
  const { sent, send } = sender("refund 1");
  expect(await send({ amount: 100 }, lost)).toBe(lost);
  expect(inDoubt("refund 1")).toEqual({ amount: 100 });
  const early = [refused(401), refused(403), refused(429), refused(409, "session_changed")];
  for (const problem of [lost, ...early, refused(409, "idempotency_in_progress")]) {
    await send({ amount: 900 }, problem);
    expect(inDoubt("refund 1")).toEqual({ amount: 100 });
  }
  expect(await send({ amount: 900 })).toBe("done");
  expect(new Set(sent.map((each) => JSON.stringify(each))).size).toBe(1);
  expect(inDoubt("refund 1")).toBeUndefined();
  await send({ amount: 900 });
  expect(sent.at(-1)?.[0]).toEqual({ amount: 900 });
  expect(sent.at(-1)?.[1]).not.toBe(sent[0]?.[1]);
});

test("after a refusal something else is sent under another key", async () => {
  const { sent, send } = sender("refund 2");
  await send({ amount: 100 }, refused(400));
  expect(inDoubt("refund 2")).toBeUndefined();
  await send({ amount: 50 });
  expect(sent.map(([body]) => body)).toEqual([{ amount: 100 }, { amount: 50 }]);
  expect(sent[0]?.[1]).not.toBe(sent[1]?.[1]);
});

test("a refusal of what was in doubt ends the doubt: the first try did nothing", async () => {
  const { send } = sender("refund 3");
  await send({ amount: 100 }, lost);
  await send({ amount: 100 }, refused(400));
  expect(inDoubt("refund 3")).toBeUndefined();
});

test("sent twice at the same time, it has one key", async () => {
  const keys: string[] = [];
  const both = [1, 2].map(() => once("refund 4", {}, async (_, key) => keys.push(key)));
  await Promise.all(both);
  expect(new Set(keys).size).toBe(1);
});

test("names do not share an intent, and none outlives the gateway's memory of its key", async () => {
  vi.useFakeTimers();
  await sender("refund 5").send({ amount: 100 }, lost);
  expect(inDoubt("refund 6")).toBeUndefined();
  vi.advanceTimersByTime(24 * 3_600_000);
  expect(inDoubt("refund 5")).toBeUndefined();
});

test("keys need no secure context", () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
  expect(newKey()).not.toBe(newKey());
  vi.unstubAllGlobals();
});
