/** Calls our API: relative addresses, the session's cookie, JSON both ways, one kind of error. */

export interface ErrorDetails {
  code: string;
  description: string;
  field?: string;
  reason?: string;
  request_id?: string;
}

/** What the API answered instead of what was asked for; status 0 means that no answer came. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly description: string;
  readonly field: string | undefined;
  readonly reason: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** Whether it was a write of which nobody can say if it was done: its answer was lost, or was no answer to it. */
  readonly isInDoubt: boolean;

  constructor(
    status: number,
    details: ErrorDetails,
    { retryAfterSeconds, isInDoubt = false }: { retryAfterSeconds?: number | undefined; isInDoubt?: boolean } = {},
  ) {
    super(details.description);
    this.status = status;
    this.code = details.code;
    this.description = details.description;
    this.field = details.field;
    this.reason = details.reason;
    this.requestId = details.request_id;
    this.retryAfterSeconds = retryAfterSeconds;
    this.isInDoubt = isInDoubt;
  }
}

export type Params = Record<string, string | number | boolean | null | undefined>;

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  params?: Params;
  /** Nobody asked for this call: it must not keep the session alive. */
  background?: boolean;
  /** Of a POST that creates or moves money: sent again, it has the same effect once. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Whom the page shows. The API refuses a call (409 `session_changed`) whose session is somebody else's by now. */
let shown: Record<string, string> = {};

export function speakFor(user: string, merchant: string | null): void {
  shown = { "X-User-Id": user, ...(merchant === null ? {} : { "X-Merchant-Id": merchant }) };
}

interface Listeners {
  /** Nobody is signed in any more, as the API said in the middle of work. */
  ended: () => void;
  /** The session is another user's or merchant's than what the page shows. */
  changed: () => void;
}

let listeners: Listeners = { ended: () => {}, changed: () => {} };

export function listen(to: Listeners): void {
  listeners = to;
}

// Longer than any call takes. A connection that died keeps a browser waiting for a quarter of an hour, and a dialog open.
const ANSWER_MS_MAX = 60_000;

let foregroundAt = 0;

/** When the session was last kept alive by a call, in ms since 1970. */
export function lastForegroundCall(): number {
  return foregroundAt;
}

/** What the browser knows of it: it says so only when there is no network at all. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false;

export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** The answer itself, for callers that read its headers; anything but 2xx and 304 is an ApiError. */
export async function send(path: string, options: CallOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...shown, ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.background) headers["X-Background"] = "1";
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  const method = options.method ?? "GET";
  // A write without a body still says that it is JSON: the API takes no other kind from a cookie.
  if (method !== "GET") headers["Content-Type"] = "application/json";
  const late = AbortSignal.timeout(ANSWER_MS_MAX);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  const request: RequestInit = { method, headers, credentials: "same-origin", signal };
  if (options.body !== undefined) request.body = JSON.stringify(options.body);
  let response: Response;
  try {
    response = await fetch(address(path, options.params), request);
  } catch (problem) {
    if (options.signal?.aborted) throw problem;
    throw unanswered(isWrite(path, options));
  }
  if (!options.background) foregroundAt = Date.now();
  if (response.ok || response.status === 304) return response;
  const error = await failure(response, isWrite(path, options));
  // Asking for the session, or for a new one, is answered to who asks.
  if (error.status === 401 && path !== "/api/v1/session") listeners.ended();
  if (error.reason === "session_changed") listeners.changed();
  throw error;
}

/** The answer's JSON. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  try {
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } catch (problem) {
    if (options.signal?.aborted) throw problem;
    throw unanswered(isWrite(path, options));
  }
}

/** Signing in and out is none: whoever has no answer to that does it again. */
function isWrite(path: string, options: CallOptions): boolean {
  return options.method !== undefined && options.method !== "GET" && path !== "/api/v1/session";
}

function unanswered(isInDoubt: boolean): ApiError {
  const details = {
    code: "UNREACHABLE",
    description: isInDoubt
      ? "No answer came from the gateway. Check your connection."
      : isOffline()
        ? "You are offline. Try again when you are connected."
        : "The gateway could not be reached. Check your connection.",
  };
  return new ApiError(0, details, { isInDoubt });
}

async function failure(response: Response, ofWrite: boolean): Promise<ApiError> {
  const waits = Number(response.headers.get("Retry-After"));
  const retryAfterSeconds = Number.isFinite(waits) && waits > 0 ? waits : undefined;
  let details: ErrorDetails = {
    code: "UNEXPECTED_ANSWER",
    description: `The gateway answered ${response.status}. Try again in a moment.`,
  };
  try {
    const body: unknown = await response.json();
    const error = isRecord(body) && isRecord(body.error) ? body.error : null;
    if (error && typeof error.code === "string" && typeof error.description === "string") {
      details = { code: error.code, description: error.description };
      if (typeof error.field === "string") details.field = error.field;
      if (typeof error.reason === "string") details.reason = error.reason;
      if (typeof error.request_id === "string") details.request_id = error.request_id;
    }
  } catch {
    // Not JSON: something between us and the API answered. Its words would mean nothing to the reader.
  }
  return new ApiError(response.status, details, { retryAfterSeconds, isInDoubt: ofWrite && response.status >= 500 });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
