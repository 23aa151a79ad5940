"""What a file of a site is served with: its type, how long it may be kept, and who may use it."""

from __future__ import annotations

import mimetypes
import re
from pathlib import PurePosixPath

YEAR_SECONDS = 365 * 24 * 3600
SDK_SECONDS = 300  # merchants' pages load it by its name for years: a bad one is gone in minutes
SDK = frozenset(("checkout.js", "checkout.mjs", "checkout.d.ts", "sdk.json"))
# The copy that a page may pin by its hash: checkout-1.0.0-3fa94c0b.js
PINNED_SDK = re.compile(r"checkout-[0-9A-Za-z.]+-[A-Za-z0-9_-]{8,}\.js")
# A build tool's name for a file whose content never changes: index-B3xq9Zk1.js
HASHED = re.compile(r"-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
# The dashboard's own addresses are shown by its one page; everything else below its assets is a file or not there.
DASHBOARD_PAGE = "index.html"
DASHBOARD_ASSETS = "/dashboard/assets/"
DASHBOARD_HOME = "/dashboard"
# Addresses that once were files, and where each page is.
DASHBOARD_MOVED = {
    "/dashboard/webhooks.html": "/dashboard/webhooks",
    "/dashboard/docs.html": "/dashboard/docs",
}
# Of checkout files none is a page: were one opened as one, it could load nothing and be framed by nobody.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# The dashboard's page and what it loads: from its own origin alone, framed by nobody, with no feature of the device.
DASHBOARD_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def content_type(name: str) -> str:
    return TYPES.get(PurePosixPath(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def cache_control(name: str) -> str:
    if name in SDK:
        return f"public, max-age={SDK_SECONDS}"
    if HASHED.search(name) and not name.endswith(".html"):
        return f"public, max-age={YEAR_SECONDS}, immutable"
    return "no-cache"


def is_sdk(name: str) -> bool:
    """Whether merchants' pages load it. They may read it too, so that they can pin it and isolate themselves."""
    return name in SDK or PINNED_SDK.fullmatch(name) is not None


def headers(name: str) -> dict[str, str]:
    """All that goes with the checkout's file of this name."""
    sdk = is_sdk(name)
    return {
        "Content-Type": content_type(name),
        "Cache-Control": cache_control(name),
        **HEADERS,
        "Cross-Origin-Resource-Policy": "cross-origin" if sdk else "same-origin",
        **({"Access-Control-Allow-Origin": "*"} if sdk else {}),
    }


def dashboard_headers(name: str) -> dict[str, str]:
    """All that goes with the dashboard's file of this name."""
    return {"Content-Type": content_type(name), "Cache-Control": cache_control(name), **DASHBOARD_HEADERS}


def dashboard_file(path: str) -> str | None:
    """What shows the dashboard at this path of a request; None where that is nothing of the dashboard's."""
    if path.startswith(DASHBOARD_ASSETS):
        return path.removeprefix("/")
    if path in ("/login", DASHBOARD_HOME) or path.startswith(f"{DASHBOARD_HOME}/"):
        return DASHBOARD_PAGE
    return None
