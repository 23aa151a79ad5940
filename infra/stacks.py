"""A stack brought to what a template says, as a change set that can be looked at first."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import code, told
from infra.errors import InfraError, NeedsAttention
from infra.terminal import Progress

POLL_SECONDS = 3.0
REVIEW_SECONDS_MAX = 300.0
APPLY_SECONDS_MAX = 3600.0  # a database takes a quarter of an hour, traffic that moves slowly longer
DELETE_SECONDS_MAX = 3600.0
INLINE_BYTES_MAX = 51_200
REASONS_MAX = 10
NOTHING_TO_CHANGE = ("didn't contain changes", "No updates are to be performed")
NEVER_CAME_UP = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
STUCK = ("DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
APPLIED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
CASCADE = ("Resource creation cancelled", "Resource update cancelled")


@dataclass(frozen=True)
class Template:
    """In the request itself, or where CloudFormation fetches it: one of the two."""

    body: str = ""
    url: str = ""

    def argument(self) -> dict[str, str]:
        if self.url:
            return {"TemplateURL": self.url}
        size = len(self.body.encode())
        if size > INLINE_BYTES_MAX:
            raise InfraError(
                f"The template has {size} bytes; without a bucket CloudFormation takes {INLINE_BYTES_MAX}."
            )
        return {"TemplateBody": self.body}


@dataclass(frozen=True, kw_only=True)
class Stack:
    id: str
    status: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    protected: bool
    changed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Applied:
    """`changes` are lines such as "Modify AWS::Lambda::Function Api"."""

    changed: bool
    changes: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)


class StackFailed(InfraError):
    """CloudFormation gave up and put back what was there, as far as there was something."""


def find(cloudformation: Any, name: str) -> Stack | None:
    """None where there is none, or only a change set that never ran."""
    found = _describe(cloudformation, name)
    return None if found is None or found.status == "REVIEW_IN_PROGRESS" else found


def template_of(cloudformation: Any, name: str) -> str:
    """As it was given."""
    body = cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)  # botocore has parsed a JSON one


def resources(cloudformation: Any, name: str, *kinds: str) -> list[tuple[str, str, str]]:
    """Type, logical and physical id of the stack's resources; of `kinds`, or all."""
    return [
        (one["ResourceType"], one["LogicalResourceId"], one.get("PhysicalResourceId", ""))
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        for one in page["StackResourceSummaries"]
        if not kinds or one["ResourceType"] in kinds
    ]


def apply(
    cloudformation: Any,
    name: str,
    template: Template,
    parameters: Mapping[str, str],
    progress: Progress,
    *,
    dry_run: bool = False,
    protected: bool = False,
    seconds_max: float = APPLY_SECONDS_MAX,
) -> Applied:
    """Makes the stack or changes it, and waits until it is done. `protected` refuses its deletion. With `dry_run` the
    changes are shown and dropped. Raises StackFailed, or NeedsAttention where waiting or undoing went wrong."""
    before = _describe(cloudformation, name)
    if before is not None and not dry_run:
        before = _ready(cloudformation, name, before, progress)
    if before is not None and dry_run and before.status in NEVER_CAME_UP:
        progress.detail(f"{name} never came up ({before.status}): a deployment deletes it and begins anew")
        return Applied(changed=True, outputs=before.outputs)
    new = before is None or before.status == "REVIEW_IN_PROGRESS"
    change_set = f"deploy-{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(4)}"
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=change_set,
        ChangeSetType="CREATE" if new else "UPDATE",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        **template.argument(),
    )
    changes = _review(cloudformation, name, change_set)
    if changes is None or dry_run:
        _drop(cloudformation, name, change_set, new=new)
        for change in changes or (f"{name}: nothing to change",):
            progress.detail(change)
        if not dry_run and before is not None:
            _protect(cloudformation, name, before, protected)
        outputs = before.outputs if before is not None and not new else {}
        return Applied(changed=changes is not None, changes=changes or (), outputs=outputs)
    for change in changes:
        progress.detail(change)
    seen = {event["EventId"] for event in _events(cloudformation, name)}
    doing, progress.doing = progress.doing, f"CloudFormation goes on with {name} by itself"
    cloudformation.execute_change_set(StackName=name, ChangeSetName=change_set)
    try:
        after = _watch(cloudformation, name, seen, progress, seconds_max)
        _protect(cloudformation, name, after, protected)
    except (BotoCoreError, ClientError) as error:
        raise NeedsAttention(f"CloudFormation goes on with {name}, and we lost sight of it: {told(error)}") from error
    progress.doing, progress.changed = doing, True
    return Applied(changed=True, changes=changes, outputs=after.outputs)


def _protect(cloudformation: Any, name: str, stack: Stack, protected: bool) -> None:
    if protected != stack.protected:
        cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=protected)


def delete(cloudformation: Any, name: str, progress: Progress, *, seconds_max: float = DELETE_SECONDS_MAX) -> list[str]:
    """Deletes the stack and waits. Returns what it left, as "AWS::S3::Bucket name". Raises NeedsAttention."""
    before = _describe(cloudformation, name)
    if before is None:
        progress.detail(f"{name} is not there")
        return []
    seen = {event["EventId"] for event in _events(cloudformation, before.id)}
    doing, progress.doing = progress.doing, f"CloudFormation goes on deleting {name} by itself"
    cloudformation.delete_stack(StackName=name)
    left = []
    for event in _until_settled(cloudformation, before.id, seen, progress, seconds_max):
        if event["ResourceStatus"] == "DELETE_SKIPPED":
            left.append(f"{event['ResourceType']} {event.get('PhysicalResourceId', event['LogicalResourceId'])}")
    progress.doing, progress.changed = doing, True
    after = _describe(cloudformation, before.id)
    if after is not None and after.status != "DELETE_COMPLETE":
        raise NeedsAttention(
            f"{name} could not be deleted ({after.status}).{_reasons(cloudformation, before.id, seen)}\n"
            "Remove what is in the way and run the command again."
        )
    return left


def _describe(cloudformation: Any, name: str) -> Stack | None:
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if code(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return Stack(
        id=found["StackId"],
        status=found["StackStatus"],
        outputs={one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        parameters={one["ParameterKey"]: _text(one.get("ParameterValue", "")) for one in found.get("Parameters", [])},
        protected=bool(found.get("EnableTerminationProtection")),
        changed_at=found.get("LastUpdatedTime") or found.get("CreationTime"),
    )


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _ready(cloudformation: Any, name: str, before: Stack, progress: Progress) -> Stack | None:
    """The stack once it may be changed; None once it may be made."""
    if before.status in NEVER_CAME_UP:
        progress.detail(f"{name} never came up ({before.status}): it is deleted, to begin anew")
        delete(cloudformation, name, progress)
        return None
    if before.status in STUCK:
        raise NeedsAttention(
            f"{name} is in {before.status}: CloudFormation wants it put right by hand first"
            " (continue its rollback, or delete it, in the console)."
        )
    if before.status.endswith("_IN_PROGRESS") and before.status != "REVIEW_IN_PROGRESS":
        raise InfraError(f"{name} is being changed by somebody else ({before.status}): wait for that to end.")
    return before


def _review(cloudformation: Any, name: str, change_set: str) -> tuple[str, ...] | None:
    """The changes once CloudFormation has thought of them; None where there are none."""
    deadline = time.monotonic() + REVIEW_SECONDS_MAX
    while True:
        found = cloudformation.describe_change_set(StackName=name, ChangeSetName=change_set)
        if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
            break
        if time.monotonic() > deadline:
            raise InfraError(f"CloudFormation has not made up its mind on {name} for {REVIEW_SECONDS_MAX:.0f} s.")
        time.sleep(POLL_SECONDS)
    if found["Status"] == "FAILED":
        reason = found.get("StatusReason", "")
        if any(words in reason for words in NOTHING_TO_CHANGE):
            return None
        _drop(cloudformation, name, change_set, new=False)
        raise InfraError(f"CloudFormation refuses the changes to {name}: {reason}")
    changes = found["Changes"]
    while found.get("NextToken"):
        found = cloudformation.describe_change_set(
            StackName=name, ChangeSetName=change_set, NextToken=found["NextToken"]
        )
        changes += found["Changes"]
    return tuple(_line(change["ResourceChange"]) for change in changes)


def _line(change: Mapping[str, Any]) -> str:
    anew = " (made anew)" if change.get("Replacement") == "True" else ""
    return f"{change['Action']:<6} {change['ResourceType']} {change['LogicalResourceId']}{anew}"


def _drop(cloudformation: Any, name: str, change_set: str, *, new: bool) -> None:
    cloudformation.delete_change_set(StackName=name, ChangeSetName=change_set)
    if new:  # a stack without anything in it was made for the change set
        cloudformation.delete_stack(StackName=name)


def _watch(cloudformation: Any, name: str, seen: set[str], progress: Progress, seconds_max: float) -> Stack:
    known = set(seen)
    for _ in _until_settled(cloudformation, name, known, progress, seconds_max):
        pass
    after = _describe(cloudformation, name)
    if after is not None and after.status in APPLIED:
        return after
    status = after.status if after else "gone"
    reasons = _reasons(cloudformation, name, seen)
    if status in ("UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"):
        was = (
            "is as it was before"
            if status.startswith("UPDATE")
            else "did not come up, and what there was of it is gone"
        )
        raise StackFailed(f"{name} {was} ({status}).{reasons}")
    raise NeedsAttention(f"{name} is in {status}: look at it in the console.{reasons}")


def _until_settled(
    cloudformation: Any, name: str, seen: set[str], progress: Progress, seconds_max: float
) -> Iterator[dict[str, Any]]:
    """The events that are not in `seen`, oldest first, until nothing is in progress any more."""
    deadline = time.monotonic() + seconds_max
    known = set(seen)
    while True:
        stack = _describe(cloudformation, name)  # before its events, so that the last ones are not missed
        for event in reversed(list(_events(cloudformation, name, known))):
            known.add(event["EventId"])
            if not event["ResourceStatus"].endswith("_IN_PROGRESS") or event["LogicalResourceId"] == name:
                progress.detail(f"{event['ResourceStatus']:<24} {event['ResourceType']} {event['LogicalResourceId']}")
            yield event
        if stack is None or not stack.status.endswith("_IN_PROGRESS"):
            return
        if time.monotonic() > deadline:
            raise NeedsAttention(
                f"{name} is still {stack.status} after {seconds_max:.0f} s. CloudFormation goes on; the status command"
                " shows how far it is."
            )
        time.sleep(POLL_SECONDS)


def _events(cloudformation: Any, name: str, known: set[str] = frozenset()) -> Iterator[dict[str, Any]]:  # type: ignore[assignment]
    """Newest first, down to the first that is known."""
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=name):
        for event in page["StackEvents"]:
            if event["EventId"] in known:
                return
            yield event


def _reasons(cloudformation: Any, name: str, seen: set[str]) -> str:
    """Why: what failed, first things first, without what failed only because of that."""
    failed = [
        event
        for event in reversed(list(_events(cloudformation, name, seen)))
        if event["ResourceStatus"].endswith("FAILED")
        and not event.get("ResourceStatusReason", "").startswith(CASCADE)
        and event["ResourceType"] != "AWS::CloudFormation::Stack"
    ]
    return "".join(
        f"\n  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', 'no reason')}"
        for event in failed[:REASONS_MAX]
    )
