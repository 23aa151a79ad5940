"""How many requests a caller may send, and have under way: decided in the event loop, before any thread or query.

A caller is a merchant's API key once its secret has proved right; until then it is the address the request comes
from. So made-up keys gain nothing, and nobody can use up a merchant's share who only knows the key, which is public.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from chalicelib.http import BANK_PATHS, PAGES

from local import sources
from shared.errors import TooManyRequests

BURST_SECONDS = 2  # a bucket holds what comes in this time
CALLERS_MAX = 10_000  # remembered at once; of more, those that were silent longest start anew
UNLIMITED = frozenset(("/health", "/openapi.json"))
# A POST to one of these takes a password, and much work.
SIGN_IN = frozenset(("/api/v1/session", "/api/v1/session/confirm", "/api/v1/session/password", "/api/v1/team"))
SIGN_INS_PER_SECOND = 5  # from an address; how many may be wrong, the database counts
PUBLIC = "/public"  # how the paths of the checkout's calls end, which take no secret
BUSY_SECONDS = 1  # what a caller with too much under way is told to wait


class Admission(NamedTuple):
    """Whether a request is let in; `headers` belong on its answer either way. To be given back with `leave`."""

    caller: str
    headers: dict[str, str]
    refusal: TooManyRequests | None = None


class Buckets:
    """A bucket of tokens for each caller: a request takes one, and time brings them back."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self.size = per_second * BURST_SECONDS
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when there were so many

    def take(self, caller: str) -> tuple[bool, float]:
        """Whether there was a token, and how many are left."""
        now = self._clock()
        tokens, at = self._left.get(caller) or (self.size, now)
        tokens = min(self.size, tokens + (now - at) * self.per_second)
        taken = tokens >= 1
        if taken:
            tokens -= 1
        self._left[caller] = tokens, now
        self._left.move_to_end(caller)
        if len(self._left) > CALLERS_MAX:
            self._left.popitem(last=False)
        return taken, tokens


class Limits:
    """Those of one process. For one thread, the event loop's. A limit of 0 is none."""

    def __init__(
        self,
        *,
        per_second: int,
        concurrent: int,
        checkout_per_second: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buckets = Buckets(per_second, clock)
        self._checkout = Buckets(checkout_per_second, clock)
        self._sign_ins = Buckets(min(per_second, SIGN_INS_PER_SECOND), clock)
        self._concurrent = concurrent
        self._under_way: dict[str, int] = {}
        self._proved: OrderedDict[int, None] = OrderedDict()  # hashes of keys with their right secrets

    def enter(self, *, path: str, key: str | None, secret: str | None, source: str, method: str = "GET") -> Admission:
        """Lets a request in or refuses it. `source` is an address."""
        if path in SIGN_IN and method == "POST":
            buckets, caller = self._sign_ins, f"sign-in {sources.network(source)}"
        elif path in PAGES or path.endswith(PUBLIC) or path.startswith(BANK_PATHS):
            buckets, caller = self._checkout, f"checkout {sources.network(source)}"
        elif key and hash((key, secret)) in self._proved:
            buckets, caller = self._buckets, f"key {key}"
        else:
            buckets, caller = self._buckets, f"from {sources.network(source)}"
        headers = {}
        if buckets.per_second:
            taken, left = buckets.take(caller)
            headers = {
                "RateLimit-Limit": str(buckets.size),
                "RateLimit-Remaining": str(int(left)),
                "RateLimit-Reset": str(math.ceil((buckets.size - left) / buckets.per_second)),
            }
            if not taken:
                seconds = max(1, math.ceil((1 - left) / buckets.per_second))
                refusal = TooManyRequests(
                    f"Too many requests: at most {buckets.per_second} a second. Try again in {seconds} s.",
                    reason="rate_limited",
                )
                return Admission(caller, headers | {"Retry-After": str(seconds)}, refusal)
        under_way = self._under_way.get(caller, 0)
        if self._concurrent and under_way >= self._concurrent:
            refusal = TooManyRequests(
                f"Too many requests under way: at most {self._concurrent} at once. Wait for their answers.",
                reason="too_many_concurrent_requests",
            )
            return Admission(caller, headers | {"Retry-After": str(BUSY_SECONDS)}, refusal)
        self._under_way[caller] = under_way + 1
        return Admission(caller, headers)

    def leave(self, admission: Admission) -> None:
        """The request is answered. Once for every `enter`."""
        if admission.refusal is None:
            left = self._under_way[admission.caller] - 1
            if left:
                self._under_way[admission.caller] = left
            else:
                del self._under_way[admission.caller]

    def prove(self, key: str, secret: str | None) -> None:
        """These credentials were let in: from now on they count by their key."""
        credentials = hash((key, secret))
        self._proved[credentials] = None
        self._proved.move_to_end(credentials)
        if len(self._proved) > CALLERS_MAX:
            self._proved.popitem(last=False)

    def disprove(self, key: str, secret: str | None) -> None:
        """These credentials were refused, though they may have been right before."""
        self._proved.pop(hash((key, secret)), None)
