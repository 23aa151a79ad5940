"""SQL about how the gateway itself does: queues, schedules, jobs that died."""

from __future__ import annotations

from shared.db import outbox
from shared.db.database import Row, Tx
from shared.db.outbox import StagedJob
from shared.jobs import LEASE_SECONDS

SAMPLES_SHOWN = "1 hour"
SAMPLES_KEPT = "1 day"


def queues(tx: Tx) -> list[Row]:
    """By kind: how much was completed ever, and when a worker last looked."""
    return tx.execute(
        """select kind, drained_at, (select coalesce(sum(completed), 0)::bigint from job_counts c where c.kind = q.kind)
                  as completed
             from queues q order by kind"""
    ).fetchall()


def schedules(tx: Tx) -> list[Row]:
    return tx.execute("select name, ran_at, seconds, error from schedule_runs order by name").fetchall()


def note_run(tx: Tx, name: str, *, seconds: float, error: str | None) -> None:
    tx.execute(
        """insert into schedule_runs (name, ran_at, seconds, error) values (%s, now(), %s, left(%s, 500))
               on conflict (name) do update
              set ran_at = excluded.ran_at, seconds = excluded.seconds, error = excluded.error""",
        (name, seconds, error),
    )


def sample(tx: Tx) -> None:
    """Notes what this minute's queues are like, once, and forgets old minutes."""
    tx.execute(
        """insert into job_samples (at, kind, completed, pending, processing, dead)
           select date_trunc('minute', now()), q.kind,
                  (select coalesce(sum(completed), 0) from job_counts c where c.kind = q.kind),
                  count(*) filter (where state = 'pending' and not coalesce(lease_until >= now(), false)),
                  count(*) filter (where state = 'pending' and lease_until >= now()),
                  count(*) filter (where state = 'dead')
             from queues q left join jobs using (kind)
            group by q.kind
               on conflict (at, kind) do nothing"""
    )
    tx.execute(f"delete from job_samples where at < now() - interval '{SAMPLES_KEPT}'")


def throughput(tx: Tx) -> list[Row]:
    """Of each minute that has a sample at its end: what was completed since the one before."""
    return tx.execute(
        f"""select at, kind, completed, pending
              from (select lag(at) over one as at, kind, pending,
                           greatest(completed - lag(completed) over one, 0) as completed
                      from job_samples
                     where at >= now() - interval '{SAMPLES_SHOWN}' - interval '1 minute'
                    window one as (partition by kind order by at)) s
             where at is not null
             order by at, kind"""
    ).fetchall()


def dead_jobs(tx: Tx, *, limit: int) -> list[Row]:
    """Those that died last first. A job that is claimed once too often dies then, when its lease begins."""
    return tx.execute(
        """select id, kind, subject, attempts, last_error, created_at,
                  coalesce(lease_until - make_interval(secs => %s), created_at) as died_at
             from jobs where state = 'dead' order by died_at desc, id desc limit %s""",
        (LEASE_SECONDS, limit),
    ).fetchall()


def revive(tx: Tx, job_id: int) -> tuple[list[StagedJob], str | None]:
    """The dead job is due again, with all its attempts before it, and what it is about. None: there is no such job.

    A delivery that was failed because of it waits for its attempts again.
    """
    rows = tx.execute(
        """with revived as (
               update jobs
                  set state = 'pending', attempts = 0, run_at = now(), woken_at = null, lease_until = null,
                      lease_token = null
                where id = %s and state = 'dead'
            returning id, kind, subject
           ),
           waiting as (
               update webhook_logs l set status = 'pending', attempts = 0, next_retry_at = now()
                 from revived r
                where l.id = case r.kind when 'deliver_webhook' then r.subject::uuid end
           )
           select id, kind, subject from revived""",
        (job_id,),
    ).fetchall()
    return outbox.staged(rows), rows[0]["subject"] if rows else None
