/** Carries the state machine out: holds the state, and does what each screen does meanwhile. */

import { pause, serverNow } from "../shared/http";
import type { Again, Api } from "./api";
import { type Activity, activityOf, type CheckoutEvent, type State, step } from "./machine";

export interface Checkout {
  state(): State;
  dispatch(event: CheckoutEvent): void;
  /** Calls back after every change, with the state before it. */
  watch(watcher: (before: State) => void): () => void;
  /** Something happened that may have changed the answer: ask now. */
  wake(): void;
  /** Asks whether the order is still open, while the form is shown. */
  recheck(): void;
  /** Whether the wish to cancel was heard; what comes of it, the payment's own status tells. */
  cancel(paymentId: string): Promise<boolean>;
}

/** A request that is lost this often in a row is called lost; it is repeated all the same. */
const QUIET_TRIES = 2;
const REPEAT_MS = [500, 1_000, 2_000, 4_000, 8_000];
const POLL_MS = 2_000;
const POLL_ACTION_MS = 1_000;
/** A long poll that comes back sooner did not wait: then it is we who must. */
const LONG_POLL_LEAST_MS = 1_000;
const POLL_FIRST_MS = 250;
/** An order that expires later than this outlives the page. */
const EXPIRY_WATCHED_MS = 24 * 60 * 60 * 1_000;

export function run(first: State, api: Api): Checkout {
  let state = first;
  let activity: { key: string; abort: AbortController } | null = null;
  let formOpen = new AbortController();
  const watchers = new Set<(before: State) => void>();
  const waker = new EventTarget();
  let woken = false;

  function dispatch(event: CheckoutEvent): void {
    const before = state;
    state = step(state, event);
    if (state === before) return;
    settle();
    for (const watcher of [...watchers]) watcher(before);
  }

  function settle(): void {
    if (state.screen.at !== "choose") {
      formOpen.abort();
      formOpen = new AbortController();
    }
    const wanted = activityOf(state);
    if (wanted?.key === activity?.key) return;
    activity?.abort.abort();
    activity = null;
    if (wanted === null) return;
    const abort = new AbortController();
    activity = { key: wanted.key, abort };
    void perform(wanted, abort.signal);
  }

  function perform(wanted: Activity, signal: AbortSignal): Promise<void> {
    switch (wanted.kind) {
      case "load":
        return load(signal);
      case "reload":
        return reload(wanted.afterMs, signal);
      case "until_expiry":
        return untilExpiry(wanted.expiresAt, signal);
      case "pay":
        return pay(wanted, signal);
      case "follow":
        return follow(wanted, signal);
    }
  }

  async function load(signal: AbortSignal): Promise<void> {
    const found = await api.order(state.orderId, signal);
    if (signal.aborted) return;
    dispatch("order" in found ? { type: "loaded", ...found } : found);
  }

  async function reload(afterMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await rest(afterMs, signal);
      if (!signal.aborted) await load(signal);
    }
  }

  async function untilExpiry(expiresAt: string, signal: AbortSignal): Promise<void> {
    const leftMs = Date.parse(expiresAt) - serverNow();
    if (!(leftMs < EXPIRY_WATCHED_MS)) return;
    // Once more, and again while our clock is ahead of the server's.
    for (let waitMs = Math.max(leftMs, POLL_MS); !signal.aborted; waitMs = POLL_MS) {
      await pause(waitMs, signal);
      if (!signal.aborted) await load(signal);
    }
  }

  async function pay({ idempotencyKey, instrument }: Activity & { kind: "pay" }, signal: AbortSignal): Promise<void> {
    for (let lost = 1; !signal.aborted; lost++) {
      const answer = await api.pay(state.orderId, instrument, idempotencyKey, signal);
      if (signal.aborted) return;
      if (!("again" in answer)) return dispatch(answer);
      // The same key each time: however often it arrives, it pays once.
      if (answer.again === "busy" || lost > QUIET_TRIES) dispatch({ type: "trouble", trouble: answer.again });
      await rest(repeatMs(answer, lost), signal);
    }
  }

  async function follow({ paymentId, patient }: Activity & { kind: "follow" }, signal: AbortSignal): Promise<void> {
    let lost = 0;
    let quick = 0;
    while (!signal.aborted) {
      const asked = Date.now();
      const answer = await api.payment(paymentId, patient, signal);
      if (signal.aborted) return;
      if ("again" in answer) {
        lost++;
        if (answer.again === "busy" || lost > QUIET_TRIES) dispatch({ type: "trouble", trouble: answer.again });
        await rest(answer.afterSeconds === null ? POLL_MS : answer.afterSeconds * 1_000, signal);
        continue;
      }
      lost = 0;
      dispatch({ type: "payment", payment: answer });
      if (signal.aborted) return;
      quick = Date.now() - asked < LONG_POLL_LEAST_MS ? quick + 1 : 0;
      if (!patient) await rest(POLL_ACTION_MS, signal);
      else if (quick > 0) await rest(Math.min(POLL_FIRST_MS * 2 ** (quick - 1), POLL_MS), signal);
    }
  }

  /** A call to wake that came while an answer was awaited counts too: that answer may be older. */
  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    if (!woken) await pause(ms, signal, waker);
    woken = false;
  }

  function wake(): void {
    woken = true;
    waker.dispatchEvent(new Event("wake"));
  }

  function repeatMs({ afterSeconds }: Again, lost: number): number {
    if (afterSeconds !== null) return afterSeconds * 1_000;
    return REPEAT_MS[Math.min(lost, REPEAT_MS.length) - 1] ?? POLL_MS;
  }

  settle();
  return {
    state: () => state,
    dispatch,
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    wake,
    recheck() {
      // It ends with the form: what comes back later must not disturb a payment begun meanwhile.
      if (state.screen.at === "choose") void load(formOpen.signal);
    },
    async cancel(paymentId) {
      const heard = await api.cancel(paymentId);
      wake();
      return heard;
    },
  };
}
