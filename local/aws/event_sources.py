"""Lambda's event source mappings for SQS: takes messages, invokes the function with them, deletes what it did.

The rules are AWS's: what the function did not do, by failing, being killed, being throttled or by its own report, stays
in the queue and reappears when its visibility timeout has passed. Nothing here makes it reappear sooner.
"""

from __future__ import annotations

import base64
import json
import logging
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.deployed import Trigger
from local.aws.functions import Closed, EventTooLarge, Functions, Result, Throttled

RECEIVED_MAX = 10  # messages in one call, by SQS; in one deletion as well
LONG_POLL_SECONDS = 1  # Lambda's own is 20; nobody should wait that long for us to end
SHORT_POLL_SECONDS = 0.05  # between looks at what is left of a window
BACK_OFF_SECONDS = 1.0  # when SQS does not answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Chaos:
    """What a standard queue may do at any time, made frequent."""

    duplicate: float = 0.0  # the share of messages that are delivered a second time
    reorder: bool = False
    seed: int = 0


class Poller:
    """Of one trigger. `client` is boto3's for SQS, which threads may share."""

    def __init__(self, trigger: Trigger, functions: Functions, client: Any, chaos: Chaos | None = None) -> None:
        self._trigger = trigger
        self._functions = functions
        self._client = client
        self._chaos = chaos or Chaos()
        self._random = random.Random(f"{self._chaos.seed} {trigger.queue_arn}")
        self._again: list[dict[str, Any]] = []  # to be delivered a second time
        self._stopping = threading.Event()
        self._slots = threading.Semaphore(trigger.concurrency)
        self._invokers = ThreadPoolExecutor(trigger.concurrency, thread_name_prefix=f"trigger-{trigger.function}")
        self._thread = threading.Thread(target=self._poll, name=f"poll-{trigger.function}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more; returns at once."""
        self._stopping.set()
        self._slots.release()  # for a thread that waits for one

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()
        self._invokers.shutdown()

    def _poll(self) -> None:
        while not self._stopping.is_set():
            # First a slot, then messages: what is received and waits here only ages.
            self._slots.acquire()
            batches: list[list[dict[str, Any]]] = []
            try:
                if not self._stopping.is_set():
                    batches = self._batches()
            except (BotoCoreError, ClientError) as error:
                log.warning("%s: not received: %s", self._trigger.function, " ".join(str(error).split()))
                self._stopping.wait(BACK_OFF_SECONDS)
            if not batches:
                self._slots.release()
            for number, batch in enumerate(batches):
                if number:
                    self._slots.acquire()
                self._invokers.submit(self._deliver, batch)

    def _batches(self) -> list[list[dict[str, Any]]]:
        """One batch; several if messages are to change places."""
        size = self._trigger.batch_size
        again, self._again = self._again, []
        messages = again or self._receive(max(size, RECEIVED_MAX) if self._chaos.reorder else size)
        if self._chaos.reorder:
            self._random.shuffle(messages)
        if not again:
            self._again = [message for message in messages if self._random.random() < self._chaos.duplicate]
        return [messages[start : start + size] for start in range(0, len(messages), size)]

    def _receive(self, most: int) -> list[dict[str, Any]]:
        """What comes within the long poll, and more of it until the window has passed or the batch is full."""
        messages = self._call(most, LONG_POLL_SECONDS)
        until = time.monotonic() + self._trigger.window_seconds
        while messages and len(messages) < most and not self._stopping.is_set():
            left = until - time.monotonic()
            if left <= 0:
                break
            more = self._call(most - len(messages), LONG_POLL_SECONDS if left >= LONG_POLL_SECONDS else 0)
            if not more and left < LONG_POLL_SECONDS:
                self._stopping.wait(min(left, SHORT_POLL_SECONDS))
            messages += more
        return messages

    def _call(self, most: int, wait_seconds: int) -> list[dict[str, Any]]:
        answer = self._client.receive_message(
            QueueUrl=self._trigger.queue_url,
            MaxNumberOfMessages=min(RECEIVED_MAX, most),
            WaitTimeSeconds=wait_seconds,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _deliver(self, messages: list[dict[str, Any]]) -> None:
        try:
            event = sqs_event(messages, self._trigger.queue_arn)
            result = self._functions.invoke(self._trigger.function, event)
            self._delete(done(result, messages, partial_failures=self._trigger.partial_failures))
        except (Throttled, EventTooLarge) as error:
            log.warning(
                "%s: %d messages wait for their visibility timeout: %s", self._trigger.function, len(messages), error
            )
        except Closed:
            pass
        except (BotoCoreError, ClientError) as error:
            log.warning("%s: not deleted: %s", self._trigger.function, " ".join(str(error).split()))
        finally:
            self._slots.release()

    def _delete(self, messages: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(messages), RECEIVED_MAX):
            part = messages[start : start + RECEIVED_MAX]
            entries = [{"Id": str(at), "ReceiptHandle": part[at]["ReceiptHandle"]} for at in range(len(part))]
            self._client.delete_message_batch(QueueUrl=self._trigger.queue_url, Entries=entries)


def done(result: Result, messages: list[dict[str, Any]], *, partial_failures: bool) -> list[dict[str, Any]]:
    """The messages to delete after an invocation."""
    if result.error is not None:
        return []
    if not partial_failures:
        return messages  # whatever was returned
    failed = _reported(result.payload)
    if failed is None or failed - {message["MessageId"] for message in messages}:
        return []
    return [message for message in messages if message["MessageId"] not in failed]


def _reported(payload: bytes) -> set[str] | None:
    """The ids that a report names; None if it is malformed, which is a failure of the whole batch."""
    try:
        report = json.loads(payload or b"null")
    except ValueError:
        return None
    if report is None or report == {}:
        return set()
    if not isinstance(report, dict) or "batchItemFailures" not in report:
        return None
    items = report["batchItemFailures"]
    if items is None:
        return set()
    if not isinstance(items, list):
        return None
    # What is no id is "", which is the id of no message.
    return {str(item.get("itemIdentifier") or "") if isinstance(item, dict) else "" for item in items}


def sqs_event(messages: Sequence[dict[str, Any]], queue_arn: str) -> dict[str, Any]:
    """Lambda's event for messages as SQS hands them over."""
    return {"Records": [_record(message, queue_arn) for message in messages]}


def _record(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: str(value) for name, value in message.get("Attributes", {}).items()},
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        told["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        told["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return told
