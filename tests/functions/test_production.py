"""What production refuses: a weak secret at the start, and after it everything that is there for trying things."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import app as handlers
import psycopg
import pytest
from chalicelib import runtime

from local import migrate
from local.api_gateway import ApiGateway
from shared import config
from shared.config import Config
from shared.connectors.magic_values import BEHAVIOURS, CARDS
from shared.db import merchants
from shared.db.audit import Actor
from shared.db.database import Database
from shared.services import team, test_merchant
from tests import gateway, people
from tests.functions.test_api import CREDENTIALS, ORIGIN, Api, _assert_refused, _start

SECRETS = {
    "JWT_SECRET": secrets.token_urlsafe(48),
    "ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    "OPERATOR_SECRET": secrets.token_urlsafe(48),
}
OPERATOR = {"authorization": f"Bearer {SECRETS['OPERATOR_SECRET']}"}
ME, KEYS, SESSION = "/api/v1/merchants/me", "/api/v1/api_keys", "/api/v1/session"
TEST_CALLS = ("/api/v1/test/merchant", "/api/v1/test/jobs/status", "/api/v1/test/bank/challenges/{payment_id}")
PROCESSES = (
    ("local.server",),
    ("local.worker", "process_payment"),
    ("local.ticker",),
    ("local.migrate",),
    ("local.merchant", "list"),
)


@pytest.fixture
def production(database_url: str) -> Config:
    """As the environment has it, with a bank that approves at once whatever no magic value declines."""
    bank = {
        "UPI_SUCCESS_RATE": "1",
        "CARD_SUCCESS_RATE": "1",
        "PROCESSING_DELAY_MIN": "0",
        "PROCESSING_DELAY_MAX": "0",
    }
    given = {"APP_ENV": "production", "DATABASE_URL": database_url, "REDIS_URL": "redis://unused"}
    return config.from_environment(given | SECRETS | bank)


class ProductionApi(Api):
    """As a merchant of production calls it; the database was developed on before, and has the test merchant."""

    def __init__(self, told: gateway.Told, credentials: dict[str, str]) -> None:
        self.told = told
        self.credentials = credentials
        self._gateway = ApiGateway(handlers.app, cors_origins=(ORIGIN,), production=True)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> SimpleNamespace:
        return super().call(method, path, body, **({"headers": self.credentials} | more))


@pytest.fixture
def api(production: Config, database: Database) -> Iterator[ProductionApi]:
    api = ProductionApi(_start(production, database).told, OPERATOR)
    made = api.call("POST", "/api/v1/merchants", {"name": "Asha Stores", "email": "asha@stores.example"}).json
    api.credentials = {"x-api-key": made["api_key"], "x-api-secret": made["api_secret"]}
    yield api
    runtime.current().close()


# At the start


@pytest.mark.parametrize("process", PROCESSES, ids=lambda words: words[0])
def test_no_process_starts_in_production_with_a_weak_secret(root: Path, process: tuple[str, ...]) -> None:
    given = {
        "PATH": os.defpath,
        "PYTHONPATH": f"{root}{os.pathsep}{root / 'functions'}",
        "APP_ENV": "production",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1",
        **SECRETS,
        "JWT_SECRET": "change-me-change-me-change-me-change-me",
    }
    ran = subprocess.run(
        [sys.executable, "-m", *process], cwd=root, env=given, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("JWT_SECRET is easy to guess: APP_ENV=production refuses it.")
    assert ran.stderr.count("\n") == 1


# The test merchant


@pytest.mark.parametrize(("environment", "seeded"), [("production", False), ("development", True)])
def test_the_test_merchant_is_seeded_outside_production_only(
    database_url: str,
    observer: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: str,
    seeded: bool,
) -> None:
    observer.execute("drop database if exists fresh")
    observer.execute("create database fresh")
    url = database_url.replace("/payment_gateway?", "/fresh?")
    for name, value in {"APP_ENV": environment, "DATABASE_URL": url, **SECRETS}.items():
        monkeypatch.setenv(name, value)
    assert migrate.main() == 0, capsys.readouterr()
    with psycopg.connect(url) as fresh:
        found = fresh.execute("select api_key from api_keys").fetchall()
        signing_in = fresh.execute("select email from users").fetchall()
    observer.execute("drop database fresh")  # by force it would fail where an autovacuum is at work, a superuser's
    assert found == ([("key_test_abc123",)] if seeded else [])
    assert signing_in == ([("test@example.com",)] if seeded else [])


@pytest.mark.parametrize(
    ("method", "path", "body"), [("GET", ME, None), ("POST", "/api/v1/orders", {"amount": 500}), ("POST", KEYS, None)]
)
def test_its_published_key_opens_nothing_even_if_the_database_was_developed_on(
    api: ProductionApi, method: str, path: str, body: Any
) -> None:
    answer = api.call(method, path, body, headers=CREDENTIALS)
    _assert_refused(answer, 401, "AUTHENTICATION_ERROR", reason="credentials_invalid")
    assert answer.json["error"]["description"] == "Test keys do not work in production"


def test_no_key_made_outside_production_opens_anything(
    api: ProductionApi, production: Config, database: Database, settings: Config
) -> None:
    development = _start(settings, database)
    made = development.call("POST", KEYS).json
    runtime.current().close()
    _start(production, database)
    headers = {"x-api-key": made["api_key"], "x-api-secret": made["api_secret"]}
    _assert_refused(api.call("GET", ME, headers=headers), 401, "AUTHENTICATION_ERROR")


def test_a_test_key_does_not_name_its_merchant_to_the_checkout(api: ProductionApi, database: Database) -> None:
    body = {"order_id": gateway.order(database), "method": "upi", "vpa": "asha@upi"}  # the test merchant's
    answer = api.call("POST", "/api/v1/payments/public", body, headers={"x-api-key": "key_test_abc123"})
    _assert_refused(answer, 401, "AUTHENTICATION_ERROR")


def test_new_keys_are_live_ones(api: ProductionApi) -> None:
    assert api.credentials["x-api-key"].startswith("key_live_")
    made = api.call("POST", KEYS).json
    rolled = api.call("POST", f"{KEYS}/{made['api_key']}/roll").json
    signed_up = api.call("POST", "/api/v1/merchants", {"name": "B", "email": "b@stores.example"}, headers=OPERATOR).json
    further = api.call("POST", f"/api/v1/merchants/{signed_up['id']}/api_keys", headers=OPERATOR).json
    for key in (made, rolled, signed_up, further):
        assert key["api_key"].startswith("key_live_") and key["api_secret"].startswith("secret_live_")
        headers = {"x-api-key": key["api_key"], "x-api-secret": key["api_secret"]}
        assert api.call("GET", ME, headers=headers).status == 200


# People


@pytest.mark.parametrize("existing", [True, False])
def test_the_published_password_opens_nothing_even_if_the_database_was_developed_on(
    api: ProductionApi, observer: psycopg.Connection, existing: bool
) -> None:
    """Nor does a session that was begun in development, with a secret that has become production's."""
    session_id = uuid4()
    observer.execute(
        """insert into sessions (id, user_id, merchant_id, expires_at, address, user_agent)
           values (%s, %s, %s, now() + interval '1 hour', '', '')""",
        (session_id, test_merchant.USER_ID, test_merchant.ID),
    )
    token = people.token(session_id, test_merchant.USER_ID, secret=SECRETS["JWT_SECRET"])
    headers = people.OWN | {"cookie": f"__Host-gateway_session={token}"}
    _assert_refused(api.call("GET", ME, headers=headers), 401, "AUTHENTICATION_ERROR", reason="session_ended")
    if not existing:
        observer.execute("delete from users")
    answer = api.call("POST", SESSION, {"email": "test@example.com", "password": "password"}, headers=people.OWN)
    _assert_refused(answer, 401, "AUTHENTICATION_ERROR", reason="credentials_invalid")
    assert answer.json["error"]["description"] == "Email or password is wrong"


def test_the_cookie_of_production_is_for_this_host_over_tls_only(api: ProductionApi, database: Database) -> None:
    email, password = "owner@stores.example", "a long one that only you know"
    with database.transaction() as tx:
        actor = Actor(name="tests", user_id=None, address="")
        merchant = merchants.find_by_email(tx, "asha@stores.example")
        assert merchant is not None
        team.create_user(
            tx,
            actor,
            email=email,
            name="Asha",
            password=password,
            merchant_id=merchant.id,
            role="owner",
            is_operator=False,
        )
    answer = api.call("POST", SESSION, {"email": email, "password": password}, headers=people.OWN)
    assert (answer.status, answer.json["test_mode"]) == (200, False)
    value, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert value.startswith("__Host-gateway_session=")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]
    mine = people.OWN | {"cookie": value}
    assert api.call("GET", ME, headers=mine).status == 200
    assert api.call("GET", ME, headers=mine | {"cookie": value.removeprefix("__Host-")}).status == 401
    plain = mine | {"origin": f"http://{people.HOST}"}
    _assert_refused(api.call("POST", "/api/v1/orders", {"amount": 500}, headers=plain), 403, "FORBIDDEN_ERROR")
    assert api.call("POST", "/api/v1/orders", {"amount": 500}, headers=mine).status == 201


def test_every_answer_keeps_browsers_at_tls(api: ProductionApi) -> None:
    for path, status in ((ME, 200), ("/api/v1/orders/nothing", 404), ("/api/v1/nothing", 404)):
        answer = api.call("GET", path)
        assert answer.status == status
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000", path


# The test calls


@pytest.mark.parametrize("path", TEST_CALLS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_the_test_calls_are_answered_as_paths_that_do_not_exist(api: ProductionApi, method: str, path: str) -> None:
    headers = {"origin": ORIGIN}

    def told(path: str) -> Any:
        answer = api.call(method, path, headers=headers)
        request_id = answer.json["error"].pop("request_id")
        assert answer.headers.pop("X-Request-Id") == request_id
        return answer.status, answer.headers, answer.json

    assert told(path) == told("/api/v1/nothing")
    assert told(path)[0] == 404


def test_the_openapi_document_lists_the_calls_that_are_there(api: ProductionApi, settings: Config) -> None:
    listed = set(api.call("GET", "/openapi.json").json["paths"])
    on = runtime.current()
    runtime.use(replace(on, config=settings))
    assert set(api.call("GET", "/openapi.json").json["paths"]) - listed == set(TEST_CALLS)
    runtime.use(on)


# Webhooks


def test_webhook_urls_must_be_https(api: ProductionApi) -> None:
    endpoint = api.call("POST", "/api/v1/webhook_endpoints", {"url": "https://stores.example/hook"}).json
    sign_up = {"name": "B", "email": "b@stores.example"}
    for url, good in (("http://stores.example/hook", False), ("https://stores.example/hook", True)):
        answers = [
            api.call("PUT", ME, {"webhook_url": url}),
            api.call("POST", "/api/v1/webhook_endpoints", {"url": url}),
            api.call("PUT", f"/api/v1/webhook_endpoints/{endpoint['id']}", {"url": url}),
            api.call("POST", "/api/v1/merchants", sign_up | {"webhook_url": url}, headers=OPERATOR),
        ]
        for answer in answers:
            assert (answer.status < 300) is good, answer.json
            if not good:
                _assert_refused(answer, 400)
                assert "https" in answer.json["error"]["description"]


# Magic values


@pytest.mark.parametrize("name", sorted(BEHAVIOURS))
def test_a_magic_vpa_is_one_like_any_other(
    api: ProductionApi, database: Database, observer: psycopg.Connection, name: str
) -> None:
    payment_id = api.pay(api.order(), vpa=f"{name}@magic").json["id"]
    gateway.process(database, runtime.current().bank)
    _assert_ordinary(api, observer, payment_id)


@pytest.mark.parametrize("number", sorted(CARDS))
def test_a_magic_card_is_one_like_any_other(
    api: ProductionApi, database: Database, observer: psycopg.Connection, number: str
) -> None:
    card = {"number": number, "expiry_month": "12", "expiry_year": "40", "cvv": "123", "holder_name": "Asha Rao"}
    payment_id = api.pay(api.order(), method="card", vpa=None, card=card).json["id"]
    gateway.process(database, runtime.current().bank)
    _assert_ordinary(api, observer, payment_id)


def test_a_vpa_that_approves_elsewhere_is_declined_by_a_bank_that_declines(
    api: ProductionApi, production: Config, database: Database
) -> None:
    _start(replace(production, bank=replace(production.bank, upi_success_rate=0.0)), database)
    payment_id = api.pay(api.order(), vpa="approve@magic").json["id"]
    gateway.process(database, runtime.current().bank)
    assert api.call("GET", f"/api/v1/payments/{payment_id}").json["status"] == "failed"


def test_a_card_that_was_declined_elsewhere_is_not_when_its_token_is_brought_along(
    api: ProductionApi, production: Config, database: Database, settings: Config, observer: psycopg.Connection
) -> None:
    """A payment taken in development and processed in production."""
    runtime.use(replace(runtime.current(), bank=gateway.SimulatedBank(database, settings.bank)))
    card = {"number": "4000000000000002", "expiry_month": "1", "expiry_year": "40", "cvv": "1"} | {"holder_name": "A"}
    payment_id = api.pay(api.order(), method="card", vpa=None, card=card | {"cvv": "123"}).json["id"]
    token = observer.execute("select token from payments where id = %s", (payment_id,)).fetchone()
    assert token is not None and "do-not-honour" in token[0]
    gateway.process(database, gateway.SimulatedBank(database, production.bank))
    _assert_ordinary(api, observer, payment_id, behaviour=None)


def _assert_ordinary(
    api: ProductionApi, observer: psycopg.Connection, payment_id: str, *, behaviour: str | None = "ordinary"
) -> None:
    payment = api.call("GET", f"/api/v1/payments/{payment_id}").json
    assert (payment["state"], payment["inquiries"], payment["error_code"]) == ("authorized", 0, None)
    charges = observer.execute("select asked, behaviour from bank.charges").fetchall()
    assert [asked for asked, _ in charges] == [1]
    assert charges[0][1] in (None, behaviour), "its refunds would be magic"
