"""One server without a supervisor, as tests and measurements use it."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from local import offspring
from local.errors import LocalError
from local.process import Process
from local.watchdog import Watchdog

START_LIMIT_SECONDS = 30.0  # a recovery after a crash may come first
LOG_TAIL_BYTES = 300


class LoneServer:
    """A started server that ends with `stop`, or when this process is gone."""

    def __init__(self, home: Path, process: Process, answers: Callable[[], bool]) -> None:
        self._process = process
        self._watchdog = Watchdog(home, [process.name])
        self._watchdog.start()
        log_path = home / f"{process.name}.log"
        try:
            with open(log_path, "wb") as log:
                self._popen = process.popen(home, log)
        except BaseException:
            self._watchdog.dismiss()
            raise
        try:
            self._wait_until_it_answers(answers, log_path)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        began = time.monotonic()
        for step in self._process.stop:
            self._popen.send_signal(step.signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(max(0.0, step.until_seconds - (time.monotonic() - began)))
                break
        else:
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait()
        self._watchdog.dismiss()

    def _wait_until_it_answers(self, answers: Callable[[], bool], log_path: Path) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not answers():
            if self._popen.poll() is not None or time.monotonic() > deadline:
                tail = log_path.read_text(errors="replace").strip()[-LOG_TAIL_BYTES:]
                raise LocalError(f"The server '{self._process.name}' did not start: {tail}")
            time.sleep(offspring.POLL_SECONDS)
