"""A database that has seen money before the newest schema: after the upgrade every payment can go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from chalicelib.migrations import MIGRATIONS, migrate
from yoyo import get_backend, read_migrations
from yoyo.migrations import MigrationList

from shared.db.database import Database
from shared.services import ledger, payments, refunds
from tests.invariants import violations

BEFORE_REFUNDS = "0008_idempotency_keys"
BEFORE_INDEXES = "0021_rollup_past"
INDEXES = {
    "events_written",
    "ledger_transactions_written",
    "payments_instrument",
    "payments_rare_currency",
    "payments_rare_state",
    "webhook_logs_attempted",
}
MERCHANT = UUID("00000000-0000-4000-8000-0000000000aa")
PAID = {"authorized": ("processing", "authorized"), "captured": ("processing", "authorized", "captured")}


@contextmanager
def _database_of(database_url: str, last: str) -> Iterator[str]:
    """A database of the schema that this migration left."""
    name = "before_upgrade"
    url = database_url.replace("/payment_gateway", f"/{name}")
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f"create database {name}")  # type: ignore[arg-type]
        try:
            backend = get_backend(f"postgresql+psycopg://{url.partition('://')[2]}")
            with backend.lock():
                first = [one for one in read_migrations(str(MIGRATIONS)) if one.id <= last]
                backend.apply_migrations(MigrationList(first))
            backend.connection.close()
            yield url
        finally:
            server.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


@pytest.fixture
def old_url(database_url: str) -> Iterator[str]:
    """One from before refunds, with one payment in each of these states."""
    with _database_of(database_url, BEFORE_REFUNDS) as url:
        with psycopg.connect(url) as old:
            _fill(old)
        yield url


@pytest.fixture
def unindexed_url(database_url: str) -> Iterator[str]:
    with _database_of(database_url, BEFORE_INDEXES) as url:
        yield url


def _fill(old: psycopg.Connection) -> None:
    old.execute(
        """insert into merchants (id, name, email, api_key, api_secret_digest, webhook_events, webhook_secret)
           values (%s, 'Old', 'old@example.com', 'key_live_old', sha256('secret'), '{payment.success}', '\\x00')""",
        (MERCHANT,),
    )
    for state, steps in PAID.items():
        payment_id, order_id = f"pay_{state:0<16}"[:20], f"order_{state:0<16}"[:22]
        old.execute(
            "insert into orders (id, merchant_id, amount, currency, status) values (%s, %s, 50000, 'INR', 'paid')",
            (order_id, MERCHANT),
        )
        old.execute(
            """insert into payments (id, merchant_id, order_id, connector, amount, currency, method, vpa, capture,
                                     exclusive, state, sequence)
               values (%s, %s, %s, 'simulator', 50000, 'INR', 'upi', 'asha@upi', 'manual', true, 'created', 1)""",
            (payment_id, MERCHANT, order_id),
        )
        old.execute(
            """insert into bank.charges (reference, acquirer_reference, amount, currency, approved, answer_at)
               values (%s, %s, 50000, 'INR', true, now())""",
            (payment_id, f"bank_{state}"),
        )
        _tell(old, payment_id, 1, None, "created", "payment.created")
        before = "created"
        for sequence, step in enumerate(steps, start=2):
            old.execute(
                """update payments
                      set state = %(to)s, sequence = %(sequence)s, updated_at = now(),
                          amount_authorized = case when %(to)s = 'processing' then 0 else amount end,
                          amount_captured = case when %(to)s = 'captured' then amount else 0 end,
                          acquirer_reference = %(reference)s
                    where id = %(id)s""",
                {"to": step, "sequence": sequence, "id": payment_id, "reference": f"bank_{state}"},
            )
            (told,) = old.execute(
                "select event from payment_transitions where from_state = %s and to_state = %s", (before, step)
            ).fetchone() or ("",)
            _tell(old, payment_id, sequence, before, step, told)
            before = step


def _tell(
    old: psycopg.Connection, payment_id: str, sequence: int, before: str | None, state: str, event_type: str
) -> None:
    old.execute(
        """insert into events (id, merchant_id, payment_id, sequence, type, from_state, to_state, body, created_at)
           values (%s, %s, %s, %s, %s, %s, %s, '{}', now())""",
        (f"evt_{payment_id[4:-1]}{sequence}", MERCHANT, payment_id, sequence, event_type, before, state),
    )


def test_money_taken_before_the_upgrade_is_in_the_books_and_can_be_captured_and_given_back(old_url: str) -> None:
    assert migrate(old_url) > 0
    with psycopg.connect(old_url, autocommit=True) as observer:
        assert violations(observer) == []
        database = Database(old_url, application_name="tests-upgrade")
        try:
            with database.transaction() as tx:
                (balance,) = ledger.balances(tx, MERCHANT)
                assert (balance.available, balance.refunds_pending) == (50000, 0)
            with database.transaction() as tx:
                payments.capture(tx, MERCHANT, "pay_authorized000000", 30000)
            for payment_id in ("pay_authorized000000", "pay_captured00000000"):
                with database.transaction() as tx:
                    refunds.create(tx, MERCHANT, payment_id, amount=20000, reason=None, notes={})
            with database.transaction() as tx:
                (balance,) = ledger.balances(tx, MERCHANT)
                assert (balance.available, balance.refunds_pending) == (40000, 40000)
        finally:
            database.close()
        assert violations(observer) == []


def test_what_happened_before_the_upgrade_is_added_up_once_though_that_was_stopped(old_url: str) -> None:
    figures = """select merchant_id, figure, span, sum(count), sum(amount) from payment_figures group by 1, 2, 3
                 union all select merchant_id, '', 'events', count, 0 from event_counts
                 union all select merchant_id, account, 'ledger', 0, amount from ledger_sums order by 1, 2, 3"""
    migrate(old_url)
    with psycopg.connect(old_url, autocommit=True) as observer:
        added = observer.execute(figures).fetchall()  # type: ignore[arg-type]
        assert {tuple(row[1:]) for row in added} >= {
            ("succeeded", "half_hour", 2, 100000), ("succeeded", "day", 2, 100000), ("succeeded", "point", 2, 100000),
            ("", "events", 7, 0), ("available", "ledger", 0, 50000),
        }  # fmt: skip
        observer.execute("delete from _yoyo_migration where migration_id = '0021_rollup_past'")
        assert migrate(old_url) == 1
        assert observer.execute(figures).fetchall() == added  # type: ignore[arg-type]
        observer.execute("delete from payment_figures; delete from ledger_sums; delete from event_counts")
        observer.execute("delete from _yoyo_migration where migration_id = '0021_rollup_past'")
        assert migrate(old_url) == 1
        assert observer.execute(figures).fetchall() == added  # type: ignore[arg-type]


def test_what_a_new_index_finds_is_known_after_the_upgrade(old_url: str) -> None:
    migrate(old_url)
    with psycopg.connect(old_url, autocommit=True) as observer:
        known = observer.execute("select attname from pg_stats where tablename = 'payments_instrument'").fetchall()
        assert known == [("coalesce",)], "the planner tells a VPA that few payments have from one that many have"


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _valid(observer: psycopg.Connection[Any]) -> dict[str, bool]:
    return dict(
        observer.execute(
            """select indexrelid::regclass::text, indisvalid from pg_index
                where indexrelid::regclass::text = any(%s)""",
            (list(INDEXES),),
        ).fetchall()
    )


def _building(observer: psycopg.Connection[Any]) -> bool:
    return bool(observer.execute("select from pg_stat_progress_create_index").rowcount)


def test_who_pays_does_not_wait_while_indexes_are_made_nor_do_two_who_migrate(unindexed_url: str) -> None:
    with (
        psycopg.connect(unindexed_url) as slow,
        psycopg.connect(unindexed_url, autocommit=True) as payer,
        ThreadPoolExecutor(2) as threads,
    ):
        slow.execute("update events set body = body")  # and does not end yet
        first = threads.submit(migrate, unindexed_url)
        try:
            _until(lambda: _building(payer), "an index is being made")
            second = threads.submit(migrate, unindexed_url)
            payer.execute("set lock_timeout = '1s'")
            with payer.transaction():  # as whoever writes
                payer.execute(
                    "lock table orders, payments, events, ledger_transactions, webhook_logs in row exclusive mode"
                )
            time.sleep(0.5)
        finally:
            slow.commit()
        assert sorted([first.result(20), second.result(20)])[0] == 0
        assert _valid(payer) == dict.fromkeys(INDEXES, True)


def test_an_index_whose_making_was_stopped_is_made_and_one_made_by_hand_is_kept(unindexed_url: str) -> None:
    with (
        psycopg.connect(unindexed_url) as slow,
        psycopg.connect(unindexed_url, autocommit=True) as observer,
        psycopg.connect(unindexed_url, autocommit=True) as maker,
        ThreadPoolExecutor(1) as threads,
    ):
        maker.execute("create index concurrently if not exists events_written on events (merchant_id, xid)")
        slow.execute("update payments set updated_at = updated_at")
        stopped = threads.submit(
            maker.execute, "create index concurrently payments_instrument on payments (merchant_id, vpa)"
        )
        _until(lambda: _building(observer), "an index is being made")
        maker.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            stopped.result(20)
        slow.rollback()
        assert _valid(observer) == {"events_written": True, "payments_instrument": False}
        by_hand = observer.execute("select 'events_written'::regclass::oid").fetchone()
        assert migrate(unindexed_url) > 0
        assert _valid(observer) == dict.fromkeys(INDEXES, True)
        assert observer.execute("select 'events_written'::regclass::oid").fetchone() == by_hand
        (defined,) = observer.execute("select pg_get_indexdef('payments_instrument'::regclass)").fetchone() or ("",)
        assert "COALESCE" in defined
