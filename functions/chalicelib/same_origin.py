"""Whether a write that a cookie lets in was caused by a page of ours: browsers say, and no script can lie for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.errors import Forbidden

_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\s]+)", re.IGNORECASE)
_JSON = re.compile(r"application/json(\s*;.*)?", re.IGNORECASE)
_PORTS = {"http": ":80", "https": ":443"}


def check(request: Any, *, production: bool, known: str | None) -> None:
    """Raises Forbidden. What a form can send is refused whoever sends it.

    `known` is the address of the dashboard, where somebody has said it: behind a proxy that does not hand on the host
    that it was asked for, pages cannot be told by that.
    """
    headers = request.headers
    content_type = headers.get("content-type")
    sends_json = content_type is not None and _JSON.fullmatch(content_type.strip()) is not None
    if not sends_json and (content_type is not None or request.raw_body):
        raise Forbidden("Send the body as JSON, with the header Content-Type: application/json", reason="csrf")
    _check_origin(headers, production=production, known=known)


def check_sign_in(headers: Mapping[str, str], *, production: bool, known: str | None) -> None:
    """Where no cookie is needed: what is no browser says nothing of a page, and may go on."""
    if "origin" in headers or "sec-fetch-site" in headers:
        _check_origin(headers, production=production, known=known)


def _check_origin(headers: Mapping[str, str], *, production: bool, known: str | None) -> None:
    origin, site, host = headers.get("origin"), headers.get("sec-fetch-site"), headers.get("host")
    if not _is_own(origin, site, host, production=production, known=known):
        raise Forbidden("This call is for pages of this site only", reason="csrf")


def _is_own(origin: str | None, site: str | None, host: str | None, *, production: bool, known: str | None) -> bool:
    if origin == "null":
        return False
    if site is not None:  # what the browser itself makes of it, and right behind any proxy that changes the host
        return site == "same-origin"
    found = _ORIGIN.fullmatch(origin or "")
    if found is None:
        return False
    scheme = found["scheme"].lower()
    # Behind a proxy that ends TLS we do not know our own scheme; in production it is never http.
    if production and scheme != "https":
        return False
    asking = _without_port(found["host"], scheme)
    ours = _ORIGIN.match(known or "")
    if ours is not None and (scheme, asking) == (ours["scheme"].lower(), _without_port(ours["host"], scheme)):
        return True
    return host is not None and asking == _without_port(host, scheme)


def _without_port(host: str, scheme: str) -> str:
    return host.lower().removesuffix(_PORTS[scheme])
