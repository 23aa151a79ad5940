"""Secrets on AWS: kept in Secrets Manager, read once by a Lambda when it starts, never in its environment."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from chalicelib.aws import AwsError, Service
from chalicelib.aws_config import AwsConfig
from shared.config import ConfigError

TRANSIENT = ("", "ThrottlingException", "InternalServiceError", "ServiceUnavailable")


class Secrets:
    """Two, each a JSON object of text: the gateway's variables by name, and the database role's name and password."""

    def __init__(self, settings: AwsConfig) -> None:
        self._settings = settings
        self._manager = Service("secretsmanager", settings)

    def variables(self) -> dict[str, str]:
        """The variables that are kept apart from the environment; none where no secret was named."""
        found = self.read(self._settings.gateway_secret) if self._settings.gateway_secret else {}
        if self._settings.database_secret:
            found["DATABASE_URL"] = self.database_url()
        return found

    def database_url(self) -> str:
        return url_of(
            self.read(self._settings.database_secret),
            host=self._settings.database_host,
            database=self._settings.database_name,
        )

    def _get(self, name: str) -> dict[str, Any]:
        asked = {"SecretId": name, "VersionStage": "AWSCURRENT"}
        try:
            return self._manager.call("GetSecretValue", asked)
        except AwsError as error:
            if error.code not in TRANSIENT:
                raise
            return self._manager.call("GetSecretValue", asked)  # a cold start should not fail for one lost packet

    def close(self) -> None:
        """Ends the connection."""
        self._manager.close()

    def read(self, name: str) -> dict[str, str]:
        """Raises AwsError, or ConfigError where the secret is no object of text."""
        kept = self._get(name)
        try:
            members = json.loads(kept["SecretString"])
        except (KeyError, ValueError):
            members = None
        if not isinstance(members, dict) or not all(isinstance(value, str) for value in members.values()):
            raise ConfigError(f"The secret {name} must be a JSON object of text.")
        return members


def url_of(secret: dict[str, str], *, host: str, database: str) -> str:
    """Where a role connects to, for psycopg."""
    user, password = (quote(secret[member], safe="") for member in ("username", "password"))
    return f"postgresql://{user}:{password}@{host}/{quote(database, safe='')}"
