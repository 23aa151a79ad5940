"""The endpoint decorator: who may call, what they must send, one transaction, and every outcome in one shape.

An endpoint declares itself once; routing, validation, errors and the OpenAPI document all follow from that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
import psycopg
from chalice import Blueprint, Response
from psycopg.pq import TransactionStatus

from chalicelib import body as request_body
from chalicelib import cookies, runtime, same_origin
from chalicelib import query as request_query
from chalicelib.runtime import Runtime
from shared.db import audit
from shared.db.audit import Actor
from shared.db.database import Tx, whole
from shared.db.outbox import StagedJob
from shared.domain.user import Role, Session, may
from shared.errors import (
    AuthenticationError,
    Conflict,
    Forbidden,
    GatewayError,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from shared.services import idempotency, identity, sessions

# Who may call: a merchant with its secret, or one of its people who has signed in; the customer's page, which has an
# unguessable id and perhaps the publishable key; the operator of this gateway, by secret or signed in; people who have
# signed in, and no key; anyone.
Caller = Literal["secret", "checkout", "operator", "session", "anyone"]
Method = Literal["GET", "POST", "PUT", "DELETE"]
B = TypeVar("B")

JSON = "application/json"
TEST_PATHS = ("/api/v1/test/", "/bank")  # what begins with one of these is not there in production
PAGES = frozenset(("/checkout", "/bank"))  # what a person's browser opens
BANK_PATHS = "/api/v1/test/bank/"  # what the simulated bank's page calls
UNKNOWN_PATH = "There is no such path; /openapi.json lists those there are"
SESSION = "/api/v1/session"
# What somebody may do whose password somebody else knows, beside asking who they are.
WITH_ANY_PASSWORD = frozenset((SESSION, f"{SESSION}/password", f"{SESSION}/end_all"))
# What a page may call that shows what the session is not any more.
WITH_ANY_SESSION = frozenset((("GET", SESSION), ("POST", f"{SESSION}/merchant")))
# Whom a page shows, by the headers in which it says so.
SHOWN_MERCHANT, SHOWN_USER = "x-merchant-id", "x-user-id"
NOT_MODIFIED = 304
RETRY_SECONDS = 1  # what a caller is told to wait when Postgres is away
# Between two looks at what a caller waits for: soon at first, seldom later.
WAIT_STEP_SECONDS = 0.05
WAIT_STEP_GROWTH = 1.3
WAIT_STEP_SECONDS_MAX = 1.0
CREDENTIAL_SECONDS = 2.0  # how long a right credential is remembered where an endpoint is trusting
CREDENTIALS_MAX = 10_000

HSTS_SECONDS = 2 * 365 * 24 * 3600
# On every answer, whatever became of the request; a page has others over them. A page of another origin that may read
# an answer asks by CORS, which Cross-Origin-Resource-Policy does not touch.
USUAL = {
    "Content-Type": JSON,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
USUAL_IN_PRODUCTION = USUAL | {"Strict-Transport-Security": f"max-age={HSTS_SECONDS}"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One call of the API, as the OpenAPI document tells it."""

    method: Method
    path: str
    caller: Caller
    role: Role | None  # the least that a user must be; None: no user, or in a session's own calls any
    confirmed: bool  # whether a user must have given the password again a moment ago
    body: type | None
    body_optional: bool  # nothing sent is an empty object
    query: type | None
    answer: type | None
    status: int
    summary: str
    errors: tuple[int, ...]
    tag: str
    keyed: bool  # whether it takes an Idempotency-Key
    secret_answer: bool  # whether the answer shows a secret, which is then stored sealed
    trusting: bool  # whether a credential that was right a moment ago is right now
    waits: bool  # whether a caller may wait for another answer
    atomic: bool = False  # whether all it writes is one transaction
    connected: bool = True  # whether it is given a connection
    content_type: str = JSON  # of a success
    page: bool = False  # for a person's browser: no JSON, and no part of the OpenAPI document

    @property
    def of_checkout(self) -> bool:
        """Whether the checkout's own site answers it."""
        return self.caller == "checkout" or self.path.startswith(BANK_PATHS)


ENDPOINTS: list[Endpoint] = []


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Who calls. `merchant_id` is None where nobody is known yet, `session` where no user is."""

    merchant_id: UUID | None
    actor: Actor
    session: Session | None = None

    @property
    def is_operator(self) -> bool:
        return self.session is not None and self.session.is_operator


@dataclass(frozen=True, kw_only=True, slots=True)
class Call(Generic[B]):
    """A request that has been let in. `tx` commits when the endpoint returns; then the queue is told of `staged`."""

    on: Runtime
    tx: Tx
    body: B
    query: Any  # of the declared type
    headers: Mapping[str, str]
    request_id: str
    who: Who
    staged: list[StagedJob] = field(default_factory=list)
    shown_headers: dict[str, str] = field(default_factory=dict)  # what the answer has beside the usual ones

    @property
    def merchant_id(self) -> UUID:
        assert self.who.merchant_id is not None, "an endpoint for anyone has no merchant"
        return self.who.merchant_id

    @property
    def session(self) -> Session:
        assert self.who.session is not None, "only an endpoint for sessions knows that there is one"
        return self.who.session

    def check_role(self, least: Role) -> None:
        """Where a part of what an endpoint does takes more than the endpoint. Raises Forbidden for a lesser user."""
        if self.who.session is not None and not may(self.who.session.role, least):
            raise _role_missing(_at_least(least))

    def audit(self, action: str, subject: str, *, merchant_id: UUID | None = None, **details: Any) -> None:
        """Writes down who did this, in the transaction of what was done."""
        assert self.tx.info.transaction_status != TransactionStatus.IDLE, "an entry stands or falls with the deed"
        audit.record(
            self.tx, self.who.actor, action, subject, merchant_id=merchant_id or self.who.merchant_id, details=details
        )

    def audit_user(self, action: str, subject: str, **details: Any) -> None:
        """The same, of what a merchant's own server does all day: only if it was a person."""
        if self.who.session is not None:
            self.audit(action, subject, **details)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A status other than the usual one, further headers, or what is text already: bytes."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def endpoint(
    routes: Blueprint,
    method: Method,
    path: str,
    *,
    summary: str,
    caller: Caller = "secret",
    role: Role | None = None,
    confirmed: bool = False,
    body: type | None = None,
    body_optional: bool = False,
    query: type | None = None,
    answer: type | None = None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    atomic: bool = False,
    connected: bool = True,
    secret_answer: bool = False,
    trusting: bool = False,
    owner: Callable[..., UUID] | None = None,
    pending: Callable[[Any], bool] | None = None,
    content_type: str = JSON,
    tag: str,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function as an endpoint. It takes a Call and the ids in the path, and returns what is shown.

    `atomic` opens a transaction; without it every statement commits by itself, which is right where the endpoint
    only reads or writes by one statement. `connected=False` is for an endpoint that must answer without Postgres, or
    takes a connection when it wants one. Who calls is looked up before the transaction, and not undone with it.
    `role` is the least that a user must be who has signed in: without one a merchant's endpoint takes its key and
    secret only. With `confirmed` the user must have given the password again a moment ago.
    `trusting` spares the look at the caller's key that every other endpoint takes, but for those that only read.
    `owner` tells whose the object is that a checkout page names. With `pending`, a caller may `wait` until what is
    shown is so no more: the endpoint is run again and again, with no connection held in between. An endpoint of another
    `content_type` than JSON returns an Answer whose body is bytes.
    """
    described = Endpoint(
        method=method,
        path=path,
        caller=caller,
        role=role,
        confirmed=confirmed,
        body=body,
        body_optional=body_optional,
        query=query,
        answer=answer,
        status=status,
        summary=summary,
        errors=errors,
        tag=tag,
        # A session's own calls count wrong passwords: those must not be rolled back, nor their answers kept.
        keyed=method == "POST" and caller not in ("anyone", "session"),
        secret_answer=secret_answer,
        trusting=trusting or method == "GET",
        waits=pending is not None,
        atomic=atomic,
        connected=connected,
        content_type=content_type,
    )
    ENDPOINTS.append(described)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def view(**path_ids: str) -> Response:
            request = routes.current_request
            request_id = request.context.get("requestId", "")
            headers = usual_headers(request_id, production=runtime.current().config.production)
            try:
                stop_at = time.monotonic() + (_seconds_to_wait(request) if pending is not None else 0.0)
                code, shown, more = _run(function, described, request, request_id, path_ids, owner)
                step = WAIT_STEP_SECONDS
                while pending is not None and pending(shown) and (left := stop_at - time.monotonic()) > 0:
                    time.sleep(min(step, left))
                    step = min(step * WAIT_STEP_GROWTH, WAIT_STEP_SECONDS_MAX)
                    code, shown, later = _run(function, described, request, request_id, path_ids, owner)
                    more |= later
                headers |= {"Content-Type": content_type} | more
            except GatewayError as refusal:
                code, shown = refusal.status, {"error": refusal.as_dict() | {"request_id": request_id}}
                if isinstance(refusal, Unavailable) or refusal.reason == "idempotency_in_progress":
                    headers["Retry-After"] = str(RETRY_SECONDS)
                elif isinstance(refusal, TooManyRequests):
                    headers["Retry-After"] = str(refusal.more["retry_after"])
            except Exception:
                log.exception("request failed: id=%s %s %s", request_id, method, path)
                error = {"code": "SERVER_ERROR", "description": "Something went wrong on our side. Try again."}
                code, shown = 500, {"error": error | {"request_id": request_id}}
            return Response(body="" if code == NOT_MODIFIED else _text(shown), status_code=code, headers=headers)

        view.__name__ = function.__name__
        # Content types are checked by us: Chalice answers with a shape of its own.
        routes.route(path, methods=[method], content_types=[])(view)
        return function

    return register


def usual_headers(request_id: str, *, production: bool) -> dict[str, str]:
    return {**(USUAL_IN_PRODUCTION if production else USUAL), "X-Request-Id": request_id}


def _run(
    function: Callable[..., Any],
    described: Endpoint,
    request: Any,
    request_id: str,
    path_ids: Mapping[str, str],
    owner: Callable[..., UUID] | None,
) -> tuple[int, Any, dict[str, str]]:
    """The status, what is shown, and further headers, such as that it was shown before under its idempotency key."""
    on = runtime.current()
    more: dict[str, str] = {}
    key = request.headers.get("idempotency-key") if described.keyed else None
    try:
        with ExitStack() as held:
            asks = described.connected or described.caller != "anyone"
            tx: Any = held.enter_context(on.database.statement()) if asks else None
            who = _noted(request, _caller(tx, described, request, more))
            if not described.connected:
                held.close()
            elif described.atomic or key is not None:
                held.enter_context(whole(tx))
            call: Call[Any] = Call(
                on=on,
                tx=tx,
                who=who,
                query=None if described.query is None else request_query.read(request, described.query),
                body=None if described.body is None else _body(request, described),
                headers=request.headers,
                request_id=request_id,
                shown_headers=more,
            )
            if owner is not None:
                call = replace(call, who=replace(call.who, merchant_id=_owned_by(call, owner, path_ids)))
            if key is not None:
                key = _scoped(idempotency.check_key(key), described, call.body, path_ids)
                earlier = _begin(call, key, request, described, path_ids)
                if earlier is not None:
                    return earlier.status, earlier.response.encode(), more | {"Idempotency-Replayed": "true"}
            shown = function(call, **path_ids)
            more |= shown.headers if isinstance(shown, Answer) else {}
            status, shown = (shown.status, shown.body) if isinstance(shown, Answer) else (described.status, shown)
            if key is not None:
                shown = _text(shown).encode()
                sealer = on.sealer if described.secret_answer else None
                idempotency.end(tx, call.merchant_id, key, status=status, response=shown.decode(), sealer=sealer)
    except psycopg.OperationalError as error:  # no connection, a lock not had in time, or Postgres going down
        log.warning("request refused: id=%s %s", request_id, " ".join(str(error).split()))
        raise Unavailable("The gateway is not available right now; try again", reason="unavailable") from error
    if call.staged:
        on.queue.send(call.staged)
    return status, shown, more


def _body(request: Any, described: Endpoint) -> Any:
    assert described.body is not None, "asked only where there is one"
    if described.body_optional and not request.raw_body:
        return described.body()
    return request_body.read(request, described.body)


def _begin(
    call: Call[Any], key: str, request: Any, described: Endpoint, path_ids: Mapping[str, str]
) -> idempotency.Answered | None:
    return idempotency.begin(
        call.tx,
        call.merchant_id,
        key,
        method=described.method,
        path=described.path.format(**path_ids),  # Chalice's request has the pattern: every payment's capture is one
        # Nobody reads the body that an endpoint does not ask for, so it need not be JSON.
        request=request.raw_body if described.body is None else _without_spacing(request.raw_body),
        secret=call.on.config.encryption_key,
        sealer=call.on.sealer,
    )


def _scoped(key: str, described: Endpoint, body: Any, path_ids: Mapping[str, str]) -> str:
    """A customer's keys are the order's, apart from the merchant's: who guesses what those will be cannot take them."""
    if described.caller != "checkout":
        return key
    return f"checkout {path_ids.get('payment_id') or body.order_id} {key}"


def _without_spacing(body: bytes) -> bytes:
    """What was said, not how: the same members in another order are the same request."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body or b"null"), order="sorted")
    except msgspec.DecodeError:  # a member that nobody asked for holds a number too large for it
        return body


def _seconds_to_wait(request: Any) -> float:
    """What the caller asks for, up to what the gateway allows: a Lambda that waits costs money."""
    wait = request_query.read(request, request_query.Wait).wait
    return float(min(wait, runtime.current().config.payment_wait_seconds_max))


def _text(shown: Any) -> str:
    return (shown if isinstance(shown, bytes) else msgspec.json.encode(shown)).decode()


def _caller(tx: Tx, described: Endpoint, request: Any, more: dict[str, str]) -> Who:
    """Raises AuthenticationError, or Forbidden for a user who may not do this. `more` are headers of the answer."""
    headers, address = request.headers, address_of(request)
    cookie = cookies.read(headers, production=runtime.current().config.production)
    if described.caller == "session":
        return _signed_in(tx, described, request, cookie, more)
    if described.caller == "secret":
        # Whoever sends a key means the key, whatever cookie a browser adds.
        if cookie is not None and not {"x-api-key", "x-api-secret"} & set(headers.keys()):
            return _signed_in(tx, described, request, cookie, more)
        merchant_id = _authenticate(tx, headers, trusting=described.trusting)
        return Who(merchant_id=merchant_id, actor=Actor(name=headers["x-api-key"], user_id=None, address=address))
    if described.caller == "operator":
        if cookie is not None and "authorization" not in headers:
            signed_in = _signed_in(tx, described, request, cookie, more)
            return replace(signed_in, merchant_id=identity.OPERATOR)
        identity.check_operator(runtime.current().config.operator_secret, headers.get("authorization"))
        return Who(merchant_id=identity.OPERATOR, actor=Actor(name="operator", user_id=None, address=address))
    return Who(merchant_id=None, actor=Actor(name=described.caller, user_id=None, address=address))


def _signed_in(tx: Tx, described: Endpoint, request: Any, cookie: str | None, more: dict[str, str]) -> Who:
    """A user, if this session may do that. That a page of ours asks is checked before anything is looked up."""
    settings = runtime.current().config
    if described.method != "GET" and cookie is not None:
        same_origin.check(request, production=settings.production, known=settings.dashboard_url)
    if cookie is None:
        raise AuthenticationError("Sign in first", reason="credentials_missing")
    session, token = sessions.authenticate(tx, settings.jwt_secret, cookie, production=settings.production)
    # A page that polls keeps its token, but not the session: that ends when nobody has done anything for a while.
    if request.headers.get("x-background") != "1":
        session = sessions.see(tx, session)
    _check_shown(described, request.headers, session)
    _check_may(described, session)
    if token.is_old:
        more |= cookies.set(settings, session_id=session.id, user_id=session.user_id)
    actor = Actor(name=session.email, user_id=session.user_id, address=address_of(request))
    return Who(merchant_id=session.merchant_id, actor=actor, session=session)


def _check_shown(described: Endpoint, headers: Mapping[str, str], session: Session) -> None:
    """A browser's tabs share one session: a page of another merchant or user must not do anything for this one."""
    if (described.method, described.path) in WITH_ANY_SESSION:
        return
    for name, mine in ((SHOWN_MERCHANT, session.merchant_id), (SHOWN_USER, session.user_id)):
        if headers.get(name) not in (None, str(mine or "")):
            raise Conflict("Another merchant or user was chosen: load the page again", reason="session_changed")


def _check_may(described: Endpoint, session: Session) -> None:
    if session.must_change_password and described.path not in WITH_ANY_PASSWORD:
        raise Forbidden("Change your password first: somebody else knows it", reason="password_change_needed")
    if described.caller == "operator":
        allowed, wanted = session.is_operator, "the operator of this gateway"
    elif described.role is None:
        allowed, wanted = described.caller == "session", "a server, with an API key"
    else:
        allowed, wanted = may(session.role, described.role), _at_least(described.role)
    if not allowed:
        raise _role_missing(wanted)
    if described.confirmed and not session.confirmed:
        raise Forbidden("Give your password again first", reason="password_needed")


def _at_least(role: Role) -> str:
    return f"at least {role.replace('_', ' ')}"


def _role_missing(wanted: str) -> Forbidden:
    return Forbidden(f"Your role does not allow this: it takes {wanted}", reason="role_missing")


def address_of(request: Any) -> str:
    """Where a request comes from, as the server or API Gateway says, which know which proxies to believe."""
    return str((request.context.get("identity") or {}).get("sourceIp") or "")


def _noted(request: Any, who: Who) -> Who:
    """Who calls; the merchant, and its key if that let it in, are left in the event for what notes answered calls."""
    if who.merchant_id is not None and who.merchant_id != identity.OPERATOR:
        request.context |= {"merchantId": who.merchant_id, "apiKey": None if who.session else who.actor.name}
    return who


def _owned_by(call: Call[Any], owner: Callable[..., UUID], path_ids: Mapping[str, str]) -> UUID:
    """The merchant of the object. A publishable key may come along: to another merchant's the object is not there."""
    merchant_id = owner(call, **path_ids)
    api_key = call.headers.get("x-api-key")
    if api_key is not None:
        asking = identity.merchant_of(call.tx, api_key, production=call.on.config.production)
        if asking is None:
            raise AuthenticationError("Invalid API key", reason="credentials_invalid")
        if asking != merchant_id:
            raise NotFound("Payment not found" if "payment_id" in path_ids else "Order not found")
    return merchant_id


_credentials: dict[tuple[str, bytes], tuple[UUID, float]] = {}


def _authenticate(tx: Tx, headers: Mapping[str, str], *, trusting: bool) -> UUID:
    """The merchant. A right credential is remembered for a moment, which spares a busy merchant a query each call.

    A key that was just revoked can so read, and begin payments; it cannot move money, or make itself another key.
    """
    api_key, api_secret = headers.get("x-api-key", ""), headers.get("x-api-secret", "")
    credential = api_key, identity.digest(api_secret)
    known = _credentials.get(credential)
    now = time.monotonic()
    if trusting and known is not None and known[1] > now:
        return known[0]
    production = runtime.current().config.production
    merchant_id = identity.authenticate(tx, api_key=api_key, api_secret=api_secret, production=production)
    if len(_credentials) >= CREDENTIALS_MAX:
        _credentials.clear()
    _credentials[credential] = merchant_id, now + CREDENTIAL_SECONDS
    return merchant_id
