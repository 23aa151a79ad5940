"""No merchant sees, changes or learns of another's objects: every route, every place for an id, every kind of id.

The matrix is made from the OpenAPI document. A route, a query member or a body's member that nobody has said the
kind of fails here, so a new one gets its place or does not get in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from chalicelib import http, openapi_document, openapi_examples, runtime

from shared import ids
from shared.config import Config
from shared.db.database import Database
from shared.sealing import Sealer
from shared.services import refunding, test_merchant
from tests import gateway, people
from tests.functions.test_api import CREDENTIALS, Api, _start

DOCUMENT = openapi_document.build(http.ENDPOINTS)
OPERATOR_SECRET = "an operator's secret, for tests and for nothing else"
OPERATOR = {"authorization": f"Bearer {OPERATOR_SECRET}"}
OURS, THEIRS = CREDENTIALS, gateway.OTHER
THEIR_AMOUNT = 77_777_00  # like none of ours, so that it would be seen

# The kind of id in every path.
PATH = {
    "api_key": "api_key",
    "event_id": "event",
    "job_id": "job",
    "merchant_id": "merchant",
    "order_id": "order",
    "payment_id": "payment",
    "refund_id": "refund",
    "user_id": "user",
    "webhook_endpoint_id": "webhook_endpoint",
    "webhook_id": "webhook",
}
# The same in queries and bodies; None is no id at all. A cursor is of the kind that the list is of.
QUERY = {
    "event_id": "event",
    "order_id": "order",
    "payment_id": "payment",
    "refund_id": "refund",
    "webhook_endpoint_id": "webhook_endpoint",
    "starting_after": "cursor",
    "ending_before": "cursor",
    "cursor": "cursor",
} | dict.fromkeys(
    ("action", "actor", "amount", "amount_gte", "amount_lte", "card_last4", "created_gte", "created_lte", "currency",
     "event", "format", "from", "interval", "kind", "limit", "method", "offset", "path", "q", "receipt", "state",
     "status", "subject", "to", "total", "type", "vpa", "wait")
)  # fmt: skip
BODY = {"order_id": "order", "webhook_endpoint_id": "webhook_endpoint", "merchant_id": "merchant"} | dict.fromkeys(
    ("action", "amount", "capture", "card", "checkout_origins", "code", "currency", "current_password", "delivered",
     "description", "email", "enabled", "events", "expires_at", "from", "is_operator", "method", "name",
     "new_password", "notes", "overlap_seconds", "password", "reason", "receipt", "role", "secret", "to", "url", "vpa",
     "webhook_events", "webhook_url")
)  # fmt: skip
LISTED = {
    "audit": "audit_entry",
    "events": "event",
    "export": "payment",
    "ledger": "transaction",
    "merchants": "merchant",
    "orders": "order",
    "payments": "payment",
    "refunds": "refund",
    "requests": "request",
    "webhooks": "webhook",
}
# What opens without a merchant's secret. Nothing gets in here by itself.
CHECKOUT = {
    ("GET", "/api/v1/orders/{order_id}/public"),
    ("GET", "/api/v1/payments/{payment_id}/public"),
    ("POST", "/api/v1/payments/public"),
    ("GET", "/api/v1/test/bank/challenges/{payment_id}"),
    ("POST", "/api/v1/test/bank/challenges/{payment_id}"),
}
ANYONE = {
    ("GET", "/api/v1/test/jobs/status"),
    ("GET", "/api/v1/test/merchant"),
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("POST", "/api/v1/session"),
}
OPERATORS = {
    ("GET", "/api/v1/merchants"),
    ("GET", "/api/v1/merchants/{merchant_id}/api_keys"),
    ("GET", "/api/v1/operations"),
    ("GET", "/api/v1/operations/dead_jobs"),
    ("POST", "/api/v1/operations/dead_jobs/{job_id}/retry"),
    ("POST", "/api/v1/merchants"),
    ("POST", "/api/v1/merchants/{merchant_id}/api_keys"),
    ("POST", "/api/v1/merchants/{merchant_id}/api_keys/{api_key}/roll"),
    ("POST", "/api/v1/users"),
    ("POST", "/api/v1/users/{user_id}/password"),
    ("PUT", "/api/v1/users/{user_id}"),
}

# What takes no key, but somebody who has signed in.
SESSIONS = {
    ("DELETE", "/api/v1/session"),
    ("DELETE", "/api/v1/team/{user_id}"),
    ("GET", "/api/v1/audit"),
    ("GET", "/api/v1/session"),
    ("GET", "/api/v1/team"),
    ("POST", "/api/v1/session/confirm"),
    ("POST", "/api/v1/session/end_all"),
    ("POST", "/api/v1/session/merchant"),
    ("POST", "/api/v1/session/password"),
    ("POST", "/api/v1/team"),
    ("POST", "/api/v1/webhook_endpoints/{webhook_endpoint_id}/reveal"),
    ("PUT", "/api/v1/team/{user_id}"),
}

ROUTES = {
    (method.upper(), path): described
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
}
MERCHANTS = {route: described for route, described in ROUTES.items() if route not in CHECKOUT | ANYONE | OPERATORS}


def _names(described: dict[str, Any], place: str) -> list[str]:
    return [one["name"] for one in described.get("parameters", []) if one["in"] == place]


def _members(described: dict[str, Any]) -> list[str]:
    if "requestBody" not in described:
        return []
    schema = described["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return list(DOCUMENT["components"]["schemas"][schema]["properties"])


def _routes(routes: dict[Any, Any]) -> Any:
    return pytest.mark.parametrize("route", sorted(routes), ids=" ".join)


# Both merchants have one of everything.

Objects = dict[str, str]
_cookies: dict[str, dict[str, str]] = {}  # of an owner who has signed in, by the merchant's key


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(
        replace(settings, operator_secret=OPERATOR_SECRET, rate_limit_per_second=0, rate_limit_concurrent=0), database
    )
    runtime.current().close()


@pytest.fixture(autouse=True)
def _cookies_are_of_one_test() -> None:
    _cookies.clear()


@pytest.fixture
def ours(api: Api, database: Database) -> Objects:
    return _furnish(api, database, OURS, amount=50000)


@pytest.fixture
def theirs(api: Api, database: Database, sealer: Sealer) -> Objects:
    gateway.other_merchant(database, sealer)
    return _furnish(api, database, THEIRS, amount=THEIR_AMOUNT)


@pytest.fixture
def unknown() -> Objects:
    """Ids as they should be, of nothing."""
    return _unknown()


def _unknown() -> Objects:
    made = {"order": "order", "payment": "pay", "refund": "rfnd", "event": "evt", "transaction": "txn"}
    return {
        kind: ids.new(prefix) for kind, prefix in (made | {"webhook_endpoint": "we", "api_key": "key_test"}).items()
    } | {
        "merchant": str(uuid4()),
        "webhook": str(uuid4()),
        "user": str(uuid4()),
        "audit_entry": str(uuid4()),
        "request": str(uuid4()),
        "job": "4711",
    }


def _furnish(api: Api, database: Database, headers: dict[str, str], *, amount: int) -> Objects:
    def call(method: str, path: str, body: Any = None) -> Any:
        answer = api.call(method, f"/api/v1{path}", body, headers=headers)
        assert answer.status < 300, (method, path, answer.json)
        return answer.json

    endpoint = call("POST", "/webhook_endpoints", {"url": "http://127.0.0.1:9/"})
    call("PUT", "/merchants/me", {"webhook_url": "http://127.0.0.1:9/first"})
    order = call("POST", "/orders", {"amount": amount})
    payment = call("POST", "/payments", {"order_id": order["id"], "method": "upi", "vpa": "asha@upi"})
    gateway.process(database, runtime.current().bank)
    call("POST", f"/payments/{payment['id']}/capture", {"amount": amount})
    refund = call("POST", f"/payments/{payment['id']}/refunds", {"amount": amount // 2})
    refunding.process(database, runtime.current().bank, gateway.Told().send, gateway.due(database, "process_refund"))
    user = people.signed_up(database, UUID(call("GET", "/merchants/me")["id"]), "owner")
    further = people.signed_up(database, UUID(call("GET", "/merchants/me")["id"]), "owner")
    _cookies[headers["x-api-key"]] = people.cookie_of(database, user, confirmed=True)
    return {
        "user": str(further),
        "api_key": call("POST", "/api_keys")["api_key"],
        "audit_entry": api.call("GET", "/api/v1/audit", headers=_cookies[headers["x-api-key"]]).json["data"][0]["id"],
        "event": call("GET", "/events?type=payment.success")["data"][0]["id"],
        "merchant": call("GET", "/merchants/me")["id"],
        "order": order["id"],
        "payment": payment["id"],
        "refund": refund["id"],
        "transaction": call("GET", "/ledger")["data"][0]["id"],
        "webhook": call("GET", f"/webhooks?event=payment.success&webhook_endpoint_id={endpoint['id']}")["data"][0][
            "id"
        ],
        "webhook_endpoint": endpoint["id"],
        "request": call("GET", "/requests")["data"][0]["id"],
        "job": "4712",
    }


def _rows(observer: psycopg.Connection, merchant_id: str) -> dict[str, list[str]]:
    """All that the tables have of a merchant."""
    tables = ("orders", "payments", "refunds", "events", "webhook_logs", "webhook_endpoints", "api_keys",
              "ledger_transactions", "idempotency_keys", "memberships", "sessions", "audit_log")  # fmt: skip
    return {
        table: [text for (text,) in observer.execute(statement, (UUID(merchant_id),)).fetchall()]  # type: ignore[arg-type]
        for table in tables
        for statement in (f"select t::text from {table} t where merchant_id = %s order by 1",)
    }


def _call(
    api: Api,
    route: tuple[str, str],
    objects: Objects,
    headers: dict[str, str],
    *,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
    only_key: bool = False,
) -> SimpleNamespace:
    """The route with ids of these objects, its example as the body, and what is changed of both."""
    method, template = route
    described = ROUTES[route]
    filled = template.format(**{name: objects[PATH[name]] for name in _names(described, "path")} | (path or {}))
    sent = None
    if "requestBody" in described:
        schema = described["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        (sent, *_) = openapi_examples.of_body(schema, DOCUMENT["components"]["schemas"]).values()
        sent = sent | {name: objects[kind] for name, kind in BODY.items() if name in sent and kind}
        sent = {name: 100 if name == "amount" else value for name, value in sent.items()} | (body or {})
    text = "&".join(f"{name}={value}" for name, value in (query or {}).items())
    if route in SESSIONS and "x-api-secret" in headers and not only_key:
        headers = _cookies[headers["x-api-key"]]  # the same merchant's, by one of its people
    return api.call(method, f"{filled}?{text}" if text else filled, sent, headers=headers)


def _seen(answer: SimpleNamespace) -> tuple[int, str, list[str]]:
    """All of an answer that could tell something: not the request's own id."""
    shown = json.loads(json.dumps(answer.json))
    if isinstance(shown, dict):
        shown.get("error", {}).pop("request_id", None)
    return answer.status, json.dumps(shown), sorted(answer.headers)


def _finds_nothing(answer: SimpleNamespace) -> bool:
    """A list without items, or a table that has no more than the names of its columns."""
    shown = answer.json
    return shown.count("\r\n") == 1 if isinstance(shown, str) else shown["data"] == []


# The matrix itself


def test_every_route_and_every_place_for_an_id_is_in_the_matrix() -> None:
    for route, described in ROUTES.items():
        where = f"{' '.join(route)}: say in tests/functions/test_tenants.py of what kind it is:"
        for known, place in ((PATH, "path"), (QUERY, "query")):
            assert set(_names(described, place)) <= set(known), where
        assert set(_members(described)) <= set(BODY), where
        if {"starting_after", "ending_before"} & set(_names(described, "query")):
            assert route[1].rpartition("/")[2] in LISTED, where
    assert set(ROUTES) >= CHECKOUT | ANYONE | OPERATORS | SESSIONS, "a route of the matrix is gone"


# Ids in paths


@_routes({route: described for route, described in MERCHANTS.items() if _names(described, "path")})
def test_in_a_path_only_an_id_of_ones_own_of_the_right_kind_is_found(
    api: Api, ours: Objects, theirs: Objects, unknown: Objects, route: tuple[str, str], observer: psycopg.Connection
) -> None:
    before = _rows(observer, theirs["merchant"])
    for name in _names(ROUTES[route], "path"):
        right = PATH[name]
        missing = _seen(_call(api, route, ours, OURS, path={name: unknown[right]}))
        assert missing[0] == 404
        tried = [*theirs.values(), *unknown.values(), *(id for kind, id in ours.items() if kind != right)]
        tried += [f"{id[:-1]}%00" for id in ours.values()] + [id[:-1] for id in ours.values()] + ["x", "%F0%9F%A7%BE"]
        for id in tried:
            assert _seen(_call(api, route, ours, OURS, path={name: id})) == missing, f"{name} = {id}"
    assert _rows(observer, theirs["merchant"]) == before
    own = _call(api, route, ours, OURS)
    assert own.status < 500 and own.status not in (401, 404), own.json
    assert _rows(observer, theirs["merchant"]) == before


# Ids in queries and bodies


@_routes({route: described for route, described in MERCHANTS.items() if _names(described, "query")})
def test_in_a_query_the_id_of_another_merchant_is_an_unknown_one(
    api: Api, ours: Objects, theirs: Objects, unknown: Objects, route: tuple[str, str]
) -> None:
    for name in _names(ROUTES[route], "query"):
        kind = LISTED[route[1].rpartition("/")[2]] if QUERY[name] == "cursor" else QUERY[name]
        if kind is not None:
            foreign, missing = (_call(api, route, ours, OURS, query={name: id[kind]}) for id in (theirs, unknown))
            assert _seen(foreign) == _seen(missing), name
            assert missing.status == 400 if QUERY[name] == "cursor" else _finds_nothing(missing), name
            own = _call(api, route, ours, OURS, query={name: ours[kind]})
            assert own.status == 200 and (QUERY[name] == "cursor" or not _finds_nothing(own)), f"{name} finds nothing"


@_routes({route: described for route, described in MERCHANTS.items() if any(BODY.get(m) for m in _members(described))})
def test_in_a_body_the_id_of_another_merchant_is_an_unknown_one(
    api: Api, ours: Objects, theirs: Objects, unknown: Objects, route: tuple[str, str], observer: psycopg.Connection
) -> None:
    before = _rows(observer, theirs["merchant"])
    for name in _members(ROUTES[route]):
        if kind := BODY[name]:
            foreign, missing = (_call(api, route, ours, OURS, body={name: id[kind]}) for id in (theirs, unknown))
            assert _seen(foreign) == _seen(missing), name
            assert missing.status == 404, name
            own = _call(api, route, ours, OURS)
            assert own.status < 500 and own.status not in (401, 404), own.json
    assert _rows(observer, theirs["merchant"]) == before


@_routes({route: described for route, described in MERCHANTS.items() if "q" in _names(described, "query")})
def test_what_is_looked_for_by_an_id_of_another_merchant_is_not_found(
    api: Api, ours: Objects, theirs: Objects, route: tuple[str, str]
) -> None:
    for kind in ("payment", "order"):
        own, foreign = (_call(api, route, ours, OURS, query={"q": id[kind]}) for id in (ours, theirs))
        assert not _finds_nothing(own), kind
        assert foreign.status == 200 and _finds_nothing(foreign), kind


# What is shown


@_routes({route: described for route, described in MERCHANTS.items() if route[0] == "GET"})
def test_nothing_that_is_shown_is_another_merchants(
    api: Api, ours: Objects, theirs: Objects, route: tuple[str, str], observer: psycopg.Connection
) -> None:
    query = {"limit": "100"} if "limit" in _names(ROUTES[route], "query") else {}
    if route == ("GET", "/api/v1/search"):
        query["q"] = "asha@upi"  # both merchants have payments by it
    shown = json.dumps(_call(api, route, ours, OURS, query=query).json)
    foreign = {theirs["merchant"], THEIRS["x-api-key"], str(THEIR_AMOUNT), "other@example.com"}
    for table in (
        "orders",
        "payments",
        "refunds",
        "events",
        "webhook_logs",
        "webhook_endpoints",
        "ledger_transactions",
        "api_requests",
    ):
        statement = f"select id::text from {table} where merchant_id = %s"
        foreign |= {id for (id,) in observer.execute(statement, (UUID(theirs["merchant"]),)).fetchall()}  # type: ignore[arg-type]
    foreign.add(theirs["api_key"])
    assert {one for one in foreign if one in shown} == set()
    if "data" in json.loads(shown):
        assert json.loads(shown)["data"], "an empty list shows nothing of anybody"


# Who gets in


def _open_to(api: Api, objects: Objects, headers: dict[str, str]) -> set[tuple[str, str]]:
    tried = set(ROUTES) - {("POST", "/api/v1/session")}  # whose 401 says that the example's password is wrong
    return {route for route in tried if _call(api, route, objects, headers, only_key=True).status != 401}


def test_a_publishable_key_alone_opens_the_checkout_and_nothing_else(api: Api, ours: Objects) -> None:
    assert _open_to(api, ours, {"x-api-key": OURS["x-api-key"]}) == (CHECKOUT | ANYONE) - {("POST", "/api/v1/session")}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": "", "x-api-secret": ""},
        {"x-api-secret": OURS["x-api-secret"]},
        {"authorization": f"Bearer {OURS['x-api-secret']}"},
        {"authorization": "Bearer "},
        {"authorization": OPERATOR_SECRET},
        {"authorization": f"Basic {OPERATOR_SECRET}"},
    ],
    ids=[
        "nothing",
        "empty",
        "a secret without its key",
        "a secret as operator's",
        "empty bearer",
        "no scheme",
        "basic",
    ],
)
def test_without_a_key_and_its_secret_only_the_checkout_opens(api: Api, ours: Objects, headers: dict[str, str]) -> None:
    assert _open_to(api, ours, headers) <= CHECKOUT | ANYONE


def test_a_key_with_another_merchants_secret_opens_nothing(api: Api, ours: Objects, theirs: Objects) -> None:
    for key, secret in ((OURS, THEIRS), (THEIRS, OURS)):
        opened = _open_to(api, ours, key | {"x-api-secret": secret["x-api-secret"]})
        assert opened <= CHECKOUT | ANYONE


def test_merchants_do_not_open_what_is_the_operators_nor_the_operator_what_is_theirs(api: Api, ours: Objects) -> None:
    both = OURS | {"authorization": f"Bearer {OURS['x-api-secret']}"}
    for headers in (OURS, both):
        assert not _open_to(api, ours, headers) & OPERATORS
    assert not _open_to(api, ours, OPERATOR) & set(MERCHANTS)
    assert _open_to(api, ours, OPERATOR) >= OPERATORS


def test_the_operator_finds_a_key_only_at_its_own_merchant(api: Api, ours: Objects, theirs: Objects) -> None:
    route = ("POST", "/api/v1/merchants/{merchant_id}/api_keys/{api_key}/roll")
    missing = _seen(_call(api, route, ours, OPERATOR, path={"api_key": ids.new("key_test")}))
    assert missing[0] == 404
    assert _seen(_call(api, route, ours, OPERATOR, path={"api_key": theirs["api_key"]})) == missing
    for name in ("merchant_id", "api_key"):
        for id in ("x", "%00", *_unknown().values()):
            assert _call(api, route, ours, OPERATOR, path={name: id}).status == 404, (name, id)
    assert _call(api, route, ours, OPERATOR).status == 201


# The checkout: whoever has the unguessable id is let in, but not under another merchant's name.


@_routes({route: ROUTES[route] for route in CHECKOUT})
def test_a_checkout_page_sees_no_more_than_what_it_has_the_id_of(
    api: Api, ours: Objects, theirs: Objects, unknown: Objects, route: tuple[str, str], observer: psycopg.Connection
) -> None:
    before = _rows(observer, theirs["merchant"])
    our_key = {"x-api-key": OURS["x-api-key"]}
    assert _call(api, route, theirs, our_key).status == 404, "their object, with our key"
    assert _call(api, route, theirs, OURS).status == 404, "our secret makes it no better"
    assert _call(api, route, ours, {"x-api-key": "key_test_nobody"}).status == 401
    for headers in ({}, our_key):
        assert _call(api, route, unknown, headers).status == 404
        assert _call(api, route, dict.fromkeys(unknown, "x"), headers).status == 404
    assert _rows(observer, theirs["merchant"]) == before
    shown = json.dumps(_call(api, route, ours, our_key).json)
    assert str(test_merchant.ID) not in shown and "receipt" not in shown and "notes" not in shown
