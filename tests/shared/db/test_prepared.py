"""What a connection has prepared is known, also after a rollback, which takes it all along."""

from __future__ import annotations

import pytest

from shared.connectors.simulator import SimulatedBank
from shared.db.database import PREPARED, Database
from tests import gateway


def test_nothing_is_taken_for_prepared_that_a_rollback_took_along(database: Database, database_url: str) -> None:
    """`database` has the test merchant; of its connections there may be several."""
    database = Database(database_url, application_name="tests-prepared", connections_max=1)
    bank = SimulatedBank(database, gateway.INSTANT)

    def known_and_there() -> tuple[set[str], set[str]]:
        with database.statement() as tx:
            rows = tx.execute("select name from pg_prepared_statements where name not like '\\_pg3%'").fetchall()
            return {name.decode() for name in PREPARED.get(tx.pgconn, set())}, {row["name"] for row in rows}

    try:
        gateway.pay(database, bank, order_id=gateway.order(database))
        known, there = known_and_there()
        assert known == there == {"order_to_pay", "create_payment"}
        with pytest.raises(ZeroDivisionError), database.transaction() as tx:
            tx.execute("select 1")
            raise ZeroDivisionError
        assert known_and_there() == (set(), set())
        gateway.pay(database, bank, order_id=gateway.order(database))
        assert known_and_there() == (known, there)
    finally:
        bank.close()
        database.close()


def test_behind_a_database_proxy_nothing_is_prepared(database: Database, database_url: str) -> None:
    """It would pin the session to one connection."""
    database = Database(database_url, application_name="tests-proxied", connections_max=1, prepare=False)
    bank = SimulatedBank(database, gateway.INSTANT)
    try:
        for _ in range(7):  # psycopg prepares what it has run five times
            gateway.pay(database, bank, order_id=gateway.order(database))
        with database.statement() as tx:
            assert tx.execute("select name from pg_prepared_statements").fetchall() == []
    finally:
        bank.close()
        database.close()
