/** A part of a page on its own ground, with a heading. */

import { type ReactNode, useId } from "react";
import classes from "./Panel.module.css";

interface PanelProps {
  title?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  /** The content goes to the edges: tables. */
  flush?: boolean;
  children: ReactNode;
  testId?: Record<string, string>;
}

export function Panel({ title, description, actions, flush = false, children, testId }: PanelProps) {
  const id = useId();
  return (
    <section className={classes.panel} {...(title ? { "aria-labelledby": id } : undefined)} {...testId}>
      {(title || actions) && (
        <div className={classes.head}>
          <div className={classes.words}>
            {title && (
              <h2 id={id} className={classes.title}>
                {title}
              </h2>
            )}
            {description && <p className={classes.description}>{description}</p>}
          </div>
          {actions && <div className={classes.actions}>{actions}</div>}
        </div>
      )}
      <div className={flush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}

/** Names and values, one under the other. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
