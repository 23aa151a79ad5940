"""Merchants and their API keys: signing up, and rolling a key while the old one still works."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from uuid import UUID, uuid4

from msgspec import UNSET, UnsetType
from psycopg.errors import UniqueViolation

from shared import ids, signatures
from shared.addresses import Reach
from shared.db import merchants
from shared.db.database import Tx
from shared.domain import notes as domain_notes
from shared.domain import origin
from shared.domain.merchant import ApiKey, Merchant
from shared.errors import BadRequest, NotFound
from shared.sealing import Sealer
from shared.services import identity, webhook_endpoints

NAME_CHARACTERS_MAX = 255
EMAIL_CHARACTERS_MAX = 254
KEYS_MAX = 20  # that work at once
SECRET_BYTES = 24  # 192 bits
OVERLAP_SECONDS = 24 * 3600
OVERLAP_SECONDS_MAX = 30 * 24 * 3600

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def register(
    tx: Tx,
    sealer: Sealer,
    *,
    id: UUID,
    name: str,
    email: str,
    api_key: str,
    api_secret: str,
    webhook_secret: str,
) -> bool:
    """A merchant with these credentials; False and nothing changed if it is there already."""
    if not merchants.insert_once(tx, id=id, name=name, email=email, api_key=api_key):
        return False
    merchants.insert_key(tx, id, api_key=api_key, secret_digest=identity.digest(api_secret))
    webhook_endpoints.create_first(tx, sealer, id, secret=webhook_secret)
    return True


def create(
    tx: Tx,
    sealer: Sealer,
    *,
    name: str,
    email: str,
    webhook_url: str | None,
    checkout_origins: Sequence[str] = (),
    production: bool,
    reach: Reach,
) -> tuple[Merchant, str, str]:
    """A new merchant, its API secret and its webhook secret, which nobody can read again."""
    name = _checked_name(name)
    check_email(email)
    id, (api_key, api_secret) = uuid4(), _new_credentials(production=production)
    webhook_secret = signatures.new_webhook_secret()
    if not register(
        tx,
        sealer,
        id=id,
        name=name,
        email=email,
        api_key=api_key,
        api_secret=api_secret,
        webhook_secret=webhook_secret,
    ):
        raise _email_taken()
    if webhook_url is not None:
        webhook_endpoints.update_first(tx, id, url=webhook_url, events=UNSET, reach=reach)
    if checkout_origins:
        _set_checkout_origins(tx, id, checkout_origins)
    return merchants.get(tx, id), api_secret, webhook_secret


def find(tx: Tx, merchant_id: str) -> Merchant:
    """For an operator. Raises NotFound."""
    try:
        merchant = merchants.find(tx, UUID(merchant_id))
    except ValueError:
        merchant = None
    if merchant is None:
        raise NotFound("Merchant not found")
    return merchant


def update(
    tx: Tx,
    merchant_id: UUID,
    *,
    name: str | UnsetType = UNSET,
    email: str | UnsetType = UNSET,
    webhook_url: str | UnsetType | None,
    webhook_events: Sequence[str] | UnsetType,
    checkout_origins: Sequence[str] | UnsetType = UNSET,
    reach: Reach,
) -> Merchant:
    """What it is called, where events go from now on, which, and whose pages may frame the checkout. A URL of `None`
    sends none; what is unset stays as it is."""
    if not (isinstance(name, UnsetType) and isinstance(email, UnsetType)):
        _set_identity(tx, merchant_id, name=name, email=email)
    webhook_endpoints.update_first(tx, merchant_id, url=webhook_url, events=webhook_events, reach=reach)
    if not isinstance(checkout_origins, UnsetType):
        _set_checkout_origins(tx, merchant_id, checkout_origins)
    return merchants.get(tx, merchant_id)


def create_key(tx: Tx, merchant_id: UUID, *, production: bool) -> tuple[ApiKey, str]:
    """A further key, and its secret."""
    merchants.lock(tx, merchant_id)
    if len(merchants.keys(tx, merchant_id)) >= KEYS_MAX:
        raise BadRequest(f"A merchant has at most {KEYS_MAX} keys that work: revoke one", reason="too_many_keys")
    api_key, api_secret = _new_credentials(production=production)
    return merchants.insert_key(tx, merchant_id, api_key=api_key, secret_digest=identity.digest(api_secret)), api_secret


def roll_key(
    tx: Tx, merchant_id: UUID, api_key: str, *, overlap_seconds: int | None, production: bool
) -> tuple[ApiKey, str]:
    """A key in place of another, which works on until the overlap is over; and the new one's secret."""
    overlap = OVERLAP_SECONDS if overlap_seconds is None else overlap_seconds
    if not 0 <= overlap <= OVERLAP_SECONDS_MAX:
        raise BadRequest(f"overlap_seconds must be from 0 to {OVERLAP_SECONDS_MAX}", field="overlap_seconds")
    merchants.lock(tx, merchant_id)
    if not identity.is_key(api_key) or merchants.expire_key(tx, merchant_id, api_key, seconds=overlap) is None:
        raise NotFound("API key not found")
    return create_key(tx, merchant_id, production=production)


def revoke_key(tx: Tx, merchant_id: UUID, api_key: str) -> ApiKey:
    """Ends a key at once. The last one that works without end stays: nobody is to lock themselves out."""
    merchants.lock(tx, merchant_id)
    working = merchants.keys(tx, merchant_id)
    if api_key not in {key.api_key for key in working}:
        raise NotFound("API key not found")
    if not any(key.expires_at is None for key in working if key.api_key != api_key):
        raise BadRequest("This is the only key that works without end: roll it instead", reason="last_key")
    revoked = merchants.expire_key(tx, merchant_id, api_key, seconds=0)
    if revoked is None:  # its time was over this instant
        raise NotFound("API key not found")
    merchants.show_key(tx, merchant_id)
    return revoked


def _set_checkout_origins(tx: Tx, merchant_id: UUID, origins: Sequence[str]) -> None:
    merchants.set_checkout_origins(tx, merchant_id, origin.check_all(origins, field="checkout_origins"))


def _set_identity(tx: Tx, merchant_id: UUID, *, name: str | UnsetType, email: str | UnsetType) -> None:
    if not isinstance(email, UnsetType):
        check_email(email)
    try:
        merchants.set_identity(
            tx,
            merchant_id,
            name=None if isinstance(name, UnsetType) else _checked_name(name),
            email=None if isinstance(email, UnsetType) else email,
        )
    except UniqueViolation:
        raise _email_taken() from None


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX:
        raise BadRequest(f"name must have 1 to {NAME_CHARACTERS_MAX} characters", field="name")
    return domain_notes.check_text(name, field="name").strip()


def _email_taken() -> BadRequest:
    return BadRequest("There is a merchant with this email", field="email", reason="email_taken")


def check_email(email: str) -> None:
    if len(email) > EMAIL_CHARACTERS_MAX or not email.isprintable() or _EMAIL.fullmatch(email) is None:
        raise BadRequest("email must look like name@example.com", field="email")


def _new_credentials(*, production: bool) -> tuple[str, str]:
    mode = "live" if production else "test"
    return ids.new(f"key_{mode}"), f"secret_{mode}_{secrets.token_urlsafe(SECRET_BYTES)}"
