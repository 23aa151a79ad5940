"""The shop's web server, as a WSGI application: its pages, what they ask for, and the webhook receiver."""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from local.demo_merchant.gateway import Gateway, Refused, Unavailable
from local.demo_merchant.inbox import Inbox
from local.demo_merchant.settings import Settings
from local.demo_merchant.shop import PRODUCTS, Shop
from local.demo_merchant.signatures import STANDARD_HEADERS, check

WEBHOOK_BYTES_MAX = 64 * 1024
ASKED_BYTES_MAX = 4 * 1024  # a purchase, or what the checkout told of a payment

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
ORDER_PATH = re.compile(r"/orders/(order_[A-Za-z0-9]{16})", re.ASCII)
# It becomes part of an address at the gateway.
PAYMENT_ID = re.compile(r"pay_[A-Za-z0-9]{16}", re.ASCII)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Problem(Exception):
    """A request that cannot be served, and what to say about it."""

    def __init__(self, status: HTTPStatus, code: str, description: str, *headers: tuple[str, str]) -> None:
        super().__init__(description)
        self.answer = _json({"error": {"code": code, "description": description}}, status, *headers)


Route = Callable[[WSGIEnvironment], Answer]
App = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


def create_app(settings: Settings, gateway: Gateway, inbox: Inbox, *, now: Callable[[], float] = time.time) -> App:
    """Put the routes together. Everything that is remembered lives in what is passed in or made here."""
    shop = Shop(gateway, webhook_secret=settings.webhook_secret)
    every_answer = _every_answer(settings.checkout_url)
    catalogue = {"products": [asdict(product) for product in PRODUCTS.values()], "checkout_url": settings.checkout_url}
    routes: dict[str, dict[str, Route]] = {
        **{path: {"GET": partial(_file, answer)} for path, answer in _files().items()},
        "/shop.json": {"GET": lambda _: _json(catalogue)},
        "/gateway.json": {"GET": lambda _: _gateway_state(settings, gateway)},
        "/webhooks.json": {"GET": partial(_webhooks, inbox)},
        "/buy": {"POST": partial(_buy, shop, settings)},
        "/confirm": {"POST": partial(_confirm, shop)},
        "/webhook": {"POST": partial(_receive, inbox, settings.webhook_secret, now)},
    }

    def find(path: str) -> dict[str, Route]:
        order = ORDER_PATH.fullmatch(path)
        return {"GET": lambda _: _sale(shop, order[1])} if order else routes.get(path, {})

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        try:
            answer = _dispatch(find(environ.get("PATH_INFO") or "/"), method, environ)
        except Problem as problem:
            answer = problem.answer
        except Unavailable:
            answer = _unavailable(settings.api_url)
        except Refused as refused:
            answer = _refused(refused)
        except Exception:
            log.exception("action=request_failed method=%s", method)
            answer = _json(
                {
                    "error": {
                        "code": "INTERNAL_ERROR",
                        "description": "The shop made a mistake; its log says which.",
                    }
                },
                HTTPStatus.INTERNAL_SERVER_ERROR,
            )
        headers = [
            ("Content-Type", answer.content_type),
            *every_answer,
            *answer.headers,
        ]
        if answer.status is not HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [b"" if method == "HEAD" else answer.body]

    return app


def _every_answer(checkout_url: str) -> list[tuple[str, str]]:
    """The headers of every answer. The checkout's script and frame are all that comes from elsewhere."""
    policy = {
        "default-src": "'self'",
        "script-src": f"'self' {checkout_url}",
        "frame-src": checkout_url,
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return [
        ("Content-Security-Policy", "; ".join(f"{name} {sources}" for name, sources in policy.items())),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ]


def _dispatch(methods: dict[str, Route], method: str, environ: WSGIEnvironment) -> Answer:
    if not methods:
        raise Problem(HTTPStatus.NOT_FOUND, "NOT_FOUND_ERROR", "There is nothing at this address.")
    route = methods.get("GET" if method == "HEAD" else method)
    if route is None:
        allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
        raise Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "BAD_REQUEST_ERROR",
            f"This address answers {allowed} only.",
            ("Allow", allowed),
        )
    return route(environ)


# Pages


def _files() -> dict[str, Answer]:
    """Every file the shop serves, by address, read once: no request's path ever becomes a file's path."""
    folder = Path(__file__).parent / "static"
    files = {}
    for file in folder.iterdir():
        body = file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = (("ETag", etag), ("Cache-Control", "no-cache"))
        files[f"/{file.name}"] = Answer(HTTPStatus.OK, body, CONTENT_TYPES[file.suffix], headers)
    files["/"] = files.pop("/index.html")
    files["/thanks"] = files.pop("/thanks.html")
    return files


def _file(answer: Answer, environ: WSGIEnvironment) -> Answer:
    return _unless_known(answer, environ)


def _unless_known(answer: Answer, environ: WSGIEnvironment) -> Answer:
    """The answer, or 304 when the page has this very version already."""
    etag = dict(answer.headers)["ETag"]
    if environ.get("HTTP_IF_NONE_MATCH") != etag:
        return answer
    return Answer(HTTPStatus.NOT_MODIFIED, content_type=answer.content_type, headers=answer.headers)


# What the page asks for


def _gateway_state(settings: Settings, gateway: Gateway) -> Answer:
    """Whether the gateway can be used, in words for the page. The answer itself is always 200."""
    try:
        webhook_url = gateway.merchant().get("webhook_url")
    except Unavailable:
        return _json({"state": "unavailable", "description": _unavailable_words(settings.api_url)})
    except Refused as refused:
        return _json({"state": "refused", "description": f"The gateway refuses this shop: {refused}"})
    if webhook_url == settings.webhook_url:
        return _json({"state": "connected", "description": ""})
    if webhook_url:
        # Not shown: the address of another receiver may hold a secret. Nor is it surely another's, as one
        # place has many names (localhost, host.docker.internal).
        description = (
            "Webhooks go to the address set in the dashboard. "
            f"If they do not arrive here, set it to {settings.webhook_url}."
        )
    else:
        description = f"Webhooks are not sent anywhere. Set {settings.webhook_url} in the dashboard to see them."
    return _json({"state": "connected", "description": description})


def _webhooks(inbox: Inbox, environ: WSGIEnvironment) -> Answer:
    etag = inbox.etag  # read before the list: a webhook in between is then shown twice rather than never
    answer = _json({"webhooks": inbox.listing()}, HTTPStatus.OK, ("ETag", etag))
    return _unless_known(answer, environ)


def _buy(shop: Shop, settings: Settings, environ: WSGIEnvironment) -> Answer:
    product = PRODUCTS.get(str(_asked(environ).get("product")))
    if product is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "BAD_REQUEST_ERROR", f"Choose a product: {', '.join(PRODUCTS)}.")
    checkout = {"key": settings.api_key, "checkout_url": settings.checkout_url}
    return _json(shop.order(product) | checkout, HTTPStatus.CREATED)


def _confirm(shop: Shop, environ: WSGIEnvironment) -> Answer:
    asked = _asked(environ)
    told = {name: asked.get(name) for name in ("order_id", "payment_id", "signature")}
    texts = {name: value for name, value in told.items() if isinstance(value, str)}
    if len(texts) < len(told) or not PAYMENT_ID.fullmatch(texts["payment_id"]):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "BAD_REQUEST_ERROR",
            "Send order_id, payment_id and signature, as the checkout told them.",
        )
    confirmed = shop.confirm(**texts)
    if confirmed is None:
        raise _unknown_order()
    return _json(confirmed)


def _sale(shop: Shop, order_id: str) -> Answer:
    sale = shop.sale(order_id)
    if sale is None:
        raise _unknown_order()
    return _json(sale)


def _unknown_order() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "NOT_FOUND_ERROR", "This shop remembers no such order.")


# What the gateway sends


def _receive(inbox: Inbox, secret: str, now: Callable[[], float], environ: WSGIEnvironment) -> Answer:
    body = _body(environ, WEBHOOK_BYTES_MAX)
    headers = {
        name: environ.get("HTTP_" + name.upper().replace("-", "_"), "")
        for name in ("x-webhook-signature", *STANDARD_HEADERS)
    }
    received_at = now()
    marks = check(headers, body, secret=secret, now=received_at)
    if not marks.accepted:
        inbox.reject(marks=marks, now=received_at)
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "AUTHENTICATION_ERROR",
            "The signature does not fit the body and WEBHOOK_SECRET, or its timestamp is too old.",
        )
    new = inbox.accept(_object(body), webhook_id=headers["webhook-id"] or None, marks=marks, now=received_at)
    return _json({"received": True, "duplicate": not new})


# Bodies and answers


def _asked(environ: WSGIEnvironment) -> dict[str, Any]:
    """What one of the shop's own pages asks for."""
    # Asking for JSON also keeps other sites' forms out: a browser lets no form send it.
    if environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower() != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST_ERROR", "Send it as application/json.")
    return _object(_body(environ, ASKED_BYTES_MAX))


def _body(environ: WSGIEnvironment, bytes_max: int) -> bytes:
    """The exact bytes of the request's body; at most one too many is read, whatever its headers claim."""
    body: bytes = environ["wsgi.input"].read(bytes_max + 1)
    if len(body) > bytes_max:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "BAD_REQUEST_ERROR",
            f"The body is larger than {bytes_max} bytes.",
        )
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, a number of absurd length; too deep
        value = None
    if not isinstance(value, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "BAD_REQUEST_ERROR", "The body is not a JSON object.")
    return value


def _json(value: Any, status: HTTPStatus = HTTPStatus.OK, *headers: tuple[str, str]) -> Answer:
    return Answer(status, json.dumps(value).encode(), headers=(("Cache-Control", "no-store"), *headers))


def _unavailable(api_url: str) -> Answer:
    error = {"code": "GATEWAY_UNAVAILABLE", "description": _unavailable_words(api_url)}
    return _json({"error": error}, HTTPStatus.SERVICE_UNAVAILABLE)


def _unavailable_words(api_url: str) -> str:
    return f"The payment gateway does not answer at {api_url}. Start it, then try again."


def _refused(refused: Refused) -> Answer:
    error = {"code": refused.code, "description": f"The gateway refused: {refused}"}
    return _json({"error": error}, HTTPStatus.BAD_GATEWAY)
