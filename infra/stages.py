"""The settings of a stage, read from one file; a wrong one stops everything with a sentence that names it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from shared.jobs import KINDS

STAGES = Path(__file__).with_name("stages.toml")
DEFAULT = "default"
MEMORY_MB = range(128, 10_241)
CONCURRENCY = range(2, 1001)  # of a trigger, by Lambda
SHARINGS = ("one", "groups", "each")
GROUPS = ("pay", "checkout", "read", "wait", "manage")
TRAFFIC = re.compile(r"AllAtOnce|(Canary10Percent(5|10|15|30)|Linear10PercentEvery(1|2|3|10))Minutes?")
RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288)
EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
APP = re.compile(r"[a-z][a-z0-9-]{1,29}")
NAME = re.compile(r"[a-z][a-z0-9]{1,14}")


class StageError(Exception):
    """There is no such stage, or one of its settings is wrong. The message is for whoever runs the command."""


@dataclass(frozen=True, kw_only=True)
class Size:
    memory: int  # MB
    concurrency: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """See the file for what each setting means."""

    name: str
    app: str
    region: str
    production: bool
    functions: str
    traffic: str
    log_retention_days: int
    throttle_per_second: int
    throttle_burst: int
    source_per_five_minutes: int
    reserve: bool
    api_domain: str
    api_certificate: str
    checkout_domain: str
    dashboard_domain: str
    web_certificate: str
    database_min_capacity: float
    database_max_capacity: float
    database_instances: int
    backup_days: int
    deletion_protection: bool
    nat_gateways: int
    private_endpoints: bool
    alarm_email: str
    monthly_budget_usd: int
    environment: Mapping[str, str]
    groups: Mapping[str, Size]
    jobs: Mapping[str, Size]

    def stack(self, part: str = "") -> str:
        """What a stack is called: `payment-gateway-dev`, `payment-gateway-dev-foundation`."""
        return "-".join(filter(None, (self.app, self.name, part)))

    def foundation_parameters(self) -> dict[str, str]:
        return {
            "Stage": self.name,
            "AppName": self.app,
            "DatabaseMinCapacity": str(self.database_min_capacity),
            "DatabaseMaxCapacity": str(self.database_max_capacity),
            "DatabaseInstances": str(self.database_instances),
            "BackupDays": str(self.backup_days),
            "DeletionProtection": _flag(self.deletion_protection),
            "NatGateways": str(self.nat_gateways),
            "PrivateEndpoints": _flag(self.private_endpoints),
            "AlarmEmail": self.alarm_email,
            "MonthlyBudgetUsd": str(self.monthly_budget_usd),
            "LogRetentionDays": str(self.log_retention_days),
        }

    def application_parameters(self) -> dict[str, str]:
        """Everything else of a stage is written into the template when it is built."""
        return {"Stage": self.name}

    def web_parameters(self) -> dict[str, str]:
        return {
            "Stage": self.name,
            "AppName": self.app,
            "ApiDomain": self.api_domain,
            "CheckoutDomain": self.checkout_domain,
            "DashboardDomain": self.dashboard_domain,
            "CertificateArn": self.web_certificate,
        }


def load(name: str, *, file: Path = STAGES) -> Stage:
    """Raises StageError."""
    try:
        tables = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise StageError(f"{file} cannot be read: {error}") from None
    names = [table for table in tables if table != DEFAULT]
    if name not in names:
        raise StageError(f"There is no stage {name!r} in {file.name}; it has {', '.join(names)}.")
    if not NAME.fullmatch(name):
        raise StageError(f"A stage is named with 2 to 15 small letters and digits, unlike {name!r}.")
    return _checked(name, _merged(tables.get(DEFAULT, {}), tables[name]))


def _merged(general: Mapping[str, Any], special: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(general)
    for key, value in special.items():
        inner = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if inner else value
    return merged


def _checked(name: str, settings: dict[str, Any]) -> Stage:
    known = {field.name: field.type for field in fields(Stage) if field.name != "name"}
    if unknown := sorted(settings.keys() - known.keys()):
        raise StageError(f"{name}: there is no setting {unknown[0]}.")
    if missing := sorted(known.keys() - settings.keys()):
        raise StageError(f"{name}: the setting {missing[0]} is missing.")
    wanted = {"str": str, "int": int, "bool": bool, "float": (int, float)}
    for key, kind in known.items():
        value = settings[key]
        if kind in wanted and (not isinstance(value, wanted[kind]) or (kind != "bool" and isinstance(value, bool))):
            raise StageError(f"{name}: {key} must be {kind}, and is {value!r}.")
    for table in ("groups", "jobs"):
        settings[table] = {key: _size(f"{name}: {table}.{key}", size) for key, size in settings[table].items()}
    if not all(isinstance(value, str) for value in settings["environment"].values()):
        raise StageError(f"{name}: values of the environment are text, in quotes.")
    if settings["functions"] not in SHARINGS:
        raise StageError(f"{name}: functions must be {', '.join(SHARINGS)}, and is {settings['functions']!r}.")
    _check_names(name, settings)
    if settings["api_domain"] and not settings["api_certificate"]:
        raise StageError(f"{name}: api_domain needs api_certificate.")
    if (settings["checkout_domain"] or settings["dashboard_domain"]) and not settings["web_certificate"]:
        raise StageError(f"{name}: checkout_domain and dashboard_domain need web_certificate.")
    return Stage(name=name, **settings)


def _check_names(name: str, settings: Mapping[str, Any]) -> None:
    """What else AWS would only refuse in the middle of a deployment, or nobody at all."""
    for table, known in (("groups", GROUPS), ("jobs", KINDS)):
        if settings[table].keys() != set(known):
            raise StageError(f"{name}: {table} must be {', '.join(known)}, and are {', '.join(settings[table])}.")
    if not TRAFFIC.fullmatch(settings["traffic"]):
        raise StageError(f"{name}: traffic must be AllAtOnce, Canary10Percent5Minutes or the like.")
    if settings["log_retention_days"] not in RETENTION_DAYS:
        wanted = ", ".join(map(str, RETENTION_DAYS))
        raise StageError(f"{name}: log_retention_days must be one of {wanted}, as CloudWatch has them.")
    if not 0.5 <= settings["database_min_capacity"] <= settings["database_max_capacity"] <= 256:
        raise StageError(f"{name}: database_min_capacity must be at least 0.5, and no more than database_max_capacity.")
    if not APP.fullmatch(settings["app"]):
        raise StageError(f"{name}: app must be 2 to 30 small letters, digits and hyphens.")
    if settings["monthly_budget_usd"] < 1:
        raise StageError(f"{name}: monthly_budget_usd must be at least 1.")
    documented = set(re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    if unknown := sorted(settings["environment"].keys() - documented):
        raise StageError(f"{name}: there is no variable {unknown[0]}; .env.example lists those there are.")


def _size(what: str, size: Any) -> Size:
    if not isinstance(size, dict) or size.keys() != {"memory", "concurrency"}:
        raise StageError(f"{what} must be {{ memory = …, concurrency = … }}.")
    if size["memory"] not in MEMORY_MB:
        raise StageError(f"{what}: memory must be {MEMORY_MB[0]} to {MEMORY_MB[-1]} MB.")
    if size["concurrency"] not in CONCURRENCY:
        raise StageError(f"{what}: concurrency must be {CONCURRENCY[0]} to {CONCURRENCY[-1]}.")
    return Size(**size)


def _flag(value: bool) -> str:
    return "true" if value else "false"
