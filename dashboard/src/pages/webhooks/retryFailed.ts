/** Retries every delivery that failed: a bounded number, a few at a time, told as it goes on. */

import { ApiError } from "../../api/client";
import type { Page, Webhook } from "../../api/shapes";

export const RETRIED_MAX = 1_000;
const PAGE = 100;
const SIDE_BY_SIDE = 4;

export interface Retrying {
  found: number;
  retried: number;
  /** Those that could not be: their endpoint is gone, or disabled. */
  refused: number;
  /** Why the first of them could not. */
  refusal: string | null;
}

interface Calls {
  list: (after: string | undefined, limit: number) => Promise<Page<Webhook>>;
  retry: (id: string) => Promise<unknown>;
}

/** Stops where `signal` says so; what was retried by then stays retried. Throws what is not about one delivery. */
export async function retryFailed(
  calls: Calls,
  tell: (so_far: Retrying) => void,
  signal: AbortSignal,
): Promise<Retrying> {
  const failed: string[] = [];
  let after: string | undefined;
  // All are found first: those that are retried leave the list, which would move its pages.
  while (failed.length < RETRIED_MAX && !signal.aborted) {
    const page = await calls.list(after, PAGE);
    failed.push(...page.data.map((webhook) => webhook.id));
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) break;
  }
  const waiting = failed.slice(0, RETRIED_MAX);
  let state: Retrying = { found: waiting.length, retried: 0, refused: 0, refusal: null };
  tell(state);
  const work = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined && !signal.aborted; id = waiting.shift()) {
      try {
        await calls.retry(id);
        state = { ...state, retried: state.retried + 1 };
      } catch (error) {
        if (!(error instanceof ApiError) || (error.status !== 400 && error.status !== 404)) {
          waiting.length = 0;
          throw error;
        }
        state = { ...state, refused: state.refused + 1, refusal: state.refusal ?? error.description };
      }
      tell(state);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return state;
}
