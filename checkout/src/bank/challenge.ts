/** What the simulated bank asks its customer, and the calls that answer it. */

import { call, type Reply } from "../common/http";
import { fields, integer, oneOf, text } from "../common/read";

export interface Challenge {
  payment_id: string;
  type: "otp" | "upi_app";
  payee: string;
  amount: number;
  currency: string;
  status: "open" | "approved" | "declined" | "cancelled" | "expired";
  attempts_left: number;
  expires_at: string | null;
}

export type Answer = { action: "submit_code"; code: string } | { action: "approve" | "decline" | "cancel" };

/** `closed`: it was answered elsewhere or its time is over, so its state has to be read again. */
export type Outcome = Challenge | "unknown" | "closed" | "lost";

const ANSWER_MS = 15_000;
const TYPES = ["otp", "upi_app"] as const;
const STATUSES = ["open", "approved", "declined", "cancelled", "expired"] as const;

export async function read(paymentId: string): Promise<Outcome> {
  return outcome(await call(path(paymentId), { timeoutMs: ANSWER_MS }));
}

export async function answer(paymentId: string, given: Answer): Promise<Outcome> {
  return outcome(await call(path(paymentId), { method: "POST", body: given, timeoutMs: ANSWER_MS }));
}

function path(paymentId: string): string {
  return `/api/v1/test/bank/challenges/${encodeURIComponent(paymentId)}`;
}

export function outcome(reply: Reply | null): Outcome {
  if (reply === null || reply.status === 429) return "lost";
  if (reply.status < 300) return asChallenge(reply.body) ?? "lost";
  return text(fields(fields(reply.body).error), "reason") === "challenge_closed" ? "closed" : "unknown";
}

function asChallenge(body: unknown): Challenge | null {
  const from = fields(body);
  const payment_id = text(from, "payment_id");
  const type = oneOf(from, "type", TYPES);
  const status = oneOf(from, "status", STATUSES);
  const amount = integer(from, "amount");
  const currency = text(from, "currency");
  if (payment_id === null || type === null || status === null || amount === null || currency === null) return null;
  return {
    payment_id,
    type,
    payee: text(from, "payee") ?? "",
    amount,
    currency,
    status,
    attempts_left: integer(from, "attempts_left") ?? 0,
    expires_at: text(from, "expires_at"),
  };
}
