"""Payments as merchants make and read them. Nobody here talks to a bank: that is a job's work."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from shared import ids, sealing, signatures
from shared.connectors.connector import Connector
from shared.db import ledger, orders, payments, webhook_endpoints
from shared.db.database import Tx
from shared.db.outbox import StagedJob
from shared.domain import card as domain_card
from shared.domain import ledger as books
from shared.domain import notes as domain_notes
from shared.domain import payment as domain
from shared.domain import vpa as domain_vpa
from shared.domain.card import CardDetails
from shared.domain.order import OrderStatus, OrderToPay
from shared.domain.payment import Payment
from shared.errors import BadRequest, Conflict, GatewayError, NotFound
from shared.sealing import Sealer


def create(
    tx: Tx,
    connector: Connector,
    merchant_id: UUID,
    *,
    order_id: str,
    instrument: str | CardDetails,
    exclusive: bool,
    notes: dict[str, Any] | None = None,
) -> tuple[Payment, list[StagedJob]]:
    """A payment of an order from a VPA or a card, and the jobs that carry it on.

    `exclusive` keeps every other payment of the order out while this one lives. Raises NotFound, BadRequest and its
    kin for what the customer typed, and Conflict while another payment of the order is under way.
    """
    found = orders.find_to_pay(tx, order_id, merchant_id=merchant_id) if ids.is_id("order", order_id) else None
    if found is None:
        raise NotFound("Order not found", field="order_id")
    order, now = found
    if order.status in (OrderStatus.EXPIRED, OrderStatus.CANCELLED):
        raise BadRequest(f"Order is {order.status}", field="order_id", reason=f"order_{order.status}")
    if order.status == OrderStatus.PAID and exclusive:
        raise _kept_out(tx, order)
    noted = domain_notes.check(notes or {})
    if isinstance(instrument, str):
        move = domain.create(
            order,
            connector=connector.name,
            method="upi",
            vpa=domain_vpa.check(instrument),
            exclusive=exclusive,
            notes=noted,
            at=now,
        )
    else:
        card = domain_card.check(instrument, now=now)
        move = domain.create(
            order,
            connector=connector.name,
            method="card",
            card_network=card.network,
            card_last4=card.last4,
            token=connector.tokenise(card),
            exclusive=exclusive,
            notes=noted,
            at=now,
        )
    staged = payments.create(tx, move)
    if not staged:
        raise _kept_out(tx, order)
    return move.payment, staged


def get(tx: Tx, merchant_id: UUID, payment_id: str) -> Payment:
    payment = payments.find(tx, payment_id, merchant_id=merchant_id) if ids.is_id("pay", payment_id) else None
    if payment is None:
        raise NotFound("Payment not found")
    return payment


def signatures_of_success(tx: Tx, sealer: Sealer, payment: Payment) -> list[str]:
    """What proves to the merchant's server that it was paid, by its webhook secret; none unless it was."""
    if payment.status != "success":
        return []
    belongs_to = sealing.webhook_secret_of(payment.merchant_id)
    sealed = webhook_endpoints.secrets_of_first(tx, merchant_id=payment.merchant_id)
    secrets = [sealer.open(one, belongs_to=belongs_to) for one in sealed]
    return signatures.of_success(secrets, order_id=payment.order_id, payment_id=payment.id)


def of_order(tx: Tx, merchant_id: UUID, order_id: str) -> Payment | None:
    """The payment that is under way, or the one that has paid the order."""
    return payments.find_live(tx, order_id, merchant_id=merchant_id)


def owner(tx: Tx, payment_id: str) -> UUID:
    """Whose payment it is, for a caller who knows nothing but its unguessable id. Raises NotFound."""
    merchant_id = payments.owner(tx, payment_id) if ids.is_id("pay", payment_id) else None
    if merchant_id is None:
        raise NotFound("Payment not found")
    return merchant_id


def capture(tx: Tx, merchant_id: UUID, payment_id: str, amount: int | None) -> tuple[Payment, list[StagedJob]]:
    """Takes the amount, or all that is left, of what the bank holds; booked in the ledger. Raises BadRequest."""
    now, payment = lock(tx, merchant_id, payment_id)
    move = domain.capture(payment, amount, at=now)
    ledger.book(tx, [books.of_capture(move.payment, before=payment.amount_captured)])
    return move.payment, payments.move(tx, [move])


def void(tx: Tx, merchant_id: UUID, payment_id: str) -> tuple[Payment, list[StagedJob]]:
    """Lets go of what the bank holds. Raises BadRequest if some of it was captured, or nothing is held."""
    now, payment = lock(tx, merchant_id, payment_id)
    move = domain.void(payment, at=now)
    return move.payment, payments.move(tx, [move])


def lock(tx: Tx, merchant_id: UUID, payment_id: str) -> tuple[datetime, Payment]:
    """The merchant's payment, held until the transaction ends, and the time by the database's clock."""
    found = payments.lock_own(tx, payment_id, merchant_id=merchant_id) if ids.is_id("pay", payment_id) else None
    if found is None:
        raise NotFound("Payment not found")
    return found


def _kept_out(tx: Tx, order: OrderToPay) -> GatewayError:
    """Why the order takes no payment now."""
    live = payments.find_live(tx, order.id, merchant_id=order.merchant_id)
    more = {} if live is None else {"payment_id": live.id}
    if order.status == OrderStatus.PAID or (live is not None and live.status != "pending"):
        return BadRequest("Order is already paid", field="order_id", reason="order_paid", **more)
    # Without one, it failed this instant: the next try is welcome.
    return Conflict(
        "A payment of this order is in progress; wait for its outcome",
        field="order_id",
        reason="payment_in_progress",
        **more,
    )
