/** When what is listed was made: in a range that ends now, or between two dates. */

import { FilterSelect } from "../ui";
import { CUSTOM, DateFields, type DatesProps, datesOf, hasDates } from "./DateFields";
import { RANGES } from "./filters";

export function CreatedFilter({ dates, choose, now }: DatesProps & { now: number }) {
  const custom = hasDates(dates);
  return (
    <>
      <FilterSelect
        label="Created"
        any="Any time"
        value={custom ? CUSTOM : dates.range}
        options={{ ...RANGES, [CUSTOM]: "Between dates" }}
        choose={(name) => choose(name === CUSTOM ? datesOf(dates.range, now) : { range: name, from: "", to: "" })}
      />
      {custom && <DateFields dates={dates} choose={choose} />}
    </>
  );
}
