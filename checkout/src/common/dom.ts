/** Small things that both pages do to the document. */

import { useEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "./http";

/** The name that tests find an element by, in both spellings that their tools know. */
export function named(id: string): { "data-test-id": string; "data-testid": string } {
  return { "data-test-id": id, "data-testid": id };
}

/** Whole seconds until then by the server's clock; null without a deadline. */
export function useCountdown(deadline: string | null): number | null {
  const [, tick] = useState(0);
  const at = deadline === null ? Number.NaN : Date.parse(deadline);
  useEffect(() => {
    if (Number.isNaN(at)) return;
    const timer = setInterval(() => {
      tick((count) => count + 1);
      if (serverNow() >= at) clearInterval(timer);
    }, 1_000);
    return () => clearInterval(timer);
  }, [at]);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - serverNow()) / 1_000));
}

/** Takes the focus when it appears, so that a screen reader begins at what is new. */
export function useArrival<T extends HTMLElement>(): { current: T | null } {
  const arrived = useRef<T>(null);
  useEffect(() => arrived.current?.focus({ preventScroll: false }), []);
  return arrived;
}
