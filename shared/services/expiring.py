"""What ends by itself: orders that nobody paid in time, and holds that nobody captured in time."""

from __future__ import annotations

from shared.db import orders, payments
from shared.db.database import Database
from shared.domain import payment as domain
from shared.queue import Queue

BATCH = 500
BATCHES_MAX = 100


def expire_orders(database: Database) -> None:
    for _ in range(BATCHES_MAX):
        with database.statement() as tx:
            if not orders.expire(tx, limit=BATCH):
                return


def expire_authorizations(database: Database, queue: Queue) -> None:
    """The bank has let go of these holds. What was captured of them stays captured."""
    for _ in range(BATCHES_MAX):
        with database.transaction() as tx:
            now, held = payments.expiring(tx, limit=BATCH)
            moves = [move for payment in held if (move := domain.expire_authorization(payment, at=now))]
            staged = payments.move(tx, moves)
            moved = {move.payment.id for move in moves}
            payments.forget_holds(tx, [payment.id for payment in held if payment.id not in moved])
        queue.send(staged)
        if len(held) < BATCH:
            return
