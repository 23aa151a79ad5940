"""What a payment uses of everything that AWS bills, measured: python -m local.aws.measure OUT.json [--home FOLDER]

The gateway is deployed as in a rehearsal and paid with, in rounds: first one payment after the other, then several at
once. `python -m infra.cost` multiplies what is found with prices. AWS's own part is not here: what the queues' pollers
ask in vain and what API Gateway logs follows from the templates.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import urllib3

from local.aws.functions import Measure
from local.aws.http_listener import LOOPBACK, HttpListener
from local.aws.rehearsal import Rehearsal, rehearsing
from local.aws.sandbox import base_interpreter
from local.config import ROOT
from local.errors import LocalError

FORMAT = 1  # of the file
AT_ONCE = 8  # payers, in the rounds with several; the machine has two cores
ALONE_ROUNDS, ALONE_PAYMENTS = 4, 10  # whole tens, so that one in ten is refunded
TOGETHER_ROUNDS, TOGETHER_PAYMENTS = 4, 60
WARM_UP_PAYMENTS = 40
REFUND_EVERY = 10  # one payment in ten is given back
AMOUNT = 50000
WAIT_SECONDS = 20
WAITS_MAX = 4
IDLE_SECONDS = 75  # a whole minute of every schedule
SETTLE_SECONDS = 12  # a backend that is idle tells its statistics after ten
DRAINED_SECONDS_MAX = 120
COLD_STARTS = 5
IMPORTS = 5
LARGEST = 3
CALL_SECONDS_MAX = 60.0
SHARES = 21  # quantiles that are kept of a function's times: every 5 %

# Calls of AWS's that a sandbox makes, by what their request says.
SENDS, DELETES = "AmazonSQS.SendMessageBatch", "AmazonSQS.DeleteMessageBatch"
SECRETS = "secretsmanager.GetSecretValue"
RECORDING = ROOT / "moto_recording"  # where moto keeps the requests that it records

Json = dict[str, Any]
API = ("pay", "checkout", "read", "wait", "manage")
JOBS = ("process_payment", "process_refund", "deliver_webhook")
SCHEDULES = ("sweep", "bank_notices", "expiry", "inquiries", "expired_keys")


# A merchant's server


@dataclass
class Inbox:
    """Answers 200 to every webhook, and counts."""

    events: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def listener(self) -> HttpListener:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                with inbox.lock:
                    inbox.events += 1
                    inbox.bytes_in += len(self.requestline) + len(bytes(self.headers)) + len(body)
                    inbox.bytes_out += len(answer)
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        return HttpListener(Handler, name="inbox")


# Its calls


class Caller:
    """A merchant's, with its key. Counts calls and the bytes of answers, as API Gateway bills them."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json", **headers}
        self._pool = urllib3.PoolManager(maxsize=AT_ONCE, retries=False, timeout=CALL_SECONDS_MAX)
        self._lock = threading.Lock()
        self.calls = 0
        self.bytes_out = 0
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def call(self, name: str, method: str, path: str, body: Json | None = None) -> Json:
        began = time.monotonic()
        sent = None if body is None else json.dumps(body).encode()
        answer = self._pool.request(method, self._url + path, body=sent, headers=self._headers)
        took = time.monotonic() - began
        if answer.status not in (200, 201):
            raise LocalError(f"{method} {path} was answered {answer.status}: {answer.data[:300]!r}")
        with self._lock:
            self.calls += 1
            self.bytes_out += len(answer.data) + sum(len(key) + len(value) + 4 for key, value in answer.headers.items())
            self.seconds[name].append(took)
        found: Json = json.loads(answer.data)
        return found

    def order(self) -> str:
        made = self.call("POST order", "POST", "/api/v1/orders", {"amount": AMOUNT, "capture": "automatic"})
        return str(made["id"])

    def pay(self, number: int) -> None:
        """A payment from its order to its outcome; every tenth is given back."""
        body = {"order_id": self.order(), "method": "upi", "vpa": "asha@upi"}
        made = self.call("POST payment", "POST", "/api/v1/payments", body)
        path = f"/api/v1/payments/{made['id']}"
        for _ in range(WAITS_MAX):  # a caller whose patience ends asks again, as merchants do
            shown = self.call("GET payment, waiting", "GET", f"{path}?wait={WAIT_SECONDS}")
            if shown["status"] != "pending":
                break
        if shown["state"] != "captured":
            raise LocalError(f"{path} is {shown['state']}, not captured")
        if number % REFUND_EVERY == 0:
            self.call("POST refund", "POST", f"{path}/refunds", {"amount": AMOUNT})


# What is read before and after


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Of everything that only grows."""

    at: float
    calls: int
    answer_bytes: int
    events: int
    webhook_bytes: int
    webhook_answer_bytes: int
    log_bytes: Mapping[str, int]  # by function
    log_lines: Mapping[str, int]
    aws: Mapping[str, int]  # calls, by their target
    aws_request_bytes: int
    active_ms: float
    idle_in_transaction_ms: float
    transactions: int
    wal_bytes: int
    wal_page_images: int
    database_cpu_ms: float
    table_bytes: Mapping[str, int]
    rows: Mapping[str, int]


class Meter:
    def __init__(self, rehearsal: Rehearsal, home: Path, caller: Caller, inbox: Inbox) -> None:
        self._rehearsal = rehearsal
        self._caller = caller
        self._inbox = inbox
        self._postmaster = int((home / "database" / "postgres" / "postmaster.pid").read_text().split()[0])
        self._connection = psycopg.connect(rehearsal.database_url, autocommit=True)
        self._pool = urllib3.PoolManager(retries=False)
        self._moto("POST", "start-recording")

    def close(self) -> None:
        self._moto("POST", "stop-recording")
        RECORDING.unlink(missing_ok=True)
        self._connection.close()

    def read(self) -> Reading:
        active, waiting, transactions = self._row(
            "select active_time, idle_in_transaction_time, xact_commit from pg_stat_database"
            " where datname = current_database()"
        )
        (wal,) = self._row("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        (images,) = self._row("select wal_fpi from pg_stat_wal")
        tables = self._connection.execute(
            "select relname, pg_total_relation_size(oid)::bigint from pg_class"
            " where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname"
        ).fetchall()
        rows = {name: self._count(name) for name, _ in tables}
        aws, sent = self._recorded()
        logs = self._logs()
        return Reading(
            at=time.monotonic(),
            calls=self._caller.calls,
            answer_bytes=self._caller.bytes_out,
            events=self._inbox.events,
            webhook_bytes=self._inbox.bytes_in,
            webhook_answer_bytes=self._inbox.bytes_out,
            log_bytes={name: size for name, (size, _) in logs.items()},
            log_lines={name: lines for name, (_, lines) in logs.items()},
            aws=aws,
            aws_request_bytes=sent,
            active_ms=float(active),
            idle_in_transaction_ms=float(waiting),
            transactions=int(transactions),
            wal_bytes=int(wal),
            wal_page_images=int(images),
            database_cpu_ms=self._database_cpu_ms(),
            table_bytes=dict(tables),
            rows=rows,
        )

    def drain(self) -> None:
        """Until no job and no webhook waits."""
        until = time.monotonic() + DRAINED_SECONDS_MAX
        while True:
            (left,) = self._row(
                "select (select count(*) from jobs where state = 'pending')"
                " + (select count(*) from webhook_logs where status = 'pending')"
            )
            if left == 0:
                return
            if time.monotonic() > until:
                raise LocalError(f"{left} jobs and webhooks still wait after {DRAINED_SECONDS_MAX} s")
            time.sleep(0.25)

    def cpu_ms(self) -> dict[str, dict[int, float]]:
        """Of every living sandbox, by function."""
        found: dict[str, dict[int, float]] = {}
        for name in self._rehearsal.deployed.functions:
            sandboxes = self._rehearsal.cloud.functions.sandboxes(name)
            found[name] = {one.pid: _cpu_ms(psutil.Process(one.pid)) for one in sandboxes if one.lives}
        return found

    def _database_cpu_ms(self) -> float:
        """Of the server and whatever it has started; a process that has ended counts with its parent."""
        postmaster = psutil.Process(self._postmaster)
        ended = postmaster.cpu_times()
        total = _cpu_ms(postmaster) + 1000 * float(ended.children_user + ended.children_system)
        for child in postmaster.children(recursive=True):
            try:
                total += _cpu_ms(child)
            except psutil.NoSuchProcess:
                continue
        return total

    def _logs(self) -> dict[str, tuple[int, int]]:
        prefix = f"{self._rehearsal.stage.stack()}-"
        found = {}
        for path in self._rehearsal.logs.glob("*.log"):
            text = path.read_bytes()
            found[path.stem.removeprefix(prefix)] = (len(text), text.count(b"\n"))
        return found

    def _recorded(self) -> tuple[Counter[str], int]:
        calls: Counter[str] = Counter()
        sent = 0
        for line in self._moto("GET", "download-recording").decode().splitlines():
            request = json.loads(line)
            headers = {name.lower(): value for name, value in request["headers"].items()}
            target = headers.get("x-amz-target", "")
            calls[target] += 1
            if target == SENDS:
                sent += int(headers.get("content-length", 0)) + sum(len(k) + len(v) + 4 for k, v in headers.items())
        return calls, sent

    def _moto(self, method: str, path: str) -> bytes:
        answer = self._pool.request(method, f"{self._rehearsal.aws['AWS_ENDPOINT_URL']}/moto-api/recorder/{path}")
        if answer.status == 404 or (answer.status == 500 and path == "download-recording"):
            return b""  # nothing was recorded yet
        return bytes(answer.data)

    def _row(self, statement: str) -> tuple[Any, ...]:
        row = self._connection.execute(statement).fetchone()
        assert row is not None
        return row

    def _count(self, table: str) -> int:
        return int(self._row(f"select count(*) from {table}")[0])  # names of our own tables


def _cpu_ms(process: psutil.Process) -> float:
    times = process.cpu_times()
    return 1000 * float(times.user + times.system)


# The run


def measure(home: Path, *, say: Callable[[str], None] = print) -> Json:
    inbox = Inbox()
    listener = inbox.listener()
    listener.start()
    try:
        with rehearsing(home, say=lambda _: None) as rehearsal:
            say(f"deployed; it answers at {rehearsal.url}")
            return _measured(rehearsal, home, inbox, f"http://{LOOPBACK}:{listener.port}/webhook", say)
    finally:
        listener.close()


def _measured(rehearsal: Rehearsal, home: Path, inbox: Inbox, webhook_url: str, say: Callable[[str], None]) -> Json:
    operator = Caller(rehearsal.url, {"Authorization": f"Bearer {rehearsal.operator_secret}"})
    account = {"name": "Measured", "email": "measured@example.com", "webhook_url": webhook_url}
    made = operator.call("POST merchant", "POST", "/api/v1/merchants", account)
    caller = Caller(rehearsal.url, {"X-Api-Key": made["api_key"], "X-Api-Secret": made["api_secret"]})
    meter = Meter(rehearsal, home, caller, inbox)
    try:
        _payments(caller, range(1, 3), at_once=1)
        meter.drain()
        time.sleep(SETTLE_SECONDS)
        say(f"idle, for {IDLE_SECONDS} s")
        cpu, first, idle_from = meter.cpu_ms(), len(rehearsal.cloud.measures), meter.read()
        time.sleep(IDLE_SECONDS)
        idle = _idle(idle_from, meter.read())
        schedules = _schedules(rehearsal, rehearsal.cloud.measures[first:], cpu, meter.cpu_ms())
        _payments(caller, range(WARM_UP_PAYMENTS), at_once=AT_ONCE)
        meter.drain()
        phases = {}
        plan = {
            "alone": (ALONE_ROUNDS, ALONE_PAYMENTS, 1),
            "together": (TOGETHER_ROUNDS, TOGETHER_PAYMENTS, AT_ONCE),
        }
        for name, (rounds, payments, at_once) in plan.items():
            say(f"{rounds} rounds of {payments} payments, {at_once} at once")
            phases[name] = _phase(rehearsal, meter, caller, idle, rounds=rounds, payments=payments, at_once=at_once)
        say("cold starts")
        secrets, starts = meter.read().aws.get(SECRETS, 0), _starts(rehearsal)
        cold = _cold_starts(rehearsal, meter, caller)
        secrets_per_start = (meter.read().aws.get(SECRETS, 0) - secrets) / (_starts(rehearsal) - starts)
        imports = {handler: _imports(rehearsal, handler) for handler in _handlers(rehearsal)}
        return {
            "format": FORMAT,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": _commit(),
            "machine": _machine(),
            "mix": {
                "payments": {name: rounds * payments for name, (rounds, payments, _) in plan.items()},
                "at_once": AT_ONCE,
                "refunded_share": 1 / REFUND_EVERY,
                "bank_ms": int(rehearsal.stage.environment["PROCESSING_DELAY_MAX"]),
                "calls": "POST order (automatic capture), POST payment, GET payment?wait, POST refund for one in ten;"
                " every event to one endpoint",
            },
            "memory_mb": {_short(rehearsal, name): one.memory_mb for name, one in rehearsal.deployed.functions.items()},
            "bundle_bytes": _size(next(iter(rehearsal.deployed.functions.values())).folder),
            "idle": idle,
            "schedules": schedules,
            "phases": phases,
            "cold_starts": cold,
            "secret_calls_per_cold_start": round(secrets_per_start, 2),
            "imports": imports,
        }
    finally:
        meter.close()


def _payments(caller: Caller, numbers: Sequence[int], *, at_once: int) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(caller.pay, number) for number in numbers]:
            done.result()


def _phase(
    rehearsal: Rehearsal, meter: Meter, caller: Caller, idle: Json, *, rounds: int, payments: int, at_once: int
) -> Json:
    time.sleep(SETTLE_SECONDS)
    caller.seconds.clear()
    before, began = meter.read(), len(rehearsal.cloud.measures)
    found = []
    for _ in range(rounds):
        cpu, first = meter.cpu_ms(), len(rehearsal.cloud.measures)
        _payments(caller, range(payments), at_once=at_once)
        meter.drain()
        time.sleep(1)  # the last answer is on its way to the poller
        found.append(_by_function(rehearsal, rehearsal.cloud.measures[first:], cpu, meter.cpu_ms(), payments))
    load = os.getloadavg()[0]
    time.sleep(SETTLE_SECONDS)
    after = meter.read()
    total = rounds * payments
    measures = rehearsal.cloud.measures[began:]
    return {
        "payments": total,
        "at_once": at_once,
        "load_average": load,
        "functions": _medians(found),
        "times_ms": _times(rehearsal, measures),
        "per_payment": _per_payment(before, after, idle, total),
        "rows": {table: (after.rows[table] - before.rows[table]) / total for table in after.rows},
        "latency_ms": {name: round(1000 * median(seconds), 2) for name, seconds in caller.seconds.items()},
    }


def _by_function(
    rehearsal: Rehearsal,
    measures: Sequence[Measure],
    before: Mapping[str, Mapping[int, float]],
    after: Mapping[str, Mapping[int, float]],
    payments: int,
) -> dict[str, Json]:
    """Per payment, warm invocations only; a sandbox that began meanwhile counts with its CPU but for a cold start's."""
    found = {}
    for name in rehearsal.deployed.functions:
        short = _short(rehearsal, name)
        own = [one for one in measures if one.function == name]
        if short in SCHEDULES or not own:
            continue
        if wrong := [one for one in own if one.error]:
            raise LocalError(f"{short} failed: {wrong[0]}")
        warm = [one for one in own if not one.cold]
        cpu = sum(ms - before[name][pid] for pid, ms in after[name].items() if pid in before[name])
        found[short] = {
            "invocations": len(own) / payments,
            "cold": len(own) - len(warm),
            "ms": sum(one.ms for one in warm) / payments,
            "billed_ms": sum(one.billed_ms for one in warm) / payments,
            "cpu_ms": cpu / payments,
            "max_memory_mb": max(one.max_memory_mb for one in own),
        }
    return found


def _medians(rounds: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    names = sorted({name for one in rounds for name in one})
    nothing = dict.fromkeys(("invocations", "cold", "ms", "billed_ms", "cpu_ms", "max_memory_mb"), 0)
    found: dict[str, Json] = {}
    for name in names:
        own = [one.get(name, nothing) for one in rounds]
        found[name] = {key: round(median(one[key] for one in own), 4) for key in nothing}
        found[name]["cold"] = sum(one["cold"] for one in own)
    return found


def _times(rehearsal: Rehearsal, measures: Sequence[Measure]) -> dict[str, list[float]]:
    """Every fifth percentile of a warm invocation, the least and the most among them: a simulation draws from it."""
    found = {}
    for name in rehearsal.deployed.functions:
        warm = sorted(one.ms for one in measures if one.function == name and not one.cold)
        if len(warm) > 1 and _short(rehearsal, name) not in SCHEDULES:
            inner = quantiles(warm, n=SHARES - 1, method="inclusive")
            found[_short(rehearsal, name)] = [round(ms, 2) for ms in (warm[0], *inner, warm[-1])]
    return found


def _per_payment(before: Reading, after: Reading, idle: Json, payments: int) -> Json:
    seconds = after.at - before.at

    def per(name: str) -> float:
        grown = getattr(after, name) - getattr(before, name)
        return round(float(grown - seconds * idle.get(f"{name}_per_second", 0)) / payments, 4)

    def aws(target: str) -> float:
        return round((after.aws.get(target, 0) - before.aws.get(target, 0)) / payments, 4)

    def logged(what: str) -> float:
        new, old = getattr(after, what), getattr(before, what)
        return round(float(sum(new[name] - old.get(name, 0) for name in new if name not in SCHEDULES)) / payments, 2)

    grown = sum(after.table_bytes[table] - before.table_bytes[table] for table in after.table_bytes)
    return {
        "api_calls": per("calls"),
        "api_answer_bytes": per("answer_bytes"),
        "webhooks": per("events"),
        "webhook_bytes": per("webhook_bytes"),
        "webhook_answer_bytes": per("webhook_answer_bytes"),
        "sqs_sends": aws(SENDS),
        "sqs_deletes": aws(DELETES),
        "sqs_request_bytes": per("aws_request_bytes"),
        "secret_calls": aws(SECRETS),
        "log_bytes": logged("log_bytes"),
        "log_lines": logged("log_lines"),
        "database_active_ms": per("active_ms"),
        "database_cpu_ms": per("database_cpu_ms"),
        "database_borrowed_ms": round(per("active_ms") + per("idle_in_transaction_ms"), 4),
        "transactions": per("transactions"),
        "wal_bytes": per("wal_bytes"),
        "wal_page_images": per("wal_page_images"),
        "table_bytes": round(grown / payments, 1),
    }


def _idle(before: Reading, after: Reading) -> Json:
    """What schedules use while nobody pays; taken off what is measured while somebody does."""
    seconds = after.at - before.at
    names = ("active_ms", "idle_in_transaction_ms", "transactions", "wal_bytes", "wal_page_images", "database_cpu_ms")
    found: Json = {
        f"{name}_per_second": round((getattr(after, name) - getattr(before, name)) / seconds, 4) for name in names
    }
    grown = {
        name: after.log_bytes[name] - before.log_bytes.get(name, 0) for name in SCHEDULES if name in after.log_bytes
    }
    return found | {"seconds": round(seconds, 1), "log_bytes_per_second": round(sum(grown.values()) / seconds, 2)}


def _schedules(
    rehearsal: Rehearsal,
    measures: Sequence[Measure],
    before: Mapping[str, Mapping[int, float]],
    after: Mapping[str, Mapping[int, float]],
) -> Json:
    """Of one run of each, while nobody pays."""
    found = {}
    for rate in rehearsal.deployed.rates:
        own = [one for one in measures if one.function == rate.function and one.error is None]
        whole = own or [one for one in rehearsal.cloud.measures if one.function == rate.function]  # the hourly one
        grown = [
            ms - before[rate.function][pid] for pid, ms in after[rate.function].items() if pid in before[rate.function]
        ]
        found[_short(rehearsal, rate.function)] = {
            "every_seconds": rate.seconds,
            "runs": len(whole),
            "ms": round(median(one.ms for one in whole), 2),
            "cpu_ms": round(sum(grown) / len(own), 2) if own else round(median(one.ms for one in whole), 2),
        }
    return found


def _starts(rehearsal: Rehearsal) -> int:
    return sum(one.cold for one in rehearsal.cloud.measures)


# Cold starts


def _cold_starts(rehearsal: Rehearsal, meter: Meter, caller: Caller) -> Json:
    order = caller.order()
    calls: dict[str, Callable[[], object]] = {
        "api_pay": caller.order,
        "api_read": lambda: caller.call("cold", "GET", f"/api/v1/orders/{order}"),
        "api_wait": lambda: caller.call("cold", "GET", f"/api/v1/payments/{paid}"),
        "api_checkout": lambda: caller.call("cold", "GET", f"/api/v1/orders/{order}/public"),
        "api_manage": lambda: caller.call("cold", "GET", "/health"),
    }
    body = {"order_id": order, "method": "upi", "vpa": "asha@upi"}
    paid = caller.call("cold", "POST", "/api/v1/payments", body)["id"]
    meter.drain()
    found: dict[str, list[Measure]] = defaultdict(list)
    for _ in range(COLD_STARTS):
        for name, call in calls.items():
            found[name] += _first_after_end(rehearsal, [name], call).values()
        first = _first_after_end(rehearsal, JOBS, lambda: _payments(caller, [0], at_once=1), meter.drain)
        for name, one in first.items():
            found[name].append(one)
    shown = {}
    for name, starts in found.items():
        whole = [one.init_ms + one.ms for one in starts]
        shown[name] = {
            "starts": len(starts),
            "init_ms": {
                "min": _least([one.init_ms for one in starts]),
                "median": _middle(one.init_ms for one in starts),
            },
            "first_ms": {"min": _least([one.ms for one in starts]), "median": _middle(one.ms for one in starts)},
            "answer_ms": {"min": _least(whole), "median": _middle(whole), "max": round(max(whole), 1)},
        }
    return shown


def _first_after_end(
    rehearsal: Rehearsal, names: Sequence[str], call: Callable[[], object], settle: Callable[[], None] = lambda: None
) -> dict[str, Measure]:
    """The first invocation of each function once it has no sandbox left."""
    full = {name: f"{rehearsal.stage.stack()}-{name}" for name in names}
    for name in full.values():
        for sandbox in rehearsal.cloud.functions.sandboxes(name):
            sandbox.end()
    began = len(rehearsal.cloud.measures)
    call()
    settle()
    time.sleep(0.2)
    new = rehearsal.cloud.measures[began:]
    firsts = {short: next((one for one in new if one.function == name), None) for short, name in full.items()}
    return {short: one for short, one in firsts.items() if one is not None and one.cold}


def _least(ms: Sequence[float]) -> float:
    return round(min(ms), 1)


def _middle(ms: Any) -> float:
    return round(float(median(ms)), 1)


# Imports

TIMED = """
import sys, time
began = time.perf_counter()
__import__(sys.argv[1])
print((time.perf_counter() - began) * 1000)
"""


def _handlers(rehearsal: Rehearsal) -> list[str]:
    return sorted({function.handler.rpartition(".")[0] for function in rehearsal.deployed.functions.values()})


def _imports(rehearsal: Rehearsal, module: str) -> Json:
    """How long a fresh process takes to import a handler's module from the bundle, and what takes longest of it."""
    function = next(one for one in rehearsal.deployed.functions.values() if one.handler.rpartition(".")[0] == module)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(function.folder), **function.environment}
    start = [base_interpreter(), "-S", "-s", "-B"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*start, *words], cwd=function.folder, env=environment, capture_output=True, text=True, check=True
        )

    took = [float(run("-c", TIMED, module).stdout) for _ in range(IMPORTS)]
    own: Counter[str] = Counter()
    for line in run("-X", "importtime", "-c", f"import {module}").stderr.splitlines():
        self_us, _, name = line.removeprefix("import time:").split("|")
        if self_us.strip().isdigit():
            own[name.strip().split(".")[0]] += int(self_us)
    largest = [{"package": name, "ms": round(us / 1000, 1)} for name, us in own.most_common(LARGEST)]
    return {"min_ms": round(min(took), 1), "median_ms": round(median(took), 1), "largest": largest}


# About the run


def _short(rehearsal: Rehearsal, name: str) -> str:
    return name.removeprefix(f"{rehearsal.stage.stack()}-")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _machine() -> Json:
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "python": sys.version.split()[0],
        "shared": "with other work; rounds are compared by their median",
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.aws.measure", description=__doc__)
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--home", type=Path, help="an empty folder to work in; left out, one that is removed")
    asked = parser.parse_args(words)

    def say(line: str) -> None:
        print(line, flush=True)

    if asked.home is not None:
        found = measure(asked.home, say=say)
    else:
        with tempfile.TemporaryDirectory(prefix="gateway-measure-") as home:
            found = measure(Path(home), say=say)
    asked.out.write_text(json.dumps(found, indent=2) + "\n")
    say(f"written: {asked.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
