"""The merchant to try things with: the same everywhere, made at start outside production."""

from __future__ import annotations

from uuid import UUID

from shared.db.database import Tx
from shared.sealing import Sealer
from shared.services import merchants

ID = UUID("550e8400-e29b-41d4-a716-446655440000")
API_KEY = "key_test_abc123"
API_SECRET = "secret_test_xyz789"  # noqa: S105 (published on purpose)
WEBHOOK_SECRET = "whsec_test_abc123"  # noqa: S105


def seed(tx: Tx, sealer: Sealer) -> None:
    """Makes it if it is not there; what was changed since stays."""
    merchants.register(
        tx,
        sealer,
        id=ID,
        name="Test Merchant",
        email="test@example.com",
        api_key=API_KEY,
        api_secret=API_SECRET,
        webhook_secret=WEBHOOK_SECRET,
    )
