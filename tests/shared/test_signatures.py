"""Both signatures are what receivers compute for themselves, and none survives a changed byte."""

from __future__ import annotations

import base64
import hashlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared import signatures

BODY = '{"event":"payment.success","note":"₹"}'.encode()
NOW = 1_700_000_000


def headers(
    *, secret: str, body: bytes = BODY, webhook_id: str = "evt_0123456789abcXYZ", timestamp: int = NOW
) -> dict[str, str]:
    return signatures.headers(secret=secret, webhook_id=webhook_id, timestamp=timestamp, body=body)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC as RFC 2104 writes it: two hashes around the message."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def flip(data: bytes, bit: int) -> bytes:
    """The data with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


@given(
    secret=st.one_of(st.builds(signatures.new_webhook_secret), st.text(min_size=1, max_size=100)),
    body=st.binary(max_size=300),
)
@settings(deadline=None)
def test_the_plain_signature_is_hex_hmac_of_the_body_keyed_with_the_whole_secret(secret: str, body: bytes) -> None:
    shown = headers(secret=secret, body=body)["X-Webhook-Signature"]
    assert shown == hmac_sha256(secret.encode(), body).hex()
    assert shown == shown.lower()


def test_the_plain_signature_of_the_test_merchant_is_the_one_its_receiver_expects() -> None:
    # printf '%s' '{"event":"payment.success"}' | openssl dgst -sha256 -hmac whsec_test_abc123
    signature = headers(secret="whsec_test_abc123", body=b'{"event":"payment.success"}')["X-Webhook-Signature"]
    assert signature == "68db5c712c1755f85e19c06ec783197c7fc580436ea7bb9a6a98667e92b7daf5"


@given(body=st.binary(max_size=300).map(lambda raw: b'{"data":"' + base64.b64encode(raw) + b'"}'))
@settings(deadline=None)
def test_a_published_verifier_accepts_what_we_sign_with_a_generated_secret(body: bytes) -> None:
    secret = signatures.new_webhook_secret()
    Webhook(secret).verify(body, headers(secret=secret, body=body, timestamp=int(time.time())))


@given(bit=st.integers(0, 8 * len(BODY) - 1))
@settings(deadline=None)
def test_a_published_verifier_refuses_a_body_with_any_bit_changed(bit: int) -> None:
    secret = signatures.new_webhook_secret()
    sent = headers(secret=secret, timestamp=int(time.time()))
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):  # changed bytes need not be text any more
        Webhook(secret).verify(flip(BODY, bit), sent)
    assert headers(secret=secret, body=flip(BODY, bit))["X-Webhook-Signature"] != sent["X-Webhook-Signature"]


def test_a_published_verifier_refuses_another_id_and_another_time() -> None:
    secret, now = signatures.new_webhook_secret(), int(time.time())
    sent = headers(secret=secret, timestamp=now)
    Webhook(secret).verify(BODY, sent)
    for changed in ({"webhook-id": "evt_0123456789abcXYz"}, {"webhook-timestamp": str(now + 1)}):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(secret).verify(BODY, sent | changed)


def test_a_published_verifier_refuses_another_secret() -> None:
    sent = headers(secret=signatures.new_webhook_secret(), timestamp=int(time.time()))
    with pytest.raises(WebhookVerificationError):
        Webhook(signatures.new_webhook_secret()).verify(BODY, sent)


def test_the_standard_headers_say_what_was_signed() -> None:
    sent = headers(secret=signatures.new_webhook_secret(), webhook_id="evt_A", timestamp=NOW)
    assert set(sent) == {"X-Webhook-Signature", "webhook-id", "webhook-timestamp", "webhook-signature"}
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == ("evt_A", str(NOW))
    assert sent["webhook-signature"].startswith("v1,")


def test_a_generated_secret_is_24_random_bytes_in_base64_and_another_each_time() -> None:
    drawn = {signatures.new_webhook_secret() for _ in range(100)}
    assert len(drawn) == 100
    for secret in drawn:
        prefix, text = secret[:6], secret[6:]
        assert prefix == "whsec_"
        assert len(base64.b64decode(text, validate=True)) >= 24


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_" + base64.b64encode(bytes(range(24))).decode(), bytes(range(24))),
        ("whsec_" + base64.b64encode(bytes(range(64))).decode(), bytes(range(64))),
        (base64.b64encode(bytes(range(32))).decode(), bytes(range(32))),
        ("whsec_test_abc123", b"whsec_test_abc123"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), b"whsec_" + base64.b64encode(bytes(23))),
        ("whsec_ünlesbar", "whsec_ünlesbar".encode()),
        ("plain", b"plain"),
    ],
)
def test_the_standard_key_is_what_the_secret_encodes_or_the_secret_itself(secret: str, key: bytes) -> None:
    sent = headers(secret=secret, webhook_id="evt_A", timestamp=NOW)
    signed = f"evt_A.{NOW}.".encode() + BODY
    assert sent["webhook-signature"] == "v1," + base64.b64encode(hmac_sha256(key, signed)).decode()
