"""Every handler of the gateway, registered; nothing else happens here."""

from chalicelib.jobs import deliver_webhook, process_payment, process_refund
from chalicelib.operations import migrate, rotate_database_password
from chalicelib.rest import app
from chalicelib.schedules import bank_notices, expired_keys, expiry, figures, inquiries, sweep

for job in (process_payment, process_refund, deliver_webhook):
    app.register_blueprint(job.jobs)

for clock in (sweep, inquiries, bank_notices, expiry, expired_keys, figures):
    app.register_blueprint(clock.schedules)

for operation in (migrate, rotate_database_password):
    app.register_blueprint(operation.operations)
