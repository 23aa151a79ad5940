"""The arithmetic of costs: quantities times prices, with nothing left out and nothing made up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra import application, cost, stages
from infra.cost import Amount, CostError, Line, Prices
from infra.stages import Stage

STAGES = ("dev", "staging", "production")


def measured() -> dict[str, Any]:
    """Small and made up, with round numbers."""
    run = {"invocations": 2.0, "cold": 0, "ms": 100.0, "billed_ms": 100.0, "cpu_ms": 20.0, "max_memory_mb": 50}
    phase = {
        "payments": 10,
        "at_once": 1,
        "functions": {"api_pay": run, "deliver_webhook": run | {"invocations": 3.0}},
        "times_ms": {"api_pay": [10.0, 20.0], "deliver_webhook": [10.0, 20.0]},
        "per_payment": {
            "api_calls": 2.0,
            "api_answer_bytes": 1000.0,
            "webhooks": 3.0,
            "webhook_bytes": 2000.0,
            "webhook_answer_bytes": 100.0,
            "sqs_sends": 4.0,
            "sqs_deletes": 3.0,
            "sqs_request_bytes": 4000.0,
            "secret_calls": 0.0,
            "log_bytes": 1000.0,
            "log_lines": 10.0,
            "database_active_ms": 12.0,
            "database_cpu_ms": 9.0,
            "database_borrowed_ms": 15.0,
            "transactions": 10.0,
            "wal_bytes": 8192.0,
            "wal_page_images": 0.0,
            "table_bytes": 4096.0,
        },
        "latency_ms": {},
    }
    times = {"min": 100.0, "median": 200.0}
    return {
        "format": cost.FORMAT,
        "measured_at": "2026-01-01T00:00:00+00:00",
        "commit": "abc",
        "machine": {"cpu": "a core", "cores": 2, "python": "3.11", "shared": "with nobody"},
        "mix": {"calls": "calls", "bank_ms": 1500},
        "idle": {"wal_bytes_per_second": 4096.0, "log_bytes_per_second": 10.0},
        "schedules": {"sweep": {"every_seconds": 60.0, "runs": 1, "ms": 1000.0, "cpu_ms": 0.0}},
        "phases": {"alone": phase},
        "cold_starts": {
            "api_pay": {"starts": 5, "init_ms": times, "first_ms": times, "answer_ms": times | {"max": 300.0}}
        },
        "secret_calls_per_cold_start": 2.0,
        "imports": {"app": {"min_ms": 1.0, "median_ms": 1.0, "largest": []}},
    }


@pytest.fixture
def at() -> Prices:
    return cost.prices("ap-south-1")


@pytest.fixture
def production() -> Stage:
    return stages.load("production")


def one(lines: list[Line], key: str, what: str = "") -> Line:
    (found,) = [line for line in lines if line.price.key == key and what in line.what]
    return found


def test_a_line_is_a_quantity_times_a_price(at: Prices) -> None:
    line = Line(what="calls", quantity=Amount.of(2_000_000), price=at["api_request"])
    assert line.usd.likely == pytest.approx(2 * at["api_request"].usd)
    assert line.arithmetic == "2,000,000 call × $3.5/1,000,000"


def test_memory_stretches_what_computes_and_at_most_all() -> None:
    half = cost.stretched(100, 20, cost.CORE_MB // 2)
    assert half.low == 100
    assert half.likely == pytest.approx(120, rel=0.01)
    assert half.high == pytest.approx(200, rel=0.01)
    assert cost.stretched(100, 20, 4096) == Amount.of(100), "more than a core makes nothing of ours quicker"
    assert cost.stretched(100, 900, 512).likely <= cost.stretched(100, 900, 512).high


def test_gigabyte_seconds_follow_the_memory_of_the_stage(at: Prices, production: Stage) -> None:
    line = one(cost.per_million(measured(), production, at), "lambda_gb_second", "api_pay")
    assert production.groups["pay"].memory == 1024
    assert line.quantity.low == pytest.approx(1_000_000 * 0.1 * 1024 / 1024)
    twice = replace(production, groups=production.groups | {"pay": stages.Size(memory=2048, concurrency=2)})
    assert one(cost.per_million(measured(), twice, at), "lambda_gb_second", "api_pay").quantity.low == pytest.approx(
        2e5
    )


def test_a_message_is_sent_received_and_deleted(at: Prices, production: Stage) -> None:
    # 4 sends, a receive for each of 3 runs of the job, 3 deletions; API functions receive nothing.
    assert one(cost.per_million(measured(), production, at), "sqs_request").quantity.likely == pytest.approx(10e6)


def test_the_database_is_paid_by_its_cpu_and_at_most_a_write_for_each_transaction(
    at: Prices, production: Stage
) -> None:
    lines = cost.per_million(measured(), production, at)
    assert one(lines, "aurora_acu_hour").quantity.likely == pytest.approx(1e6 * 0.009 * 4 / 3600)
    writes = one(lines, "aurora_io").quantity
    assert (writes.low, writes.high) == (pytest.approx(2e6), pytest.approx(10e6))


def test_messages_go_past_nat_only_with_endpoints(at: Prices, production: Stage) -> None:
    with_endpoints = cost.per_million(measured(), production, at)
    without = cost.per_million(measured(), replace(production, private_endpoints=False), at)
    assert one(with_endpoints, "endpoint_gb").quantity.likely == pytest.approx(1e6 * 4000 / 2**30)
    assert not [line for line in without if line.price.key == "endpoint_gb"]
    assert one(without, "nat_gb").quantity.likely - one(with_endpoints, "nat_gb").quantity.likely == pytest.approx(
        1e6 * 4000 / 2**30
    )


def test_the_total_is_the_sum_of_the_services(at: Prices, production: Stage) -> None:
    lines = cost.per_million(measured(), production, at)
    assert sum(amount.likely for amount in cost.by_service(lines).values()) == pytest.approx(cost.total(lines).likely)
    whole = cost.total(lines)
    assert 0 < whole.low <= whole.likely <= whole.high


def test_a_function_that_the_stage_lacks_is_named(at: Prices, production: Stage) -> None:
    data = measured()
    data["phases"]["alone"]["functions"]["api_gone"] = data["phases"]["alone"]["functions"]["api_pay"]
    with pytest.raises(CostError, match="api_gone"):
        cost.per_million(data, production, at)


@pytest.mark.parametrize("region", ["ap-south-1", "us-east-1"])
def test_everything_that_is_measured_has_a_price(region: str) -> None:
    found = cost.prices(region)
    for name in STAGES:
        stage = stages.load(name)
        assert cost.total(cost.per_million(measured(), stage, found)).likely > 0
        assert cost.total(cost.idle(measured(), stage, found)).likely > 0
        assert cost.method_metrics(stage, found).usd.likely > 0


def test_a_missing_price_is_named(at: Prices, production: Stage) -> None:
    without = replace(at, by_key={key: price for key, price in at.by_key.items() if key != "sqs_request"})
    with pytest.raises(CostError, match=r"no price of sqs_request in ap-south-1"):
        cost.per_million(measured(), production, without)


def test_a_region_without_prices_is_named() -> None:
    with pytest.raises(CostError, match="no prices of eu-nowhere-1"):
        cost.prices("eu-nowhere-1")


def test_prices_are_dated_sourced_and_say_whether_they_were_checked(at: Prices) -> None:
    assert isinstance(at.at, date)
    for price in at.by_key.values():
        assert price.usd >= 0, price.key
        assert price.source.startswith("https://aws.amazon.com/"), price.key
        assert price.unit, price.key
    assert "aurora_acu_hour" in at.unchecked
    assert "api_request" not in at.unchecked


def test_a_broken_price_table_is_told(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("date = 2026-01-01\n[thing]\nservice = 'S'\nunit = 'u'\nap-south-1 = { checked = true }\n")
    with pytest.raises(CostError, match=r"prices\.toml cannot be read"):
        cost.prices("ap-south-1", file=file)


def test_what_stands_follows_the_settings() -> None:
    stage = stages.load("dev")
    least, most = (
        cost.standing(stage),
        cost.standing(replace(stage, nat_gateways=2, database_instances=2, private_endpoints=True)),
    )
    assert (least.nat_gateways, least.addresses, least.databases, least.endpoints) == (1, 1, 1, 0)
    assert (most.nat_gateways, most.addresses, most.databases, most.endpoints) == (2, 2, 2, 4)
    assert least.secrets == 3, "two of ours, and the master's, which RDS keeps"
    assert (least.firewalls, least.firewall_rules, least.keys, least.proxies) == (1, 6, 1, 1)


def test_an_idle_month_costs_what_its_settings_ask(at: Prices) -> None:
    stage = stages.load("dev")

    def usd(of: Stage, key: str) -> float:
        return sum(line.usd.likely for line in cost.idle(measured(), of, at) if line.price.key == key)

    assert usd(stage, "nat_hour") == pytest.approx(730 * 0.056)
    assert usd(replace(stage, nat_gateways=2), "nat_hour") == pytest.approx(2 * 730 * 0.056)
    acu = at["aurora_acu_hour"].usd * 730
    assert usd(stage, "aurora_acu_hour") == pytest.approx(0.5 * acu)
    assert usd(replace(stage, database_min_capacity=2, database_instances=2), "aurora_acu_hour") == pytest.approx(
        4 * acu
    )
    assert usd(stage, "proxy_acu_hour") == pytest.approx(8 * 730 * at["proxy_acu_hour"].usd), "at least 8"
    large = replace(stage, database_min_capacity=8, database_instances=2)
    assert usd(large, "proxy_acu_hour") == pytest.approx(16 * 730 * at["proxy_acu_hour"].usd)
    assert usd(stage, "endpoint_hour") == 0
    # Five pollers of each of three queues ask three times a minute.
    assert usd(stage, "sqs_request") == pytest.approx(5 * 3 * 3 * 60 * 730 * 0.40 / 1e6)
    # A second every minute, with the memory of a schedule.
    gb = application.SCHEDULE_MB / 1024
    assert usd(stage, "lambda_gb_second") == pytest.approx(60 * 730 * gb * at["lambda_gb_second"].usd)


def test_a_month_pays_for_the_database_only_beyond_its_minimum(at: Prices, production: Stage) -> None:
    data = measured()
    still = cost.total(cost.idle(data, production, at)).likely
    assert cost.month(data, production, at, 0).likely == pytest.approx(still)
    busy = [line for line in cost.per_million(data, production, at) if line.price.key != "aurora_acu_hour"]
    # A million times 9 ms of CPU are 10 ACU-hours, of 730 that are there anyway.
    assert cost.month(data, production, at, 1_000_000).likely == pytest.approx(still + cost.total(busy).likely)
    computing = 1000 * 10 * at["aurora_acu_hour"].usd
    there = 730 * at["aurora_acu_hour"].usd
    assert cost.month(data, production, at, 10**9).likely == pytest.approx(
        still + 1000 * cost.total(busy).likely + computing - there
    )


def test_the_report_says_all_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], production: Stage, at: Prices
) -> None:
    file = tmp_path / "measured.json"
    file.write_text(json.dumps(measured()))
    assert cost.main(["--data", str(file)]) == 0
    printed = capsys.readouterr().out
    assert str(at.at) in printed
    for line in [*cost.per_million(measured(), production, at), *cost.idle(measured(), production, at)]:
        assert line.arithmetic in printed, line
    for key in at.unchecked:
        assert key in printed


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--stage", "nowhere"], "no stage 'nowhere'"), (["--data", "/nowhere.json"], "make cost MEASURE=1")],
)
def test_what_cannot_be_read_is_told(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cost.main(words) == 2
    assert told in capsys.readouterr().err


def test_what_is_kept_in_the_repository_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for name in STAGES:
        assert cost.main(["--stage", name]) == 0
    assert "A million payments, production" in capsys.readouterr().out
