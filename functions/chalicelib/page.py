"""The page decorator: HTML that a person's browser opens, with the headers that keep a payment page to itself.

A page is a built shell, the same for everybody; what it shows it asks of the API. Only who may frame it differs.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psycopg
from chalice import Blueprint, Response
from chalice.app import Request

from chalicelib import runtime
from chalicelib.http import ENDPOINTS, HSTS_SECONDS, PAGES, RETRY_SECONDS, Endpoint
from chalicelib.runtime import Runtime

SHELLS = Path(__file__).parent / "pages"  # made by `npm run build` in checkout/
HTML = "text/html; charset=utf-8"

# Who may frame a page, as a Content-Security-Policy says it, of every page around: a frame in a frame must allow both.
NOBODY = ("'none'",)
ANYBODY = ("*",)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors "
)
_REFUSED_FEATURES = (
    *("accelerometer", "bluetooth", "camera", "display-capture", "geolocation", "gyroscope", "hid"),
    *("magnetometer", "microphone", "midi", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Cross-Origin-Resource-Policy": "cross-origin",  # a shop that isolates itself may embed the page
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": "no-store",
    "Permissions-Policy": ", ".join([*(f"{feature}=()" for feature in _REFUSED_FEATURES), "payment=(self)"]),
}

log = logging.getLogger(__name__)


def page(
    routes: Blueprint, path: str, *, html: str, summary: str
) -> Callable[[Callable[[Runtime, Mapping[str, str]], Sequence[str]]], Callable[..., Sequence[str]]]:
    """Registers a page. The function is given the query, and says whose pages may frame this one."""
    assert path in PAGES, f"say in http.PAGES that {path} is a page"
    ENDPOINTS.append(
        Endpoint(
            method="GET",
            path=path,
            caller="checkout",
            role=None,
            confirmed=False,
            body=None,
            body_optional=False,
            query=None,
            answer=None,
            status=200,
            summary=summary,
            errors=(),
            tag="Checkout",
            keyed=False,
            secret_answer=False,
            trusting=False,
            waits=False,
            page=True,
        )
    )

    def register(function: Callable[[Runtime, Mapping[str, str]], Sequence[str]]) -> Callable[..., Sequence[str]]:
        def view() -> Response:
            on, request = runtime.current(), routes.current_request
            request_id = request.context.get("requestId", "")
            ancestors: Sequence[str] = NOBODY
            more = {"Content-Type": HTML, "X-Request-Id": request_id}
            try:
                ancestors = function(on, _query(request))
                status, body = 200, _shell(html)
            except FileNotFoundError:
                status, body = 503, _told("This page is not built yet: run npm ci and npm run build in checkout/.")
            except psycopg.OperationalError as error:
                log.warning("page refused: id=%s %s", request_id, " ".join(str(error).split()))
                status, body = 503, _told("The checkout is not available right now. Try again in a moment.")
                more["Retry-After"] = str(RETRY_SECONDS)
            except Exception:
                log.exception("page failed: id=%s %s", request_id, path)
                status, body = 500, _told("Something went wrong on our side. Try again in a moment.")
            sent = headers(ancestors, production=on.config.production)
            return Response(body=body, status_code=status, headers=sent | more)

        view.__name__ = function.__name__
        routes.route(path, methods=["GET"], content_types=[])(view)
        return function

    return register


def headers(ancestors: Sequence[str], *, production: bool) -> dict[str, str]:
    """What goes with a page, whatever became of it. `ancestors` are sources of frame-ancestors, checked when stored."""
    sent = {"Content-Security-Policy": _POLICY + " ".join(ancestors), **_HEADERS}
    if production:
        sent["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
    return sent


def _query(request: Request) -> dict[str, str]:
    """What the address says once. Of a name that is there twice a browser's page reads the first, Chalice the last: who
    may frame the page would be said by another order than the one it shows."""
    given = request.query_params
    if given is None:
        return {}
    named = {name: given.getlist(name) for name in given}
    return {name: values[0] for name, values in named.items() if len(values) == 1}


@functools.cache
def _shell(name: str) -> str:
    """Read once; not found is looked for again."""
    return (SHELLS / f"{name}.html").read_text(encoding="utf-8")


def _told(sentence: str) -> str:
    return f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Checkout</title><p>{sentence}</p></html>\n'
