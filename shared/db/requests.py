"""SQL about the calls that merchants' programs made: the newest of each merchant, for its developers to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import pages
from shared.db.database import Row, Tx, as_json
from shared.db.pages import Page, Rows

KEPT_MAX = 1000  # of each merchant
KEPT_DAYS = 30
TRIMMED_MAX = 5000  # at once

_COLUMNS = """
    id, merchant_id, created_at, method, path, status, duration_ms, request_id, address, user_agent, api_key, subject,
    body
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call and its answer. Whoever makes this has masked the body."""

    merchant_id: UUID
    created_at: datetime
    method: str
    path: str
    status: int
    duration_ms: int
    request_id: str
    address: str
    user_agent: str
    api_key: str | None
    subject: str | None
    body: str | None


def store(tx: Tx, requests: Sequence[Request]) -> None:
    tx.execute(
        f"""insert into api_requests ({_COLUMNS.replace("id, merchant_id", "merchant_id", 1)})
            select r.* from jsonb_to_recordset(%s::jsonb)
                as r (merchant_id uuid, created_at timestamptz, method text, path text, status int, duration_ms int,
                      request_id text, address text, user_agent text, api_key text, subject text, body text)""",
        (as_json(requests),),
    )


def trim(tx: Tx, *, ending: str) -> int:
    """Forgets some of what is old, and of what is not among the newest of its merchant; says how many that were.

    Of merchants whose id ends with this digit: to see who has too many costs a look at a thousand entries of each.
    """
    return tx.execute(
        """delete from api_requests
            where id = any(array(
                  select r.id
                    from merchants m
                   cross join lateral (
                             (select id from api_requests
                               where merchant_id = m.id
                               order by created_at desc, id desc offset %(kept)s limit %(most)s)
                              union
                             (select id from api_requests
                               where merchant_id = m.id and created_at < now() - make_interval(days => %(days)s)
                               order by created_at limit %(most)s)) r
                   where right(m.id::text, 1) = %(ending)s
                   limit %(most)s))""",
        {"kept": KEPT_MAX, "days": KEPT_DAYS, "most": TRIMMED_MAX, "ending": ending},
    ).rowcount


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: dict[str, object]) -> Rows:
    return pages.select(tx, table="api_requests", columns=_COLUMNS, merchant_id=merchant_id, page=page, where=where)


def about(tx: Tx, subject: str, *, merchant_id: UUID, limit: int) -> list[Row]:
    """The calls that made this object, or did something to it; not those that only looked."""
    return tx.execute(
        f"""select {_COLUMNS} from api_requests
             where merchant_id = %s and method <> 'GET' and (subject = %s or position(%s in path) > 0)
             order by created_at limit %s""",
        (merchant_id, subject, subject, limit),
    ).fetchall()
