/** What came in over time, drawn. The charts' library is loaded with this file, and only then. */

import "@mantine/core/styles/ColorSwatch.layer.css";
import "@mantine/charts/styles.layer.css";

import { AreaChart, BarChart, LineChart } from "@mantine/charts";
import type { Stats, StatsPoint } from "../../api/shapes";
import { formatAmount, formatCount, formatRate, formatSeconds, Panel } from "../../ui";
import classes from "./Charts.module.css";
import { labelOf } from "./period";

const HEIGHT = 220;

/** The same numbers for who cannot see the drawing. */
function Numbers({ name, rows }: { name: string; rows: [string, string][] }) {
  return (
    <div className="unseen">
      <table>
        <caption>{name}</caption>
        <tbody>
          {rows.map(([when, said]) => (
            <tr key={when}>
              <th scope="row">{when}</th>
              <td>{said}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Of those whose outcome is known; none, where there are none. */
function rateOf({ succeeded, failed }: StatsPoint): number | null {
  return succeeded + failed === 0 ? null : succeeded / (succeeded + failed);
}

const axis = { tickLine: false, axisLine: false, minTickGap: 28 };
const quiet = { accessibilityLayer: false };
const line = {
  h: HEIGHT,
  dataKey: "when",
  curveType: "linear",
  connectNulls: false,
  strokeWidth: 2,
  gridAxis: "x",
  xAxisProps: axis,
  lineChartProps: quiet,
  tooltipAnimationDuration: 0,
} as const;

export default function Charts({ stats }: { stats: Stats }) {
  const { series, interval, currency } = stats;
  const money = (amount: number): string => formatAmount(Math.round(amount), currency, "whole");
  const points = series.map((point) => ({ ...point, when: labelOf(point.at, interval), rate: rateOf(point) }));
  const spoken = (say: (point: StatsPoint) => string): [string, string][] =>
    series.map((point) => [new Date(point.at).toLocaleString("en-IN"), say(point)]);
  const none = series.every((point) => point.payments === 0);
  return (
    <div className={classes.pair}>
      <Panel title="Volume">
        <div className={classes.chart} aria-hidden>
          {none && <p className={classes.none}>Nothing in this time</p>}
          <AreaChart
            h={HEIGHT}
            data={points}
            dataKey="when"
            series={[
              { name: "amount_succeeded", label: "Successful", color: "pine.6" },
              { name: "amount_refunded", label: "Refunded", color: "gray.5" },
            ]}
            curveType="linear"
            withDots={false}
            strokeWidth={2}
            gridAxis="x"
            valueFormatter={money}
            yAxisProps={{ width: 58, tickFormatter: (value: number) => formatAmount(value, currency, "short") }}
            xAxisProps={axis}
            areaChartProps={quiet}
            tooltipAnimationDuration={0}
            withLegend
            legendProps={{ verticalAlign: "bottom", height: 32 }}
          />
        </div>
        <Numbers
          name="Volume of successful payments, and refunds"
          rows={spoken((point) => `${money(point.amount_succeeded)}, refunded ${money(point.amount_refunded)}`)}
        />
      </Panel>
      <Panel title="Payments">
        <div className={classes.chart} aria-hidden>
          {none && <p className={classes.none}>Nothing in this time</p>}
          <BarChart
            h={HEIGHT}
            data={points}
            dataKey="when"
            type="stacked"
            series={[
              { name: "succeeded", label: "Succeeded", color: "pine.6" },
              { name: "failed", label: "Failed", color: "var(--chart-bad)" },
            ]}
            gridAxis="x"
            valueFormatter={formatCount}
            yAxisProps={{ width: 40, allowDecimals: false }}
            xAxisProps={axis}
            barChartProps={quiet}
            maxBarWidth={26}
            tooltipAnimationDuration={0}
            withLegend
            legendProps={{ verticalAlign: "bottom", height: 32 }}
          />
        </div>
        <Numbers
          name="Payments that succeeded and failed"
          rows={spoken((point) => `${point.succeeded} succeeded, ${point.failed} failed`)}
        />
      </Panel>
      <Panel title="Success rate">
        <div className={classes.chart} aria-hidden>
          {points.every((point) => point.rate === null) && (
            <p className={classes.none}>No payment ended in this time</p>
          )}
          <LineChart
            {...line}
            data={points}
            series={[{ name: "rate", label: "Succeeded", color: "pine.6" }]}
            valueFormatter={formatRate}
            yAxisProps={{ width: 52, domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], tickFormatter: formatRate }}
          />
        </div>
        <Numbers name="Success rate" rows={spoken((point) => formatRate(rateOf(point)))} />
      </Panel>
      <Panel title="Time to an outcome">
        <div className={classes.chart} aria-hidden>
          {points.every((point) => point.p50_seconds === null) && (
            <p className={classes.none}>No payment ended in this time</p>
          )}
          <LineChart
            {...line}
            data={points}
            series={[
              { name: "p50_seconds", label: "Half within", color: "pine.6" },
              { name: "p95_seconds", label: "95% within", color: "gray.5" },
            ]}
            valueFormatter={formatSeconds}
            yAxisProps={{ width: 58, tickFormatter: formatSeconds }}
            withLegend
            legendProps={{ verticalAlign: "bottom", height: 32 }}
          />
        </div>
        <Numbers
          name="Time to an outcome"
          rows={spoken(
            (point) =>
              `half within ${formatSeconds(point.p50_seconds)}, 95% within ${formatSeconds(point.p95_seconds)}`,
          )}
        />
      </Panel>
    </div>
  );
}
