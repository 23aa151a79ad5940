"""`make merchant`: what it does to merchants and keys, what it says to people and to programs, and how it refuses."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from local import merchant
from shared.db import users
from shared.db.database import Database
from shared.sealing import Sealer, webhook_secret_of
from shared.services import identity, sessions, test_merchant
from tests.conftest import ENCRYPTION_KEY

ASHA = ("create", "--name", "Asha Stores", "--email", "asha@stores.example")
MADE_HERE = (
    "Secrets are shown this once: keep them now.\n"
    "Warning: made for APP_ENV=development. A gateway in production refuses this key: for one, say"
    " APP_ENV=production to this command too."
)
MADE_IN_PRODUCTION = "Secrets are shown this once: keep them now.\nMade for APP_ENV=production."

Run = Callable[..., SimpleNamespace]


@pytest.fixture
def run(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The command with these words, on a database that is given."""
    for name, value in {
        "DATABASE_URL": database_url,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        "GATEWAY_HOME": str(tmp_path / "home"),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("JWT_SECRET", "APP_ENV", "OUTBOUND_ALLOWED_NETWORKS"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, **variables: str) -> SimpleNamespace:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            try:
                code = merchant.main(words)
            except SystemExit as end:
                code = end.code
        shown = capsys.readouterr()
        return SimpleNamespace(code=code, out=shown.out, err=shown.err)

    return run


def told(run: Run, *words: str, **variables: str) -> Any:
    answer = run(*words, "--json", **variables)
    assert (answer.code, answer.err) == (0, ""), answer
    return json.loads(answer.out)


def row(text: str, name: str) -> str:
    """What stands beside a name in a table."""
    (found,) = [line.strip().removeprefix(name).strip() for line in text.splitlines() if line.strip().startswith(name)]
    return found


def works(database: Database, key: dict[str, str]) -> bool:
    try:
        with database.statement() as tx:
            identity.authenticate(tx, api_key=key["api_key"], api_secret=key["api_secret"], production=False)
    except identity.AuthenticationError:
        return False
    return True


# What it does


def test_a_created_merchant_is_shown_with_secrets_that_work(run: Run, database: Database) -> None:
    answer = run(*ASHA, "--webhook-url", "https://stores.example/hook")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith(f"\n\n{MADE_HERE}\n")
    assert row(answer.out, "Merchant") == "Asha Stores"
    assert row(answer.out, "Email") == "asha@stores.example"
    assert row(answer.out, "Webhook URL") == "https://stores.example/hook"
    assert works(database, {"api_key": row(answer.out, "X-Api-Key"), "api_secret": row(answer.out, "X-Api-Secret")})


def test_a_merchant_may_be_created_with_its_pages(run: Run) -> None:
    pages = ("--checkout-origin", "https://stores.example", "--checkout-origin", "http://localhost:4000")
    assert row(run(*ASHA, *pages).out, "Checkout on") == "https://stores.example http://localhost:4000"


def test_a_program_gets_what_the_api_would_answer(run: Run, observer: psycopg.Connection, sealer: Sealer) -> None:
    made = told(run, *ASHA)
    assert made.items() >= {"name": "Asha Stores", "email": "asha@stores.example", "webhook_url": None}.items()
    assert made["api_key"].startswith("key_test_") and made["api_secret"].startswith("secret_test_")
    sealed = observer.execute("select webhook_secret from merchants where id = %s", (made["id"],)).fetchone()
    assert sealed is not None
    opened = sealer.open(sealed[0], belongs_to=webhook_secret_of(made["id"]))
    assert opened == made["webhook_secret"], "its deliveries could not be signed"


def test_secrets_are_shown_once(run: Run) -> None:
    made = told(run, *ASHA)
    further = told(run, "key-create", made["email"])
    for words in (("list",), ("keys", made["email"])):
        for shown in (run(*words).out, run(*words, "--json").out):
            assert further["api_key"] in shown
            for secret in (made["api_secret"], made["webhook_secret"], further["api_secret"]):
                assert secret not in shown, f"{words[0]} shows a secret again"


def test_merchants_are_listed_newest_first_however_many_there_are(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merchant, "LIMIT_MAX", 2)
    made = [told(run, "create", "--name", f"Shop {n}", "--email", f"{n}@shop.example") for n in range(4)]
    listed = told(run, "list")["data"]
    assert [one["id"] for one in listed] == [*(one["id"] for one in reversed(made)), str(test_merchant.ID)]
    lines = run("list").out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "EMAIL", "NEWEST", "KEY", "WEBHOOK", "URL"]
    assert [line.split()[0] for line in lines[1:]] == [one["id"] for one in listed]


@pytest.mark.parametrize("by", ["id", "email"])
def test_a_merchant_is_found_by_email_or_id(run: Run, database: Database, by: str) -> None:
    made = told(run, *ASHA)
    further = told(run, "key-create", made[by])
    assert works(database, further) and works(database, made), "a further key ends no other"
    keys = [key["api_key"] for key in told(run, "keys", made[by])["data"]]
    assert keys == [further["api_key"], made["api_key"]]


@pytest.mark.parametrize(("words", "seconds"), [((), 86400), (("--overlap", "60"), 60)])
def test_a_rolled_key_works_on_for_the_overlap(
    run: Run, database: Database, observer: psycopg.Connection, words: tuple[str, ...], seconds: int
) -> None:
    old = told(run, *ASHA)
    new = told(run, "key-roll", old["api_key"], *words)
    assert works(database, new) and works(database, old)
    left = observer.execute(
        "select extract(epoch from expires_at - now()) from api_keys where api_key = %s", (old["api_key"],)
    ).fetchone()
    assert left is not None and seconds - 30 < left[0] <= seconds


def test_rolling_says_until_when_the_other_key_works(run: Run) -> None:
    old = told(run, *ASHA)["api_key"]
    answer = run("key-roll", old)
    end = next(key["expires_at"] for key in told(run, "keys", "asha@stores.example")["data"] if key["api_key"] == old)
    assert f"\n{old} works until {end}.\n{MADE_HERE}\n" in answer.out
    newer = row(answer.out, "X-Api-Key")
    assert f"\n{newer} does not work any more.\n" in run("key-roll", newer, "--overlap", "0").out


def test_a_key_that_is_rolled_without_overlap_ends_at_once(run: Run, database: Database) -> None:
    old = told(run, *ASHA)
    new = told(run, "key-roll", old["api_key"], "--overlap", "0")
    assert works(database, new) and not works(database, old)


def test_a_revoked_key_ends_at_once(run: Run, database: Database) -> None:
    made = told(run, *ASHA)
    further = told(run, "key-create", made["id"])
    assert run("key-revoke", made["api_key"]).out == f"{made['api_key']} does not work any more.\n"
    assert works(database, further) and not works(database, made)


def test_people_are_told_for_which_environment_a_key_was_made(run: Run) -> None:
    production = {"APP_ENV": "production", "ENCRYPTION_KEY": "7pWv0cE5nQm2zT8rXk1sYb4uHj6gLd9fAo3iVtNw+/M="}
    for variables, said in ((production, MADE_IN_PRODUCTION), ({"APP_ENV": "development"}, MADE_HERE), ({}, MADE_HERE)):
        email = f"shop-{len(said)}-{len(variables)}@stores.example"
        made = run("create", "--name", "Asha Stores", "--email", email, **variables)
        assert made.out.endswith(f"\n\n{said}\n")
        assert run("key-create", email, **variables).out.endswith(f"\n\n{said}\n")
        assert run("key-roll", row(made.out, "X-Api-Key"), **variables).out.endswith(f".\n{said}\n")


def test_in_production_new_keys_are_live_ones(run: Run) -> None:
    production = {"APP_ENV": "production", "ENCRYPTION_KEY": "7pWv0cE5nQm2zT8rXk1sYb4uHj6gLd9fAo3iVtNw+/M="}
    made = told(run, *ASHA, **production)
    further = told(run, "key-create", made["id"], **production)
    for key in (made, further, told(run, "key-roll", made["api_key"], **production)):
        assert key["api_key"].startswith("key_live_") and key["api_secret"].startswith("secret_live_")


def test_what_a_terminal_would_obey_is_not_printed(run: Run, observer: psycopg.Connection) -> None:
    told(run, *ASHA)
    observer.execute("update merchants set name = E'Asha\\x1b[2J\\nStores' where email = 'asha@stores.example'")
    assert "Asha [2J Stores" in run("list").out


# How it refuses


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("create", "--name", "", "--email", "a@b.example"), "name must have 1 to 255 characters."),
        (("create", "--name", "A", "--email", "asha"), "email must look like name@example.com."),
        (("create", "--name", "A", "--email", "test@example.com"), "There is a merchant with this email."),
        (
            ("create", "--name", "A", "--email", "a@b.example", "--checkout-origin", "http://b.example"),
            "checkout_origins[0] must begin with https://; http:// is for localhost only.",
        ),
        (("keys", "nobody@stores.example"), "Merchant not found."),
        (("keys", "nobody"), "Merchant not found."),
        (("key-create", "550e8400-e29b-41d4-a716-446655440001"), "Merchant not found."),
        (("key-roll", "key_test_nothing"), "API key not found."),
        (("key-revoke", "key_test_nothing"), "API key not found."),
        (("key-revoke", "ключ\x00"), "API key not found."),
        (("key-revoke", "key_test_abc123"), "This is the only key that works without end: roll it instead."),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_1(run: Run, words: tuple[str, ...], sentence: str) -> None:
    for more in ((), ("--json",)):
        answer = run(*words, *more)
        assert (answer.code, answer.out, answer.err) == (1, "", f"{sentence}\n")


def test_a_refused_webhook_url_leaves_no_merchant_behind(run: Run) -> None:
    answer = run(*ASHA, "--webhook-url", "ftp://stores.example")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("webhook_url ") and answer.err.count("\n") == 1
    assert [one["email"] for one in told(run, "list")["data"]] == ["test@example.com"]


def test_a_key_that_has_ended_cannot_be_rolled_or_revoked(run: Run) -> None:
    old = told(run, *ASHA)["api_key"]
    told(run, "key-roll", old, "--overlap", "0")
    for command in ("key-roll", "key-revoke"):
        assert run(command, old).err == "API key not found.\n"


@pytest.mark.parametrize(
    ("words", "beginning"),
    [
        (("fly",), "Argument <command>: invalid choice: 'fly'"),
        (("create", "--name", "Asha"), "The following arguments are required: --email"),
        (("create", "--name", "A", "--email", "a@b.example", "--webhook", "x"), "Unrecognized arguments: --webhook x"),
        (("keys",), "The following arguments are required: EMAIL_OR_ID"),
        (("key-roll",), "The following arguments are required: KEY"),
        (("key-roll", "k", "--overlap", "12h"), "Argument --overlap: it must be whole seconds from 0 to 2592000"),
        (("key-roll", "k", "--overlap", "-1"), "Argument --overlap: "),
        (("key-roll", "k", "--overlap", "2592001"), "Argument --overlap: it must be whole seconds from 0 to 2592000"),
    ],
)
def test_a_command_that_is_not_understood_is_one_sentence_and_exit_code_2(
    run: Run, words: tuple[str, ...], beginning: str
) -> None:
    answer = run(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(beginning)
    assert answer.err.endswith("; make merchant without ARGS shows how.\n") and answer.err.count("\n") == 1


def test_where_no_gateway_runs_it_says_what_to_do_and_makes_nothing(run: Run, tmp_path: Path) -> None:
    answer = run("list", DATABASE_URL="")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"The gateway does not run on {tmp_path}/home: start it with `make up` first, or set DATABASE_URL.\n"
    )
    assert not (tmp_path / "home").exists()


def test_a_gateway_that_has_ended_is_not_taken_for_one_that_runs(run: Run, tmp_path: Path) -> None:
    merchant.SecretStore.open(_made(tmp_path / "home"))
    assert "start it with `make up` first" in run("list", DATABASE_URL="").err


def test_the_encryption_key_is_the_stores_unless_it_is_given(
    run: Run, observer: psycopg.Connection, tmp_path: Path
) -> None:
    store = merchant.SecretStore.open(_made(tmp_path / "home"))
    made = told(run, *ASHA, ENCRYPTION_KEY="")
    sealed = observer.execute("select webhook_secret from merchants where id = %s", (made["id"],)).fetchone()
    assert sealed is not None
    sealer = Sealer(merchant.config._encryption_key({"ENCRYPTION_KEY": store.encryption_key}, production=True))
    assert sealer.open(sealed[0], belongs_to=webhook_secret_of(made["id"])) == made["webhook_secret"]


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"ENCRYPTION_KEY": ""}, "ENCRYPTION_KEY is not set."),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL must begin with "),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "Postgres refused: "),
        ({"API_PORT": "eighty"}, "API_PORT must be a port number"),
        ({"APP_ENV": "production", "ENCRYPTION_KEY": "A" * 43 + "="}, "ENCRYPTION_KEY is easy to guess"),
    ],
)
def test_a_variable_that_will_not_do_is_named(run: Run, variables: dict[str, str], beginning: str) -> None:
    answer = run("list", **variables)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(beginning) and answer.err.count("\n") == 1


def test_a_database_without_tables_is_told_from_a_broken_one(
    run: Run, database_url: str, observer: psycopg.Connection
) -> None:
    observer.execute("drop database if exists empty")
    observer.execute("create database empty")
    answer = run("list", DATABASE_URL=database_url.replace("/payment_gateway?", "/empty?"))
    observer.execute("drop database empty")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("The database has no tables yet: ")


# Through make


def test_make_without_words_shows_how(root: Path) -> None:
    ran = subprocess.run(["make", "merchant"], cwd=root, env=os.environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    for command in ("create", "list", "keys", "key-create", "key-roll", "key-revoke"):
        assert f"\n    {command}" in ran.stdout
    assert """make merchant ARGS='create --name "Asha Stores" --email asha@stores.example'""" in ran.stdout


def test_make_hands_quoted_words_on(root: Path) -> None:
    ran = subprocess.run(
        ["make", "merchant", """ARGS=create --name "Asha Stores" --email"""],
        cwd=root,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr.startswith("Argument --email: expected one argument;"), "a name of two words is one word"


def _made(home: Path) -> Path:
    home.mkdir()
    return home


# People


def signs_in(database: Database, email: str, password: str) -> bool:
    try:
        sessions.sign_in(
            database, email=email, password=password, address="192.0.2.1", user_agent="tests", production=False
        )
    except sessions.AuthenticationError:
        return False
    return True


def must_change(database: Database, email: str) -> bool:
    with database.statement() as tx:
        user = users.find_by_email(tx, email)
    return user is not None and user.must_change_password


def test_the_first_user_of_a_merchant_signs_in_with_a_password_that_is_shown_once(run: Run, database: Database) -> None:
    told(run, *ASHA)
    words = (
        "user-create",
        "--email",
        "owner@stores.example",
        "--name",
        "Asha Rao",
        "--merchant",
        "asha@stores.example",
    )
    answer = run(*words)
    assert (answer.code, answer.err) == (0, "")
    assert row(answer.out, "Role") == "owner of Asha Stores"
    assert "shown this once" in answer.out
    assert signs_in(database, "owner@stores.example", row(answer.out, "Password"))
    listed = run("user-list").out
    assert "owner@stores.example" in listed and "Asha Stores: owner" in listed
    assert row(answer.out, "Password") not in listed


def test_who_becomes_a_further_merchants_or_an_operator_gets_another_password(run: Run, database: Database) -> None:
    email, stores = "owner@stores.example", "asha@stores.example"
    told(run, *ASHA)
    known = told(run, "user-create", "--email", email, "--merchant", stores)["password"]

    def assert_another(shown: str, role: str) -> str:
        nonlocal known
        assert (row(shown, "Email"), row(shown, "Role"), row(shown, "Sessions")) == (email, role, "all ended")
        assert shown.endswith(f"\n\n{merchant.THIS_ONCE}\n")
        assert not signs_in(database, email, known), "whoever gave it to them may know it"
        known = row(shown, "Password")
        assert signs_in(database, email, known) and must_change(database, email)
        return run("user-list").out.partition(email)[2].partition("\n")[0]

    further = run("user-create", "--email", email, "--merchant", test_merchant.EMAIL)
    assert "Test Merchant: owner" in assert_another(further.out, "owner of Test Merchant")
    assert "operator" in assert_another(run("user-create", "--email", email, "--operator").out, "operator")
    fallen = run("user-operator", email, "--off")
    assert fallen.out == f"{email} is no operator any more.\n"
    assert "operator" not in run("user-list").out.partition(email)[2].partition("\n")[0]
    assert signs_in(database, email, known)
    assert "operator" in assert_another(run("user-operator", email).out, "operator")
    told(run, "user-operator", email, "--off")
    made = told(run, "create", "--name", "Third", "--email", "third@stores.example")
    both = told(run, "user-create", "--email", email, "--merchant", made["id"], "--operator")
    assert both["is_operator"] is True
    assert not signs_in(database, email, known) and signs_in(database, email, both["password"])


def test_who_opens_no_more_than_before_signs_in_as_before(run: Run, database: Database) -> None:
    email, stores = "owner@stores.example", "asha@stores.example"
    told(run, *ASHA, "--owner-email", "first@stores.example")
    known = told(run, "user-create", "--email", email, "--merchant", stores)["password"]
    member = run("user-create", "--email", email, "--merchant", stores, "--role", "support")
    assert member.out == f"{email} is support of Asha Stores too, and signs in as before.\n"
    assert signs_in(database, email, known)
    operator = test_merchant.EMAIL
    further = run("user-create", "--email", operator, "--merchant", stores, "--operator")
    assert further.out == f"{operator} is owner of Asha Stores and operator too, and signs in as before.\n"
    assert run("user-operator", operator).out == f"{operator} is an operator.\n"
    assert "password" not in told(run, "user-operator", operator)
    assert signs_in(database, operator, "password")


def test_a_merchant_is_made_with_its_owner(run: Run, database: Database) -> None:
    made = told(run, *ASHA, "--owner-email", "owner@stores.example")
    assert signs_in(database, "owner@stores.example", made["owner"]["password"])
    assert must_change(database, "owner@stores.example")
    taken = run("create", "--name", "B", "--email", "b@stores.example", "--owner-email", "owner@stores.example")
    assert (taken.code, taken.err) == (1, "There is a user with this email: the operator may add them.\n")
    assert "b@stores.example" not in run("list").out, "the merchant without its owner"


def test_a_password_may_be_piped_in_and_is_not_shown(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a password that was piped in\n"))
    made = told(run, "user-create", "--email", "the@operator.example", "--operator", "--password-stdin")
    assert made["is_operator"] and "password" not in made
    assert signs_in(database, "the@operator.example", "a password that was piped in")
    assert not must_change(database, "the@operator.example"), "nobody else has seen it"
    assert "Password" in run("user-password", "the@operator.example").out
    assert must_change(database, "the@operator.example"), "one that is made up and shown"
    monkeypatch.setattr("sys.stdin", io.StringIO("password1\n"))
    weak = run("user-password", "the@operator.example", "--password-stdin")
    assert (weak.code, weak.err) == (1, "password is one that is tried first: choose another.\n")


def test_a_lost_password_is_replaced_and_every_session_ends(
    run: Run, database: Database, observer: psycopg.Connection
) -> None:
    assert signs_in(database, test_merchant.EMAIL, "password")
    made = told(run, "user-password", test_merchant.EMAIL)
    assert observer.execute("select count(*) from sessions where ended_at is null").fetchone() == (0,)
    assert not signs_in(database, test_merchant.EMAIL, "password")
    assert signs_in(database, test_merchant.EMAIL, made["password"])
    actions = observer.execute("select action, actor, merchant_id from audit_log order by created_at").fetchall()
    assert ("password.reset", "make merchant", test_merchant.ID) in actions


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user-create", "--email", "a@b.example"), "Say --merchant, or --operator, or both.\n"),
        (("user-create", "--email", "a@b", "--operator"), "email must look like name@example.com.\n"),
        (("user-create", "--email", "a@b.example", "--merchant", "no@b.example"), "Merchant not found.\n"),
        (("user-password", "no@b.example"), "User not found.\n"),
        (("user-operator", "no@b.example"), "User not found.\n"),
    ],
)
def test_what_cannot_be_done_to_people_is_refused_in_a_sentence(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    answer = run(*words)
    assert (answer.code, answer.out, answer.err) == (1, "", sentence)
