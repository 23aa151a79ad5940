"""A function's log: one file, written line by line by all its sandboxes."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from pathlib import Path

READ_BYTES = 1 << 16


class FunctionLog:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def write(self, line: str | bytes) -> None:
        line = line.encode() if isinstance(line, str) else line
        with self._lock:
            if not self._file.closed:
                self._file.write(line + b"\n")

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Output:
    """What one sandbox prints, on its way into the log."""

    def __init__(self, log: FunctionLog) -> None:
        self._log = log
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._closing, self._close = os.pipe()
        self._unfinished = b""
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._read, name="sandbox-output", daemon=True)
        self._thread.start()

    def given_away(self) -> None:
        """The process has its end of the pipe; ours is closed, so that it ends with the process."""
        os.close(self.write_end)
        self.write_end = -1

    def drain(self) -> None:
        """Everything that was printed so far is in the log now: before a line of ours that must follow it."""
        with self._lock:
            if self._closed:  # and drained then
                return
            self._drain()
            if self._unfinished:
                self._log.write(self._unfinished)
                self._unfinished = b""

    def close(self) -> None:
        os.close(self._close)
        self._thread.join()
        self.drain()
        with self._lock:
            self._closed = True
            for fd in (self._read_end, self._closing, self.write_end):
                if fd >= 0:
                    os.close(fd)

    def _read(self) -> None:
        while True:
            readable, _, _ = select.select([self._read_end, self._closing], [], [])
            if self._closing in readable:
                return
            with self._lock:
                if not self._drain():
                    return

    def _drain(self) -> bool:
        """False when nobody can print any more."""
        with contextlib.suppress(BlockingIOError):
            while printed := os.read(self._read_end, READ_BYTES):
                *lines, self._unfinished = (self._unfinished + printed).split(b"\n")
                for line in lines:
                    self._log.write(line)
            return False
        return True
