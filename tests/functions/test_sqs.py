"""The queue on AWS, against an SQS server on this machine."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from botocore.config import Config
from chalicelib import sqs
from chalicelib.aws import TIMEOUT_SECONDS, AwsError
from chalicelib.aws_config import AwsConfig, from_environment
from chalicelib.sqs import SqsQueue
from localstack_client.session import Session

from shared.db import jobs
from shared.db.database import Database
from shared.db.outbox import StagedJob
from shared.jobs import BATCH_MAX, KINDS, Kind

UNREACHABLE = "127.0.0.1:9"  # the discard port, which nobody serves
BIGINT_MAX = 2**63 - 1


@pytest.fixture(scope="module")
def server(moto_url: str) -> str:
    """Where SQS is: a host and a port."""
    return moto_url.removeprefix("http://")


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Somebody else's view of the queues."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("USE_SSL", raising=False)
    limits = Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1})
    client = Session(localstack_host=server).client("sqs", config=limits)
    yield client
    client.close()


def at(host: str) -> AwsConfig:
    """What a Lambda is told, with SQS at this host and port."""
    return from_environment(
        {
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": f"http://{host}",
        }
    )


@pytest.fixture
def prefix(client: Any) -> str:
    """The prefix of queues of this test's own, one for each kind."""
    prefix = f"gateway-{uuid.uuid4().hex[:8]}-"
    for kind in KINDS:
        client.create_queue(QueueName=f"{prefix}{kind}")
    return prefix


@pytest.fixture
def new_queue(server: str, prefix: str) -> Iterator[Callable[..., SqsQueue]]:
    """Makes a queue as a Lambda does, with this database."""
    made: list[SqsQueue] = []

    def new_queue(database: Database, host: str = server) -> SqsQueue:
        made.append(SqsQueue(f"http://{host}/123456789012/{prefix}", database, at(host)))
        return made[-1]

    yield new_queue
    for queue in made:
        queue.close()


@pytest.fixture
def nowhere() -> Database:
    """A database that is never asked."""
    return Database("", application_name="tests")


@pytest.fixture
def queue(new_queue: Callable[..., SqsQueue], nowhere: Database) -> SqsQueue:
    return new_queue(nowhere)


@pytest.fixture
def unreachable(new_queue: Callable[..., SqsQueue], nowhere: Database) -> SqsQueue:
    return new_queue(nowhere, UNREACHABLE)


def staged(kind: Kind, ids: Sequence[int]) -> list[StagedJob]:
    return [StagedJob(id, kind) for id in ids]


def bodies(client: Any, queue_name: str) -> list[str]:
    """The body of every message in a queue, which is empty after that."""
    url = client.get_queue_url(QueueName=queue_name)["QueueUrl"]
    found: list[str] = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
    return found


def job_ids(found: Sequence[str]) -> list[list[int]]:
    return sorted(json.loads(body)["jobs"] for body in found)


def stage(database: Database, kind: Kind, count: int, *, due_in_seconds: int = 0) -> list[int]:
    with database.transaction() as tx:
        ids = [job.id for job in jobs.ensure(tx, kind, [f"{kind} {uuid.uuid4()}" for _ in range(count)])]
        tx.execute(
            "update jobs set run_at = now() + make_interval(secs => %s) where id = any(%s)", (due_in_seconds, ids)
        )
    return ids


def test_ids_go_to_the_queue_of_their_kind_a_hundred_to_a_message(queue: SqsQueue, prefix: str, client: Any) -> None:
    payments, deliveries = list(range(1, 251)), [7, 1001]
    mixed = staged("process_payment", payments[:50]) + staged("deliver_webhook", deliveries)
    queue.send(mixed + staged("process_payment", payments[50:]))
    assert job_ids(bodies(client, f"{prefix}process_payment")) == [payments[:100], payments[100:200], payments[200:]]
    assert job_ids(bodies(client, f"{prefix}deliver_webhook")) == [deliveries]


def test_a_call_carries_ten_messages_at_most(
    queue: SqsQueue, prefix: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    call = queue._sqs.call

    def counted(operation: str, members: Any) -> Any:
        calls.append(len(members["Entries"]))
        return call(operation, members)

    monkeypatch.setattr(queue._sqs, "call", counted)
    ids = list(range(2350))
    queue.send(staged("process_payment", ids))
    assert calls == [10, 10, 4], "SQS refuses a call with more than ten messages"
    arrived = job_ids(bodies(client, f"{prefix}process_payment"))
    assert sorted(id for message in arrived for id in message) == ids, "every job must be told of, once"


def test_what_is_due_later_is_shown_when_it_is_due_and_what_is_due_much_later_is_left_to_the_sweep(
    queue: SqsQueue, prefix: str, client: Any
) -> None:
    later = [StagedJob(7, "process_payment", in_seconds) for in_seconds in (1.2, 900.5)]
    queue.send([*staged("process_payment", [5]), *later])
    assert bodies(client, f"{prefix}process_payment") == ['{"jobs":[5]}'], "the others are not due"
    time.sleep(1.5)
    assert bodies(client, f"{prefix}process_payment") == [], "not even when most of its time has passed"
    time.sleep(1.0)
    assert bodies(client, f"{prefix}process_payment") == ['{"jobs":[7]}']


def test_nothing_to_tell_is_no_call(unreachable: SqsQueue, caplog: pytest.LogCaptureFixture) -> None:
    unreachable.send([])
    assert not caplog.records


@pytest.mark.parametrize(
    ("largest", "bytes_max"), [(999_999_999, 1024), (BIGINT_MAX, 2048)], ids=["up to a billion", "up to any id"]
)
def test_a_full_message_is_small(queue: SqsQueue, prefix: str, client: Any, largest: int, bytes_max: int) -> None:
    ids = list(range(largest - BATCH_MAX + 1, largest + 1))
    queue.send(staged("process_payment", ids))
    (body,) = bodies(client, f"{prefix}process_payment")
    assert json.loads(body) == {"jobs": ids}, "a message carries ids and nothing else"
    assert len(body.encode()) < bytes_max, f"{BATCH_MAX} ids must stay under {bytes_max} bytes"


def test_unreachable_sqs_never_raises_from_send(unreachable: SqsQueue, caplog: pytest.LogCaptureFixture) -> None:
    unreachable.send(staged("process_payment", [1, 2]) + staged("deliver_webhook", [3]))
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [
        "wake-up not sent: kind=process_payment jobs=2",
        "wake-up not sent: kind=deliver_webhook jobs=1",
    ]


def test_a_missing_queue_does_not_keep_the_other_kinds_from_being_told(
    queue: SqsQueue, prefix: str, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=f"{prefix}process_payment")["QueueUrl"])
    queue.send(staged("process_payment", [1]) + staged("deliver_webhook", [2]))
    assert job_ids(bodies(client, f"{prefix}deliver_webhook")) == [[2]]
    assert "wake-up not sent: kind=process_payment jobs=1" in caplog.text, "what was lost must be told of"


def test_messages_that_sqs_refuses_one_by_one_are_told_of(
    queue: SqsQueue, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"Id": "0", "SenderFault": False, "Code": "InternalError", "Message": "try again"}
    monkeypatch.setattr(queue._sqs, "call", lambda *_: {"Successful": [], "Failed": [refused]})
    queue.send(staged("process_payment", [1]))
    assert "wake-up not sent: kind=process_payment messages=1" in caplog.text


def test_ping_is_content_when_every_queue_is_there(queue: SqsQueue) -> None:
    queue.ping()


@pytest.mark.parametrize("kind", KINDS)
def test_ping_raises_when_a_queue_is_missing(queue: SqsQueue, prefix: str, client: Any, kind: Kind) -> None:
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=f"{prefix}{kind}")["QueueUrl"])
    with pytest.raises(AwsError, match=r"NonExistentQueue|QueueDoesNotExist"):
        queue.ping()


def test_ping_notices_a_queue_that_vanished_since(queue: SqsQueue, prefix: str, client: Any) -> None:
    queue.ping()
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=f"{prefix}deliver_webhook")["QueueUrl"])
    with pytest.raises(AwsError, match=r"NonExistentQueue|QueueDoesNotExist"):
        queue.ping()


def test_ping_raises_when_sqs_cannot_be_reached(unreachable: SqsQueue) -> None:
    with pytest.raises(AwsError):
        unreachable.ping()


def test_an_order_does_not_wait_long_for_sqs(
    new_queue: Callable[..., SqsQueue], nowhere: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        queue = new_queue(nowhere, f"127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        queue.send(staged("process_payment", [1]))
        waited = time.monotonic() - began
    assert "wake-up not sent" in caplog.text
    assert TIMEOUT_SECONDS <= waited < 2 * TIMEOUT_SECONDS, "once: the sweep is the second attempt"


def test_a_connection_that_died_while_the_lambda_slept_costs_nothing(
    queue: SqsQueue, prefix: str, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = http.client.HTTPConnection(*server.getsockname())
        kept.connect()
        server.accept()[0].close()
    queue._sqs._connection = kept
    queue.send(staged("process_payment", [2]))
    assert job_ids(bodies(client, f"{prefix}process_payment")) == [[2]]
    assert "not sent" not in caplog.text


def test_the_sweep_is_what_beats_where_no_worker_does(new_queue: Callable[..., SqsQueue], database: Database) -> None:
    def alive() -> bool:
        with database.statement() as tx:
            return jobs.workers_alive(tx, within_seconds=30)

    assert not alive()
    new_queue(database).beat()
    assert alive()


def test_wake_tells_of_what_is_due_and_of_nothing_else(
    prefix: str, database: Database, client: Any, new_queue: Callable[..., SqsQueue]
) -> None:
    due = stage(database, "process_payment", 3)
    stage(database, "process_payment", 2, due_in_seconds=60)
    stage(database, "deliver_webhook", 2)
    new_queue(database).wake("process_payment")
    ((*told,),) = job_ids(bodies(client, f"{prefix}process_payment"))
    assert sorted(told) == sorted(due), "exactly the due jobs must be told of"
    assert bodies(client, f"{prefix}deliver_webhook") == [], "another kind was not asked for"


def test_wake_does_not_tell_twice_of_a_job_that_was_just_told_of(
    prefix: str, database: Database, client: Any, new_queue: Callable[..., SqsQueue]
) -> None:
    stage(database, "process_payment", 3)
    queue = new_queue(database)
    queue.wake("process_payment")
    queue.wake("process_payment")
    assert len(bodies(client, f"{prefix}process_payment")) == 1


def test_wake_goes_on_until_nothing_is_due_a_hundred_jobs_at_a_time(
    prefix: str, database: Database, client: Any, new_queue: Callable[..., SqsQueue]
) -> None:
    due = stage(database, "deliver_webhook", 250)
    new_queue(database).wake("deliver_webhook")
    told = job_ids(bodies(client, f"{prefix}deliver_webhook"))
    assert sorted(len(message) for message in told) == [50, BATCH_MAX, BATCH_MAX]
    assert sorted(id for message in told for id in message) == sorted(due), "every due job must be told of, once"


def test_wake_ends_after_its_share_so_that_other_kinds_have_their_turn(
    prefix: str, database: Database, client: Any, new_queue: Callable[..., SqsQueue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs, "WAKES_MAX", 2)
    stage(database, "deliver_webhook", 250)
    new_queue(database).wake("deliver_webhook")
    assert [len(message) for message in job_ids(bodies(client, f"{prefix}deliver_webhook"))] == [BATCH_MAX] * 2


def test_wake_raises_what_stops_it(database: Database, new_queue: Callable[..., SqsQueue]) -> None:
    stage(database, "process_payment", 1)
    with pytest.raises(AwsError):
        new_queue(database, UNREACHABLE).wake("process_payment")
