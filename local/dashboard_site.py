"""The dashboard's own site on one machine: `python -m local.dashboard_site DASHBOARD_PORT`.

One origin with the dashboard and the API that it calls, so its cookie goes nowhere else. The argument names the
variable of its port: it is served on two, of which one process can have one.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from local import runtime, server
from local.config import LocalConfig
from local.errors import LocalError

PROCESSES = 1
PORTS = ("DASHBOARD_PORT", "DASHBOARD_SECOND_PORT")

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    variable = arguments[0] if arguments else PORTS[0]
    if variable not in PORTS or len(arguments) > 1:
        print(f"Name the variable of its port: {' or '.join(PORTS)}.", file=sys.stderr)
        return 2
    try:
        port = LocalConfig.from_environment().port_of(variable)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    settings = runtime.settings_or_exit()
    with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as metrics_folder:
        server.serve(settings, port=port, processes=PROCESSES, load=partial(_load, Path(metrics_folder)))
    return 0


def _load(metrics_folder: Path) -> Any:
    """Make the application, in the process that serves it."""
    from local import site

    made = site.start_dashboard(runtime.settings_or_exit(), site.DASHBOARD_DIST, metrics_folder)
    if not made.files.paths:
        log.warning("the dashboard is not built: run make web, or npm run build in dashboard/, and start again")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
