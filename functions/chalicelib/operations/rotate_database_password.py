"""What Secrets Manager calls to change the password of the application's role: four steps, each repeatable.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

import json
import logging
import secrets as randomness
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from chalice import Blueprint

from chalicelib import aws_config
from chalicelib.aws import AwsError, Service
from chalicelib.database_roles import set_password
from chalicelib.operations import told_in_one_line
from chalicelib.secrets import url_of
from shared.db.database import CONNECT_TIMEOUT_SECONDS

operations = Blueprint(__name__)

PASSWORD_BYTES = 32

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """One change of one secret: `version` is the new one, until then staged as AWSPENDING."""

    manager: Service
    secret: str
    version: str
    master_secret: str
    host: str
    database: str

    def create(self) -> None:
        """A new password beside the current one."""
        current = self._read("AWSCURRENT")
        try:
            self._read("AWSPENDING")
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            self.manager.call(
                "PutSecretValue",
                {
                    "SecretId": self.secret,
                    "ClientRequestToken": self.version,
                    "SecretString": json.dumps(current | {"password": randomness.token_urlsafe(PASSWORD_BYTES)}),
                    "VersionStages": ["AWSPENDING"],
                },
            )

    def set(self) -> None:
        """The database takes the new password. Connections that are open stay; new ones read the secret again."""
        pending = self._read("AWSPENDING")
        master = _members(self.manager.call("GetSecretValue", {"SecretId": self.master_secret}))
        url = url_of(master, host=self.host, database="postgres")
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            set_password(connection, pending["username"], pending["password"])

    def test(self) -> None:
        """Somebody gets in with it."""
        url = url_of(self._read("AWSPENDING"), host=self.host, database=self.database)
        psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_SECONDS).close()

    def finish(self) -> None:
        """The new version is the current one."""
        described = self.manager.call("DescribeSecret", {"SecretId": self.secret})
        stages: dict[str, list[str]] = described["VersionIdsToStages"]
        current = next((version for version, names in stages.items() if "AWSCURRENT" in names), None)
        if current != self.version:
            self.manager.call(
                "UpdateSecretVersionStage",
                {
                    "SecretId": self.secret,
                    "VersionStage": "AWSCURRENT",
                    "MoveToVersionId": self.version,
                    "RemoveFromVersionId": current,
                },
            )

    def _read(self, stage: str) -> dict[str, str]:
        asked = {"SecretId": self.secret, "VersionStage": stage}
        if stage == "AWSPENDING":
            asked["VersionId"] = self.version
        return _members(self.manager.call("GetSecretValue", asked))


@operations.lambda_function(name="rotate_database_password")
@told_in_one_line
def rotate_database_password(event: Any, _context: Any) -> None:
    aws = aws_config.from_environment()
    if event["SecretId"] != aws.database_secret:
        raise ValueError("this rotates the password of the application's role and no other")
    manager = Service("secretsmanager", aws)
    rotation = Rotation(
        manager=manager,
        secret=event["SecretId"],
        version=event["ClientRequestToken"],
        master_secret=aws.master_secret,
        host=aws.database_cluster_host,
        database=aws.database_name,
    )
    steps: Mapping[str, Callable[[], None]] = {
        "createSecret": rotation.create,
        "setSecret": rotation.set,
        "testSecret": rotation.test,
        "finishSecret": rotation.finish,
    }
    try:
        steps[event["Step"]]()
    finally:
        manager.close()
    log.info("rotated: step=%s", event["Step"])


def _members(kept: Mapping[str, Any]) -> dict[str, str]:
    members: dict[str, str] = json.loads(kept["SecretString"])
    return members
