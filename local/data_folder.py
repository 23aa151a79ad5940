"""The folder that everything local is kept in: known as ours by a file in it, and held by one process at a time."""

import os
import time
from pathlib import Path

import psutil

from local import offspring
from local.errors import LocalError
from local.folder_lock import FolderLock

MARKER = "payment-gateway-data"
MARKER_TEXT = "The data of a Payment Gateway on this machine, made by `make up`. Remove the folder to start anew.\n"

# When its holder was killed, its watchdog keeps the lock until the last process has ended.
WATCHDOG_LIMIT_SECONDS = 6.0
POLL_SECONDS = 0.05


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FolderLock(path / "up.lock")

    @property
    def lock_fd(self) -> int:
        return self._lock.fd

    def claim(self) -> None:
        """Make the folder if need be and hold it. Ends what a killed predecessor left behind.

        Raises LocalError when the folder is somebody else's, or held by a living process.
        """
        self._make()
        deadline = time.monotonic() + WATCHDOG_LIMIT_SECONDS
        while not self._lock.take():
            holder = self._lock.holder()
            if holder is None or _lives(holder) or time.monotonic() > deadline:
                raise LocalError(
                    f"The gateway is already running on {self.path} (process {holder});"
                    " stop it first, or set GATEWAY_HOME to another folder."
                )
            time.sleep(POLL_SECONDS)
        offspring.end(self.path)

    def release(self) -> None:
        self._lock.give_back()

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            names = {entry.name for entry in self.path.iterdir()}
            if names and MARKER not in names:
                raise LocalError(
                    f"GATEWAY_HOME is {self.path}, which holds files that are not the gateway's;"
                    " set it to a new or empty folder."
                )
            if self.path.stat().st_uid != os.geteuid():
                raise LocalError(
                    f"GATEWAY_HOME is {self.path}, which belongs to another user; set it to a folder of your own."
                )
            (self.path / MARKER).write_text(MARKER_TEXT)
        except (FileExistsError, NotADirectoryError) as error:
            raise LocalError(
                f"GATEWAY_HOME is {self.path}, which is no folder; set it to a new or empty one."
            ) from error
        except OSError as error:
            raise LocalError(f"GATEWAY_HOME is {self.path}, which cannot be used: {error.strerror}.") from error


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
