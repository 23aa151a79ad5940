/** A moment: how long ago, and exactly when one looks closer. */

import { Tooltip } from "@mantine/core";
import { sayExactly, sayMoment, sayToSecond } from "./moments";
import { useNow } from "./now";

interface TimeProps {
  at: string | null;
  /** What to say when there is none. */
  none?: string;
  /** The moment itself, to the second, in place of how long ago. */
  precise?: boolean;
}

export function Time({ at, none = "–", precise = false }: TimeProps) {
  const current = useNow();
  if (at === null) return <span className="muted">{none}</span>;
  // A moment that is newer than the last tick is not in the future.
  const said = precise ? sayToSecond(at) : sayMoment(at, Math.max(current, Math.min(Date.now(), Date.parse(at))));
  return (
    <Tooltip label={sayExactly(at)}>
      <time dateTime={at}>{said}</time>
    </Tooltip>
  );
}
