"""SQL about what a person should look at. Everything counted has a bound."""

from __future__ import annotations

from uuid import UUID

from shared.db.database import Row, Tx

COUNT_MAX = 1000
DAYS = 7


def failing_endpoints(tx: Tx, *, merchant_id: UUID) -> list[Row]:
    """Those that have accepted nothing for a while, and those the gateway has given up."""
    return tx.execute(
        """select id, url, failing_since, disabled_at from webhook_endpoints
            where merchant_id = %s and url is not null
              and (failing_since is not null and enabled or disabled_at is not null)
            order by coalesce(disabled_at, failing_since)""",
        (merchant_id,),
    ).fetchall()


def counts(tx: Tx, *, merchant_id: UUID) -> Row:
    """`unknown_outcomes` and `failed_webhooks`."""
    row = tx.execute(
        f"""select (select count(*) from (
                        select from payments
                         where state = 'outcome_unknown' and merchant_id = %(merchant_id)s limit %(most)s) p
                   ) as unknown_outcomes,
                   (select count(*) from (
                        select from webhook_logs
                         where status = 'failed' and merchant_id = %(merchant_id)s
                           and created_at > now() - interval '{DAYS} days' limit %(most)s) w
                   ) as failed_webhooks""",
        {"merchant_id": merchant_id, "most": COUNT_MAX},
    ).fetchone()
    assert row is not None, "it is one row"
    return row


def dead_jobs(tx: Tx) -> int:
    """Of all merchants: for an operator."""
    row = tx.execute("select count(*) as n from jobs where state = 'dead'").fetchone()
    assert row is not None, "a count is a row"
    return int(row["n"])
