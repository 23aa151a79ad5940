"""How a webhook, and a checkout's success, prove where they come from.

A webhook has two signatures over the exact bytes that are sent. `X-Webhook-Signature` is the plain one: hex
HMAC-SHA256 of the body, keyed with the whole secret. The three `webhook-*` headers follow the Standard Webhooks
specification, which also signs the id and the time.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 (the prefix is public)
PLAIN_HEADER = "X-Webhook-Signature"
PREVIOUS_HEADER = "X-Webhook-Signature-Previous"
SECRET_BYTES = 24  # the least that Standard Webhooks asks for


def new_webhook_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(
    *, secret: str, previous_secrets: Sequence[str] = (), webhook_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The headers to send with the body. `timestamp` is in unix seconds.

    While a secret is being changed the earlier ones sign, too: the standard header lists a signature of each; the plain
    one has a twin for the first of them.
    """
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    secrets_now = [secret, *previous_secrets]
    standard = [base64.b64encode(hmac.digest(_standard_key(one), signed, "sha256")).decode() for one in secrets_now]
    plain = [hmac.digest(one.encode(), body, "sha256").hex() for one in secrets_now]
    return {
        **dict(zip((PLAIN_HEADER, PREVIOUS_HEADER), plain, strict=False)),
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{one}" for one in standard),
    }


def of_success(secrets_now: Sequence[str], *, order_id: str, payment_id: str) -> list[str]:
    """What proves to the merchant's server that the payment of the order succeeded: hex, by each of the secrets.

    No webhook is signed like that: a body begins with a brace, this with `order_`.
    """
    return [hmac.digest(one.encode(), f"{order_id}|{payment_id}".encode(), "sha256").hex() for one in secrets_now]


def _standard_key(secret: str) -> bytes:
    """The bytes behind `whsec_`. A secret that is too short to be one of ours, or no base64, is its own key."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        return secret.encode()
    return key if len(key) >= SECRET_BYTES else secret.encode()
