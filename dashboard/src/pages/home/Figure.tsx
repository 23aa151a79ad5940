/** One number with its name, and how it compares with the period before. */

import { IconArrowDownRight, IconArrowUpRight, IconEqual } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Bone, named } from "../../ui";
import type { Change } from "./compare";
import classes from "./Figure.module.css";

interface FigureProps {
  name: string;
  note?: string;
  change?: Change | null;
  /** Which way is good: more refunds are not. */
  goodIs?: "up" | "down";
  /** How long the period before was. */
  before?: string;
  small?: boolean;
  testId?: string;
  /** Left out while it loads. */
  children?: ReactNode;
}

/** Whether it needs smaller figures to stand in one line. */
const isLong = (value: ReactNode, small: boolean): boolean =>
  typeof value === "string" && value.length > (small ? 12 : 13);

export function Figure({ name, note, change, goodIs, before, small = false, testId, children }: FigureProps) {
  const Icon =
    change?.direction === "up" ? IconArrowUpRight : change?.direction === "down" ? IconArrowDownRight : IconEqual;
  const tone = !change || change.direction === "same" ? "calm" : change.direction === goodIs ? "good" : "bad";
  return (
    <div className={classes.figure} data-small={small || undefined}>
      <div className={classes.name}>{name}</div>
      <div
        className={classes.value}
        data-long={isLong(children, small) || undefined}
        {...(testId && children !== undefined ? named(testId) : undefined)}
      >
        {children ?? <Bone width={96} height={small ? 22 : 28} />}
      </div>
      {note && <div className={classes.note}>{note}</div>}
      {before !== undefined && (
        <div className={classes.note}>
          {change ? (
            <span className={classes.change} data-tone={tone}>
              <Icon size={14} stroke={2.2} aria-hidden />
              <span className="unseen">
                {change.direction === "up" ? "up " : change.direction === "down" ? "down " : ""}
              </span>
              {change.said}
            </span>
          ) : (
            "nothing to compare"
          )}
          {change && <span className="unseen"> against the {before} before</span>}
        </div>
      )}
    </div>
  );
}
