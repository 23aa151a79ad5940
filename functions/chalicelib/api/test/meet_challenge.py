"""POST /api/v1/test/bank/challenges/{payment_id}: what a customer answers the simulated bank. Not in production."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.api.test.get_challenge import Challenge, bank_of, nothing_asked, shown
from chalicelib.http import Call, endpoint
from shared.connectors.simulator import AskedNoMore, NoAnswer, NotAsked
from shared.errors import BadRequest
from shared.services import payments, processing

routes = Blueprint(__name__)


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
        call.staged.extend(processing.look_at_once(call.tx, payment_id))  # as a bank would tell us by a notification
    return shown(call, met)
