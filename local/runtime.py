"""What handlers run on here: Postgres over one connection a thread, and the doorbell as their queue."""

from __future__ import annotations

import sys
from typing import NoReturn

from chalicelib import runtime
from chalicelib.runtime import Runtime

from local.doorbell import Doorbell
from shared import config, logs
from shared.config import Config, ConfigError
from shared.db.database import Database


def settings_or_exit() -> Config:
    """The configuration; a bad variable ends the process with a sentence that names it."""
    try:
        settings = config.from_environment()
    except ConfigError as error:
        _exit(error)
    if not settings.redis_url:
        _exit(ConfigError("REDIS_URL is not set. `make up` sets it for you; elsewhere see .env.example."))
    return settings


def start(settings: Config, *, name: str) -> Runtime:
    """Builds the runtime of this process and gives it to the handlers. `name` is what Postgres shows of us."""
    logs.set_up(settings.log_format)
    built = runtime.build(
        settings,
        Database(settings.database_url, application_name=f"gateway-{name}"),
        Doorbell(settings.redis_url),
    )
    runtime.use(built)
    return built


def _exit(error: ConfigError) -> NoReturn:
    print(error, file=sys.stderr)
    sys.exit(1)
