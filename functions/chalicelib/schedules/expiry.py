"""Every minute: ends orders that nobody paid in time, and holds that nobody captured in time."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Rate

from chalicelib import runtime
from chalicelib.schedules import noted
from shared.services import expiring

schedules = Blueprint(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="expiry")
@noted
def expiry(_: Any) -> None:
    on = runtime.current()
    expiring.expire_orders(on.database)
    expiring.expire_authorizations(on.database, on.queue)
