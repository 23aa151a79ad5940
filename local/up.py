"""Everything on one machine, in the foreground: `make up`.

    python -m local.up [--end-with-parent]

With --end-with-parent it also ends when the process that started it is gone (make does not forward SIGKILL).
"""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
import redis
from psycopg.conninfo import conninfo_to_dict

from local.config import LocalConfig
from local.console import Console
from local.data_folder import DataFolder
from local.embedded_postgres import EmbeddedPostgres
from local.embedded_redis import EmbeddedRedis
from local.errors import LocalError
from local.process import Process
from local.secret_store import FILE_NAME as SECRETS_FILE
from local.secret_store import SecretStore
from local.supervisor import StopAsked, Supervisor


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the gateway: what Python runs for it, and the variable of the port it listens on."""

    name: str
    python: tuple[str, ...]
    port: str | None = None
    answers: str | None = None  # a path that does as soon as the part is ready


# Runs once, before the rest: brings the database up to date.
MIGRATE = Part(name="migrate", python=("-m", "local.migrate"))

PARTS = (
    Part(name="api", python=("-m", "local.server"), port="API_PORT", answers="/health"),
    Part(
        name="dashboard",
        python=("-m", "local.dashboard_site", "DASHBOARD_PORT"),
        port="DASHBOARD_PORT",
        answers="/health",
    ),
    # People know it by this address too; a process listens on one.
    Part(
        name="dashboard-2",
        python=("-m", "local.dashboard_site", "DASHBOARD_SECOND_PORT"),
        port="DASHBOARD_SECOND_PORT",
        answers="/health",
    ),
    Part(name="checkout", python=("-m", "local.checkout_site"), port="CHECKOUT_PORT", answers="/"),
    Part(name="payments", python=("-m", "local.worker", "process_payment")),
    Part(name="refunds", python=("-m", "local.worker", "process_refund")),
    Part(name="webhooks", python=("-m", "local.worker", "deliver_webhook")),
    Part(name="ticker", python=("-m", "local.ticker")),
    Part(name="merchant", python=("-m", "local.demo_merchant"), port="MERCHANT_PORT"),
)

# Seeded outside production.
TEST_MERCHANT = {
    "X-Api-Key": "key_test_abc123",
    "X-Api-Secret": "secret_test_xyz789",
    "Webhook secret": "whsec_test_abc123",
}
TEST_USER = "test@example.com with the password: password"

EMBEDDED_START_LIMIT_SECONDS = 60.0  # a recovery after a crash may come first
GIVEN_START_LIMIT_SECONDS = 10.0  # a server of the user's, perhaps in a container that is starting too
HEALTH_TIMEOUT_SECONDS = 1.0
STILL_WAITING_SECONDS = 10.0


def run(
    config: LocalConfig,
    *,
    parts: Sequence[Part] = PARTS,
    migrate: Part = MIGRATE,
    stop_when: Callable[[], bool] = lambda: False,
) -> None:
    """Run until Ctrl-C or SIGTERM. Raises LocalError when it cannot start."""
    began = time.monotonic()
    _check_urls(config)
    folder = DataFolder(config.home)
    folder.claim()
    with ExitStack() as stack:
        stack.callback(folder.release)
        _check_ports(config, parts)
        secrets = SecretStore.open(config.home)
        console = Console(sys.stdout.fileno(), ["postgres", "redis", migrate.name, *(part.name for part in parts)])
        supervisor = Supervisor(config.home, console, locks=[folder.lock_fd], stop_when=stop_when)
        with _until_asked(), supervisor:
            postgres, server = _start_servers(config, secrets, supervisor, stack)
            environment = config.child_environment(
                database_url=_wait_for_postgres(config, postgres, supervisor),
                redis_url=_wait_for_redis(config, server, supervisor),
                secrets=secrets.environment(),
            )
            code, last_line = supervisor.run_to_end(_process(migrate, environment))
            if code != 0:
                raise LocalError(last_line or f"The database could not be brought up to date (exit code {code}).")
            for part in parts:
                supervisor.start(_process(part, environment))
            _wait_until_they_answer(config, parts, supervisor, console)
            console.block(_table(config, postgres))
            console.block(f"The gateway is ready after {time.monotonic() - began:.1f} s. Ctrl-C ends it.\n")
            supervisor.run()


def main(*, parts: Sequence[Part] = PARTS, migrate: Part = MIGRATE) -> int:
    parent = os.getppid() if "--end-with-parent" in sys.argv[1:] else None
    try:
        run(
            LocalConfig.from_environment(),
            parts=parts,
            migrate=migrate,
            stop_when=lambda: parent is not None and os.getppid() != parent,
        )
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass  # before there was anything to end
    return 0


@contextmanager
def _until_asked() -> Iterator[None]:
    try:
        yield
    except StopAsked:
        return


def _check_urls(config: LocalConfig) -> None:
    try:
        conninfo_to_dict(config.database_url or "")
    except psycopg.ProgrammingError as error:
        raise LocalError("DATABASE_URL must look like postgresql://user:password@host:5432/database.") from error
    try:
        redis.Redis.from_url(config.redis_url or "redis://").close()
    except ValueError as error:
        raise LocalError("REDIS_URL must look like redis://:password@host:6379/0.") from error


def _check_ports(config: LocalConfig, parts: Sequence[Part]) -> None:
    for variable in [part.port for part in parts if part.port is not None]:
        port = config.port_of(variable)
        # Taken on one of them is taken: Linux refuses the second, macOS silently shares.
        for host in ("127.0.0.1", ""):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except PermissionError as error:
                    raise LocalError(
                        f"{variable} is {port}, which is for root only; set it to one above 1023."
                    ) from error
                except OSError as error:
                    raise LocalError(
                        f"{variable} is {port}, but another program uses that port;"
                        f" stop it or set {variable} to a free one."
                    ) from error


def _start_servers(
    config: LocalConfig, secrets: SecretStore, supervisor: Supervisor, stack: ExitStack
) -> tuple[EmbeddedPostgres | None, EmbeddedRedis | None]:
    """Start those whose URL was not given to us."""
    postgres = server = None
    if config.redis_url is None:
        server = EmbeddedRedis(config.home, secrets.redis_password)
        server.prepare()
        stack.callback(server.release)
        supervisor.start(server.process)
    if config.database_url is None:
        postgres = EmbeddedPostgres(config.home, secrets.postgres_password)
        postgres.prepare()
        stack.callback(postgres.release)
        supervisor.start(postgres.process)
    return postgres, server


def _wait_for_postgres(config: LocalConfig, postgres: EmbeddedPostgres | None, supervisor: Supervisor) -> str:
    """The URL of a Postgres that answers."""
    if postgres is not None:
        if not supervisor.wait_until(postgres.answers, EMBEDDED_START_LIMIT_SECONDS):
            raise LocalError(f"Postgres did not start: {supervisor.last_line_of('postgres') or 'it said nothing'}")
        postgres.create_database()
        return postgres.url
    url, problem = config.database_url or "", ""

    def answers() -> bool:
        nonlocal problem
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            problem = str(error).strip().splitlines()[-1]
            return False
        return True

    if not supervisor.wait_until(answers, GIVEN_START_LIMIT_SECONDS):
        raise LocalError(f"DATABASE_URL names a Postgres that does not let us in: {problem}")
    return url


def _wait_for_redis(config: LocalConfig, server: EmbeddedRedis | None, supervisor: Supervisor) -> str:
    """The URL of a Redis that answers."""
    if server is not None:
        if not supervisor.wait_until(server.answers, EMBEDDED_START_LIMIT_SECONDS):
            raise LocalError(f"Redis did not start: {supervisor.last_line_of('redis') or 'it said nothing'}")
        return server.url
    url, problem = config.redis_url or "", ""

    def answers() -> bool:
        nonlocal problem
        try:
            with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError as error:
            problem = str(error)
            return False

    if not supervisor.wait_until(answers, GIVEN_START_LIMIT_SECONDS):
        raise LocalError(f"REDIS_URL names a Redis that does not let us in: {problem}")
    return url


def _process(part: Part, environment: dict[str, str]) -> Process:
    return Process(name=part.name, command=(sys.executable, *part.python), environment=environment)


def _wait_until_they_answer(
    config: LocalConfig, parts: Sequence[Part], supervisor: Supervisor, console: Console
) -> None:
    for part in parts:
        if part.port is not None and part.answers is not None:
            port, path = config.port_of(part.port), part.answers
            while not supervisor.wait_until(lambda port=port, path=path: _answers(port, path), STILL_WAITING_SECONDS):
                console.say(f"still waiting for http://127.0.0.1:{port}{path} to answer")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.client.BAD_REQUEST
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _table(config: LocalConfig, postgres: EmbeddedPostgres | None) -> str:
    rows = {
        "API": config.api_url,
        "Health": f"{config.api_url}/health",
        "OpenAPI": f"{config.api_url}/openapi.json",
        "Dashboard": config.dashboard_url,
        **({} if config.production else {"Sign in": TEST_USER}),
        "Checkout": config.checkout_url,
        "Demo merchant": config.merchant_url,
        **({} if config.production else TEST_MERCHANT),
        # No password: what a terminal shows is kept in logs and seen over shoulders.
        **(
            {"DATABASE_URL": "as given"}
            if postgres is None
            else {
                "DATABASE_URL": postgres.shown_url,
                "Its password": f"POSTGRES_PASSWORD in {config.home / SECRETS_FILE}",
            }
        ),
    }
    width = max(len(name) for name in rows)
    return "".join(["\n", *(f"  {name:<{width}}  {shown}\n" for name, shown in rows.items()), "\n"])


if __name__ == "__main__":
    sys.exit(main())
