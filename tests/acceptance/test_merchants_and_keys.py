"""Merchants and their API keys: signed up by the operator, rolled while the old one still works, and revoked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.client import Caller, Merchant, unique

FORGOTTEN_SECONDS = 10  # a right credential may be remembered for a moment


def _with(merchant: Merchant, key: Any) -> Merchant:
    return Merchant.of(merchant.deployment, key["api_key"], key["api_secret"])


def _works(merchant: Merchant) -> bool:
    answer = merchant.call("GET", "/merchants/me")
    assert answer.status in (200, 401)
    if answer.status == 401:
        assert answer.error["code"] == "AUTHENTICATION_ERROR"
    return answer.status == 200


def _ends(merchant: Merchant) -> None:
    merchant.deployment.until(lambda: not _works(merchant), "the key ends", seconds=FORGOTTEN_SECONDS)


def test_a_merchant_that_is_signed_up_can_take_payments(operator: Caller) -> None:
    body = {"name": "Asha's Tea ₹", "email": f"{unique('tea')}@example.com", "webhook_url": "https://tea.example/hook"}
    made = operator.post("/merchants", body)
    assert {name: made[name] for name in body} == body
    assert made["webhook_secret"].startswith("whsec_")
    merchant = Merchant.of(operator.deployment, made["api_key"], made["api_secret"])
    shown = merchant.get("/merchants/me")
    assert shown == {name: value for name, value in made.items() if name not in ("api_secret", "webhook_secret")}
    assert merchant.put("/merchants/me", {"webhook_url": None})["webhook_url"] is None
    assert merchant.paid()["status"] == "success"
    assert shown["id"] in [one["id"] for one in operator.get("/merchants", limit=100)["data"]]


def test_who_is_made_by_the_operator_signs_in_and_gets_a_new_password_for_a_lost_one(
    operator: Caller, payer: Caller, merchant: Merchant
) -> None:
    email = f"{unique('owner')}@example.com"
    made = operator.post("/users", {"email": email, "name": "Asha Rao", "merchant_id": merchant.id})
    reset = operator.call("POST", f"/users/{email}/password").body
    assert (reset["id"], reset["merchants"]) == (made["id"], made["merchants"])
    payer.refused(401, "POST", "/session", {"email": email, "password": made["password"]})
    signed_in = payer.call("POST", "/session", {"email": email, "password": reset["password"]})
    payer.deployment.session.cookies.clear()  # nobody else is to go on as this person
    assert (signed_in.status, signed_in.body["role"]) == (200, "owner")


def test_merchants_are_listed_newest_first_a_page_at_a_time(
    operator: Caller, merchant: Merchant, stranger: Merchant
) -> None:
    newest = operator.get("/merchants", limit=1)
    assert newest["has_more"] is True
    following = operator.get("/merchants", limit=1, starting_after=newest["data"][0]["id"])
    assert following["data"][0]["created_at"] <= newest["data"][0]["created_at"]
    listed = [one["id"] for one in operator.get("/merchants", limit=20)["data"]]
    assert listed.index(stranger.id) < listed.index(merchant.id)
    assert operator.get("/merchants", limit=1, offset=0)["total"] >= 2
    assert operator.refused(400, "GET", "/merchants", starting_after="odd")["reason"] == "unknown_cursor"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": " "}, "name"), ({"name": "x" * 256}, "name"), ({"name": 7}, "name")]
    + [({"email": email}, "email") for email in ("asha", "a@b", "a b@c.de", "a@b.c\n", "@b.c", "x" * 255 + "@b.c")]
    + [({"webhook_url": "nowhere"}, "webhook_url")],
)
def test_a_merchant_with_a_wrong_member_is_refused_by_name(operator: Caller, wrong: Any, field: str) -> None:
    body = {"name": "Tea", "email": f"{unique('tea')}@example.com"} | wrong
    error = operator.refused(400, "POST", "/merchants", body)
    assert (error["code"], error["field"]) == ("BAD_REQUEST_ERROR", field)


def test_an_email_is_one_merchants(operator: Caller) -> None:
    body = {"name": "Tea", "email": f"{unique('tea')}@example.com"}
    operator.post("/merchants", body)
    assert operator.refused(400, "POST", "/merchants", body)["reason"] == "email_taken"


def test_a_merchant_changes_its_name_and_email(merchant: Merchant, stranger: Merchant) -> None:
    before = merchant.get("/merchants/me")
    called, reached = f"Asha & Söhne {unique('tea')}", f"{unique('tea')}@example.com"
    assert merchant.put("/merchants/me", {"name": f" {called} "})["name"] == called
    assert merchant.put("/merchants/me", {"email": reached})["email"] == reached
    after = merchant.get("/merchants/me")
    assert after == before | {"name": called, "email": reached, "updated_at": after["updated_at"]}
    for wrong, field in (({"name": " "}, "name"), ({"name": "a\u0000"}, "name"), ({"name": None}, "name"),
                         ({"email": "asha"}, "email"), ({"email": ""}, "email")):  # fmt: skip
        assert merchant.refused(400, "PUT", "/merchants/me", wrong)["field"] == field, wrong
    taken = {"name": "Another", "email": stranger.get("/merchants/me")["email"]}
    assert merchant.refused(400, "PUT", "/merchants/me", taken)["reason"] == "email_taken"
    assert merchant.get("/merchants/me") == after, "a refusal changes nothing"


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic d3Jvbmc=", "wrong"])
def test_only_the_operator_signs_merchants_up(operator: Caller, seeded: Merchant, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for caller in (Caller(operator.deployment, headers), Caller(operator.deployment, seeded.headers | headers)):
        for method, path, body in (
            ("POST", "/merchants", {"name": "Tea", "email": "tea@example.com"}),
            ("GET", "/merchants", None),
            ("GET", f"/merchants/{seeded.id}/api_keys", None),
            ("POST", f"/merchants/{seeded.id}/api_keys", None),
            ("POST", f"/merchants/{seeded.id}/api_keys/{seeded.api_key}/roll", None),
        ):
            assert caller.refused(401, method, path, body)["code"] == "AUTHENTICATION_ERROR"


def test_the_operator_is_no_merchant(operator: Caller) -> None:
    assert operator.refused(401, "GET", "/merchants/me")["code"] == "AUTHENTICATION_ERROR"


def test_the_operator_gives_a_merchant_a_key(operator: Caller, merchant: Merchant) -> None:
    made = operator.post(f"/merchants/{merchant.id}/api_keys")
    assert _with(merchant, made).get("/merchants/me")["id"] == merchant.id
    assert _works(merchant), "the one before works on"
    listed = operator.get(f"/merchants/{merchant.id}/api_keys")["data"]
    assert {one["api_key"] for one in listed} == {made["api_key"], merchant.api_key}
    assert not any("api_secret" in one for one in listed)


def test_the_operator_rolls_a_merchants_key(operator: Caller, merchant: Merchant) -> None:
    path = f"/merchants/{merchant.id}/api_keys/{merchant.api_key}/roll"
    made = operator.post(path, {"overlap_seconds": 0})
    assert _with(merchant, made).get("/merchants/me")["id"] == merchant.id
    _ends(merchant)
    merchant.headers = _with(merchant, made).headers


def test_a_merchant_that_is_not_there_has_no_keys(operator: Caller) -> None:
    for merchant_id in ("00000000-0000-4000-8000-000000000000", "nobody"):
        for method in ("GET", "POST"):
            assert operator.refused(404, method, f"/merchants/{merchant_id}/api_keys")["code"] == "NOT_FOUND_ERROR"


def test_a_key_is_made_used_listed_and_revoked(merchant: Merchant) -> None:
    made = merchant.post("/api_keys")
    other = _with(merchant, made)
    assert _works(other)
    order, payment = other.order(), other.captured()
    assert merchant.get(f"/orders/{order['id']}") == order, "both keys are the same merchant's"
    listed = merchant.get("/api_keys")["data"]
    assert {name: made[name] for name in made if name != "api_secret"} in listed
    assert not any("api_secret" in one for one in listed), "a secret is shown once"
    revoked = merchant.delete(f"/api_keys/{made['api_key']}")
    assert revoked["expires_at"] is not None
    # What it may still do for a moment is to look; it moves no money and makes no other key.
    for _ in range(4):
        assert other.refused(401, "POST", f"/payments/{payment['id']}/refunds", {"amount": 100})
        assert other.refused(401, "POST", "/api_keys")
    _ends(other)
    assert _works(merchant)
    assert made["api_key"] not in [one["api_key"] for one in merchant.get("/api_keys")["data"]]
    assert merchant.refused(404, "DELETE", f"/api_keys/{made['api_key']}")["description"] == "API key not found"


def test_while_a_key_is_rolled_both_work(stranger: Merchant) -> None:
    made = stranger.post(f"/api_keys/{stranger.api_key}/roll", {"overlap_seconds": 3600})
    new = _with(stranger, made)
    assert _works(new)
    assert _works(stranger)
    assert new.get("/merchants/me")["api_key"] == made["api_key"]
    listed = {one["api_key"]: one["expires_at"] for one in new.get("/api_keys")["data"]}
    assert listed[made["api_key"]] is None
    assert listed[stranger.api_key] is not None


def test_after_the_overlap_the_old_key_ends(stranger: Merchant) -> None:
    made = stranger.post(f"/api_keys/{stranger.api_key}/roll", {"overlap_seconds": 1})
    _ends(stranger)
    assert _works(_with(stranger, made))


def test_nobody_locks_themselves_out(stranger: Merchant) -> None:
    assert stranger.refused(400, "DELETE", f"/api_keys/{stranger.api_key}")["reason"] == "last_key"
    assert _works(stranger)


def test_another_merchants_key_is_not_there(merchant: Merchant, stranger: Merchant) -> None:
    path = f"/api_keys/{stranger.api_key}"
    assert merchant.refused(404, "DELETE", path)["description"] == "API key not found"
    assert merchant.refused(404, "POST", f"{path}/roll")["description"] == "API key not found"
    assert stranger.api_key not in [one["api_key"] for one in merchant.get("/api_keys")["data"]]
    assert _works(stranger)


@pytest.mark.parametrize("overlap", [-1, 30 * 24 * 3600 + 1, "1"])
def test_an_overlap_that_is_none_is_refused(merchant: Merchant, overlap: object) -> None:
    error = merchant.refused(400, "POST", f"/api_keys/{merchant.api_key}/roll", {"overlap_seconds": overlap})
    assert error["field"] == "overlap_seconds"
    assert _works(merchant)
