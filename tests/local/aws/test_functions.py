"""A sandbox runs the bundle as Lambda would: alone, one event at a time, frozen in between, killed in time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from local.aws import functions as service
from local.aws import sandbox as sandboxes
from local.aws.deployed import Function
from local.aws.functions import EventTooLarge, Functions, Throttled
from tests.local.aws.conftest import wait_until

Make = Callable[..., Function]
Serve = Callable[..., Functions]


def test_a_handler_gets_the_event_and_its_answer_comes_back(serve: Serve, function: Make) -> None:
    functions = serve(function("echo"))
    event = {"ä": ["✓", 1, None], "long": "x" * 100_000}
    result = functions.invoke("echo", event)
    assert (result.json(), result.error) == (event, None)
    assert functions.invoke("echo", b'{"raw": 1}').json() == {"raw": 1}


def test_the_sandbox_sees_the_bundle_and_the_runtime_and_nothing_else(
    serve: Serve, function: Make, bundle: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_PARENT", "1")
    monkeypatch.setenv("PYTHONPATH", "/of/the/parent")
    functions = serve(
        function("inside", environment={"ITS_OWN": "yes", "AWS_REGION": "elsewhere"}, memory_mb=512, role="a role"),
        machine={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    )
    modules = ["boto3", "awslambdaric", "handlers", "pytest", "chalice", "psycopg", "local", "shared", "app"]
    seen = functions.invoke("inside", {"modules": modules}).json()
    where = seen["modules"]
    assert where["handlers"].startswith(str(bundle))
    assert where["boto3"].startswith(str(runtime)) and where["awslambdaric"].startswith(str(runtime))
    strangers = {name for name in ("pytest", "chalice", "psycopg", "local", "shared", "app") if where[name]}
    assert not strangers, f"these are not in the bundle: {strangers}"
    assert seen["folder"] == str(bundle)
    environment = seen["environment"]
    assert environment["ITS_OWN"] == "yes" and environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert environment["AWS_ACCESS_KEY_ID"] == "key of a role"
    assert environment["AWS_REGION"] == "us-east-1", "what Lambda sets is Lambda's"
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": "inside",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/inside",
        "LAMBDA_TASK_ROOT": str(bundle),
        "_HANDLER": "handlers.inside",
    }
    assert expected.items() <= environment.items()
    known = {*expected, "ITS_OWN", "LAMBDA_RUNTIME_DIR", "LANG", "LC_CTYPE", "PATH", "PYTHONPATH", "TZ"}
    known |= {"_X_AMZN_TRACE_ID", "GATEWAY_OFFSPRING"}  # the latter finds what a killed emulator left behind
    assert {name for name in environment if not name.startswith("AWS_")} <= known
    assert "/of/the/parent" not in environment["PYTHONPATH"]


def test_a_handler_knows_what_it_is_and_how_long_it_has(serve: Serve, function: Make) -> None:
    functions = serve(function("inside", timeout_seconds=7))
    result = functions.invoke("inside", {"modules": []})
    seen = result.json()
    assert seen["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:inside"
    assert (seen["request_id"], seen["name"], seen["memory"]) == (result.request_id, "inside", "256")
    assert 5000 < seen["left_ms"] <= 7000


def test_nothing_is_written_into_the_bundle(serve: Serve, function: Make, bundle: Path) -> None:
    serve(function("echo")).invoke("echo", {})
    assert not list(bundle.rglob("__pycache__")), "a Lambda cannot write into its bundle"


def test_a_sandbox_is_used_again_and_only_its_first_invocation_is_cold(serve: Serve, function: Make) -> None:
    functions = serve(function("inside"))
    results = [functions.invoke("inside", {"modules": []}) for _ in range(3)]
    assert len({result.json()["pid"] for result in results}) == 1
    assert [result.cold for result in results] == [True, False, False]
    (sandbox,) = functions.sandboxes("inside")
    assert (sandbox.pid, sandbox.busy) == (results[0].json()["pid"], False)


def test_between_two_events_no_thread_runs(serve: Serve, function: Make) -> None:
    functions = serve(function("counter"))
    first = functions.invoke("counter", {}).json()
    assert first["counted"] > 2, "the thread must run, or this test says nothing"
    wait_until(lambda: psutil.Process(first["pid"]).status() == psutil.STATUS_STOPPED, "it is not frozen")
    time.sleep(1.0)
    second = functions.invoke("counter", {}).json()
    assert second["pid"] == first["pid"]
    assert second["counted"] - first["counted"] < 20, "a second of being idle is a hundred counts if it is not frozen"


def test_a_handler_that_takes_too_long_is_killed(serve: Serve, function: Make, tmp_path: Path) -> None:
    functions = serve(function("sleeper", timeout_seconds=1))
    note = tmp_path / "note"
    began = time.monotonic()
    result = functions.invoke("sleeper", {"seconds": 30, "note": str(note)})
    assert result.error == "Timeout" and 1000 <= result.ms < 3000
    assert time.monotonic() - began < 10
    assert result.json()["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in result.json()["errorMessage"]
    pid = int(note.read_text().split()[1])
    assert not psutil.pid_exists(pid), "the sandbox must be gone"
    assert functions.invoke("sleeper", {"seconds": 0}).json()["pid"] != pid


def test_what_a_sandbox_started_ends_with_it(serve: Serve, function: Make) -> None:
    functions = serve(function("parent"))
    child = psutil.Process(functions.invoke("parent", {}).json()["child"])
    wait_until(lambda: child.status() == psutil.STATUS_STOPPED, "it is not frozen")
    functions.sandboxes("parent")[0].end()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child lives on")


def test_what_a_crashed_process_started_ends_too(serve: Serve, function: Make, tmp_path: Path) -> None:
    functions = serve(function("parent"))
    assert functions.invoke("parent", {"note": str(tmp_path / "note")}).error == "Crashed"
    child = int((tmp_path / "note").read_text())
    wait_until(lambda: not psutil.pid_exists(child), "the child lives on")


def test_as_many_at_once_as_a_function_may_have_each_in_a_process_of_its_own(
    serve: Serve, function: Make, tmp_path: Path
) -> None:
    functions = serve(function("sleeper", concurrency=3))
    note = tmp_path / "note"
    with ThreadPoolExecutor(3) as callers:
        event = {"seconds": 2, "note": str(note)}
        running = [callers.submit(functions.invoke, "sleeper", event) for _ in range(3)]
        wait_until(lambda: note.exists() and note.read_text().count("begin") == 3, "three must run at once")
        with pytest.raises(Throttled):
            functions.invoke("sleeper", {"seconds": 0})
        assert sum(sandbox.busy for sandbox in functions.sandboxes("sleeper")) == 3
        assert len({one.result().json()["pid"] for one in running}) == 3
    assert functions.invoke("sleeper", {"seconds": 0}).error is None, "the slots are free again"
    open_by_pid: dict[str, bool] = {}
    for line in note.read_text().splitlines():
        what, pid, _ = line.split()
        assert open_by_pid.get(pid, False) == (what == "end"), "a process had two events at a time"
        open_by_pid[pid] = what == "begin"


def test_an_exception_is_an_answer_and_the_sandbox_lives_on(serve: Serve, function: Make) -> None:
    functions = serve(function("raiser"))
    results = [functions.invoke("raiser", {}) for _ in range(2)]
    assert [result.error for result in results] == ["Unhandled"] * 2
    assert (results[0].json()["errorType"], results[0].json()["errorMessage"]) == ("ValueError", "no such thing")
    assert [result.cold for result in results] == [True, False]


def test_a_process_that_ends_itself_is_an_error_and_the_next_event_has_a_new_one(serve: Serve, function: Make) -> None:
    functions = serve(function("quitter"))
    results = [functions.invoke("quitter", {}) for _ in range(2)]
    assert [(result.error, result.cold) for result in results] == [("Crashed", True)] * 2
    assert results[0].json()["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in results[0].json()["errorMessage"]
    assert functions.sandboxes("quitter") == []


def test_a_sandbox_may_be_killed_in_the_middle(serve: Serve, function: Make, tmp_path: Path) -> None:
    functions = serve(function("sleeper"))
    note = tmp_path / "note"
    with ThreadPoolExecutor(1) as caller:
        running = caller.submit(functions.invoke, "sleeper", {"seconds": 30, "note": str(note)})
        wait_until(note.exists, "it did not begin")
        (sandbox,) = [sandbox for sandbox in functions.sandboxes("sleeper") if sandbox.busy]
        os.kill(sandbox.pid, signal.SIGKILL)
        assert running.result(timeout=10).error == "Crashed"
    assert "SIGKILL" in running.result().json()["errorMessage"]
    assert functions.invoke("sleeper", {"seconds": 0}).cold


def test_a_sandbox_that_died_in_its_sleep_is_not_used(serve: Serve, function: Make) -> None:
    functions = serve(function("echo"))
    functions.invoke("echo", {})
    os.kill(functions.sandboxes("echo")[0].pid, signal.SIGKILL)
    wait_until(lambda: functions.sandboxes("echo") == [], "it is still taken for living")
    assert functions.invoke("echo", {}).cold


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("broken.handler", "RuntimeError"),
        ("missing.handler", "Runtime.ImportModuleError"),
        ("handlers.missing", "Runtime.HandlerNotFound"),
    ],
)
def test_a_handler_that_cannot_be_imported_says_why(serve: Serve, function: Make, handler: str, kind: str) -> None:
    functions = serve(function("echo", handler=handler))
    result = functions.invoke("echo", {})
    assert (result.error, result.json()["errorType"]) == ("Init", kind)


def test_an_init_that_takes_too_long_is_begun_again_within_the_functions_time(
    serve: Serve, function: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "INIT_SECONDS", 0.3)
    functions = serve(function("echo", handler="slow_to_start.handler", timeout_seconds=1))
    result = functions.invoke("echo", {})
    assert (result.error, result.json()["errorType"]) == ("Init", "Sandbox.Timedout")
    assert (tmp_path / "logs/echo.log").read_text().count("INIT_START") == 2
    assert sandboxes.INIT_SECONDS == 10.0


def test_what_is_printed_is_in_the_functions_log_between_its_start_and_end(
    serve: Serve, function: Make, tmp_path: Path
) -> None:
    functions = serve(function("printer"))
    result = functions.invoke("printer", {"lines": ["one", "two"]})
    told = (tmp_path / "logs/printer.log").read_text().splitlines()
    at = told.index(f"START RequestId: {result.request_id} Version: $LATEST")
    assert told[at + 1 : at + 5] == ["one", "two", "without an end", f"END RequestId: {result.request_id}"]
    assert re.fullmatch(
        rf"REPORT RequestId: {result.request_id}\tDuration: {result.ms:.2f} ms\tBilled Duration: {result.billed_ms} ms"
        rf"\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: {result.init_ms:.2f} ms",
        told[at + 5],
    )


def test_every_invocation_is_measured_as_it_is_billed(serve: Serve, function: Make) -> None:
    functions = serve(function("sleeper", timeout_seconds=1))
    functions.invoke("sleeper", {"seconds": 0.1})
    functions.invoke("sleeper", {"seconds": 0.1})
    functions.invoke("sleeper", {"seconds": 9})
    cold, warm, late = functions.measures
    assert (cold.cold, warm.cold, warm.init_ms) == (True, False, 0)
    assert 100 <= warm.ms <= warm.billed_ms < warm.ms + 1
    assert cold.ms + cold.init_ms <= cold.billed_ms < cold.ms + cold.init_ms + 1, "the init is billed too"
    assert (late.error, late.billed_ms >= 1000) == ("Timeout", True)
    assert warm.memory_mb == 256 and 5 < warm.max_memory_mb < 256


def test_what_is_too_large_is_refused(serve: Serve, function: Make) -> None:
    functions = serve(function("echo"), function("large"))
    with pytest.raises(EventTooLarge):
        functions.invoke("echo", b'"' + b"x" * service.EVENT_BYTES_MAX + b'"')
    result = functions.invoke("large", {"size": 7 * 1024 * 1024})
    assert (result.error, result.json()["errorType"]) == ("Unhandled", "Function.ResponseSizeTooLarge")


def test_a_sandbox_that_was_idle_for_long_is_ended(serve: Serve, function: Make) -> None:
    functions = serve(function("echo"), idle_seconds=0.4)
    functions.invoke("echo", {})
    wait_until(lambda: functions.sandboxes("echo") == [], "it is kept for ever")
    assert functions.invoke("echo", {}).cold


def test_the_one_that_was_used_last_is_used_next(serve: Serve, function: Make) -> None:
    functions = serve(function("sleeper"))
    with ThreadPoolExecutor(2) as callers:
        slow = callers.submit(functions.invoke, "sleeper", {"seconds": 1.5})
        wait_until(lambda: functions.sandboxes("sleeper"), "nothing was started")
        functions.invoke("sleeper", {"seconds": 0})
        last = slow.result().json()["pid"]
    assert len(functions.sandboxes("sleeper")) == 2
    assert functions.invoke("sleeper", {"seconds": 0}).json()["pid"] == last


def noted(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    ("then", "tries"), [("1/0", 3), ("os._exit(1)", 3), ("1", 1)], ids=["raises", "crashes", "works"]
)
def test_an_asynchronous_event_that_fails_is_tried_twice_more(
    serve: Serve, function: Make, tmp_path: Path, then: str, tries: int
) -> None:
    notes = tmp_path / "notes"
    (tmp_path / "notes.then").write_text(then)
    functions = serve(function("noter", environment={"NOTES": str(notes)}), async_retry_seconds=(0.1, 0.2))
    functions.invoke_async("noter", {"n": 1})
    wait_until(lambda: len(noted(notes)) == tries, f"it must be tried {tries} times")
    time.sleep(0.5)
    assert [note["event"] for note in noted(notes)] == [{"n": 1}] * tries


def test_an_asynchronous_event_waits_while_its_function_is_throttled(
    serve: Serve, function: Make, tmp_path: Path
) -> None:
    functions = serve(function("sleeper", concurrency=1))
    busy, late = tmp_path / "busy", tmp_path / "late"
    functions.invoke_async("sleeper", {"seconds": 0.5, "note": str(busy)})
    wait_until(busy.exists, "the first did not begin")
    functions.invoke_async("sleeper", {"seconds": 0, "note": str(late)})
    wait_until(late.exists, "the second never came")
    assert busy.read_text().count("end") == 1


def test_closing_kills_what_runs_and_waits_for_it(serve: Serve, function: Make, tmp_path: Path) -> None:
    functions = serve(function("sleeper"))
    note = tmp_path / "note"
    with ThreadPoolExecutor(1) as caller:
        running = caller.submit(functions.invoke, "sleeper", {"seconds": 30, "note": str(note)})
        wait_until(note.exists, "it did not begin")
        pid = functions.sandboxes("sleeper")[0].pid
        began = time.monotonic()
        functions.close()
        assert time.monotonic() - began < 5
        assert running.result().error == "Crashed"
    assert not psutil.pid_exists(pid)
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.startswith(("sandbox", "runtime-api", "async"))}, names


ORPHAN_MAKER = """
import sys, time
from pathlib import Path
from local.aws.deployed import Deployed, Function
from local.aws.functions import Functions

bundle, runtime, logs = map(Path, sys.argv[1:])
function = Function(
    name="counter", handler="handlers.counter", folder=bundle, environment={}, timeout_seconds=9, memory_mb=128
)
functions = Functions(
    Deployed(functions={"counter": function}), credentials=lambda role: {}, machine={}, runtime_folder=runtime,
    logs_folder=logs,
)
print(functions.invoke("counter", {}).json()["pid"], flush=True)
time.sleep(60)
"""


def test_sandboxes_end_when_the_emulator_is_killed(root: Path, bundle: Path, runtime: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHAN_MAKER, str(bundle), str(runtime), str(tmp_path / "logs")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        sandbox = psutil.Process(int(emulator.stdout.readline()))
        wait_until(lambda: sandbox.status() == psutil.STATUS_STOPPED, "it is not frozen")
        emulator.kill()
    wait_until(lambda: not sandbox.is_running(), "a frozen sandbox outlived the emulator")
