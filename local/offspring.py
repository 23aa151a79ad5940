"""The processes we start and those they start in turn, known by a mark in their environment.

A process group is not enough: an RQ worker puts the process of each job into a group of its own, and when the worker
is killed that process stays behind and keeps the worker's Redis connection. The environment is inherited by all of
them, whatever groups and sessions they make, and can be read by whoever may end them.
"""

import contextlib
import signal
import time
from collections.abc import Collection
from pathlib import Path

import psutil

MARK = "GATEWAY_OFFSPRING"
POLL_SECONDS = 0.02

# For processes whose parent is gone: nobody keeps an order among them, so everyone hears the same words.
# SIGTERM: end in order (Postgres: when its clients have gone). SIGINT: what has not (Postgres: now, in order).
END_STEPS = ((signal.SIGTERM, 2.0), (signal.SIGINT, 1.5), (signal.SIGKILL, 1.0))


def mark(home: Path, name: str) -> dict[str, str]:
    """What the environment of the process `name` must contain to be found again."""
    return {MARK: f"{name}@{home.resolve()}"}


def living(home: Path, names: Collection[str] | None = None) -> list[psutil.Process]:
    """The living processes with our mark, of all names or the given ones."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            name, separator, folder = process.environ().get(MARK, "").partition("@")
            ours = separator and folder == str(home.resolve()) and (names is None or name in names)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill(home: Path, names: Collection[str] | None = None) -> None:
    """Kill them at once."""
    for process in living(home, names):
        with contextlib.suppress(psutil.Error):
            process.kill()


def end(home: Path, names: Collection[str] | None = None) -> None:
    """Ask them to end, wait, and insist; 4.5 seconds at most. For processes whose parent is gone."""
    for step, limit_seconds in END_STEPS:
        asked = living(home, names)
        for process in asked:
            with contextlib.suppress(psutil.Error):
                process.send_signal(step)
        deadline = time.monotonic() + limit_seconds
        while asked and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            asked = living(home, names)
        if not asked:
            return
