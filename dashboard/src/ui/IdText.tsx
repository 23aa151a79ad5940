/** An id: set in its own face, copied with a click, and shortened only for the eye. */

import { CopyButton } from "./CopyButton";
import classes from "./IdText.module.css";
import { named } from "./named";

interface IdTextProps {
  id: string;
  /** What the id is of: "payment id". */
  what?: string;
  copy?: boolean;
  testId?: string;
}

export function IdText({ id, what = "id", copy = true, testId }: IdTextProps) {
  return (
    <span className={classes.id}>
      <code {...(testId ? named(testId) : undefined)}>{id}</code>
      {copy && <CopyButton text={id} what={what} />}
    </span>
  );
}
