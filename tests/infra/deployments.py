"""An AWS account for each test of the commands, and what a deployed gateway answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest
from botocore.loaders import create_loader

from infra import deploy, smoke
from infra.stages import Stage
from tests.aws import CREDENTIALS, Cloud

LOADER = create_loader()
ASSUMED_BY_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
FOUNDATION = """
Parameters:
  Stage: { Type: String }
  AppName: { Type: String }
%s
Resources:
  Artifacts:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: { BucketName: !Sub "${AppName}-${Stage}-artifacts" }
  GatewaySecret:
    Type: AWS::SecretsManager::Secret
    DeletionPolicy: Retain
    Properties:
      Description: !Ref DeletionProtection
      GenerateSecretString: { SecretStringTemplate: "{}", GenerateStringKey: created }
Outputs:
  ArtifactsBucket: { Value: !Ref Artifacts }
  GatewaySecretArn: { Value: !Ref GatewaySecret }
  NobodyAsksForThis: { Value: "1" }
"""


@dataclass
class Deployed:
    """What answers in place of the functions: the API's calls, and Lambda's own call that runs one."""

    url: str = ""
    healthy: bool = True
    broken: tuple[str, ...] = ()  # bundles with which it is not healthy
    migrates: bool = True
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)  # other than the right ones, by path
    pending: int = 0  # so often a new function is not ready
    invoked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  # with the stacks that were there
    _cloud: Cloud | None = None

    def answer(self, method: str, path: str) -> tuple[int, Any, dict[str, str]]:
        assert self._cloud is not None
        if method == "POST":
            return self._invocation(path.split("/")[3])
        if path in self.answers:
            return (*self.answers[path], {})
        if path == "/api/health":
            bundle = self._cloud.parameters("payment-gateway-dev").get("BundleKey")
            good = self.healthy and bundle not in self.broken
            return (200, {"status": "healthy"}, {}) if good else (503, {"status": "unhealthy"}, {})
        if path == "/api/openapi.json":
            return 200, {"paths": {"/health": {}}}, {}
        if path == "/api/api/v1/orders":
            return 401, {"error": {"code": "AUTHENTICATION_ERROR", "description": "Invalid API credentials"}}, {}
        return 404, {"error": {"code": "NOT_FOUND_ERROR", "description": "Not found"}}, {}

    def _invocation(self, name: str) -> tuple[int, Any, dict[str, str]]:
        assert self._cloud is not None
        if self.pending:
            self.pending -= 1
            return 409, {"message": "Pending"}, {"x-amzn-ErrorType": "ResourceConflictException"}
        self.invoked.append((name, tuple(self._cloud.stacks())))
        if self.migrates:
            return 200, {"applied": 16}, {}
        return 200, {"errorType": "SyntaxError", "errorMessage": "near selekt"}, {"X-Amz-Function-Error": "Unhandled"}


@pytest.fixture
def aws(empty_cloud: Cloud) -> Cloud:
    return empty_cloud


@pytest.fixture
def deployed(aws: Cloud) -> Iterator[Deployed]:
    state = Deployed(_cloud=aws)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, headers = state.answer(self.command, self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def template(url: str, **more: Any) -> dict[str, Any]:
    """A function with a queue, as an application has many."""
    code = {"S3Bucket": {"Ref": "BundleBucket"}, "S3Key": {"Ref": "BundleKey"}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "payment-gateway-dev-work"}}
    dead = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "payment-gateway-dev-work-dead"}}
    queue["Properties"]["RedrivePolicy"] = {  # type: ignore[index]
        "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
        "maxReceiveCount": 5,
    }
    return {
        "Parameters": {name: {"Type": "String"} for name in ("Stage", "BundleBucket", "BundleKey", "GatewaySecretArn")},
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ASSUMED_BY_LAMBDA}},
            "Api": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": {"Fn::Sub": "payment-gateway-${Stage}-api"},
                    "Runtime": "python3.11",
                    "Handler": "app.app",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Code": code,
                    "Environment": {"Variables": {"GATEWAY_SECRET_ARN": {"Ref": "GatewaySecretArn"}}},
                },
            },
            "Dead": dead,
            "Work": queue,
            **more,
        },
        "Outputs": {"EndpointURL": {"Value": f"{url}/api/"}},
    }


@dataclass(frozen=True)
class Built:
    bundle: Path
    template: Path
    migrate_template: Path


class Builder:
    """Builds a bundle of a few bytes, other ones for other `code`."""

    def __init__(self, url: str) -> None:
        self.code = "one"
        self.application = template(url)
        self.built = 0

    def __call__(self, stage: Stage, folder: Path) -> Built:
        self.built += 1
        folder.mkdir()
        built = Built(folder / "bundle.zip", folder / "application.json", folder / "migrate.json")
        with ZipFile(built.bundle, "w") as file:
            file.writestr(ZipInfo("app.py"), self.code)
        migrate = template("")
        migrate["Resources"] = {name: migrate["Resources"][name] for name in ("Role", "Api")}
        migrate["Resources"]["Api"]["Properties"]["FunctionName"] = stage.stack("migrate")
        migrate["Outputs"] = {"FunctionName": {"Value": {"Ref": "Api"}}}
        built.template.write_text(json.dumps(self.application))
        built.migrate_template.write_text(json.dumps(migrate))
        return built


@dataclass
class Commands:
    """The command that deploys, and what it takes."""

    aws: Cloud
    builder: Builder

    def deploy(self, *words: str, web: bool = False) -> int:
        """Of the stage dev, unless `words` begin with another."""
        stage = () if words and not words[0].startswith("-") else ("dev",)
        options = ["--yes", "--smoke-seconds", "0.2", *([] if web else ["--no-web"])]
        return deploy.main([*stage, *words, *options], build=self.builder)

    def bundle(self, stack: str = "payment-gateway-dev") -> str:
        return self.aws.parameters(stack)["BundleKey"]


@pytest.fixture
def commands(aws: Cloud, deployed: Deployed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commands:
    environment: Mapping[str, str] = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ENDPOINT_URL_LAMBDA": deployed.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    # Every command reads the descriptions of the services anew: most of the time of these tests.
    monkeypatch.setattr("botocore.session.create_loader", lambda *_: LOADER)
    monkeypatch.setattr(smoke, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr("infra.stacks.POLL_SECONDS", 0.05)
    known = ("Stage", "AppName")
    more = [name for name in _dev().foundation_parameters() if name not in known]
    slots = "\n".join(f'  {name}: {{ Type: String, Default: "" }}' for name in more)
    (tmp_path / "foundation.yaml").write_text(FOUNDATION % slots)
    monkeypatch.setattr(deploy, "TEMPLATES", tmp_path)
    return Commands(aws, Builder(deployed.url))


def _dev() -> Stage:
    from infra import stages

    return stages.load("dev")
