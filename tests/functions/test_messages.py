"""SQS records become job ids, run together; the report names the records that must come again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from chalice.app import SQSEvent
from chalicelib import messages

from local.events import Context, sqs_event
from shared.jobs import BATCH_MAX, HANDLER_SECONDS_MAX


def event(*bodies: str) -> tuple[SQSEvent, list[str]]:
    """An event with a record for each body, and the ids of its messages."""
    raw = sqs_event("process_payment", bodies)
    context = Context("process_payment", timeout_seconds=HANDLER_SECONDS_MAX)
    return SQSEvent(raw, context), [record["messageId"] for record in raw["Records"]]


def body(*ids: int) -> str:
    return json.dumps({"jobs": ids})


def run_all(*bodies: str, failing: Sequence[int] = ()) -> tuple[dict[str, Any], list[list[int]], list[str]]:
    """The report, the batches that ran, and the ids of the messages. A batch with a failing job raises."""
    ran: list[list[int]] = []

    def run(ids: Sequence[int]) -> None:
        ran.append(list(ids))
        if set(ids) & set(failing):
            raise RuntimeError("the database went away")

    received, message_ids = event(*bodies)
    return messages.run_all(received, run), ran, message_ids


def reported(*message_ids: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}


def test_all_records_are_run_together_each_job_once_and_nothing_is_reported() -> None:
    report, ran, _ = run_all(body(1, 2), body(3), body(2, 4))
    assert ran == [[1, 2, 3, 4]], "a batch costs little more than one"
    assert report == reported(), "what is done must not come again"


def test_when_the_jobs_fail_every_message_comes_again() -> None:
    report, _, ids = run_all(body(1), body(2), body(3), failing=(2,))
    assert report == reported(*ids), "what is not done must come again; the leases keep what is done from being redone"


@pytest.mark.parametrize(
    "unreadable",
    [
        "",
        "nonsense",
        "null",
        "7",
        '"jobs"',
        "[]",
        "[1]",
        "{}",
        '{"jobs": null}',
        '{"jobs": 1}',
        '{"jobs": "12"}',
        '{"jobs": {"1": 2}}',
        '{"jobs": ["1"]}',
        '{"jobs": [1, null]}',
        '{"jobs": [1.0]}',
        '{"jobs": [true]}',
        '{"jobs": [NaN]}',
        '{"jobs": [1',
        pytest.param('{"jobs": [' + "9" * 5000 + "]}", id="a number of 5000 digits"),
        pytest.param(body(*range(BATCH_MAX + 1)), id="more jobs than a message carries"),
        pytest.param("[" * 100_000, id="nested too deep to parse"),
    ],
)
def test_a_record_that_nobody_can_read_is_dropped_and_told_of(
    unreadable: str, caplog: pytest.LogCaptureFixture
) -> None:
    report, ran, ids = run_all(body(1), unreadable, body(2))
    assert ran == [[1, 2]], "the records around it must run, and nothing of it"
    assert report == reported(), "it will never be readable, so it must not come again"
    assert f"unreadable message dropped: id={ids[1]}" in caplog.text, "somebody must be able to find out"


def test_the_log_names_the_jobs_that_failed_and_why(caplog: pytest.LogCaptureFixture) -> None:
    run_all(body(1), body(2), failing=(2,))
    assert "jobs failed: jobs=[1, 2]" in caplog.text, "the failed jobs must be named"
    assert "the database went away" in caplog.text, "the log must say why"
