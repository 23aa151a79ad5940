"""Sandboxes are killed, messages are lost, poisonous or come twice: nothing is lost, and nothing done twice."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from local.aws.rehearsal import Rehearsal
from tests import invariants
from tests.acceptance.client import Merchant, unique
from tests.receiver import Receiver
from tests.rehearsal.conftest import Killer, Rows

AMOUNT = 50000
SHOPPERS = 4
END_LEASES_SECONDS = 2.0
RECEIVES_MAX = 5


@pytest.fixture(autouse=True)
def at_rest(rows: Rows) -> None:
    """What must always be true is, after each test."""
    yield  # type: ignore[misc]
    with psycopg.connect(rows.url, autocommit=True) as connection:
        assert invariants.violations(connection) == []


def until(rows: Rows, wanted: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Waits, and lets the leases of the dead run out meanwhile."""
    stop_at = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < stop_at, f"not within {seconds} s: {what}"
        rows.end_leases()
        time.sleep(END_LEASES_SECONDS)


def all_are(rows: Rows, table: str, status: str, ids: list[str]) -> Callable[[], bool]:
    counted = f"select count(*) from {table} where id = any(%s) and status = %s"
    return lambda: rows.query(counted, ids, status) == [(len(ids),)]


def test_payments_whose_sandboxes_are_killed_are_each_charged_once(
    merchant: Merchant, killer: Killer, rows: Rows
) -> None:
    with killer.at_work("process_payment", kills=25):
        with ThreadPoolExecutor(SHOPPERS) as shoppers:
            ids = list(shoppers.map(lambda _: str(merchant.pay("approve@magic")["id"]), range(40)))
        until(rows, lambda: len(killer.killed) >= 10, "ten sandboxes are killed")
    until(rows, all_are(rows, "payments", "success", ids), "every payment succeeds")
    charges = rows.query("select reference, amount from bank.charges where reference = any(%s) and approved", ids)
    assert sorted(charges) == sorted((id, AMOUNT) for id in ids), "the bank's own books: once each"


def test_refunds_whose_sandboxes_are_killed_are_each_given_once(merchant: Merchant, killer: Killer, rows: Rows) -> None:
    payments = [merchant.captured() for _ in range(15)]
    with killer.at_work("process_refund", kills=20):
        ids = [str(merchant.refund(payment, 10000)["id"]) for payment in payments for _ in range(2)]
        until(rows, lambda: len(killer.killed) >= 10, "ten sandboxes are killed")
    until(rows, all_are(rows, "refunds", "processed", ids), "every refund is processed")
    given = rows.query("select reference, amount from bank.refunds where reference = any(%s)", ids)
    assert sorted(given) == sorted((id, 10000) for id in ids), "the bank's own books: once each"


def test_webhooks_whose_sandboxes_are_killed_all_arrive(
    merchant: Merchant, killer: Killer, rows: Rows, inbox: Receiver
) -> None:
    with killer.at_work("deliver_webhook", kills=25):
        with ThreadPoolExecutor(SHOPPERS) as shoppers:
            ids = list(shoppers.map(lambda _: str(merchant.pay("approve@magic")["id"]), range(25)))
        until(rows, lambda: len(killer.killed) >= 10, "ten sandboxes are killed")
    wanted = {(event, id) for event in ("payment.created", "payment.pending", "payment.success") for id in ids}

    def told() -> set[tuple[str, str]]:
        return {(one.body["event"], one.body["data"]["payment"]["id"]) for one in inbox.received}

    until(rows, lambda: wanted <= told(), "every event is at the receiver")
    until(
        rows,
        lambda: Counter(log["status"] for log in merchant.webhooks()) == {"success": len(wanted)},
        "every delivery says so",
    )


def test_a_request_whose_sandbox_is_killed_may_be_repeated_under_its_key(
    merchant: Merchant, killer: Killer, rehearsal: Rehearsal, rows: Rows
) -> None:
    """A customer pays once, however often the answer was lost."""
    orders = [merchant.order() for _ in range(12)]

    def pay(order: dict[str, str]) -> str:
        key, body = unique("key"), {"order_id": order["id"], "method": "upi", "vpa": "approve@magic"}
        while True:
            answer = requests.post(
                f"{rehearsal.url}/api/v1/payments",
                json=body,
                headers=merchant.headers | {"Idempotency-Key": key},
                timeout=40,
            )
            if answer.status_code == 201:
                return str(answer.json()["id"])
            assert answer.status_code in (409, 500, 502, 503, 504), (answer.status_code, answer.text)
            assert set(answer.json()["error"]) >= {"code", "description", "request_id"}, "told in the one shape"

    with killer.at_work("api_pay", kills=15, longest_seconds=0.03), ThreadPoolExecutor(SHOPPERS) as shoppers:
        ids = list(shoppers.map(pay, orders))
    assert len(killer.killed) >= 5, "sandboxes must have been killed"
    made = rows.query("select order_id, id from payments where order_id = any(%s)", [order["id"] for order in orders])
    assert sorted(made) == sorted(zip((order["id"] for order in orders), ids, strict=True))


def test_when_every_message_is_lost_the_sweep_finds_the_work(
    merchant: Merchant, rehearsal: Rehearsal, rows: Rows
) -> None:
    ids = [str(merchant.pay("slow@magic")["id"]) for _ in range(20)]  # 20 s at the bank
    sqs = rehearsal.client("sqs")
    for trigger in rehearsal.deployed.triggers:
        sqs.purge_queue(QueueUrl=trigger.queue_url)
    sqs.close()
    until(rows, all_are(rows, "payments", "success", ids), "every payment succeeds")


def test_a_message_that_kills_its_function_ends_among_the_dead_letters_and_its_payment_is_paid(
    merchant: Merchant, killer: Killer, rehearsal: Rehearsal, rows: Rows
) -> None:
    """The message is only a wake-up: what it woke is in the database, and the sweep comes by."""
    sqs = rehearsal.client("sqs")
    (queue,) = [one.queue_url for one in rehearsal.deployed.triggers if one.function.endswith("process_payment")]
    dead = sqs.get_queue_url(QueueName=f"{queue.rpartition('/')[2]}-dead")["QueueUrl"]
    usual = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        with killer.at_work("process_payment", kills=1000, longest_seconds=0):
            payment = merchant.pay("approve@magic")

            def died() -> bool:
                counts = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
                return int(counts["Attributes"]["ApproximateNumberOfMessages"]) > 0

            until(rows, died, "the message is dead")
            assert len(killer.killed) >= RECEIVES_MAX
        (letter,) = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=1)["Messages"]
        assert set(json.loads(letter["Body"])) == {"jobs"}, "ids and nothing else"
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)
    until(rows, all_are(rows, "payments", "success", [payment["id"]]), "the payment succeeds all the same")
    sqs.purge_queue(QueueUrl=dead)
    sqs.close()


HANG_UP_SECONDS = 1  # the proxy in between hangs up on its clients a moment later


def test_a_database_password_is_rotated_under_way(merchant: Merchant, rehearsal: Rehearsal, rows: Rows) -> None:
    manager = rehearsal.client("secretsmanager")
    function = f"{rehearsal.stage.stack()}-rotate_database_password"
    secret = rehearsal.deployed.functions[function].environment["DATABASE_SECRET_ARN"]
    before = manager.get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")["SecretString"]
    token = "rotation-of-a-rehearsal-0000000000000001"
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        event = {"Step": step, "SecretId": secret, "ClientRequestToken": token}
        result = rehearsal.cloud.functions.invoke(function, event)
        assert result.error is None, (step, result.payload)
    after = manager.get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")["SecretString"]
    manager.close()
    assert json.loads(after)["password"] != json.loads(before)["password"]
    old, rows.url = rows.url, rehearsal.database_url
    # Sandboxes that are connected stay so until the database hangs up; then each reads the new password by itself.
    ours = "from pg_stat_activity where starts_with(application_name, 'gateway-')"
    rows.query(f"select pg_terminate_backend(pid, 10000) {ours}")  # waits until each is gone
    time.sleep(HANG_UP_SECONDS)
    assert merchant.paid()["status"] == "success"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(old)
