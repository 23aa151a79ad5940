"""Passwords at rest: argon2id, at OWASP's least of 19 MiB and two passes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from shared.domain.user import normal
from shared.errors import Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB = 19 * 1024
PASSES = 2
AT_ONCE_MAX = 4  # each takes 19 MiB: a crowd at the door must not take all the memory there is
TURN_SECONDS = 5  # how long one waits for its turn; a hash takes a small part of a second
# Of a password that was drawn and forgotten. Who has no account is compared with it, at the same cost.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$d4sbngtWdcynlHUd2md6eQ$xsTAaEEzYxEpIsAM4s28NIiJxNOaNnWcZFtPnYcqq1M"

_turn = threading.BoundedSemaphore(AT_ONCE_MAX)


def hash(password: str) -> str:
    with _a_turn():
        return _hasher().hash(_bytes(password))


def is_right(password: str, hashed: str | None) -> bool:
    """Whether it is the password. Without a hash the answer is no, and takes the same work."""
    from argon2.exceptions import VerifyMismatchError

    with _a_turn():
        try:
            _hasher().verify(NOBODYS if hashed is None else hashed, _bytes(password))
        except VerifyMismatchError:
            return False
    return hashed is not None


@contextmanager
def _a_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=TURN_SECONDS):
        raise Unavailable("Too many passwords are being looked at; try again", reason="unavailable")
    try:
        yield
    finally:
        _turn.release()


def is_outdated(hashed: str) -> bool:
    """Whether it was made at another cost than today's."""
    return _hasher().check_needs_rehash(hashed)


def _bytes(password: str) -> bytes:
    return normal(password).encode("utf-8", "surrogatepass")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # only who signs in should wait for it

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16)
