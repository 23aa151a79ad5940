"""The merchant's balance, summed from the ledger."""

from __future__ import annotations

from uuid import UUID

from shared.db import ledger
from shared.db.database import Tx
from shared.domain import views
from shared.domain.ledger import Account


def balances(tx: Tx, merchant_id: UUID) -> list[views.Balance]:
    """One for each currency in which something was booked."""
    sums: dict[str, dict[str, int]] = {}
    for one in ledger.sums(tx, merchant_id=merchant_id):
        sums.setdefault(one.currency, {})[one.account] = one.amount
    return [
        views.Balance(
            currency=currency,
            available=accounts.get(Account.AVAILABLE, 0),
            refunds_pending=accounts.get(Account.REFUNDS_PENDING, 0),
        )
        for currency, accounts in sums.items()
    ]
