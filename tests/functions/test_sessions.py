"""Signing in and out, forged tokens, other sites' pages, guessed passwords, roles, teams, and what is written down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import app as handlers
import jwt
import psycopg
import pytest
from chalicelib import http, runtime
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.events import Context, clock_event
from shared.config import Config
from shared.db.database import Database
from shared.domain.user import ROLES
from shared.sealing import Sealer
from shared.services import passwords, sessions, team, test_merchant, tokens, tries
from tests import gateway, people
from tests.functions.test_api import CREDENTIALS, Api, _assert_refused, _start
from tests.people import HOST, JWT_SECRET, OWN, PASSWORD

SESSION = "/api/v1/session"
NEW = "a password that nobody has had before"


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(settings, database)
    runtime.current().close()


def sign_in(
    api: Api, email: str = test_merchant.EMAIL, password: str = PASSWORD, *, address: str = "192.0.2.1", **headers: str
) -> SimpleNamespace:
    answer = api._gateway.answer(
        method="POST",
        path=SESSION,
        query="",
        headers=OWN | headers,
        body=json.dumps({"email": email, "password": password}).encode(),
        source_ip=address,
        request_id=str(uuid4()),
    )
    return SimpleNamespace(status=answer.status, headers=answer.headers, json=json.loads(answer.body))


def cookie(answer: SimpleNamespace) -> dict[str, str]:
    """What the browser sends after this answer."""
    return OWN | {"cookie": answer.headers["Set-Cookie"].partition(";")[0]}


def owner(database: Database, **more: Any) -> dict[str, str]:
    return people.cookie_of(database, test_merchant.USER_ID, **more)


def logged(observer: psycopg.Connection, action: str | None = None) -> list[tuple[Any, ...]]:
    return observer.execute(
        """select merchant_id, user_id, actor, action, subject, details, address from audit_log
            where action = coalesce(%s, action) order by created_at, id""",
        (action,),
    ).fetchall()


# The door


def test_who_signs_in_sees_who_they_are_and_gets_a_cookie_that_no_script_reads(api: Api, database: Database) -> None:
    answer = sign_in(api, "TEST@example.com")
    assert answer.status == 200
    shown = answer.json
    assert shown["user"] == {
        "id": str(test_merchant.USER_ID),
        "email": "test@example.com",
        "name": "Test Owner",
        "is_operator": True,
        "must_change_password": False,
    }
    assert shown["merchant"] == {"id": str(test_merchant.ID), "name": "Test Merchant"}
    assert shown["merchants"] == [shown["merchant"] | {"role": "owner"}]
    assert (shown["role"], shown["test_mode"], shown["checkout_url"]) == ("owner", True, None)
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    assert name == "gateway_session"
    assert rest.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Strict"
    assert f'"{PASSWORD}"' not in json.dumps(shown) and rest.partition(";")[0] not in json.dumps(shown)
    again = api.call("GET", SESSION, headers=cookie(answer))
    assert (again.status, again.json) == (200, shown)
    assert "Set-Cookie" not in again.headers, "a fresh token is kept"


def test_every_sign_in_is_a_new_session(api: Api, observer: psycopg.Connection) -> None:
    first, second = sign_in(api), sign_in(api)
    assert cookie(first)["cookie"] != cookie(second)["cookie"]
    assert observer.execute("select count(*) from sessions").fetchone() == (2,)


def test_signing_out_ends_the_session_whoever_kept_the_cookie(api: Api) -> None:
    mine, other = cookie(sign_in(api)), cookie(sign_in(api))
    answer = api.call("DELETE", SESSION, headers=mine)
    assert (answer.status, answer.json) == (200, {"ended": 1})
    assert answer.headers["Set-Cookie"].startswith("gateway_session=;") and "Max-Age=0" in answer.headers["Set-Cookie"]
    _assert_refused(api.call("GET", SESSION, headers=mine), 401, "AUTHENTICATION_ERROR", reason="session_ended")
    assert api.call("GET", SESSION, headers=other).status == 200


def test_signing_out_everywhere_ends_every_session_and_nobody_elses(api: Api, database: Database) -> None:
    colleague = people.cookie_of(database, people.signed_up(database, test_merchant.ID, "owner"))
    mine = [cookie(sign_in(api)) for _ in range(3)]
    assert api.call("POST", f"{SESSION}/end_all", headers=mine[0]).json == {"ended": 3}
    assert [api.call("GET", SESSION, headers=one).status for one in mine] == [401] * 3
    assert api.call("GET", SESSION, headers=colleague).status == 200


def test_a_changed_password_ends_the_other_sessions_and_the_old_one_opens_nothing(api: Api) -> None:
    mine, other = cookie(sign_in(api)), cookie(sign_in(api))
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert api.call("POST", f"{SESSION}/password", body, headers=mine).status == 200
    assert api.call("GET", SESSION, headers=mine).status == 200
    assert api.call("GET", SESSION, headers=other).status == 401
    assert (sign_in(api).status, sign_in(api, password=NEW).status) == (401, 200)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("short77", "password_length"),
        ("x" * 129, "password_length"),
        ("password", "password_common"),
        ("PASSWORD123!", "password_common"),
        ("qwertyuiop", "password_common"),
        ("aaaaaaaaaaaaaaaa", "password_common"),
        ("Test@1234", "password_common"),
        ("Owner-2026", "password_common"),
        ("test@example.com", "password_common"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(api: Api, database: Database, new: str, reason: str) -> None:
    body = {"current_password": PASSWORD, "new_password": new}
    answer = api.call("POST", f"{SESSION}/password", body, headers=owner(database))
    _assert_refused(answer, 400, field="new_password", reason=reason)


@pytest.mark.parametrize(
    "new", ["correct horse battery", "ü" * 7 + "éa", "🧾🪙🏦💳🔑🚪🪟🧵", "Wq" + "x-9" * 42, "  eight  "]
)
def test_a_password_counts_as_it_was_typed(api: Api, database: Database, new: str) -> None:
    body = {"current_password": PASSWORD, "new_password": new}
    assert api.call("POST", f"{SESSION}/password", body, headers=owner(database)).status == 200
    assert sign_in(api, password=new).status == 200
    for wrong in (new[:-1], new + " ", new.swapcase() if new.swapcase() != new else new * 2):
        assert sign_in(api, password=wrong).status == 401


def test_a_wrong_current_password_changes_nothing_and_guesses_are_counted(api: Api, database: Database) -> None:
    mine = owner(database) | {"idempotency-key": "the same"}  # which must not take the count back
    for path, body in (
        ("password", {"current_password": "wrong wrong", "new_password": NEW}),
        ("confirm", {"password": "wrong wrong"}),
    ):
        for _ in range(sessions.TRIES_MAX // 2):
            _assert_refused(api.call("POST", f"{SESSION}/{path}", body, headers=mine), 400, reason="password_wrong")
    answer = api.call("POST", f"{SESSION}/confirm", {"password": PASSWORD}, headers=mine)
    _assert_refused(answer, 429, "RATE_LIMIT_ERROR", reason="too_many_tries")
    assert 0 < int(answer.headers["Retry-After"]) <= tries.WINDOW_SECONDS
    assert sign_in(api).status == 200, "the door is another place"


def test_right_passwords_are_counted_too_for_each_takes_much_work(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "HASHES_MAX", 3)
    mine = owner(database, confirmed=True)
    answers = [api.call("POST", f"{SESSION}/confirm", {"password": PASSWORD}, headers=mine) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    _assert_refused(api.call("POST", "/api/v1/team", RAVI, headers=mine), 429, "RATE_LIMIT_ERROR")


def test_no_connection_is_held_while_a_password_is_hashed(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many of the runtime's connections are free whenever one is hashed."""
    free: list[int] = []
    pool = runtime.current().database
    looking, hashing = passwords.is_right, passwords.hash

    def count() -> None:
        free.append(sum(1 for _ in range(pool._connections_max) if pool._free.acquire(blocking=False)))
        for _ in range(free[-1]):
            pool._free.release()

    monkeypatch.setattr(passwords, "is_right", lambda *words: count() or looking(*words))
    monkeypatch.setattr(passwords, "hash", lambda *words: count() or hashing(*words))
    mine = owner(database, confirmed=True)
    assert sign_in(api).status == 200
    assert api.call("POST", f"{SESSION}/confirm", {"password": PASSWORD}, headers=mine).status == 200
    made = api.call("POST", "/api/v1/team", RAVI, headers=mine)
    reset = {"password": "quite another one"}
    assert api.call("PUT", f"/api/v1/team/{made.json['user_id']}", reset, headers=mine).status == 200
    changed = {"current_password": PASSWORD, "new_password": NEW}
    assert api.call("POST", f"{SESSION}/password", changed, headers=mine).status == 200
    assert free == [pool._connections_max] * 6


def test_who_waits_too_long_for_a_turn_at_hashing_is_told_to_come_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "TURN_SECONDS", 0.05)
    for _ in range(passwords.AT_ONCE_MAX):
        passwords._turn.acquire()
    try:
        answer = sign_in(api)
    finally:
        passwords._turn.release(passwords.AT_ONCE_MAX)
    _assert_refused(answer, 503, "SERVER_ERROR", reason="unavailable")
    assert sign_in(api).status == 200


def test_hashes_are_argon2id_at_the_agreed_cost(observer: psycopg.Connection, database: Database) -> None:
    rows = [hashed for (hashed,) in observer.execute("select password_hash from users").fetchall()]
    for hashed in (*rows, passwords.NOBODYS, passwords.hash(NEW)):
        assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert not passwords.is_outdated(hashed)
    assert passwords.hash(NEW) != passwords.hash(NEW), "every one has a salt of its own"


# Time-outs


def _age(observer: psycopg.Connection, **seconds: int) -> None:
    for column, age in seconds.items():
        observer.execute(f"update sessions set {column} = {column} - make_interval(secs => {age})")  # type: ignore[arg-type]


def test_a_session_ends_when_nobody_has_done_anything_for_half_an_hour(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    mine = owner(database)
    _age(observer, seen_at=sessions.IDLE_SECONDS - 5)
    assert api.call("GET", SESSION, headers=mine).status == 200
    _age(observer, seen_at=sessions.IDLE_SECONDS - 5)
    assert api.call("GET", SESSION, headers=mine).status == 200, "the call before has renewed it"
    _age(observer, seen_at=sessions.IDLE_SECONDS + 1)
    assert api.call("GET", SESSION, headers=mine).status == 401


def test_what_a_page_polls_does_not_keep_a_session(api: Api, database: Database, observer: psycopg.Connection) -> None:
    session_id = people.session_of(database, test_merchant.USER_ID)
    _age(observer, seen_at=sessions.IDLE_SECONDS - 60)
    seen = observer.execute("select seen_at from sessions").fetchone()
    old = people.token(session_id, test_merchant.USER_ID, iat=int(time.time()) - 400, exp=int(time.time()) + 300)
    polls = OWN | {"x-background": "1", "cookie": f"gateway_session={old}"}
    answers = [api.call("GET", path, headers=polls) for path in (SESSION, "/api/v1/payments", "/api/v1/balance")]
    assert [answer.status for answer in answers] == [200] * 3
    assert observer.execute("select seen_at from sessions").fetchone() == seen
    _age(observer, seen_at=61)
    assert api.call("GET", SESSION, headers=polls).status == 401
    assert api.call("GET", SESSION, headers=cookie(answers[0])).status == 401, "a fresher token is no longer session"


def test_a_session_ends_after_twelve_hours_whatever_is_done(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    mine = owner(database)
    (lasts,) = (
        observer.execute("select extract(epoch from expires_at - created_at)::int from sessions").fetchone() or ()
    )
    assert lasts == 12 * 3600
    _age(observer, expires_at=lasts - 60)
    assert api.call("GET", SESSION, headers=mine).status == 200
    _age(observer, expires_at=61)
    assert api.call("GET", SESSION, headers=mine).status == 401


def test_a_refused_call_keeps_the_session_too(api: Api, database: Database, observer: psycopg.Connection) -> None:
    mine = owner(database, confirmed=True)
    _age(observer, seen_at=sessions.IDLE_SECONDS - 5)
    assert api.call("DELETE", f"/api/v1/team/{uuid4()}", headers=mine).status == 404
    seconds = observer.execute("select extract(epoch from now() - seen_at)::int from sessions").fetchone()
    assert (seconds or (999,))[0] < 60


def test_a_call_does_not_wait_for_another_of_the_same_person(
    api: Api, database: Database, observer: psycopg.Connection, database_url: str
) -> None:
    """What the one changes in the session's row, the other only wants to be seen in."""
    mine = owner(database)
    _age(observer, seen_at=300)
    with psycopg.connect(database_url) as busy:
        busy.execute("update sessions set seen_at = seen_at")
        began = time.monotonic()
        assert api.call("GET", "/api/v1/payments", headers=mine).status == 200
        assert time.monotonic() - began < 1


def test_an_old_token_is_replaced_and_a_fresh_one_is_not(api: Api, database: Database) -> None:
    session_id, now = people.session_of(database, test_merchant.USER_ID), int(time.time())
    for age, replaced in ((60, False), (tokens.RENEW_SECONDS + 10, True)):
        sent = people.token(session_id, test_merchant.USER_ID, iat=now - age, exp=now - age + tokens.TOKEN_SECONDS)
        answer = api.call("GET", "/api/v1/payments", headers=OWN | {"cookie": f"gateway_session={sent}"})
        assert answer.status == 200
        assert ("Set-Cookie" in answer.headers) is replaced
    assert api.call("GET", SESSION, headers=cookie(answer)).status == 200
    claims = jwt.decode(cookie(answer)["cookie"].partition("=")[2], options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "iat", "exp", "sid", "sub"}
    assert claims["exp"] - claims["iat"] == 15 * 60


def test_signing_in_again_ends_the_session_that_the_browser_had(api: Api, database: Database) -> None:
    earlier, other = cookie(sign_in(api)), cookie(sign_in(api))
    colleague = people.signed_up(database, test_merchant.ID, "support", email="colleague@shop.example")
    assert sign_in(api, password="wrong wrong", cookie=earlier["cookie"]).status == 401
    assert api.call("GET", SESSION, headers=earlier).status == 200, "nobody has signed in"
    answer = sign_in(api, "colleague@shop.example", cookie=earlier["cookie"])
    assert answer.json["user"]["id"] == str(colleague)
    assert api.call("GET", SESSION, headers=earlier).status == 401
    assert [api.call("GET", SESSION, headers=one).status for one in (other, cookie(answer))] == [200, 200]
    assert sign_in(api, cookie="gateway_session=nonsense").status == 200


def test_what_has_ended_long_ago_is_forgotten_and_what_lives_is_not(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    gone, kept = (people.session_of(database, test_merchant.USER_ID) for _ in range(2))
    observer.execute("update sessions set expires_at = now() - interval '31 days' where id = %s", (gone,))
    sign_in(api, password="wrong wrong")
    sign_in(api, "nobody@example.com", address="192.0.2.2")
    observer.execute("update sign_in_tries set until = now() where kind = 'account'")
    handlers.app.handler_map["expired_keys"](clock_event("expired_keys"), Context("expired_keys", timeout_seconds=60))
    assert observer.execute("select id from sessions").fetchall() == [(kept,)]
    assert observer.execute("select kind from sign_in_tries").fetchall() == [("address",)] * 2


# Forged tokens


def _b64(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _signed(header: dict[str, Any], claims: Any, key: bytes = JWT_SECRET.encode(), digest: str = "sha256") -> str:
    head = f"{_b64(header)}.{_b64(claims)}"
    return f"{head}.{_b64(hmac.digest(key, head.encode(), digest))}"


def _forged(session_id: UUID, ended: UUID, others: UUID, user_id: UUID) -> dict[str, str]:
    now = int(time.time())

    def token(**more: Any) -> str:
        return people.token(session_id, user_id, **more)

    good = token()
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    usual = {"alg": "HS256", "typ": tokens.TYPE}
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "no signature, alg none": f"{_b64(usual | {'alg': 'none'})}.{body}.",
        "alg None": f"{_b64(usual | {'alg': 'None'})}.{body}.",
        "alg nOnE with the old signature": f"{_b64(usual | {'alg': 'nOnE'})}.{body}.{signature}",
        "alg empty": f"{_b64(usual | {'alg': ''})}.{body}.{signature}",
        "no alg": f"{_b64({'typ': tokens.TYPE})}.{body}.{signature}",
        "HS512": _signed(usual | {"alg": "HS512"}, claims, digest="sha512"),
        "HS384": _signed(usual | {"alg": "HS384"}, claims, digest="sha384"),
        "RS256": token(algorithm="RS256", secret=private),
        "RS256 confusion": _signed(usual, claims, public),
        "says RS256, signed with our key": _signed(usual | {"alg": "RS256"}, claims),
        "another key": token(secret="another secret, which is long enough"),
        "an empty key": _signed(usual, claims, b""),
        "the key hashed": _signed(usual, claims, hashlib.sha256(JWT_SECRET.encode()).digest()),
        "a key of its own": _signed(usual | {"jwk": {"kty": "oct", "k": _b64(b"x" * 32)}}, claims, b"x" * 32),
        "a kid": _signed(usual | {"kid": "../../dev/null"}, claims),
        "crit": _signed(usual | {"crit": ["exp"]}, claims),
        "no typ": _signed({"alg": "HS256"}, claims),
        "typ JWT": token(header={"typ": "JWT"}),
        "no exp": token(exp=None),
        "no iat": token(iat=None),
        "no sid": _signed(usual, {name: value for name, value in claims.items() if name != "sid"}),
        "no sub": _signed(usual, {name: value for name, value in claims.items() if name != "sub"}),
        "no aud": token(aud=None),
        "no iss": token(iss=None),
        "another aud": token(aud="payment-gateway/api"),
        "a list of aud": token(aud=[tokens.AUDIENCE]),
        "another iss": token(iss="https://elsewhere.example"),
        "expired": token(iat=now - 1000, exp=now - 60),
        "for ever": token(exp=now + 10**9),
        "exp as text": _signed(usual, claims | {"exp": str(now + 600)}),
        "exp as a fraction": _signed(usual, claims | {"exp": now + 600.5}),
        "from the future": token(iat=now + 60, exp=now + 600),
        "not yet": token(nbf=now + 60),
        "an ended session": people.token(ended, user_id),
        "another user's session": people.token(others, user_id),
        "a session that never was": people.token(uuid4(), user_id),
        "nobody's session": people.token(session_id, uuid4()),
        "sid is no id": people.token("' or 1=1 --", user_id),
        "sid is a number": _signed(usual, claims | {"sid": 5}),
        "a changed claim": f"{head}.{_b64(claims | {'sub': str(uuid4())})}.{signature}",
        "a changed signature": f"{head}.{body}.{_b64(bytes(32))}",
        "a cut signature": good[:-1],
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}",
        "claims that are a list": _signed(usual, [claims]),
        "claims that are no JSON": _signed(usual, b"\x00\xff"),
        "empty": "",
        "junk": "x" * 300,
        "huge": "a." * 2000,
        "dots": "..",
    }


def test_no_forged_stale_or_altered_token_opens_anything(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    user_id = test_merchant.USER_ID
    session_id, ended = (people.session_of(database, user_id) for _ in range(2))
    observer.execute("update sessions set ended_at = now() where id = %s", (ended,))
    others = people.session_of(database, people.signed_up(database, test_merchant.ID, "owner"))
    right = people.headers_of(session_id, user_id)
    assert api.call("GET", "/api/v1/payments", headers=right).status == 200, "the token that these are made of is good"
    forged = _forged(session_id, ended, others, user_id)
    assert len(forged) >= 40
    for name, token in forged.items():
        headers = OWN | {"cookie": f"gateway_session={token}"}
        for method, path in (
            ("GET", "/api/v1/payments"),
            ("POST", "/api/v1/webhooks/test"),
            ("GET", "/api/v1/merchants"),
        ):
            answer = api.call(method, path, headers=headers)
            assert answer.status == 401, f"{name}: {method} {path} answers {answer.status}"
            assert answer.json["error"]["code"] == "AUTHENTICATION_ERROR"
            assert "Set-Cookie" not in answer.headers, name
    assert api.call("GET", "/api/v1/payments", headers=right).status == 200


def test_a_key_that_is_sent_counts_and_not_the_cookie_beside_it(api: Api, database: Database) -> None:
    mine = owner(database)
    assert api.call("GET", "/api/v1/payments", headers=mine | {"x-api-key": "key_test_nobody"}).status == 401
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=CREDENTIALS | {"cookie": "x=1"}).status == 201
    bearer = mine | {"authorization": "Bearer wrong"}
    assert api.call("GET", "/api/v1/merchants", headers=bearer).status == 404, "there is no operator's secret"


# Guessed passwords


def _guess(api: Api, times: int, email: str, **more: Any) -> list[SimpleNamespace]:
    return [sign_in(api, email, f"guess {number}", **more) for number in range(times)]


def test_a_thousand_wrong_passwords_are_refused_after_ten_alike_for_known_and_unknown_accounts(
    api: Api, observer: psycopg.Connection
) -> None:
    told = {}
    for email, address in (("test@example.com", "192.0.2.7"), ("nobody@example.com", "192.0.2.8")):
        answers = _guess(api, 1000, email, address=address)
        assert [answer.status for answer in answers] == [401] * 10 + [429] * 990
        assert all(0 < int(answer.headers["Retry-After"]) <= tries.WINDOW_SECONDS for answer in answers[10:])
        _assert_refused(answers[0], 401, "AUTHENTICATION_ERROR", reason="credentials_invalid")
        _assert_refused(answers[10], 429, "RATE_LIMIT_ERROR", reason="too_many_tries")
        for answer in answers:
            for varying in ("request_id", "retry_after"):
                answer.json["error"].pop(varying, None)
        told[email] = [(answer.status, answer.json, sorted(answer.headers)) for answer in answers]
        assert sign_in(api, email, address=address).status == 429, "not even the right one is tried"
    assert told["test@example.com"] == told["nobody@example.com"]
    assert sign_in(api, address="192.0.2.9").status == 200, "its owner is not locked out"
    kept = observer.execute("select kind, key, count from sign_in_tries").fetchall()
    assert {kind for kind, _, _ in kept} == {"account", "address"}
    assert "nobody@example.com" not in str(logged(observer)), "what was typed may have been a password"


def test_an_address_gets_no_more_by_trying_many_accounts(api: Api) -> None:
    statuses = [
        sign_in(api, f"user{number}@example.com", "x").status for number in range(sessions.ADDRESS_TRIES_MAX + 9)
    ]
    assert statuses == [401] * sessions.ADDRESS_TRIES_MAX + [429] * 9


def test_a_header_that_anybody_can_write_gains_no_further_tries(api: Api) -> None:
    forwarded = [{"x-forwarded-for": f"203.0.113.{n}", "forwarded": f"for=203.0.113.{n}"} for n in range(12)]
    statuses = [sign_in(api, password="x", **headers).status for headers in forwarded]
    assert statuses == [401] * 10 + [429] * 2


def test_neighbours_in_one_network_of_ipv6_count_as_one(api: Api) -> None:
    answers = [sign_in(api, password="x", address=f"2001:db8:1:2::{number:x}") for number in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert sign_in(api, password="x", address="2001:db8:1:3::1").status == 401


def test_a_right_password_clears_the_count_and_wrong_ones_are_forgotten_in_time(
    api: Api, observer: psycopg.Connection
) -> None:
    for _ in range(2):
        _guess(api, 9, test_merchant.EMAIL)
        assert sign_in(api).status == 200
    _guess(api, 10, test_merchant.EMAIL)
    assert sign_in(api).status == 429
    observer.execute("update sign_in_tries set until = now()")
    assert sign_in(api).status == 200


def test_fifty_guesses_at_once_are_no_more_than_ten(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    right = passwords.is_right
    monkeypatch.setattr(passwords, "is_right", lambda *words: looked_at.append(1) or right(*words))
    with ThreadPoolExecutor(50) as threads:
        statuses = list(threads.map(lambda n: sign_in(api, password=f"guess {n}").status, range(50)))
    assert sorted(statuses) == [401] * 10 + [429] * 40
    assert len(looked_at) == 10


@pytest.mark.parametrize("email", ["test@example.com", "nobody@example.com", "x" * 300, "\u0000", "' or 1=1 --"])
def test_an_unknown_account_costs_the_same_work(api: Api, monkeypatch: pytest.MonkeyPatch, email: str) -> None:
    """The same hash is computed and the same rows are written: what it takes tells nothing."""
    verified = []
    hasher = passwords._hasher()

    class Counting:
        def verify(self, hashed: str, password: bytes) -> bool:
            verified.append(hashed.split("$")[1:4])
            return hasher.verify(hashed, password)

        check_needs_rehash = staticmethod(hasher.check_needs_rehash)

    monkeypatch.setattr(passwords, "_hasher", Counting)
    _assert_refused(sign_in(api, email, "wrong wrong"), 401, "AUTHENTICATION_ERROR", reason="credentials_invalid")
    assert verified == [["argon2id", "v=19", "m=19456,t=2,p=1"]]


def test_who_is_no_members_of_anything_is_refused_like_anybody(api: Api, database: Database) -> None:
    people.signed_up(database, None, None, email="left@example.com")
    refused, unknown = sign_in(api, "left@example.com"), sign_in(api, "nobody@example.com")
    assert refused.status == unknown.status == 401
    assert refused.json["error"]["description"] == unknown.json["error"]["description"]


# Other sites' pages

FOREIGN = {
    "null": {"origin": "null"},
    "a subdomain": {"origin": f"https://evil.{HOST}"},
    "a suffix": {"origin": f"https://{HOST}.evil.example"},
    "a prefix": {"origin": f"https://evil{HOST}"},
    "another site": {"origin": "https://evil.example"},
    "another port": {"origin": f"https://{HOST}:8443"},
    "the port of the other scheme": {"origin": f"https://{HOST}:80"},
    "another scheme": {"origin": f"ftp://{HOST}"},
    "an extension": {"origin": f"chrome-extension://{HOST}"},
    "user-info": {"origin": f"https://{HOST}@evil.example"},
    "a path": {"origin": f"https://evil.example/{HOST}"},
    "a list": {"origin": f"https://{HOST} https://evil.example"},
    "empty": {"origin": ""},
    "neither": {},
    "only a referrer": {"referer": f"https://{HOST}/dashboard"},
    "cross-site without origin": {"sec-fetch-site": "cross-site"},
    "same-site without origin": {"sec-fetch-site": "same-site"},
    "typed into the bar": {"sec-fetch-site": "none"},
    "cross-site though our origin": {"sec-fetch-site": "cross-site", "origin": f"https://{HOST}"},
    "same-origin but null": {"sec-fetch-site": "same-origin", "origin": "null"},
}
FORMS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
         "text/plain; application/json", "application/jsonp", "", None)  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_another_sites_page_changes_nothing(
    api: Api, database: Database, observer: psycopg.Connection, name: str
) -> None:
    mine = {key: value for key, value in owner(database).items() if key != "origin"} | FOREIGN[name]
    for method, path, body in (
        ("POST", "/api/v1/orders", {"amount": 500}),
        ("PUT", "/api/v1/merchants/me", {"webhook_url": None}),
        ("DELETE", SESSION, None),
        ("POST", "/api/v1/merchants", {"name": "Evil", "email": "evil@example.com"}),
    ):
        answer = api.call(method, path, body, headers=mine)
        _assert_refused(answer, 403, "FORBIDDEN_ERROR", reason="csrf")
    assert observer.execute("select (select count(*) from orders), (select count(*) from merchants)").fetchone() == (
        0,
        1,
    )
    assert observer.execute("select count(*) from sessions where ended_at is null").fetchone() == (1,)
    assert api.call("GET", "/api/v1/orders", headers=mine).status == 200, "reading is harmless: CORS hides the answer"
    if {"origin", "sec-fetch-site"} & FOREIGN[name].keys():
        body = {"email": test_merchant.EMAIL, "password": PASSWORD}
        refused = api.call("POST", SESSION, body, headers=mine)
        _assert_refused(refused, 403, "FORBIDDEN_ERROR", reason="csrf")


@pytest.mark.parametrize("content_type", FORMS)
def test_what_a_form_can_send_changes_nothing(
    api: Api, database: Database, observer: psycopg.Connection, content_type: str | None
) -> None:
    mine = owner(database) | {"content-type": content_type}
    if content_type is None:
        mine = {key: value for key, value in owner(database).items() if key != "content-type"}
        headers = mine
        answer = api._gateway.answer(
            method="POST", path="/api/v1/orders", query="", headers=headers, body=b'{"amount": 500}',
            source_ip="192.0.2.1", request_id="r",
        )  # fmt: skip
        assert answer.status == 403
    else:
        for raw in (b'{"amount": 500}', b""):
            answered = api.call("POST", "/api/v1/orders", raw=raw, headers=mine)
            _assert_refused(answered, 403, "FORBIDDEN_ERROR", reason="csrf")
    assert observer.execute("select count(*) from orders").fetchone() == (0,)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": f"https://{HOST}", "host": HOST},
        {"origin": f"https://{HOST.upper()}", "host": HOST},
        {"origin": f"https://{HOST}:443", "host": HOST},
        {"origin": "http://localhost:3000", "host": "localhost:3000"},
        {"sec-fetch-site": "same-origin", "origin": f"https://{HOST}", "host": "abc.execute-api.example"},
        {"sec-fetch-site": "same-origin", "host": "abc.execute-api.example"},
    ],
)
def test_our_own_page_may_write(api: Api, database: Database, headers: dict[str, str]) -> None:
    mine = {key: value for key, value in owner(database).items() if key != "origin"} | headers
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=mine).status == 201


DASHBOARD = f"https://{HOST}"


@pytest.mark.parametrize(
    ("known", "origin", "allowed"),
    [
        (None, DASHBOARD, False),
        (DASHBOARD, DASHBOARD, True),
        (f"{DASHBOARD}:443/login", DASHBOARD.upper(), True),
        (DASHBOARD, "https://abc.execute-api.example", True),
        (DASHBOARD, f"http://{HOST}", False),
        (DASHBOARD, f"https://{HOST}.evil.example", False),
        (DASHBOARD, "https://evil.example", False),
        (DASHBOARD, "null", False),
    ],
)
def test_behind_a_proxy_that_changes_the_host_our_page_is_known_by_what_the_operator_says(
    api: Api, settings: Config, database: Database, known: str | None, origin: str, allowed: bool
) -> None:
    runtime.use(replace(runtime.current(), config=replace(settings, dashboard_url=known)))
    mine = owner(database) | {"origin": origin, "host": "abc.execute-api.example"}
    given = {"email": test_merchant.EMAIL, "password": PASSWORD}
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=mine).status == (201 if allowed else 403)
    assert api.call("POST", SESSION, given, headers=mine).status == (200 if allowed else 403)


def test_a_browser_that_says_cross_site_is_believed_before_its_origin(
    api: Api, settings: Config, database: Database
) -> None:
    runtime.use(replace(runtime.current(), config=replace(settings, dashboard_url=DASHBOARD)))
    mine = owner(database) | {"origin": DASHBOARD, "sec-fetch-site": "cross-site"}
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=mine).status == 403


# Roles

# Which least role each call takes of somebody who has signed in. Nothing gets in here by itself.
LEAST = {
    "read_only": {
        ("GET", "/api/v1/api_keys"),
        ("GET", "/api/v1/attention"),
        ("GET", "/api/v1/balance"),
        ("GET", "/api/v1/changes"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/events/{event_id}"),
        ("GET", "/api/v1/ledger"),
        ("GET", "/api/v1/merchants/me"),
        ("GET", "/api/v1/orders"),
        ("GET", "/api/v1/orders/{order_id}"),
        ("GET", "/api/v1/payments"),
        ("GET", "/api/v1/payments/export"),
        ("GET", "/api/v1/payments/{payment_id}"),
        ("GET", "/api/v1/payments/{payment_id}/timeline"),
        ("GET", "/api/v1/requests"),
        ("GET", "/api/v1/search"),
        ("GET", "/api/v1/stats"),
        ("GET", "/api/v1/payments/{payment_id}/refunds"),
        ("GET", "/api/v1/refunds"),
        ("GET", "/api/v1/refunds/{refund_id}"),
        ("GET", "/api/v1/webhook_endpoints"),
        ("GET", "/api/v1/webhook_endpoints/{webhook_endpoint_id}"),
        ("GET", "/api/v1/webhooks"),
        ("GET", "/api/v1/webhooks/{webhook_id}"),
    },
    "support": {
        ("POST", "/api/v1/events/{event_id}/replay"),
        ("POST", "/api/v1/orders"),
        ("POST", "/api/v1/payments"),
        ("POST", "/api/v1/payments/{payment_id}/capture"),
        ("POST", "/api/v1/payments/{payment_id}/refunds"),
        ("POST", "/api/v1/payments/{payment_id}/void"),
        ("POST", "/api/v1/webhook_endpoints/{webhook_endpoint_id}/replay"),
        ("POST", "/api/v1/webhooks/test"),
        ("POST", "/api/v1/webhooks/{webhook_id}/retry"),
    },
    "developer": {
        ("DELETE", "/api/v1/api_keys/{api_key}"),
        ("DELETE", "/api/v1/webhook_endpoints/{webhook_endpoint_id}"),
        ("POST", "/api/v1/api_keys"),
        ("POST", "/api/v1/api_keys/{api_key}/roll"),
        ("POST", "/api/v1/webhook_endpoints"),
        ("POST", "/api/v1/webhook_endpoints/{webhook_endpoint_id}/reveal"),
        ("POST", "/api/v1/webhook_endpoints/{webhook_endpoint_id}/secret"),
        ("PUT", "/api/v1/merchants/me"),
        ("PUT", "/api/v1/webhook_endpoints/{webhook_endpoint_id}"),
    },
    "owner": {
        ("DELETE", "/api/v1/team/{user_id}"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/team"),
        ("POST", "/api/v1/team"),
        ("PUT", "/api/v1/team/{user_id}"),
    },
    "anybody who has signed in": {
        ("DELETE", "/api/v1/session"),
        ("GET", "/api/v1/session"),
        ("POST", "/api/v1/session/confirm"),
        ("POST", "/api/v1/session/end_all"),
        ("POST", "/api/v1/session/merchant"),
        ("POST", "/api/v1/session/password"),
    },
    "operator": {
        ("GET", "/api/v1/operations"),
        ("GET", "/api/v1/operations/dead_jobs"),
        ("POST", "/api/v1/operations/dead_jobs/{job_id}/retry"),
        ("GET", "/api/v1/merchants"),
        ("GET", "/api/v1/merchants/{merchant_id}/api_keys"),
        ("POST", "/api/v1/merchants"),
        ("POST", "/api/v1/merchants/{merchant_id}/api_keys"),
        ("POST", "/api/v1/merchants/{merchant_id}/api_keys/{api_key}/roll"),
        ("POST", "/api/v1/users"),
        ("POST", "/api/v1/users/{user_id}/password"),
        ("PUT", "/api/v1/users/{user_id}"),
    },
}
# For which the password must have been given again.
STEP_UP = {
    ("DELETE", "/api/v1/team/{user_id}"),
    ("POST", "/api/v1/team"),
    ("PUT", "/api/v1/team/{user_id}"),
    ("POST", "/api/v1/api_keys"),
    ("POST", "/api/v1/api_keys/{api_key}/roll"),
    ("POST", "/api/v1/merchants/{merchant_id}/api_keys"),
    ("POST", "/api/v1/merchants/{merchant_id}/api_keys/{api_key}/roll"),
    ("POST", "/api/v1/users"),
    ("POST", "/api/v1/users/{user_id}/password"),
    ("POST", "/api/v1/webhook_endpoints/{webhook_endpoint_id}/reveal"),
    ("POST", "/api/v1/webhook_endpoints/{webhook_endpoint_id}/secret"),
    ("PUT", "/api/v1/users/{user_id}"),
}


def test_every_call_is_in_the_table_of_roles() -> None:
    table = {route: least for least, routes in LEAST.items() for route in routes}
    assert len(table) == sum(map(len, LEAST.values())), "a call stands in it twice"
    declared = {
        (e.method, e.path): e.role or {"operator": "operator", "session": "anybody who has signed in"}.get(e.caller)
        for e in http.ENDPOINTS
        if e.caller in ("secret", "session", "operator")
    }
    assert declared == table
    assert {(e.method, e.path) for e in http.ENDPOINTS if e.confirmed} == STEP_UP


def _try(api: Api, route: tuple[str, str], headers: dict[str, str]) -> SimpleNamespace:
    """The call with ids of nothing and an empty body: who may, is told what is wrong with those."""
    method, path = route
    filled = path.format_map({"merchant_id": str(uuid4()), "user_id": str(uuid4())} | dict.fromkeys(
        ("api_key", "event_id", "job_id", "order_id", "payment_id", "refund_id", "webhook_endpoint_id", "webhook_id"),
        "nothing",
    ))  # fmt: skip
    return api.call(method, filled, None if method == "GET" else {}, headers=headers)


@pytest.mark.parametrize("role", [*ROLES, "operator of no merchant", "operator"])
def test_a_role_may_what_the_table_says_and_nothing_else(api: Api, database: Database, role: str) -> None:
    if role in ROLES:
        user_id = people.signed_up(database, test_merchant.ID, role)  # type: ignore[arg-type]
    elif role == "operator":
        user_id = people.signed_up(database, test_merchant.ID, "read_only", operator=True)
    else:
        user_id = people.signed_up(database, None, None, operator=True)
    allowed = set(LEAST["anybody who has signed in"])
    if "operator" in role:
        allowed |= LEAST["operator"]
    for least in ROLES if role in ROLES else ROLES[:1] if role == "operator" else ():
        if role not in ROLES or ROLES.index(least) <= ROLES.index(role):  # type: ignore[arg-type]
            allowed |= LEAST[least]
    for route in {one for routes in LEAST.values() for one in routes}:
        answer = _try(api, route, people.cookie_of(database, user_id, confirmed=True))
        if route in allowed:
            assert answer.status in (200, 201, 400, 404), (role, route, answer.json)
        else:
            _assert_refused(answer, 403, "FORBIDDEN_ERROR", reason="role_missing")
        if route in STEP_UP & allowed:
            again = _try(api, route, people.cookie_of(database, user_id))
            _assert_refused(again, 403, "FORBIDDEN_ERROR", reason="password_needed")


def test_what_the_merchant_is_called_is_the_owners_to_change(api: Api, database: Database) -> None:
    me = "/api/v1/merchants/me"
    before = api.call("GET", me, headers=owner(database)).json
    theirs = people.cookie_of(database, people.signed_up(database, test_merchant.ID, "developer"))
    assert api.call("PUT", me, {"checkout_origins": ["https://shop.example"]}, headers=theirs).status == 200
    for change in ({"name": "Mine"}, {"email": "mine@example.com"}):
        _assert_refused(api.call("PUT", me, change, headers=theirs), 403, "FORBIDDEN_ERROR", reason="role_missing")
    assert api.call("GET", me, headers=theirs).json["name"] == before["name"]
    assert api.call("PUT", me, {"name": "Ours"}, headers=owner(database)).json["name"] == "Ours"


def test_a_changed_role_counts_at_the_next_call(api: Api, database: Database, observer: psycopg.Connection) -> None:
    user_id = people.signed_up(database, test_merchant.ID, "support")
    mine = people.cookie_of(database, user_id)
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=mine).status == 201
    changed = api.call("PUT", f"/api/v1/team/{user_id}", {"role": "read_only"}, headers=owner(database, confirmed=True))
    assert (changed.status, changed.json["role"]) == (200, "read_only")
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=mine).status == 403


def test_confirming_lasts_five_minutes_and_for_this_session_only(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    first = observer.execute("select id from webhook_endpoints").fetchone()
    assert first is not None
    path = f"/api/v1/webhook_endpoints/{first[0]}/reveal"
    mine, other = cookie(sign_in(api)), cookie(sign_in(api))
    _assert_refused(api.call("POST", path, headers=mine), 403, "FORBIDDEN_ERROR", reason="password_needed")
    confirmed = api.call("POST", f"{SESSION}/confirm", {"password": PASSWORD}, headers=mine)
    assert confirmed.status == 200
    assert api.call("POST", path, headers=mine).json == {"secret": test_merchant.WEBHOOK_SECRET}
    assert api.call("POST", path, headers=other).status == 403
    _age(observer, confirmed_until=sessions.CONFIRMED_SECONDS + 1)
    assert api.call("POST", path, headers=mine).status == 403
    ((merchant_id, user_id, actor, _, subject, _, address),) = logged(observer, "webhook_secret.revealed")
    assert (merchant_id, user_id) == (test_merchant.ID, test_merchant.USER_ID)
    assert (actor, subject, address) == (test_merchant.EMAIL, first[0], "127.0.0.1")


# Merchants of one user, and of others


def test_a_user_sees_only_the_merchant_switched_to_and_switches_only_to_their_own(
    api: Api, database: Database, sealer: Sealer
) -> None:
    other = gateway.other_merchant(database, sealer)
    theirs = api.call("POST", "/api/v1/orders", {"amount": 500}, headers=gateway.OTHER).json["id"]
    mine = owner(database)
    refusals = [
        api.call("POST", f"{SESSION}/merchant", {"merchant_id": str(id)}, headers=mine) for id in (other, uuid4())
    ]
    for refused in refusals:
        _assert_refused(refused, 404, "NOT_FOUND_ERROR")
    assert api.call("GET", f"/api/v1/orders/{theirs}", headers=mine).status == 404
    both = people.signed_up(database, test_merchant.ID, "read_only")
    with database.statement() as tx:
        people.users.put_membership(tx, both, other, "developer")
    mine = people.cookie_of(database, both)
    assert api.call("GET", f"/api/v1/orders/{theirs}", headers=mine).status == 404
    switched = api.call("POST", f"{SESSION}/merchant", {"merchant_id": str(other)}, headers=mine)
    assert (switched.json["merchant"]["id"], switched.json["role"]) == (str(other), "developer")
    assert len(switched.json["merchants"]) == 2
    assert api.call("GET", f"/api/v1/orders/{theirs}", headers=mine).status == 200


def test_a_page_that_shows_another_merchant_or_user_does_nothing(
    api: Api, database: Database, sealer: Sealer, observer: psycopg.Connection
) -> None:
    other = gateway.other_merchant(database, sealer)
    user_id = people.signed_up(database, test_merchant.ID, "owner")
    with database.statement() as tx:
        people.users.put_membership(tx, user_id, other, "owner")
    mine = people.cookie_of(database, user_id, merchant_id=test_merchant.ID)
    shown = {"x-merchant-id": str(test_merchant.ID), "x-user-id": str(user_id)}
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=mine | shown).status == 201
    for stale in ({"x-merchant-id": str(other)}, {"x-user-id": str(test_merchant.USER_ID)}, {"x-merchant-id": ""}):
        for method, path in (
            ("POST", "/api/v1/orders"),
            ("GET", "/api/v1/payments"),
            ("GET", "/api/v1/team"),
            ("POST", f"{SESSION}/end_all"),
            ("DELETE", SESSION),
        ):
            answer = api.call(method, path, None if method == "GET" else {"amount": 500}, headers=mine | shown | stale)
            _assert_refused(answer, 409, "BAD_REQUEST_ERROR", reason="session_changed")
        assert api.call("GET", SESSION, headers=mine | shown | stale).status == 200
    assert observer.execute("select count(*) from orders").fetchone() == (1,)
    to = {"merchant_id": str(other)}
    assert api.call("POST", f"{SESSION}/merchant", to, headers=mine | shown | {"x-user-id": "x"}).status == 200
    switched = shown | {"x-merchant-id": str(other)}
    assert api.call("GET", "/api/v1/payments", headers=mine | switched).status == 200
    assert api.call("GET", "/api/v1/orders", headers=CREDENTIALS | switched).status == 200, "a key has no page"


def test_the_answers_under_an_idempotency_key_are_the_merchants_and_roles_are_asked_first(
    api: Api, database: Database
) -> None:
    keyed = {"idempotency-key": "one"}
    made = api.call("POST", "/api/v1/api_keys", headers=owner(database, confirmed=True) | keyed)
    again = api.call("POST", "/api/v1/api_keys", headers=owner(database, confirmed=True) | keyed)
    assert (again.json, again.headers.get("Idempotency-Replayed")) == (made.json, "true")
    support = people.cookie_of(database, people.signed_up(database, test_merchant.ID, "support"), confirmed=True)
    assert api.call("POST", "/api/v1/api_keys", headers=support | keyed).status == 403
    assert api.call("POST", "/api/v1/api_keys", headers=owner(database) | keyed).status == 403


# The team

RAVI = {"email": "ravi@shop.example", "name": "Ravi", "role": "support", "password": "to be changed at once"}


def test_a_member_signs_in_is_changed_and_is_out_at_once(api: Api, database: Database) -> None:
    mine = owner(database, confirmed=True)
    made = api.call("POST", "/api/v1/team", RAVI, headers=mine)
    assert made.status == 201 and "password" not in made.json
    ravi = cookie(sign_in(api, RAVI["email"], RAVI["password"]))
    listed = api.call("GET", "/api/v1/team", headers=mine).json["data"]
    assert [(one["email"], one["role"]) for one in listed] == [
        ("test@example.com", "owner"),
        (RAVI["email"], "support"),
    ]
    path = f"/api/v1/team/{made.json['user_id']}"
    changed = api.call("PUT", path, {"role": "developer", "name": "Ravi Rao"}, headers=mine).json
    assert (changed["role"], changed["name"]) == ("developer", "Ravi Rao")
    assert api.call("DELETE", path, headers=mine).json == {"user_id": made.json["user_id"], "removed": True}
    assert api.call("GET", SESSION, headers=ravi).status == 401
    assert sign_in(api, RAVI["email"], RAVI["password"]).status == 401
    _assert_refused(api.call("DELETE", path, headers=mine), 404, "NOT_FOUND_ERROR")
    again = api.call("POST", "/api/v1/team", RAVI | {"password": "quite another one"}, headers=mine)
    assert again.status == 201, "nobody's any more, so it may be added again"
    assert api.call("GET", SESSION, headers=ravi).status == 401
    assert sign_in(api, RAVI["email"], "quite another one").status == 200


def _changed(api: Api, email: str, given: str) -> dict[str, str]:
    """The cookie of somebody who has signed in with a password that was given to them, and chosen their own: NEW."""
    theirs = cookie(sign_in(api, email, given))
    body = {"current_password": given, "new_password": NEW}
    answer = api.call("POST", f"{SESSION}/password", body, headers=theirs)
    assert (answer.status, answer.json["user"]["must_change_password"]) == (200, False)
    return theirs


def test_who_was_given_a_password_can_do_nothing_before_changing_it(api: Api, database: Database) -> None:
    mine = owner(database, confirmed=True)
    assert api.call("POST", "/api/v1/team", RAVI | {"role": "owner"}, headers=mine).status == 201
    signed_in = sign_in(api, RAVI["email"], RAVI["password"])
    assert signed_in.json["user"]["must_change_password"] is True
    ravi = cookie(signed_in)
    allowed = {("GET", SESSION), ("DELETE", SESSION), ("POST", f"{SESSION}/password"), ("POST", f"{SESSION}/end_all")}
    for route in sorted({one for routes in LEAST.values() for one in routes} - allowed):
        _assert_refused(_try(api, route, ravi), 403, "FORBIDDEN_ERROR", reason="password_change_needed")
    assert api.call("GET", SESSION, headers=ravi).json["user"]["must_change_password"] is True
    same = {"current_password": RAVI["password"], "new_password": RAVI["password"]}
    answer = api.call("POST", f"{SESSION}/password", same, headers=ravi)
    _assert_refused(answer, 400, reason="password_unchanged")
    ravi = _changed(api, RAVI["email"], RAVI["password"])
    assert api.call("GET", "/api/v1/team", headers=ravi).status == 200
    assert sign_in(api, RAVI["email"], NEW).json["user"]["must_change_password"] is False


def test_an_owner_gives_a_member_who_forgot_theirs_another_password(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    mine = owner(database, confirmed=True)
    path = f"/api/v1/team/{api.call('POST', '/api/v1/team', RAVI, headers=mine).json['user_id']}"
    ravi = _changed(api, RAVI["email"], RAVI["password"])
    _assert_refused(api.call("PUT", path, {"password": "password1"}, headers=mine), 400, field="password")
    assert api.call("GET", SESSION, headers=ravi).status == 200
    given = api.call("PUT", path, {"password": "told to him anew"}, headers=mine)
    assert (given.status, given.json["role"]) == (200, "support")
    assert "told" not in json.dumps(given.json)
    assert api.call("GET", SESSION, headers=ravi).status == 401
    assert sign_in(api, RAVI["email"], NEW).status == 401
    assert sign_in(api, RAVI["email"], "told to him anew").json["user"]["must_change_password"] is True
    ((merchant_id, user_id, _, _, subject, _, _),) = logged(observer, "team.password_reset")
    assert (merchant_id, user_id, subject) == (test_merchant.ID, test_merchant.USER_ID, RAVI["email"])
    assert logged(observer, "team.member_changed") == []


def test_no_owner_gives_a_password_that_opens_what_is_others(api: Api, database: Database, sealer: Sealer) -> None:
    other, mine = gateway.other_merchant(database, sealer), owner(database, confirmed=True)
    both = people.signed_up(database, test_merchant.ID, "support", email="both@shop.example")
    with database.statement() as tx:
        people.users.put_membership(tx, both, other, "owner")
    operator = people.signed_up(database, test_merchant.ID, "read_only", email="op@shop.example", operator=True)
    theirs = people.signed_up(database, other, "owner", email="theirs@shop.example")
    for user_id, status, reason in (
        (both, 400, "member_of_others"),
        (operator, 400, "member_of_others"),
        (test_merchant.USER_ID, 400, "own_password"),
        (theirs, 404, None),
    ):
        answer = api.call("PUT", f"/api/v1/team/{user_id}", {"password": NEW}, headers=mine)
        _assert_refused(answer, status, "NOT_FOUND_ERROR" if status == 404 else "BAD_REQUEST_ERROR", reason=reason)
    for email in ("both@shop.example", "op@shop.example", "theirs@shop.example", test_merchant.EMAIL):
        assert (sign_in(api, email).status, sign_in(api, email, NEW).status) == (200, 401)


def test_a_merchant_asks_only_so_often_whether_an_email_has_an_account(
    api: Api, database: Database, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "UNKNOWN_MAX", 3)
    other, mine = gateway.other_merchant(database, sealer), owner(database, confirmed=True)
    people.signed_up(database, other, "owner", email="theirs@shop.example")
    added = [api.call("POST", "/api/v1/team", RAVI | {"email": f"r{n}@shop.example"}, headers=mine) for n in range(5)]
    assert [answer.status for answer in added] == [201] * 5, "who is added tells nothing"
    taken = RAVI | {"email": "theirs@shop.example"}
    answers = [api.call("POST", "/api/v1/team", taken, headers=mine) for _ in range(4)]
    assert [answer.status for answer in answers] == [400, 400, 400, 429]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "ravi"}, "email"),
        ({"name": " "}, "name"),
        ({"role": "admin"}, "role"),
        ({"password": "password1"}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "RAVI@shop.example"}, "password"),
    ],
)
def test_a_wrong_member_is_refused(api: Api, database: Database, wrong: dict[str, str], field: str) -> None:
    _assert_refused(
        api.call("POST", "/api/v1/team", RAVI | wrong, headers=owner(database, confirmed=True)), 400, field=field
    )


def test_nobody_elses_account_is_taken_into_a_team(api: Api, database: Database, sealer: Sealer) -> None:
    other = gateway.other_merchant(database, sealer)
    people.signed_up(database, other, "owner", email="their@owner.example")
    people.signed_up(database, None, None, email="the@operator.example", operator=True)
    for email in ("Their@Owner.example", "the@operator.example", test_merchant.EMAIL):
        answer = api.call("POST", "/api/v1/team", RAVI | {"email": email}, headers=owner(database, confirmed=True))
        _assert_refused(answer, 400, field="email", reason="email_taken")
        assert sign_in(api, email, RAVI["password"]).status == 401, "the password is theirs"


def test_two_owners_who_remove_each_other_wait_for_one_another(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    first = test_merchant.USER_ID
    for _ in range(8):
        second = people.signed_up(database, test_merchant.ID, "owner")
        pairs = (first, second), (second, first)
        calls = [(f"/api/v1/team/{whom}", people.cookie_of(database, who, confirmed=True)) for who, whom in pairs]
        _age(observer, seen_at=300)
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda c: api.call("DELETE", c[0], headers=c[1]), calls))
        assert sorted(answer.status for answer in answers) in ([200, 400], [200, 401], [200, 404]), answers
        observer.execute("delete from memberships")
        observer.execute("insert into memberships values (%s, %s, 'owner')", (test_merchant.USER_ID, test_merchant.ID))


def test_the_last_owner_stays_even_if_two_go_at_once(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    mine = owner(database, confirmed=True)
    path = f"/api/v1/team/{test_merchant.USER_ID}"
    for method, body in (("PUT", {"role": "developer"}), ("DELETE", None)):
        _assert_refused(api.call(method, path, body, headers=mine), 400, reason="last_owner")
    for round in range(5):
        second = people.signed_up(database, test_merchant.ID, "owner")
        calls = [
            ("PUT", f"/api/v1/team/{second}", mine),
            ("DELETE" if round % 2 else "PUT", path, people.cookie_of(database, second, confirmed=True)),
        ]
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda c: api.call(c[0], c[1], {"role": "support"}, headers=c[2]), calls))
        assert sorted(answer.status for answer in answers) in ([200, 400], [200, 403], [200, 401]), answers
        owners = observer.execute("select user_id from memberships where role = 'owner'").fetchall()
        assert len(owners) == 1
        observer.execute("delete from memberships where user_id <> %s", (test_merchant.USER_ID,))
        observer.execute(
            """insert into memberships values (%s, %s, 'owner')
                   on conflict (user_id, merchant_id) do update set role = 'owner'""",
            (test_merchant.USER_ID, test_merchant.ID),
        )
        mine = owner(database, confirmed=True)


# What is written down


def test_what_people_and_keys_do_is_written_down_with_who_it_was(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    def by(headers: dict[str, str], method: str, path: str, body: Any = None) -> Any:
        answer = api.call(method, f"/api/v1{path}", body, headers=headers)
        assert answer.status < 300, (path, answer.json)
        return answer.json

    def paid() -> str:
        payment_id: str = api.pay(api.order()).json["id"]
        gateway.process(database, runtime.current().bank)
        return payment_id

    wanted = {
        "user": ["session.signed_in", "session.sign_in_failed", "api_key.created", "api_key.rolled", "api_key.revoked",
                 "merchant.updated", "webhook_endpoint.created", "webhook_endpoint.updated",
                 "webhook_secret.regenerated", "webhook_secret.revealed", "payment.captured", "payment.voided",
                 "refund.created", "webhook.retried", "event.replayed", "webhook_endpoint.replayed",
                 "webhook_endpoint.deleted", "team.member_added", "team.member_changed", "team.member_removed",
                 "password.changed", "session.all_ended", "session.signed_out"],
        "key": ["api_key.created", "api_key.rolled", "api_key.revoked", "merchant.updated", "webhook_endpoint.created",
                "webhook_endpoint.updated", "webhook_secret.regenerated", "refund.created",
                "webhook_endpoint.deleted"],
    }  # fmt: skip
    sign_in(api)
    sign_in(api, password="wrong wrong")
    session_id = people.session_of(database, test_merchant.USER_ID, confirmed=True)
    user = people.headers_of(session_id, test_merchant.USER_ID)
    for headers in (user, CREDENTIALS):
        key = by(headers, "POST", "/api_keys")["api_key"]
        rolled = by(headers, "POST", f"/api_keys/{key}/roll", {"overlap_seconds": 60})["api_key"]
        by(headers, "DELETE", f"/api_keys/{rolled}")
        by(headers, "PUT", "/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
        endpoint = by(headers, "POST", "/webhook_endpoints", {"url": "http://127.0.0.1:9/"})["id"]
        by(headers, "PUT", f"/webhook_endpoints/{endpoint}", {"description": "x"})
        by(headers, "POST", f"/webhook_endpoints/{endpoint}/secret")
        if headers is user:
            by(headers, "POST", f"/webhook_endpoints/{endpoint}/reveal")
        captured, voided = paid(), paid()
        by(headers, "POST", f"/payments/{captured}/capture", {"amount": 40000})
        by(headers, "POST", f"/payments/{voided}/void")
        by(headers, "POST", f"/payments/{captured}/refunds", {"amount": 100})
        log = by(headers, "GET", "/webhooks")["data"][0]
        by(headers, "POST", f"/webhooks/{log['id']}/retry")
        by(headers, "POST", f"/events/{log['event_id']}/replay")
        by(headers, "POST", f"/webhook_endpoints/{endpoint}/replay", {"from": 0})
        by(headers, "DELETE", f"/webhook_endpoints/{endpoint}")
    member = by(user, "POST", "/team", RAVI)["user_id"]
    by(user, "PUT", f"/team/{member}", {"role": "read_only"})
    by(user, "DELETE", f"/team/{member}")
    listed = by(user, "GET", "/audit?limit=100")["data"]
    assert [one["id"] for one in by(user, "GET", "/audit?limit=1&action=refund.created")["data"]]
    by(user, "POST", "/session/password", {"current_password": PASSWORD, "new_password": NEW})
    by(people.cookie_of(database, test_merchant.USER_ID), "DELETE", "/session")
    by(user, "POST", "/session/end_all")
    rows = logged(observer)
    assert {row[0] for row in rows} == {test_merchant.ID}
    users = sorted(row[3] for row in rows if row[1] == test_merchant.USER_ID and row[2] == test_merchant.EMAIL)
    keys = sorted(row[3] for row in rows if row[1] is None and row[2] == test_merchant.API_KEY)
    assert (users, keys) == (sorted(wanted["user"]), sorted(wanted["key"]))
    assert len(listed) == len(rows) - 3
    text = json.dumps([str(row) for row in rows])
    for secret in ("secret_test", "whsec_", PASSWORD + '"', NEW, RAVI["password"]):
        assert secret not in text


def test_what_is_refused_leaves_no_entry_and_no_deed(
    api: Api, database: Database, observer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry and its deed are one transaction: if either cannot be, neither is."""
    mine = owner(database, confirmed=True)
    assert api.call("POST", "/api/v1/api_keys/key_test_nothing/roll", headers=mine).status == 404
    before = observer.execute("select count(*) from api_keys").fetchone()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the audit log cannot be written")

    monkeypatch.setattr(http.audit, "record", broken)
    assert api.call("POST", "/api/v1/api_keys", headers=mine).status == 500
    assert api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"}, headers=mine).status == 500
    assert observer.execute("select count(*) from api_keys").fetchone() == before
    assert observer.execute("select webhook_url from merchants").fetchone() == (None,)
    assert logged(observer) == []


@pytest.mark.parametrize(
    "statement", ["update audit_log set actor = 'nobody'", "delete from audit_log", "truncate audit_log"]
)
def test_the_audit_log_is_only_added_to(
    api: Api, observer: psycopg.Connection, database: Database, statement: str
) -> None:
    sign_in(api)
    with pytest.raises(psycopg.errors.RestrictViolation, match="only added to"):
        observer.execute(statement)  # type: ignore[arg-type]
    assert [row[3] for row in logged(observer)] == ["session.signed_in"]


# All at once


def test_two_sign_ins_at_once_are_two_sessions(api: Api, observer: psycopg.Connection) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: sign_in(api), range(8)))
    assert [answer.status for answer in answers] == [200] * 8
    assert len({cookie(answer)["cookie"] for answer in answers}) == 8
    assert [api.call("GET", SESSION, headers=cookie(answer)).status for answer in answers] == [200] * 8


def test_a_user_has_at_most_so_many_sessions(api: Api, database: Database, observer: psycopg.Connection) -> None:
    oldest = owner(database)
    for _ in range(sessions.SESSIONS_MAX - 1):
        owner(database)
    assert api.call("GET", SESSION, headers=oldest).status == 200
    assert sign_in(api).status == 200
    assert api.call("GET", SESSION, headers=oldest).status == 401


def _while_hashing(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Does it once, at the moment between a password found right and its session."""
    right, done = passwords.is_right, []

    def is_right(*words: Any) -> bool:
        found = right(*words)
        if not done:
            done.append(1)
            do()
        return found

    monkeypatch.setattr(passwords, "is_right", is_right)


def test_a_sign_in_with_a_password_that_is_just_being_changed_is_refused(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch, observer: psycopg.Connection
) -> None:
    mine = owner(database)
    body = {"current_password": PASSWORD, "new_password": NEW}
    _while_hashing(monkeypatch, lambda: api.call("POST", f"{SESSION}/password", body, headers=mine))
    assert sign_in(api).status == 401
    assert observer.execute("select count(*) from sessions where ended_at is null").fetchone() == (1,)


def test_ending_all_while_others_sign_in_leaves_none_from_before(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    mine = owner(database)
    with ThreadPoolExecutor(9) as threads:
        signing_in = [threads.submit(sign_in, api) for _ in range(8)]
        ended = threads.submit(api.call, "POST", f"{SESSION}/end_all", headers=mine)
        answers = [one.result() for one in signing_in]
    assert ended.result().status == 200
    (end,) = observer.execute("select max(ended_at) from sessions").fetchone() or ()
    living = observer.execute("select count(*) from sessions where ended_at is null and created_at < %s", (end,))
    assert living.fetchone() == (0,)
    shown = [api.call("GET", SESSION, headers=cookie(one)).status for one in answers if one.status == 200]
    alive = observer.execute("select count(*) from sessions where ended_at is null").fetchone()
    assert shown.count(200) == (alive or (0,))[0]
    assert api.call("GET", SESSION, headers=mine).status == 401
