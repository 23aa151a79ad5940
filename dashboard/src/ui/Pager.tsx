/** From page to page of a list, with the keys n and p too. Where one is stands in the address. */

import { Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useShortcuts } from "./keys";
import classes from "./Pager.module.css";

export interface Place {
  after?: string;
  before?: string;
}

interface PagerProps {
  place: Place;
  /** Ids of the rows shown, and whether there are more in the direction one came from. */
  ids: string[];
  hasMore: boolean;
  /** They are not those of `place`: from these one cannot go on. */
  stale?: boolean;
  go: (place: Place) => void;
  noun: string;
}

export function Pager({ place, ids, hasMore, stale = false, go, noun }: PagerProps) {
  const first = ids[0];
  const last = ids.at(-1);
  const newer = place.before ? hasMore : place.after !== undefined;
  const older = place.before ? true : hasMore;
  const goNewer = (): void => {
    if (stale) return;
    if (newer && first) go({ before: first });
    else if (newer) go({});
  };
  const goOlder = (): void => {
    if (!stale && older && last) go({ after: last });
  };
  useShortcuts([
    { keys: "n", does: "Next page", group: "Lists", run: goOlder },
    { keys: "p", does: "Previous page", group: "Lists", run: goNewer },
  ]);
  return (
    <nav className={classes.pager} aria-label="Pages">
      <span className={classes.count}>
        {ids.length === 0 ? "" : `${ids.length} ${noun} on this page`}
        {(place.after || place.before) && (
          <button type="button" className={classes.newest} onClick={() => go({})}>
            Back to the newest
          </button>
        )}
      </span>
      <Button
        variant="default"
        size="compact-md"
        leftSection={<IconChevronLeft size={16} aria-hidden />}
        disabled={!newer}
        onClick={goNewer}
      >
        Previous
      </Button>
      <Button
        variant="default"
        size="compact-md"
        rightSection={<IconChevronRight size={16} aria-hidden />}
        disabled={!older}
        onClick={goOlder}
      >
        Next
      </Button>
    </nav>
  );
}
