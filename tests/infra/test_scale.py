"""The simulation of scale: right where theory knows the answer, the same for a seed, and honest when it is full."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from infra import scale, stages
from infra.scale import Clock, Model, Part, Work
from tests.infra.test_cost import measured


def work(*, slots: int, queues: bool = True, ms: float = 100.0, database_ms: float = 0.0, runs: float = 1.0) -> Work:
    return Work(
        function="deliver_webhook",
        runs=runs,
        times_ms=(ms, ms),
        cpu_ms=0.0,
        memory_mb=512,
        slots=slots,
        queues=queues,
        database_ms=database_ms,
        borrowed_ms=0.0,
    )


def model(*parts: Work, connections: int = 1000, cores: float = 1000) -> Model:
    return Model(work=parts, calls=3.0, woken=1.0, connections=connections, cores=cores)


def test_erlangs_formulas_give_what_his_tables_say() -> None:
    assert scale.erlang_b(1, 0.5) == pytest.approx(0.5 / 1.5)
    assert scale.erlang_b(10, 5.0) == pytest.approx(0.01838, abs=1e-5)
    assert scale.erlang_c(1, 0.5) == pytest.approx(0.5), "in M/M/1 the share that waits is the load"
    assert scale.erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert scale.mean_wait(1, 5, 0.1) == pytest.approx(0.1), "in M/M/1: load / (1 - load) times service"
    assert scale.mean_wait(2, 30, 0.1) == math.inf


@pytest.mark.parametrize(("servers", "load"), [(1, 0.6), (4, 0.7), (20, 0.8)])
def test_waiting_is_what_erlang_c_says(servers: int, load: float) -> None:
    service, customers, seeds = 0.1, 15_000, (1, 2, 3, 4)
    per_second = servers * load / service
    waits: list[float] = []
    for seed in seeds:  # a busy part remembers for long: several short runs say more than a long one
        waits += _waits(servers, per_second, service, customers, seed)
    assert len(waits) == customers * len(seeds)
    waited = sum(wait > 0 for wait in waits) / len(waits)
    assert waited == pytest.approx(scale.erlang_c(servers, servers * load), rel=0.1)
    assert sum(waits) / len(waits) == pytest.approx(scale.mean_wait(servers, per_second, service), rel=0.15)


def _waits(servers: int, per_second: float, service: float, customers: int, seed: int) -> list[float]:
    """Of customers who come at random and stay at random, as the theory has them."""
    chance, clock, part = random.Random(seed), Clock(), Part(name="part", servers=servers)

    def begin() -> None:
        clock.after(chance.expovariate(1 / service), lambda: part.give_back(clock.now))

    at = 0.0
    for _ in range(customers):
        at += chance.expovariate(per_second)
        clock.after(at, lambda: part.take(clock.now, begin, counts=True))
    clock.run()
    assert part.busy == 0
    return part.waits


def test_refusals_are_what_erlang_b_says() -> None:
    # Of those who are refused the formula holds for any service times, so it holds for ours.
    of = model(work(slots=5, queues=False))
    part = scale.simulate(of, 40, payments=40_000)["deliver_webhook"]
    assert part.refused / (part.refused + len(part.waits)) == pytest.approx(scale.erlang_b(5, 4.0), rel=0.1)


def test_a_seed_gives_the_same_again() -> None:
    of = model(work(slots=2, database_ms=5.0, runs=1.5), cores=2)
    first, again, other = (scale.simulate(of, 10, seed=seed, payments=500) for seed in (3, 3, 4))
    assert first["deliver_webhook"].waits == again["deliver_webhook"].waits
    assert first["deliver_webhook"].waits != other["deliver_webhook"].waits


def test_every_job_is_done_and_everything_given_back() -> None:
    of = model(work(slots=2, runs=2.0, database_ms=10.0), connections=1, cores=1)
    parts = scale.simulate(of, 50, payments=300)
    assert all(part.busy == 0 and not part.waiting for part in parts.values())
    assert len(parts["deliver_webhook"].waits) == 2 * 300 * (1 - scale.WARM_UP)


def test_the_scarcest_part_is_where_waiting_is() -> None:
    slots = scale.simulate(model(work(slots=2, database_ms=1.0)), 19, payments=2000)
    assert sum(slots["deliver_webhook"].waits) > 0 == sum(slots["database"].waits)
    cores = scale.simulate(model(work(slots=1000, database_ms=90.0), cores=2), 20, payments=2000)
    assert sum(cores["database"].waits) > 0 == sum(cores["deliver_webhook"].waits)
    pool = scale.simulate(model(work(slots=1000, database_ms=90.0), connections=2), 20, payments=2000)
    assert sum(pool["connections"].waits) > 0 == sum(pool["database"].waits)


def test_less_than_a_core_takes_longer() -> None:
    half = scale.simulate(model(work(slots=1000, database_ms=50.0), cores=0.5), 9, payments=3000)["database"]
    whole = scale.simulate(model(work(slots=1000, database_ms=50.0), cores=1), 9, payments=3000)["database"]
    assert sum(half.waits) > 3 * sum(whole.waits)


def test_what_is_asked_too_much_is_told_and_what_holds_is_not() -> None:
    stage = stages.load("production")
    of = model(work(slots=2, database_ms=20.0), cores=2)  # 20 runs a second, 100 of the database's
    calm = {one.part: one for one in scale.results(of, stage, 5, payments=1000)}
    assert not [one for one in calm.values() if one.breaks]
    assert calm["deliver_webhook"].offered == pytest.approx(0.25)
    full = {one.part: one for one in scale.results(of, stage, 30, payments=1000)}
    assert full["deliver_webhook"].breaks
    assert full["deliver_webhook"].wait_p99_ms > 1000
    assert not full["database"].breaks
    limits = {one.part: one for one in scale.results(of, stage, 4_000, payments=10)}
    assert limits["sweep, one kind"].offered == pytest.approx(4_000 / scale.WAKES_PER_SECOND)
    assert limits["API Gateway, account"].offered == pytest.approx(1.2)
    assert limits["database"].breaks


def test_a_caller_is_refused_where_a_job_waits() -> None:
    stage = stages.load("production")
    of = model(work(slots=2, queues=False))
    (found,) = [one for one in scale.results(of, stage, 40, payments=2000) if one.part == "deliver_webhook"]
    assert found.refused > 0.3
    assert found.breaks


def test_what_is_needed_holds() -> None:
    stage = replace(
        stages.load("production"), throttle_per_second=10**9, source_per_five_minutes=10**12, database_max_capacity=256
    )
    of = model(work(slots=2, database_ms=20.0), replace(work(slots=2, queues=False), function="api_pay"), cores=0.5)
    assert [one.part for one in scale.results(of, stage, 100, payments=500) if one.breaks]
    enough = scale.with_needed(of, 100)
    broken = [one for one in scale.results(enough, stage, 100, payments=4000) if one.breaks]
    assert not [one for one in broken if one.offered >= 1]
    assert all(one.refused < 0.03 for one in broken), "it was sized without what the database makes them wait"


def test_connections_follow_the_capacity() -> None:
    stage = stages.load("production")
    assert scale.connections(replace(stage, database_min_capacity=1, database_max_capacity=32)) == 5_000
    assert scale.connections(replace(stage, database_min_capacity=0.5, database_max_capacity=32)) == 2_000
    assert scale.connections(replace(stage, database_min_capacity=0.5, database_max_capacity=4)) == 823


def test_a_model_takes_slots_from_the_stage_and_times_from_the_measurement() -> None:
    stage = stages.load("production")
    of = scale.model(measured(), stage)
    pay, deliver = sorted(of.work, key=lambda one: one.function)
    assert (pay.slots, pay.queues) == (stage.groups["pay"].concurrency, False)
    assert (deliver.slots, deliver.queues) == (stage.jobs["deliver_webhook"].concurrency, True)
    computed = sum(one.runs * one.database_ms for one in of.work)
    assert computed == pytest.approx(measured()["phases"]["alone"]["per_payment"]["database_cpu_ms"])
    assert of.cores == stage.database_max_capacity / 4
    # 10 ms of CPU a run, at 1,024 of 1,769 MB.
    assert pay.mean_ms == pytest.approx(15 + 10 * (1769 / 1024 - 1))


def test_the_report_names_what_breaks_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "measured.json"
    file.write_text(json.dumps(measured()))
    assert scale.main(["--data", str(file), "--stage", "production"]) == 0
    printed = capsys.readouterr().out
    assert "Holds." in printed
    assert "Breaks first: " in printed
    assert "Would need: " in printed


def test_what_cannot_be_read_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.main(["--data", "/nowhere.json"]) == 2
    assert "make cost MEASURE=1" in capsys.readouterr().err
