"""What the supervisor needs to know to start a process and to end it."""

import os
import pwd
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local import offspring
from local.config import ROOT


@dataclass(frozen=True, kw_only=True)
class StopStep:
    """Send the signal, and go on to the next step when `until_seconds` after the stop began have passed."""

    signal: signal.Signals
    until_seconds: float


# Everything is gone 5 seconds after a stop began. Children go first, then Redis, then Postgres; each has the rest of
# the time up to its own limit, and whoever is still there after its last step is killed.
CHILD_STOP = (StopStep(signal=signal.SIGTERM, until_seconds=3.0),)


@dataclass(frozen=True, kw_only=True)
class Process:
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    system_user: str | None = None  # None: whoever we are
    stop: tuple[StopStep, ...] = CHILD_STOP
    stop_order: int = 0  # low first
    hidden: re.Pattern[bytes] | None = None  # log lines that tell a reader nothing

    def popen(self, home: Path, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, with its words going to `output`."""
        user, group, extra_groups = None, None, None
        if self.system_user is not None:
            entry = pwd.getpwnam(self.system_user)
            user, group, extra_groups = entry.pw_uid, entry.pw_gid, list[int]()
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**self.environment, **offspring.mark(home, self.name)},
            user=user,
            group=group,
            extra_groups=extra_groups,
            cwd=ROOT if self.system_user is None else os.sep,
            start_new_session=True,
        )
