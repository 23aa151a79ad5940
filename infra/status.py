"""How the gateway of a stage is at AWS: `python -m infra.status dev`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import stacks, stages
from infra.aws import Aws, told
from infra.command import parser as stage_parser
from infra.command import run
from infra.terminal import Progress, table

PARTS = ("foundation", "migrate", "", "web")
AGE_MINUTES = 10
HASH_SHOWN = 12
Rows = list[tuple[str, ...]]


def show(aws: Aws) -> list[str]:
    """Lines for people."""
    lines: list[str] = []
    for title, heads, rows in (
        ("Stacks", ("STACK", "STATE", "SINCE", "BUNDLE"), _stacks(aws)),
        ("Outputs", ("NAME", "VALUE"), _outputs(aws)),
        ("Functions", ("FUNCTION", "STATE", "VERSION", "MEMORY", "CODE"), _functions(aws)),
        ("Queues", ("QUEUE", "WAITING", "IN WORK", "LATER", "OLDEST", "DEAD LETTERS"), _queues(aws)),
        ("Alarms that ring", ("ALARM", "SINCE", "WHY"), _alarms(aws)),
    ):
        lines += [title, *(f"  {line}" for line in (table(heads, rows) if rows else ["none"])), ""]
    return lines[:-1]


def _stacks(aws: Aws) -> Rows:
    rows: Rows = []
    for part in PARTS:
        name = aws.stage.stack(part)
        stack = stacks.find(aws.cloudformation, name)
        if stack is None:
            rows.append((name, "not there", "", ""))
        else:
            bundle = Path(stack.parameters.get("BundleKey", "")).stem[:HASH_SHOWN]
            since = f"{stack.changed_at:%Y-%m-%d %H:%M}" if stack.changed_at else ""
            rows.append((name, stack.status, since, bundle))
    return rows


def _outputs(aws: Aws) -> Rows:
    rows: Rows = []
    for part in PARTS:
        stack = stacks.find(aws.cloudformation, aws.stage.stack(part))
        rows += [(name, value) for name, value in sorted(stack.outputs.items())] if stack else []
    return rows


def _resources(aws: Aws, kind: str) -> list[str]:
    """Physical ids, of all stacks of the stage."""
    return [
        physical
        for part in PARTS
        if stacks.find(aws.cloudformation, aws.stage.stack(part))
        for _, _, physical in stacks.resources(aws.cloudformation, aws.stage.stack(part), kind)
    ]


def _functions(aws: Aws) -> Rows:
    service = aws.client("lambda")
    return [_function(service, name) for name in sorted(_resources(aws, "AWS::Lambda::Function"))]


def _function(service: Any, name: str) -> tuple[str, ...]:
    try:
        found = service.get_function_configuration(FunctionName=name)
        aliases = service.list_aliases(FunctionName=name)["Aliases"]
    except (ClientError, BotoCoreError) as error:
        return name, told(error), "", "", ""
    versions = ", ".join(f"{alias['Name']} → {alias['FunctionVersion']}" for alias in aliases)
    return (
        name,
        found.get("State", ""),
        versions or "$LATEST",
        f"{found['MemorySize']} MB",
        found["CodeSha256"][:HASH_SHOWN],
    )


def _queues(aws: Aws) -> Rows:
    """Those that work is taken from; each with its dead letters beside it."""
    service = aws.client("sqs")
    found = {
        url: service.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in _resources(aws, "AWS::SQS::Queue")
    }
    by_arn = {attributes["QueueArn"]: attributes for attributes in found.values()}
    dead = {_target(attributes) for attributes in found.values()}
    return [
        (
            url.rsplit("/", 1)[-1],
            attributes["ApproximateNumberOfMessages"],
            attributes["ApproximateNumberOfMessagesNotVisible"],
            attributes["ApproximateNumberOfMessagesDelayed"],
            _age(aws, url.rsplit("/", 1)[-1]),
            by_arn.get(_target(attributes), {}).get("ApproximateNumberOfMessages", "-"),
        )
        for url, attributes in sorted(found.items())
        if attributes["QueueArn"] not in dead
    ]


def _target(attributes: dict[str, str]) -> str:
    return str(json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", ""))


def _age(aws: Aws, queue: str) -> str:
    """Of the oldest message, as CloudWatch last heard of it."""
    now = datetime.now(UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=now - timedelta(minutes=AGE_MINUTES),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return f"{newest['Maximum']:.0f} s" if newest else "-"


def _alarms(aws: Aws) -> Rows:
    pages = aws.client("cloudwatch").get_paginator("describe_alarms")
    return [
        (alarm["AlarmName"], f"{alarm['StateUpdatedTimestamp']:%Y-%m-%d %H:%M}", alarm.get("StateReason", ""))
        for page in pages.paginate(StateValue="ALARM", AlarmNamePrefix=f"{aws.stage.stack()}-")
        for alarm in page["MetricAlarms"]
        if alarm["StateValue"] == "ALARM"  # not every stand-in for AWS reads both conditions
    ]


def main(words: Sequence[str] | None = None) -> int:
    parser = stage_parser("status", __doc__)
    asked = parser.parse_args(words)

    def work(_: Progress) -> None:
        aws = Aws(stages.load(asked.stage, file=asked.stages))
        aws.signed_in()
        print("\n".join(show(aws)))

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
