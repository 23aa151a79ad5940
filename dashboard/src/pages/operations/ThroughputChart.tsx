/** Jobs done by minute, of the last hour. Loaded when Operations is opened: charts are heavy. */

import "@mantine/core/styles/ColorSwatch.layer.css";
import "@mantine/charts/styles.layer.css";
import { AreaChart } from "@mantine/charts";
import type { ThroughputPoint } from "../../api/shapes";
import { formatCount, sayName } from "../../ui";
import { byMinute } from "./throughput";

const COLORS = ["pine.6", "blue.6", "orange.6", "grape.6", "red.6"];
const clock = new Intl.DateTimeFormat("en-IN", { hour: "2-digit", minute: "2-digit", hour12: false });

export default function ThroughputChart({ points }: { points: ThroughputPoint[] }) {
  const { kinds, minutes } = byMinute(points, "completed");
  const total = points.reduce((sum, point) => sum + point.completed, 0);
  return (
    <figure style={{ margin: 0 }}>
      <AreaChart
        h={230}
        data={minutes.map((minute) => ({ ...minute, time: clock.format(minute.at) }))}
        dataKey="time"
        type="stacked"
        series={kinds.map((kind, place) => ({
          name: kind,
          label: sayName(kind),
          color: COLORS[place % COLORS.length] ?? "gray.6",
        }))}
        withLegend
        legendProps={{ verticalAlign: "bottom" }}
        withDots={false}
        curveType="linear"
        gridAxis="x"
        strokeWidth={1.5}
        areaChartProps={{ accessibilityLayer: false }}
        xAxisProps={{ minTickGap: 48 }}
        valueFormatter={formatCount}
        aria-hidden
      />
      <figcaption className="unseen">{formatCount(total)} jobs were done in the last hour.</figcaption>
    </figure>
  );
}
