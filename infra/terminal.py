"""What a command says while it works: steps with their time, in plain lines that a log keeps as well as a screen."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from infra.errors import UsageError


class Progress:
    """`doing` is what an interruption would leave unfinished; `changed`, whether anything at AWS was changed before."""

    def __init__(self) -> None:
        self.doing: str | None = None
        self.changed = False
        self._began = time.monotonic()

    @property
    def left(self) -> str:
        """How things stand now, for whoever interrupts."""
        if self.doing is not None:
            return self.doing
        if self.changed:
            return "what the steps above made stands, and costs money until it is destroyed"
        return "nothing at AWS was changed"

    def say(self, line: str) -> None:
        self._print(f"{time.monotonic() - self._began:7.1f} s  {line}")

    def detail(self, line: str) -> None:
        self._print(f"{'':9}    {line}")

    def _print(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:  # nobody reads any more; what was begun is still finished
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the process ends

    @contextmanager
    def step(self, title: str, *, doing: str = "") -> Iterator[None]:
        """`doing` is a sentence for whoever presses Ctrl-C meanwhile."""
        self.say(title)
        before, began = self.doing, time.monotonic()
        if doing:
            self.doing = doing
        yield
        self.doing = before
        self.detail(f"done in {time.monotonic() - began:.1f} s")


def confirm(question: str, *, answer: str) -> None:
    """Raises UsageError unless the person types `answer`."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"{question} No terminal to answer at: say --yes (with make: ARGS=--yes).")
    try:
        typed = input(f"{question} Type {answer} to go on: ").strip()
    except EOFError:
        typed = ""
    if typed != answer:
        raise UsageError("Nothing was done.")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (heads, *rows)
    ]
