import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow } from "./live";

const page = Object.assign(new EventTarget(), { hidden: false });
const browser = new EventTarget();
const queries = { invalidateQueries: vi.fn(async () => {}) };
let answerMs = 0;
let etag = "1";
let under = 0;
let underMost = 0;
let stop: () => void;

const asked = vi.fn(async (_path: string, request: RequestInit) => {
  under += 1;
  underMost = Math.max(underMost, under);
  await new Promise((done) => setTimeout(done, answerMs));
  under -= 1;
  const known = new Headers(request.headers).get("If-None-Match") === etag;
  return new Response(known ? null : "{}", { status: known ? 304 : 200, headers: { ETag: etag } });
});

/** How often the API is asked in so many seconds. */
async function pollsIn(seconds: number): Promise<number> {
  const before = asked.mock.calls.length;
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  return asked.mock.calls.length - before;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", browser);
  vi.stubGlobal("fetch", asked);
  [answerMs, etag, under, underMost] = [0, "1", 0, 0];
  page.hidden = false;
  asked.mockClear();
  queries.invalidateQueries.mockClear();
  stop = follow(queries);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("however often the network comes and the page is seen, there is one loop", async () => {
  expect(await pollsIn(20)).toBe(10);
  answerMs = 600;
  for (let times = 0; times < 12; times += 1) {
    browser.dispatchEvent(new Event("online"));
    page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(300);
  }
  expect(underMost).toBe(1);
  answerMs = 0;
  await vi.advanceTimersByTimeAsync(4_000);
  expect(await pollsIn(20)).toBe(10);
});

test("a network that comes and goes is asked once it has settled", async () => {
  await vi.advanceTimersByTimeAsync(100);
  const before = asked.mock.calls.length;
  for (let times = 0; times < 10; times += 1) {
    browser.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked.mock.calls.length).toBe(before);
  expect(await pollsIn(1)).toBe(1);
});

test("nothing is asked while the page is hidden, and at once when it is seen", async () => {
  await pollsIn(4);
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  expect(await pollsIn(60)).toBe(0);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  expect(await pollsIn(1)).toBe(1);
});

test("a change is shown once, and nothing is asked after the end", async () => {
  await pollsIn(4);
  expect(queries.invalidateQueries).not.toHaveBeenCalled();
  etag = "2";
  await pollsIn(4);
  expect(queries.invalidateQueries).toHaveBeenCalledOnce();
  stop();
  expect(await pollsIn(60)).toBe(0);
});
