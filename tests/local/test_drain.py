"""The shim: bells that are never lost, slots that are never overfull, lanes that never share an invocation."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from local import doorbell, drain
from local.doorbell import Doorbell
from local.drain import Drain
from local.worker import AllowedJob
from shared.connectors.simulator import SimulatedBank
from shared.db.database import Database
from shared.db.outbox import StagedJob
from tests import gateway

DONE: dict[str, list[Any]] = {"batchItemFailures": []}


class Rung:
    """A bell that counts its rings."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def wake(self, kind: str) -> None:
        self.kinds.append(kind)


def _drain(database: Database, handler: Callable[..., Any], kind: Any = "deliver_webhook") -> tuple[Drain, Rung]:
    bell = Rung()
    return Drain(kind, handler, database, bell), bell  # type: ignore[arg-type]


def _jobs(database: Database, lanes: int, each: int = 1) -> None:
    with database.statement() as tx:
        tx.execute(
            """insert into jobs (kind, subject, lane)
               select 'deliver_webhook', gen_random_uuid()::text, 'lane-' || lpad(lane::text, 4, '0')
                 from generate_series(1, %s) lane, generate_series(1, %s)""",
            (lanes, each),
        )


def _ids(event: dict[str, Any]) -> list[int]:
    return [id for record in event["Records"] for id in json.loads(record["body"])["jobs"]]


def _wait_for(wanted: Callable[[], bool]) -> None:
    stop_at = time.monotonic() + 10
    while not wanted():
        assert time.monotonic() < stop_at, "not within 10 seconds"
        time.sleep(0.01)


@pytest.fixture
def bells(redis_url: str) -> Iterator[redis.Redis]:
    connection = doorbell.connect(redis_url)
    connection.flushall()
    yield connection
    connection.close()


def test_an_invocation_carries_one_lane(database: Database) -> None:
    _jobs(database, lanes=5, each=4)
    carried: list[list[int]] = []
    draining, _ = _drain(database, lambda event, _: carried.append(_ids(event)) or DONE)
    draining.run()
    assert draining.wait_until_idle(5)
    with database.statement() as tx:
        lane_of = {row["id"]: row["lane"] for row in tx.execute("select id, lane from jobs").fetchall()}
    assert sorted(id for ids in carried for id in ids) == sorted(lane_of)
    assert all(len({lane_of[id] for id in ids}) == 1 for ids in carried)
    assert len(carried) == 5


def test_more_hanging_lanes_than_slots_fill_the_slots_and_no_more_and_the_rest_can_be_woken_again(
    database: Database,
) -> None:
    slots = drain.SLOTS["deliver_webhook"]
    _jobs(database, lanes=slots + 36)
    release = threading.Event()
    running: list[int] = []

    def hang(event: dict[str, Any], _: object) -> dict[str, Any]:
        running.extend(_ids(event))
        release.wait(20)
        return DONE

    draining, bell = _drain(database, hang)
    draining.run()
    _wait_for(lambda: len(running) == slots)
    assert not draining.overdue()
    assert len(gateway.waking(database, "deliver_webhook")) == 36, "those without a slot are free for anybody"
    assert bell.kinds[-1] == "deliver_webhook", "somebody has to look again"
    release.set()
    assert draining.wait_until_idle(10)
    assert len(running) == slots


def test_lanes_that_were_slow_lately_share_half_of_the_slots(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "SLOW_SECONDS", 0.0)
    slots = drain.SLOTS["deliver_webhook"]
    release = threading.Event()
    release.set()
    running: list[int] = []

    def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
        running.extend(_ids(event))
        release.wait(20)
        return DONE

    draining, _ = _drain(database, handler)
    _jobs(database, lanes=slots)
    draining.run()
    assert draining.wait_until_idle(10)
    release.clear()
    running.clear()
    with database.statement() as tx:
        tx.execute("update jobs set woken_at = null")  # each lane has shown how slow it is, and is due again
        tx.execute("insert into jobs (kind, subject, lane) values ('deliver_webhook', 'quick', 'quick')")
        quick = tx.execute("select id from jobs where lane = 'quick'").fetchone()
    assert quick is not None
    draining.run()
    _wait_for(lambda: quick["id"] in running)
    assert len(running) == slots // 2 + 1, "half for the slow, and a slot for the quick one"
    release.set()
    assert draining.wait_until_idle(10)


def test_an_invocation_past_its_limit_is_noticed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "HANDLER_SECONDS_MAX", 0.05)
    _jobs(database, lanes=1)
    release = threading.Event()
    draining, _ = _drain(database, lambda *_: release.wait(20) and DONE)
    draining.run()
    _wait_for(draining.overdue)
    release.set()
    assert draining.wait_until_idle(5)
    assert not draining.overdue()


def test_a_handler_that_raises_frees_its_slot(database: Database) -> None:
    _jobs(database, lanes=3)

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    draining, _ = _drain(database, broken)
    draining.run()
    assert draining.wait_until_idle(5)


def test_a_drain_is_a_heartbeat(database: Database) -> None:
    draining, _ = _drain(database, lambda *_: DONE)
    draining.run()
    with database.statement() as tx:
        rows = tx.execute("select kind from queues where drained_at is not null").fetchall()
    assert rows == [{"kind": "deliver_webhook"}]


def test_while_a_bell_hangs_nobody_hangs_another_and_after_it_is_answered_anybody_may(bells: redis.Redis) -> None:
    queue = doorbell.rq_queue("process_payment", bells)
    assert [doorbell.ring(bells, "process_payment") for _ in range(3)] == [True, False, False]
    assert len(queue) == 1
    doorbell.take_down(bells, "process_payment")
    assert doorbell.ring(bells, "process_payment")
    assert doorbell.ring(bells, "deliver_webhook"), "each kind has a bell of its own"


def test_what_is_committed_after_an_answer_began_rings_again(
    database: Database, bells: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bell comes down before the look: otherwise a job committed in between would hear nobody."""
    order: list[str] = []

    class Looks:
        def run(self) -> None:
            order.append("look")
            assert doorbell.ring(bells, "process_payment"), "the bell still hung while the worker looked"

    doorbell.ring(bells, "process_payment")
    monkeypatch.setattr(drain, "_drain", Looks())
    monkeypatch.setattr(drain, "_connection", bells)
    drain.answer("process_payment")
    assert order == ["look"]


def test_sending_never_raises_and_never_waits_for_redis() -> None:
    bell = Doorbell("redis://127.0.0.1:1")
    started = time.monotonic()
    bell.send([StagedJob(1, "process_payment")])
    assert time.monotonic() - started < 0.5
    with pytest.raises(redis.RedisError):
        bell.ping()


def test_a_job_that_is_no_doorbell_is_refused(bells: redis.Redis) -> None:
    """Whoever can write to Redis must not be able to run a function of their choice."""
    poison = AllowedJob.create("os.system", args=("true",), connection=bells, serializer=JSONSerializer)
    with pytest.raises(PermissionError, match=r"refused to run .os\.system."):
        poison.perform()
    assert Job.create("os.system", args=("true",), connection=bells, serializer=JSONSerializer).perform() == 0


def test_payments_flow_through_the_real_handler(database: Database, settings: Any) -> None:
    import app as handlers
    from chalicelib import runtime

    on = runtime.build(settings, database, gateway.Told())
    runtime.use(on)
    ids = [gateway.pay(database, SimulatedBank(database, gateway.INSTANT)) for _ in range(3)]
    draining, _ = _drain(database, handlers.app.handler_map["process_payment"], "process_payment")
    draining.run()
    assert draining.wait_until_idle(10)
    assert [gateway.state(database, id) for id in ids] == ["authorized"] * 3
    on.close()
