"""Secrets that must be read back, at rest: AES-256-GCM, bound to the row they belong to."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_VERSION = b"\x01"  # of the layout: version, nonce, ciphertext with tag


class Sealer:
    """Seals and opens with one key. A sealed value moved to another row or column does not open."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # most requests need none of it

        return AESGCM(self._key)

    def seal(self, secret: str, *, belongs_to: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret.encode(), belongs_to.encode())

    def open(self, sealed: bytes, *, belongs_to: str) -> str:
        """Raises cryptography.exceptions.InvalidTag if the key or the row is another."""
        if sealed[:1] != _VERSION or len(sealed) <= _NONCE_BYTES:
            from cryptography.exceptions import InvalidTag

            raise InvalidTag
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return self._cipher.decrypt(nonce, text, belongs_to.encode()).decode()


def webhook_secret_of(merchant_id: object) -> str:
    """What a merchant's webhook secret is bound to."""
    return f"merchants/{merchant_id}/webhook_secret"
