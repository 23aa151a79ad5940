"""The gateway in one process, for tests of what lies below HTTP: a queue that remembers, and short words for acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from shared import signatures
from shared.config import BankConfig
from shared.connectors.simulator import SimulatedBank
from shared.db import jobs
from shared.db.database import Database
from shared.db.outbox import StagedJob
from shared.jobs import Kind
from shared.sealing import Sealer
from shared.services import merchants, noticing, orders, payments, processing, refunding, refunds, test_merchant

INSTANT = BankConfig(test_mode=True, test_processing_delay_ms=0)


@dataclass
class Told:
    """A queue that remembers what it was told."""

    jobs: list[StagedJob] = field(default_factory=list)
    beat_seconds: float = 30

    def send(self, staged: Sequence[StagedJob]) -> None:
        self.jobs.extend(job for job in staged if not job.in_seconds)

    def wake(self, kind: Kind) -> None:
        raise AssertionError(f"nothing here wakes {kind}: the test runs its jobs itself")

    def beat(self) -> None:
        pass

    def ping(self) -> None:
        pass


def order(database: Database, *, merchant_id: UUID = test_merchant.ID, amount: int = 50000, **more: Any) -> str:
    with database.statement() as tx:
        return orders.create(
            tx,
            merchant_id,
            amount=amount,
            currency="INR",
            receipt=None,
            notes={},
            capture=more.get("capture", "manual"),
        ).id


def pay(
    database: Database, bank: SimulatedBank, vpa: str = "asha@upi", *, order_id: str | None = None, **more: Any
) -> str:
    with database.statement() as tx:
        payment, _ = payments.create(
            tx,
            bank,
            test_merchant.ID,
            order_id=order_id or order(database, **more),
            instrument=vpa,
            exclusive=True,
        )
        return payment.id


def state(database: Database, payment_id: str) -> str:
    with database.statement() as tx:
        return payments.get(tx, test_merchant.ID, payment_id).state


def due(database: Database, kind: Kind) -> list[int]:
    """The ids of the due jobs, without waking them."""
    with database.statement() as tx:
        rows = tx.execute(
            "select id from jobs where kind = %s and state = 'pending' and run_at <= now() order by id", (kind,)
        ).fetchall()
    return [row["id"] for row in rows]


def process(database: Database, bank: Any, ids: Sequence[int] | None = None) -> None:
    processing.process(database, bank, Told().send, due(database, "process_payment") if ids is None else ids)


def capture(database: Database, payment_id: str, amount: int | None = None) -> None:
    with database.transaction() as tx:
        payments.capture(tx, test_merchant.ID, payment_id, amount)


def void(database: Database, payment_id: str) -> None:
    with database.transaction() as tx:
        payments.void(tx, test_merchant.ID, payment_id)


def refund(database: Database, payment_id: str, amount: int | None = None) -> str:
    """Of that much, or of all that is left; of 1 where nothing is."""
    with database.transaction() as tx:
        if amount is None:
            payment = payments.get(tx, test_merchant.ID, payment_id)
            taken = payment.amount_captured or payment.amount_authorized
            amount = taken - payment.amount_refunded - payment.amount_refund_pending or 1
        made, _ = refunds.create(tx, test_merchant.ID, payment_id, amount=amount, reason=None, notes={})
        return made.id


def process_refunds(database: Database, bank: Any, ids: Sequence[int] | None = None) -> None:
    refunding.process(database, bank, Told().send, due(database, "process_refund") if ids is None else ids)


def announce(database: Database) -> None:
    """Lets the time come of everything that the bank will say unasked."""
    with database.statement() as tx:
        tx.execute("update bank.refunds set returned_at = now() where returned_at > now()")
        tx.execute("update bank.notices set ready_at = now() where ready_at > now()")


def take_notices(database: Database, bank: Any) -> int:
    """Stores what the bank has to say, though its time has not come."""
    announce(database)
    return noticing.take_notices(database, bank, Told())


def make_due(database: Database) -> None:
    """Lets the time of every waiting job come."""
    with database.statement() as tx:
        tx.execute("update jobs set run_at = now(), woken_at = null")


def desert(database: Database) -> None:
    """Lets every lease run out, as it does when its worker has died."""
    with database.statement() as tx:
        tx.execute("update jobs set lease_until = now() - interval '1 second' where lease_until is not null")


def waking(database: Database, kind: Kind, limit: int = 100) -> list[int]:
    with database.statement() as tx:
        return [job.id for job in jobs.wake(tx, kind, limit=limit)]


OTHER = {"x-api-key": "key_test_other", "x-api-secret": "secret_test_other"}


def other_merchant(database: Database, sealer: Sealer) -> UUID:
    """A second merchant, whose credentials are OTHER."""
    id = uuid4()
    with database.transaction() as tx:
        merchants.register(
            tx,
            sealer,
            id=id,
            name="Other",
            email="other@example.com",
            api_key=OTHER["x-api-key"],
            api_secret=OTHER["x-api-secret"],
            webhook_secret=signatures.new_webhook_secret(),
        )
    return id
