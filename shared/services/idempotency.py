"""Idempotency: same merchant, same key, same request: one effect, and the same answer to the byte.

The key is claimed in the transaction that does the work and stores the answer. A crash leaves nothing of any of them;
a twin waits for the first to commit and is given its answer; a refusal rolls the key back, to be used again.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import LockNotAvailable

from shared.db import idempotency
from shared.db.database import Tx
from shared.errors import BadRequest, Conflict, Unprocessable
from shared.sealing import Sealer

KEY_CHARACTERS_MAX = 255

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer that was given under the key."""

    status: int
    response: str


def check_key(key: str) -> str:
    if _KEY.fullmatch(key) is None:
        raise BadRequest(
            f"Idempotency-Key must have 1 to {KEY_CHARACTERS_MAX} printable ASCII characters and no spaces",
            field="Idempotency-Key",
            reason="invalid_idempotency_key",
        )
    return key


def begin(
    tx: Tx, merchant_id: UUID, key: str, *, method: str, path: str, request: bytes, secret: bytes, sealer: Sealer
) -> Answered | None:
    """None: the key is ours, do the work and `end` it. Otherwise the answer that was given before.

    `secret` keys the fingerprint of `request`. Raises Unprocessable for a key that belongs to another request, and
    Conflict while the first request under it is still being worked on.
    """
    request_mac = hmac.digest(secret, b"\x00".join((method.encode(), path.encode(), request)), "sha256")
    try:
        ours = idempotency.claim(tx, merchant_id, key, method=method, path=path, request_mac=request_mac)
    except LockNotAvailable as error:
        raise Conflict(
            "The first request with this Idempotency-Key is still being worked on; try again",
            reason="idempotency_in_progress",
        ) from error
    if ours:
        return None
    stored = idempotency.find(tx, merchant_id, key)
    assert stored is not None, "it kept us out, and only a sweep of old keys removes it"
    if not hmac.compare_digest(stored.request_mac, request_mac):
        raise Unprocessable(
            "This Idempotency-Key was used for another request; use a new one",
            field="Idempotency-Key",
            reason="idempotency_key_reused",
        )
    if stored.sealed is not None:
        return Answered(stored.status, sealer.open(stored.sealed, belongs_to=_belongs_to(merchant_id, key)))
    return Answered(stored.status, stored.response)


def end(tx: Tx, merchant_id: UUID, key: str, *, status: int, response: str, sealer: Sealer | None = None) -> None:
    """Keeps the answer; sealed, if a sealer is given: one that shows a secret must not lie in the open."""
    sealed = None if sealer is None else sealer.seal(response, belongs_to=_belongs_to(merchant_id, key))
    idempotency.store(tx, merchant_id, key, status=status, response=response if sealed is None else "", sealed=sealed)


def _belongs_to(merchant_id: UUID, key: str) -> str:
    return f"idempotency_keys/{merchant_id}/{key}/response"
