"""Puts dead letters back into their queue: `python -m infra.redrive dev`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from infra import stacks, stages
from infra.aws import Aws
from infra.command import parser as stage_parser
from infra.command import run
from infra.errors import UsageError
from infra.terminal import Progress

EPILOG = """\
A message is only a wake-up: what it stood for is in the database, and a sweep finds it without the message. So this is
for an empty list, rather than for the work. Look at the logs first for why they died.
"""


def redrive(aws: Aws, queue: str | None, progress: Progress) -> None:
    """Of one queue, by the end of its name, or of all. Raises UsageError."""
    service = aws.client("sqs")
    urls = [url for _, _, url in stacks.resources(aws.cloudformation, aws.stage.stack(), "AWS::SQS::Queue")]
    attributes = {url: _attributes(service, url) for url in urls}
    by_arn = {found["QueueArn"]: found for found in attributes.values()}
    named = {url.rsplit("/", 1)[-1]: found for url, found in attributes.items() if "RedrivePolicy" in found}
    chosen = [name for name in named if queue is None or name == queue or name.endswith(f"-{queue}")]
    if not chosen:
        raise UsageError(
            f"There is no queue {queue} with dead letters: there are {', '.join(sorted(named)) or 'none'}."
        )
    for name in sorted(chosen):
        dead = json.loads(named[name]["RedrivePolicy"])["deadLetterTargetArn"]
        count = by_arn[dead]["ApproximateNumberOfMessages"]
        if count != "0":
            service.start_message_move_task(SourceArn=dead, DestinationArn=named[name]["QueueArn"])
        progress.detail(f"{name}: {count} dead letters{' go back' if count != '0' else ''}")


def _attributes(service: Any, url: str) -> dict[str, str]:
    found: dict[str, str] = service.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


def main(words: Sequence[str] | None = None) -> int:
    parser = stage_parser("redrive", __doc__, epilog=EPILOG)
    parser.add_argument("queue", nargs="?", help="one queue, by the end of its name; all unless said")
    asked = parser.parse_args(words)

    def work(progress: Progress) -> None:
        aws = Aws(stages.load(asked.stage, file=asked.stages))
        aws.signed_in()
        redrive(aws, asked.queue, progress)

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
