"""POST /api/v1/test/bank/challenges/{payment_id}: what a customer answers the simulated bank. Not in production."""

from __future__ import annotations

import time
from typing import Annotated, Literal

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.api.test.get_challenge import Challenge, bank_of, nothing_asked, shown
from chalicelib.http import Call, endpoint
from shared.connectors.simulator import AskedNoMore, NoAnswer, NotAsked
from shared.db.outbox import StagedJob
from shared.errors import BadRequest
from shared.services import payments, processing

routes = Blueprint(__name__)

NOTIFICATIONS, NOTIFY_SECONDS = 20, 0.05


class ChallengeAnswer(msgspec.Struct, kw_only=True):
    action: Annotated[
        Literal["submit_code", "approve", "decline", "cancel"],
        Meta(description="`submit_code` meets an `otp`, `approve` a `upi_app`; the others end both."),
    ]
    code: Annotated[str | None, Meta(description="Of `submit_code`.", examples=["123456"])] = None


@endpoint(
    routes,
    "POST",
    "/api/v1/test/bank/challenges/{payment_id}",
    caller="checkout",
    owner=lambda call, payment_id: payments.owner(call.tx, payment_id),
    summary="Answer the bank as its customer",
    body=ChallengeAnswer,
    answer=Challenge,
    errors=(400, 404),
    tag="Test",
)
def meet_challenge(call: Call[ChallengeAnswer], payment_id: str) -> Challenge:
    try:
        met = bank_of(call).meet_challenge(payment_id, call.body.action, call.body.code)
    except NotAsked:
        raise nothing_asked() from None
    except AskedNoMore:
        raise BadRequest("The bank asks this no more", reason="challenge_closed") from None
    except NoAnswer as error:
        raise BadRequest(str(error), field="action", reason="invalid_value") from None
    if met.status != "open":
        call.staged.extend(_notify(call, payment_id))
    return shown(call, met)


def _notify(call: Call[ChallengeAnswer], payment_id: str) -> list[StagedJob]:
    """As a bank would tell us: again, while a worker has the payment's job, and may have asked a moment too early."""
    for _ in range(NOTIFICATIONS):
        if staged := processing.look_at_once(call.tx, payment_id):
            return staged
        time.sleep(NOTIFY_SECONDS)
    return []
