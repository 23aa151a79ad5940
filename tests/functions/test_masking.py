"""What a merchant's developers never read of a call: cards, passwords, secrets, however they are written."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from chalicelib import masking, request_log
from chalicelib.api.merchants.update_me import MerchantUpdate
from chalicelib.api.orders.create import NewOrder
from chalicelib.api.payments.create import NewPayment
from chalicelib.api.team.add import NewMember

from shared.services import test_merchant

MASK = masking.MASK
NUMBER = "4111111111111111"


def kept(sent: Any, body: type | None = NewPayment) -> Any:
    """What is stored of a body, read again."""
    text = request_log.asked_for(sent if isinstance(sent, str) else json.dumps(sent), body)
    return None if text is None else masking.clean(json.loads(text))


def test_what_the_endpoint_asks_for_is_kept_and_the_names_of_the_rest() -> None:
    sent = {"order_id": "order_1", "method": "upi", "vpa": "a@upi", "coupon": "SUMMER", "amount": [1, {"a": "b"}]}
    assert kept(sent) == sent | {"coupon": MASK, "amount": MASK}
    assert kept({"amount": 500, "currency": "INR", "receipt": "r-1", "note": "x"}, NewOrder) == {
        "amount": 500, "currency": "INR", "receipt": "r-1", "note": MASK,
    }  # fmt: skip
    assert kept({"amount": "500"}, NewOrder) == {"amount": "500"}, "what is wrong is what one looks for"
    assert kept({"amount": {"value": 500}}, NewOrder) == {"amount": MASK}
    assert kept({"anything": 1}, None) == {"anything": MASK}
    origins = {"checkout_origins": ["https://a.example", "https://b.example"], "webhook_events": "all", "name": "Shop"}
    assert kept(origins, MerchantUpdate) == origins
    member = {"email": "r@shop.example", "name": "Ravi", "role": "support", "password": "to be changed at once"}
    assert kept(member, NewMember) == member | {"password": MASK}


def test_a_card_keeps_its_names_only() -> None:
    card = {"number": NUMBER, "cvv": "123", "expiry_month": "12", "expiry_year": "2031", "holder_name": "Asha Rao"}
    assert kept({"method": "card", "card": card}) == {"method": "card", "card": dict.fromkeys(card, MASK)}
    for wrong in (NUMBER, [card], 4111111111111111, [NUMBER]):
        assert kept({"card": wrong}) == {"card": MASK}


OUTSIDE = [
    {"card_number": "4111 1111 1111 1112", "cvv2": "123", "security_code": "987"},
    {"client_secret": "hunter2"}, {"apiSecret": "hunter2"}, {"newPassword": "hunter2"}, {"passwd": "hunter2"},
    {"private_key": "hunter2"}, {"authorization": "Basic aHVudGVyMjpodW50ZXIy"}, {"X-Api-Secret": "hunter2"},
    {"cardHolder": "hunter2"}, {"ＣＶＶ": "123"}, {"c\u200bvv": "123"}, {"access_token": {"value": "hunter2"}},
]  # fmt: skip


@pytest.mark.parametrize("sent", OUTSIDE)
def test_secrets_outside_what_is_asked_for_and_within_notes_keep_their_names(sent: dict[str, Any]) -> None:
    masked = dict.fromkeys(sent, MASK)
    assert kept(sent) == masked
    assert kept({"notes": sent}) == {"notes": masked}
    assert kept({"notes": {"more": [{"still": sent}]}}) == {"notes": {"more": [{"still": masked}]}}
    assert kept({"vpa": json.dumps(sent)}) == {"vpa": json.dumps(masked, separators=(",", ":"), ensure_ascii=False)}
    assert kept({"notes": {"twice": json.dumps(json.dumps(sent))}}).keys() == {"notes"}


@pytest.mark.parametrize(
    "written",
    [NUMBER, "4111 1111 1111 1111", "4111.1111.1111.1111", "4111\u00a01111\u00a01111\u00a01111", "4111–1111–1111–1111",
     "4111\u20111111\u20111111\u20111111", "4111\u200b1111\u200b1111\u200b1111", "4111\u20601111\ufeff1111\u20091111",
     "4111, 1111, 1111, 1111", "4111/1111/1111/1111", "4111_1111_1111_1111", "4111\n1111\t1111\r\n1111",
     "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4111%C2%A01111%201111+1111", "٤١١١١١١١١١١١١١١١",
     "card 4111 - 1111 - 1111 - 1111!", '"4111" "1111" "1111" "1111"'],
)  # fmt: skip
def test_a_card_number_is_found_however_it_is_written(written: str) -> None:
    for sent in (
        {"vpa": written}, {"notes": {"typed": written}}, {"notes": [written]}, {"notes": {written: "name"}},
        {"notes": json.dumps({"a": written})}, {"notes": {"n": json.dumps({"a": json.dumps([written])})}},
    ):  # fmt: skip
        shown = json.dumps(kept(sent), ensure_ascii=False)
        assert MASK in shown and "1111" not in shown and "١١١" not in shown, shown
        assert kept(sent).keys() == sent.keys()
    assert "1111" not in masking.clean_text(f"/api/v1/payments/{written}/capture")


@pytest.mark.parametrize(
    "sent",
    [["4111", "1111", "1111", "1111"], [4111, 1111, 1111, 1111], int(NUMBER), float(NUMBER),
     '{"number":"4111 1111 1111 1112","cvv":"123"', '[{"cvv": "123"', "cvv=123 please", "cvv: 123",
     "password is 'x', passwd='123'", "Authorization: Basic MTIzOjEyMw==", "authorization=Bearer 123.123.123",
     "a:cvv=123", "password = '1 2 123' and", 'secret: "123', "https://host/?token=123", "https://u:p@host/?token=123&x=123",
     "https://u:hunter123@host/?token=123#123", "//123:123@host", "wss://host/?a=b&123=123", "secret_live_123"],
)  # fmt: skip
def test_what_hides_in_a_value_is_found(sent: Any) -> None:
    shown = json.dumps(kept({"notes": {"typed": sent}}))
    assert MASK in shown and "123" not in shown.replace("123=", "") and "1111" not in shown and "MTIz" not in shown


def test_addresses_lose_who_signs_in_and_what_they_ask() -> None:
    sent = {"webhook_url": "https://u:hunter2@shop.example:8443/hooks/1?token=t&a=b&c#f"}
    assert kept(sent, MerchantUpdate) == {
        "webhook_url": f"https://{MASK}@shop.example:8443/hooks/1?token={MASK}&a={MASK}&c={MASK}#{MASK}"
    }
    assert masking.clean_text("https://shop.example/?token=t") == f"https://shop.example/?token={MASK}"
    assert masking.clean_text("http://[::1?x=1") == MASK


@pytest.mark.parametrize(
    "harmless",
    ["asha@upi", "Order number: 12345, gift", "2026-11-22T00:03:45.123Z", "2026-11-22 00:03:45", "+91 98765 43210",
     "550e8400-e29b-41d4-a716-446655440000", "4111",
     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0",
     "[urgent] two boxes", "{not JSON}", "https://shop.example/hooks/1", "चाय का डिब्बा", "12345678"],
)  # fmt: skip
def test_what_is_harmless_stays(harmless: str) -> None:
    assert kept({"notes": {"typed": harmless}}) == {"notes": {"typed": harmless}}
    assert masking.clean_text(f"/{harmless}") == f"/{harmless}"


def test_ids_of_ours_are_no_card_numbers() -> None:
    unlucky = "550e8400-e29b-41d4-1111-411111111116"  # whose last digits are one, by themselves
    assert masking.clean_text(f"/api/v1/team/{unlucky}") == f"/api/v1/team/{unlucky}"


def test_what_is_no_object_or_too_large_or_too_deep_is_not_kept() -> None:
    deep = '{"notes":' + '{"a":' * 900 + "1" + "}" * 901
    for body in ("", "[1]", '"x"', "{", "1", None, '{"notes":"' + "x" * 17_000 + '"}'):
        assert request_log.asked_for(body, NewPayment) is None
    event = {"httpMethod": "POST", "path": "/", "headers": {}, "body": deep,
             "requestContext": {"requestId": "r", "resourcePath": "/api/v1/payments"}}  # fmt: skip
    noted = request_log._request(event, {"statusCode": 400, "body": ""}, test_merchant.ID, None, 0.0)
    assert request_log._clean(noted).body == MASK


@pytest.mark.parametrize(
    "hostile",
    ["1 " * 30_000, "a" * 60_000, "a=" * 30_000, "//" * 30_000, "1%" * 30_000, "a" + " " * 60_000, "[" * 60_000,
     "%20" * 20_000, '{"' * 30_000, "bearer " * 8_000, "a:" * 30_000, "1\u200b" * 30_000],
)  # fmt: skip
def test_long_texts_take_no_long_time(hostile: str) -> None:
    began = time.process_time()
    kept({"notes": {"typed": hostile[: request_log.BODY_CHARACTERS_MAX * 3]}})
    assert time.process_time() - began < 1
