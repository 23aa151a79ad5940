"""The job that asks the bank to send money back and records what it says."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import messages, runtime
from shared.services import refunding

jobs = Blueprint(__name__)


@jobs.on_sqs_message(queue="process_refund", batch_size=10, name="process_refund")
def process_refund(event: Any) -> Any:
    on = runtime.current()
    return messages.run_all(event, lambda ids: refunding.process(on.database, on.bank, on.queue.send, ids))
