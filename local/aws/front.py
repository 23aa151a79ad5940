"""API Gateway: a REST API whose routes are functions (Lambda-proxy integrations), and what it answers by itself.

Not here: throttling by the stage, authorizers, models, binary media types, caching.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import time
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.aws.deployed import Api, GatewayAnswer, Route
from local.aws.functions import Closed, EventTooLarge, Functions, Result, Throttled
from local.aws.http_listener import HttpListener
from local.aws.sandbox import trace_id

BODY_BYTES_MAX = 10 * 1024 * 1024
HEADER_BYTES_MAX = 10_240  # in all
DISCARDED_BYTES_MAX = 4 * BODY_BYTES_MAX  # of a body that is too large, so that its sender reads the answer
IDLE_SECONDS = 310.0  # API Gateway's for a connection, and a little
CALLS_MAX = 512  # to functions at once
API_ID = "local00000"

JSON = "application/json"

# By the type of answer: its own status and words. Types that are not customized follow DEFAULT_4XX or DEFAULT_5XX.
OWN_ANSWERS = {
    "BAD_REQUEST_PARAMETERS": (400, "Bad Request", "BadRequestException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "REQUEST_TOO_LARGE": (413, f"HTTP content length exceeded {BODY_BYTES_MAX} bytes.", "RequestTooLargeException"),
    "INTEGRATION_FAILURE": (500, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out", "InternalServerErrorException"),
    "DEFAULT_5XX": (502, "Internal server error", "InternalServerErrorException"),
}

# Of requests: what concerns one connection only. The length is told anew by whoever reads the body.
REQUEST_DROPPED = frozenset(
    [
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
# Of answers: what is dropped, and what is told under a name that no client looks for.
ANSWER_DROPPED = frozenset(
    ["content-length", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"]
)
ANSWER_RENAMED = frozenset(
    [
        "authorization",
        "connection",
        "content-md5",
        "date",
        "host",
        "max-forwards",
        "server",
        "user-agent",
        "www-authenticate",
    ]
)
# Who calls, by means that are not configured here.
NOBODY = tuple(
    [
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    ]
)
ANSWER_MEMBERS = frozenset(("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"))

_PARAMETER = re.compile(r"{(\w+)}")
_VARIABLE = re.compile(r"\$((?:context|method)(?:\.[A-Za-z][\w-]*)+)")


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    target: str  # as sent: path and query
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class Malformed(Exception):
    """The function's answer is none that API Gateway understands."""


class Front:
    """Serves the API below `/{stage}`, as API Gateway's own host name does; `custom_domain`: below `/`."""

    def __init__(
        self,
        api: Api,
        functions: Functions,
        *,
        port: int = 0,
        custom_domain: bool = False,
        region: str = "us-east-1",
        account: str = "123456789012",
    ) -> None:
        self._api = api
        self._functions = functions
        self._prefix = "" if custom_domain else f"/{api.stage}"
        self._domain = f"{API_ID}.execute-api.{region}.amazonaws.com"
        self._account = account
        # Fixed segments before parameters, from left to right.
        self._routes = sorted(api.routes, key=lambda route: [bool(_PARAMETER.search(s)) for s in route.path.split("/")])
        self._calls = ThreadPoolExecutor(CALLS_MAX, thread_name_prefix="integration")
        front = self

        class Handler(_Handler):
            def answer(self, request: Request) -> Answer:
                return front.answer(request)

            def refuse(self, request: Request, kind: str) -> Answer:
                return front.refuse(request, kind)

        self._listener = HttpListener(Handler, port=port, name="api-gateway")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.port}{self._prefix}"

    def start(self) -> None:
        self._listener.start()

    def close(self) -> None:
        """Functions that run on are waited for: end them first."""
        self._listener.close()
        self._calls.shutdown()

    def answer(self, request: Request) -> Answer:
        context = self._context(request)
        if sum(len(name) + len(value) for name, value in request.headers) > HEADER_BYTES_MAX:
            return self._refused(request, context, "BAD_REQUEST_PARAMETERS")
        path, _, query = request.target.partition("?")
        found = self._find(request.method, path.removeprefix(self._prefix)) if path.startswith(self._prefix) else None
        if found is None:
            return self._refused(request, context, "MISSING_AUTHENTICATION_TOKEN")
        route, parameters = found
        context |= {"resourcePath": route.path, "resourceId": f"{zlib.crc32(route.path.encode()):08x}"[:6]}
        event = self._event(request, route, path.removeprefix(self._prefix), parameters, query, context)
        call = self._calls.submit(self._functions.invoke, route.function, event)
        try:
            result = call.result(timeout=route.timeout_seconds)
            return _from_function(result, context)
        except TimeoutError:
            # The function goes on, and nobody hears it.
            return self._refused(request, context, "INTEGRATION_TIMEOUT")
        except EventTooLarge:
            return self._refused(request, context, "REQUEST_TOO_LARGE")
        except (Throttled, Closed):
            return self._refused(request, context, "INTEGRATION_FAILURE")
        except Malformed:
            return self._refused(request, context, "DEFAULT_5XX")

    def refuse(self, request: Request, kind: str) -> Answer:
        """The answer to a request that is not even looked at."""
        return self._refused(request, self._context(request), kind)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        segments = path.split("/")
        for route in self._routes:
            wanted = route.path.split("/")
            if len(wanted) == len(segments) and route.method in (method, "ANY"):
                parameters = {}
                for want, segment in zip(wanted, segments, strict=True):
                    name = _PARAMETER.fullmatch(want)
                    if name and segment:
                        parameters[name[1]] = unquote(segment)
                    elif want != segment:
                        break
                else:
                    return route, parameters
        return None

    def _context(self, request: Request) -> dict[str, Any]:
        now = time.time()
        agent = next((value for name, value in request.headers if name.lower() == "user-agent"), None)
        return {
            "resourceId": "",
            "resourcePath": "",
            "httpMethod": request.method,
            "extendedRequestId": base64.b64encode(os.urandom(11)).decode(),
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "path": request.target.partition("?")[0],
            "accountId": self._account,
            "protocol": "HTTP/1.1",
            "stage": self._api.stage,
            "domainPrefix": API_ID,
            "requestTimeEpoch": int(now * 1000),
            "requestId": str(uuid.uuid4()),
            "identity": dict.fromkeys(NOBODY) | {"sourceIp": request.source_ip, "userAgent": agent},
            "domainName": self._domain,
            "deploymentId": "local",
            "apiId": API_ID,
        }

    def _event(
        self,
        request: Request,
        route: Route,
        path: str,
        parameters: Mapping[str, str],
        query: str,
        context: Mapping[str, Any],
    ) -> dict[str, Any]:
        sent = [(name, value) for name, value in request.headers if name.lower() not in REQUEST_DROPPED]
        before = [value for name, value in sent if name.lower() == "x-forwarded-for"]
        sent = [(name, value) for name, value in sent if not name.lower().startswith("x-forwarded-")]
        sent += [
            ("X-Amzn-Trace-Id", trace_id().partition(";")[0]),
            ("X-Forwarded-For", ", ".join([*before, request.source_ip])),
            ("X-Forwarded-Port", "443"),
            ("X-Forwarded-Proto", "https"),
        ]
        asked = parse_qsl(query, keep_blank_values=True)
        return {
            "resource": route.path,
            "path": path,
            "httpMethod": request.method,
            "headers": dict(sent),
            "multiValueHeaders": _grouped(sent),
            "queryStringParameters": dict(asked) or None,
            "multiValueQueryStringParameters": _grouped(asked) or None,
            "pathParameters": dict(parameters) or None,
            "stageVariables": None,
            "requestContext": dict(context),
            # Without binary media types a body is text, whatever it was.
            "body": request.body.decode(errors="replace") if request.body else None,
            "isBase64Encoded": False,
        }

    def _refused(self, request: Request, context: Mapping[str, Any], kind: str) -> Answer:
        status, message, exception = OWN_ANSWERS[kind]
        fallback = self._api.answers.get(f"DEFAULT_{status // 100}XX", GatewayAnswer())
        custom = self._api.answers.get(kind, fallback)
        known = dict(context) | {
            "error": {"message": message, "messageString": json.dumps(message), "responseType": kind},
        }
        headers = {"Content-Type": JSON, "x-amzn-ErrorType": exception}
        for name, expression in custom.headers.items():
            value = _mapped(expression, request, known)
            if value is not None:
                headers[name] = value
        body = _filled(custom.body, request, known) if custom.body else json.dumps({"message": message})
        return Answer(status=custom.status or status, headers=[*headers.items(), *_ids(context)], body=body.encode())


def _from_function(result: Result, context: Mapping[str, Any]) -> Answer:
    """Raises Malformed."""
    try:
        told = json.loads(result.payload)
    except ValueError:
        raise Malformed from None
    if result.error is not None or not isinstance(told, dict) or told.keys() - ANSWER_MEMBERS:
        raise Malformed
    status, body = told.get("statusCode"), told.get("body")
    if isinstance(status, bool) or not re.fullmatch(r"[1-5]\d\d", str(status)) or not isinstance(body, str | None):
        raise Malformed
    status = int(str(status))
    headers = list(_told_headers(told))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", JSON))
    trace = ("X-Amzn-Trace-Id", trace_id().partition(";")[0])
    # Without binary media types what is encoded stays so.
    return Answer(status=status, headers=[*headers, *_ids(context), trace], body=(body or "").encode())


def _told_headers(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Those of `headers` and `multiValueHeaders`, each value once. Raises Malformed."""
    single, multiple = told.get("headers") or {}, told.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        raise Malformed
    all_of_them = [(name, value) for name, values in multiple.items() for value in _list(values)]
    all_of_them += [pair for pair in single.items() if pair not in all_of_them]
    for name, value in all_of_them:
        if not isinstance(value, str | int | float):
            raise Malformed
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if name.lower() in ANSWER_RENAMED:
            yield f"x-amzn-Remapped-{name}", text
        elif name.lower() not in ANSWER_DROPPED:
            yield name, text


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise Malformed
    return values


def _ids(context: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("x-amzn-RequestId", context["requestId"]), ("x-amz-apigw-id", context["extendedRequestId"])]


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _mapped(expression: str, request: Request, known: Mapping[str, Any]) -> str | None:
    """The value of a mapping expression; None if what it names is not there."""
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        return expression[1:-1]
    return _looked_up(expression, request, known)


def _filled(template: str, request: Request, known: Mapping[str, Any]) -> str:
    """The template with its variables; what is not there is empty."""
    return _VARIABLE.sub(lambda found: _looked_up(found[1], request, known) or "", template)


def _looked_up(name: str, request: Request, known: Mapping[str, Any]) -> str | None:
    if name.startswith("method.request.header."):
        wanted = name.removeprefix("method.request.header.")
        return next((value for sent, value in request.headers if sent.lower() == wanted.lower()), None)
    if name.startswith("method.request.querystring."):
        asked = dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
        return asked.get(name.removeprefix("method.request.querystring."))
    value: Any = known
    for part in name.removeprefix("context.").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else str(value)


class _TooLarge(Exception):
    pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def refuse(self, request: Request, kind: str) -> Answer:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        """Any method: which ones there are is for the routes to say."""
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def _do(self) -> None:
        parts: dict[str, Any] = {
            "method": self.command,
            "target": self.path,
            "headers": [(name, _text(value)) for name, value in self.headers.items()],
            "source_ip": self.client_address[0],
        }
        try:
            answer = self.answer(Request(**parts, body=self._body()))
        except _TooLarge:
            self.close_connection = True
            answer = self.refuse(Request(**parts, body=b""), "REQUEST_TOO_LARGE")
        except ValueError:  # no length, or no chunks
            self.close_connection = True
            answer = self.refuse(Request(**parts, body=b""), "BAD_REQUEST_PARAMETERS")
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        if not any(name.lower() == "date" for name, _ in answer.headers):
            self.send_header("Date", self.date_time_string())
        for name, value in answer.headers:
            self.send_header(_one_line(name), _one_line(value))
        if answer.status >= 200 and answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if self.command != "HEAD" and answer.status >= 200 and answer.status not in (204, 304):
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _body(self) -> bytes:
        """Raises _TooLarge, and ValueError for what is no body."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length < 0:
            raise ValueError(length)
        if length > BODY_BYTES_MAX:
            self._discard(length)
            raise _TooLarge
        body = self.rfile.read(length)
        if len(body) < length:
            raise ValueError("the sender hung up")
        return body

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(100).partition(b";")[0], 16):
            if size < 0 or len(body) + size > BODY_BYTES_MAX:
                self._discard(size)
                raise _TooLarge
            body += self.rfile.read(size)
            self.rfile.readline(100)
        while self.rfile.readline(1000).strip():
            pass  # trailers
        return body

    def _discard(self, length: int) -> None:
        left = min(length, DISCARDED_BYTES_MAX)
        while left > 0 and (part := self.rfile.read(min(left, 1 << 16))):
            left -= len(part)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What is not even HTTP: in the shape of API Gateway's edge, and the connection ends."""
        self.close_connection = True
        self.request_version = self.protocol_version  # else there would be no head: it is taken for HTTP/0.9
        body = json.dumps({"message": message or "Bad Request"}).encode()
        self.send_response_only(code)
        for name, value in (("Content-Type", JSON), ("Content-Length", str(len(body))), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """The functions' logs tell enough."""


def _text(value: str) -> str:
    """Header bytes are read as UTF-8 where they are."""
    return value.encode("latin-1", "replace").decode("utf-8", "replace")


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n]+", " ", text).encode("utf-8", "replace").decode("latin-1")
