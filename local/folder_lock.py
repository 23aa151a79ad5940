"""A lock on a folder that the kernel gives back when its holder is gone."""

import fcntl
import os
from pathlib import Path


class FolderLock:
    """Holds `path` for one process. The file keeps the holder's pid, for the sentence that refuses the next one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fd = -1

    def take(self) -> bool:
        """True when the lock is ours now, False when another process has it."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self.fd = fd
        return True

    def holder(self) -> int | None:
        """The pid that took the lock last, if the file tells one."""
        try:
            return int(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def give_back(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
