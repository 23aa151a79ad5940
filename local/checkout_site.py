"""The checkout's own site on one machine: `python -m local.checkout_site`.

One origin with the page, the script for shops and the few calls that the page makes, so the page calls nobody else.
The calls are answered here, by the handlers themselves; of the rest of the API nothing is there.
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

log = logging.getLogger(__name__)


def main() -> int:
    try:
        port = LocalConfig.from_environment().checkout_port
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

    settings = runtime.settings_or_exit()
    made = site.start_checkout(settings, site.CHECKOUT_DIST, metrics_folder)
    if not made.files.paths:
        log.warning("the checkout is not built: run npm ci and npm run build in checkout/, or make up, and start again")
    return made


if __name__ == "__main__":
    sys.exit(main())
