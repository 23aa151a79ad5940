"""A client of any deployment: it speaks HTTP, and believes an answer only if the deployment describes it so.

Every answer is held against the deployment's own /openapi.json: its status is documented, its body has the schema,
and nothing in a success is left undescribed. What the document cannot say is asked of every answer here too.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote

import jsonschema
import requests

TIMEOUT_SECONDS = 40  # longer than any deployment lets a caller wait
CSV = "text/csv; charset=utf-8; header=present"
STEP_SECONDS = 0.05  # between two looks at what is waited for
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CARD = {"number": "4242424242424242", "expiry_month": 12, "expiry_year": 2040, "cvv": "123", "holder_name": "Asha Rao"}

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes
    body: Any

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["error"]
        return found

    @property
    def replayed(self) -> bool:
        return self.headers.get("Idempotency-Replayed") == "true"


def _session() -> requests.Session:
    """Opens a connection for each call: a kept one that a server closes as it is used loses a call that has no key."""
    session = requests.Session()
    session.headers["Connection"] = "close"
    return session


@dataclass
class Deployment:
    """A running gateway, wherever it is. `patience_seconds` is how long a job of it may take."""

    url: str
    patience_seconds: float = 30
    session: requests.Session = field(default_factory=_session, repr=False)
    _validators: dict[str, jsonschema.Draft202012Validator] = field(default_factory=dict, repr=False)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """`body` is sent as JSON; bytes are sent as they are."""
        sent = dict(headers or {})
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        answer = self._send(
            method, path, data=body if isinstance(body, bytes | None) else json.dumps(body), headers=sent, params=query
        )
        self._check(method, path, body, answer)
        return answer

    def check_event(self, body: Mapping[str, Any]) -> None:
        """Holds what a receiver got against the document, if it describes webhooks."""
        described = self.document.get("webhooks", {}).get(body["event"])
        if described is not None:
            schema = described["post"]["requestBody"]["content"]["application/json"]["schema"]
            self._validate(body, schema, f"the event {body['event']}")

    @cached_property
    def document(self) -> dict[str, Any]:
        answer = self._send("GET", "/openapi.json")
        assert answer.status == 200, f"/openapi.json answers {answer.status}"
        document: dict[str, Any] = answer.body
        assert document["openapi"].startswith("3.1"), document["openapi"]
        for schema in document["components"]["schemas"].values():
            _close(schema)
        # Errors may say more than their shape does, and are read by people too.
        for name in ("Error", "ErrorDetails"):
            document["components"]["schemas"].get(name, {}).pop("additionalProperties", None)
        return document

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """How the document describes this call; None if it does not. A path without parameters goes first."""
        for described in sorted(self.document["paths"], key=lambda one: one.count("{")):
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", described), path):
                operation: dict[str, Any] | None = self.document["paths"][described].get(method.lower())
                if operation is not None:
                    return operation
        return None

    def _send(self, method: str, path: str, **more: Any) -> Answer:
        got = self.session.request(method, self.url + path, timeout=TIMEOUT_SECONDS, allow_redirects=False, **more)
        if got.status_code == 304:
            assert not got.content, f"{method} {path}: 304 with a body"
            return Answer(got.status_code, got.headers, got.content, None)
        kind = got.headers["Content-Type"]
        assert kind in ("application/json", CSV), f"{method} {path}: {kind}"
        return Answer(got.status_code, got.headers, got.content, got.text if kind == CSV else got.json())

    def _check(self, method: str, path: str, sent: Any, answer: Answer) -> None:
        what = f"{method} {path} answered {answer.status}"
        assert answer.status < 500 or path == "/health", f"{what}: {answer.body}"
        assert answer.headers["X-Request-Id"], what
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", what
        if answer.status >= 400 and "error" in answer.body:
            assert answer.error["request_id"] == answer.headers["X-Request-Id"], what
        operation = self.operation(method, path)
        if operation is None:
            assert answer.status in (404, 405), f"{what}, and is not described"
            schema = {"$ref": "#/components/schemas/Error"}
        else:
            described = operation["responses"].get(str(answer.status))
            assert described is not None, f"{what}, which is not described: {answer.body}"
            if answer.status == 304:
                return
            schema = described["content"][answer.headers["Content-Type"].partition(";")[0]]["schema"]
            if answer.status < 300 and sent is not None and not isinstance(sent, bytes) and "requestBody" in operation:
                wanted = operation["requestBody"]["content"]["application/json"]["schema"]
                self._validate(sent, wanted, f"what {what} to", closed=False)
        self._validate(answer.body, schema, what)

    def _validate(self, instance: Any, schema: dict[str, Any], what: str, *, closed: bool = True) -> None:
        name = json.dumps(schema) + str(closed)
        if name not in self._validators:
            components = self.document["components"] if closed else _opened(self.document["components"])
            self._validators[name] = jsonschema.Draft202012Validator(schema | {"components": components})
        wrong = [f"{error.json_path}: {error.message}" for error in self._validators[name].iter_errors(instance)]
        assert not wrong, f"{what}: {wrong}\n{instance}"

    def until(self, look: Callable[[], T], what: str, *, seconds: float | None = None) -> T:
        """What `look` returns, once it returns something."""
        patience = self.patience_seconds if seconds is None else seconds
        stop_at = time.monotonic() + patience
        while not (found := look()):
            assert time.monotonic() < stop_at, f"not within {patience:.0f} s: {what}"
            time.sleep(STEP_SECONDS)
        return found


def _close(schema: Any) -> None:
    """Makes an object with described members refuse others."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


def _opened(schema: Any) -> Any:
    """The same, where members that are not described may be sent: they are ignored."""
    if isinstance(schema, dict):
        return {name: _opened(part) for name, part in schema.items() if (name, part) != ("additionalProperties", False)}
    return [_opened(part) for part in schema] if isinstance(schema, list) else schema


@dataclass
class Caller:
    """Somebody with headers of their own: a merchant, the operator, a payer's page, or nobody."""

    deployment: Deployment
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """`key` is sent as Idempotency-Key, `headers` beside the caller's own.

        Paths begin after /api/v1 unless they say otherwise.
        """
        full = path if path.startswith(("/api/", "/health", "/openapi.json")) else f"/api/v1{path}"
        sent = self.headers | dict(headers or {})
        if key is not None:
            sent["Idempotency-Key"] = key
        return self.deployment.call(method, full, body, headers=sent, query=query)

    def get(self, path: str, /, **query: Any) -> Any:
        return self._succeed("GET", path, None, **query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self._succeed("POST", path, body, key=key)

    def put(self, path: str, body: Any) -> Any:
        return self._succeed("PUT", path, body)

    def delete(self, path: str) -> Any:
        return self._succeed("DELETE", path, None)

    def refused(self, status: int, method: str, path: str, body: Any = None, /, **more: Any) -> dict[str, Any]:
        """The error, where one is wanted."""
        answer = self.call(method, path, body, **more)
        assert answer.status == status, (answer.status, answer.body)
        return answer.error

    def _succeed(self, method: str, path: str, body: Any, /, **more: Any) -> Any:
        answer = self.call(method, path, body, **more)
        assert answer.status in (200, 201), (method, path, answer.status, answer.body)
        return answer.body

    def all(self, path: str, /, **query: Any) -> list[Any]:
        """A whole list, page by page."""
        found: list[Any] = []
        for page in self.pages(path, **query):
            found += page
        return found

    def pages(self, path: str, /, *, limit: int = 100, **query: Any) -> Iterator[list[Any]]:
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=limit, **query, **cursor)
            yield page["data"]
            if not page["has_more"]:
                return
            cursor = {"starting_after": page["data"][-1]["id"]}


@dataclass
class Merchant(Caller):
    """A merchant with its secret, and what merchants do."""

    id: str = ""
    api_key: str = ""

    @classmethod
    def of(cls, deployment: Deployment, api_key: str, api_secret: str, **more: str) -> Merchant:
        headers = {"X-Api-Key": api_key, "X-Api-Secret": api_secret}
        return cls(deployment, headers, api_key=api_key, **more)

    def order(self, amount: int = 50000, **more: Any) -> Any:
        return self.post("/orders", {"amount": amount, **more})

    def pay(self, how: str | dict[str, Any] = "approve@magic", *, order: Any = None, **more: Any) -> Any:
        """A payment that has just begun, of an order of its own unless one is given. `how` is a VPA or a card."""
        order_id = (order or self.order(**more))["id"]
        return self.post("/payments", payment_of(order_id, how))

    def paid(self, how: str | dict[str, Any] = "approve@magic", **more: Any) -> Any:
        """A payment whose outcome is known."""
        return self.outcome(self.pay(how, **more))

    def captured(self, how: str = "approve@magic", *, amount: int = 50000) -> Any:
        payment = self.paid(how, amount=amount, capture="automatic")
        assert payment["state"] == "captured", payment
        return payment

    def payment(self, payment: Any) -> Any:
        return self.get(f"/payments/{payment['id']}")

    def outcome(self, payment: Any) -> Any:
        return self.deployment.until(
            lambda: (found := self.get(f"/payments/{payment['id']}", wait=5))["status"] != "pending" and found,
            f"the outcome of {payment['id']}",
        )

    def capture(self, payment: Any, amount: int | None = None) -> Any:
        return self.post(f"/payments/{payment['id']}/capture", None if amount is None else {"amount": amount})

    def refund(self, payment: Any, amount: int | None = None, **more: Any) -> Any:
        """Of that much, or of all that is left."""
        if amount is None:
            now = self.payment(payment)
            amount = (now["amount_captured"] or now["amount"]) - now["amount_refunded"] - now["amount_refund_pending"]
        return self.post(f"/payments/{payment['id']}/refunds", {**more, "amount": amount})

    def refund_is(self, status: str, refund: Any, *, seconds: float | None = None) -> Any:
        """The refund, once it has the status."""
        return self.deployment.until(
            lambda: (found := self.get(f"/refunds/{refund['id']}"))["status"] == status and found,
            f"{refund['id']} is {status}",
            seconds=seconds,
        )

    def events(self, payment: Any) -> list[Any]:
        """In their order."""
        return sorted(self.all("/events", payment_id=payment["id"]), key=lambda event: event["sequence"])

    def told(self, payment: Any) -> list[str]:
        return [event["type"] for event in self.events(payment)]

    def balance(self) -> dict[str, int]:
        rupees = [one for one in self.get("/balance")["data"] if one["currency"] == "INR"]
        return {name: rupees[0][name] if rupees else 0 for name in ("available", "refunds_pending")}

    def booked(self, **query: Any) -> list[str]:
        """The kinds of what is in the ledger, in their order."""
        return [one["kind"] for one in self.all("/ledger", **query)][::-1]

    def audit(self) -> None:
        """What is true of a merchant at any time: its books balance, and its events count up without a gap."""
        self.deployment.until(self._books_balance, f"the books of {self.id} balance: {self._books()}")
        sequences: dict[str, list[int]] = {}
        for event in self.all("/events"):
            body = event["body"]
            assert (body["id"], body["event"], body["sequence"]) == (event["id"], event["type"], event["sequence"])
            self.deployment.check_event(body)
            if event["payment_id"] is not None:
                assert body["data"]["payment"]["id"] == event["payment_id"], body
                sequences.setdefault(event["payment_id"], []).append(event["sequence"])
        for payment_id, found in sequences.items():
            assert sorted(found) == list(range(1, len(found) + 1)), f"{payment_id}: {sorted(found)}"

    def _books_balance(self) -> bool:
        shown, booked, owed = self._books()
        return shown == booked == owed

    def _books(self) -> list[dict[str, int]]:
        """The balances as they are shown, as the ledger's entries sum up to them, and as they follow from payments."""
        shown: Counter[str] = Counter()
        for one in self.get("/balance")["data"]:
            shown.update({f"{one['currency']} {name}": one[name] for name in ("available", "refunds_pending")})
        booked: Counter[str] = Counter()
        for transaction in self.all("/ledger"):
            entries = transaction["entries"]
            assert sum(entry["amount"] for entry in entries) == 0, f"{transaction} does not sum to zero"
            for entry in entries:
                if entry["account"] != "acquirer":
                    booked[f"{transaction['currency']} {entry['account']}"] += entry["amount"]
        owed: Counter[str] = Counter()
        for payment in self.all("/payments"):
            reserved = payment["amount_refund_pending"]
            left = payment["amount_captured"] - payment["amount_refunded"] - reserved
            owed[f"{payment['currency']} available"] += left
            owed[f"{payment['currency']} refunds_pending"] += reserved
        return [{name: amount for name, amount in one.items() if amount} for one in (shown, booked, owed)]

    def webhooks(self, **query: Any) -> list[Any]:
        return self.all("/webhooks", **query)

    def webhook_is(self, status: str, webhook: Any, *, seconds: float | None = None) -> Any:
        """The delivery with its attempts, once it has the status."""
        return self.deployment.until(
            lambda: (found := self.get(f"/webhooks/{webhook['id']}"))["status"] == status and found,
            f"the webhook {webhook['id']} is {status}",
            seconds=seconds,
        )


def payment_of(order_id: str, how: str | dict[str, Any]) -> dict[str, Any]:
    """The body that asks for a payment by a VPA or a card."""
    if isinstance(how, str):
        return {"order_id": order_id, "method": "upi", "vpa": how}
    return {"order_id": order_id, "method": "card", "card": how}


def card(number: str = CARD["number"], **more: Any) -> dict[str, Any]:  # type: ignore[assignment]
    return CARD | {"number": number} | more


def unique(prefix: str) -> str:
    """A text that nobody has used before, so that one deployment may be judged again and again."""
    return f"{prefix}-{uuid.uuid4()}"


def in_path(text: str) -> str:
    return quote(text, safe="")
