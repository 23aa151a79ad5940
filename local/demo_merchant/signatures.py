"""Whether the gateway really said it: a webhook, by two signatures over its exact bytes; a success at the checkout."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Mark = Literal["verified", "not verified", "not sent"]

# Standard Webhooks: a stolen delivery cannot be replayed later than this, clocks may differ by as much.
TOLERANCE_SECONDS = 5 * 60
# Standard Webhooks: a generated secret holds at least this many random bytes; anything else is text.
GENERATED_KEY_BYTES_MIN = 24
STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True)
class Marks:
    """What the check of each signature found. `plain` is X-Webhook-Signature."""

    plain: Mark
    standard: Mark

    @property
    def accepted(self) -> bool:
        """The plain signature is always sent; the standard one must be right once any part of it is there."""
        return self.plain == "verified" and self.standard != "not verified"


def check(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> Marks:
    """Check both signatures. Header names are lower case, values as WSGI has them; `now`: unix seconds."""
    return Marks(plain=_plain(headers, body, secret), standard=_standard(headers, body, secret, now))


def check_success(signature: str, *, order_id: str, payment_id: str, secret: str) -> bool:
    """Whether the gateway signed that this payment paid this order: what the checkout told the customer's browser.

    It says nothing of the amount: ask the gateway for the payment.
    """
    expected = hmac.new(secret.encode(), f"{order_id}|{payment_id}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(errors="replace"), expected.encode())


def _plain(headers: Mapping[str, str], body: bytes, secret: str) -> Mark:
    if not headers.get("x-webhook-signature"):
        return "not sent"
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _mark(_equal(headers["x-webhook-signature"], expected))


def _standard(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> Mark:
    webhook_id, timestamp, signatures = (headers.get(name, "") for name in STANDARD_HEADERS)
    if not (webhook_id or timestamp or signatures):
        return "not sent"
    if not (webhook_id and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return "not verified"
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return "not verified"
    signed = _wire(f"{webhook_id}.{timestamp}.") + body
    digest = hmac.new(standard_key(secret), signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    # Several may be sent, parted by spaces, while a secret is being changed: one that fits is enough.
    return _mark(any(_equal(given, expected) for given in signatures.split(" ")))


def standard_key(secret: str) -> bytes:
    """The key of the standard signature: what follows `whsec_` in base64, or the secret's own characters."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    return key if len(key) >= GENERATED_KEY_BYTES_MIN else secret.encode()


def _mark(fits: bool) -> Mark:
    return "verified" if fits else "not verified"


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(_wire(given), _wire(expected))


def _wire(header: str) -> bytes:
    """The bytes a header had on the wire (WSGI shows them as Latin-1)."""
    return header.encode("latin-1", "replace")
