"""AWS's APIs for tests: moto's server, in a process of its own since it changes moto for everybody in its process."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

REGION = "ap-south-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDTESTS", "AWS_SECRET_ACCESS_KEY": "none"}
STOP_SECONDS = 10


@dataclass(frozen=True)
class Cloud:
    url: str

    def client(self, service: str) -> Any:
        """One that no variable redirects."""
        return _client(self.url, service)

    def reset(self) -> None:
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310

    def apply(self, name: str, template: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> str:
        """By a change set, new or not. Returns the stack's status, or the change set's if it was not executed."""
        cloudformation = self.client("cloudformation")
        known = [one["StackName"] for one in cloudformation.describe_stacks()["Stacks"]]
        cloudformation.create_change_set(
            StackName=name,
            ChangeSetName="change",
            ChangeSetType="UPDATE" if name in known else "CREATE",
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()],
        )
        found = cloudformation.describe_change_set(StackName=name, ChangeSetName="change")
        if found["Status"] == "CREATE_COMPLETE":
            cloudformation.execute_change_set(StackName=name, ChangeSetName="change")
        cloudformation.delete_change_set(StackName=name, ChangeSetName="change")
        return self.status(name) if found["Status"] == "CREATE_COMPLETE" else str(found["Status"])

    def status(self, name: str) -> str:
        return str(self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    def stacks(self) -> list[str]:
        return [one["StackName"] for one in self.client("cloudformation").describe_stacks()["Stacks"]]

    def outputs(self, name: str) -> dict[str, str]:
        found = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def parameters(self, name: str) -> dict[str, str]:
        found = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}

    def reasons(self, name: str) -> dict[str, str]:
        """Why each resource failed."""
        events = self.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
        return {
            event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        }


@cache
def _client(url: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


@contextmanager
def cloud() -> Iterator[Cloud]:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.aws.moto_server", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        try:
            yield Cloud(process.stdout.readline().split()[-1])
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


@pytest.fixture(scope="session", name="one_cloud")
def _one_cloud() -> Iterator[Cloud]:
    with cloud() as made:
        yield made


@pytest.fixture(name="empty_cloud")
def _empty_cloud(one_cloud: Cloud) -> Cloud:
    """Empty."""
    one_cloud.reset()
    return one_cloud
