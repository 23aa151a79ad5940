"""Parts that die: what was accepted is finished, once, and nobody lends a hand."""

from __future__ import annotations

import base64
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared import signatures
from shared.db.database import Database
from shared.sealing import Sealer
from shared.services import merchants, test_merchant
from tests.live_gateway import Live
from tests.receiver import Receiver, receiver


def _run_out_of_leases(live: Live) -> None:
    """Lets the time pass after which a dead worker's jobs are free; it is too long for a test to wait."""
    live.query("update jobs set lease_until = now() - interval '1 second' where lease_until is not null")


def _assert_charged_once_each(live: Live, payment_ids: list[str]) -> None:
    rows = live.query("select reference, amount from bank.charges where reference = any(%s) and approved", payment_ids)
    assert sorted(rows) == sorted((id, 50000) for id in payment_ids)
    gaps = live.query(
        """select payment_id from events where payment_id = any(%s)
            group by 1 having count(*) <> max(sequence) or min(sequence) <> 1 or max(sequence) <> 3""",
        payment_ids,
    )
    assert gaps == []


def test_when_redis_is_emptied_five_hundred_waiting_payments_finish(live: Live) -> None:
    with ThreadPoolExecutor(8) as shoppers:  # at a bank that takes 20 s: all are under way when Redis is emptied
        ids = list(shoppers.map(lambda _: live.pay("slow@magic"), range(500)))
    assert live.query("select count(*) from payments where id = any(%s) and status = 'pending'", ids) == [(500,)]
    live.redis().flushall()
    live.wait_until_all_are("success", ids, seconds=60)
    _assert_charged_once_each(live, ids)


def test_when_redis_dies_payments_are_accepted_and_finish_when_it_is_back(live: Live) -> None:
    assert live.kill("redis-server") == 1
    ids = [live.pay("approve@magic") for _ in range(20)]
    live.wait_until_all_are("success", ids)
    _assert_charged_once_each(live, ids)


def test_when_workers_are_killed_again_and_again_every_payment_is_charged_once(live: Live, shop: Receiver) -> None:
    ids = []
    for round_number in range(6):
        ids += [live.pay("approve@magic" if round_number % 2 else "asha@upi") for _ in range(15)]
        live.wait_for(lambda: live.kill("local.worker", "process_payment") >= 1, "a worker to kill")
        time.sleep(0.3)
        live.kill("local.worker", "deliver_webhook")
        _run_out_of_leases(live)
    for _ in range(8):
        time.sleep(1)
        _run_out_of_leases(live)
    live.wait_until_all_are("success", ids)
    _assert_charged_once_each(live, ids)
    told = lambda: {(one.body["event"], one.body["data"]["payment"]["id"]) for one in shop.received}  # noqa: E731
    wanted = {(event, id) for event in ("payment.created", "payment.pending", "payment.success") for id in ids}
    live.wait_for(lambda: wanted <= told(), "every event at the receiver")


def test_when_postgres_dies_it_comes_back_with_everything_that_was_accepted(live: Live) -> None:
    ids = [live.pay() for _ in range(20)]
    postmaster = min(live.processes("postgres", "-D"), key=lambda process: process.create_time())
    known = set(live.processes("postgres", "-D"))
    postmaster.kill()
    # Its children still answer: healthy is what the next one makes it.
    live.wait_for(lambda: bool(set(live.processes("postgres", "-D")) - known), "another postmaster")
    live.wait_for(lambda: _is_healthy(live), "healthy again")
    _run_out_of_leases(live)
    live.wait_until_all_are("success", ids)
    _assert_charged_once_each(live, ids)
    live.wait_until_all_are("success", [live.pay("approve@magic")])


def test_when_the_server_dies_it_is_back_within_moments(live: Live) -> None:
    assert live.kill("local.server") >= 1
    live.wait_for(lambda: _is_healthy(live), "healthy again")
    live.wait_until_all_are("success", [live.pay("approve@magic")])


def test_a_failing_receiver_is_tried_on_schedule_never_early(live: Live, shop: Receiver) -> None:
    shop.answer = lambda _: 500
    payment_id = live.pay("approve@magic")
    mine = lambda: [  # noqa: E731
        one.at for one in shop.received if one.body["event"] == "payment.created" and payment_id in one.raw.decode()
    ]
    live.wait_for(lambda: len(mine()) == 3, "three attempts")
    first, second, third = mine()
    assert second - first >= 1
    assert third - second >= 2
    live.wait_for(
        lambda: (
            live.query(
                "select distinct status, attempts from webhook_logs where payload::text like %s", f"%{payment_id}%"
            )
            == [("failed", 3)]
        ),
        "failed for good",
    )


def test_receivers_that_hang_never_delay_another_merchants_deliveries(live: Live, shop: Receiver) -> None:
    with receiver() as tar_pit:
        tar_pit.answer = lambda _: time.sleep(60) or 200
        for number in range(10):
            merchant = _register(live, number, tar_pit.url)
            for _ in range(10):
                live.pay("approve@magic", merchant=merchant)
        live.wait_for(lambda: len(tar_pit.received) >= 10, "every slow receiver is being tried")
        for _ in range(5):
            payment_id = live.pay("approve@magic")
            shop.wait_for(
                lambda id=payment_id: (
                    ("payment.success", id)
                    in {  # type: ignore[misc]
                        (one.body["event"], one.body["data"]["payment"]["id"]) for one in shop.received
                    }
                ),
                seconds=4,
            )
    live.query("delete from jobs where lane <> '' and lane <> %s", str(test_merchant.ID))


def _register(live: Live, number: int, url: str) -> tuple[str, str]:
    merchant = f"key_test_slow_{number}", f"secret_test_slow_{number}"
    database = Database(live.database_url, application_name="tests")
    with database.transaction() as tx:
        merchants.register(
            tx,
            Sealer(base64.urlsafe_b64decode(live.encryption_key)),
            id=uuid.uuid4(),
            name="Slow",
            email=f"slow{number}@example.com",
            api_key=merchant[0],
            api_secret=merchant[1],
            webhook_secret=signatures.new_webhook_secret(),
        )
    database.close()
    live.call("PUT", "/api/v1/merchants/me", {"webhook_url": url}, merchant=merchant)
    return merchant


def _is_healthy(live: Live) -> bool:
    try:
        return bool(live.call("GET", "/health")["status"] == "healthy")
    except (OSError, AssertionError):
        return False


@pytest.fixture(autouse=True)
def calm(live: Live) -> None:
    live.wait_for(lambda: _is_healthy(live), "healthy before the test")
