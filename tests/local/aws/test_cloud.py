"""A whole deployment: HTTP, a queue and a clock reach the same bundle."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from local import events
from local.aws import runtime_folder as making
from local.aws.clock import Clock
from local.aws.cloud import running
from local.aws.deployed import Api, Deployed, Function, Rate, Route, Trigger
from local.aws.functions import Closed, Throttled
from local.aws.runtime_folder import runtime_folder
from local.errors import LocalError
from tests.local.aws.conftest import credentials, wait_until

RULE = "arn:aws:events:us-east-1:123456789012:rule/sweep"


def noted(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line)["event"] for line in path.read_text().splitlines()] if path.exists() else []


def test_everything_that_triggers_reaches_its_function_and_ends_quickly(
    sqs: Any, function: Callable[..., Function], runtime: Path, tmp_path: Path
) -> None:
    threads_before = set(threading.enumerate())
    notes = {name: tmp_path / name for name in ("api", "job", "sweep")}
    for path in notes.values():
        path.with_name(f"{path.name}.then").write_text("{'statusCode': 200, 'body': 'done'}")
    url = sqs.create_queue(QueueName=f"jobs-{time.time_ns()}", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    deployed = Deployed(
        functions={
            name: function("noter", called=name, environment={"NOTES": str(path)}) for name, path in notes.items()
        },
        triggers=[
            Trigger(
                queue_url=url,
                queue_arn=arn,
                function="job",
                batch_size=5,
                window_seconds=0,
                partial_failures=False,
                concurrency=2,
            )
        ],
        rates=[Rate(name="sweep", rule_arn=RULE, function="sweep", seconds=60)],
        api=Api(stage="dev", routes=[Route(path="/health", method="GET", function="api", timeout_seconds=10)]),
    )
    with running(
        deployed,
        sqs_client=sqs,
        credentials=credentials,
        machine={"OF_THE_MACHINE": "1"},
        runtime_folder=runtime,
        logs_folder=tmp_path / "logs",
        first_at_once=True,
    ) as cloud:
        answer = requests.get(f"{cloud.url}/health", timeout=20)
        assert (answer.status_code, answer.content) == (200, b"done")
        sqs.send_message(QueueUrl=url, MessageBody="a")
        wait_until(lambda: noted(notes["job"]) and noted(notes["sweep"]), "the queue or the clock reached nobody")
        wait_until(lambda: {m.function for m in cloud.measures} == set(notes), "not every invocation was measured")
        pids = [sandbox.pid for name in notes for sandbox in cloud.functions.sandboxes(name)]
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    wait_until(lambda: set(threading.enumerate()) <= threads_before, "threads are left")  # SQS may be ending an answer
    assert noted(notes["api"])[0]["path"] == "/health"
    assert noted(notes["job"])[0]["Records"][0]["body"] == "a"
    assert (noted(notes["sweep"])[0]["source"], noted(notes["sweep"])[0]["resources"]) == ("aws.events", [RULE])


def test_what_cannot_start_leaves_nothing_running(
    sqs: Any, function: Callable[..., Function], runtime: Path, tmp_path: Path
) -> None:
    threads_before = set(threading.enumerate())
    trigger = Trigger(
        queue_url="", queue_arn="", function="f", batch_size=1, window_seconds=0, partial_failures=False, concurrency=-1
    )
    with (
        pytest.raises(ValueError, match="semaphore"),
        running(
            Deployed(functions={"echo": function("echo")}, triggers=[trigger], api=Api(stage="dev", routes=[])),
            sqs_client=sqs,
            credentials=credentials,
            machine={},
            runtime_folder=runtime,
            logs_folder=tmp_path,
        ),
    ):
        pass
    wait_until(lambda: set(threading.enumerate()) <= threads_before, "threads are left")  # SQS may be ending an answer


class Stub:
    def __init__(self, raises: type[Exception] | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._raises = raises

    def invoke_async(self, name: str, event: dict[str, Any]) -> None:
        self.events.append(event)
        if self._raises:
            raise self._raises


@pytest.mark.parametrize(("first_at_once", "rings"), [(False, 2), (True, 3)])
def test_a_rate_rings_once_a_period(first_at_once: bool, rings: int) -> None:
    stub = Stub(Throttled)  # which it must survive
    rate = Rate(name="sweep", rule_arn=RULE, function="f", seconds=0.4)
    clock = Clock(rate, stub, first_at_once=first_at_once)  # type: ignore[arg-type]
    clock.start()
    time.sleep(1.0)
    clock.stop()
    clock.join()
    assert len(stub.events) == rings
    assert len({event["id"] for event in stub.events}) == rings


def test_a_clock_stops_with_the_functions() -> None:
    stub = Stub(Closed)
    clock = Clock(Rate(name="sweep", rule_arn=RULE, function="f", seconds=0.05), stub)  # type: ignore[arg-type]
    clock.start()
    clock.join()
    assert len(stub.events) == 1


def test_a_clocks_event_is_eventbridges() -> None:
    event = events.clock_event("sweep", rule_arn=RULE)
    assert event["resources"] == [RULE]
    assert (event["account"], event["region"]) == ("123456789012", "us-east-1")
    assert (event["detail-type"], event["detail"], event["version"]) == ("Scheduled Event", {}, "0")
    assert events.clock_event("sweep")["resources"] == ["arn:aws:events:local:000000000000:rule/sweep"]


def test_the_runtime_folder_holds_the_pinned_runtime_and_is_made_once(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = making.PINS.read_text().splitlines()
    for package in ("awslambdaric", "boto3", "urllib3"):
        (found,) = runtime.glob(f"{package}-*.dist-info")
        version = found.name.removeprefix(f"{package}-").removesuffix(".dist-info")
        assert f"{package}=={version}" in pins
    assert not list(runtime.glob("chalice*"))
    assert list((runtime / "awslambdaric/__pycache__").glob("*.pyc")), "it must be compiled: nothing is written later"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it is there already"))
    assert runtime_folder(runtime.parent) == runtime


def test_a_python_without_pip_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LocalError, match="has no pip"):
        runtime_folder(tmp_path)


def test_a_pip_that_fails_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, stderr="no network")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(LocalError, match="no network"):
        runtime_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
