"""What ends a command, each with the exit code that says how things stand at AWS."""

from __future__ import annotations

DONE = 0
FAILED = 1  # what served before still serves
USAGE = 2
ROLLED_BACK = 3
ATTENTION = 4
INTERRUPTED = 130  # as shells say it of Ctrl-C


class InfraError(Exception):
    """Something that the person at the keyboard has to know; the message is a sentence, or several."""

    exit_code = FAILED


class UsageError(InfraError):
    exit_code = USAGE


class RolledBack(InfraError):
    """What was begun was undone."""

    exit_code = ROLLED_BACK


class NeedsAttention(InfraError):
    """Neither done nor undone: somebody has to look."""

    exit_code = ATTENTION
