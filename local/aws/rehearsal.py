"""A deployment to AWS, rehearsed on this machine: nothing of ours is replaced, and nothing leaves it.

The scripts of `infra/` deploy to moto's server as they would to AWS. What they deployed is read back from there and
runs: the very bundle under AWS's own runtime client, its queues at moto's SQS, the database behind the host that the
templates gave it, with TLS and the passwords that were generated.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import psycopg
from botocore.config import Config
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infra import stages
from infra.stages import Stage
from local.aws import certificates, cloud, moto_server, reading
from local.aws.cloud import Cloud
from local.aws.database_proxy import database_proxy
from local.aws.deployed import Deployed
from local.aws.event_sources import Chaos
from local.aws.functions import Functions, Result
from local.aws.invoke_api import invoke_api
from local.aws.runtime_folder import runtime_folder
from local.config import ROOT
from local.embedded_postgres import DATABASE, EmbeddedPostgres
from local.errors import LocalError

STAGE = "rehearsal"
STARTED_SECONDS_MAX = 30
DEPLOYED_SECONDS_MAX = 300
KEYS = {"AWS_ACCESS_KEY_ID": "rehearsal", "AWS_SECRET_ACCESS_KEY": "rehearsal"}
# A stage like any other, but for a bank that is quick, and receivers on this machine.
SETTINGS = """
[rehearsal]
[rehearsal.environment]
PROCESSING_DELAY_MIN = "1500"
PROCESSING_DELAY_MAX = "1500"
UPI_SUCCESS_RATE = "1"
CARD_SUCCESS_RATE = "1"
WEBHOOK_RETRY_INTERVALS = "[0, 1, 2]"
OUTBOUND_ALLOWED_NETWORKS = "127.0.0.0/8"
"""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What was deployed, running."""

    stage: Stage
    cloud: Cloud
    deployed: Deployed
    database: Database
    operator_secret: str
    aws: Mapping[str, str]  # the environment in which boto3 speaks to it
    logs: Path

    @property
    def url(self) -> str:
        return self.cloud.url

    @property
    def database_url(self) -> str:
        """Of the application's role, with the password it has now."""
        return self.database.url

    def client(self, service: str) -> Any:
        return _client(self.aws, self.stage.region, service)

    def run(self, *words: str, seconds: float = DEPLOYED_SECONDS_MAX) -> str:
        """A command of ours, as an operator types it after `python -m`. What it printed; raises LocalError."""
        return _run(self.aws, *words, seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Imitation:
    """An AWS on this machine, for one stage: APIs to deploy to, and what runs of what was deployed."""

    stage: Stage
    home: Path
    database: Database
    environment: Mapping[str, str]  # in which boto3, and so every command of ours, speaks to it
    runtime: Path

    def client(self, service: str) -> Any:
        return _client(self.environment, self.stage.region, service)

    def read(self, part: str = "") -> Deployed:
        """What the stack of this part deployed."""
        return _read(self.environment, self.stage, self.stage.stack(part), self.home)

    @property
    def surroundings(self) -> dict[str, Any]:
        """What functions run in."""
        return {
            "machine": {"AWS_ENDPOINT_URL": self.environment["AWS_ENDPOINT_URL"], **self.database.machine},
            "credentials": _credentials,
            "runtime_folder": self.runtime,
            "logs_folder": self.home / "logs",
        }

    @contextmanager
    def running(self, deployed: Deployed, *, port: int = 0, chaos: Chaos | None = None) -> Iterator[Cloud]:
        """The whole application, its API at the loopback's `port`, as behind a domain of its own."""
        sqs = self.client("sqs")
        try:
            with cloud.running(
                deployed,
                sqs_client=sqs,
                chaos=chaos,
                port=port,
                custom_domain=True,
                first_at_once=True,
                **self.surroundings,
            ) as running:
                yield running
        finally:
            sqs.close()


@contextmanager
def imitation(stage: Stage, home: Path) -> Iterator[Imitation]:
    """Empty, until something is deployed. `home` is a folder of its own."""
    home.mkdir(parents=True, exist_ok=True)
    runtime = runtime_folder(ROOT / ".build")
    with ExitStack() as stack:
        aws = {**KEYS, "AWS_DEFAULT_REGION": stage.region, "AWS_ENDPOINT_URL": stack.enter_context(_moto())}
        database = stack.enter_context(Database(home, aws, stage))

        def invoke(name: str, event: bytes) -> Result:
            database.start()
            deployed = made.read("migrate" if name.endswith("-migrate") else "")
            # Apart from what runs: whoever starts in a folder ends what was left in it.
            functions = Functions(deployed, **made.surroundings | {"logs_folder": home / "logs" / "invoked"})
            try:
                return functions.invoke(name, event)
            finally:
                functions.close()

        aws["AWS_ENDPOINT_URL_LAMBDA"] = stack.enter_context(invoke_api(invoke, aws["AWS_ENDPOINT_URL"]))
        made = Imitation(stage=stage, home=home, database=database, environment=aws, runtime=runtime)
        yield made


@contextmanager
def rehearsing(home: Path, *, say: Say = print, chaos: Chaos | None = None) -> Iterator[Rehearsal]:
    """Deploys everything, lets it run until the end of the block, and ends it. `home` is an empty folder of its own."""
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "stages.toml"
    settings.write_text(stages.STAGES.read_text() + SETTINGS)
    stage = stages.load(STAGE, file=settings)
    deploy = ("infra.deploy", STAGE, "--stages", str(settings), "--yes", "--no-web")
    with imitation(stage, home) as aws:
        _told(say, "deployed", lambda: _run(aws.environment, *deploy, "--no-smoke"))
        say(f"only written down, since moto has no service for it: {', '.join(_written_down(aws))}")
        deployed = aws.read()
        with aws.running(deployed, chaos=chaos) as running:
            again = ("deployed again, with nothing to change, and tried", "--smoke-url", running.url)
            _told(say, again[0], lambda: _run(aws.environment, *deploy, *again[1:]))
            yield Rehearsal(
                stage=stage,
                cloud=running,
                deployed=deployed,
                database=aws.database,
                operator_secret=aws.database.secret("GatewaySecretArn")["OPERATOR_SECRET"],
                aws=aws.environment,
                logs=home / "logs",
            )


class Database:
    """Postgres where the templates say that the database is: it starts when they have given it a host."""

    def __init__(self, home: Path, aws: Mapping[str, str], stage: Stage) -> None:
        self._home = home
        self._aws = aws
        self._stage = stage
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._port = 0
        self.machine: dict[str, str] = {}

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self) -> None:
        with self._lock:
            if self._port:
                return
            outputs = self._outputs()
            hosts = sorted({outputs["DatabaseHost"], outputs["DatabaseClusterHost"]})
            certificate = certificates.make(self._home / "certificates", hosts)
            postgres = self._stack.enter_context(EmbeddedPostgres(self._home / "database", "not used"))
            sockets = Path(str(conninfo_to_dict(postgres.admin_url)["host"]))
            self._port = self._stack.enter_context(database_proxy(sockets / ".s.PGSQL.5432", certificate))
            master = self.secret("MasterSecretArn")
            with psycopg.connect(postgres.admin_url, autocommit=True) as owner:
                owner.execute(sql.SQL("drop database {}").format(sql.Identifier(DATABASE)))  # migrations make their own
                name, password = sql.Identifier(master["username"]), sql.Literal(master["password"])
                # As on RDS: no superuser, but it may make roles and databases.
                owner.execute(sql.SQL("create role {} login createrole createdb password {}").format(name, password))
            # What DNS and the trust store of a Lambda's network do.
            self.machine = {
                "PGHOSTADDR": "127.0.0.1",
                "PGPORT": str(self._port),
                "PGSSLROOTCERT": str(certificate.authority),
            }

    @property
    def url(self) -> str:
        role, outputs = self.secret("DatabaseSecretArn"), self._outputs()
        user = f"{role['username']}:{quote(role['password'], safe='')}"
        return f"postgresql://{user}@127.0.0.1:{self._port}/{outputs['DatabaseName']}?sslmode=require"

    def secret(self, output: str) -> dict[str, str]:
        manager = _client(self._aws, self._stage.region, "secretsmanager")
        kept = manager.get_secret_value(SecretId=self._outputs()[output], VersionStage="AWSCURRENT")
        manager.close()
        members: dict[str, str] = json.loads(kept["SecretString"])
        return members

    def _outputs(self) -> dict[str, str]:
        cloudformation = _client(self._aws, self._stage.region, "cloudformation")
        (found,) = cloudformation.describe_stacks(StackName=self._stage.stack("foundation"))["Stacks"]
        cloudformation.close()
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


@contextmanager
def _moto() -> Iterator[str]:
    """Where AWS's APIs are."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local.aws.moto_server", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if found is None:
            raise LocalError(f"moto's server did not start: {line}")
        yield found[0]
    finally:
        process.terminate()
        process.wait(STARTED_SECONDS_MAX)
        process.stdout.close()


def _read(aws: Mapping[str, str], stage: Stage, stack: str, home: Path) -> Deployed:
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = _client(aws, stage.region, service)
        return clients[service]

    try:
        return reading.read(client, stack, folder=home / "bundles", region=stage.region)
    finally:
        for one in clients.values():
            one.close()


def _written_down(aws: Imitation) -> list[str]:
    """The types of what was deployed that no service here does anything for."""
    cloudformation = aws.client("cloudformation")
    kinds: list[str] = []
    for part in ("foundation", "migrate", ""):
        found = cloudformation.describe_stack_resources(StackName=aws.stage.stack(part))["StackResources"]
        kinds += [one["ResourceType"] for one in found]
    cloudformation.close()
    return moto_server.recorded_only(kinds)


def _client(aws: Mapping[str, str], region: str, service: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(max_pool_connections=64, retries={"total_max_attempts": 3}),
    )


def _credentials(_role: str) -> Mapping[str, str]:
    return {**KEYS, "AWS_SESSION_TOKEN": "rehearsal"}


def _run(aws: Mapping[str, str], *words: str, seconds: float = DEPLOYED_SECONDS_MAX) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ended = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=kept | dict(aws),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    if ended.returncode:
        raise LocalError(f"python -m {' '.join(words)} ended with {ended.returncode}:\n{ended.stdout}")
    return ended.stdout


def _told(say: Say, what: str, work: Callable[[], str]) -> None:
    began = time.monotonic()
    printed = work()
    for line in printed.splitlines():
        say(f"    {line}")
    say(f"{what} in {time.monotonic() - began:.0f} s")
