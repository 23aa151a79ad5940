/** Points by minute and kind, as a chart wants them: a row for each minute, with none left out. */

import type { ThroughputPoint } from "../../api/shapes";

const MINUTE_MS = 60_000;

export interface Minute {
  at: number;
  [kind: string]: number;
}

export function byMinute(
  points: ThroughputPoint[],
  measure: "completed" | "pending",
): { kinds: string[]; minutes: Minute[] } {
  const kinds = [...new Set(points.map((point) => point.kind))].sort();
  const rows = new Map<number, Minute>();
  for (const point of points) {
    const at = Math.floor(Date.parse(point.at) / MINUTE_MS) * MINUTE_MS;
    const row = rows.get(at) ?? { at };
    row[point.kind] = (row[point.kind] ?? 0) + point[measure];
    rows.set(at, row);
  }
  if (rows.size === 0) return { kinds, minutes: [] };
  const first = Math.min(...rows.keys());
  const last = Math.max(...rows.keys());
  const minutes: Minute[] = [];
  for (let at = first; at <= last; at += MINUTE_MS) {
    const row = rows.get(at) ?? { at };
    for (const kind of kinds) row[kind] ??= 0;
    minutes.push(row);
  }
  return { kinds, minutes };
}
