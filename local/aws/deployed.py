"""What is deployed: functions, what triggers them, and the API in front; as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONCURRENCY_DEFAULT = 20  # what AWS gives an account is hundreds; this machine is one machine


@dataclass(frozen=True, kw_only=True)
class Function:
    name: str
    handler: str
    folder: Path  # the unzipped bundle
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    concurrency: int | None = None  # reserved for it; None: CONCURRENCY_DEFAULT
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A queue whose messages are a function's events."""

    queue_url: str
    queue_arn: str
    function: str
    batch_size: int
    window_seconds: int  # how long a batch may be collected
    partial_failures: bool  # ReportBatchItemFailures
    concurrency: int  # invocations at once


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A rule that invokes a function every so many seconds."""

    name: str
    rule_arn: str
    function: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Route:
    path: str  # /payments/{payment_id}
    method: str  # GET, …, or ANY
    function: str
    timeout_seconds: float


@dataclass(frozen=True, kw_only=True)
class GatewayAnswer:
    """What API Gateway answers by itself, as customized; `status` None: its own.

    Header values are mapping expressions (`'literal'`, `context.requestId`, `method.request.header.Origin`); the
    body is a template with `$context.error.messageString` and the like. An empty body is API Gateway's own.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class Api:
    stage: str
    routes: Sequence[Route]
    answers: Mapping[str, GatewayAnswer] = field(default_factory=dict)  # by type: DEFAULT_4XX, THROTTLED, …


@dataclass(frozen=True, kw_only=True)
class Deployed:
    functions: Mapping[str, Function]  # by name
    triggers: Sequence[Trigger] = ()
    rates: Sequence[Rate] = ()
    api: Api | None = None
    region: str = "us-east-1"
    account: str = "123456789012"
