"""The API server of one machine: `python -m local.server`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from local import runtime
from shared.config import Config

PROCESSES = 2
HEADER_MS = 5000
BACKLOG = 2048


def main() -> None:
    settings = runtime.settings_or_exit()
    with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as metrics_folder:
        serve(settings, port=settings.port, processes=PROCESSES, load=partial(_load, Path(metrics_folder)))


def serve(settings: Config, *, port: int, processes: int, load: Callable[..., Any]) -> None:
    """Until a signal ends it. `load` makes the application, in each process that serves it."""
    Granian(
        "local.site",  # a name only: the application is made by the loader below
        address=settings.host,
        port=port,
        interface=Interfaces.RSGI,
        workers=processes,
        respawn_failed_workers=True,
        workers_kill_timeout=2,
        backlog=BACKLOG,
        websockets=False,
        http=HTTPModes.http1,  # the limits below are HTTP/1's
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS),
        log_level="warning",
        log_dictconfig=_logging(settings.log_format),
    ).serve(target_loader=load, wrap_loader=False)


def _load(metrics_folder: Path) -> Any:
    """Make the application, in the process that serves it."""
    from local import site

    return site.start_api(runtime.settings_or_exit(), site.DASHBOARD_DIST, metrics_folder)


def _logging(style: str) -> dict[str, Any]:
    """Granian's own words, in the shape of ours."""
    return {
        "formatters": {"ours": {"()": "shared.logs.Formatter", "style": style}},
        "handlers": {"console": {"formatter": "ours", "class": "logging.StreamHandler"}},
        "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
    }


if __name__ == "__main__":
    main()
