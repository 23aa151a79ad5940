/** Something the reader should know before going on; in colours that can be read on either ground. */

import type { ReactNode } from "react";
import classes from "./Callout.module.css";

interface CalloutProps {
  tone: "info" | "wait" | "bad";
  title?: ReactNode;
  /** "alert" for what has just gone wrong: a screen reader says it at once. */
  role?: "alert" | "note";
  children: ReactNode;
}

export function Callout({ tone, title, role = "note", children }: CalloutProps) {
  return (
    <div className={classes.callout} data-tone={tone} role={role}>
      {title && <div className={classes.title}>{title}</div>}
      {children}
    </div>
  );
}
