"""One sandbox: a process that runs a function's handler under AWS's own runtime client, one event at a time.

The process sees the bundle, AWS's runtime and the variables that Lambda gives; nothing of the environment it was
started in. Between two events it is frozen, as on Lambda: no thread of it runs.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.aws.deployed import Function
from local.aws.function_log import FunctionLog, Output
from local.aws.runtime_api import Invocation, RuntimeApi, Word

INIT_SECONDS = 10.0  # by Lambda; then it is begun again, within the time of the first invocation
VERSION = "$LATEST"

_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an invocation ended. `error`: None, Unhandled (the function raised), Timeout or Crashed."""

    payload: bytes
    error: str | None
    ms: float
    max_memory_mb: int


class InitFailed(Exception):
    """The handler could not be made ready; `payload` is what the caller is told."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


class Sandbox:
    """Driven by one thread at a time; `busy`, `pid` and `end` are for any."""

    def __init__(
        self, function: Function, *, arn: str, environment: Mapping[str, str], runtime_folder: Path, log: FunctionLog
    ) -> None:
        self.function = function
        self.busy = True
        self.idle_since = math.inf
        self.init_ms = 0.0
        self._arn = arn
        self._log = log
        self._ending = threading.Lock()
        self._ended = False
        self._reaping = threading.Lock()
        self._api = RuntimeApi()
        self._output = Output(log)
        self._began = time.monotonic()
        log.write(f"INIT_START Runtime Version: {runtime()}")
        try:
            self._popen = subprocess.Popen(
                # Without the venv we run in and what is installed beside the interpreter; nothing is written.
                [base_interpreter(), "-S", "-s", "-B", "-m", "awslambdaric", function.handler],
                stdin=subprocess.DEVNULL,
                stdout=self._output.write_end,
                stderr=self._output.write_end,
                env={**environment, **_of_the_sandbox(function, self._api.address, runtime_folder)},
                cwd=function.folder,
                start_new_session=True,
            )
        except BaseException:
            self._api.close()
            self._output.close()
            raise
        self._output.given_away()
        self._waiting = threading.Thread(target=self._wait, name="sandbox-exit", daemon=True)
        self._waiting.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def lives(self) -> bool:
        return self._popen.returncode is None

    def init(self, limit_seconds: float = INIT_SECONDS) -> None:
        """Wait until the handler is imported. Raises InitFailed, and the sandbox is ended."""
        word = self._hear(self._began + limit_seconds)
        self.init_ms = (time.monotonic() - self._began) * 1000
        if word is not None and word.kind == "next":
            return
        self.end()
        if word is None:
            payload = failure("Sandbox.Timedout", f"Error: Task timed out after {limit_seconds:.2f} seconds")
        elif word.kind == "init_error":
            payload = word.body
        else:
            payload = failure("Runtime.ExitError", f"Error: Runtime exited with error: {self._how_it_ended()}")
        self._log.write(f"INIT_REPORT Init Duration: {self.init_ms:.2f} ms\tPhase: init\tStatus: error")
        raise InitFailed(payload)

    def run(self, request_id: str, event: bytes, *, init_ms: float) -> Outcome:
        """Hand over the event, wait for the answer or the end of the function's time, then freeze or end it.

        `init_ms` is what a cold start adds to the bill; 0 for a warm one.
        """
        seconds = self.function.timeout_seconds
        self._log.write(f"START RequestId: {request_id} Version: {VERSION}")
        began, deadline = time.monotonic(), time.monotonic() + seconds
        self._signal(signal.SIGCONT)
        self._api.give(
            Invocation(
                request_id=request_id,
                event=event,
                deadline_ms=int((time.time() + seconds) * 1000),
                arn=self._arn,
                trace_id=trace_id(),
            )
        )
        word = self._hear(deadline)
        ms = (time.monotonic() - began) * 1000
        max_memory_mb = _peak_memory_mb(self.pid)
        error: str | None = None
        if word is None:
            error = "Timeout"
            payload = failure(
                "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
            )
            self.end()
        elif word.kind == "gone":
            error = "Crashed"
            text = f"RequestId: {request_id} Error: Runtime exited with error: {self._how_it_ended()}"
            payload = failure("Runtime.ExitError", text)
            self.end()
        else:
            error = "Unhandled" if word.kind == "error" else None
            payload = word.body
            # It has answered; it is free when it asks for the next event, and is frozen at that moment.
            asked = self._hear(deadline)
            if asked is not None and asked.kind == "next":
                self._signal(signal.SIGSTOP)
            else:
                self.end()
        self._output.drain()
        self._report(request_id, payload, error, ms=ms, init_ms=init_ms, max_memory_mb=max_memory_mb)
        return Outcome(payload=payload, error=error, ms=ms, max_memory_mb=max_memory_mb)

    def end(self) -> None:
        """Kill it with everything it started. May be called more than once."""
        self._signal(signal.SIGKILL)
        with self._ending:
            self._waiting.join()
            if not self._ended:
                self._ended = True
                self._api.close()
                self._output.close()

    def _report(
        self, request_id: str, payload: bytes, error: str | None, *, ms: float, init_ms: float, max_memory_mb: int
    ) -> None:
        if error in ("Timeout", "Crashed"):
            self._log.write(str(json.loads(payload)["errorMessage"]))
        self._log.write(f"END RequestId: {request_id}")
        told = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {ms:.2f} ms",
            f"Billed Duration: {billed(ms, init_ms)} ms",
            f"Memory Size: {self.function.memory_mb} MB",
            f"Max Memory Used: {max_memory_mb} MB",
        ]
        if init_ms:
            told.append(f"Init Duration: {init_ms:.2f} ms")
        if error:
            told.append(f"Status: {'timeout' if error == 'Timeout' else 'error'}")
        self._log.write("\t".join(told))

    def _hear(self, until: float) -> Word | None:
        """The next thing the sandbox tells; None if it does not in time."""
        try:
            return self._api.words.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return None

    def _signal(self, number: signal.Signals) -> None:
        """To the process and whatever it started. Its number is its own until it is reaped."""
        with self._reaping:
            if self._popen.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, number)

    def _wait(self) -> None:
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self._signal(signal.SIGKILL)  # what it started does not outlive it
        with self._reaping:
            self._popen.wait()
        self._api.words.put(Word("gone"))

    def _how_it_ended(self) -> str:
        code = self._popen.returncode
        return f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def base_interpreter() -> str:
    """The interpreter without the venv that we may run in."""
    return str(getattr(sys, "_base_executable", sys.executable))


def runtime() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def environment_of(
    function: Function,
    *,
    region: str,
    credentials: Mapping[str, str],
    machine: Mapping[str, str],
) -> dict[str, str]:
    """The variables of a function, and of nothing else. What Lambda sets itself cannot be set otherwise."""
    return {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        **function.environment,
        **machine,  # where its trust store is, say: the machine knows better than who deployed
        **credentials,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def failure(kind: str, message: str) -> bytes:
    """What Lambda answers for a function that could not."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def billed(ms: float, init_ms: float) -> int:
    """Milliseconds, begun ones in full. Since August 2025 the init of a cold start is billed as well."""
    return math.ceil(ms + init_ms)


def trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"


def _of_the_sandbox(function: Function, api: str, runtime_folder: Path) -> dict[str, str]:
    return {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime()}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": VERSION,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d')}/[{VERSION}]{uuid.uuid4().hex}",
        "AWS_LAMBDA_RUNTIME_API": api,
        "LAMBDA_RUNTIME_DIR": str(runtime_folder),
        "LAMBDA_TASK_ROOT": str(function.folder),
        "PYTHONPATH": f"{function.folder}{os.pathsep}{runtime_folder}",
        "_HANDLER": function.handler,
    }


def _peak_memory_mb(pid: int) -> int:
    """The most memory the process ever had; 0 when it is gone."""
    try:
        found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return math.ceil(int(found[1]) / 1024) if found else 0
