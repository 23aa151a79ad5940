"""Scale on paper: where a stage's settings break first as payments become more, and which settings would hold.

    python -m infra.scale [--stage production] [--data FILE] [--seed 1]

A simulation of discrete events, with the times that were measured (infra/measured.json): payments come at random, each
calls the API and leaves jobs behind; an invocation takes a slot of its function, computes, takes a connection and then
a core of the database, and gives all of it back. An API function without a free slot refuses, as Lambda does; a job
waits in its queue.

Nothing here gains from batches, though jobs of one message are done together: that makes the numbers of jobs an upper
bound. What a Lambda computes is stretched to its share of a core as in infra/cost.py; what it waits for is not.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import math
import random
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from infra import application, cost, stages, terminal
from infra.cost import CostError
from infra.errors import DONE, USAGE
from infra.stages import Stage, StageError
from shared.jobs import BATCH_MAX

sweep = application.handlers.sweep  # `application` has made the handlers importable

from chalicelib.sqs import WAKES_MAX  # noqa: E402

RATES = (1, 10, 100, 1_000, 10_000)  # payments a second
PAYMENTS = 3_000  # simulated at each rate
WARM_UP = 0.2  # of them, not counted
ROOM = 0.7  # of what a limit by rate allows is what one should ask of it
REFUSED_MAX = 0.001
LATE_MAX = 0.05  # the share of jobs that finds no slot free

# Limits of AWS, by default; most are raised on request.
API_PER_SECOND = (
    10_000  # of an account and region. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
)
ACCOUNT_CONCURRENCY = 1_000  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ACU_MAX = 256  # of an instance
FIREWALL_SECONDS = 300
# Of a serverless Postgres, by its greatest capacity; no more than 2,000 where the least is under 1.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
CONNECTIONS = {1: 189, 4: 823, 8: 1_669, 16: 3_360, 32: 5_000}
CONNECTIONS_SMALL_MAX = 2_000
PROXY_SHARE = 0.8  # of them, by the template

# What the sweep can wake of a kind: it looks so often in a minute, and rests at its end.
LOOKS = sweep.LOOPING_SECONDS // sweep.PAUSE_SECONDS
WAKES_PER_SECOND = LOOKS * WAKES_MAX * BATCH_MAX / 60

Json = Mapping[str, Any]


# Queueing


@dataclass(kw_only=True)
class Part:
    """Servers with one queue. `queues`: whether who finds none free waits, or is refused."""

    name: str
    servers: int
    queues: bool = True
    busy: int = 0
    waiting: deque[tuple[float, Callable[[], None]]] = field(default_factory=deque)
    waits: list[float] = field(default_factory=list)
    refused: int = 0
    busy_seconds: float = 0.0

    def take(self, now: float, then: Callable[[], None], *, counts: bool) -> None:
        if self.busy < self.servers:
            self.busy += 1
            if counts:
                self.waits.append(0.0)
            then()
        elif self.queues:
            self.waiting.append((now if counts else -math.inf, then))
        else:
            self.refused += counts

    def give_back(self, now: float) -> None:
        if not self.waiting:
            self.busy -= 1
            return
        since, then = self.waiting.popleft()
        if since >= 0:
            self.waits.append(now - since)
        then()


class Clock:
    """Events in the order of their time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._number), then))

    def run(self) -> None:
        while self._events:
            self.now, _, then = heapq.heappop(self._events)
            then()


def erlang_c(servers: int, offered: float) -> float:
    """The share that has to wait in M/M/c, where `offered` is arrivals times service; 1 where it cannot keep up."""
    if offered >= servers:
        return 1.0
    blocked = erlang_b(servers, offered)
    return blocked / (1 - (offered / servers) * (1 - blocked))


def erlang_b(servers: int, offered: float) -> float:
    """The share that is refused where nobody waits."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked


def mean_wait(servers: int, per_second: float, service_seconds: float) -> float:
    """Of everybody, in M/M/c, in seconds."""
    offered = per_second * service_seconds
    if offered >= servers:
        return math.inf
    return erlang_c(servers, offered) * service_seconds / (servers - offered)


# The gateway


@dataclass(frozen=True, kw_only=True)
class Work:
    """One function's part of a payment."""

    function: str
    runs: float  # of each payment
    times_ms: tuple[float, ...]  # quantiles at equal distances, as they were measured
    cpu_ms: float  # of a run, on a whole core
    memory_mb: int
    slots: int
    queues: bool  # jobs do; callers of the API are refused
    database_ms: float  # of a run: a core of the database
    borrowed_ms: float  # of a run: a connection, beyond that

    @property
    def stretch_ms(self) -> float:
        return self.cpu_ms * (max(1.0, cost.CORE_MB / self.memory_mb) - 1)

    @property
    def mean_ms(self) -> float:
        """Between neighbouring quantiles times are spread evenly."""
        pairs = itertools.pairwise(self.times_ms)
        return sum((low + high) / 2 for low, high in pairs) / (len(self.times_ms) - 1) + self.stretch_ms

    def draw_ms(self, chance: random.Random) -> float:
        place = chance.random() * (len(self.times_ms) - 1)
        low = int(place)
        return self.times_ms[low] + (place - low) * (self.times_ms[low + 1] - self.times_ms[low]) + self.stretch_ms


@dataclass(frozen=True, kw_only=True)
class Model:
    work: tuple[Work, ...]
    calls: float  # of the API, of each payment
    woken: float  # by the sweep, of each payment: the bank is asked again
    connections: int
    cores: float  # of the database


@dataclass(frozen=True, kw_only=True)
class Result:
    """Of one part at one rate. `offered` is what it is asked to carry, as a share of what it can."""

    part: str
    can: str
    offered: float
    wait_p50_ms: float = 0.0
    wait_p99_ms: float = 0.0
    refused: float = 0.0

    @property
    def breaks(self) -> bool:
        return self.offered >= 1 or self.refused > REFUSED_MAX


def model(data: Json, stage: Stage) -> Model:
    """Raises CostError."""
    phase = data["phases"]["alone"]
    functions = {function.name: function for function in application.functions(stage)}
    used, runs = phase["per_payment"], phase["functions"]
    computing = sum(run["cpu_ms"] for run in runs.values())
    work = []
    for name, run in runs.items():
        if name not in functions or name not in phase["times_ms"]:
            continue
        share = run["cpu_ms"] / computing / run["invocations"]  # who computes more, says more to the database
        api = bool(functions[name].routes)
        work.append(
            Work(
                function=name,
                runs=run["invocations"],
                times_ms=tuple(phase["times_ms"][name]),
                cpu_ms=run["cpu_ms"] / run["invocations"],
                memory_mb=functions[name].memory,
                slots=_group(stage, name).concurrency if api else stage.jobs[name].concurrency,
                queues=not api,
                database_ms=used["database_cpu_ms"] * share,
                borrowed_ms=max(0.0, used["database_borrowed_ms"] - used["database_cpu_ms"]) * share,
            )
        )
    return Model(
        work=tuple(work),
        calls=used["api_calls"],
        woken=max(0.0, runs.get("process_payment", {"invocations": 1.0})["invocations"] - 1),
        connections=int(PROXY_SHARE * connections(stage)),
        cores=stage.database_max_capacity / cost.ACU_PER_CORE,
    )


def _group(stage: Stage, function: str) -> stages.Size:
    name = function.removeprefix("api_")
    if name not in stage.groups:
        raise CostError(f"{function} is no group of routes of {stage.name}: scale is told for functions by groups.")
    return stage.groups[name]


def connections(stage: Stage) -> int:
    """Of the database, by AWS's table; between its rows the smaller one holds."""
    found = max((count for acu, count in CONNECTIONS.items() if acu <= stage.database_max_capacity), default=189)
    return found if stage.database_min_capacity >= 1 else min(found, CONNECTIONS_SMALL_MAX)


def simulate(of: Model, per_second: float, *, seed: int = 1, payments: int = PAYMENTS) -> dict[str, Part]:
    """Payments at random moments, until the last of their jobs is done."""
    chance, clock = random.Random(seed), Clock()
    parts = {one.function: Part(name=one.function, servers=one.slots, queues=one.queues) for one in of.work}
    # A part of a core is a core that takes longer, so that small databases can be told from each other.
    cores = max(1, math.floor(of.cores))
    slower = max(1.0, 1 / of.cores)
    pool, computing = Part(name="connections", servers=of.connections), Part(name="database", servers=cores)
    parts |= {pool.name: pool, computing.name: computing}

    def invoke(one: Work, counts: bool) -> None:
        slot = parts[one.function]

        def began() -> None:
            whole = one.draw_ms(chance) / 1000
            asked = min(whole, (one.database_ms + one.borrowed_ms) / 1000)
            clock.after(whole - asked, lambda: pool.take(clock.now, connected, counts=counts))

        def connected() -> None:
            computing.take(clock.now, computes, counts=counts)

        def computes() -> None:
            clock.after(one.database_ms * slower / 1000, computed)

        def computed() -> None:
            computing.give_back(clock.now)
            clock.after(one.borrowed_ms / 1000, done)

        def done() -> None:
            pool.give_back(clock.now)
            slot.give_back(clock.now)

        slot.take(clock.now, began, counts=counts)

    def pay(number: int) -> None:
        for one in of.work:
            runs = int(one.runs) + (chance.random() < one.runs % 1)
            for _ in range(runs):
                invoke(one, number >= WARM_UP * payments)
        if number + 1 < payments:
            clock.after(chance.expovariate(per_second), lambda: pay(number + 1))

    clock.after(0.0, lambda: pay(0))
    clock.run()
    return parts


def results(of: Model, stage: Stage, per_second: float, *, seed: int = 1, payments: int = PAYMENTS) -> list[Result]:
    """Every part, those that AWS or a setting limits by rate first."""
    calls = per_second * of.calls
    one_source = stage.source_per_five_minutes / FIREWALL_SECONDS
    found = [
        Result(part="API Gateway, account", can=f"{API_PER_SECOND:,} calls/s", offered=calls / API_PER_SECOND),
        Result(
            part="API Gateway, stage",
            can=f"{stage.throttle_per_second:,} calls/s",
            offered=calls / stage.throttle_per_second,
        ),
        Result(part="WAF, one address", can=f"{one_source:,.0f} calls/s", offered=calls / one_source),
    ]
    woken = per_second * of.woken / WAKES_PER_SECOND
    found.append(Result(part="sweep, one kind", can=f"{WAKES_PER_SECOND:,.0f} jobs/s", offered=woken))
    at_once = sum(per_second * one.runs * one.mean_ms / 1000 for one in of.work)
    found.append(
        Result(part="Lambda, account", can=f"{ACCOUNT_CONCURRENCY:,} at once", offered=at_once / ACCOUNT_CONCURRENCY)
    )
    parts = simulate(of, per_second, seed=seed, payments=payments)
    for one in of.work:
        offered = per_second * one.runs * one.mean_ms / 1000 / one.slots
        found.append(_result(parts[one.function], f"{one.slots} at once", offered))
    borrowed = sum(one.runs * (one.database_ms + one.borrowed_ms) for one in of.work) / 1000
    computed = sum(one.runs * one.database_ms for one in of.work) / 1000
    found.append(_result(parts["connections"], f"{of.connections:,}", per_second * borrowed / of.connections))
    acu = of.cores * cost.ACU_PER_CORE
    found.append(_result(parts["database"], f"{acu:g} ACU, {of.cores:g} cores", per_second * computed / of.cores))
    return found


def _result(part: Part, can: str, offered: float) -> Result:
    waits = sorted(part.waits)
    asked = len(waits) + part.refused
    return Result(
        part=part.name,
        can=can,
        offered=offered,
        wait_p50_ms=1000 * waits[len(waits) // 2] if waits else 0.0,
        wait_p99_ms=1000 * waits[len(waits) * 99 // 100] if waits else 0.0,
        refused=part.refused / asked if asked else 0.0,
    )


def needed(of: Model, per_second: float) -> dict[str, float]:
    """What each part would have to carry, by Erlang's formulas: hardly a call refused, and few of the rest late."""
    found: dict[str, float] = {}
    for one in of.work:
        offered = per_second * one.runs * one.mean_ms / 1000
        found[one.function] = _servers(offered, erlang_c, LATE_MAX) if one.queues else _servers(offered, erlang_b)
    computed = sum(one.runs * one.database_ms for one in of.work) / 1000
    borrowed = sum(one.runs * (one.database_ms + one.borrowed_ms) for one in of.work) / 1000
    found["database ACU"] = cost.ACU_PER_CORE * _servers(per_second * computed, erlang_c, LATE_MAX)
    found["connections"] = _servers(per_second * borrowed, erlang_c, LATE_MAX)
    found["calls/s"] = math.ceil(per_second * of.calls / ROOM)
    found["Lambda at once"] = sum(found[one.function] for one in of.work)
    return found


def _servers(offered: float, formula: Callable[[int, float], float], most: float = REFUSED_MAX) -> int:
    """So many that the share which waits, or is refused, is at most that."""
    servers = max(1, math.ceil(offered))
    while formula(servers, offered) > most:
        servers += max(1, servers // 200)
    return servers


def with_needed(of: Model, per_second: float) -> Model:
    """The same with as much of everything as `needed` says."""
    wanted = needed(of, per_second)
    return replace(
        of,
        work=tuple(replace(one, slots=int(wanted[one.function])) for one in of.work),
        connections=int(wanted["connections"]),
        cores=wanted["database ACU"] / cost.ACU_PER_CORE,
    )


# Printing


def report(data: Json, stage: Stage, *, seed: int, payments: int = PAYMENTS) -> list[str]:
    of = model(data, stage)
    out = [
        f"{stage.name}, with what was measured {data['measured_at']}; {payments:,} payments at each rate, seed {seed}.",
        "Offered: of what a part can carry. A job that waits is late; a call that is refused is told to come again.",
    ]
    for per_second in RATES:
        found = results(of, stage, per_second, seed=seed, payments=payments)
        rows = [_row(one) for one in found]
        heads = ("part", "can", "offered", "wait p50 ms", "wait p99 ms", "refused")
        out += ["", f"{per_second:,} payments/s", *(f"  {line}" for line in terminal.table(heads, rows))]
        broken = sorted((one for one in found if one.breaks), key=lambda one: -one.offered)
        if not broken:
            out.append("  Holds.")
            continue
        out.append(f"  Breaks first: {broken[0].part}. Breaks: {'; '.join(one.part for one in broken)}.")
        wanted = needed(of, per_second)
        out.append("  Would need: " + ", ".join(f"{name} {_number(amount)}" for name, amount in wanted.items()) + ".")
        if wanted["database ACU"] > ACU_MAX:
            instances = math.ceil(wanted["database ACU"] / ACU_MAX)
            out.append(
                f"  One writer has at most {ACU_MAX} ACU: merchants are to be spread over {instances} databases."
            )
    return out


def _row(one: Result) -> tuple[str, ...]:
    ends = one.offered < 1
    late = (f"{one.wait_p50_ms:,.1f}", f"{one.wait_p99_ms:,.1f}") if ends else ("grows", "grows")
    if one.refused:
        late = ("-", "-")
    return one.part, one.can, f"{one.offered:.1%}", *late, f"{one.refused:.1%}" if one.refused else "-"


def _number(amount: float) -> str:
    return f"{amount:,.1f}".removesuffix(".0")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.scale", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", default="production", help="whose settings: production")
    parser.add_argument("--stages", type=Path, default=stages.STAGES, help="another file of stage settings")
    parser.add_argument("--data", type=Path, default=cost.MEASURED, help="what was measured: infra/measured.json")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation")
    asked = parser.parse_args(words)
    try:
        found = report(cost.read(asked.data), stages.load(asked.stage, file=asked.stages), seed=asked.seed)
    except (StageError, CostError) as error:
        print(error, file=sys.stderr)
        return USAGE
    print("\n".join(found))
    return DONE


if __name__ == "__main__":
    raise SystemExit(main())
