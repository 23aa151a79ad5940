/** How business goes: what needs attention, what came in, what just happened. */

import { NativeSelect, SegmentedControl } from "@mantine/core";
import { IconCreditCard } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useRef } from "react";
import { balanceQuery, paymentsQuery, statsQuery } from "../../api/queries";
import type { StatsTotals } from "../../api/shapes";
import {
  Bone,
  Callout,
  DataTable,
  EmptyState,
  ErrorState,
  formatAmount,
  formatCount,
  formatRate,
  formatSeconds,
  named,
  PageHeader,
  Panel,
  useNow,
} from "../../ui";
import { withChosen } from "../currencies";
import { CUSTOM, DateFields, datesOf, hasDates } from "../DateFields";
import { type Filters, isRange, readFilters, withChoice } from "../filters";
import layout from "../layout.module.css";
import { InitiateLink } from "../orders/InitiateLink";
import { paymentColumns, paymentPath } from "../transactions/columns";
import { AttentionList } from "./AttentionList";
import { Bars } from "./Bars";
import { Credentials } from "./Credentials";
import { changeOf, pointsOf } from "./compare";
import { Figure } from "./Figure";
import classes from "./Home.module.css";
import { DAYS_MAX, type Period, periodOf, RANGE_NAMES, SHORT } from "./period";

const Charts = lazy(() => import("./Charts"));

const RECENT = 8;
function AllTime({ currency }: { currency: string | undefined }) {
  const { data, error, refetch } = useQuery(statsQuery({ currency }));
  const balance = useQuery(balanceQuery);
  if (error && !data) return <ErrorState error={error} what="the totals" retry={() => void refetch()} />;
  const mine = balance.data?.data.find((each) => each.currency === data?.currency);
  const note = data && data.currencies.length > 1 ? `all time, in ${data.currency}` : "all time";
  return (
    <div className={classes.figures} {...named("stats-container")}>
      <Figure name="Transactions" note={note} testId="total-transactions">
        {data && formatCount(data.totals.payments)}
      </Figure>
      <Figure name="Successful volume" note={`${note}, held included`} testId="total-amount">
        {data && formatAmount(data.totals.amount_succeeded, data.currency, "whole")}
      </Figure>
      <Figure name="Success rate" note={note} testId="success-rate">
        {data && (data.totals.success_rate === null ? "0%" : formatRate(data.totals.success_rate))}
      </Figure>
      <Figure
        name="Balance"
        note={
          balance.error && !balance.data
            ? "could not be loaded"
            : mine && mine.refunds_pending > 0
              ? `${formatAmount(mine.refunds_pending, mine.currency, "whole")} being refunded`
              : "available"
        }
        testId="balance"
      >
        {balance.data && data
          ? formatAmount(mine?.available ?? 0, data.currency, "whole")
          : balance.error
            ? "Unknown"
            : undefined}
      </Figure>
    </div>
  );
}

function rangeFigures(totals: StatsTotals, before: StatsTotals | null, currency: string) {
  const money = (amount: number) => formatAmount(amount, currency, "whole");
  return [
    {
      name: "Volume",
      said: money(totals.amount_succeeded),
      change: changeOf(totals.amount_succeeded, before?.amount_succeeded),
      good: "up",
    },
    {
      name: "Payments",
      said: formatCount(totals.payments),
      change: changeOf(totals.payments, before?.payments),
      good: "up",
    },
    {
      name: "Success rate",
      said: formatRate(totals.success_rate),
      change: pointsOf(totals.success_rate, before?.success_rate),
      good: "up",
    },
    {
      name: "Refunded",
      said: money(totals.amount_refunded),
      change: changeOf(totals.amount_refunded, before?.amount_refunded),
      good: "down",
    },
    {
      name: "Median time",
      said: formatSeconds(totals.p50_seconds),
      change: changeOf(totals.p50_seconds, before?.p50_seconds),
      good: "down",
    },
    {
      name: "95% within",
      said: formatSeconds(totals.p95_seconds),
      change: changeOf(totals.p95_seconds, before?.p95_seconds),
      good: "down",
    },
  ] as const;
}

function Overview({ period, currency }: { period: Period; currency: string | undefined }) {
  const { long, ...asked } = period;
  const { data, error, isPlaceholderData, refetch } = useQuery(statsQuery({ ...asked, currency }));
  if (error && !data) {
    return (
      <Panel>
        <ErrorState error={error} what="the charts" retry={() => void refetch()} />
      </Panel>
    );
  }
  if (!data) {
    return (
      <div className={classes.pair} aria-busy="true">
        <span className="unseen">Loading the charts</span>
        <Bone height={286} />
        <Bone height={286} />
      </div>
    );
  }
  return (
    <div className={layout.stack} data-stale={isPlaceholderData || undefined}>
      <div className={classes.changes}>
        {rangeFigures(data.totals, data.previous, data.currency).map((each) => (
          <Figure key={each.name} name={each.name} change={each.change} goodIs={each.good} before={long} small>
            {each.said}
          </Figure>
        ))}
      </div>
      <Suspense
        fallback={
          <div className={classes.pair}>
            <Bone height={286} />
            <Bone height={286} />
          </div>
        }
      >
        <Charts stats={data} />
      </Suspense>
      <div className={classes.pair}>
        <Panel title="Success rate by method">
          <Bars
            none="No payment has ended in this time."
            bars={data.by_method.map((each) => ({
              key: each.method,
              name: each.method === "upi" ? "UPI" : "Card",
              part: each.success_rate ?? 0,
              said: formatRate(each.success_rate),
              more: `${formatCount(each.succeeded)} of ${formatCount(each.payments)}`,
            }))}
          />
        </Panel>
        <Panel title="Why payments failed">
          <Bars
            none="No payment failed in this time."
            tone="bad"
            bars={data.failures.slice(0, 6).map((each) => ({
              key: each.reason,
              name: `${each.reason.charAt(0).toUpperCase()}${each.reason.slice(1).replace(/_/g, " ")}`,
              part: data.totals.failed > 0 ? each.count / data.totals.failed : 0,
              said: formatCount(each.count),
            }))}
          />
        </Panel>
      </div>
    </div>
  );
}

export default function Home() {
  const filters = readFilters(useSearch({ strict: false }));
  const navigate = useNavigate();
  const now = useNow();
  const period = periodOf(filters, now);
  const custom = hasDates(filters);
  const { currency } = filters;
  const currencies = withChosen(useQuery(statsQuery({ currency })).data?.currencies, currency);
  // The most used one of a range may be another than that of all time: both are shown in the same.
  const shown = currency ?? (currencies.length > 1 ? currencies[0] : undefined);
  const choose = (choice: Filters): void =>
    void navigate({ to: "/dashboard", search: withChoice(filters, choice), resetScroll: false });
  const recent = useQuery(paymentsQuery({ limit: RECENT }));
  const openedAt = useRef(Date.now());

  return (
    <div {...named("dashboard")}>
      <PageHeader title="Home">
        {currencies.length > 1 && (
          <NativeSelect
            aria-label="Currency of the figures"
            className={classes.currency ?? ""}
            data={currencies}
            value={shown ?? ""}
            onChange={(event) => choose({ currency: event.currentTarget.value })}
          />
        )}
      </PageHeader>
      <div className={layout.stack}>
        <AttentionList />
        <Panel flush>
          <AllTime currency={currency} />
        </Panel>
        <Panel
          title="Recent payments"
          actions={
            <Link to="/dashboard/transactions" className={classes.all}>
              All transactions
            </Link>
          }
          flush
        >
          <DataTable
            caption="Recent payments"
            columns={paymentColumns}
            rows={recent.data?.data}
            rowKey={(payment) => payment.id}
            open={paymentPath}
            error={recent.error}
            retry={() => void recent.refetch()}
            skeletonRows={RECENT}
            keyboard
            rowProps={(payment): Record<string, string> =>
              Date.parse(payment.created_at) > openedAt.current ? { "data-fresh": "true" } : {}
            }
            empty={
              <EmptyState icon={<IconCreditCard size={22} />} title="Take your first payment" action={<InitiateLink />}>
                Make an order, open its checkout link and pay with the UPI address <code>success@upi</code>. It appears
                here by itself. <Link to="/dashboard/docs">The docs</Link> show how your server does the same.
              </EmptyState>
            }
          />
        </Panel>
        <div className={classes.rangeHead}>
          <h2 className={classes.rangeTitle}>Overview</h2>
          <div className={classes.range}>
            {custom && <DateFields dates={filters} choose={choose} />}
            <SegmentedControl
              aria-label="Time shown"
              classNames={{ label: classes.rangeName ?? "" }}
              data={[
                ...RANGE_NAMES.map((name) => ({ value: name, label: SHORT[name] })),
                { value: CUSTOM, label: "Dates" },
              ]}
              value={custom ? CUSTOM : isRange(filters.range) ? filters.range : "7d"}
              onChange={(name) =>
                choose(name === CUSTOM ? datesOf(filters.range, now) : { range: name, from: "", to: "" })
              }
            />
          </div>
        </div>
        {period ? (
          <Overview period={period} currency={shown} />
        ) : (
          <Callout tone="wait">At most {formatCount(DAYS_MAX)} days can be shown at once.</Callout>
        )}
        <Credentials />
      </div>
    </div>
  );
}
