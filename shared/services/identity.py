"""Who is calling: API keys and their secrets."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from shared.db import merchants
from shared.db.database import Tx
from shared.errors import AuthenticationError, NotFound

OPERATOR = UUID(int=0)  # whose idempotency keys are the operator's own
_NOBODY = bytes(32)  # compared with when the key is unknown, so that both refusals take the same steps
KEY_CHARACTERS_MAX = 255
# Of keys made outside production. One is published, and a database that was developed on keeps them; in production none
# opens anything, whatever the database holds.
TEST_KEYS = "key_test_"


def digest(secret: str) -> bytes:
    """What is kept of a secret. It is random and long, so a plain hash of it tells nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def authenticate(tx: Tx, *, api_key: str | None, api_secret: str | None, production: bool) -> UUID:
    """The merchant. Raises AuthenticationError, in the same words for a wrong key and a wrong secret."""
    if not api_key or not api_secret:
        raise AuthenticationError(
            "Authentication required: send X-Api-Key and X-Api-Secret", reason="credentials_missing"
        )
    if production and api_key.startswith(TEST_KEYS):
        raise AuthenticationError("Test keys do not work in production", reason="credentials_invalid")
    known = None
    if is_key(api_key):
        known = merchants.credential(tx, api_key)
    merchant_id, wanted = known or (None, _NOBODY)
    right = hmac.compare_digest(digest(api_secret), wanted)
    if merchant_id is None or not right:
        raise AuthenticationError("Invalid API credentials", reason="credentials_invalid")
    return merchant_id


def merchant_of(tx: Tx, api_key: str, *, production: bool) -> UUID | None:
    """Whose publishable key it is. It identifies a merchant to the checkout and opens nothing."""
    works = is_key(api_key) and not (production and api_key.startswith(TEST_KEYS))
    known = merchants.credential(tx, api_key) if works else None
    return None if known is None else known[0]


def check_operator(secret: str | None, authorization: str | None) -> None:
    """Raises NotFound where there is no operator's secret, and AuthenticationError unless it was sent."""
    if secret is None:
        raise NotFound("There is no operator API here: set OPERATOR_SECRET", reason="operator_api_off")
    scheme, _, sent = (authorization or "").partition(" ")
    right = hmac.compare_digest(digest(sent), digest(secret))
    if scheme.lower() != "bearer" or not right:
        raise AuthenticationError(
            "The operator's secret is required: Authorization: Bearer …", reason="credentials_invalid"
        )


def is_key(text: str) -> bool:
    """Whether it may be looked up at all."""
    return len(text) <= KEY_CHARACTERS_MAX and text.isascii() and text.isprintable()
