"""Lambda's Invoke API, for one caller at a time: `POST /2015-03-31/functions/{name}/invocations`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import unquote

from local.aws.functions import Result

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")

Invoke = Callable[[str, bytes], Result]


@contextmanager
def invoke_api(invoke: Invoke) -> Iterator[str]:
    """Its URL. `invoke` is called with a function's name and the event, and may raise KeyError for an unknown one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = _PATH.fullmatch(self.path.partition("?")[0])
            try:
                if found is None:
                    raise KeyError(self.path)
                result = invoke(unquote(found[1]), event)
            except KeyError as error:
                body = json.dumps({"Message": f"Function not found: {error}"}).encode()
                self._answer(404, {"x-amzn-ErrorType": "ResourceNotFoundException"}, body)
                return
            failed = {"X-Amz-Function-Error": "Unhandled"} if result.error else {}
            self._answer(200, {"X-Amz-Executed-Version": "$LATEST", **failed}, result.payload)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="invoke-api")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
