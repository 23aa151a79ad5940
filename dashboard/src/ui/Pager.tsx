/** From page to page of a list, with the keys n and p too. Where one is stands in the address. */

import { Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useShortcuts } from "./keys";
import classes from "./Pager.module.css";

export interface Place {
  after?: string;
  before?: string;
}

/** The same list from its newest page on, in place of a page that is no longer there. */
export function useNewest(): () => void {
  const navigate = useNavigate();
  return useCallback(() => {
    const search = ({ after: _a, before: _b, ...kept }: Record<string, string>) => kept;
    void navigate({ to: ".", search: search as never, replace: true, resetScroll: false });
  }, [navigate]);
}

interface PagerProps {
  place: Place;
  /** Ids of the rows shown, and whether there are more in the direction one came from. */
  ids: string[];
  hasMore: boolean;
  /** The rows are those of the page before, while others load: from them no way leads on. */
  loading: boolean;
  go: (place: Place) => void;
  /** What one row is, and what several are. */
  nouns: readonly [string, string];
}

export function Pager({ place, ids, hasMore, loading, go, nouns }: PagerProps) {
  const first = ids[0];
  const last = ids.at(-1);
  const newer = !loading && (place.before ? hasMore : place.after !== undefined);
  const older = !loading && (place.before ? ids.length > 0 : hasMore);
  const goNewer = (): void => {
    if (newer && first) go({ before: first });
    else if (newer) go({});
  };
  // Nothing is newer than the row one came from: the newest page is what was meant.
  const nothingNewer = !loading && place.before !== undefined && ids.length === 0;
  const toNewest = useNewest();
  useEffect(() => {
    if (nothingNewer) toNewest();
  }, [nothingNewer, toNewest]);
  const goOlder = (): void => {
    if (older && last) go({ after: last });
  };
  useShortcuts([
    { keys: "n", does: "Next page", group: "Lists", run: goOlder },
    { keys: "p", does: "Previous page", group: "Lists", run: goNewer },
  ]);
  return (
    <nav className={classes.pager} aria-label="Pages">
      <span className={classes.count}>
        {ids.length === 0 ? "" : `${ids.length} ${nouns[ids.length === 1 ? 0 : 1]} on this page`}
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
