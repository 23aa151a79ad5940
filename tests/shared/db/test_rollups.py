"""What is added up, with what happened since, is what a straight count finds: at any moment, whatever commits late."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from chalicelib.migrations import migrate, seed

from shared.config import Config
from shared.connectors.simulator import SimulatedBank
from shared.db import changes, rollups
from shared.db.database import Database
from shared.services import ledger, payments, test_merchant
from tests import gateway

# Both sides in one statement, so of one moment.
TOLD_AND_TRUE = """
    with told as (
        select figure, sum(count)::bigint as count, sum(amount)::bigint as amount
          from (select figure, count, amount from payment_figures where span = 'half_hour'
                 union all
                select figure, count, amount from payment_facts where xid >= (select through from rollup_mark)) f
         group by figure
    ),
    straight as (
        select case type when 'payment.created' then 'made' when 'payment.success' then 'succeeded'
                         when 'payment.failed' then 'failed' end as figure, count(*) as count, sum(p.amount) as amount
          from events e join payments p on p.id = e.payment_id
         where type in ('payment.created', 'payment.success', 'payment.failed') group by 1
         union all
        select 'took', count(*), 0 from events where type in ('payment.success', 'payment.failed') having count(*) > 0
         union all
        select 'refunded', count(*) filter (where processed_at is not null and status = 'processed'),
               sum(amount) filter (where status = 'processed')
          from refunds where status = 'processed' having count(*) > 0
    ),
    sums as (
        select account, sum(amount) as amount
          from (select account, amount from ledger_sums
                 union all
                select e.account, e.amount from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
                 where t.xid >= (select through from rollup_mark)) s group by account
    )
    select (select jsonb_object_agg(figure, array[count, amount]) from told where count <> 0),
           (select jsonb_object_agg(figure, array[count, amount]) from straight),
           (select jsonb_object_agg(account, amount) from sums),
           (select jsonb_object_agg(account, amount) from (
                select account, sum(amount) as amount from ledger_entries group by account) e),
           (select coalesce(sum(count), 0) from event_counts)
               + (select count(*) from events where xid >= (select through from rollup_mark)),
           (select count(*) from events)
"""


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, gateway.INSTANT)


def fold(database: Database) -> None:
    more = True
    while more:
        with database.transaction() as tx:
            more = rollups.fold(tx)


def _check(observer: psycopg.Connection[Any]) -> Any:
    told, straight, sums, entries, counted, events = observer.execute(TOLD_AND_TRUE).fetchone() or (None,) * 6
    assert told == straight, "figures"
    assert sums == entries, "the ledger"
    assert counted == events, "events"
    return told


def _some_of_everything(database: Database, bank: SimulatedBank) -> None:
    ids = [gateway.pay(database, bank, vpa) for vpa in ("asha@upi", "approve@magic", "insufficient-funds@magic")]
    gateway.process(database, bank)
    gateway.capture(database, ids[0])
    gateway.refund(database, ids[0], 20000)
    gateway.refund(database, ids[1])
    gateway.process_refunds(database, bank)
    gateway.pay(database, bank)


def test_the_sums_and_what_came_since_are_what_there_is(
    database: Database, bank: SimulatedBank, observer: psycopg.Connection[Any]
) -> None:
    _some_of_everything(database, bank)
    live = _check(observer)
    assert {figure: count for figure, (count, _) in live.items()} == {
        "made": 4, "succeeded": 2, "failed": 1, "took": 3, "refunded": 2,
    }  # fmt: skip
    assert live["refunded"][1] == 70000
    fold(database)
    added = observer.execute(
        "select span, sum(count) from payment_figures where figure = 'made' group by span"
    ).fetchall()
    assert dict(added) == {"half_hour": 4, "day": 4, "point": 4}
    assert _check(observer) == live
    _some_of_everything(database, bank)
    assert _check(observer)["made"][0] == 8
    fold(database)
    fold(database)
    assert _check(observer)["made"][0] == 8


def test_a_refund_that_comes_back_is_none(
    database: Database, bank: SimulatedBank, observer: psycopg.Connection[Any]
) -> None:
    paid = gateway.pay(database, bank, "refund-returned@magic")
    gateway.process(database, bank)
    gateway.refund(database, paid, 5000)
    gateway.process_refunds(database, bank)
    assert _check(observer)["refunded"] == [1, 5000]
    fold(database)
    gateway.take_notices(database, bank)
    assert "refunded" not in _check(observer)
    fold(database)
    assert "refunded" not in _check(observer)


def test_a_balance_is_the_same_before_and_after_it_is_added_up(database: Database, bank: SimulatedBank) -> None:
    def balance() -> Any:
        with database.statement() as tx:
            (one,) = ledger.balances(tx, test_merchant.ID)
        return one.available, one.refunds_pending

    _some_of_everything(database, bank)
    live = balance()
    assert live == (30000, 0)
    fold(database)
    assert balance() == live
    _some_of_everything(database, bank)
    assert balance() == (60000, 0)


def test_nothing_is_missed_or_counted_twice_while_transactions_commit_late(
    database: Database, bank: SimulatedBank, observer: psycopg.Connection[Any]
) -> None:
    """Writers that hold their transaction open, two that add up at once, and somebody who looks all the time."""
    over = threading.Event()
    payers, rounds = 6, 12

    def write(number: int) -> None:
        for turn in range(rounds):
            if turn % 2:
                gateway.pay(database, bank)
                continue
            order = gateway.order(database)
            with database.transaction() as tx:
                tx.execute("select pg_current_xact_id()")  # begun, and numbered, before all that others write meanwhile
                time.sleep(0.01 * ((number + turn) % 5))
                payments.create(tx, bank, test_merchant.ID, order_id=order, instrument="asha@upi", exclusive=True)
                time.sleep(0.01 * ((number * 3 + turn) % 5))

    def add_up() -> None:
        while not over.is_set():
            with database.transaction() as tx:
                rollups.fold(tx)
            time.sleep(0.002)

    with ThreadPoolExecutor(payers + 2) as threads:
        adding = [threads.submit(add_up) for _ in range(2)]
        writing = [threads.submit(write, number) for number in range(payers)]
        looks = 0
        try:
            while not all(one.done() for one in writing):
                _check(observer)
                looks += 1
        finally:
            over.set()
        for one in writing + adding:
            one.result()
    assert looks > 10
    fold(database)
    assert _check(observer)["made"][0] == payers * rounds
    assert observer.execute("select sum(count) from payment_figures where span = 'day'").fetchone() == (
        payers * rounds,
    )
    mark = observer.execute("select through > (select max(xid) from events) from rollup_mark").fetchone()
    assert mark == (True,), "all of it is added up"


def test_what_is_added_up_in_small_parts_is_the_same(
    database: Database, bank: SimulatedBank, observer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "EVENTS_MAX", 2)
    _some_of_everything(database, bank)
    live = _check(observer)
    with database.transaction() as tx:
        assert rollups.fold(tx), "there is more than two events"
    assert _check(observer) == live
    fold(database)
    assert _check(observer) == live


def test_sums_that_were_spoilt_are_made_anew(
    database: Database, bank: SimulatedBank, observer: psycopg.Connection[Any]
) -> None:
    _some_of_everything(database, bank)
    fold(database)
    observer.execute("update payment_figures set count = count + 1")
    with pytest.raises(AssertionError, match="figures"):
        _check(observer)
    with database.transaction() as tx:
        rollups.rebuild(tx)
    _check(observer)


def test_a_change_of_anything_is_another_cursor_and_adding_up_is_none(database: Database, bank: SimulatedBank) -> None:
    def cursor() -> str:
        with database.statement() as tx:
            return changes.cursor(tx, merchant_id=test_merchant.ID)

    seen = [cursor()]
    order = gateway.order(database)
    seen.append(cursor())
    gateway.pay(database, bank, order_id=order)
    seen.append(cursor())
    gateway.process(database, bank)
    seen.append(cursor())
    assert len(set(seen)) == 4
    fold(database)
    assert cursor() == seen[-1]


@pytest.fixture
def restored(database_url: str, settings: Config) -> Iterator[Database]:
    """A database whose rows were written by another server, which had come further with its transactions."""
    name = "restored"
    url = database_url.replace("/payment_gateway", f"/{name}")
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f"create database {name}")  # type: ignore[arg-type]
    try:
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            for table in ("events", "ledger_transactions"):
                connection.execute(  # type: ignore[arg-type]
                    f"alter table {table} alter column xid set default pg_current_xact_id()::text::bigint + 5000000000"
                )
            connection.execute("update rollup_mark set through = through + 5000000000, xid_offset = 5000000000")
        database = Database(url, application_name="tests-restored")
        seed(replace(settings, database_url=url), url)
        yield database
        database.close()
    finally:
        with psycopg.connect(database_url, autocommit=True) as server:
            server.execute(f"drop database {name}")  # type: ignore[arg-type]


def test_a_database_restored_on_another_server_goes_on_counting(restored: Database) -> None:
    bank = SimulatedBank(restored, gateway.INSTANT)
    _some_of_everything(restored, bank)
    fold(restored)
    _some_of_everything(restored, bank)  # not added up yet
    url = restored._url
    with psycopg.connect(url, autocommit=True) as observer:
        # As a dump is restored: the rows as they were, and the defaults and offset of the other server's numbers.
        observer.execute("update rollup_mark set xid_offset = 0")
        for table in ("events", "ledger_transactions"):
            observer.execute(  # type: ignore[arg-type]
                f"alter table {table} alter column xid set default pg_current_xact_id()::text::bigint"
            )
        _check(observer)
        migrate(url)
        _check(observer)
        _some_of_everything(restored, bank)
        assert _check(observer)["made"][0] == 12
        fold(restored)
        assert _check(observer)["made"][0] == 12
        assert observer.execute(
            "select sum(count) from payment_figures where figure = 'made' and span = 'day'"
        ).fetchone() == (12,)
        assert observer.execute("select rollup_rebase()").fetchone() == (False,), "once is enough"
