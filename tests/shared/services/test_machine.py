"""Everything that can happen to payments, in any order: after each step the gateway is where a small model says.

The model knows what a merchant may do and what the bank was told; the invariants know the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.config import BankConfig
from shared.connectors.simulator import SimulatedBank
from shared.db.database import Database
from shared.errors import BadRequest, Conflict
from shared.services import expiring
from tests import gateway
from tests.invariants import violations

RUNS, STEPS = 40, 30
AMOUNT = 1000
PAYMENTS_MAX = 3  # in one run, so that much happens to each
AMOUNTS = st.sampled_from([100, 150, 200, 400, None, AMOUNT, AMOUNT + 1, 0])  # mostly parts, to have several of them
DIES = st.sampled_from([False, False, True])
CAPTURABLE = ("authorized", "partially_captured")
REFUNDABLE = (*CAPTURABLE, "captured", "partially_refunded", "refunded")
VPAS = (
    "approve@magic",
    "do-not-honour@magic",
    "timeout-before-debit@magic",
    "timeout-after-debit@magic",
    "double-answer@magic",
    "refund-declined@magic",
    "refund-timeout@magic",
    "refund-returned@magic",
)


@dataclass
class Refund:
    amount: int
    status: str = "pending"
    at_the_bank: bool = False  # whether the bank has heard of it
    returned: bool = False  # whether we have heard that it came back


@dataclass
class Payment:
    order_id: str
    vpa: str
    automatic: bool
    state: str = "created"
    at_the_bank: bool = False
    lost: bool = False  # whether the bank has lost its first request
    held: bool = False  # whether there is something left to capture
    captured: int = 0
    refunded: int = 0
    refunds: dict[str, Refund] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        return sum(refund.amount for refund in self.refunds.values() if refund.status == "pending")

    @property
    def left(self) -> int:
        return self.captured - self.refunded - self.pending

    def shown(self) -> list[Any]:
        """What its rows are to hold."""
        statuses = {id: refund.status for id, refund in self.refunds.items()}
        return [self.state, self.captured, self.refunded, self.pending, self.held, statuses]

    def hear(self) -> None:
        """The bank's outcome reaches us."""
        if self.vpa.startswith("do-not"):
            self.state = "failed"
        elif self.automatic:
            self.state, self.captured = "captured", AMOUNT
        else:
            self.state, self.held = "authorized", True

    def take(self, amount: int) -> None:
        self.captured += amount
        self.held = self.captured < AMOUNT
        self.state = "partially_captured" if self.held else "captured"

    def settle(self, refund: Refund) -> None:
        """The bank's answer to a refund reaches us."""
        if self.vpa == "refund-declined@magic":
            refund.status = "failed"
        else:
            refund.status = "processed"
            self.refunded += refund.amount
            self.held = False
            self.state = "refunded" if self.refunded == self.captured else "partially_refunded"

    def come_back(self, refund: Refund) -> None:
        refund.returned = True
        if refund.status == "processed":
            self.refunded -= refund.amount
            self.state = "partially_refunded" if self.refunded else "captured"
        refund.status = "failed"


class _Dying(SimulatedBank):
    """A bank whose answer nobody lives to record."""

    def authorize(self, operations: Sequence[Any]) -> Any:
        super().authorize(operations)
        raise SystemExit

    def refund(self, operations: Sequence[Any]) -> Any:
        super().refund(operations)
        raise SystemExit

    def acknowledge(self, notices: Sequence[Any]) -> None:
        raise SystemExit


class Machine(RuleBasedStateMachine):
    ids = Bundle("ids")

    def __init__(self, database: Database, observer: psycopg.Connection) -> None:
        super().__init__()
        self.database, self.observer = database, observer
        self.bank = SimulatedBank(database, BankConfig())
        self.dying = _Dying(database, BankConfig())
        self.payments: dict[str, Payment] = {}

    @initialize(target=ids, vpas=st.lists(st.sampled_from(VPAS), min_size=2, max_size=2))
    def begin(self, vpas: list[str]) -> MultipleResults[str]:
        """Two payments that the bank has heard of, so that no run is spent on having nothing."""
        made = [self._create(vpa, automatic=False) for vpa in vpas]
        self._process(dies=False)
        return multiple(*made)

    @precondition(lambda self: len(self.payments) < PAYMENTS_MAX)
    @rule(target=ids, vpa=st.sampled_from(VPAS), automatic=st.booleans())
    def create(self, vpa: str, automatic: bool) -> str:
        return self._create(vpa, automatic)

    def _create(self, vpa: str, automatic: bool) -> str:
        order_id = gateway.order(self.database, amount=AMOUNT, capture="automatic" if automatic else "manual")
        id = gateway.pay(self.database, self.bank, vpa, order_id=order_id)
        self.payments[id] = Payment(order_id, vpa, automatic)
        return id

    @rule(target=ids, id=ids, vpa=st.sampled_from(VPAS))
    def pay_again(self, id: str, vpa: str) -> str:
        """Another payment of an order is welcome when all before it have failed."""
        order_id = self.payments[id].order_id
        others = [one for one in self.payments.values() if one.order_id == order_id]
        try:
            new = gateway.pay(self.database, self.bank, vpa, order_id=order_id)
        except (BadRequest, Conflict):
            assert any(one.state != "failed" for one in others)
            return id
        assert all(one.state == "failed" for one in others)
        self.payments[new] = Payment(order_id, vpa, others[0].automatic)
        return new

    @rule(work=st.sampled_from(["_process", "_process_refunds", "_take_notices"]), dies=DIES)
    def work(self, work: str, dies: bool) -> None:
        getattr(self, work)(dies=dies)

    def _process(self, dies: bool) -> None:
        gateway.make_due(self.database)
        gateway.desert(self.database)
        with suppress(SystemExit):
            gateway.process(self.database, self.dying if dies else self.bank)
        open_ones = [one for one in self.payments.values() if one.state in ("created", "processing", "outcome_unknown")]
        asked_now = [one for one in open_ones if not one.at_the_bank]
        died = dies and bool(asked_now)
        for one in asked_now:
            lost, one.lost = one.vpa == "timeout-before-debit@magic" and not one.lost, True
            one.at_the_bank = not lost
            if died:
                one.state = "processing" if one.state == "created" else one.state
            elif lost or one.vpa == "timeout-after-debit@magic":
                one.state = "outcome_unknown"
            else:
                one.hear()
        for one in open_ones:
            if one not in asked_now and not died:
                one.hear()

    def _process_refunds(self, dies: bool) -> None:
        gateway.make_due(self.database)
        gateway.desert(self.database)
        with suppress(SystemExit):
            gateway.process_refunds(self.database, self.dying if dies else self.bank)
        waiting = [
            (payment, refund)
            for payment in self.payments.values()
            for refund in payment.refunds.values()
            if refund.status == "pending"
        ]
        died = dies and not all(refund.at_the_bank for _, refund in waiting)
        for payment, refund in waiting:
            heard_before, refund.at_the_bank = refund.at_the_bank, True
            if not died and (heard_before or payment.vpa != "refund-timeout@magic"):
                payment.settle(refund)

    @rule(id=ids, amount=AMOUNTS)
    def capture(self, id: str, amount: int | None) -> None:
        payment = self.payments[id]
        wanted = AMOUNT - payment.captured if amount is None else amount
        welcome = payment.state in CAPTURABLE and payment.held and 1 <= wanted <= AMOUNT - payment.captured
        try:
            gateway.capture(self.database, id, amount)
        except BadRequest:
            assert not welcome
        else:
            assert welcome
            payment.take(wanted)

    @rule(id=ids, end=st.sampled_from(["_void", "_let_the_hold_end", "_let_the_order_end"]))
    def end(self, id: str, end: str) -> None:
        getattr(self, end)(id)

    def _void(self, id: str) -> None:
        payment = self.payments[id]
        try:
            gateway.void(self.database, id)
        except BadRequest:
            assert payment.state != "authorized"
        else:
            assert payment.state == "authorized"
            payment.state, payment.held = "voided", False

    @rule(id=ids, amount=AMOUNTS, goes_on=st.booleans())
    def refund(self, id: str, amount: int | None, goes_on: bool) -> None:
        payment = self.payments[id]
        left = AMOUNT if payment.state == "authorized" else payment.left
        wanted = left if amount is None else amount
        welcome = payment.state in REFUNDABLE and 1 <= wanted <= left
        try:
            refund_id = gateway.refund(self.database, id, amount)
        except BadRequest:
            assert not welcome
        else:
            assert welcome
            if payment.state == "authorized":
                payment.take(AMOUNT)
            payment.refunds[refund_id] = Refund(wanted)
            if goes_on:
                self._process_refunds(dies=False)

    def _take_notices(self, dies: bool) -> None:
        """With a death: what was stored is not acknowledged, and will be said again."""
        with suppress(SystemExit):
            gateway.take_notices(self.database, self.dying if dies else self.bank)
        for payment in self.payments.values():
            if payment.vpa == "double-answer@magic" and payment.at_the_bank and payment.state == "processing":
                payment.hear()
            if payment.vpa == "refund-returned@magic":
                for refund in payment.refunds.values():
                    if refund.at_the_bank and not refund.returned:
                        payment.come_back(refund)

    def _let_the_hold_end(self, id: str) -> None:
        payment = self.payments[id]
        self.observer.execute(
            """update payments set authorization_expires_at = now()
                where id = %s and authorization_expires_at is not null""",
            (id,),
        )
        expiring.expire_authorizations(self.database, gateway.Told())
        payment.held = False
        if payment.state == "authorized":
            payment.state = "authorization_expired"

    def _let_the_order_end(self, id: str) -> None:
        """Only one that nobody has paid or is about to pay: the model of payments does not change."""
        order_id = self.payments[id].order_id
        if all(one.state == "failed" for one in self.payments.values() if one.order_id == order_id):
            return  # it would refuse the next try
        self.observer.execute("update orders set expires_at = now() where id = %s", (order_id,))
        expiring.expire_orders(self.database)
        self.observer.execute("update orders set expires_at = now() + interval '1 day' where id = %s", (order_id,))

    @invariant()
    def the_rows_are_where_the_model_is(self) -> None:
        rows = self.observer.execute(
            """select p.id, p.state, p.amount_captured, p.amount_refunded, p.amount_refund_pending,
                      p.authorization_expires_at is not null,
                      coalesce(jsonb_object_agg(r.id, r.status) filter (where r.id is not null), '{}')
                 from payments p left join refunds r on r.payment_id = p.id group by p.id"""
        ).fetchall()
        found = {id: more for id, *more in rows if id in self.payments}
        assert found == {id: one.shown() for id, one in self.payments.items()}

    @invariant()
    def no_invariant_is_broken(self) -> None:
        assert violations(self.observer) == []

    def teardown(self) -> None:
        """The bank may say all that it has to say: then nothing is under way, and nothing was asked of it twice."""
        for _ in range(3):
            self._process(dies=False)
            self._process_refunds(dies=False)
            self._take_notices(dies=False)
        assert violations(self.observer, at_rest=True) == []
        self.the_rows_are_where_the_model_is()


def test_whatever_happens_in_whatever_order_the_gateway_does_what_the_model_does(
    database: Database, observer: psycopg.Connection
) -> None:
    run_state_machine_as_test(
        lambda: Machine(database, observer),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
