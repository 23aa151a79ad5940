/** A figure beside that of the period before: how much more or less, and whether that is good. */

export interface Change {
  /** "12%", "3.5 points". */
  said: string;
  direction: "up" | "down" | "same";
}

/** Of counts, amounts and durations: in percent; null when there is nothing to compare with. */
export function changeOf(now: number | null, before: number | null | undefined): Change | null {
  if (now === null || before === null || before === undefined || before === 0) return null;
  const percent = Math.round(((now - before) / before) * 100);
  if (percent === 0) return { said: "no change", direction: "same" };
  return { said: `${Math.abs(percent) > 999 ? "999+" : Math.abs(percent)}%`, direction: percent > 0 ? "up" : "down" };
}

/** Of rates: in percentage points, because "5 % more" of a rate can mean two things. */
export function pointsOf(now: number | null, before: number | null | undefined): Change | null {
  if (now === null || before === null || before === undefined) return null;
  const tenths = Math.round((now - before) * 1000);
  if (tenths === 0) return { said: "no change", direction: "same" };
  return { said: `${(Math.abs(tenths) / 10).toFixed(1)} points`, direction: tenths > 0 ? "up" : "down" };
}
