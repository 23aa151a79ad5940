import { afterEach, expect, test, vi } from "vitest";
import { adviceFor } from "../ui/ErrorState";
import { ApiError, address, call, listen, speakFor } from "./client";

function answers(status: number, body: string, headers: Record<string, string> = {}) {
  const fetching = vi.fn<typeof fetch>(async () => new Response(body, { status, headers }));
  vi.stubGlobal("fetch", fetching);
  return fetching;
}

async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => null,
    (problem: unknown) => problem,
  );
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${String(error)}`);
  return error;
}

afterEach(() => {
  vi.unstubAllGlobals();
  listen({ ended: () => {}, changed: () => {} });
});

test("an error carries what the API said, for programs and for people", async () => {
  const error = {
    code: "BAD_REQUEST_ERROR",
    reason: "too_small",
    field: "amount",
    description: "No",
    request_id: "r1",
  };
  answers(400, JSON.stringify({ error }));
  const found = await errorOf(call("/api/v1/orders"));
  expect([found.status, found.code, found.reason, found.field, found.description, found.requestId]).toEqual([
    400,
    "BAD_REQUEST_ERROR",
    "too_small",
    "amount",
    "No",
    "r1",
  ]);
});

test("what is not JSON is never shown as if the API had said it", async () => {
  answers(502, "<h1>Bad gateway</h1>");
  const found = await errorOf(call("/api/v1/orders"));
  expect(found.code).toBe("UNEXPECTED_ANSWER");
  expect(found.description).not.toContain("<h1>");
});

test("no connection is an error with status 0", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  expect((await errorOf(call("/api/v1/orders"))).status).toBe(0);
});

test("of a write whose answer was lost, or was none of the gateway's, nobody says that nothing was changed", async () => {
  const write = () => errorOf(call("/api/v1/payments/p/refunds", { method: "POST", body: {} }));
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  expect((await write()).isInDoubt).toBe(true);
  expect((await errorOf(call("/api/v1/orders"))).isInDoubt).toBe(false);
  for (const status of [500, 502, 503, 504]) {
    answers(status, "<h1>No</h1>");
    expect((await write()).isInDoubt).toBe(true);
    expect(adviceFor(await write())).toContain("not known");
  }
  answers(201, '{"id": "rf');
  expect((await write()).isInDoubt).toBe(true);
  answers(400, JSON.stringify({ error: { code: "X", description: "No" } }));
  expect((await write()).isInDoubt).toBe(false);
});

test("what is not answered is given up, a write as one that may have been done", async () => {
  const late = new AbortController();
  const limit = vi.spyOn(AbortSignal, "timeout").mockReturnValue(late.signal);
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  });
  const given = new AbortController();
  const write = errorOf(call("/api/v1/payments/p/refunds", { method: "POST", body: {} }));
  const read = errorOf(call("/api/v1/payments", { signal: given.signal }));
  late.abort();
  expect((await write).isInDoubt).toBe(true);
  expect((await read).status).toBe(0);
  limit.mockRestore();

  const left = call("/api/v1/payments", { signal: given.signal });
  given.abort();
  await expect(left).rejects.toBe(given.signal.reason);
});

test("Retry-After is read in seconds", async () => {
  answers(429, JSON.stringify({ error: { code: "RATE", description: "Slow" } }), { "Retry-After": "17" });
  expect((await errorOf(call("/api/v1/session", { method: "POST" }))).retryAfterSeconds).toBe(17);
});

test("a 401 in the middle of work says that the session has ended; a wrong password does not", async () => {
  const signedOut = vi.fn();
  listen({ ended: signedOut, changed: () => {} });
  answers(401, JSON.stringify({ error: { code: "AUTHENTICATION_ERROR", description: "No" } }));
  await errorOf(call("/api/v1/session", { method: "POST", body: {} }));
  expect(signedOut).not.toHaveBeenCalled();
  await errorOf(call("/api/v1/payments"));
  expect(signedOut).toHaveBeenCalledOnce();
});

test("every call says whom the page shows, and hears that the session is somebody else's by now", async () => {
  const changed = vi.fn();
  listen({ ended: () => {}, changed });
  speakFor("user-1", "merchant-1");
  const error = { code: "CONFLICT_ERROR", reason: "session_changed", description: "No" };
  const fetching = answers(409, JSON.stringify({ error }));
  await errorOf(call("/api/v1/payments"));
  expect(fetching.mock.calls[0]?.[1]?.headers).toMatchObject({ "X-User-Id": "user-1", "X-Merchant-Id": "merchant-1" });
  expect(changed).toHaveBeenCalledOnce();
  speakFor("user-1", null);
  await errorOf(call("/api/v1/operations"));
  expect(fetching.mock.calls[1]?.[1]?.headers).not.toHaveProperty("X-Merchant-Id");
});

test("calls are same-origin JSON, and say when nobody asked for them", async () => {
  const fetching = answers(200, "{}");
  await call("/api/v1/payments/p/void", { method: "POST", background: true, idempotencyKey: "k" });
  const [url, request] = fetching.mock.calls[0] ?? [];
  expect(url).toBe("/api/v1/payments/p/void");
  expect(request?.credentials).toBe("same-origin");
  expect(request?.headers).toMatchObject({
    "Content-Type": "application/json",
    "X-Background": "1",
    "Idempotency-Key": "k",
  });
});

test("parameters that are not set are left out, the others are escaped", () => {
  expect(address("/p", { a: "x&y=1", b: "", c: null, d: undefined, e: 0, f: false })).toBe(
    "/p?a=x%26y%3D1&e=0&f=false",
  );
});
