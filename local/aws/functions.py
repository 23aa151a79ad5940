"""The Lambda service: invokes functions in sandboxes, as many at once as each function may have."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local import offspring
from local.aws.deployed import CONCURRENCY_DEFAULT, Deployed, Function
from local.aws.function_log import FunctionLog
from local.aws.sandbox import INIT_SECONDS, InitFailed, Sandbox, billed, environment_of
from local.watchdog import Watchdog

EVENT_BYTES_MAX = 6 * 1024 * 1024  # of a synchronous invocation
ASYNC_EVENT_BYTES_MAX = 1024 * 1024
IDLE_SECONDS = 300.0  # AWS does not say; minutes

# An asynchronous invocation that failed is tried twice more; one that was throttled for as long as six hours.
ASYNC_RETRY_SECONDS = (60.0, 120.0)
ASYNC_AGE_SECONDS_MAX = 6 * 3600
THROTTLE_BACK_OFF_SECONDS = 1.0
THROTTLE_BACK_OFF_SECONDS_MAX = 300.0
ASYNC_WAITING_MAX = 1000

Credentials = Callable[[str], Mapping[str, str]]  # of a role: AWS_ACCESS_KEY_ID, …

log = logging.getLogger(__name__)


class Throttled(Exception):
    """Every sandbox that the function may have is busy (TooManyRequestsException)."""


class EventTooLarge(Exception):
    """The event is larger than Lambda takes (RequestTooLargeException)."""


class Closed(Exception):
    """The service is being ended."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a caller of Invoke gets. `error`: None, Unhandled, Timeout, Crashed or Init."""

    payload: bytes
    error: str | None
    request_id: str
    ms: float
    billed_ms: int
    init_ms: float  # 0 for a warm sandbox
    max_memory_mb: int

    @property
    def cold(self) -> bool:
        return self.init_ms > 0

    def json(self) -> Any:
        return json.loads(self.payload)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One invocation, as it is billed."""

    function: str
    ms: float
    billed_ms: int
    init_ms: float
    memory_mb: int
    max_memory_mb: int
    cold: bool
    error: str | None


@dataclass
class _Pool:
    function: Function
    log: FunctionLog
    limit: int
    busy: int = 0
    idle: list[Sandbox] = field(default_factory=list)
    all: list[Sandbox] = field(default_factory=list)


class Functions:
    """Thread-safe. To be closed; sandboxes end with it, and with this process if it is killed."""

    def __init__(
        self,
        deployed: Deployed,
        *,
        credentials: Credentials,
        machine: Mapping[str, str],
        runtime_folder: Path,
        logs_folder: Path,
        idle_seconds: float = IDLE_SECONDS,
        async_retry_seconds: tuple[float, ...] = ASYNC_RETRY_SECONDS,
    ) -> None:
        self.measures: list[Measure] = []
        self._deployed = deployed
        self._credentials = credentials
        self._machine = machine
        self._runtime_folder = runtime_folder.resolve()
        self._home = logs_folder
        self._idle_seconds = idle_seconds
        self._async_retry_seconds = async_retry_seconds
        logs_folder.mkdir(parents=True, exist_ok=True)
        self._pools = {
            name: _Pool(function, FunctionLog(logs_folder / f"{name}.log"), function.concurrency or CONCURRENCY_DEFAULT)
            for name, function in deployed.functions.items()
        }
        self._lock = threading.Condition()
        # On AWS a sandbox starts on a processor of its own; more at once than there are here would only be slower.
        self._starting = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
        self._closing = threading.Event()
        self._async: set[threading.Thread] = set()
        self._watchdog = Watchdog(logs_folder)
        self._watchdog.start()
        self._janitor = threading.Thread(target=self._end_idle_ones, name="sandbox-janitor", daemon=True)
        self._janitor.start()

    def invoke(self, name: str, event: bytes | Mapping[str, Any]) -> Result:
        """Raises KeyError for a function that is not deployed, Throttled, EventTooLarge, Closed."""
        pool = self._pools[name]
        raw = _as_bytes(event)
        if len(raw) > EVENT_BYTES_MAX:
            raise EventTooLarge(f"{len(raw)} bytes are more than {EVENT_BYTES_MAX}")
        sandbox = self._take(pool)
        try:
            return self._run(pool, sandbox, raw)
        finally:
            with self._lock:
                pool.busy -= 1
                self._lock.notify_all()

    def invoke_async(self, name: str, event: bytes | Mapping[str, Any]) -> None:
        """Invoke in the background. What fails is tried twice more, what is throttled again and again."""
        raw = _as_bytes(event)
        if name not in self._pools:
            raise KeyError(name)
        if len(raw) > ASYNC_EVENT_BYTES_MAX:
            raise EventTooLarge(f"{len(raw)} bytes are more than {ASYNC_EVENT_BYTES_MAX}")
        thread = threading.Thread(target=self._invoke_until_done, args=(name, raw), name=f"async-{name}", daemon=True)
        with self._lock:
            if self._closing.is_set():
                raise Closed
            if len(self._async) >= ASYNC_WAITING_MAX:
                raise Throttled(f"{ASYNC_WAITING_MAX} asynchronous invocations wait already")
            self._async.add(thread)
        thread.start()

    def sandboxes(self, name: str) -> list[Sandbox]:
        """The living ones of a function, busy or frozen."""
        with self._lock:
            return [sandbox for sandbox in self._pools[name].all if sandbox.lives]

    def close(self) -> None:
        """Kill every sandbox; invocations under way end as crashed."""
        with self._lock:
            self._closing.set()
            ending = [sandbox for pool in self._pools.values() for sandbox in pool.all]
            running_async = list(self._async)
        for sandbox in ending:
            sandbox.end()
        with self._lock:
            self._lock.wait_for(lambda: not any(pool.busy for pool in self._pools.values()))
            ending = [sandbox for pool in self._pools.values() for sandbox in pool.all]
        for sandbox in ending:
            sandbox.end()
        for thread in (*running_async, self._janitor):
            thread.join()
        for pool in self._pools.values():
            pool.log.close()
        self._watchdog.dismiss()

    def _take(self, pool: _Pool) -> Sandbox | None:
        """A slot of the function, and the sandbox that was used last if one is idle."""
        dead = []
        try:
            with self._lock:
                if self._closing.is_set():
                    raise Closed
                if pool.busy >= pool.limit:
                    raise Throttled(f"{pool.function.name} runs {pool.busy} times already")
                pool.busy += 1
                while pool.idle:
                    sandbox = pool.idle.pop()
                    if sandbox.lives:
                        sandbox.busy = True
                        return sandbox
                    pool.all.remove(sandbox)
                    dead.append(sandbox)
                return None
        finally:
            for sandbox in dead:
                sandbox.end()

    def _run(self, pool: _Pool, sandbox: Sandbox | None, event: bytes) -> Result:
        request_id = str(uuid.uuid4())
        init_ms = 0.0
        if sandbox is None:
            began = time.monotonic()
            try:
                sandbox = self._start(pool)
            except InitFailed as failed:
                return self._finish(pool, request_id, failed.payload, "Init", (time.monotonic() - began) * 1000, 0.0, 0)
            init_ms = sandbox.init_ms
        try:
            outcome = sandbox.run(request_id, event, init_ms=init_ms)
        finally:
            self._give_back(pool, sandbox)
        return self._finish(
            pool, request_id, outcome.payload, outcome.error, outcome.ms, init_ms, outcome.max_memory_mb
        )

    def _start(self, pool: _Pool) -> Sandbox:
        """A new one, ready for its event. An init that fails is begun again, now within the function's time."""
        function = pool.function
        environment = environment_of(
            function,
            region=self._deployed.region,
            credentials=self._credentials(function.role),
            machine={**self._machine, **offspring.mark(self._home, function.name)},
        )
        arn = f"arn:aws:lambda:{self._deployed.region}:{self._deployed.account}:function:{function.name}"
        for last, limit_seconds in ((False, INIT_SECONDS), (True, float(function.timeout_seconds))):
            with self._starting:
                with self._lock:
                    if self._closing.is_set():
                        raise Closed
                    sandbox = Sandbox(
                        function, arn=arn, environment=environment, runtime_folder=self._runtime_folder, log=pool.log
                    )
                    pool.all.append(sandbox)
                try:
                    sandbox.init(limit_seconds)
                except InitFailed:
                    with self._lock:
                        pool.all.remove(sandbox)
                    if last:
                        raise
                else:
                    return sandbox
        raise AssertionError("the last attempt returns or raises")

    def _give_back(self, pool: _Pool, sandbox: Sandbox) -> None:
        with self._lock:
            if sandbox.lives and not self._closing.is_set():
                sandbox.busy = False
                sandbox.idle_since = time.monotonic()
                pool.idle.append(sandbox)
                return
            pool.all.remove(sandbox)
        sandbox.end()

    def _finish(
        self,
        pool: _Pool,
        request_id: str,
        payload: bytes,
        error: str | None,
        ms: float,
        init_ms: float,
        max_memory_mb: int,
    ) -> Result:
        billed_ms = billed(ms, init_ms)
        measure = Measure(
            function=pool.function.name,
            ms=ms,
            billed_ms=billed_ms,
            init_ms=init_ms,
            memory_mb=pool.function.memory_mb,
            max_memory_mb=max_memory_mb,
            cold=init_ms > 0,
            error=error,
        )
        with self._lock:
            self.measures.append(measure)
        return Result(
            payload=payload,
            error=error,
            request_id=request_id,
            ms=ms,
            billed_ms=billed_ms,
            init_ms=init_ms,
            max_memory_mb=max_memory_mb,
        )

    def _invoke_until_done(self, name: str, event: bytes) -> None:
        began = time.monotonic()
        waits = iter(self._async_retry_seconds)
        back_off = THROTTLE_BACK_OFF_SECONDS
        try:
            while time.monotonic() - began < ASYNC_AGE_SECONDS_MAX:
                try:
                    if self.invoke(name, event).error is None:
                        return
                    wait = next(waits, None)
                    if wait is None:
                        log.warning("%s: an asynchronous event was given up", name)
                        return
                except Throttled:
                    wait, back_off = back_off, min(2 * back_off, THROTTLE_BACK_OFF_SECONDS_MAX)
                if self._closing.wait(wait):
                    return
        except Closed:
            return
        finally:
            with self._lock:
                self._async.discard(threading.current_thread())

    def _end_idle_ones(self) -> None:
        while not self._closing.wait(self._idle_seconds / 4):
            before = time.monotonic() - self._idle_seconds
            ending = []
            with self._lock:
                for pool in self._pools.values():
                    for sandbox in [sandbox for sandbox in pool.idle if sandbox.idle_since < before]:
                        pool.idle.remove(sandbox)
                        pool.all.remove(sandbox)
                        ending.append(sandbox)
            for sandbox in ending:
                sandbox.end()


def _as_bytes(event: bytes | Mapping[str, Any]) -> bytes:
    return event if isinstance(event, bytes) else json.dumps(event, separators=(",", ":")).encode()
