"""SQL about rollups: what happened, added up as far as it is there for good. Whoever asks counts the rest live.

What is added is in the migration that made the tables, since they begin with what had happened before.
"""

from __future__ import annotations

from shared.db.database import Tx

EVENTS_MAX = 20_000  # of one merchant in one go
FOLD_SECONDS_MAX = 50  # longer than a request's statement may take: nobody waits for this one

# What has not been added up, of a table's rows. The second condition is always true: of a range whose both ends are
# looked up, Postgres expects few rows, and so goes through the index, where of a half-open one it expects a third.
FRESH = """xid >= (select through from rollup_mark)
              and xid < (select through + 1000000000000000 from rollup_mark)"""


def fold(tx: Tx) -> bool:
    """Adds up what has been written since the last time, and says whether there is more. In a transaction."""
    _be_patient(tx)
    row = tx.execute("select rollup_fold(%s) as left_over", (EVENTS_MAX,)).fetchone()
    assert row is not None, "a function returns its row"
    return bool(row["left_over"])


def rebuild(tx: Tx) -> None:
    """Forgets the sums and begins anew, from all there is. In a transaction."""
    _be_patient(tx)
    tx.execute("select rollup_rebuild()")


def waiting(tx: Tx, *, most: int) -> int:
    """How many events are counted live by now, up to a bound."""
    row = tx.execute(
        f"""select coalesce(sum(n), 0)::bigint as waiting
              from merchants m
             cross join lateral (
                       select count(*) as n from (
                           select from events where merchant_id = m.id and {FRESH} limit %s) e) c""",
        (most,),
    ).fetchone()
    assert row is not None, "a sum is a row"
    return int(row["waiting"])


def _be_patient(tx: Tx) -> None:
    tx.execute(f"set local statement_timeout = '{FOLD_SECONDS_MAX}s'")
