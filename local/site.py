"""A site of one origin: its files from memory, its pages and calls by the handlers, everything else 404."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import app as handlers
from chalicelib import http
from chalicelib.page import HSTS_SECONDS

from local import runtime
from local.api_gateway import ApiGateway, HttpAnswer, new_request_id
from local.http_server import HttpServer
from local.metrics import Metrics
from local.static_files import FILE, StaticFiles
from shared.config import Config
from shared.errors import MethodNotAllowed

READING = ("GET", "HEAD")


def start(settings: Config, folder: Path, metrics_folder: Path, *, name: str, home: str) -> Site:
    """The checkout's site with the files of `folder`. `home` is where / leads; `name` is what Postgres shows of it."""
    on = runtime.start(settings, name=name)
    hsts = {"Strict-Transport-Security": f"max-age={HSTS_SECONDS}"} if settings.production else {}
    # Pages call their own origin, so no other one may.
    gateway = ApiGateway(
        handlers.app,
        cors_origins=(),
        production=settings.production,
        paths={endpoint.path for endpoint in http.ENDPOINTS if endpoint.of_checkout},
    )
    server = HttpServer(settings, gateway, Metrics(metrics_folder, on.database.sibling("metrics")), scraped=False)
    return Site(StaticFiles(folder, more_headers=hsts), gateway, server, home=home)


class Site:
    """Granian's native interface in front of files and handlers."""

    def __init__(self, files: StaticFiles, gateway: ApiGateway, server: HttpServer, *, home: str) -> None:
        self.files = files
        self._gateway = gateway
        self._server = server
        self._home = home

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path not in self.files and scope.path != "/":
            await self._server.__rsgi__(scope, protocol)
            return
        answer = self._answer(scope)
        headers = list(answer.headers.items())
        if scope.method == "HEAD":
            protocol.response_empty(answer.status, [*headers, ("Content-Length", str(len(answer.body)))])
        else:
            protocol.response_bytes(answer.status, headers, answer.body)

    def _answer(self, scope: Any) -> HttpAnswer:
        if scope.method not in READING:
            allow = ", ".join(READING)
            refusal = MethodNotAllowed("This is a file", reason="method_not_allowed", allow=allow)
            return self._gateway.refuse(refusal, path=scope.path, origin=None, request_id=new_request_id())
        if scope.path == "/":
            return HttpAnswer(302, {"Location": self._home, "Cache-Control": "no-store"}, b"", FILE)
        return self.files.answer(scope.path, scope.headers)
