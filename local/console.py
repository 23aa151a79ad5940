"""The lines that the person who ran `make up` reads: each with the name of the process that wrote it.

Never waits for its reader. A terminal on hold (Ctrl-S) or a full pipe must not stop the supervisor from restarting
processes, nor the processes from writing: past a bound, lines are dropped and counted.
"""

import os
import select
import time
from collections.abc import Collection

PENDING_LIMIT_BYTES = 1 << 20

# The kernel takes this much without blocking whenever it says that it takes anything (PIPE_BUF).
CHUNK_BYTES = 4096

FLUSH_POLL_SECONDS = 0.02
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
OWN_COLOUR = 1


class Console:
    def __init__(self, fd: int, names: Collection[str]) -> None:
        """`fd` is written to; `names` are aligned, and coloured when `fd` is a terminal."""
        self._fd = fd
        self._own_name = "gateway"
        self._names = [self._own_name, *names]
        self._width = max(len(name) for name in self._names)
        self._coloured = os.isatty(fd)
        self._pending = bytearray()
        self._dropped = 0
        self._broken = False

    @property
    def pending(self) -> bool:
        return bool(self._pending) and not self._broken

    def say(self, sentence: str) -> None:
        """A line of our own."""
        self.line(self._own_name, sentence.encode())

    def line(self, name: str, text: bytes) -> None:
        """A line of the process `name`."""
        label = f"{name:<{self._width}} |".encode()
        if self._coloured:
            label = b"\x1b[%dm%s\x1b[0m" % (self._colour(name), label)
        self._append(label + b" " + text + b"\n")

    def block(self, text: str) -> None:
        """Lines without a name."""
        self._append(text.encode())

    def flush(self, limit_seconds: float = 0.0) -> None:
        """Write what the reader takes at once, or within `limit_seconds`."""
        deadline = time.monotonic() + limit_seconds
        while self.pending:
            if self._takes_more():
                self._write_chunk()
            elif time.monotonic() >= deadline:
                return
            else:
                time.sleep(FLUSH_POLL_SECONDS)

    def _append(self, text: bytes) -> None:
        if len(self._pending) + len(text) > PENDING_LIMIT_BYTES:
            self._dropped += 1
            return
        if self._dropped:
            self._pending += f"... {self._dropped} lines were not shown, because nobody read them in time\n".encode()
            self._dropped = 0
        self._pending += text
        self.flush()

    def _takes_more(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        return bool(poll.poll(0))

    def _write_chunk(self) -> None:
        try:
            written = os.write(self._fd, self._pending[:CHUNK_BYTES])
        except BlockingIOError:
            return
        except OSError:
            # The reader is gone (a closed terminal or pipe). The gateway goes on; a hang-up arrives as a signal.
            self._broken = True
            self._pending.clear()
            return
        del self._pending[:written]

    def _colour(self, name: str) -> int:
        if name == self._own_name or name not in self._names:
            return OWN_COLOUR
        return COLOURS[(self._names.index(name) - 1) % len(COLOURS)]
