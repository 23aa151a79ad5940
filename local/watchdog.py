"""Ends our processes when the one that started them is killed and cannot do it itself.

    python -m local.watchdog HOME [NAME...]

Reads standard input, a pipe that only the watched process can write to. The kernel closes it when that process is
gone, however it went. A process on its way from fork to exec still holds a copy, so none can be missed.
"""

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from local import offspring
from local.config import ROOT


class Watchdog:
    """Watches over the processes marked with `home` (and one of `names`) for as long as this process lives.

    `locks` are file descriptors of locks, which then stay taken until the last of these processes is gone.
    """

    def __init__(self, home: Path, names: Collection[str] = (), locks: Collection[int] = ()) -> None:
        self._arguments = [str(home), *names]
        self._locks = locks
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Also when it has died."""
        self.dismiss()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.watchdog", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            pass_fds=tuple(self._locks),
            start_new_session=True,  # Ctrl-C is not for it
        )

    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def dismiss(self) -> None:
        """To be called when everything has ended; it ends what has not."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._process = None


def main() -> None:
    home, *names = sys.argv[1:]
    sys.stdin.buffer.read()
    offspring.end(Path(home), names or None)


if __name__ == "__main__":
    main()
