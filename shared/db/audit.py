"""SQL about the audit log: who did what. Written in the transaction of what it tells of; only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.db import pages
from shared.db.database import Tx, as_json
from shared.db.pages import Page, Rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who did it. `name` is an email, an API key without its secret, or a part of the gateway."""

    name: str
    user_id: UUID | None
    address: str


def record(
    tx: Tx,
    actor: Actor,
    action: str,
    subject: str,
    *,
    merchant_id: UUID | None,
    details: Mapping[str, Any] | None = None,
) -> None:
    tx.execute(
        """insert into audit_log (merchant_id, user_id, actor, action, subject, details, address)
           values (%s, %s, %s, %s, %s, %s, %s)""",
        (merchant_id, actor.user_id, actor.name, action, subject, as_json(details or {}), actor.address),
    )


def record_for_user(tx: Tx, actor: Actor, action: str, subject: str, *, user_id: UUID | None = None) -> None:
    """For every merchant that the user is a member of; for none, where there is none. It is the actor, unless said."""
    tx.execute(
        """insert into audit_log (merchant_id, user_id, actor, action, subject, address)
           select merchant_id, %(user_id)s::uuid, %(actor)s, %(action)s, %(subject)s, %(address)s
             from memberships where user_id = %(of)s
            union all
           select null, %(user_id)s::uuid, %(actor)s, %(action)s, %(subject)s, %(address)s
            where not exists (select from memberships where user_id = %(of)s)""",
        {
            "of": user_id or actor.user_id,
            "user_id": actor.user_id,
            "actor": actor.name,
            "action": action,
            "subject": subject,
            "address": actor.address,
        },
    )


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: Mapping[str, Any]) -> Rows:
    columns = "id, created_at, actor, action, subject, details, address"
    return pages.select(tx, table="audit_log", columns=columns, merchant_id=merchant_id, page=page, where=where)
