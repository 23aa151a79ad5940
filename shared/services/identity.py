"""Who is calling: API keys and their secrets."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from shared.db import merchants
from shared.db.database import Tx
from shared.errors import AuthenticationError

_NOBODY = bytes(32)  # compared with when the key is unknown, so that both refusals take the same steps
KEY_CHARACTERS_MAX = 255


def digest(secret: str) -> bytes:
    """What is kept of a secret. It is random and long, so a plain hash of it tells nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def authenticate(tx: Tx, *, api_key: str | None, api_secret: str | None) -> UUID:
    """The merchant. Raises AuthenticationError, in the same words for a wrong key and a wrong secret."""
    if not api_key or not api_secret:
        raise AuthenticationError(
            "Authentication required: send X-Api-Key and X-Api-Secret", reason="credentials_missing"
        )
    known = None
    if len(api_key) <= KEY_CHARACTERS_MAX and api_key.isascii() and api_key.isprintable():
        known = merchants.credential(tx, api_key)
    merchant_id, wanted = known or (None, _NOBODY)
    right = hmac.compare_digest(digest(api_secret), wanted)
    if merchant_id is None or not right:
        raise AuthenticationError("Invalid API credentials", reason="credentials_invalid")
    return merchant_id
