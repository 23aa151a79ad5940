"""Tells the gateway, once at start, where this shop wants its webhooks."""

import time
from collections.abc import Callable

from local.demo_merchant.gateway import Gateway, Refused, Unavailable

# The shop is often started before the API is up.
UNAVAILABLE_WAIT_SECONDS = 1
# A wrong key does not mend itself from one second to the next, but the merchant may still be being set up.
REFUSED_WAIT_SECONDS = 15


def register_webhook(gateway: Gateway, webhook_url: str, *, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Set the merchant's webhook URL unless there is one: a URL set by a person is never overwritten.

    Asks until the gateway has answered. Returns whether the URL was set here.
    """
    while True:
        try:
            if gateway.merchant().get("webhook_url"):
                return False
            gateway.set_webhook_url(webhook_url)
            return True
        except Unavailable:
            sleep(UNAVAILABLE_WAIT_SECONDS)
        except Refused:
            sleep(REFUSED_WAIT_SECONDS)
