"""Removes the gateway of a stage from AWS: `python -m infra.destroy dev`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from infra import stacks, stages, web_files
from infra.aws import Aws
from infra.command import parser as stage_parser
from infra.command import run
from infra.errors import UsageError
from infra.stacks import Stack
from infra.terminal import Progress, confirm

PARTS = ("web", "", "migrate", "foundation")  # what stands on others goes first
BUCKET = "AWS::S3::Bucket"
VERSION = "AWS::Lambda::Version"  # kept while its function is there, and gone with it
# What to do with what is left, and what it costs while it is there.
LEFT = {
    "AWS::S3::Bucket": "costs what its files take; --buckets empties and deletes it",
    "AWS::SecretsManager::Secret": "about $0.40 a month; the database's contents cannot be read without it",
    "AWS::KMS::Key": "about $1 a month; what it encrypted, snapshots too, cannot be read without it",
    "AWS::RDS::DBCluster": "goes on running, and costs as before; delete it in the console",
    "AWS::Logs::LogGroup": "costs next to nothing",
    "AWS::ApiGateway::Account": "costs nothing; it is the region's, for all its APIs",
    "snapshot": "costs what it takes; a new database can be made of it",
}
EPILOG = """\
The stacks are deleted one after the other, the foundation last. What holds data that nobody can make again is left, and
listed: a snapshot of the database, secrets, keys, and the bundles. With --buckets every bucket of the stage is emptied
and deleted too.

exit codes:
  0  it is gone
  1  it did not work, and nothing was deleted
  2  the command was not understood, nobody agreed, or deletion is switched off for the stage
  4  somebody has to look: a part could not be deleted
  130  interrupted; CloudFormation finishes what it began
"""


def destroy(aws: Aws, progress: Progress, *, buckets: bool) -> None:
    """Raises InfraError."""
    stage = aws.stage
    left: list[str] = []
    cluster = ""
    for part in PARTS:
        name = stage.stack(part)
        stack = stacks.find(aws.cloudformation, name)
        if part == "foundation" and stack is not None:
            cluster = stack.outputs.get("DatabaseClusterId", "")
        with progress.step(f"Deleting {name}", doing=f"{name} may be deleted in part"):
            left += [one for one in stacks.delete(aws.cloudformation, name, progress) if not one.startswith(VERSION)]
    if buckets:
        left = _without_buckets(aws, left, progress)
    left += _snapshots(aws, cluster)
    if left:
        progress.say("Left, since nobody could make it again:")
        for one in left:
            kind = one.split(" ", 1)[0]
            progress.detail(f"{one}{f' ({LEFT[kind]})' if kind in LEFT else ''}")
    progress.say(f"{stage.stack()} is gone.")


def protected(aws: Aws) -> None:
    """Raises UsageError where deletion is switched off, in the settings or at AWS."""
    stage = aws.stage
    how = f"set deletion_protection = false for {stage.name} in the settings, deploy once, and run this command again"
    if stage.deletion_protection:
        raise UsageError(f"{stage.stack()} is protected against deletion: {how}.")
    for part in PARTS:
        stack = stacks.find(aws.cloudformation, stage.stack(part))
        if stack is not None and _locked(stack):
            raise UsageError(f"{stage.stack(part)} was deployed with protection against deletion: {how}.")


def _locked(stack: Stack) -> bool:
    return stack.protected or stack.parameters.get("DeletionProtection") == "true"


def _without_buckets(aws: Aws, left: Sequence[str], progress: Progress) -> list[str]:
    kept = []
    for one in left:
        kind, _, name = one.partition(" ")
        if kind != BUCKET:
            kept.append(one)
            continue
        with progress.step(f"Deleting {name}"):
            progress.detail(f"{web_files.empty(aws.s3, name)} versions of files deleted")
            aws.s3.delete_bucket(Bucket=name)
    return kept


def _snapshots(aws: Aws, cluster: str) -> list[str]:
    if not cluster:
        return []
    found = aws.client("rds").describe_db_cluster_snapshots(DBClusterIdentifier=cluster, SnapshotType="manual")
    return [f"snapshot {one['DBClusterSnapshotIdentifier']}" for one in found["DBClusterSnapshots"]]


def _parser() -> argparse.ArgumentParser:
    parser = stage_parser("destroy", __doc__, epilog=EPILOG)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--buckets", action="store_true", help="delete the buckets too, with all that is in them")
    return parser


def main(words: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(words)

    def work(progress: Progress) -> None:
        stage = stages.load(asked.stage, file=asked.stages)
        aws = Aws(stage)
        account = aws.account
        protected(aws)
        if not asked.yes:
            confirm(f"Delete {stage.stack()} from account {account}, with its database?", answer=stage.name)
        destroy(aws, progress, buckets=asked.buckets)

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
