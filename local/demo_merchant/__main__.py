"""Runs the shop: `python -m local.demo_merchant`."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
from functools import partial

from granian import Granian
from granian.constants import Interfaces

from local.demo_merchant.app import App, create_app
from local.demo_merchant.gateway import Gateway
from local.demo_merchant.inbox import Inbox
from local.demo_merchant.registration import register_webhook
from local.demo_merchant.settings import BadSetting, Settings, read_settings

# Enough that a few pages waiting for a slow gateway never keep a webhook waiting.
THREADS = 16
# A request still running when the shop is told to stop gets this long.
STOP_SECONDS_MAX = 1


def main() -> None:
    try:
        settings = read_settings(os.environ)
        address = _free_address(settings)
    except BadSetting as problem:
        sys.exit(f"demo merchant: {problem}")
    server = Granian(
        "local.demo_merchant",  # a name only: the application is made by the loader below
        address=address,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,  # what the shop remembers is in one process's memory
        blocking_threads=THREADS,
        workers_kill_timeout=STOP_SECONDS_MAX,
        websockets=False,
        log_enabled=False,
    )

    @server.on_startup
    def _say() -> None:
        place = f"[{address}]" if ":" in address else address
        print(
            f"demo merchant: shop on http://{place}:{settings.port}, webhooks at {settings.webhook_url}",
            flush=True,
        )

    server.serve(target_loader=partial(_load, settings), wrap_loader=False)


def _free_address(settings: Settings) -> str:
    """The IP address to listen on, once it is sure that nobody else does.

    The server shares its port willingly (SO_REUSEPORT): a second shop would start without a word and each
    would receive half of the webhooks.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or error
        raise BadSetting(
            f"MERCHANT_HOST {settings.host} with MERCHANT_PORT {settings.port} cannot be used: {reason}."
        ) from error
    return str(address[0])


def _load(settings: Settings) -> App:
    """Make the application, in the process that serves it."""
    gateway = Gateway(api_url=settings.api_url, api_key=settings.api_key, api_secret=settings.api_secret)
    threading.Thread(target=register_webhook, args=(gateway, settings.webhook_url), daemon=True).start()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    return create_app(settings, gateway, Inbox())


def _stop_with_parent() -> None:
    """A killed parent cannot tell its child to stop: without this the child would keep the port for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
