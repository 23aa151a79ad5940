"""The operator's calls about people: who may sign in at first, a lost password, further operators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from chalicelib import runtime

from shared.config import Config
from shared.db import users
from shared.db.audit import Actor
from shared.db.database import Database
from shared.sealing import Sealer
from shared.services import passwords, team, test_merchant
from tests import gateway, people
from tests.functions.test_api import Api, _assert_refused, _start
from tests.functions.test_sessions import cookie, logged, sign_in
from tests.functions.test_tenants import OPERATOR, OPERATOR_SECRET

USERS = "/api/v1/users"
EMAIL = "asha@shop.example"
ASHA = {"email": EMAIL, "name": "Asha Rao"}
ID = str(test_merchant.ID)
OWN = "chosen by nobody else"


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(replace(settings, operator_secret=OPERATOR_SECRET), database)
    runtime.current().close()


def make(api: Api, **more: Any) -> Any:
    made = api.call("POST", USERS, ASHA | more, headers=OPERATOR)
    assert made.status == 201, made.json
    return made.json


def test_the_first_owner_signs_in_with_a_password_that_is_shown_once(api: Api, observer: psycopg.Connection) -> None:
    made = make(api, merchant_id=ID)
    assert made["merchants"] == [{"id": ID, "name": "Test Merchant", "role": "owner"}]
    assert (made["email"], made["name"], made["is_operator"]) == (EMAIL, "Asha Rao", False)
    entered = sign_in(api, EMAIL, made["password"])
    assert entered.status == 200 and entered.json["role"] == "owner"
    ((merchant_id, user_id, actor, _, subject, details, address),) = logged(observer, "team.member_added")
    assert (merchant_id, user_id, actor, subject) == (test_merchant.ID, None, "operator", EMAIL)
    assert (details, address) == ({"role": "owner", "operator": False}, "127.0.0.1")


def test_an_operator_is_of_no_merchant_and_makes_the_next_one(api: Api, database: Database) -> None:
    first = make(api, is_operator=True)
    assert (first["merchants"], first["must_change_password"]) == ([], True)
    mine = cookie(sign_in(api, EMAIL, first["password"]))
    another = {"email": "ravi@shop.example", "name": "Ravi", "is_operator": True}
    given = api.call("POST", USERS, another, headers=mine)
    _assert_refused(given, 403, "FORBIDDEN_ERROR", reason="password_change_needed")
    change = {"current_password": first["password"], "new_password": OWN}
    assert api.call("POST", "/api/v1/session/password", change, headers=mine).status == 200
    mine = cookie(sign_in(api, EMAIL, OWN))
    _assert_refused(api.call("POST", USERS, another, headers=mine), 403, "FORBIDDEN_ERROR", reason="password_needed")
    api.call("POST", "/api/v1/session/confirm", {"password": OWN}, headers=mine)
    assert api.call("POST", USERS, another, headers=mine).status == 201


def test_a_repeated_call_shows_the_same_password_and_keeps_it_sealed(api: Api, observer: psycopg.Connection) -> None:
    headers = OPERATOR | {"idempotency-key": "first"}
    first, again = (api.call("POST", USERS, ASHA | {"merchant_id": ID}, headers=headers) for _ in range(2))
    assert first.json == again.json and again.headers["Idempotency-Replayed"] == "true"
    kept = observer.execute("select t::text from idempotency_keys t").fetchall()
    assert len(kept) == 1 and first.json["password"] not in kept[0][0]


@pytest.mark.parametrize("named", ["id", "email"])
def test_a_lost_password_is_replaced_and_every_session_ends(
    api: Api, database: Database, observer: psycopg.Connection, named: str
) -> None:
    made = make(api, merchant_id=ID)
    old = cookie(sign_in(api, EMAIL, made["password"]))
    operator = people.signed_up(database, None, None, operator=True, email="the@operator.example")
    mine = people.cookie_of(database, operator, confirmed=True)
    reset = api.call("POST", f"{USERS}/{made[named]}/password", headers=mine)
    assert reset.status == 200 and reset.json["password"] != made["password"]
    _assert_refused(api.call("GET", "/api/v1/session", headers=old), 401, "AUTHENTICATION_ERROR")
    _assert_refused(sign_in(api, EMAIL, made["password"]), 401, "AUTHENTICATION_ERROR")
    assert sign_in(api, EMAIL, reset.json["password"]).status == 200
    ((merchant_id, user_id, actor, _, subject, _, address),) = logged(observer, "password.reset")
    assert (merchant_id, subject) == (test_merchant.ID, EMAIL), "the merchant's owners see it"
    assert (user_id, actor, address) == (operator, "the@operator.example", "127.0.0.1"), "and who did it"


def test_who_is_no_operator_any_more_is_none_at_the_next_call(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    both = people.signed_up(database, test_merchant.ID, "owner", operator=True)
    only = people.signed_up(database, None, None, operator=True)
    for user_id, status in ((both, 403), (only, 401)):
        theirs = people.cookie_of(database, user_id)
        assert api.call("GET", "/api/v1/operations", headers=theirs).status == 200
        taken = api.call("PUT", f"{USERS}/{user_id}", {"is_operator": False}, headers=OPERATOR)
        assert (taken.status, taken.json["is_operator"]) == (200, False)
        assert api.call("GET", "/api/v1/operations", headers=theirs).status == status
        assert "password" not in taken.json
    given = api.call("PUT", f"{USERS}/{both}", {"is_operator": True}, headers=OPERATOR)
    assert given.json["is_operator"] and given.json["password"]
    actions = [action for _, _, actor, action, *_ in logged(observer) if actor == "operator"]
    assert actions == ["user.operator_removed", "user.operator_removed", "user.made_operator", "password.reset"]


def test_who_signs_in_already_gets_a_further_merchant_and_another_password(
    api: Api, database: Database, sealer: Sealer
) -> None:
    made = make(api, merchant_id=ID)
    other = gateway.other_merchant(database, sealer)
    again = api.call("POST", USERS, ASHA | {"merchant_id": str(other)}, headers=OPERATOR)
    _assert_refused(again, 400, field="email", reason="email_taken")
    added = api.call("PUT", f"{USERS}/{EMAIL}", {"merchant_id": str(other), "role": "support"}, headers=OPERATOR)
    assert [(one["id"], one["role"]) for one in added.json["merchants"]] == [(ID, "owner"), (str(other), "support")]
    _assert_refused(sign_in(api, EMAIL, made["password"]), 401, "AUTHENTICATION_ERROR")
    assert sign_in(api, EMAIL, added.json["password"]).status == 200


@pytest.mark.parametrize("opened", ["operator", "further merchant", "both"])
def test_whoever_chose_the_password_of_a_member_is_shut_out_before_the_operator_opens_more(
    api: Api, database: Database, sealer: Sealer, observer: psycopg.Connection, opened: str
) -> None:
    other = str(gateway.other_merchant(database, sealer))
    rogue = people.cookie_of(database, test_merchant.USER_ID, confirmed=True)
    made = api.call(
        "POST", "/api/v1/team", ASHA | {"role": "read_only", "password": "known to the owner"}, headers=rogue
    )
    assert made.status == 201, made.json
    as_her = cookie(sign_in(api, EMAIL, "known to the owner"))
    change = {"current_password": "known to the owner", "new_password": OWN}
    assert api.call("POST", "/api/v1/session/password", change, headers=as_her).status == 200
    assert api.call("GET", "/api/v1/session", headers=as_her).status == 200

    as_operator, of_other = {"is_operator": True}, {"merchant_id": other}
    more = {"operator": as_operator, "further merchant": of_other, "both": as_operator | of_other}[opened]
    given = api.call("PUT", f"{USERS}/{EMAIL}", more, headers=OPERATOR)
    assert given.status == 200 and given.json["must_change_password"], given.json

    _assert_refused(api.call("GET", "/api/v1/session", headers=as_her), 401, "AUTHENTICATION_ERROR")
    _assert_refused(sign_in(api, EMAIL, OWN), 401, "AUTHENTICATION_ERROR")
    entered = sign_in(api, EMAIL, given.json["password"])
    assert entered.status == 200 and entered.json["user"]["must_change_password"]
    assert entered.json["user"]["is_operator"] == ("is_operator" in more)
    assert [one["id"] for one in entered.json["merchants"]] == ([ID, other] if "merchant_id" in more else [ID])
    told = logged(observer, "password.reset")
    of = {test_merchant.ID, UUID(other)} if "merchant_id" in more else {test_merchant.ID}
    assert (len(told), {merchant_id for merchant_id, *_ in told}) == (len(of), of), "one reset, for each one's owners"
    assert {(actor, subject) for _, _, actor, _, subject, *_ in told} == {("operator", EMAIL)}


def test_who_may_open_all_already_or_nothing_more_keeps_the_password_and_every_session(
    api: Api, database: Database, sealer: Sealer, observer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"merchant_id": str(gateway.other_merchant(database, sealer))}
    here = {"merchant_id": ID}
    themself = people.signed_up(database, None, None, operator=True)
    operator = people.signed_up(database, test_merchant.ID, "owner", operator=True)
    former = people.signed_up(database, test_merchant.ID, "owner", operator=True)
    member = people.signed_up(database, test_merchant.ID, "read_only")
    mine = people.cookie_of(database, themself, confirmed=True)
    monkeypatch.setattr(passwords, "hash", lambda _: pytest.fail("a password was made up"))
    for user_id, change, headers in (
        (themself, other | {"is_operator": True}, mine),
        (operator, other | {"is_operator": True}, mine),
        (former, other | {"is_operator": False}, OPERATOR),
        (member, here | {"role": "support"}, OPERATOR),
        (member, here | {"is_operator": False}, OPERATOR),
        (member, {}, OPERATOR),
    ):
        theirs = people.cookie_of(database, user_id)
        put = api.call("PUT", f"{USERS}/{user_id}", change, headers=headers)
        assert put.status == 200 and not put.json["must_change_password"], put.json
        assert "password" not in put.json
        assert api.call("GET", "/api/v1/session", headers=theirs).status == 200, change
    assert logged(observer, "password.reset") == []


def test_who_asks_for_themself_is_given_no_other_password(database: Database) -> None:
    asks = people.signed_up(database, test_merchant.ID, "owner")
    with database.transaction() as tx:
        user, password = team.update_user(
            tx,
            Actor(name="asha", user_id=asks, address=people.ADDRESS),
            team.find_user(tx, str(asks)),
            merchant_id=None,
            role=None,
            is_operator=True,
        )
    assert (user.is_operator, user.must_change_password, password) == (True, False, None)


@pytest.mark.parametrize("opened", ["operator", "further merchant"])
@pytest.mark.parametrize("was_operator", [True, False])
def test_what_somebody_opens_already_is_looked_at_once_nobody_can_change_it(
    database: Database, sealer: Sealer, was_operator: bool, opened: str
) -> None:
    other = gateway.other_merchant(database, sealer)
    user_id = people.signed_up(database, test_merchant.ID, "owner", operator=was_operator)
    with database.transaction() as tx:
        found = team.find_user(tx, str(user_id))
        with database.transaction() as meanwhile:
            users.set_operator(meanwhile, user_id, not was_operator)
        user, password = team.update_user(
            tx,
            Actor(name="operator", user_id=None, address=people.ADDRESS),
            found,
            merchant_id=other if opened == "further merchant" else None,
            role=None,
            is_operator=True if opened == "operator" else None,
        )
    assert (password is not None, user.must_change_password) == (was_operator, was_operator), "an operator no more"
    assert user.is_operator == (opened == "operator" or not was_operator)


def test_who_is_a_member_already_stays_what_they_are_unless_a_role_is_said(api: Api, database: Database) -> None:
    people.signed_up(database, test_merchant.ID, "owner")
    member = people.signed_up(database, test_merchant.ID, "read_only")
    for said, role in (({}, "read_only"), ({"role": "support"}, "support"), ({}, "support")):
        put = api.call("PUT", f"{USERS}/{member}", {"merchant_id": ID} | said, headers=OPERATOR)
        assert (put.status, [one["role"] for one in put.json["merchants"]]) == (200, [role])
    nobodys = people.signed_up(database, None, None)
    put = api.call("PUT", f"{USERS}/{nobodys}", {"merchant_id": ID}, headers=OPERATOR)
    assert [one["role"] for one in put.json["merchants"]] == ["owner"], "a first one"
    assert put.json["password"], "whoever knew the old one could open nothing by it"


def test_who_left_every_team_may_be_made_an_operator_anew(api: Api, database: Database) -> None:
    left = people.signed_up(database, None, None, email=EMAIL)
    made = make(api, is_operator=True)
    assert (UUID(made["id"]), made["is_operator"], made["name"]) == (left, True, "Asha Rao")
    assert sign_in(api, EMAIL, made["password"]).json["user"]["is_operator"]


def test_what_cannot_be_is_refused(api: Api) -> None:
    for change, status, field in (
        ({}, 400, "merchant_id"),
        ({"merchant_id": str(uuid4())}, 404, None),
        ({"merchant_id": ID, "email": "nobody"}, 400, "email"),
        ({"merchant_id": ID, "name": " "}, 400, "name"),
        ({"merchant_id": ID, "role": "king"}, 400, "role"),
    ):
        answer = api.call("POST", USERS, ASHA | change, headers=OPERATOR)
        assert (answer.status, answer.json["error"].get("field")) == (status, field), answer.json
    for nobody in (str(uuid4()), "nobody@shop.example", "nothing", "a\x00@b.example", "%00"):
        for method, path in (("PUT", f"{USERS}/{nobody}"), ("POST", f"{USERS}/{nobody}/password")):
            answer = api.call(method, path, {"is_operator": True}, headers=OPERATOR)
            _assert_refused(answer, 404, "NOT_FOUND_ERROR", description="User not found")
    with_a_key = api.call("POST", USERS, ASHA | {"merchant_id": ID})
    _assert_refused(with_a_key, 401, "AUTHENTICATION_ERROR")
