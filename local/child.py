"""One process that runs under the supervisor: its pipe, its last line, its restarts."""

import os
import signal
import subprocess
import time
from pathlib import Path

from local.console import Console
from local.process import Process

RESTART_DELAY_SECONDS = 0.05
RESTART_DELAY_MAX_SECONDS = 5.0

# Who dies sooner after its start than this is not helped by being started at once.
SHORT_LIFE_SECONDS = 1.0

READ_BYTES = 1 << 16
LINE_LIMIT_BYTES = 1 << 14


class Child:
    def __init__(self, process: Process, home: Path, console: Console) -> None:
        self.process = process
        self.last_line = ""
        self.output = -1  # the end of the pipe that we read
        self._home = home
        self._console = console
        self._popen: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay_seconds = RESTART_DELAY_SECONDS
        self._unfinished = bytearray()

    @property
    def runs(self) -> bool:
        return self._popen is not None

    def start(self) -> str | None:
        """Start it; what went wrong if that is not possible."""
        self._started_at = time.monotonic()
        output, write_end = os.pipe()
        try:
            self._popen = self.process.popen(self._home, write_end)
        except OSError as error:
            os.close(output)
            return f"could not be started: {error.strerror}"
        finally:
            os.close(write_end)
        os.set_blocking(output, False)
        self.output = output
        return None

    def read(self) -> int | None:
        """Pass on what it wrote. Returns how many bytes; 0 when nobody can write any more, None when nobody has."""
        try:
            text = os.read(self.output, READ_BYTES)
        except BlockingIOError:
            return None
        *lines, rest = (bytes(self._unfinished) + text).split(b"\n")
        for line in lines:
            self._pass_on(line)
        self._unfinished[:] = rest
        if not text or len(rest) > LINE_LIMIT_BYTES:
            self._finish_line()
        return len(text)

    def exit_code(self) -> int | None:
        """The exit code once it has ended (negative: the signal that ended it). Tells it once."""
        code = self._popen.poll() if self._popen else None
        if code is not None:
            self._popen = None
        return code

    def close_output(self) -> None:
        """Read what is left; to be called when it and all its offspring have ended."""
        while self.read():
            pass
        self._finish_line()
        os.close(self.output)
        self.output = -1

    def age_seconds(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self._started_at

    def next_delay(self, lived_seconds: float) -> float:
        """How long to wait before the next start: longer each time that its life was short."""
        if lived_seconds >= SHORT_LIFE_SECONDS:
            self._delay_seconds = RESTART_DELAY_SECONDS
        delay = self._delay_seconds
        self._delay_seconds = min(2 * delay, RESTART_DELAY_MAX_SECONDS)
        return delay

    def send(self, number: signal.Signals) -> None:
        """Send the signal to its process group."""
        if self._popen is not None and self._popen.poll() is None:
            os.killpg(self._popen.pid, number)

    def _pass_on(self, line: bytes) -> None:
        if self.process.hidden and self.process.hidden.search(line):
            return
        self.last_line = line.decode(errors="replace").strip() or self.last_line
        self._console.line(self.process.name, line.rstrip(b"\r"))

    def _finish_line(self) -> None:
        if self._unfinished:
            self._pass_on(bytes(self._unfinished))
            self._unfinished.clear()
