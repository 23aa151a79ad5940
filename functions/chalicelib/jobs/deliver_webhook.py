"""The job that tells merchants' receivers what happened."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import messages, runtime
from shared.services import delivering
from shared.services.delivering import Schedule

jobs = Blueprint(__name__)


@jobs.on_sqs_message(queue="deliver_webhook", batch_size=10, name="deliver_webhook")
def deliver_webhook(event: Any) -> Any:
    on = runtime.current()
    schedule = Schedule(
        retry_seconds=on.config.webhook_retry_seconds, disable_seconds=on.config.webhook_disable_seconds
    )
    return messages.run_all(
        event, lambda ids: delivering.deliver(on.database, on.sender, on.sealer, schedule, on.queue.send, ids)
    )
