"""The signals that ask us to stop, as a flag and as something a select wakes up for."""

import contextlib
import os
import signal
from types import FrameType
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While open: `asked` tells whether one came; `fd` becomes readable when one did, or when a child ended."""

    def __init__(self) -> None:
        self.asked = False
        self.fd, self._write_fd = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._write_fd, False)
        self._before: dict[signal.Signals, Any] = {}
        self._wakeup_before = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self._before[number] = signal.signal(number, self._ask)
        # Its default is to be ignored before Python sees it, and then nothing would wake us.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 4096)

    def close(self) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.fd)
        os.close(self._write_fd)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
