"""SQL about jobs: the queue of record. All times are the database's."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from uuid import UUID, uuid4

from shared.db.database import Tx
from shared.db.outbox import StagedJob
from shared.jobs import BATCH_MAX, CLAIMS_MAX, DEAD_SECONDS, LEASE_SECONDS, REWAKE_SECONDS, Kind

COUNT_SHARDS = 16  # rows that a kind's count is spread over, so that workers seldom wait for each other's commit


@dataclass(frozen=True, slots=True)
class Waiting:
    """A due job that was just woken; jobs of one lane share a slow party."""

    id: int
    lane: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Jobs that are this worker's until their lease ends."""

    token: UUID
    subjects: dict[int, str]  # job id → id of what it is about
    deserted: frozenset[int]  # jobs whose last worker neither finished nor released them
    dead: frozenset[str] = frozenset()  # what the jobs were about that were claimed too often to be tried again

    @property
    def ids(self) -> list[int]:
        return list(self.subjects)


def wake(tx: Tx, kind: Kind, *, limit: int = BATCH_MAX, busy_lanes: Sequence[str] = ()) -> list[Waiting]:
    """Takes up to `limit` due jobs that nobody works on, and notes that they were handed out.

    Everything that starts work asks here, or hands over the ids of jobs it has just committed.
    """
    rows = tx.execute(
        """with due as (
               select id from jobs
                where kind = %(kind)s and state = 'pending' and run_at <= now()
                  and (lease_until is null or lease_until < now())
                  and (woken_at is null or woken_at < now() - make_interval(secs => %(rewake)s))
                  and lane <> all(%(busy)s::text[])
                order by run_at limit %(limit)s
                  for no key update skip locked)
           update jobs set woken_at = now() from due where jobs.id = due.id
        returning jobs.id, jobs.lane""",
        {"kind": kind, "rewake": REWAKE_SECONDS, "busy": list(busy_lanes), "limit": limit},
    ).fetchall()
    return [Waiting(row["id"], row["lane"]) for row in rows]


def unwake(tx: Tx, ids: Sequence[int]) -> None:
    """Woken jobs for which there was no room after all: anybody may wake them again."""
    tx.execute("update jobs set woken_at = null where id = any(%s) and lease_until is null", (list(ids),))


def claim(tx: Tx, kind: Kind, ids: Sequence[int]) -> Claim:
    """Leases those of the jobs that are due and free. The rest are somebody else's, or done: nothing to do for them."""
    token = uuid4()
    rows = tx.execute(
        """with free as (
               select id, lease_token is not null as deserted from jobs
                where id = any(%(ids)s) and kind = %(kind)s and state = 'pending' and run_at <= now()
                  and (lease_until is null or lease_until < now())
                  for no key update skip locked)
           update jobs
              set lease_until = now() + make_interval(secs => %(lease)s), lease_token = %(token)s,
                  attempts = attempts + 1,
                  state = case when attempts >= %(claims_max)s then 'dead' else state end
             from free where jobs.id = free.id
        returning jobs.id, subject, state, deserted""",
        {"ids": list(ids), "kind": kind, "lease": LEASE_SECONDS, "token": token, "claims_max": CLAIMS_MAX},
    ).fetchall()
    alive = [row for row in rows if row["state"] == "pending"]
    return Claim(
        token,
        {row["id"]: row["subject"] for row in alive},
        frozenset(row["id"] for row in alive if row["deserted"]),
        frozenset(row["subject"] for row in rows if row["state"] == "dead"),
    )


def finish(tx: Tx, kind: Kind, ids: Sequence[int], token: UUID) -> set[int]:
    """Ends the jobs that are still this worker's, and says which: for the rest, change nothing."""
    if not ids:
        return set()
    rows = tx.execute(
        """with done as (delete from jobs where id = any(%(ids)s) and lease_token = %(token)s returning id),
                counted as (
                    update job_counts set completed = completed + (select count(*) from done)
                     where kind = %(kind)s and shard = %(shard)s)
           select id from done""",
        {"ids": list(ids), "kind": kind, "token": token, "shard": random.randrange(COUNT_SHARDS)},
    ).fetchall()
    return {row["id"] for row in rows}


def postpone(tx: Tx, ids: Sequence[int], waits: Sequence[float], token: UUID, *, error: str | None = None) -> set[int]:
    """Puts back the jobs that are still this worker's, each due after its wait in seconds, and says which."""
    if not ids:
        return set()
    rows = tx.execute(
        """update jobs
              set run_at = now() + make_interval(secs => w.wait), woken_at = null, lease_until = null,
                  lease_token = null, last_error = left(%(error)s, 500),
                  attempts = case when %(error)s::text is null then 0 else attempts end
             from unnest(%(ids)s::bigint[], %(waits)s::float8[]) as w (id, wait)
            where jobs.id = w.id and lease_token = %(token)s
        returning jobs.id""",
        {"ids": list(ids), "waits": list(waits), "token": token, "error": error},
    ).fetchall()
    return {row["id"] for row in rows}


def postponed(kind: Kind, waits: Mapping[int, float], held: Set[int]) -> list[StagedJob]:
    """Those that were put back, to tell a queue that can keep what is told until it is due."""
    return [StagedJob(id, kind, wait) for id, wait in waits.items() if id in held]


def ensure(tx: Tx, kind: Kind, subjects: Sequence[str], lanes: Sequence[str] | None = None) -> list[StagedJob]:
    """A pending job for each subject that has none; one that has been dead for long is tried again. Returns both."""
    if not subjects:
        return []
    rows = tx.execute(
        """insert into jobs (kind, subject, lane)
           select %(kind)s, subject, lane from unnest(%(subjects)s::text[], %(lanes)s::text[]) as s (subject, lane)
               on conflict (kind, subject) do update
                  set state = 'pending', attempts = 0, run_at = now(), woken_at = null,
                      lease_until = null, lease_token = null
                where jobs.state = 'dead' and jobs.lease_until < now() - make_interval(secs => %(rest)s)
        returning id, kind""",
        {"kind": kind, "subjects": list(subjects), "lanes": list(lanes or [""] * len(subjects)), "rest": DEAD_SECONDS},
    ).fetchall()
    return [StagedJob(row["id"], row["kind"]) for row in rows]


def hasten(tx: Tx, kind: Kind, subject: str) -> list[StagedJob]:
    """Makes the subject's job due now, if it waits."""
    rows = tx.execute(
        """update jobs set run_at = now(), woken_at = null
            where kind = %s and subject = %s and state = 'pending' and (lease_until is null or lease_until < now())
        returning id, kind""",
        (kind, subject),
    ).fetchall()
    return [StagedJob(row["id"], row["kind"]) for row in rows]


def due_kinds(tx: Tx) -> list[Kind]:
    """The kinds that have a due job which nobody was told of."""
    rows = tx.execute(
        """select kind from queues q
            where exists (
                  select from jobs
                   where jobs.kind = q.kind and state = 'pending' and run_at <= now()
                     and (lease_until is null or lease_until < now())
                     and (woken_at is null or woken_at < now() - make_interval(secs => %s)))""",
        (REWAKE_SECONDS,),
    ).fetchall()
    return [row["kind"] for row in rows]


def note_drained(tx: Tx, kind: Kind) -> None:
    """A worker's heartbeat: it has just looked for work of this kind."""
    tx.execute("update queues set drained_at = now() where kind = %s", (kind,))


@dataclass(frozen=True, slots=True)
class Counts:
    pending: int
    processing: int
    completed: int
    failed: int


def counts(tx: Tx) -> Counts:
    row = tx.execute(
        """select count(*) filter (where state = 'pending' and not coalesce(lease_until >= now(), false)) as pending,
                  count(*) filter (where state = 'pending' and lease_until >= now()) as processing,
                  (select sum(completed)::bigint from job_counts) as completed,
                  count(*) filter (where state = 'dead') as failed
             from jobs"""
    ).fetchone()
    assert row is not None
    return Counts(**row)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The unfinished jobs of one kind; how long the first one is due that nobody works on, 0 if there is none."""

    kind: str
    pending: int
    processing: int
    dead: int
    oldest_due_seconds: float


def backlogs(tx: Tx) -> list[Backlog]:
    """One for each kind. Reads all unfinished jobs once."""
    rows = tx.execute(
        """select q.kind,
                  count(*) filter (where state = 'pending' and not coalesce(lease_until >= now(), false)) as pending,
                  count(*) filter (where state = 'pending' and lease_until >= now()) as processing,
                  count(*) filter (where state = 'dead') as dead,
                  coalesce(extract(epoch from now() - min(run_at) filter (
                      where state = 'pending' and run_at <= now() and not coalesce(lease_until >= now(), false)
                  )), 0)::float8 as oldest_due_seconds
             from queues q left join jobs using (kind)
            group by q.kind order by q.kind"""
    ).fetchall()
    return [Backlog(**row) for row in rows]


def workers_alive(tx: Tx, *, within_seconds: float) -> bool:
    """Whether a worker of every kind looked for work not long ago."""
    row = tx.execute(
        """select coalesce(bool_and(drained_at > now() - make_interval(secs => %s)), false) as alive from queues""",
        (within_seconds,),
    ).fetchone()
    return row is not None and bool(row["alive"])
