"""SQL that tells whether anything of a merchant has changed, without looking at what."""

from __future__ import annotations

from uuid import UUID

from shared.db.database import Tx
from shared.db.rollups import FRESH

ATTEMPTS_MAX = 1000  # counted, of the last minutes


def cursor(tx: Tx, *, merchant_id: UUID) -> str:
    """Another text whenever an event, an order or an attempt at a delivery has come.

    Events are counted, not looked at by time: one that is stored late, among newer ones, is seen too. Attempts are, in
    the last minutes, for the same reason; so the text may change once more when those minutes are over.
    """
    row = tx.execute(
        f"""select coalesce((select count from event_counts where merchant_id = %(merchant_id)s), 0)
                  + (select count(*) from events
                      where merchant_id = %(merchant_id)s and {FRESH}) as events,
                  (select id from orders where merchant_id = %(merchant_id)s
                    order by created_at desc, id desc limit 1) as newest_order,
                  (select last_attempt_at from webhook_logs
                    where merchant_id = %(merchant_id)s and last_attempt_at is not null
                    order by last_attempt_at desc limit 1) as newest_attempt,
                  (select count(*) from (
                       select from webhook_logs
                        where merchant_id = %(merchant_id)s and last_attempt_at is not null
                          and last_attempt_at >= date_trunc('minute', now()) - interval '1 minute'
                        limit %(most)s) a) as attempts""",
        {"merchant_id": merchant_id, "most": ATTEMPTS_MAX},
    ).fetchone()
    assert row is not None, "it is one row"
    attempted = "" if row["newest_attempt"] is None else f"{row['newest_attempt'].timestamp():.6f}"
    return f"{row['events']}.{row['newest_order'] or ''}.{attempted}.{row['attempts']}"
