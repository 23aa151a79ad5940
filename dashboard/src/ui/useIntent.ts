/** One intent of a dialog or a button: sent once, tried again as it was, and in doubt until it is answered. */

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { inDoubt, once, timesDone, watchIntents } from "../api/intents";
import { useSession } from "../api/session";
import { NotConfirmed, useSteppedUp } from "./StepUp";

interface IntentOptions<B, R> {
  /** What is meant, and of what: "refund pay_1". The merchant need not be in it. */
  name: string;
  send: (body: B, key: string) => Promise<R>;
  /** When it is done. */
  done: (answer: R, body: B) => void;
  /** When it is not, unless the person chose so; the error is in the intent too. */
  failed?: (error: unknown) => void;
  /** When it was done meanwhile: it had been sent before one left the page and came back. */
  doneBefore?: () => void;
  /** After each answer, and after a lost one: what is shown may be out of date. */
  refresh?: () => void;
}

export interface Intent<B> {
  busy: boolean;
  /** Sent, and not answered yet: nothing else is sent before that has an answer. */
  doubted: B | undefined;
  /** Whether its fields must stay as they are. */
  locked: boolean;
  error: unknown;
  clear: () => void;
  send: (body: B) => Promise<void>;
}

export function useIntent<B, R>({ name, send, done, failed, doneBefore, refresh }: IntentOptions<B, R>): Intent<B> {
  const merchant: { id: string } | null = useSession().merchant;
  const steppedUp = useSteppedUp();
  const whole = `${merchant?.id} ${name}`;
  const doubted = useSyncExternalStore(watchIntents, () => inDoubt<B>(whole));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const times = useSyncExternalStore(watchIntents, () => timesDone(whole));
  const known = useRef(times);
  const sending = useRef(false); // sooner than `busy`: a double click comes before the next render

  const run = async (body: B): Promise<void> => {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    setError(null);
    try {
      let sent = body;
      const answer = await once(whole, body, (body, key) => {
        sent = body;
        return steppedUp(() => send(body, key));
      });
      known.current = timesDone(whole);
      done(answer, sent);
    } catch (problem) {
      setError(problem);
      if (!(problem instanceof NotConfirmed)) failed?.(problem);
    } finally {
      sending.current = false;
      setBusy(false);
      refresh?.();
    }
  };
  const newest = useRef(doneBefore);
  newest.current = doneBefore;
  useEffect(() => {
    if (busy || sending.current || times === known.current) return;
    known.current = times;
    newest.current?.();
  }, [times, busy]);
  return { busy, doubted, locked: busy || doubted !== undefined, error, clear: () => setError(null), send: run };
}
