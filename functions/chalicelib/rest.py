"""The REST API: every endpoint, registered, and the function that API Gateway invokes.

Apart from app.py, so that a customer's cold start does not wait for jobs and schedules that run elsewhere.
"""

from __future__ import annotations

from typing import Any

from chalice import Chalice

from chalicelib import front, runtime, viewer
from chalicelib.api import (
    api_keys,
    audit,
    checkout,
    events,
    health,
    ledger,
    merchants,
    openapi,
    operations,
    orders,
    overview,
    payments,
    refunds,
    session,
    team,
    test,
    users,
    webhook_endpoints,
    webhooks,
)

NOUNS = (
    orders,
    payments,
    refunds,
    ledger,
    events,
    webhooks,
    webhook_endpoints,
    merchants,
    api_keys,
    session,
    team,
    users,
    audit,
    overview,
    operations,
    test,
    checkout,
)

app = Chalice(app_name="payment-gateway")

for noun in NOUNS:
    for endpoint in noun.ENDPOINTS:
        app.register_blueprint(endpoint.routes)

for endpoint in (health, openapi):
    app.register_blueprint(endpoint.routes)


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What API Gateway invokes."""
    on = runtime.current()
    settings = on.config
    viewer.put_address(event, on.distribution_secret)
    return front.answer(
        app,
        event,
        context,
        cors_origins=settings.cors_origins,
        production=settings.production,
        which_noted=settings.request_log,
    )
