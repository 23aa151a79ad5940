"""A deployment, running: the functions, the API in front of them, their queues' pollers and their clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws.clock import Clock
from local.aws.deployed import Deployed
from local.aws.event_sources import Chaos, Poller
from local.aws.front import Front
from local.aws.functions import Credentials, Functions, Measure


@dataclass(frozen=True, kw_only=True)
class Cloud:
    url: str  # of the API, with its stage; empty if there is none
    functions: Functions

    @property
    def measures(self) -> list[Measure]:
        """Of every invocation so far."""
        return self.functions.measures


@contextmanager
def running(
    deployed: Deployed,
    *,
    sqs_client: Any,
    credentials: Credentials,
    machine: Mapping[str, str],
    runtime_folder: Path,
    logs_folder: Path,
    port: int = 0,
    chaos: Chaos | None = None,
    custom_domain: bool = False,
    first_at_once: bool = False,
) -> Iterator[Cloud]:
    """Everything that is deployed, until the end of the block; then it is killed at once.

    `machine` is what this machine adds to every function's variables (AWS_ENDPOINT_URL). `first_at_once` has the
    clocks ring at the start.
    """
    functions = Functions(
        deployed, credentials=credentials, machine=machine, runtime_folder=runtime_folder, logs_folder=logs_folder
    )
    front: Front | None = None
    sources: list[Poller | Clock] = []
    try:
        if deployed.api is not None:
            front = Front(
                deployed.api,
                functions,
                port=port,
                custom_domain=custom_domain,
                region=deployed.region,
                account=deployed.account,
            )
            front.start()
        sources += [Poller(trigger, functions, sqs_client, chaos) for trigger in deployed.triggers]
        sources += [Clock(rate, functions, first_at_once=first_at_once) for rate in deployed.rates]
        for source in sources:
            source.start()
        yield Cloud(url=front.url if front else "", functions=functions)
    finally:
        for source in sources:
            source.stop()
        functions.close()  # what the others wait for
        if front is not None:
            front.close()
        for source in sources:
            source.join()
