/** How the gateway itself does: for operators. */

import { Button } from "@mantine/core";
import { IconLock, IconMoodSmile, IconRefresh } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { ApiError } from "../../api/client";
import { useSession } from "../../api/session";
import type { DeadJob, QueueState, ScheduleState } from "../../api/shapes";
import {
  Bone,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  formatCount,
  formatSeconds,
  PageHeader,
  Panel,
  StatusBadge,
  sayName,
  Time,
  tellDone,
  tellProblem,
} from "../../ui";
import classes from "./Operations.module.css";
import { deadJobsQuery, healthQuery, operationsQuery, retryDeadJob } from "./queries";

const ThroughputChart = lazy(() => import("./ThroughputChart"));

const LATE_SECONDS = 30; // a job that is due for longer waits for a worker that does not come

function Count({ value, bad = false, wait = false }: { value: number; bad?: boolean; wait?: boolean }) {
  return (
    <span
      className={classes.number}
      data-bad={(bad && value > 0) || undefined}
      data-wait={(wait && value > 0) || undefined}
    >
      {formatCount(value)}
    </span>
  );
}

const queueColumns: Column<QueueState>[] = [
  { key: "kind", title: "Queue", narrow: "1s", cell: (queue) => <strong>{sayName(queue.kind)}</strong> },
  {
    key: "worker",
    title: "Worker",
    narrow: "1e",
    cell: (queue) => <StatusBadge status={queue.worker} />,
  },
  {
    key: "pending",
    title: "Waiting",
    align: "end",
    narrow: "2s",
    cell: (queue) => (
      <span>
        <Count value={queue.pending} /> <span className={classes.word}>waiting</span>
      </span>
    ),
  },
  {
    key: "processing",
    title: "At work",
    align: "end",
    cell: (queue) => <Count value={queue.processing} />,
  },
  {
    key: "oldest",
    title: "Oldest due",
    align: "end",
    narrow: "3s",
    cell: (queue) =>
      queue.oldest_due_seconds > 0 ? (
        <span className={classes.number} data-bad={queue.oldest_due_seconds > LATE_SECONDS || undefined}>
          {formatSeconds(queue.oldest_due_seconds)} <span className={classes.word}>overdue</span>
        </span>
      ) : (
        <span className="muted">
          none <span className={classes.word}>overdue</span>
        </span>
      ),
  },
  {
    key: "dead",
    title: "Dead",
    align: "end",
    narrow: "2e",
    cell: (queue) => (
      <span>
        <Count value={queue.dead} bad /> <span className={classes.word}>dead</span>
      </span>
    ),
  },
  {
    key: "completed",
    title: "Done",
    align: "end",
    wideOnly: true,
    cell: (queue) => <Count value={queue.completed} />,
  },
  {
    key: "seen",
    title: "Worker seen",
    align: "end",
    wideOnly: true,
    cell: (queue) => <Time at={queue.worker_seen_at} none="never" />,
  },
];

const scheduleColumns: Column<ScheduleState>[] = [
  { key: "name", title: "Schedule", narrow: "1s", cell: (schedule) => sayName(schedule.name) },
  {
    key: "state",
    title: "Last run",
    narrow: "1e",
    cell: (schedule) => (
      <StatusBadge
        status={schedule.error ? "failed" : "success"}
        {...(schedule.error ? { label: schedule.error } : {})}
      />
    ),
  },
  {
    key: "seconds",
    title: "Took",
    align: "end",
    narrow: "2e",
    cell: (schedule) => <span className={classes.number}>{formatSeconds(schedule.seconds)}</span>,
  },
  { key: "ran", title: "When", align: "end", narrow: "2s", cell: (schedule) => <Time at={schedule.ran_at} /> },
];

/** Where the thing a job is about is shown; null when it is shown nowhere. */
export function subjectPath(subject: string): string | null {
  if (subject.startsWith("pay_")) return `/dashboard/transactions/${subject}`;
  if (subject.startsWith("rfnd_")) return `/dashboard/refunds?id=${subject}`;
  return null;
}

function DeadJobs() {
  const { data, error, refetch } = useQuery(deadJobsQuery);
  const queries = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ["operations"] });

  const retry = async (job: DeadJob): Promise<void> => {
    setBusy(job.id);
    try {
      await retryDeadJob(job.id);
      tellDone(`${sayName(job.kind)}: tried again from the beginning`);
    } catch (problem) {
      if (problem instanceof ApiError && problem.status === 404) tellDone("Somebody else has retried it already");
      else tellProblem(problem);
    } finally {
      setBusy(null);
      refresh();
    }
  };

  const columns: Column<DeadJob>[] = [
    { key: "kind", title: "Job", narrow: "1s", cell: (job) => sayName(job.kind) },
    { key: "subject", title: "About", narrow: "2s", cell: (job) => <code>{job.subject}</code> },
    {
      key: "error",
      title: "Last error",
      narrow: "3s",
      cell: (job) => <span className={classes.error}>{job.last_error ?? "–"}</span>,
    },
    { key: "attempts", title: "Attempts", align: "end", wideOnly: true, cell: (job) => <Count value={job.attempts} /> },
    { key: "died", title: "Died", align: "end", narrow: "1e", cell: (job) => <Time at={job.died_at} /> },
    {
      key: "retry",
      title: "Retry",
      align: "end",
      narrow: "2e",
      cell: (job) => (
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconRefresh size={14} aria-hidden />}
          loading={busy === job.id}
          aria-label={`Retry ${sayName(job.kind)} of ${job.subject}`}
          onClick={() => void retry(job)}
        >
          Retry
        </Button>
      ),
    },
  ];
  return (
    <Panel
      title="Dead jobs"
      description="Tried too often. Repair what stopped them, then retry: from the beginning."
      flush
    >
      <DataTable
        caption="Dead jobs"
        columns={columns}
        rows={data?.data}
        rowKey={(job) => job.id}
        error={error}
        retry={() => void refetch()}
        skeletonRows={2}
        empty={
          <EmptyState icon={<IconMoodSmile size={22} />} title="No dead jobs">
            Everything that was to be done was done, or is still being tried.
          </EmptyState>
        }
      />
    </Panel>
  );
}

function HealthTiles() {
  const { data, error } = useQuery(healthQuery);
  const parts = data
    ? [
        ["Gateway", data.status],
        ["Database", data.database],
        ["Redis", data.redis],
        ["Workers", data.worker],
      ]
    : [];
  if (!data && !error) {
    return (
      <dl className={classes.health} style={{ margin: 0 }}>
        {["Gateway", "Database", "Redis", "Workers"].map((name) => (
          <div key={name} className={classes.tile}>
            <dt>{name}</dt>
            <dd>
              <Bone width={80} height={18} />
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  const shown = data ? parts : [["Gateway", "unhealthy"]];
  return (
    <dl className={classes.health} style={{ margin: 0 }}>
      {shown.map(([name, state = ""]) => {
        const good = ["healthy", "ok", "connected", "running", "up"].includes(state);
        return (
          <div key={name} className={classes.tile}>
            <dt>{name}</dt>
            <dd>
              <StatusBadge status={good ? "running" : "stopped"} label={state.replace(/_/g, " ")} />
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

export default function Operations() {
  const { user } = useSession();
  if (!user.is_operator) {
    return (
      <>
        <PageHeader title="Operations" />
        <Panel>
          <EmptyState icon={<IconLock size={22} />} title="For operators">
            Queues, workers and schedules belong to whoever runs this gateway. Your merchant’s own deliveries are under{" "}
            <Link to="/dashboard/webhooks">Webhooks</Link>.
          </EmptyState>
        </Panel>
      </>
    );
  }
  return <ForOperators />;
}

function ForOperators() {
  const { data, error, refetch } = useQuery(operationsQuery);
  return (
    <>
      <PageHeader
        title="Operations"
        description="The gateway itself, over all merchants. Looked at anew every five seconds."
      />
      <div className={classes.stack}>
        <HealthTiles />
        <Panel title="Throughput" description="Jobs done by minute, in the last hour.">
          {error && !data ? (
            <ErrorState error={error} what="the throughput" retry={() => void refetch()} />
          ) : data && data.throughput.length === 0 ? (
            <EmptyState title="Nothing was done in the last hour">
              Payments, refunds and deliveries are jobs; each one counts here.
            </EmptyState>
          ) : data ? (
            <Suspense fallback={<Bone height={230} />}>
              <ThroughputChart points={data.throughput} />
            </Suspense>
          ) : (
            <Bone height={230} />
          )}
        </Panel>
        <Panel title="Queues and workers" flush>
          <DataTable
            caption="Queues"
            columns={queueColumns}
            rows={data?.queues}
            rowKey={(queue) => queue.kind}
            error={error}
            retry={() => void refetch()}
            skeletonRows={3}
            empty={<EmptyState title="No queues" />}
          />
        </Panel>
        <DeadJobs />
        <Panel title="Schedules" description="What the clock calls." flush>
          <DataTable
            caption="Schedules"
            columns={scheduleColumns}
            rows={data?.schedules}
            rowKey={(schedule) => schedule.name}
            error={error}
            retry={() => void refetch()}
            skeletonRows={5}
            empty={<EmptyState title="None has run yet">The first runs within a minute.</EmptyState>}
          />
        </Panel>
      </div>
    </>
  );
}
