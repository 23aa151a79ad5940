"""The job that hands payments to the bank and records what it says."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import messages, runtime
from shared.services import processing

jobs = Blueprint(__name__)


@jobs.on_sqs_message(queue="process_payment", batch_size=10, name="process_payment")
def process_payment(event: Any) -> Any:
    on = runtime.current()
    return messages.run_all(event, lambda ids: processing.process(on.database, on.bank, on.queue.send, ids))
