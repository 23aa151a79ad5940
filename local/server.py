"""The API server of one machine: `python -m local.server`."""

from __future__ import annotations

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from local import runtime

PROCESSES = 2
HEADER_MS = 5000
BACKLOG = 2048


def main() -> None:
    settings = runtime.settings_or_exit()
    Granian(
        "local.http_server:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        workers=PROCESSES,
        respawn_failed_workers=True,
        workers_kill_timeout=2,
        backlog=BACKLOG,
        websockets=False,
        http=HTTPModes.http1,  # the limits below are HTTP/1's
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS),
        log_level="warning",
    ).serve()


if __name__ == "__main__":
    main()
