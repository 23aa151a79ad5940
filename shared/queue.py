"""The queue port: ways to say that jobs are waiting. Losing every message loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.db.outbox import StagedJob
from shared.jobs import Kind


class Queue(Protocol):
    @property
    def beat_seconds(self) -> float:
        """How long after the last sign of life whoever works is taken for dead."""

    def send(self, jobs: Sequence[StagedJob]) -> None:
        """Tells of jobs that were just committed. Never raises: the sweep finds what was not told."""

    def wake(self, kind: Kind) -> None:
        """Tells of every due job of a kind that nobody was told of. Raises what stops it: the sweep comes again."""

    def beat(self) -> None:
        """The sweep looked for due work: told to whoever asks for workers, where none looks by itself."""

    def ping(self) -> None:
        """Raises an exception if nothing can be told."""
