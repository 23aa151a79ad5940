"""Every handler of the gateway, registered; nothing else happens here."""

from chalice import Chalice
from chalicelib.api import health, openapi
from chalicelib.api.merchants import get_me, update_me
from chalicelib.api.orders import create as create_order
from chalicelib.api.orders import get as get_order
from chalicelib.api.payments import capture as capture_payment
from chalicelib.api.payments import create as create_payment
from chalicelib.api.payments import get as get_payment
from chalicelib.api.payments import void as void_payment
from chalicelib.api.refunds import create as create_refund
from chalicelib.api.refunds import get as get_refund
from chalicelib.api.test import get_jobs_status
from chalicelib.api.test import get_merchant as get_test_merchant
from chalicelib.jobs import deliver_webhook, process_payment, process_refund
from chalicelib.schedules import bank_notices, expired_keys, inquiries, sweep

app = Chalice(app_name="payment-gateway")

for endpoint in (
    create_order,
    get_order,
    create_payment,
    get_payment,
    capture_payment,
    void_payment,
    create_refund,
    get_refund,
    get_me,
    update_me,
    get_test_merchant,
    get_jobs_status,
    health,
    openapi,
):
    app.register_blueprint(endpoint.routes)

for job in (process_payment, process_refund, deliver_webhook):
    app.register_blueprint(job.jobs)

for clock in (sweep, inquiries, bank_notices, expired_keys):
    app.register_blueprint(clock.schedules)
