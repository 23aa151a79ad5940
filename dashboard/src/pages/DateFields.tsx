/** Two dates between which something was made. */

import { FilterDate } from "../ui";
import { type Dates, dateOf, isDate, isRange, rangeStart } from "./filters";

export const CUSTOM = "custom";

type Choice = { range: string; from: string; to: string };

/** The dates of the range that was chosen before, for a start. */
export function datesOf(range: string | undefined, now: number): Choice {
  return { range: "", from: dateOf(rangeStart(isRange(range) ? range : "7d", now)), to: dateOf(now) };
}

export function hasDates({ range, from, to }: Dates): boolean {
  return range === undefined && (from !== undefined || to !== undefined);
}

export interface DatesProps {
  dates: Dates;
  choose: (choice: Partial<Choice>) => void;
}

export function DateFields({ dates, choose }: DatesProps) {
  return (
    <>
      <FilterDate label="From" value={dates.from ?? ""} choose={(from) => choose({ from })} isDate={isDate} />
      <FilterDate
        label="To, that day included"
        value={dates.to ?? ""}
        choose={(to) => choose({ to })}
        isDate={isDate}
      />
    </>
  );
}
