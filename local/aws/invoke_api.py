"""Lambda's API: `POST /2015-03-31/functions/{name}/invocations` runs here, and everything else goes on to moto."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import urllib3

from local.aws.functions import Result

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
HOP_BY_HOP = ("connection", "content-length", "transfer-encoding", "date", "server")

Invoke = Callable[[str, bytes], Result]


@contextmanager
def invoke_api(invoke: Invoke, elsewhere: str) -> Iterator[str]:
    """Its URL. `invoke` takes a function's name and the event, and may raise KeyError; `elsewhere` is moto's."""
    pool = urllib3.PoolManager(retries=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = _PATH.fullmatch(urlsplit(self.path).path)
            if self.command == "POST" and found is not None:
                self._invoke(unquote(found[1]), body)
            else:
                passed = pool.request(self.command, elsewhere + self.path, body=body, headers=dict(self.headers))
                self._answer(passed.status, passed.headers, passed.data)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _do

        def _invoke(self, name: str, event: bytes) -> None:
            try:
                result = invoke(name, event)
            except KeyError as error:
                told = json.dumps({"Message": f"Function not found: {error}"}).encode()
                self._answer(404, {"x-amzn-ErrorType": "ResourceNotFoundException"}, told)
                return
            failed = {"X-Amz-Function-Error": "Unhandled"} if result.error else {}
            self._answer(200, {"X-Amz-Executed-Version": "$LATEST", **failed}, result.payload)

        def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="invoke-api")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        pool.clear()
