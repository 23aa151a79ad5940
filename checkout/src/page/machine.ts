/**
 * The checkout as a state machine: every screen, every event, and where each leads.
 *
 * It is pure. What a screen does meanwhile (asking the server, waiting) is its activity, which run.ts carries out; what
 * it looks like is in screens.tsx. Only a payment's own status makes it succeeded or failed: a request that was lost,
 * refused or never answered leads to asking again.
 */

import { digitsOf } from "../shared/digits";
import { cvvDigits, expiryOf, isExpired, type NumberProblem, networkOf, numberProblem } from "./card";
import type { NextAction, Order, Payment } from "./payment";
import { isVpa } from "./vpa";

export type Method = "upi" | "card";

/** What the customer has typed. */
export interface Draft {
  vpa: string;
  number: string;
  expiry: string;
  cvv: string;
  name: string;
}
export type FieldName = keyof Draft;

export type Problem =
  | "vpa_missing"
  | "vpa_shape"
  | NumberProblem
  | "expiry_missing"
  | "expiry_shape"
  | "expired"
  | "cvv_missing"
  | "cvv_length"
  | "cvv_length_amex"
  | "name_missing"
  | "refused";
export type Problems = Readonly<Partial<Record<FieldName, Problem>>>;

export type Instrument =
  | { method: "upi"; vpa: string }
  | {
      method: "card";
      card: { number: string; expiry_month: number; expiry_year: number; cvv: string; holder_name: string };
    };

/** Why the answer is not here yet; null while all is well. */
export type Trouble = "lost" | "busy" | null;

export type BlockedReason =
  | "missing_order"
  | "unknown_order"
  | "invalid_key"
  | "expired"
  | "cancelled"
  | "paid"
  | "refunded"
  | "unreachable"
  | "busy";

/** A sentence above the form, about what became of the last try. */
export type Notice = { said: string } | "try_again" | null;

export type Screen =
  | { at: "loading" }
  | { at: "choose"; notice: Notice }
  | { at: "paying"; key: string; instrument: Instrument; trouble: Trouble }
  | { at: "processing"; paymentId: string; trouble: Trouble }
  | { at: "action"; payment: Payment; action: NextAction; trouble: Trouble }
  | { at: "succeeded"; payment: Payment; earlier: boolean }
  | { at: "failed"; payment: Payment }
  | { at: "blocked"; reason: BlockedReason; retryAfterSeconds: number };

export interface State {
  orderId: string;
  order: Order | null;
  method: Method;
  draft: Draft;
  problems: Problems;
  online: boolean;
  screen: Screen;
}

export type CheckoutEvent =
  | { type: "loaded"; order: Order; payment: Payment | null }
  | { type: "blocked"; reason: BlockedReason; retryAfterSeconds?: number }
  | { type: "reload" }
  | { type: "method"; method: Method }
  | { type: "typed"; field: FieldName; text: string }
  | { type: "left"; field: FieldName; today: Date }
  | { type: "prefill"; vpa?: string; name?: string }
  | { type: "pay"; key: string; today: Date }
  | { type: "pay_by_app"; key: string }
  | { type: "trouble"; trouble: Trouble }
  | { type: "refused_field"; field: FieldName; problem: Problem }
  | { type: "refused"; notice: Notice }
  | { type: "follow"; paymentId: string }
  | { type: "payment"; payment: Payment }
  | { type: "try_again" }
  | { type: "connection"; online: boolean };

/** What goes on while a state lasts. Two states with equal keys share one activity, which is then not begun again. */
export type Activity =
  | { kind: "load"; key: string }
  | { kind: "reload"; key: string; afterMs: number }
  | { kind: "until_expiry"; key: string; expiresAt: string }
  | { kind: "pay"; key: string; idempotencyKey: string; instrument: Instrument }
  | { kind: "follow"; key: string; paymentId: string; patient: boolean };

/** The VPA with which the simulated bank lets its app ask: the customer types none there. */
export const APP_VPA = "app@magic";

const UNREACHABLE_RETRY_SECONDS = 5;
const NO_DRAFT: Draft = { vpa: "", number: "", expiry: "", cvv: "", name: "" };

export function begin(orderId: string | null, online: boolean): State {
  return {
    orderId: orderId ?? "",
    order: null,
    method: "upi",
    draft: NO_DRAFT,
    problems: {},
    online,
    screen: orderId ? { at: "loading" } : { at: "blocked", reason: "missing_order", retryAfterSeconds: 0 },
  };
}

/** The state after the event; the same object if the event means nothing there. */
export function step(state: State, event: CheckoutEvent): State {
  const { screen } = state;
  switch (event.type) {
    case "loaded":
      return loaded(state, event.order, event.payment);

    case "blocked": {
      if (screen.at !== "loading" && screen.at !== "choose" && screen.at !== "paying" && screen.at !== "blocked")
        return state;
      // A form that is open stays open: paying will say what is wrong, if it still is then.
      const passing = event.reason === "unreachable" || event.reason === "busy";
      if (screen.at === "choose" && passing) return state;
      if (screen.at === "blocked" && screen.reason === event.reason) return state;
      const retryAfterSeconds = event.retryAfterSeconds ?? UNREACHABLE_RETRY_SECONDS;
      return withoutCard({ ...state, screen: { at: "blocked", reason: event.reason, retryAfterSeconds } });
    }

    case "reload":
      return screen.at === "blocked" && screen.reason !== "missing_order"
        ? { ...state, screen: { at: "loading" } }
        : state;

    case "method":
      if (screen.at !== "choose" || state.method === event.method) return state;
      return { ...state, method: event.method, problems: {}, screen: { at: "choose", notice: null } };

    case "typed": {
      if (screen.at !== "choose") return state;
      const draft = { ...state.draft, [event.field]: event.text };
      return { ...state, draft, problems: without(state.problems, event.field) };
    }

    case "left": {
      // Whoever only passes through an empty field is not told off.
      if (screen.at !== "choose" || state.draft[event.field].trim() === "") return state;
      const problem = problemOf(event.field, state.draft, event.today);
      return problem === null ? state : { ...state, problems: { ...state.problems, [event.field]: problem } };
    }

    case "prefill": {
      const { vpa, name } = state.draft;
      return { ...state, draft: { ...state.draft, vpa: vpa || (event.vpa ?? ""), name: name || (event.name ?? "") } };
    }

    case "pay": {
      if (screen.at !== "choose") return state;
      const problems = problemsOf(state.method, state.draft, event.today);
      if (Object.keys(problems).length > 0) return { ...state, problems };
      return paying(state, event.key, instrumentOf(state.method, state.draft));
    }

    case "pay_by_app":
      if (screen.at !== "choose" || !state.order?.test_mode) return state;
      return paying(state, event.key, { method: "upi", vpa: APP_VPA });

    case "trouble":
      if (screen.at !== "paying" && screen.at !== "processing" && screen.at !== "action") return state;
      return screen.trouble === event.trouble ? state : { ...state, screen: { ...screen, trouble: event.trouble } };

    case "refused_field":
      if (screen.at !== "paying") return state;
      return { ...state, problems: { [event.field]: event.problem }, screen: { at: "choose", notice: null } };

    case "refused":
      return screen.at === "paying" ? { ...state, screen: { at: "choose", notice: event.notice } } : state;

    case "follow":
      if (screen.at !== "paying" && screen.at !== "choose") return state;
      return follow(state, event.paymentId);

    case "payment":
      return settled(state, event.payment, false);

    case "try_again":
      if (screen.at !== "failed") return state;
      return withoutCard({ ...state, problems: {}, screen: { at: "choose", notice: null } });

    case "connection":
      return state.online === event.online ? state : { ...state, online: event.online };
  }
}

function loaded(before: State, order: Order, payment: Payment | null): State {
  const { screen } = before;
  if (screen.at !== "loading" && screen.at !== "blocked" && screen.at !== "choose") return before;
  const state = { ...before, order };
  const paidEarlier = order.status === "paid";
  if (payment !== null && payment.status !== "failed") return settled(state, payment, paidEarlier);
  if (payment === null && order.payment_id !== null) return follow(state, order.payment_id);
  if (order.status === "paid" || order.status === "expired" || order.status === "cancelled") {
    return withoutCard({ ...state, screen: { at: "blocked", reason: order.status, retryAfterSeconds: 0 } });
  }
  return screen.at === "choose" ? state : { ...state, screen: { at: "choose", notice: null } };
}

/** The screen that a payment's own status asks for. */
function settled(state: State, payment: Payment, earlier: boolean): State {
  const { screen } = state;
  // An answer about another payment than the one on the screen comes too late.
  const shown = screen.at === "processing" ? screen.paymentId : screen.at === "action" ? screen.payment.id : payment.id;
  if (screen.at === "succeeded" || screen.at === "failed" || shown !== payment.id) return state;
  switch (payment.status) {
    case "refunded":
      return withoutCard({ ...state, screen: { at: "blocked", reason: "refunded", retryAfterSeconds: 0 } });
    case "success":
    case "partially_refunded":
      return withoutCard({ ...state, screen: { at: "succeeded", payment, earlier } });
    case "failed":
      return withoutCard({ ...state, screen: { at: "failed", payment } });
    case "pending":
      if (payment.next_action === null) return follow(state, payment.id);
      if (screen.at === "action" && screen.action.url === payment.next_action.url && screen.trouble === null)
        return state;
      return withoutCard({ ...state, screen: { at: "action", payment, action: payment.next_action, trouble: null } });
  }
}

function follow(state: State, paymentId: string): State {
  const { screen } = state;
  if (screen.at === "processing" && screen.paymentId === paymentId && screen.trouble === null) return state;
  return withoutCard({ ...state, screen: { at: "processing", paymentId, trouble: null } });
}

function paying(state: State, key: string, instrument: Instrument): State {
  return { ...state, problems: {}, screen: { at: "paying", key, instrument, trouble: null } };
}

/** Once the server has the card, or will never want it, the page forgets it. */
function withoutCard(state: State): State {
  const { draft } = state;
  if (draft.number === "" && draft.expiry === "" && draft.cvv === "") return state;
  return { ...state, draft: { ...draft, number: "", expiry: "", cvv: "" } };
}

function without(problems: Problems, field: FieldName): Problems {
  const { [field]: _, ...rest } = problems;
  return rest;
}

const FIELDS: Record<Method, readonly FieldName[]> = { upi: ["vpa"], card: ["number", "expiry", "cvv", "name"] };

export function problemsOf(method: Method, draft: Draft, today: Date): Problems {
  const problems: Partial<Record<FieldName, Problem>> = {};
  for (const field of FIELDS[method]) {
    const problem = problemOf(field, draft, today);
    if (problem !== null) problems[field] = problem;
  }
  return problems;
}

/** The first of the method's fields, in the order they stand in, that has a problem. */
export function firstWrong({ method, problems }: State): FieldName | null {
  return FIELDS[method].find((field) => problems[field] !== undefined) ?? null;
}

function problemOf(field: FieldName, draft: Draft, today: Date): Problem | null {
  switch (field) {
    case "vpa": {
      const vpa = draft.vpa.trim();
      if (vpa === "") return "vpa_missing";
      return isVpa(vpa) ? null : "vpa_shape";
    }
    case "number":
      return numberProblem(draft.number);
    case "expiry": {
      if (draft.expiry === "") return "expiry_missing";
      const expiry = expiryOf(draft.expiry);
      if (expiry === null) return "expiry_shape";
      return isExpired(expiry, today) ? "expired" : null;
    }
    case "cvv": {
      const wanted = cvvDigits(networkOf(digitsOf(draft.number)));
      if (draft.cvv === "") return "cvv_missing";
      if (draft.cvv.length === wanted) return null;
      return wanted === 4 ? "cvv_length_amex" : "cvv_length";
    }
    case "name":
      return draft.name.trim() === "" ? "name_missing" : null;
  }
}

function instrumentOf(method: Method, draft: Draft): Instrument {
  if (method === "upi") return { method, vpa: draft.vpa.trim() };
  const expiry = expiryOf(draft.expiry) ?? { month: 0, year: 0 };
  return {
    method,
    card: {
      number: digitsOf(draft.number),
      expiry_month: expiry.month,
      expiry_year: expiry.year,
      cvv: draft.cvv,
      holder_name: draft.name.trim(),
    },
  };
}

export function activityOf({ screen, order }: State): Activity | null {
  switch (screen.at) {
    case "loading":
      return { kind: "load", key: "load" };
    case "blocked": {
      const passing = screen.reason === "unreachable" || screen.reason === "busy";
      const afterMs = screen.retryAfterSeconds * 1_000;
      return passing ? { kind: "reload", key: `reload ${screen.reason}`, afterMs } : null;
    }
    case "choose": {
      const expiresAt = order?.expires_at ?? null;
      return expiresAt === null ? null : { kind: "until_expiry", key: `until ${expiresAt}`, expiresAt };
    }
    case "paying":
      return { kind: "pay", key: `pay ${screen.key}`, idempotencyKey: screen.key, instrument: screen.instrument };
    case "processing":
      return { kind: "follow", key: `follow ${screen.paymentId}`, paymentId: screen.paymentId, patient: true };
    case "action":
      return { kind: "follow", key: `watch ${screen.payment.id}`, paymentId: screen.payment.id, patient: false };
    case "succeeded":
    case "failed":
      return null;
  }
}
