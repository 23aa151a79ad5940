"""EventBridge's rules with a rate: each invokes its function asynchronously, whether or not the last one has ended."""

from __future__ import annotations

import logging
import threading

from local import events
from local.aws.deployed import Rate
from local.aws.functions import Closed, Functions, Throttled

log = logging.getLogger(__name__)


class Clock:
    """Of one rule. The first event comes after one period, as on AWS, or at once."""

    def __init__(self, rate: Rate, functions: Functions, *, first_at_once: bool = False) -> None:
        self._rate = rate
        self._functions = functions
        self._first_at_once = first_at_once
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"clock-{rate.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        if self._first_at_once:
            self._ring()
        while not self._stopping.wait(self._rate.seconds):
            self._ring()

    def _ring(self) -> None:
        event = events.clock_event(self._rate.name, rule_arn=self._rate.rule_arn)
        try:
            self._functions.invoke_async(self._rate.function, event)
        except Throttled as error:
            log.warning("%s: %s", self._rate.name, error)
        except Closed:
            self._stopping.set()
