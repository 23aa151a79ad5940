/** One request to our own origin: an answer, or nothing that can be relied on. */

export interface Reply {
  status: number;
  /** The JSON body; null if there was none. */
  body: unknown;
  retryAfterSeconds: number | null;
}

export interface Call {
  method?: "GET" | "POST";
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  timeoutMs: number;
  signal?: AbortSignal;
}

const RETRY_AFTER_SECONDS_MAX = 60;

let clockOffsetMs = 0;

/** The time by the server's clock: deadlines are the server's, and phones are often minutes off. */
export function serverNow(): number {
  return Date.now() + clockOffsetMs;
}

/** Null when it is not known what happened: no connection, no answer in time, or an answer that the server did not mean. */
export async function call(
  path: string,
  { method = "GET", body, headers, timeoutMs, signal }: Call,
): Promise<Reply | null> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  const timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    const response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: abort.signal,
    });
    const parsed: unknown = await response.json().catch(() => null);
    learnClock(response.headers.get("Date"));
    const reply = {
      status: response.status,
      body: parsed,
      retryAfterSeconds: retryAfter(response.headers.get("Retry-After")),
    };
    return response.status >= 500 || (response.ok && parsed === null) ? null : reply;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function learnClock(date: string | null): void {
  const server = date === null ? Number.NaN : Date.parse(date);
  // The header counts whole seconds: less than two of them are no difference.
  if (Number.isFinite(server)) clockOffsetMs = Math.abs(server - Date.now()) < 2_000 ? 0 : server - Date.now();
}

function retryAfter(header: string | null): number | null {
  const seconds = header === null ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, RETRY_AFTER_SECONDS_MAX) : null;
}

/** Sleeps until the time is over, it is woken, or nobody waits for it any more. */
export function pause(ms: number, signal: AbortSignal, wake?: EventTarget): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      wake?.removeEventListener("wake", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    wake?.addEventListener("wake", done);
  });
}
