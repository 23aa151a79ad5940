"""SQS triggers by Lambda's rules: what was not done stays in the queue, and comes again by its visibility timeout."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import EndpointConnectionError

from local.aws.deployed import Function, Trigger
from local.aws.event_sources import Chaos, Poller, done
from local.aws.functions import Functions, Result, Throttled
from tests.local.aws.conftest import wait_until

VISIBILITY_SECONDS = 1


class Queue(NamedTuple):
    client: Any
    url: str
    arn: str

    def send(self, *bodies: str, **options: Any) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body, **options)

    def count(self) -> int:
        """Messages in it, whether they can be seen now or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def is_empty(self) -> bool:
        """Asked twice: a message that just becomes visible may be missing in both numbers."""
        return self.count() == 0 and self.count() == 0


@pytest.fixture
def make_queue(sqs: Any) -> Callable[..., Queue]:
    def make(**attributes: str) -> Queue:
        attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS), **attributes}
        url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}", Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Queue(sqs, url, arn)

    return make


@pytest.fixture
def queue(make_queue: Callable[..., Queue]) -> Queue:
    return make_queue()


class Stub:
    """A function in this process, which notes what it was given and when."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self.answer = answer
        self.events: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.running = self.most_running = 0
        self._lock = threading.Lock()

    def invoke(self, name: str, event: dict[str, Any]) -> Result:
        with self._lock:
            self.events.append(event)
            self.times.append(time.monotonic())
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            told = self.answer(event)
        finally:
            with self._lock:
                self.running -= 1
        return told if isinstance(told, Result) else result(json.dumps(told).encode())

    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in event["Records"]] for event in self.events]

    def delivered(self) -> list[str]:
        return [body for bodies in self.bodies() for body in bodies]


def result(payload: bytes, error: str | None = None) -> Result:
    return Result(payload=payload, error=error, request_id="r", ms=1, billed_ms=1, init_ms=0, max_memory_mb=1)


def nothing(event: dict[str, Any]) -> None:
    return None


@pytest.fixture(scope="module")
def stopped() -> Iterator[list[Poller]]:
    """Those of the tests before: each may wait for SQS for a second yet, and nobody for each."""
    pollers: list[Poller] = []
    yield pollers
    for poller in pollers:
        poller.join()


@pytest.fixture
def poll(stopped: list[Poller]) -> Iterator[Callable[..., Any]]:
    """Starts a poller of the queue."""
    pollers: list[Poller] = []

    def start(queue: Queue, functions: Any, chaos: Chaos | None = None, **settings: Any) -> Any:
        given = {"batch_size": 10, "window_seconds": 0, "partial_failures": False, "concurrency": 2} | settings
        trigger = Trigger(queue_url=queue.url, queue_arn=queue.arn, function=given.pop("function", "f"), **given)
        pollers.append(Poller(trigger, functions, queue.client, chaos))
        pollers[-1].start()
        return functions

    yield start
    for poller in pollers:
        poller.stop()
    stopped += pollers


Poll = Callable[..., Any]


def test_the_event_is_lambdas(queue: Queue, poll: Poll) -> None:
    before = int(time.time() * 1000)
    attribute = {"kind": {"DataType": "String", "StringValue": "a"}, "raw": {"DataType": "Binary", "BinaryValue": b"b"}}
    queue.send("grüß", MessageAttributes=attribute)
    stub = poll(queue, Stub(nothing))
    wait_until(lambda: stub.events, "nothing was delivered")
    (record,) = stub.events[0]["Records"]
    assert record.pop("md5OfMessageAttributes")
    attributes = record.pop("attributes")
    assert {"ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= set(
        attributes
    )
    assert all(isinstance(value, str) for value in attributes.values())
    assert attributes["ApproximateReceiveCount"] == "1"
    assert before <= int(attributes["SentTimestamp"]) <= int(attributes["ApproximateFirstReceiveTimestamp"])
    assert uuid.UUID(record.pop("messageId")) and record.pop("receiptHandle")
    lists: dict[str, list[str]] = {"stringListValues": [], "binaryListValues": []}
    assert record == {
        "body": "grüß",
        "messageAttributes": {
            "kind": {"dataType": "String", "stringValue": "a", **lists},
            "raw": {"dataType": "Binary", "binaryValue": "Yg==", **lists},
        },
        "md5OfBody": hashlib.md5("grüß".encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": "us-east-1",
    }
    json.dumps(stub.events)


def test_what_was_done_is_deleted(queue: Queue, poll: Poll) -> None:
    queue.send(*"abc")
    stub = poll(queue, Stub(nothing))
    wait_until(queue.is_empty, "the messages are still there")
    time.sleep(VISIBILITY_SECONDS + 0.5)
    assert sorted(stub.delivered()) == ["a", "b", "c"], "each once"


@pytest.mark.parametrize("size", [1, 3, 10])
def test_a_batch_is_no_larger_than_asked_for(queue: Queue, poll: Poll, size: int) -> None:
    queue.send(*"abcdefg")
    stub = poll(queue, Stub(nothing), batch_size=size)
    wait_until(queue.is_empty, "the messages are still there")
    assert sorted(stub.delivered()) == list("abcdefg")
    assert max(map(len, stub.bodies())) == min(size, 7)


def test_a_window_collects_what_comes_in_it(make_queue: Callable[..., Queue], poll: Poll) -> None:
    queue = make_queue(VisibilityTimeout="30")  # a window longer than it would collect messages twice
    queue.send(*"abcdefghijk")
    stub = poll(queue, Stub(nothing), window_seconds=2, batch_size=20)
    time.sleep(0.5)
    queue.send("l")
    wait_until(lambda: stub.events, "nothing was delivered")
    assert [sorted(bodies) for bodies in stub.bodies()] == [list("abcdefghijkl")]


def test_a_full_batch_does_not_wait_for_its_window(queue: Queue, poll: Poll) -> None:
    queue.send(*"ab")
    began = time.monotonic()
    stub = poll(queue, Stub(nothing), window_seconds=8, batch_size=2)
    wait_until(lambda: stub.events, "nothing was delivered")
    assert time.monotonic() - began < 5


def test_no_more_at_once_than_the_trigger_may(queue: Queue, poll: Poll) -> None:
    queue.send(*"abcdef")
    stub = poll(queue, Stub(lambda event: time.sleep(0.3)), batch_size=1, concurrency=2)
    wait_until(lambda: len(stub.events) == 6 and not stub.running, "not all were delivered")
    assert stub.most_running == 2


def throttle(event: dict[str, Any]) -> None:
    raise Throttled


@pytest.mark.parametrize(
    "failure",
    [lambda event: result(b"{}", "Unhandled"), lambda event: result(b"{}", "Timeout"), throttle],
    ids=["error", "timeout", "throttle"],
)
def test_what_failed_comes_again_after_its_visibility_timeout_and_not_before(
    queue: Queue, poll: Poll, failure: Callable[[dict[str, Any]], Any]
) -> None:
    tries = iter([failure, failure])
    queue.send("a")
    stub = poll(queue, Stub(lambda event: next(tries, nothing)(event)))
    wait_until(queue.is_empty, "it was never done")
    assert stub.delivered() == ["a"] * 3
    waits = [after - before for before, after in zip(stub.times, stub.times[1:], strict=False)]
    assert min(waits) >= VISIBILITY_SECONDS * 0.8, f"it came again after {min(waits):.2f} s"
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in stub.events]
    assert counts == ["1", "2", "3"]


def test_what_fails_too_often_goes_to_the_dead_letter_queue(make_queue: Callable[..., Queue], poll: Poll) -> None:
    dead = make_queue()
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    queue = make_queue(RedrivePolicy=redrive)
    queue.send("a")
    stub = poll(queue, Stub(lambda event: result(b"{}", "Crashed")))
    wait_until(lambda: dead.count() == 1, "it is tried for ever")
    assert stub.delivered() == ["a", "a"]
    (message,) = queue.client.receive_message(QueueUrl=dead.url)["Messages"]
    assert (message["Body"], message["MessageId"]) == ("a", stub.events[0]["Records"][0]["messageId"])


def failing_b(event: dict[str, Any]) -> dict[str, Any]:
    failed = [record["messageId"] for record in event["Records"] if record["body"] == "b"]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}


def test_what_a_report_names_comes_again_alone(queue: Queue, poll: Poll) -> None:
    queue.send(*"abc")
    stub = poll(queue, Stub(failing_b), partial_failures=True)
    wait_until(lambda: Counter(stub.delivered())["b"] == 2, "what failed did not come again")
    assert Counter(stub.delivered()) == {"a": 1, "b": 2, "c": 1}


def test_a_report_is_not_read_when_partial_failures_are_off(queue: Queue, poll: Poll) -> None:
    queue.send(*"abc")
    stub = poll(queue, Stub(failing_b), partial_failures=False)
    wait_until(queue.is_empty, "the messages are still there")
    assert sorted(stub.delivered()) == ["a", "b", "c"]


MESSAGES = [{"MessageId": id} for id in ("1", "2", "3")]


@pytest.mark.parametrize(
    ("payload", "deleted"),
    [
        (b"null", "123"),
        (b"", "123"),
        (b"{}", "123"),
        (b'{"batchItemFailures": []}', "123"),
        (b'{"batchItemFailures": null}', "123"),
        (b'{"batchItemFailures": [{"itemIdentifier": "2"}]}', "13"),
        (b'{"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}', "1"),
        (b'{"batchItemFailures": [{"itemIdentifier": "4"}]}', ""),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', ""),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', ""),
        (b'{"batchItemFailures": [{"itemId": "2"}]}', ""),
        (b'{"batchItemFailures": ["2"]}', ""),
        (b'{"batchItemFailures": "2"}', ""),
        (b'{"batchFailures": []}', ""),
        (b'"done"', ""),
        (b"[]", ""),
        (b"no json", ""),
    ],
)
def test_a_malformed_report_is_the_failure_of_the_whole_batch(payload: bytes, deleted: str) -> None:
    gone = done(result(payload), MESSAGES, partial_failures=True)
    assert "".join(message["MessageId"] for message in gone) == deleted
    assert done(result(payload), MESSAGES, partial_failures=False) == MESSAGES, "whatever is returned"
    assert done(result(payload, "Unhandled"), MESSAGES, partial_failures=True) == []
    assert done(result(payload, "Unhandled"), MESSAGES, partial_failures=False) == []


def test_messages_may_be_delivered_twice_on_purpose(queue: Queue, poll: Poll) -> None:
    queue.send(*"abcdef")
    stub = poll(queue, Stub(nothing), Chaos(duplicate=1.0))
    wait_until(lambda: len(stub.delivered()) == 12, "not every message was delivered twice")
    assert set(Counter(stub.delivered()).values()) == {2}
    ids = {record["messageId"] for event in stub.events for record in event["Records"]}
    assert len(ids) == 6, "the second delivery has the same id"
    wait_until(queue.is_empty, "the messages are still there")


def test_messages_may_change_places_on_purpose(queue: Queue, poll: Poll) -> None:
    sent = list("abcdefghij")
    queue.send(*sent)
    stub = poll(queue, Stub(nothing), Chaos(reorder=True, seed=7), batch_size=2, concurrency=1)
    wait_until(lambda: len(stub.delivered()) == 10, "not all were delivered")
    assert stub.delivered() != sent and sorted(stub.delivered()) == sent
    assert {len(bodies) for bodies in stub.bodies()} == {2}


class OnceUnreachable:
    """A client that cannot reach SQS the first time."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._failed = False

    def receive_message(self, **arguments: Any) -> Any:
        if not self._failed:
            self._failed = True
            raise EndpointConnectionError(endpoint_url="http://nowhere")
        return self._client.receive_message(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_polling_goes_on_when_sqs_was_away(queue: Queue, poll: Poll, caplog: pytest.LogCaptureFixture) -> None:
    queue.send("a")
    stub = poll(queue._replace(client=OnceUnreachable(queue.client)), Stub(nothing))
    wait_until(lambda: stub.delivered() == ["a"], "nothing was delivered")
    assert "not received" in caplog.text


def test_a_sandbox_that_dies_leaves_its_messages(
    queue: Queue,
    poll: Poll,
    serve: Callable[..., Functions],
    function: Callable[..., Function],
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes"
    then = tmp_path / "notes.then"
    then.write_text("os._exit(1)")
    functions = serve(function("noter", environment={"NOTES": str(notes)}))
    queue.send("a")
    poll(queue, functions, function="noter")
    wait_until(notes.exists, "nothing was delivered")
    then.write_text("time.sleep(0)")
    wait_until(queue.is_empty, "it was never done")
    first, second = [json.loads(line) for line in notes.read_text().splitlines()]
    assert second["at"] - first["at"] >= VISIBILITY_SECONDS * 0.8
    assert first["event"]["Records"][0]["messageId"] == second["event"]["Records"][0]["messageId"]
    functions.close()
