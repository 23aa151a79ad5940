"""What was built is looked over before it goes anywhere. Each fault is planted in the real thing, and found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from infra import inspection, stages
from infra.build import Built
from infra.stages import StageError

Template = dict[str, Any]


@pytest.fixture(scope="module")
def application(built: Built) -> Template:
    template: Template = json.loads(built.template.read_text())
    return template


@pytest.fixture(scope="module")
def migrate(built: Built) -> Template:
    template: Template = json.loads(built.migrate_template.read_text())
    return template


def test_what_is_built_is_well(built: Built) -> None:
    assert inspection.inspect(stages.load("dev"), built) == []


def test_functions_know_where_the_sites_are_that_have_a_domain() -> None:
    from infra import application

    def urls(stage: stages.Stage) -> set[tuple[str | None, ...]]:
        made = [one for one in application.extension(stage)["Resources"].values() if "Function" in one["Type"]]
        told = [one["Properties"]["Environment"]["Variables"] for one in made if "Environment" in one["Properties"]]
        assert told
        return {tuple(one.get(f"{site}_PUBLIC_URL") for site in ("CHECKOUT", "DASHBOARD")) for one in told}

    stage = stages.load("dev")
    assert urls(stage) == {(None, None)}
    hosts = replace(stage, checkout_domain="pay.example", dashboard_domain="dashboard.example")
    assert urls(hosts) == {("https://pay.example", "https://dashboard.example")}
    said = replace(hosts, environment={**stage.environment, "CHECKOUT_PUBLIC_URL": "https://other.example"})
    assert urls(said) == {("https://other.example", "https://dashboard.example")}, "what a stage says itself wins"


@pytest.mark.parametrize("sharing", stages.SHARINGS)
def test_each_way_to_share_functions_is_well(sharing: str, tmp_path: Path, built: Built) -> None:
    from infra import application, build

    file = tmp_path / "stages.toml"
    file.write_text(stages.STAGES.read_text().replace('functions = "groups"', f'functions = "{sharing}"'))
    stage = stages.load("production", file=file)
    sam = json.loads((built.bundle.parent / "out" / "sam.json").read_text())
    chalices = json.loads(json.dumps(sam))
    # Chalice's own part is the same for all; ours is laid over what it made for `dev`, of which nothing is left.
    for name in list(chalices["Resources"]):
        if name.startswith("Api"):
            del chalices["Resources"][name]
    whole, migrating = build.split(build_merged(chalices, application.extension(stage)))
    found = inspection.templates(stage, build.translate(whole, stage.region), build.translate(migrating, stage.region))
    assert found == []


def build_merged(template: Any, extension: Any) -> Any:
    """As Chalice merges: members by members, and what is new wins."""
    if not (isinstance(template, dict) and isinstance(extension, dict)):
        return copy.deepcopy(extension)
    return template | {key: build_merged(template.get(key), value) for key, value in extension.items()}


def _role_of(template: Template, function: str) -> list[Template]:
    role: list[Template] = template["Resources"][f"{function}Role"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    return role


def _without_redrive(template: Template) -> None:
    del template["Resources"]["ProcessPaymentQueue"]["Properties"]["RedrivePolicy"]


def _dead_letters_forgotten_early(template: Template) -> None:
    template["Resources"]["ProcessPaymentDeadLetters"]["Properties"]["MessageRetentionPeriod"] = 3600


def _without_partial_failures(template: Template) -> None:
    del template["Resources"]["ProcessRefundProcessRefundSqsEventSource"]["Properties"]["FunctionResponseTypes"]


def _without_bound(template: Template) -> None:
    del template["Resources"]["DeliverWebhookDeliverWebhookSqsEventSource"]["Properties"]["ScalingConfig"]


def _may_not_send(function: str) -> Callable[[Template], None]:
    def plant(template: Template) -> None:
        statements = _role_of(template, function)
        statements[:] = [one for one in statements if one["Action"] != ["sqs:SendMessage"]]

    return plant


def _may_not_receive(template: Template) -> None:
    statements = _role_of(template, "ProcessPayment")
    statements[:] = [one for one in statements if "sqs:ReceiveMessage" not in one["Action"]]


def _short_visibility(template: Template) -> None:
    template["Resources"]["DeliverWebhookQueue"]["Properties"]["VisibilityTimeout"] = 60


def _longer_than_a_lease(template: Template) -> None:
    template["Resources"]["ProcessPayment"]["Properties"]["Timeout"] = 31


def _without_schedule(template: Template) -> None:
    del template["Resources"]["SweepSweepEvent"]


def _sleeping_schedule(template: Template) -> None:
    template["Resources"]["SweepSweepEvent"]["Properties"]["State"] = "DISABLED"


def _secret_in_clear(template: Template) -> None:
    template["Resources"]["ApiPay"]["Properties"]["Environment"]["Variables"]["JWT_SECRET"] = "in clear"


def _without_route(template: Template) -> None:
    del template["Resources"]["RestAPI"]["Properties"]["Body"]["paths"]["/api/v1/payments"]["post"]


def _without_queue(template: Template) -> None:
    del template["Resources"]["ProcessRefundQueue"]


def _one_role_for_two(template: Template) -> None:
    resources = template["Resources"]
    resources["ApiPay"]["Properties"]["Role"] = resources["ApiRead"]["Properties"]["Role"]


def _everything_allowed(template: Template) -> None:
    _role_of(template, "Sweep").append({"Effect": "Allow", "Action": ["sqs:*"], "Resource": ["*"]})


def _without_log_group(template: Template) -> None:
    del template["Resources"]["SweepLogs"]


def _outside_the_network(template: Template) -> None:
    del template["Resources"]["ApiPay"]["Properties"]["VpcConfig"]


def _may_not_decrypt(template: Template) -> None:
    statements = _role_of(template, "ApiRead")
    statements[:] = [one for one in statements if one["Action"] != ["kms:Decrypt"]]


def _without_interface(template: Template) -> None:
    del template["Resources"]["ApiReadRole"]["Properties"]["ManagedPolicyArns"]


def _unjudged_release(template: Template) -> None:
    group = {"AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Ref": "ApiPayErrors"}}]}}
    template["Resources"]["ApiPayDeployment"] = {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": group}


FAULTS: Mapping[str, tuple[Callable[[Template], None], str]] = {
    "missing redrive": (_without_redrive, "ProcessPaymentQueue has no RedrivePolicy"),
    "dead letters forgotten early": (_dead_letters_forgotten_early, "must keep messages longer"),
    "missing partial-failure flag": (_without_partial_failures, "does not say ReportBatchItemFailures"),
    "missing bound": (_without_bound, "has no MaximumConcurrency"),
    "missing permission to send, API": (_may_not_send("ApiPay"), "ApiPay may not send to"),
    "missing permission to send, job": (_may_not_send("ProcessPayment"), "ProcessPayment may not send to"),
    "missing permission to send, schedule": (_may_not_send("Sweep"), "Sweep may not send to"),
    "missing permission to decrypt": (_may_not_decrypt, "ApiRead may not kms:Decrypt"),
    "missing interface": (_without_interface, "ApiRead may not have an interface"),
    "release that nobody judges": (_unjudged_release, "without an alarm for answers of 5xx"),
    "missing permission to receive": (_may_not_receive, "ProcessPayment may not sqs:ReceiveMessage"),
    "visibility too short": (_short_visibility, "DeliverWebhookQueue: VisibilityTimeout must be at least 180 s"),
    "longer than a lease": (_longer_than_a_lease, "longer than a job's lease"),
    "schedule dropped": (_without_schedule, "Nothing starts chalicelib.schedules.sweep.sweep"),
    "schedule switched off": (_sleeping_schedule, "Nothing starts chalicelib.schedules.sweep.sweep"),
    "secret in clear": (_secret_in_clear, "ApiPay: the variable JWT_SECRET holds a secret"),
    "route missing": (_without_route, "The route POST /api/v1/payments is not in the template"),
    "queue missing": (_without_queue, "There is no queue for process_refund"),
    "shared role": (_one_role_for_two, "has no role of its own"),
    "everything allowed": (_everything_allowed, 'Resource "*"'),
    "logs for ever": (_without_log_group, "Sweep has no log group"),
    "outside the network": (_outside_the_network, "ApiPay is outside the private network"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_template_is_found(application: Template, migrate: Template, fault: str) -> None:
    plant, sentence = FAULTS[fault]
    planted = copy.deepcopy(application)
    plant(planted)
    found = inspection.templates(stages.load("dev"), planted, migrate)
    assert any(sentence in one for one in found), found


def _renamed(name: str, text: bytes) -> bytes | None:
    return text.replace(b"def sweep(", b"def swept(") if name == "chalicelib/schedules/sweep.py" else text


def _without(*folders: str) -> Callable[[str, bytes], bytes | None]:
    return lambda name, text: None if name.startswith(folders) else text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_renamed, "chalicelib.schedules.sweep.sweep does not start from the bundle: AttributeError"),
        (_without("msgspec/"), "No module named 'msgspec'"),
        (_without("urllib3/"), "chalicelib.jobs.deliver_webhook.deliver_webhook does not start from the bundle"),
        (_without("shared/"), "is not in the bundle"),
        (_without("chalicelib/pages/"), "chalicelib/pages/checkout.html is not in the bundle"),
        (_without("shared/db/migrations/"), "is not in the bundle"),
    ],
    ids=[
        *("handler renamed", "dependency left out", "dependency of one handler"),
        *("shared not shipped", "no pages", "no migrations"),
    ],
)
def test_a_fault_in_the_bundle_is_found(
    built: Built, tmp_path: Path, change: Callable[[str, bytes], bytes | None], sentence: str
) -> None:
    handlers = sorted(
        one["Properties"]["Handler"]
        for template in (built.template, built.migrate_template)
        for one in json.loads(template.read_text())["Resources"].values()
        if one["Type"] == "AWS::Lambda::Function"
    )
    broken = tmp_path / "bundle.zip"
    with ZipFile(built.bundle) as whole, ZipFile(broken, "w") as target:
        for name in whole.namelist():
            text = change(name, whole.read(name))
            if text is not None and not (change is _renamed and "sweep.cpython" in name):
                target.writestr(name, text)
    found = inspection.bundle(broken, handlers)
    assert any(sentence in one for one in found), found


# Stage settings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ('functions = "groups"', 'functions = "some"'),
        ("backup_days = 7", 'backup_days = "7"'),
        ("backup_days = 7", "backup_day = 7"),
        ("backup_days = 7", ""),
        ('api_domain = ""', 'api_domain = "api.shop.example"'),
        ("pay = { memory = 1024, concurrency = 40 }", "pay = { memory = 64, concurrency = 40 }"),
        ("pay = { memory = 1024, concurrency = 40 }", "pay = { memory = 1024 }"),
        ('LOG_FORMAT = "json"', "LOG_FORMAT = 1"),
        ('LOG_FORMAT = "json"', 'LOG_FROMAT = "json"'),
        ("pay = {", "pya = {"),
        ("process_refund = {", "process_refnud = {"),
        ('traffic = "AllAtOnce"', 'traffic = "Canary"'),
        ("log_retention_days = 30", "log_retention_days = 31"),
        ("database_min_capacity = 0.5", "database_min_capacity = 8"),
        ('app = "payment-gateway"', 'app = "Payment Gateway"'),
        ("monthly_budget_usd = 300", "monthly_budget_usd = 0"),
        ("\n[default]\n", "\n[default\n"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, change: str, sentence: str) -> None:
    file = tmp_path / "stages.toml"
    text = stages.STAGES.read_text()
    assert change in text, "there must be something to change"
    file.write_text(text.replace(change, sentence, 1))
    with pytest.raises(StageError) as refusal:
        stages.load("dev", file=file)
    assert len(str(refusal.value)) > 20, "a sentence says what"


def test_an_unknown_stage_is_told_which_there_are() -> None:
    with pytest.raises(StageError, match="it has dev, staging, production"):
        stages.load("prod")
