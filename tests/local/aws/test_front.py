"""API Gateway's part: which function an HTTP request reaches, as which event, and what it answers by itself."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.aws.deployed import Api, Deployed, Function, GatewayAnswer, Route
from local.aws.front import Front
from local.aws.functions import EventTooLarge, Functions, Result, Throttled

Make = Callable[..., Function]
Handler = Callable[[dict[str, Any]], Any]


class Stub:
    """Functions in this process: what API Gateway makes of answers is not the sandboxes' matter."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.events: list[dict[str, Any]] = []
        self.names: list[str] = []

    def invoke(self, name: str, event: dict[str, Any]) -> Result:
        self.names.append(name)
        self.events.append(json.loads(json.dumps(event)))
        told = self.handler(event)
        if isinstance(told, Result):
            return told
        return result(told if isinstance(told, bytes) else json.dumps(told).encode())


def result(payload: bytes, error: str | None = None) -> Result:
    return Result(payload=payload, error=error, request_id="r", ms=1, billed_ms=1, init_ms=0, max_memory_mb=1)


def ok(event: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps(event["pathParameters"])}


def routes(*paths: str, timeout_seconds: float = 5) -> list[Route]:
    """`GET /path` each; the function has the name of its path."""
    return [
        Route(method=method, path=path, function=path, timeout_seconds=timeout_seconds)
        for method, path in (path.split() for path in paths)
    ]


class Server:
    def __init__(self, front: Front, stub: Stub) -> None:
        self.url = front.url
        self.stub = stub

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        at = urlsplit(self.url)
        assert at.hostname and at.port
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
        try:
            connection.request(method, at.path + path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """What comes back until the connection ends."""
        at = urlsplit(self.url)
        with socket.create_connection((at.hostname, at.port), timeout=30) as connection:
            connection.sendall(request)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    fronts: list[Front] = []

    def start(
        *paths: str, handler: Handler = ok, answers: Mapping[str, GatewayAnswer] | None = None, **options: Any
    ) -> Server:
        timeout_seconds = options.pop("timeout_seconds", 5)
        api = Api(stage="dev", routes=routes(*paths, timeout_seconds=timeout_seconds), answers=answers or {})
        stub = Stub(handler)
        fronts.append(Front(api, stub, **options))  # type: ignore[arg-type]
        fronts[-1].start()
        return Server(fronts[-1], stub)

    yield start
    for front in fronts:
        front.close()


Serve = Callable[..., Server]


@pytest.mark.parametrize(
    ("method", "path", "reached"),
    [
        ("GET", "/payments/pay_1", "/payments/{id}"),
        ("GET", "/payments/list", "/payments/list"),
        ("GET", "/payments/pay_1/refunds", "/payments/{id}/refunds"),
        ("POST", "/any/thing", "/any/{x}"),
        ("BREW", "/any/thing", "/any/{x}"),
        ("GET", "/payments/pay_1/", None),
        ("GET", "/payments/", None),
        ("GET", "/payments", None),
        ("GET", "//payments/pay_1", None),
        ("POST", "/payments/pay_1", None),
        ("HEAD", "/payments/pay_1", None),
        ("GET", "/PAYMENTS/pay_1", None),
        ("GET", "/", None),
    ],
)
def test_a_path_is_matched_exactly_and_a_fixed_one_wins(
    serve: Serve, method: str, path: str, reached: str | None
) -> None:
    server = serve("GET /payments/{id}", "GET /payments/list", "GET /payments/{id}/refunds", "ANY /any/{x}")
    status, headers, body = server.call(method, path)
    assert server.stub.names == ([reached] if reached else [])
    assert status == (200 if reached else 403)
    if not reached and method != "HEAD":
        assert json.loads(body) == {"message": "Missing Authentication Token"}
        assert headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_the_stage_stands_before_every_path_unless_there_is_a_domain(serve: Serve) -> None:
    server = serve("GET /x")
    assert server.url.endswith("/dev")
    server.url = server.url.removesuffix("/dev")
    assert [server.call("GET", path)[0] for path in ("/dev/x", "/x", "/development/x")] == [200, 403, 403]
    own = serve("GET /x", custom_domain=True)
    assert not own.url.endswith("/dev")
    assert own.call("GET", "/x")[0] == 200
    assert own.stub.events[0]["requestContext"]["path"] == "/x"


def test_the_event_is_api_gateways(serve: Serve) -> None:
    server = serve("POST /payments/{id}")
    before = int(time.time() * 1000)
    port = urlsplit(server.url).port
    request = (
        "POST /dev/payments/a%20b%2Fc?q=1&q=2&empty=&u=%C3%A4 HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\nuser-agent: tests\r\nX-Api-Key: k\r\nx-Twice: one\r\nx-Twice: two\r\n"
        "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: gopher\r\nX-Umlaut: ä\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    ).encode()
    assert b" 200 OK" in server.raw(request + '{"a":"ä"}'.encode()[:9])
    (event,) = server.stub.events
    assert event["resource"] == "/payments/{id}"
    assert event["path"] == "/payments/a%20b%2Fc"
    assert event["httpMethod"] == "POST"
    assert event["pathParameters"] == {"id": "a b/c"}
    assert event["queryStringParameters"] == {"q": "2", "empty": "", "u": "ä"}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"], "empty": [""], "u": ["ä"]}
    assert event["stageVariables"] is None
    assert event["isBase64Encoded"] is False
    headers = event["headers"]
    assert (headers["X-Api-Key"], headers["x-Twice"], headers["X-Umlaut"]) == ("k", "two", "ä"), "names as sent"
    assert event["multiValueHeaders"]["x-Twice"] == ["one", "two"]
    assert headers["X-Forwarded-For"] == "6.6.6.6, 127.0.0.1", "what a caller claims comes first"
    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Port"]) == ("https", "443")
    assert not {"connection", "content-length"} & {name.lower() for name in headers}
    context = event["requestContext"]
    assert context["path"] == "/dev/payments/a%20b%2Fc"
    assert (context["resourcePath"], context["httpMethod"], context["stage"]) == ("/payments/{id}", "POST", "dev")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tests"
    assert context["identity"]["userArn"] is None
    assert (context["protocol"], context["accountId"]) == ("HTTP/1.1", "123456789012")
    assert before <= context["requestTimeEpoch"] <= int(time.time() * 1000)
    assert re.fullmatch(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000", context["requestTime"])
    members = {"resourceId", "extendedRequestId", "domainPrefix", "requestId", "domainName", "apiId"}
    assert members <= context.keys()


def test_what_was_not_sent_is_null(serve: Serve) -> None:
    server = serve("GET /x")
    server.call("GET", "/x")
    (event,) = server.stub.events
    names = ("body", "pathParameters", "queryStringParameters", "multiValueQueryStringParameters")
    assert [event[name] for name in names] == [None] * 4


def test_a_body_is_text_whatever_it_was(serve: Serve) -> None:
    server = serve("POST /x")
    server.call("POST", "/x", b"\xff\x00ok")
    server.call("POST", "/x", "ä".encode())
    assert [event["body"] for event in server.stub.events] == ["\ufffd\x00ok", "ä"]


def test_a_body_may_come_in_chunks(serve: Serve) -> None:
    server = serve("POST /x")
    head = b"POST /dev/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 200 OK" in server.raw(head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    assert server.stub.events[0]["body"] == "abcde"


def test_the_functions_answer_becomes_http(serve: Serve) -> None:
    told = {
        "statusCode": 201,
        "headers": {"X-One": "1", "X-Number": 5, "WWW-Authenticate": "Basic", "Connection": "x", "Content-Length": "9"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-One": ["1"], "Content-Type": ["text/plain"]},
        "body": "grüß",
    }
    server = serve("GET /x", handler=lambda event: told)
    status, headers, body = server.call("GET", "/x")
    assert (status, body.decode()) == (201, "grüß")
    assert headers.get_all("X-One") == ["1"], "what is told twice is one"
    assert headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert (headers["X-Number"], headers["Content-Type"]) == ("5", "text/plain")
    assert headers["WWW-Authenticate"] is None
    assert headers["x-amzn-Remapped-WWW-Authenticate"] == "Basic"
    assert headers["Connection"] == "keep-alive"
    request_id = server.stub.events[0]["requestContext"]["requestId"]
    assert headers["x-amzn-RequestId"] == request_id and headers["x-amz-apigw-id"]


def test_an_answer_without_a_type_is_json_and_what_is_encoded_stays_so(serve: Serve) -> None:
    server = serve("GET /x", handler=lambda event: {"statusCode": 200, "body": "YQ==", "isBase64Encoded": True})
    _, headers, body = server.call("GET", "/x")
    assert (headers["Content-Type"], body) == ("application/json", b"YQ==")


@pytest.mark.parametrize(
    "told",
    [
        None,
        "text",
        [],
        {},
        {"body": "no status"},
        {"statusCode": "many", "body": ""},
        {"statusCode": True},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"x": {"y": 1}}},
        {"statusCode": 200, "multiValueHeaders": {"x": "y"}},
        {"statusCode": 200, "surprise": 1},
        b"no json",
        result(b'{"errorMessage": "x"}', "Unhandled"),
        result(b'{"statusCode": 200}', "Crashed"),
    ],
    ids=repr,
)
def test_what_is_no_answer_is_a_502(serve: Serve, told: Any) -> None:
    server = serve("GET /x", handler=lambda event: told)
    status, headers, body = server.call("GET", "/x")
    assert (status, json.loads(body)) == (502, {"message": "Internal server error"})
    assert headers["x-amzn-RequestId"]


@pytest.mark.parametrize(("error", "status"), [(Throttled, 500), (EventTooLarge, 413)])
def test_what_lambda_refuses_is_an_error_of_the_api(serve: Serve, error: type[Exception], status: int) -> None:
    def refuse(event: dict[str, Any]) -> None:
        raise error

    assert serve("GET /x", handler=refuse).call("GET", "/x")[0] == status


def test_who_waits_too_long_is_answered_and_the_function_goes_on(serve: Serve) -> None:
    done = threading.Event()

    def slow(event: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.8)
        done.set()
        return ok(event)

    server = serve("GET /x", handler=slow, timeout_seconds=0.2)
    began = time.monotonic()
    status, _, body = server.call("GET", "/x")
    assert time.monotonic() - began < 0.7
    assert (status, json.loads(body)) == (504, {"message": "Endpoint request timed out"})
    assert not done.is_set()
    assert done.wait(5), "the function must go on"


def test_a_body_over_ten_megabytes_is_refused_before_any_function(serve: Serve) -> None:
    server = serve("POST /x")
    status, _, body = server.call("POST", "/x", b"x" * (10 * 1024 * 1024 + 1))
    assert (status, json.loads(body)) == (413, {"message": "HTTP content length exceeded 10485760 bytes."})
    assert server.stub.events == []
    chunk = b"%x\r\n" % (6 << 20) + b"y" * (6 << 20) + b"\r\n"
    head = b"POST /dev/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert server.raw(head + chunk * 2).startswith(b"HTTP/1.1 413")
    assert server.call("POST", "/x", b"x" * 10 * 1024 * 1024)[0] == 200


def test_headers_have_a_limit_in_all(serve: Serve) -> None:
    server = serve("GET /x")
    assert server.call("GET", "/x", headers={"X-Long": "x" * 9_000})[0] == 200
    assert server.call("GET", "/x", headers={"X-Long": "x" * 5_200, "X-More": "x" * 5_200})[0] == 400


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST /dev/x HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
        b"POST /dev/x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /dev/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["no HTTP", "no number", "less than nothing", "no chunk"],
)
def test_what_is_no_request_is_a_400(serve: Serve, request_bytes: bytes) -> None:
    server = serve("POST /x")
    assert server.raw(request_bytes).startswith(b"HTTP/1.1 400")
    assert server.stub.events == []


CUSTOM = {
    "MISSING_AUTHENTICATION_TOKEN": GatewayAnswer(
        status=404,
        headers={
            "Content-Type": "'application/problem+json'",
            "X-Request-Id": "context.requestId",
            "Access-Control-Allow-Origin": "method.request.header.Origin",
            "X-Not-Sent": "method.request.header.Not-Sent",
        },
        body='{"id": "$context.requestId", "m": $context.error.messageString, "t": "$context.error.responseType", '
        '"p": "$context.path", "ip": "$context.identity.sourceIp", "no": "$context.nothing"}',
    ),
    "DEFAULT_5XX": GatewayAnswer(body='{"error": "$context.error.message"}', headers={"X-Five": "'yes'"}),
}


def test_answers_of_its_own_may_be_customized(serve: Serve) -> None:
    server = serve("GET /x", answers=CUSTOM)
    status, headers, body = server.call("GET", "/nowhere", headers={"origin": "https://a.example"})
    request_id = headers["x-amzn-RequestId"]
    assert (status, headers["X-Request-Id"]) == (404, request_id)
    assert headers.get_all("Content-Type") == ["application/problem+json"]
    assert headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert "X-Not-Sent" not in headers
    assert json.loads(body) == {
        "id": request_id,
        "m": "Missing Authentication Token",
        "t": "MISSING_AUTHENTICATION_TOKEN",
        "p": "/dev/nowhere",
        "ip": "127.0.0.1",
        "no": "",
    }


def test_answers_without_one_of_their_own_follow_the_default_of_their_class(serve: Serve) -> None:
    server = serve("GET /x", answers=CUSTOM, handler=lambda event: time.sleep(1), timeout_seconds=0.1)
    status, headers, body = server.call("GET", "/x")
    assert (status, headers["X-Five"], json.loads(body)) == (504, "yes", {"error": "Endpoint request timed out"})


def test_a_connection_is_kept_and_head_has_no_body(serve: Serve) -> None:
    server = serve("GET /x", "HEAD /x")
    request = b"HEAD /dev/x HTTP/1.1\r\nHost: a\r\n\r\nGET /dev/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    head, get, body = server.raw(request).split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and get.startswith(b"HTTP/1.1 200")
    assert body == b"null"


def test_two_hundred_connections_at_once(serve: Serve) -> None:
    together = threading.Barrier(200)

    def meet(event: dict[str, Any]) -> dict[str, Any]:
        together.wait(timeout=20)
        return ok(event)

    server = serve("GET /x", handler=meet, timeout_seconds=25)
    with ThreadPoolExecutor(200) as callers:
        statuses = list(callers.map(lambda _: server.call("GET", "/x")[0], range(200)))
    assert statuses == [200] * 200


def test_closing_does_not_wait_for_idle_connections() -> None:
    front = Front(Api(stage="dev", routes=routes("GET /x")), Stub(ok))  # type: ignore[arg-type]
    front.start()
    at = urlsplit(front.url)
    connection = http.client.HTTPConnection("127.0.0.1", at.port or 0)
    connection.request("GET", "/dev/x")
    connection.getresponse().read()
    began = time.monotonic()
    front.close()
    assert time.monotonic() - began < 2
    connection.close()


def test_requests_reach_sandboxes(runtime: Path, function: Make, tmp_path: Path) -> None:
    functions = Functions(
        Deployed(functions={"raiser": function("raiser"), "quitter": function("quitter"), "echo": function("echo")}),
        credentials=lambda role: {},
        machine={},
        runtime_folder=runtime,
        logs_folder=tmp_path,
    )
    made = [Route(path=f"/{n}", method="POST", function=n, timeout_seconds=10) for n in ("echo", "raiser", "quitter")]
    front = Front(Api(stage="dev", routes=made), functions)
    front.start()
    server = Server(front, Stub(ok))
    try:
        # The handler returns its event, which is no answer.
        assert [server.call("POST", path)[0] for path in ("/echo", "/raiser", "/quitter")] == [502] * 3
        assert [measure.error for measure in functions.measures] == [None, "Unhandled", "Crashed"]
    finally:
        functions.close()
        front.close()
