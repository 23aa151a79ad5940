/**
 * What a person means to do once, however often it has to be sent.
 *
 * Each intent has one Idempotency-Key and one body. When its answer is lost both are kept, past the closing of its
 * dialog too, and nothing else can be sent under its name until an answer says how it ended: the gateway answers the
 * same request as it did before, and does it once.
 */

import { ApiError } from "./client";

interface Intent {
  key: string;
  body: unknown;
  at: number;
  lost: boolean;
}

const KEPT_MS = 23 * 3_600_000; // the gateway forgets a key after 24 hours, and would do the same again
const KEY_BYTES = 16;
// Refused before anything was looked at: that says nothing about the try whose answer was lost.
const SAYS_NOTHING = new Set([401, 403, 408, 429]);

const saysNothing = ({ status, reason }: ApiError): boolean => SAYS_NOTHING.has(status) || reason === "session_changed";

const intents = new Map<string, Intent>();
const done = new Map<string, number>();
const watchers = new Set<() => void>();

function keep(name: string, intent: Intent | null): void {
  if (intent === null) intents.delete(name);
  else intents.set(name, intent);
  for (const watcher of watchers) watcher();
}

export function watchIntents(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** A fresh Idempotency-Key. Not randomUUID, which browsers have at https:// and localhost alone. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

function kept(name: string): Intent | undefined {
  const intent = intents.get(name);
  if (intent === undefined || Date.now() - intent.at < KEPT_MS) return intent;
  intents.delete(name);
  return undefined;
}

/** The body that was sent under this name and has no answer yet; undefined when nothing is in doubt. */
export function inDoubt<B>(name: string): B | undefined {
  return kept(name)?.body as B | undefined;
}

/** How often what has this name was done since the page was loaded. */
export function timesDone(name: string): number {
  return done.get(name) ?? 0;
}

/** Sends `body`, or again what is still in doubt under this name. */
export async function once<B, R>(name: string, body: B, send: (body: B, key: string) => Promise<R>): Promise<R> {
  const intent = kept(name) ?? { key: newKey(), body, at: Date.now(), lost: false };
  keep(name, intent);
  try {
    const answer = await send(intent.body as B, intent.key);
    done.set(name, timesDone(name) + 1);
    keep(name, null);
    return answer;
  } catch (error) {
    if (!isAnswer(error)) intent.lost = true;
    else if (!intent.lost || !saysNothing(error)) keep(name, null);
    throw error;
  }
}

function isAnswer(error: unknown): error is ApiError {
  return error instanceof ApiError && !error.isInDoubt && error.reason !== "idempotency_in_progress";
}
