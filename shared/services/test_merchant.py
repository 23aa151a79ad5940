"""The merchant to try things with: the same everywhere, made at start outside production."""

from __future__ import annotations

from uuid import UUID

from shared.db import users
from shared.db.database import Tx
from shared.sealing import Sealer
from shared.services import merchants

ID = UUID("550e8400-e29b-41d4-a716-446655440000")
API_KEY = "key_test_abc123"
API_SECRET = "secret_test_xyz789"  # noqa: S105 (published on purpose)
WEBHOOK_SECRET = "whsec_test_abc123"  # noqa: S105
EMAIL = "test@example.com"
# Its owner, who is the operator too, so that all of the dashboard can be seen.
USER_ID = UUID("7d8f5a52-5b1c-4c8e-9a49-3c1f0a6f2e11")
PASSWORD = "password"  # noqa: S105
_PASSWORD_HASH = "$argon2id$v=19$m=19456,t=2,p=1$MW48WEQ6MQFIew8s+O9G2g$BqkJ9E716yU+YmITllkRrTllzjw2QWPeP/IE1t2YYIc"  # noqa: S105


def seed(tx: Tx, sealer: Sealer) -> None:
    """Makes it and its owner if they are not there; what was changed since stays."""
    merchants.register(
        tx,
        sealer,
        id=ID,
        name="Test Merchant",
        email=EMAIL,
        api_key=API_KEY,
        api_secret=API_SECRET,
        webhook_secret=WEBHOOK_SECRET,
    )
    made = users.insert_once(
        tx, id=USER_ID, email=EMAIL, name="Test Owner", password_hash=_PASSWORD_HASH, is_operator=True
    )
    if made is not None:
        users.put_membership(tx, USER_ID, ID, "owner")
