/** Whether what is on the screen follows what happens. */

import { Tooltip } from "@mantine/core";
import { type Link, useLink } from "../api/live";
import classes from "./LinkMark.module.css";

const SAID: Record<Link, [string, string]> = {
  live: ["Up to date", "What you see follows what happens, within seconds"],
  paused: ["Paused", "Continues when this page is on the screen again"],
  offline: ["Offline", "The gateway cannot be reached. What you see may be old; we keep trying"],
};

export function LinkMark() {
  const link = useLink();
  const [name, more] = SAID[link];
  return (
    <Tooltip label={more}>
      <span className={classes.mark} data-link={link} role="status">
        <span className={classes.dot} aria-hidden />
        <span className={classes.name}>{name}</span>
      </span>
    </Tooltip>
  );
}
