"""The commands for a gateway that is deployed: how it is, what it wrote, its dead letters, and its end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from infra import deploy, destroy, logs, redrive, stages, status
from tests.aws import Cloud
from tests.infra.deployments import Commands

APP = "payment-gateway-dev"
REAL_TEMPLATES = deploy.TEMPLATES
ALARM: dict[str, Any] = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": f"{APP}-work-is-late",
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 60,
        "ComparisonOperator": "GreaterThanThreshold",
    },
}


def _queue_url(aws: Cloud, name: str) -> str:
    return str(aws.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


# destroy


def _protected(folder: Path) -> Path:
    """The settings, with dev protected."""
    file = folder / "stages.toml"
    file.write_text(stages.STAGES.read_text().replace("[dev]", "[dev]\ndeletion_protection = true"))
    return file


def test_a_protected_stage_is_not_destroyed(commands: Commands, tmp_path: Path, capsys: Any) -> None:
    commands.deploy()
    assert destroy.main(["dev", "--yes", "--stages", str(_protected(tmp_path))]) == 2
    assert "set deletion_protection = false for dev in the settings" in capsys.readouterr().err
    assert APP in commands.aws.stacks()


def test_a_stage_that_was_deployed_protected_is_not_destroyed_before_it_is_deployed_again(
    commands: Commands, tmp_path: Path, capsys: Any
) -> None:
    commands.deploy("--stages", str(_protected(tmp_path)))
    assert destroy.main(["dev", "--yes"]) == 2
    assert "was deployed with protection" in capsys.readouterr().err
    commands.deploy()
    assert destroy.main(["dev", "--yes"]) == 0


def test_a_stage_is_destroyed_and_what_is_left_is_listed(commands: Commands, capsys: Any) -> None:
    commands.deploy()
    secret = commands.aws.outputs(f"{APP}-foundation")["GatewaySecretArn"]
    assert destroy.main(["dev", "--yes"]) == 0
    assert commands.aws.stacks() == []
    shown = capsys.readouterr().out
    assert f"AWS::SecretsManager::Secret {secret}" in shown
    assert f"AWS::S3::Bucket {APP}-artifacts" in shown
    assert commands.aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]


def test_buckets_go_too_when_asked(commands: Commands) -> None:
    commands.deploy()
    assert destroy.main(["dev", "--yes", "--buckets"]) == 0
    assert commands.aws.client("s3").list_buckets()["Buckets"] == []


def test_nothing_is_destroyed_that_nobody_agreed_to(commands: Commands) -> None:
    commands.deploy()
    assert destroy.main(["dev"]) == 2
    assert APP in commands.aws.stacks()


def test_what_is_not_there_is_gone(commands: Commands) -> None:
    assert destroy.main(["dev", "--yes"]) == 0


def test_the_templates_of_the_gateway_are_destroyed(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(deploy, "TEMPLATES", REAL_TEMPLATES)
    assert commands.deploy() == 0
    rds = commands.aws.client("rds")
    cluster = commands.aws.outputs(f"{APP}-foundation")["DatabaseClusterId"]
    rds.create_db_cluster_snapshot(DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier="before-the-end")
    assert destroy.main(["dev", "--yes", "--buckets"]) == 0, capsys.readouterr().err
    assert rds.describe_db_clusters()["DBClusters"] == []
    assert "snapshot before-the-end (" in capsys.readouterr().out


# status


def test_status_tells_how_everything_is(commands: Commands, capsys: Any) -> None:
    quiet = {**ALARM, "Properties": ALARM["Properties"] | {"AlarmName": f"{APP}-quiet"}}
    commands.builder.application["Resources"] |= {"Late": ALARM, "Quiet": quiet}
    commands.deploy()
    aws = commands.aws
    aws.client("sqs").send_message(QueueUrl=_queue_url(aws, f"{APP}-work"), MessageBody="1")
    aws.client("sqs").send_message(QueueUrl=_queue_url(aws, f"{APP}-work-dead"), MessageBody="2")
    aws.client("sqs").send_message(QueueUrl=_queue_url(aws, f"{APP}-work-dead"), MessageBody="3")
    for name, state in (("work-is-late", "ALARM"), ("quiet", "OK")):
        aws.client("cloudwatch").set_alarm_state(
            AlarmName=f"{APP}-{name}", StateValue=state, StateReason="nobody works"
        )
    bundle = commands.bundle().removeprefix("bundles/")[:12]
    capsys.readouterr()
    assert status.main(["dev"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [APP, "CREATE_COMPLETE"] in [line[:2] for line in lines]
    assert bundle in next(line for line in lines if line[:1] == [APP])
    assert [f"{APP}-web", "not", "there"] in lines
    assert [f"{APP}-work", "1", "0", "0", "-", "2"] in lines, "a queue's dead letters stand beside it"
    assert [f"{APP}-quiet"] not in [line[:1] for line in lines]
    assert any(line[:1] == [f"{APP}-work-is-late"] and line[-2:] == ["nobody", "works"] for line in lines)


def test_status_of_nothing_says_so(commands: Commands, capsys: Any) -> None:
    assert status.main(["dev"]) == 0
    assert f"{APP}             not there" in capsys.readouterr().out


# logs


def _write(aws: Cloud, function: str, *lines: tuple[float, str]) -> None:
    service = aws.client("logs")
    service.create_log_group(logGroupName=f"/aws/lambda/{function}")
    service.create_log_stream(logGroupName=f"/aws/lambda/{function}", logStreamName="one")
    service.put_log_events(
        logGroupName=f"/aws/lambda/{function}",
        logStreamName="one",
        logEvents=[{"timestamp": int((time.time() - ago) * 1000), "message": text} for ago, text in lines],
    )


def test_logs_of_all_functions_come_in_order(commands: Commands, capsys: Any) -> None:
    commands.deploy()
    _write(commands.aws, f"{APP}-api", (3000, "long ago"), (30, "first"), (10, "third"))
    _write(commands.aws, f"{APP}-migrate", (20, "second\n"))
    capsys.readouterr()
    assert logs.main(["dev", "--since", "1m"]) == 0
    shown = [line.split("  ")[1:] for line in capsys.readouterr().out.splitlines()]
    assert shown == [["api", "first"], ["migrate", "second"], ["api", "third"]]


def test_logs_may_be_of_one_function_and_of_some_lines(commands: Commands, capsys: Any) -> None:
    commands.deploy()
    _write(commands.aws, f"{APP}-api", (30, "GET /health 200"), (10, "GET /orders 500"))
    _write(commands.aws, f"{APP}-migrate", (20, "500 rows"))
    capsys.readouterr()
    assert logs.main(["dev", "api", "--grep", r"\b5\d\d\b"]) == 0
    assert [line.split("  ")[2] for line in capsys.readouterr().out.splitlines()] == ["GET /orders 500"]


def test_followed_logs_show_each_line_once(commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    commands.deploy()
    _write(commands.aws, f"{APP}-api", (10, "one"))
    waits = 0

    def wait(_: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            raise KeyboardInterrupt
        _write(commands.aws, f"{APP}-migrate", (0, "two")) if waits == 1 else None

    monkeypatch.setattr(logs.time, "sleep", wait)
    capsys.readouterr()
    assert logs.main(["dev", "--follow"]) == 0
    assert [line.split("  ")[2] for line in capsys.readouterr().out.splitlines()] == ["one", "two"]


def test_logs_of_a_function_that_is_not_there_are_refused(commands: Commands, capsys: Any) -> None:
    commands.deploy()
    assert logs.main(["dev", "nobody"]) == 2
    assert f"there are {APP}-api, {APP}-migrate" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--since", "soon"], ["--grep", "("]])
def test_logs_that_cannot_be_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        logs.main(["dev", *words])


# redrive


def test_dead_letters_go_back(commands: Commands, capsys: Any) -> None:
    commands.deploy()
    sqs = commands.aws.client("sqs")
    sqs.send_message(QueueUrl=_queue_url(commands.aws, f"{APP}-work-dead"), MessageBody="1")
    assert redrive.main(["dev", "work"]) == 0
    assert f"{APP}-work: 1 dead letters go back" in capsys.readouterr().out
    received = sqs.receive_message(QueueUrl=_queue_url(commands.aws, f"{APP}-work"))["Messages"]
    assert [message["Body"] for message in received] == ["1"]
    assert redrive.main(["dev", "nothing"]) == 2
