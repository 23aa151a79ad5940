"""Looks over what was built before it goes anywhere: templates by lint and by rules of ours, the bundle by starting it.

    python -m infra.inspection STAGE [FOLDER]

What `python -m infra.build` made is looked at as it is, so that a fault in a generator shows as well as one in a file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from infra import application, checks, stages
from infra.application import VISIBILITY, camel
from infra.build import PAGES, ROOT, Built
from infra.checks import Template, resources
from infra.stages import Stage, StageError
from shared.jobs import HANDLER_SECONDS_MAX, KINDS

START_SECONDS_MAX = 60
FOLDER_BYTES_MAX = 262_144_000  # of an unzipped bundle, by Lambda
BUNDLE_BYTES_MAX = 15_000_000
VARIABLES_BYTES_MAX = 4096  # of a function, by Lambda
INTERFACES = "AWSLambdaENIManagementAccess"
RESOURCES_MAX = 500  # of a stack, by CloudFormation

# Imports each handler as Lambda does, from the bundle and the standard library alone, and tells what went wrong.
START = """
import importlib, json, sys
folder, names = sys.argv[1], sys.argv[2:]
sys.path.insert(0, folder)
wrong = {}
for name in names:
    module, _, function = name.rpartition(".")
    try:
        if not callable(getattr(importlib.import_module(module), function)):
            wrong[name] = "it cannot be called"
    except BaseException as error:
        wrong[name] = f"{type(error).__name__}: {error}"
print(json.dumps(wrong))
"""


def inspect(stage: Stage, built: Built) -> list[str]:
    """What is wrong, in sentences; nothing if all is well."""
    whole, migrate = (json.loads(path.read_text()) for path in (built.template, built.migrate_template))
    handlers = {function.properties["Handler"] for function in functions(whole) + functions(migrate)}
    return [
        *lint(built.template),
        *lint(built.migrate_template),
        *templates(stage, whole, migrate),
        *bundle(built.bundle, sorted(handlers)),
    ]


def templates(stage: Stage, whole: Template, migrate: Template) -> list[str]:
    """What is wrong by our own rules."""
    found = [*missing_parts(whole), *unfitting(stage, whole)]
    for template in (whole, migrate):
        found += checks.findings(template)
        found += [sentence for check in CHECKS for sentence in check(template)]
    return found


def lint(path: Path) -> list[str]:
    """What cfn-lint says."""
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", "--", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        findings = json.loads(ended.stdout or "[]")
    except ValueError:
        return [f"cfn-lint failed on {path.name}: {ended.stderr.strip()[-500:]}"]
    if ended.returncode and not findings:
        return [f"cfn-lint failed on {path.name}: {ended.stderr.strip()[-500:]}"]
    return [
        f"{path.name}: {one['Rule']['Id']} at {'/'.join(map(str, one['Location']['Path']))}: {one['Message']}"
        for one in findings
    ]


# Rules for functions and queues


def functions(template: Template) -> list[checks.Resource]:
    return resources(template, "AWS::Lambda::Function")


def triggers(template: Template) -> Iterator[tuple[checks.Resource, checks.Resource | None, checks.Resource]]:
    """Every trigger by a queue, with that queue, if it is in the template, and the function."""
    named = {resource.name: resource for resource in resources(template)}
    for trigger in resources(template, "AWS::Lambda::EventSourceMapping"):
        queue = named.get(_named(trigger.properties["EventSourceArn"]))
        yield trigger, queue, named[_named(trigger.properties["FunctionName"])]


def partial_failures_unsaid(template: Template) -> list[str]:
    return [
        f"{trigger.name} does not say ReportBatchItemFailures: what a handler reports as failed would be deleted."
        for trigger, _, _ in triggers(template)
        if trigger.properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]
    ]


def unbounded_triggers(template: Template) -> list[str]:
    return [
        f"{trigger.name} has no MaximumConcurrency: its function could take all of the database's connections."
        for trigger, _, _ in triggers(template)
        if not (trigger.properties.get("ScalingConfig") or {}).get("MaximumConcurrency")
    ]


def short_visibility(template: Template) -> list[str]:
    """A batch that its function is still busy with is not to be shown to another, retries of the poller included."""
    found = []
    for trigger, queue, function in triggers(template):
        if queue is None:
            found.append(f"{trigger.name} is for a queue that is not in the template.")
            continue
        wanted = VISIBILITY * function.properties["Timeout"]
        if queue.properties.get("VisibilityTimeout", 30) < wanted:
            found.append(f"{queue.name}: VisibilityTimeout must be at least {wanted} s, {VISIBILITY} times the limit.")
        if function.properties["Timeout"] > HANDLER_SECONDS_MAX:
            found.append(f"{function.name} may run longer than a job's lease allows ({HANDLER_SECONDS_MAX} s).")
    return found


def no_dead_letters(template: Template) -> list[str]:
    """Every queue that triggers a function has a queue for its dead letters, which keeps them longer."""
    named = {resource.name: resource for resource in resources(template)}
    found = []
    for _, queue, _ in triggers(template):
        if queue is None:
            continue
        redrive = queue.properties.get("RedrivePolicy") or {}
        dead = named.get(_named(redrive.get("deadLetterTargetArn")))
        if dead is None:
            found.append(f"{queue.name} has no RedrivePolicy: what kills its function comes again for ever.")
        elif dead.properties.get("MessageRetentionPeriod", 0) <= queue.properties["MessageRetentionPeriod"]:
            found.append(f"{dead.name} must keep messages longer than {queue.name}, where they began to age.")
        elif not 5 <= redrive["maxReceiveCount"] <= 1000:
            found.append(f"{queue.name}: maxReceiveCount must be at least 5, since throttled batches count too.")
    return found


def shared_roles(template: Template) -> list[str]:
    """Each function has a role of its own."""
    roles = [_named(function.properties["Role"]) for function in functions(template)]
    known = {role.name for role in resources(template, "AWS::IAM::Role")}
    return [
        f"{function.name} has no role of its own."
        for function, role in zip(functions(template), roles, strict=True)
        if role not in known or roles.count(role) > 1
    ]


def unkept_logs(template: Template) -> list[str]:
    """Each function's log group is ours, so that it has an end."""
    groups = {group.properties.get("LogGroupName") for group in resources(template, "AWS::Logs::LogGroup")}
    return [
        f"{function.name} has no log group in the template: Lambda would make one that keeps logs for ever."
        for function in functions(template)
        if f"/aws/lambda/{function.properties['FunctionName']}" not in groups
    ]


def outside_the_network(template: Template) -> list[str]:
    return [
        f"{function.name} is outside the private network: it cannot reach the database."
        for function in functions(template)
        if not (function.properties.get("VpcConfig") or {}).get("SubnetIds")
    ]


def variables_in_clear(template: Template) -> list[str]:
    """A function's environment is shown to whoever may look at the function: it names secrets and holds none."""
    found = []
    for function in functions(template):
        variables = function.properties["Environment"]["Variables"]
        for name, value in variables.items():
            spelled = isinstance(value, str) or "Ref" not in value
            if spelled and checks.SECRET_NAME.search(name):
                found.append(f"{function.name}: the variable {name} holds a secret: name where it is kept instead.")
            if isinstance(value, str) and checks.SECRET_VALUE.search(value):
                found.append(f"{function.name}: the variable {name} looks like a secret.")
        if len(json.dumps(variables)) > VARIABLES_BYTES_MAX:
            found.append(f"{function.name} has more than {VARIABLES_BYTES_MAX} bytes of variables.")
    return found


def senders_without_right(template: Template) -> list[str]:
    """Whoever may write may wake jobs: it needs to send to every queue that triggers a function."""
    queues = {queue.name for _, queue, _ in triggers(template) if queue is not None}
    writers = {function.name for _, _, function in triggers(template)}
    for rule in resources(template, "AWS::Events::Rule"):
        writers |= {_named(target["Arn"]) for target in rule.properties["Targets"]}
    aliases = {a.name: _named(a.properties["FunctionName"]) for a in resources(template, "AWS::Lambda::Alias")}
    for path, methods in _routes(template).items():
        for method, function in methods.items():
            if method not in ("get", "x-amazon-apigateway-any-method"):
                writers.add(aliases.get(function, function) if function else f"the route {path}")
    named = {resource.name: resource for resource in resources(template)}
    found = []
    for writer in sorted(writers):
        role = named[_named(named[writer].properties["Role"])] if writer in named else None
        allowed = _allowed(role, "sqs:SendMessage") if role is not None else set()
        found += [
            f"{writer} may not send to {queue}: its jobs would wait for the sweep."
            for queue in sorted(queues - allowed)
        ]
    return found


def receivers_without_right(template: Template) -> list[str]:
    """What triggers a function does so in the name of the function's role."""
    named = {resource.name: resource for resource in resources(template)}
    actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    return [
        f"{function.name} may not {action} on {queue.name}: its trigger would not work."
        for _, queue, function in triggers(template)
        if queue is not None
        for action in actions
        if queue.name not in _allowed(named[_named(function.properties["Role"])], action)
    ]


def functions_without_means(template: Template) -> list[str]:
    """Every function reads secrets that a key seals, and needs an interface in the network."""
    named = {resource.name: resource for resource in resources(template)}
    found = []
    for function in functions(template):
        role = named.get(_named(function.properties["Role"]))
        if role is None:
            continue
        allowed = {
            action
            for policy in role.properties.get("Policies", ())
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
            for action in statement["Action"]
        }
        wanted = ("secretsmanager:GetSecretValue", "kms:Decrypt", "logs:PutLogEvents")
        found += [f"{function.name} may not {action}." for action in wanted if action not in allowed]
        if INTERFACES not in json.dumps(role.properties.get("ManagedPolicyArns", [])):
            found.append(f"{function.name} may not have an interface in the network ({INTERFACES}).")
    return found


def releases_unjudged(template: Template) -> list[str]:
    """What shifts traffic to a new version looks at an alarm for answers of 5xx, which Lambda does not call errors."""
    judging = [
        alarm.name
        for alarm in resources(template, "AWS::CloudWatch::Alarm")
        if (alarm.properties.get("Namespace"), alarm.properties.get("MetricName")) == ("AWS/ApiGateway", "5XXError")
    ]
    return [
        f"{group.name} shifts traffic without an alarm for answers of 5xx."
        for group in resources(template, "AWS::CodeDeploy::DeploymentGroup")
        if not any(
            _named(alarm["Name"]) in judging
            for alarm in (group.properties.get("AlarmConfiguration") or {}).get("Alarms", ())
        )
    ]


CHECKS = (
    functions_without_means,
    releases_unjudged,
    partial_failures_unsaid,
    unbounded_triggers,
    short_visibility,
    no_dead_letters,
    shared_roles,
    unkept_logs,
    outside_the_network,
    variables_in_clear,
    senders_without_right,
    receivers_without_right,
)


def missing_parts(template: Template) -> list[str]:
    """What the handlers' registry has and the template has not: routes, jobs with their queues, schedules."""
    app = application.handlers.app
    routes = _routes(template)
    found = [
        f"The route {method} {path} is not in the template."
        for path, methods in app.routes.items()
        for method in methods
        if not routes.get(path, {}).get(method.lower())
    ]
    triggered = {function.properties["Handler"] for _, _, function in triggers(template)}
    by_name = {function.name: function.properties["Handler"] for function in functions(template)}
    clocked = {
        by_name.get(_named(target["Arn"]))
        for rule in resources(template, "AWS::Events::Rule")
        if rule.properties.get("State", "ENABLED") == "ENABLED"
        for target in rule.properties["Targets"]
    }
    for source in app.event_sources:
        started = clocked if hasattr(source, "schedule_expression") else triggered
        if source.handler_string not in started:
            found.append(f"Nothing starts {source.handler_string}.")
    queues = {queue.name for queue in resources(template, "AWS::SQS::Queue")}
    return found + [f"There is no queue for {kind}." for kind in KINDS if f"{camel(kind)}Queue" not in queues]


def unfitting(stage: Stage, template: Template) -> list[str]:
    """What AWS would refuse only when it is deployed."""
    found = []
    if len(template["Resources"]) > RESOURCES_MAX:
        found.append(f"The template has {len(template['Resources'])} resources, of at most {RESOURCES_MAX}.")
    names = [f.properties["FunctionName"] for f in functions(template) if len(f.properties["FunctionName"]) > 64]
    found += [f"{name} is longer than the 64 characters of a function's name." for name in names]
    if stage.production:
        unguarded = [
            f.name
            for f in functions(template)
            if f.properties["Environment"]["Variables"].get("APP_ENV") != "production"
        ]
        found += [f"{name} is not told that this is production." for name in unguarded]
    return found


# The bundle


def bundle(path: Path, handlers: Sequence[str]) -> list[str]:
    """What is wrong with the zip: what is not in it shows when every handler is imported from it and nothing else."""
    found = []
    if path.stat().st_size > BUNDLE_BYTES_MAX:
        found.append(f"The bundle has {path.stat().st_size:,} bytes, of at most {BUNDLE_BYTES_MAX:,}.")
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder, ZipFile(path) as archive:
        if sum(info.file_size for info in archive.infolist()) > FOLDER_BYTES_MAX:
            found.append(f"The bundle unzips to more than {FOLDER_BYTES_MAX:,} bytes.")
        shipped = set(archive.namelist())
        files = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "shared").rglob("*.sql")]
        wanted = [file.relative_to(ROOT).as_posix() for file in files]
        wanted += [page.removeprefix("functions/") for page in PAGES]
        missing = [name for name in wanted if name not in shipped]
        found += [f"{name} is not in the bundle." for name in missing[:5]]
        archive.extractall(folder)
        ended = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-c", START, folder, *handlers],
            cwd=folder,
            env={},
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MAX,
            check=False,
        )
    if ended.returncode:
        return [*found, f"No handler starts from the bundle: {ended.stderr.strip()[-500:]}"]
    wrong: Mapping[str, str] = json.loads(ended.stdout)
    return found + [f"{name} does not start from the bundle: {why}" for name, why in wrong.items()]


# What the rules share


def _named(reference: Any) -> str:
    """The resource that a Ref, a GetAtt or a Sub is about; empty if it is none of them."""
    if not isinstance(reference, Mapping):
        return ""
    if "Ref" in reference:
        return str(reference["Ref"])
    if "Fn::GetAtt" in reference:
        return str(reference["Fn::GetAtt"][0])
    text = reference.get("Fn::Sub")
    return text[2:].partition(".")[0].partition("}")[0] if isinstance(text, str) and text.startswith("${") else ""


def _routes(template: Template) -> dict[str, dict[str, str]]:
    """By path and method, the resource that answers."""
    found: dict[str, dict[str, str]] = {}
    for api in resources(template, "AWS::ApiGateway::RestApi"):
        for path, methods in api.properties["Body"]["paths"].items():
            for method, described in methods.items():
                uri = described.get("x-amazon-apigateway-integration", {}).get("uri", {}).get("Fn::Sub", "")
                name = uri.partition("/functions/${")[2].partition("}")[0].partition(".")[0]
                found.setdefault(path, {})[method] = name
    return found


def _allowed(role: checks.Resource, action: str) -> set[str]:
    """The resources of the template on which the role may do this."""
    found = set()
    for policy in role.properties.get("Policies", ()):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow" and action in statement["Action"]:
                found |= {_named(resource) for resource in statement["Resource"]}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.inspection", description="Looks over what was built.")
    parser.add_argument("stage", help="one of infra/stages.toml")
    parser.add_argument("folder", nargs="?", type=Path, help="where it was built; .build/aws/STAGE by default")
    parser.add_argument("--stages", type=Path, default=stages.STAGES, help="another file of stage settings")
    asked = parser.parse_args()
    try:
        stage = stages.load(asked.stage, file=asked.stages)
    except StageError as error:
        print(error, file=sys.stderr)
        return 2
    found = inspect(stage, Built.of(asked.folder or ROOT / ".build" / "aws" / stage.name))
    print("\n".join(found) if found else "All is well.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
