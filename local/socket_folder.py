"""Where a server's unix socket goes."""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from local.errors import LocalError

# A socket's path must fit into `sockaddr_un`; the shortest limit (macOS) is 104 bytes with the closing zero.
PATH_LIMIT_BYTES = 103


def choose(data: Path, socket_name: str) -> Path:
    """The server's data folder, or one under /tmp when the path of the socket would be too long."""
    if len(os.fsencode(data / socket_name)) <= PATH_LIMIT_BYTES:
        return data
    return Path("/tmp") / f"gateway-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"  # noqa: S108


def remove(folder: Path, data: Path) -> None:
    """Remove the folder if it is one under /tmp and its server has ended."""
    if folder != data:
        with contextlib.suppress(OSError):
            folder.rmdir()


def make_private(folder: Path, owner: int) -> None:
    """Make the folder for the user id `owner` alone. Raises LocalError when somebody else made it before us."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner != os.geteuid():
            os.chown(folder, owner, -1)
    # A name under /tmp can be guessed, and whoever owns the folder could put a server of theirs behind our socket.
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise LocalError(f"{folder} should be a private folder for a server's socket but is not; remove it.")
