"""The command that deploys, against AWS's APIs on this machine."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra import build, deploy, stacks, stages, terminal
from infra.errors import UsageError
from tests.infra.deployments import Commands, Deployed

APP = "payment-gateway-dev"
REAL_TEMPLATES = deploy.TEMPLATES
FAILS = {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": "nobody", "Action": "a", "Principal": "p"}}


def _secret(commands: Commands) -> dict[str, str]:
    arn = commands.aws.outputs(f"{APP}-foundation")["GatewaySecretArn"]
    text = commands.aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return dict(json.loads(text))


def _events(commands: Commands, stack: str) -> int:
    return len(commands.aws.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"])


def _sites(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with both sites, in place of ours."""
    for name in ("checkout/dist/checkout.js", "checkout/dist/assets/page-B3xq9Zk1.js", "dashboard/dist/index.html"):
        path = folder / "sites" / name
        path.parent.mkdir(parents=True)
        path.write_text("1")
    monkeypatch.setattr(deploy, "ROOT", folder / "sites")
    return folder / "sites"


# What it does


def test_the_first_deployment_makes_everything(commands: Commands, deployed: Deployed, capsys: Any) -> None:
    assert commands.deploy() == 0
    assert commands.aws.stacks() == [f"{APP}-foundation", f"{APP}-migrate", APP]
    assert commands.aws.status(APP) == "CREATE_COMPLETE"
    shown = capsys.readouterr().out
    assert "Add    AWS::Lambda::Function Api" in shown
    assert "CREATE_COMPLETE          AWS::Lambda::Function Api" in shown
    assert '{"applied": 16}' in shown


def test_migrations_run_before_the_new_application_is_there(commands: Commands, deployed: Deployed) -> None:
    commands.deploy()
    ((function, there),) = deployed.invoked
    assert function == f"{APP}-migrate"
    assert APP not in there


def test_a_function_that_is_not_ready_yet_is_called_again(commands: Commands, deployed: Deployed) -> None:
    deployed.pending = 2
    assert commands.deploy() == 0
    assert len(deployed.invoked) == 1


def test_the_second_deployment_has_nothing_to_change(commands: Commands, deployed: Deployed, capsys: Any) -> None:
    commands.deploy()
    before = _events(commands, APP)
    capsys.readouterr()
    assert commands.deploy() == 0
    assert _events(commands, APP) == before
    assert f"{APP}: nothing to change" in capsys.readouterr().out
    assert len(deployed.invoked) == 2, "migrations are looked at by every deployment"


def test_another_bundle_becomes_the_code_of_the_functions(commands: Commands) -> None:
    commands.deploy()
    functions = commands.aws.client("lambda")
    before = functions.get_function(FunctionName=f"{APP}-api")["Configuration"]["CodeSha256"]
    commands.builder.code = "two"
    assert commands.deploy() == 0
    assert functions.get_function(FunctionName=f"{APP}-api")["Configuration"]["CodeSha256"] != before
    assert functions.get_function(FunctionName=f"{APP}-migrate")["Configuration"]["CodeSha256"] != before


def test_a_function_is_told_what_the_foundation_made(commands: Commands) -> None:
    commands.deploy()
    found = commands.aws.client("lambda").get_function(FunctionName=f"{APP}-api")["Configuration"]
    secret = commands.aws.outputs(f"{APP}-foundation")["GatewaySecretArn"]
    assert found["Environment"]["Variables"] == {"GATEWAY_SECRET_ARN": secret}


def test_secrets_are_made_once_and_never_shown(commands: Commands, capsys: Any) -> None:
    commands.deploy()
    first = _secret(commands)
    assert len(base64.b64decode(first["ENCRYPTION_KEY"], validate=True)) == 32
    assert min(len(first["JWT_SECRET"]), len(first["OPERATOR_SECRET"])) >= 48
    commands.deploy()
    assert _secret(commands) == first, "with another key nothing that is sealed could be opened"
    shown = capsys.readouterr()
    assert not [value for value in first.values() if value in shown.out + shown.err]


def test_a_secret_that_lacks_a_member_gets_that_one(commands: Commands) -> None:
    commands.deploy()
    first = _secret(commands)
    arn = commands.aws.outputs(f"{APP}-foundation")["GatewaySecretArn"]
    kept = {name: value for name, value in first.items() if name != "OPERATOR_SECRET"}
    commands.aws.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=json.dumps(kept))
    commands.deploy()
    now = _secret(commands)
    assert now.pop("OPERATOR_SECRET") not in ("", first["OPERATOR_SECRET"])
    assert now == kept


# What it shows without doing


def test_a_dry_run_of_nothing_leaves_nothing(commands: Commands, deployed: Deployed, capsys: Any) -> None:
    assert commands.deploy("--dry-run") == 0
    assert commands.aws.stacks() == []
    assert (deployed.invoked, commands.builder.built) == ([], 0)
    shown = capsys.readouterr().out
    assert "Add    AWS::S3::Bucket Artifacts" in shown
    assert "The rest stands on the foundation" in shown


def test_a_dry_run_shows_what_would_change(commands: Commands, deployed: Deployed, capsys: Any) -> None:
    commands.deploy()
    bundle, before = commands.bundle(), _events(commands, APP)
    commands.builder.code = "two"
    capsys.readouterr()
    assert commands.deploy("--dry-run") == 0
    shown = capsys.readouterr().out
    assert "Modify AWS::Lambda::Function Api" in shown
    assert "Nothing was changed." in shown
    assert (commands.bundle(), _events(commands, APP), len(deployed.invoked)) == (bundle, before, 1)


# What goes wrong


def test_an_application_that_does_not_answer_is_rolled_back(
    commands: Commands, deployed: Deployed, capsys: Any
) -> None:
    commands.deploy()
    first = commands.bundle()
    commands.builder.code = "two"
    commands.builder.application["Resources"]["Api"]["Properties"]["Timeout"] = 9
    commands.deploy("--dry-run")  # so that the bundle is there and has its name
    deployed.broken = tuple(key for key in _bundles(commands) if key != first)
    assert commands.deploy() == 3
    assert commands.bundle() == first
    function = commands.aws.client("lambda").get_function(FunctionName=f"{APP}-api")["Configuration"]
    assert function["Timeout"] == 3, "the template is the one before too"
    shown = capsys.readouterr()
    assert f"the one before serves again (bundle {first})" in shown.err
    assert "GET /health is not healthy" in shown.out


def _bundles(commands: Commands) -> list[str]:
    bucket = commands.aws.outputs(f"{APP}-foundation")["ArtifactsBucket"]
    found = commands.aws.client("s3").list_objects_v2(Bucket=bucket, Prefix="bundles/")["Contents"]
    return [one["Key"] for one in found]


def test_a_first_application_that_does_not_answer_has_nothing_to_go_back_to(
    commands: Commands, deployed: Deployed, capsys: Any
) -> None:
    deployed.healthy = False
    assert commands.deploy() == 4
    assert "there is none before it" in capsys.readouterr().err


def test_an_application_that_stopped_answering_by_itself_is_not_rolled_back(
    commands: Commands, deployed: Deployed, capsys: Any
) -> None:
    commands.deploy()
    deployed.healthy = False
    assert commands.deploy() == 4
    assert "this deployment did not change it" in capsys.readouterr().err


def test_without_smoke_nobody_asks_whether_it_answers(commands: Commands, deployed: Deployed) -> None:
    deployed.healthy = False
    assert commands.deploy("--no-smoke") == 0


def test_a_failing_migration_stops_before_the_application(commands: Commands, deployed: Deployed, capsys: Any) -> None:
    commands.deploy()
    first = commands.bundle()
    commands.builder.code = "two"
    deployed.migrates = False
    assert commands.deploy() == 1
    assert commands.bundle() == first
    assert commands.bundle(f"{APP}-migrate") != first
    assert "SyntaxError: near selekt" in capsys.readouterr().err


def test_a_template_that_fails_names_the_resource_and_changes_nothing(commands: Commands, capsys: Any) -> None:
    commands.deploy()
    first = commands.bundle()
    commands.builder.code = "two"
    commands.builder.application["Resources"]["Wrong"] = FAILS
    assert commands.deploy() == 1
    assert commands.bundle() == first
    shown = capsys.readouterr().err
    assert f"{APP} is as it was before (UPDATE_ROLLBACK_COMPLETE)" in shown
    assert "Wrong (AWS::Lambda::Permission): " in shown


def test_a_stack_that_never_came_up_is_begun_anew(commands: Commands) -> None:
    commands.builder.application["Resources"]["Wrong"] = FAILS
    assert commands.deploy() == 1
    assert commands.aws.status(APP) == "ROLLBACK_COMPLETE"
    del commands.builder.application["Resources"]["Wrong"]
    assert commands.deploy() == 0
    assert commands.aws.status(APP) == "CREATE_COMPLETE"


def test_a_type_that_nobody_knows_is_refused_by_name(commands: Commands, capsys: Any) -> None:
    commands.builder.application["Resources"]["Odd"] = {"Type": "AWS::Odd::Thing"}
    assert commands.deploy() == 1
    assert "AWS::Odd::Thing" in capsys.readouterr().err
    assert APP not in commands.aws.stacks()


def test_a_stage_that_is_not_there_is_refused(commands: Commands, capsys: Any) -> None:
    assert commands.deploy("qa") == 2
    assert "There is no stage 'qa'" in capsys.readouterr().err


def test_without_credentials_it_says_how_to_get_some(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert commands.deploy() == 1
    assert capsys.readouterr().err.startswith("There are no AWS credentials. Sign in")


def test_nothing_is_deployed_that_nobody_agreed_to(commands: Commands, capsys: Any) -> None:
    assert deploy.main(["dev", "--no-web"], build=commands.builder) == 2
    assert "say --yes" in capsys.readouterr().err
    assert commands.aws.stacks() == []


def test_only_the_very_word_is_an_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "production ")
    terminal.confirm("Deploy?", answer="production")
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    with pytest.raises(UsageError, match="Nothing was done"):
        terminal.confirm("Deploy?", answer="production")


def test_an_interruption_says_what_goes_on(commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(stacks, "_watch", interrupted)
    assert commands.deploy() == 130
    assert f"CloudFormation goes on with {APP}-foundation by itself" in capsys.readouterr().err


# The sites, and the templates that are deployed


def test_the_templates_of_the_gateway_apply_and_the_sites_are_uploaded(
    commands: Commands, deployed: Deployed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.setattr(deploy, "TEMPLATES", REAL_TEMPLATES)
    sites = _sites(tmp_path, monkeypatch)
    commands.builder.application["Outputs"]["EndpointURL"]["Value"] = "https://a1b2.execute-api.example.com/api/"
    tried_at = f"--smoke-url={deployed.url}/api"
    assert commands.deploy(tried_at, web=True) == 0, capsys.readouterr().err
    known = commands.aws.parameters(f"{APP}-web")
    assert (known["ApiDomain"], known["ApiBasePath"]) == ("a1b2.execute-api.example.com", "/api")
    assert known["GatewaySecretArn"] == commands.aws.outputs(f"{APP}-foundation")["GatewaySecretArn"]
    outputs = commands.aws.outputs(f"{APP}-web")
    script = commands.aws.client("s3").get_object(Bucket=outputs["CheckoutBucket"], Key="checkout.js")
    script["Body"].close()
    assert (script["ContentType"], script["CacheControl"]) == ("text/javascript; charset=utf-8", "public, max-age=300")
    cloudfront = commands.aws.client("cloudfront")
    listed = cloudfront.list_invalidations(DistributionId=outputs["DashboardDistributionId"])["InvalidationList"]
    assert len(listed["Items"]) == 1
    capsys.readouterr()
    assert commands.deploy(tried_at, web=True) == 0
    assert "checkout: nothing is new" in capsys.readouterr().out
    listed = cloudfront.list_invalidations(DistributionId=outputs["DashboardDistributionId"])["InvalidationList"]
    assert len(listed["Items"]) == 1, "what nobody changed is not fetched anew"
    (sites / "checkout/dist/assets/page-C4yr0Al2.js").write_text("2")
    assert commands.deploy(tried_at, web=True) == 0
    shown = capsys.readouterr().out
    assert shown.index("checkout: 1 new assets") < shown.index(f"Application: {APP}"), "before a page asks for it"


def test_nothing_is_deployed_without_its_sites_built(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    shutil.rmtree(_sites(tmp_path, monkeypatch) / "checkout/dist")
    assert commands.deploy(web=True) != 0
    assert "checkout/ was not built: `make deploy` does that first" in capsys.readouterr().err
    assert commands.aws.stacks() == []


def test_no_bundle_is_built_without_its_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    with pytest.raises(build.BuildError, match=r"pages/checkout.html was not built: `make deploy` does that first"):
        build.build(stages.load("dev"), tmp_path / "built")
