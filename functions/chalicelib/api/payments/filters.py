"""Which payments: the filters that their list and their export share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from chalicelib.query import CreatedGte, CreatedLte, created_between, looked_for
from shared import money
from shared.domain.payment import State
from shared.errors import BadRequest

if TYPE_CHECKING:
    StateName = str
else:
    StateName = Literal[tuple(state.value for state in State)]


# Each side goes through an index of its own. Orders are looked for first, once, so that theirs is one too.
_ANY = """(id = %s or order_id = %s or coalesce(lower(vpa), card_last4) = lower(%s)
           or order_id = any(array(select o.id from orders o where o.merchant_id = %s and o.receipt = %s)))"""


class PaymentFilters(msgspec.Struct, kw_only=True):
    q: Annotated[
        str | None,
        Meta(description="Its id, its order's id or receipt, its VPA or its card's last four digits: any that is so."),
    ] = None
    created_gte: CreatedGte = None
    created_lte: CreatedLte = None
    status: Literal["pending", "success", "failed", "partially_refunded", "refunded"] | None = None
    state: Annotated[StateName | None, Meta(description="Finer than `status`.")] = None
    method: Literal["upi", "card"] | None = None
    order_id: str | None = None
    receipt: Annotated[str | None, Meta(description="Of its order.")] = None
    vpa: Annotated[str | None, Meta(description="However it is written.")] = None
    card_last4: Annotated[str | None, Meta(description="The card's last four digits.")] = None
    currency: Annotated[str | None, Meta(description="ISO 4217, such as `INR`.")] = None
    amount: int | None = None
    amount_gte: int | None = None
    amount_lte: int | None = None

    def where(self, merchant_id: UUID) -> dict[str, Any]:
        """The conditions of a list. State and currency stand in its text too: the indexes of rare ones need that.

        Raises BadRequest.
        """
        if self.currency is not None and not money.is_currency(self.currency):
            raise BadRequest("currency must be one of ISO 4217, such as INR", field="currency", reason="invalid_value")
        text = looked_for(self.q)
        return {
            _ANY: text and (text, text, text, merchant_id, text),
            "status = %s": self.status,
            f"state = '{self.state}' and state = %s": self.state,
            "method = %s": self.method,
            "order_id = %s": self.order_id,
            """exists (select from orders o where o.id = payments.order_id and o.merchant_id = payments.merchant_id
                                              and o.receipt = %s)""": self.receipt,
            "vpa is not null and coalesce(lower(vpa), card_last4) = lower(%s)": self.vpa,
            "card_last4 is not null and coalesce(lower(vpa), card_last4) = %s": self.card_last4,
            f"currency = '{self.currency}' and currency = %s": self.currency,
            "amount = %s": self.amount,
            "amount >= %s": self.amount_gte,
            "amount <= %s": self.amount_lte,
            **created_between(self.created_gte, self.created_lte),
        }
