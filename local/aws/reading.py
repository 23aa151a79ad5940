"""Reads what was deployed from AWS's own APIs, as an operator's console would: functions, triggers, clocks, the API."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from local.aws.deployed import Api, Deployed, Function, GatewayAnswer, Rate, Route, Trigger

Client = Callable[[str], Any]  # by the service's name

UNITS = {"minute": 60, "hour": 3600, "day": 86400}
INTEGRATION_SECONDS = 29.0
ANY = "x-amazon-apigateway-any-method"

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_FUNCTION = re.compile(r":function:([\w-]+)")


def read(client: Client, stack: str, *, folder: Path, region: str) -> Deployed:
    """What this stack deployed. Its bundle is unzipped below `folder`, once for each."""
    cloudformation = client("cloudformation")
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])}
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    bundle = _unzipped(client("s3"), parameters["BundleBucket"], parameters["BundleKey"], folder)
    names = [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::Lambda::Function"]
    functions = {name: _function(client("lambda"), name, bundle) for name in map(_name, names)}
    template = cloudformation.get_template(StackName=stack)["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    account = described["StackId"].split(":")[4]
    return Deployed(
        functions=functions,
        triggers=list(_triggers(client, functions)),
        rates=list(_rates(client("events"), functions)),
        api=_api(template, physical),
        region=region,
        account=account,
    )


def _unzipped(s3: Any, bucket: str, key: str, folder: Path) -> Path:
    unzipped = folder / Path(key).stem
    if not unzipped.exists():
        fetched = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch, ZipFile(io.BytesIO(fetched)) as archive:
            whole = Path(scratch) / "bundle"  # two may do this at once: nobody is to see half of it
            archive.extractall(whole)
            try:
                whole.rename(unzipped)
            except OSError:
                if not unzipped.exists():
                    raise
    return unzipped


def _function(lambdas: Any, name: str, bundle: Path) -> Function:
    found = lambdas.get_function(FunctionName=name)
    settings = found["Configuration"]
    return Function(
        name=name,
        handler=settings["Handler"],
        folder=bundle,
        environment=settings.get("Environment", {}).get("Variables", {}),
        timeout_seconds=settings["Timeout"],
        memory_mb=settings["MemorySize"],
        concurrency=found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        role=settings["Role"],
    )


def _triggers(client: Client, functions: Mapping[str, Function]) -> Iterator[Trigger]:
    lambdas, sqs = client("lambda"), client("sqs")
    for name in functions:
        for mapping in lambdas.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
            if mapping["State"] != "Enabled":
                continue
            queue = mapping["EventSourceArn"].rpartition(":")[2]
            yield Trigger(
                queue_url=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
                queue_arn=mapping["EventSourceArn"],
                function=name,
                batch_size=mapping["BatchSize"],
                window_seconds=mapping.get("MaximumBatchingWindowInSeconds", 0),
                partial_failures="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", ()),
                concurrency=mapping["ScalingConfig"]["MaximumConcurrency"],
            )


def _rates(events: Any, functions: Mapping[str, Function]) -> Iterator[Rate]:
    for rule in events.list_rules()["Rules"]:
        found = _RATE.fullmatch(rule.get("ScheduleExpression", ""))
        if found is None or rule["State"] != "ENABLED":
            continue
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            name = _name(target["Arn"])
            if name in functions:
                seconds = int(found[1]) * UNITS[found[2]]
                yield Rate(name=rule["Name"], rule_arn=rule["Arn"], function=name, seconds=seconds)


def _api(template: Mapping[str, Any], physical: Mapping[str, str]) -> Api | None:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::ApiGateway::RestApi":
            stages = [one for one in template["Resources"].values() if one["Type"] == "AWS::ApiGateway::Stage"]
            (stage,) = [one for one in stages if one["Properties"]["RestApiId"] == {"Ref": name}]
            body = resource["Properties"]["Body"]
            return Api(
                stage=stage["Properties"]["StageName"],
                routes=list(_routes(body, physical)),
                answers={
                    kind: _answer(told) for kind, told in body.get("x-amazon-apigateway-gateway-responses", {}).items()
                },
            )
    return None


def _routes(body: Mapping[str, Any], physical: Mapping[str, str]) -> Iterator[Route]:
    for path, methods in body["paths"].items():
        for method, described in methods.items():
            integration = described["x-amazon-apigateway-integration"]
            yield Route(
                path=path,
                method="ANY" if method == ANY else method.upper(),
                function=_name(_resolved(integration["uri"], physical)),
                timeout_seconds=integration.get("timeoutInMillis", INTEGRATION_SECONDS * 1000) / 1000,
            )


def _answer(told: Mapping[str, Any]) -> GatewayAnswer:
    prefix = "gatewayresponse.header."
    headers = {name.removeprefix(prefix): value for name, value in told.get("responseParameters", {}).items()}
    return GatewayAnswer(
        status=int(told["statusCode"]) if "statusCode" in told else None,
        headers=headers,
        body=told.get("responseTemplates", {}).get("application/json", ""),
    )


def _resolved(text: Any, physical: Mapping[str, str]) -> str:
    return re.sub(r"\${(\w+)}", lambda found: physical.get(found[1], found[0]), text["Fn::Sub"])


def _name(arn: str) -> str:
    """Of a function, from its name or an ARN with or without a version."""
    found = _FUNCTION.search(arn)
    return found[1] if found else arn
