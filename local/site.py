"""A site of one origin: its files from memory, its calls by the handlers, everything else 404.

The checkout's site has the few calls of its pages. The dashboard's has the whole API, and the API's own port has the
dashboard: a page calls its own origin, so that its cookie never leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import app as handlers
from chalicelib import http, request_log
from chalicelib.http import HSTS_SECONDS

from local import runtime
from local.api_gateway import ApiGateway, HttpAnswer, new_request_id
from local.config import ROOT
from local.http_server import HttpServer
from local.metrics import Metrics
from local.static_files import FILE, StaticFiles
from shared import site_files
from shared.config import Config
from shared.errors import MethodNotAllowed

READING = ("GET", "HEAD")
# Made by `npm run build` in their folders.
CHECKOUT_DIST = ROOT / "checkout" / "dist"
DASHBOARD_DIST = ROOT / "dashboard" / "dist"
NOT_BUILT = b"This page is not built: run make web, or npm install and npm run build in dashboard/, and start again.\n"


def start_checkout(settings: Config, folder: Path, metrics_folder: Path) -> Site:
    """The checkout's site with the files of `folder`."""
    on = runtime.start(settings, name="checkout")
    # Pages call their own origin, so no other one may.
    gateway = ApiGateway(
        handlers.app,
        cors_origins=(),
        production=settings.production,
        paths={endpoint.path for endpoint in http.ENDPOINTS if endpoint.of_checkout},
    )
    server = HttpServer(settings, gateway, Metrics(metrics_folder, on.database.sibling("metrics")), scraped=False)
    files = StaticFiles(folder, more_headers=_hsts(settings))
    return Site(files, gateway, server, find=lambda path: path if path in files else None, moved={"/": "/checkout"})


def start_dashboard(settings: Config, folder: Path, metrics_folder: Path) -> Site:
    """The dashboard's site with the files of `folder`: it has the whole API but for pages, which others may frame."""
    paths = {endpoint.path for endpoint in http.ENDPOINTS} - http.PAGES
    metrics = _metrics(settings, metrics_folder, name="dashboard")
    gateway = ApiGateway(
        handlers.app,
        cors_origins=(),
        production=settings.production,
        paths=paths,
        which_noted=settings.request_log,
    )
    server = HttpServer(settings, gateway, metrics, scraped=False)
    moved = {"/": site_files.DASHBOARD_HOME, **site_files.DASHBOARD_MOVED}
    return Site(_dashboard_files(settings, folder), gateway, server, find=_dashboard_file, moved=moved)


def start_api(settings: Config, folder: Path, metrics_folder: Path) -> Site:
    """The API on its own port, with the dashboard of `folder`. `metrics_folder` is common to its processes."""
    metrics = _metrics(settings, metrics_folder, name="api")
    gateway = ApiGateway(
        handlers.app,
        cors_origins=settings.cors_origins,
        production=settings.production,
        which_noted=settings.request_log,
    )
    server = HttpServer(settings, gateway, metrics)
    files = _dashboard_files(settings, folder)
    return Site(files, gateway, server, find=_dashboard_file, moved=site_files.DASHBOARD_MOVED)


class Site:
    """Granian's native interface in front of files and handlers.

    `find` says which file is shown at a path: None where the handlers answer. `moved` says where a path leads.
    """

    def __init__(
        self,
        files: StaticFiles,
        gateway: ApiGateway,
        server: HttpServer,
        *,
        find: Callable[[str], str | None],
        moved: Mapping[str, str],
    ) -> None:
        self.files = files
        self._gateway = gateway
        self._server = server
        self._find = find
        self._moved = moved

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        answer = self._answer(scope)
        if answer is None:
            await self._server.__rsgi__(scope, protocol)
            return
        headers = list(answer.headers.items())
        if scope.method == "HEAD":
            protocol.response_empty(answer.status, [*headers, ("Content-Length", str(len(answer.body)))])
        else:
            protocol.response_bytes(answer.status, headers, answer.body)

    def _answer(self, scope: Any) -> HttpAnswer | None:
        """None where the handlers answer."""
        moved, file = self._moved.get(scope.path), self._find(scope.path)
        if moved is None and file is None:
            return None
        if scope.method not in READING:
            allow = ", ".join(READING)
            refusal = MethodNotAllowed("This is a file", reason="method_not_allowed", allow=allow)
            return self._gateway.refuse(refusal, path=scope.path, origin=None, request_id=new_request_id())
        if moved is not None:
            return HttpAnswer(302, {"Location": moved, "Cache-Control": "no-store"}, b"", FILE)
        assert file is not None, "one of the two is there"
        if file in self.files:
            return self.files.answer(file, scope.headers)
        if file == _PAGE:
            headers = site_files.DASHBOARD_HEADERS | {"Content-Type": "text/plain; charset=utf-8"}
            return HttpAnswer(503, headers | {"Cache-Control": "no-store"}, NOT_BUILT, FILE)
        return None


_PAGE = f"/{site_files.DASHBOARD_PAGE}"


def _dashboard_file(path: str) -> str | None:
    name = site_files.dashboard_file(path)
    return None if name is None else f"/{name}"


def _dashboard_files(settings: Config, folder: Path) -> StaticFiles:
    return StaticFiles(folder, headers=site_files.dashboard_headers, more_headers=_hsts(settings))


def _hsts(settings: Config) -> dict[str, str]:
    return {"Strict-Transport-Security": f"max-age={HSTS_SECONDS}"} if settings.production else {}


def _metrics(settings: Config, folder: Path, *, name: str) -> Metrics:
    """Of a server of the whole API, which also notes calls for merchants. `name` is what Postgres shows of it."""
    on = runtime.start(settings, name=name)
    metrics = Metrics(folder, on.database.sibling("metrics"))
    request_log.use(request_log.Gathered(on.database.sibling("requests"), dropped=metrics.unnoted))
    return metrics
