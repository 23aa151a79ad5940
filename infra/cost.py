"""What a payment costs on AWS, and what a stage costs while nobody pays: measured quantities times dated prices.

    python -m infra.cost [--stage production] [--region ap-south-1] [--data FILE]

What is measured comes from `python -m local.aws.measure`, prices from prices.toml, sizes from stages.toml, and what
stands there all month from the templates themselves. Every line shows its arithmetic.

Three numbers where one is not honest. A sandbox here has a whole core; a Lambda has its memory's share of one, which is
one at 1,769 MB. What waits does not wait longer for that; what computes, computes so much longer:

    low     as measured, as if every Lambda had a whole core
    likely  measured CPU time stretched by 1,769 / memory, the rest as measured
    high    all of the time stretched, waiting too: nothing can be more
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from infra import application, checks, stages, terminal
from infra.application import ACCESS_LOG
from infra.errors import DONE, USAGE, UsageError
from infra.stages import Stage, StageError
from shared.jobs import KINDS

HERE = Path(__file__).resolve().parent
PRICES = HERE / "prices.toml"
MEASURED = HERE / "measured.json"
FOUNDATION = HERE / "templates" / "foundation.yaml"
FORMAT = 1  # of the measured file, by whoever wrote it

MILLION = 1_000_000
GB = 2**30
MONTH_HOURS = 730  # as AWS's own calculator counts
MONTH_DAYS = MONTH_HOURS / 24
CORE_MB = (
    1769  # of a Lambda's memory are one core; https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
)
ACU_PER_CORE = 4  # AWS's sizing rule: a core at work all the time is about 4 ACU
PROXY_ACU_MIN = 8  # a proxy of a serverless database costs at least as many
IO_BYTES = 4096  # a write to Aurora's storage
LOG_EVENT_BYTES = 26  # that CloudWatch adds to every line
# Of a queue, and no fewer where MaximumConcurrency is set.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
POLLERS, POLL_SECONDS = 5, 20
# AWS on its own customers: typically under 1 % of invocations start cold.
# https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
COLD_SHARE = 0.01
METHOD_METRICS = 5  # Count, Latency, IntegrationLatency, 4XXError, 5XXError
VOLUMES = (10_000, 100_000, 1_000_000, 10_000_000)  # payments a month

Json = Mapping[str, Any]


class CostError(UsageError):
    """A price or a measurement is missing or cannot be read. The message names it."""


# Prices


@dataclass(frozen=True, kw_only=True)
class Price:
    key: str
    service: str
    unit: str
    usd: float
    per: int  # so many units
    checked: bool
    source: str

    def __str__(self) -> str:
        return f"${self.usd:.10f}".rstrip("0").rstrip(".") + (f"/{_count(self.per)}" if self.per > 1 else "")


@dataclass(frozen=True, kw_only=True)
class Prices:
    at: date
    region: str
    by_key: Mapping[str, Price]

    def __getitem__(self, key: str) -> Price:
        if key not in self.by_key:
            raise CostError(f"There is no price of {key} in {self.region}; add it to {PRICES.name}.")
        return self.by_key[key]

    @property
    def unchecked(self) -> list[str]:
        return sorted(key for key, price in self.by_key.items() if not price.checked)


def prices(region: str, *, file: Path = PRICES) -> Prices:
    """Raises CostError."""
    try:
        tables = tomllib.loads(file.read_text())
        at = tables.pop("date")
        found = {key: _price(key, table, region) for key, table in tables.items() if region in table}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CostError(f"{file} cannot be read: {error!r}") from None
    if not isinstance(at, date):
        raise CostError(f"{file}: date must be a day, and is {at!r}.")
    if not found:
        raise CostError(f"{file.name} has no prices of {region}.")
    return Prices(at=at, region=region, by_key=found)


def _price(key: str, table: Json, region: str) -> Price:
    return Price(
        key=key,
        service=table["service"],
        unit=table["unit"],
        usd=float(table[region]["usd"]),
        per=table.get("per", 1),
        checked=bool(table[region]["checked"]),
        source=table["source"],
    )


# Lines


@dataclass(frozen=True, kw_only=True)
class Amount:
    low: float
    likely: float
    high: float

    @classmethod
    def of(cls, exactly: float) -> Amount:
        return cls(low=exactly, likely=exactly, high=exactly)

    def __add__(self, other: Amount) -> Amount:
        return Amount(low=self.low + other.low, likely=self.likely + other.likely, high=self.high + other.high)

    def times(self, factor: float) -> Amount:
        return Amount(low=self.low * factor, likely=self.likely * factor, high=self.high * factor)


@dataclass(frozen=True, kw_only=True)
class Line:
    what: str
    quantity: Amount
    price: Price

    @property
    def usd(self) -> Amount:
        return self.quantity.times(self.price.usd / self.price.per)

    @property
    def arithmetic(self) -> str:
        return f"{_count(self.quantity.likely)} {self.price.unit} × {self.price}"


def total(lines: Sequence[Line]) -> Amount:
    usd = Amount.of(0)
    for line in lines:
        usd += line.usd
    return usd


def by_service(lines: Sequence[Line]) -> dict[str, Amount]:
    """In the order in which they first appear."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.price.service, []).append(line)
    return {service: total(own) for service, own in found.items()}


def read(file: Path = MEASURED) -> Json:
    """Raises CostError."""
    try:
        data: Json = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CostError(f"{file} cannot be read ({error}); `make cost MEASURE=1` measures.") from None
    if data.get("format") != FORMAT:
        raise CostError(f"{file} has format {data.get('format')!r}, not {FORMAT}; `make cost MEASURE=1` measures anew.")
    return data


def stretched(ms: float, cpu_ms: float, memory_mb: int) -> Amount:
    """Milliseconds on a Lambda of so much memory, of a run that took `ms` on a whole core, `cpu_ms` of it computing."""
    factor = max(1.0, CORE_MB / memory_mb)
    return Amount(low=ms, likely=ms + min(ms, cpu_ms) * (factor - 1), high=ms * factor)


# Per million payments


def per_million(data: Json, stage: Stage, at: Prices, *, phase: str = "alone") -> list[Line]:
    """What a million payments of the measured mix use beyond what stands there anyway. Raises CostError."""
    measured, used = data["phases"][phase], data["phases"][phase]["per_payment"]
    found = [*_lambda_lines(measured["functions"], data, stage, at)]

    def line(key: str, what: str, each: float | Amount) -> None:
        quantity = each if isinstance(each, Amount) else Amount.of(each)
        found.append(Line(what=what, quantity=quantity.times(MILLION), price=at[key]))

    runs = measured["functions"]
    receives = sum(runs[kind]["invocations"] for kind in KINDS if kind in runs)
    line("api_request", "calls", used["api_calls"])
    line("firewall_request", "calls", used["api_calls"])
    line("sqs_request", "sends, receives, deletions", used["sqs_sends"] + receives + used["sqs_deletes"])
    cores = used["database_cpu_ms"] / 1000
    line("aurora_acu_hour", f"CPU {cores * 1000:.1f} ms × {ACU_PER_CORE} ACU a core", cores * ACU_PER_CORE / 3600)
    written = used["wal_bytes"] / IO_BYTES
    most = max(written, used["transactions"])
    line("aurora_io", "writes of 4 KB; at most one a transaction", Amount(low=written, likely=written, high=most))
    line("aurora_gb_month", "rows and indexes, in each month they are kept", used["table_bytes"] / GB)
    through = used["webhook_bytes"] + used["webhook_answer_bytes"]
    if stage.private_endpoints:
        line("endpoint_gb", "sends to queues", used["sqs_request_bytes"] / GB)
    else:
        through += used["sqs_request_bytes"]
    line("nat_gb", "webhooks and their answers", through / GB)
    line("transfer_out_gb", "webhooks, and answers of the API", (used["webhook_bytes"] + used["api_answer_bytes"]) / GB)
    logged = used["log_bytes"] + LOG_EVENT_BYTES * used["log_lines"]
    logged += used["api_calls"] * (LOG_EVENT_BYTES + len(access_log_line()))
    line("logs_gb", "functions' logs and API Gateway's", logged / GB)
    line("logs_gb_month", f"kept {stage.log_retention_days} days", logged / GB * stage.log_retention_days / MONTH_DAYS)
    return found


def _lambda_lines(runs: Json, data: Json, stage: Stage, at: Prices) -> Iterator[Line]:
    memory = {function.name: function.memory for function in application.functions(stage)}
    cold, secrets, every = Amount.of(0), 0.0, 0.0
    for name, run in runs.items():
        if name not in memory:
            raise CostError(f"{name} was measured, and is no function of {stage.name}.")
        mb = memory[name]
        gb = mb / 1024 / 1000
        every += run["invocations"]
        each = stretched(run["billed_ms"], run["cpu_ms"], mb)
        what = f"{name}, {mb} MB: {run['invocations']:.2f} runs, {each.likely:.0f} ms"
        yield Line(what=what, quantity=each.times(gb * MILLION), price=at["lambda_gb_second"])
        start = data["cold_starts"].get(name)
        if start is not None:
            starts = COLD_SHARE * run["invocations"]
            ms = start["init_ms"]["median"]
            cold += stretched(ms, ms, mb).times(gb * starts)
            secrets += starts * data["secret_calls_per_cold_start"]
    yield Line(what="runs", quantity=Amount.of(every * MILLION), price=at["lambda_request"])
    share = f"{COLD_SHARE:.0%} of runs start cold"
    yield Line(what=share, quantity=cold.times(MILLION), price=at["lambda_gb_second"])
    yield Line(what=share, quantity=Amount.of(secrets * MILLION), price=at["secret_call"])
    yield Line(what="secrets opened", quantity=Amount.of(secrets * MILLION), price=at["key_request"])


def access_log_line() -> str:
    """A line of API Gateway's access log as long as they are."""
    values = {
        "$context.requestId": "7f0bb4ba-6e1e-4c70-9e0c-3d1f5a3b9a55",
        "$context.requestTime": "21/Nov/2026:18:05:47 +0000",
        "$context.identity.sourceIp": "203.0.113.200",
        "$context.httpMethod": "POST",
        "$context.resourcePath": "/api/v1/payments/{payment_id}",
        "$context.status": "201",
        "$context.responseLength": "540",
        "$context.responseLatency": "25",
        "$context.integrationLatency": "22",
        "$context.integrationErrorMessage": "-",
        "$context.wafResponseCode": "WAF_ALLOW",
    }
    line = ACCESS_LOG
    for variable, value in values.items():
        line = line.replace(f'"{variable}"', f'"{value}"')
    return line


# A month of a stage


def idle(data: Json, stage: Stage, at: Prices) -> list[Line]:
    """What a stage costs in a month in which nobody calls it. Raises CostError."""
    found: list[Line] = []

    def line(key: str, what: str, quantity: float | Amount) -> None:
        amount = quantity if isinstance(quantity, Amount) else Amount.of(quantity)
        if amount.high:
            found.append(Line(what=what, quantity=amount, price=at[key]))

    stands = standing(stage)
    runs, seconds = 0.0, Amount.of(0)
    memory = {function.name: function.memory for function in application.functions(stage)}
    for name, run in data["schedules"].items():
        times = MONTH_HOURS * 3600 / run["every_seconds"]
        runs += times
        seconds += stretched(run["ms"], run["cpu_ms"], memory[name]).times(memory[name] / 1024 / 1000 * times)
    line("lambda_gb_second", "schedules, above all the sweep", seconds)
    line("lambda_request", "schedules", runs)
    line("scheduled_rule", "schedules", runs)
    polls = POLLERS * len(KINDS) * MONTH_HOURS * 3600 / POLL_SECONDS
    line("sqs_request", f"{POLLERS} pollers × {len(KINDS)} queues, every {POLL_SECONDS} s", polls)
    acu = stage.database_min_capacity
    line("aurora_acu_hour", f"{stands.databases} × at least {acu:g} ACU", stands.databases * acu * MONTH_HOURS)
    line("aurora_io", "writes of schedules", data["idle"]["wal_bytes_per_second"] / IO_BYTES * MONTH_HOURS * 3600)
    proxy = max(PROXY_ACU_MIN, stands.databases * acu)
    line("proxy_acu_hour", f"at least {PROXY_ACU_MIN} ACU", stands.proxies * proxy * MONTH_HOURS)
    line("nat_hour", f"{stands.nat_gateways} gateways", stands.nat_gateways * MONTH_HOURS)
    line("public_address_hour", f"{stands.addresses} addresses", stands.addresses * MONTH_HOURS)
    line("endpoint_hour", f"{stands.endpoints} in zones", stands.endpoints * MONTH_HOURS)
    line("firewall_month", "web ACL", stands.firewalls)
    line("firewall_rule_month", "rules", stands.firewall_rules)
    line("alarm_month", "alarms", stands.alarm_metrics)
    line("metric_month", "metrics from logs", stands.log_metrics)
    logged = data["idle"]["log_bytes_per_second"] * MONTH_HOURS * 3600 / GB
    line("logs_gb", "schedules' logs", logged)
    line("logs_gb_month", f"kept {stage.log_retention_days} days", logged * stage.log_retention_days / MONTH_DAYS)
    line("secret_month", "secrets", stands.secrets)
    line("key_month", "keys", stands.keys)
    return found


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is there all month and is paid for being there."""

    databases: int
    proxies: int
    nat_gateways: int
    addresses: int
    endpoints: int  # in zones
    firewalls: int
    firewall_rules: int
    alarm_metrics: int
    log_metrics: int
    secrets: int
    keys: int
    methods: int  # of the API that have metrics of their own


def standing(stage: Stage) -> Standing:
    """Counted in the templates, with the conditions that the stage's settings meet."""
    holds = {
        "HasSecondNat": stage.nat_gateways == 2,
        "HasReader": stage.database_instances == 2,
        "HasPrivateEndpoints": stage.private_endpoints,
        "HasAlarmEmail": bool(stage.alarm_email),
    }
    both = [_foundation(), application.extension(stage)["Resources"]]
    there = [
        one for resources in both for one in resources.values() if "Condition" not in one or holds[one["Condition"]]
    ]

    def of(kind: str) -> list[Json]:
        return [one.get("Properties", {}) for one in there if one["Type"] == kind]

    endpoints = [one for one in of("AWS::EC2::VPCEndpoint") if one.get("VpcEndpointType") == "Interface"]
    (api,) = of("AWS::Serverless::Api")
    counted = [one for one in api["MethodSettings"] if one["MetricsEnabled"]]
    methods = sum(len(methods) for methods in api["DefinitionBody"]["paths"].values())
    alarms = of("AWS::CloudWatch::Alarm")
    managed = [one for one in of("AWS::RDS::DBCluster") if one.get("ManageMasterUserPassword")]
    return Standing(
        databases=len(of("AWS::RDS::DBInstance")),
        proxies=len(of("AWS::RDS::DBProxy")),
        nat_gateways=len(of("AWS::EC2::NatGateway")),
        addresses=len(of("AWS::EC2::EIP")),
        endpoints=sum(len(one["SubnetIds"]) for one in endpoints),
        firewalls=len(of("AWS::WAFv2::WebACL")),
        firewall_rules=sum(len(one["Rules"]) for one in of("AWS::WAFv2::WebACL")),
        alarm_metrics=sum(max(1, sum("MetricStat" in metric for metric in one.get("Metrics", []))) for one in alarms),
        log_metrics=len(of("AWS::Logs::MetricFilter")),
        secrets=len(of("AWS::SecretsManager::Secret")) + len(managed),
        keys=len(of("AWS::KMS::Key")),
        methods=methods if any(one["ResourcePath"] == "/*" for one in counted) else len(counted),
    )


@cache
def _foundation() -> Json:
    found: Json = checks.load(FOUNDATION)["Resources"]
    return found


def method_metrics(stage: Stage, at: Prices) -> Line:
    """API Gateway's metrics by method are billed as custom ones, in hours in which the method is called."""
    methods = standing(stage).methods
    what = f"metrics of {methods} methods × {METHOD_METRICS}, if each is called every hour"
    return Line(what=what, quantity=Amount.of(methods * METHOD_METRICS), price=at["metric_month"])


def month(data: Json, stage: Stage, at: Prices, payments: int) -> Amount:
    """US$ of a month with so many payments, spread evenly: the database's minimum is used before more is paid for."""
    lines, still = per_million(data, stage, at), idle(data, stage, at)
    share = payments / MILLION
    busy = [line for line in lines if line.price.key != "aurora_acu_hour"]
    (computing,) = [line for line in lines if line.price.key == "aurora_acu_hour"]
    there = next(line for line in still if line.price.key == "aurora_acu_hour").usd.likely / standing(stage).databases
    more = max(0.0, computing.usd.likely * share - there)
    return total(still) + total(busy).times(share) + Amount.of(more)


# Printing


def report(data: Json, of: Stage, all_stages: Sequence[Stage], at: Prices) -> list[str]:
    machine = data["machine"]
    out = [
        f"Measured {data['measured_at']} at {data['commit']}, {machine['cpu']}, {machine['cores']} cores, "
        f"Python {machine['python']}, shared {machine['shared']}.",
        f"A payment is: {data['mix']['calls']}; a bank that takes {data['mix']['bank_ms']} ms.",
        f"Prices of {at.region}, written down on {at.at}; without tax, free tiers and discounts.",
        f"To be looked up, as no public page confirmed them: {', '.join(at.unchecked)}.",
        "",
        f"A million payments, {of.name} (US$)",
        *_lines(per_million(data, of, at)),
        "",
        "The same by service, one payment after the other and several at once (US$ per million)",
        *_services_by_phase(data, of, at),
        "",
        f"A month of {of.name} in which nobody pays (US$)",
        *_lines(idle(data, of, at)),
        f"  and with calls: {_metrics(of, at)}",
        "",
        "The same by service and stage (US$ a month)",
        *_services_by_stage(data, all_stages, at),
        "",
        f"A month of {of.name} with payments, likely (US$)",
        *_volumes(data, of, at),
        "",
        "Cold starts here, on a whole core, and stretched to the function's share of one (ms)",
        *_cold(data, of),
        "",
        "Import of the handlers from the bundle, in a fresh process (ms)",
        *_imports(data),
    ]
    return out


def _metrics(stage: Stage, at: Prices) -> str:
    line = method_metrics(stage, at)
    return f"{line.what}: {line.arithmetic} = ${line.usd.likely:,.2f}"


def _lines(lines: Sequence[Line]) -> list[str]:
    rows = [
        (line.price.service, line.what, line.arithmetic, *(_usd(usd) for usd in _three(line.usd)))
        for line in sorted(lines, key=lambda line: list(by_service(lines)).index(line.price.service))
    ]
    rows.append(("Total", "", "", *(_usd(usd) for usd in _three(total(lines)))))
    return _indented(terminal.table(("service", "what", "quantity × price", "low", "likely", "high"), rows))


def _services_by_phase(data: Json, stage: Stage, at: Prices) -> list[str]:
    found = {phase: by_service(per_million(data, stage, at, phase=phase)) for phase in data["phases"]}
    services = list(dict.fromkeys(service for one in found.values() for service in one))
    rows = [[service, *(_usd(one[service].likely) for one in found.values())] for service in services]
    rows.append(["Total", *(_usd(sum(amount.likely for amount in one.values())) for one in found.values())])
    return _indented(terminal.table(("service", *found), rows))


def _services_by_stage(data: Json, all_stages: Sequence[Stage], at: Prices) -> list[str]:
    found = {stage.name: by_service(idle(data, stage, at)) for stage in all_stages}
    services = list(dict.fromkeys(service for one in found.values() for service in one))
    nothing = Amount.of(0)
    rows = [[service, *(_usd(one.get(service, nothing).likely) for one in found.values())] for service in services]
    rows.append(["Total", *(_usd(sum(amount.likely for amount in one.values())) for one in found.values())])
    return _indented(terminal.table(("service", *found), rows))


def _volumes(data: Json, stage: Stage, at: Prices) -> list[str]:
    rows = []
    for payments in VOLUMES:
        usd = month(data, stage, at, payments)
        rows.append((f"{payments:,}", _usd(usd.likely), f"{100 * usd.likely / payments:.3f}"))
    return _indented(terminal.table(("payments a month", "US$", "US cents each"), rows))


def _cold(data: Json, stage: Stage) -> list[str]:
    memory = {function.name: function.memory for function in application.functions(stage)}
    rows = []
    for name, start in data["cold_starts"].items():
        answer = start["answer_ms"]
        there = stretched(answer["median"], answer["median"], memory[name]).high
        shown = (start["init_ms"]["median"], start["first_ms"]["median"], answer["min"], answer["median"], there)
        rows.append((name, str(memory[name]), str(start["starts"]), *(f"{ms:,.0f}" for ms in shown)))
    heads = ("function", "MB", "starts", "init", "first run", "both, least", "both, median", "at most there")
    return _indented(terminal.table(heads, rows))


def _imports(data: Json) -> list[str]:
    rows = [
        (module, f"{one['min_ms']:.0f}", ", ".join(f"{own['package']} {own['ms']:.0f}" for own in one["largest"]))
        for module, one in data["imports"].items()
    ]
    return _indented(terminal.table(("module", "least", "largest of it"), rows))


def _three(amount: Amount) -> tuple[float, float, float]:
    return amount.low, amount.likely, amount.high


def _usd(usd: float) -> str:
    return f"{usd:,.2f}"


def _count(number: float) -> str:
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:,.2f}" if number >= 1 else f"{number:.4f}"


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description=__doc__.splitlines()[0])
    parser.add_argument("--stage", default="production", help="whose settings: production")
    parser.add_argument("--stages", type=Path, default=stages.STAGES, help="another file of stage settings")
    parser.add_argument("--region", help="whose prices; left out, the stage's")
    parser.add_argument("--data", type=Path, default=MEASURED, help="what was measured: infra/measured.json")
    asked = parser.parse_args(words)
    try:
        stage = stages.load(asked.stage, file=asked.stages)
        names = [name for name in tomllib.loads(asked.stages.read_text()) if name != stages.DEFAULT]
        found = report(
            read(asked.data),
            stage,
            [stages.load(name, file=asked.stages) for name in names],
            prices(asked.region or stage.region),
        )
    except (StageError, UsageError) as error:
        print(error, file=sys.stderr)
        return USAGE
    print("\n".join(found))
    return DONE


if __name__ == "__main__":
    raise SystemExit(main())
