"""Every handler of the gateway, registered; nothing else happens here."""

from typing import Any

from chalice import Chalice
from chalicelib import front, runtime
from chalicelib.api import (
    api_keys,
    events,
    health,
    ledger,
    merchants,
    openapi,
    orders,
    payments,
    refunds,
    test,
    webhook_endpoints,
    webhooks,
)
from chalicelib.jobs import deliver_webhook, process_payment, process_refund
from chalicelib.operations import migrate, rotate_database_password
from chalicelib.schedules import bank_notices, expired_keys, expiry, inquiries, sweep

app = Chalice(app_name="payment-gateway")

for noun in (
    orders,
    payments,
    refunds,
    ledger,
    events,
    webhooks,
    webhook_endpoints,
    merchants,
    api_keys,
    test,
):
    for endpoint in noun.ENDPOINTS:
        app.register_blueprint(endpoint.routes)

for endpoint in (health, openapi):
    app.register_blueprint(endpoint.routes)

for job in (process_payment, process_refund, deliver_webhook):
    app.register_blueprint(job.jobs)

for clock in (sweep, inquiries, bank_notices, expiry, expired_keys):
    app.register_blueprint(clock.schedules)

for operation in (migrate, rotate_database_password):
    app.register_blueprint(operation.operations)


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What API Gateway invokes."""
    settings = runtime.current().config
    return front.answer(app, event, context, cors_origins=settings.cors_origins, production=settings.production)
