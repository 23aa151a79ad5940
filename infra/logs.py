"""What the functions of a stage have written, all in one: `python -m infra.logs dev --since 10m --follow`."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from infra import stacks, stages
from infra.aws import Aws, code
from infra.command import parser as stage_parser
from infra.command import run
from infra.errors import UsageError
from infra.terminal import Progress

PARTS = ("", "migrate")
LINES_MAX = 10_000  # of one function, at once
POLL_SECONDS = 2.0
LATE_SECONDS = 30.0  # a line may arrive this much after its time
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def seconds(text: str) -> float:
    """Of "90s", "10m", "2h" or "1d"."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 10m, 2h or 1d")
    return float(match[1]) * UNITS[match[2]]


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from None


def functions(aws: Aws, wanted: str | None) -> list[str]:
    """The stage's functions, or the one that `wanted` names in full or by the end of its name. Raises UsageError."""
    names = sorted(
        physical
        for part in PARTS
        if stacks.find(aws.cloudformation, aws.stage.stack(part))
        for _, _, physical in stacks.resources(aws.cloudformation, aws.stage.stack(part), "AWS::Lambda::Function")
    )
    if wanted is None:
        return names
    found = [name for name in names if name == wanted or name.endswith(f"-{wanted}")]
    if not found:
        raise UsageError(f"There is no function {wanted}: there are {', '.join(names) or 'none'}.")
    return found


def lines(service: Any, names: Sequence[str], since: float) -> list[tuple[int, str, str, str]]:
    """Time in milliseconds, id, function and text of what was written since then, in order."""
    found = []
    for name in names:
        for count, event in enumerate(_events(service, f"/aws/lambda/{name}", since)):
            if count == LINES_MAX:
                break
            found.append((event["timestamp"], event["eventId"], name, event["message"].rstrip("\n")))
    return sorted(found)


def _events(service: Any, group: str, since: float) -> Iterator[dict[str, Any]]:
    try:
        pages = service.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group, startTime=int(since * 1000)):
            yield from page["events"]
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":  # it has not written yet
            raise


def _show(found: Sequence[tuple[int, str, str, str]], short: int, grep: re.Pattern[str] | None) -> None:
    for moment, _, name, text in found:
        if grep is None or grep.search(text):
            at = datetime.fromtimestamp(moment / 1000, UTC)
            print(f"{at:%H:%M:%S}.{int(moment) % 1000:03d}  {name[short:]}  {text}", flush=True)


def _follow(service: Any, names: Sequence[str], since: float, short: int, grep: re.Pattern[str] | None) -> None:
    shown: set[str] = set()
    while True:
        asked_at = time.time()
        found = lines(service, names, since)
        _show([line for line in found if line[1] not in shown], short, grep)
        since = max(since, asked_at - LATE_SECONDS)
        shown = {line[1] for line in found if line[0] >= since * 1000}
        time.sleep(POLL_SECONDS)


def main(words: Sequence[str] | None = None) -> int:
    parser = stage_parser("logs", __doc__)
    parser.add_argument("function", nargs="?", help="one function, by the end of its name; all unless said")
    parser.add_argument(
        "--since", type=seconds, default=600.0, metavar="TIME", help="90s, 10m, 2h, 1d; 10m unless said"
    )
    parser.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    parser.add_argument("--grep", type=pattern, metavar="REGEX", help="only lines in which it is found")
    asked = parser.parse_args(words)

    def work(_: Progress) -> None:
        aws = Aws(stages.load(asked.stage, file=asked.stages))
        aws.signed_in()
        names = functions(aws, asked.function)
        service = aws.client("logs")
        since = time.time() - asked.since
        short = len(f"{aws.stage.stack()}-") if all(name.startswith(f"{aws.stage.stack()}-") for name in names) else 0
        try:
            if asked.follow:
                _follow(service, names, since, short, asked.grep)
            found = lines(service, names, since)
            _show(found, short, asked.grep)
            if not found:
                print(f"Nothing was written in the last {asked.since:.0f} s.", file=sys.stderr)
        except KeyboardInterrupt:
            pass  # that is how one stops reading
        except BrokenPipeError:
            sys.stdout = None  # as `| head` does

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
