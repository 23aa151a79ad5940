"""What a Lambda is told about where and who it is, and where its secrets are: by Lambda itself, and by the template."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared import config
from shared.config import Config


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsConfig:
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    endpoint: str  # empty: AWS itself
    gateway_secret: str  # names or ARNs in Secrets Manager; empty: there is none
    database_secret: str
    master_secret: str
    database_host: str
    database_cluster_host: str  # past the proxy
    database_name: str


def from_environment(env: Mapping[str, str] = os.environ) -> AwsConfig:
    return AwsConfig(
        region=env.get("AWS_REGION", ""),
        access_key_id=env.get("AWS_ACCESS_KEY_ID", ""),
        secret_access_key=env.get("AWS_SECRET_ACCESS_KEY", ""),
        session_token=env.get("AWS_SESSION_TOKEN", ""),
        endpoint=env.get("AWS_ENDPOINT_URL", ""),
        gateway_secret=env.get("GATEWAY_SECRET_ARN", ""),
        database_secret=env.get("DATABASE_SECRET_ARN", ""),
        master_secret=env.get("MASTER_SECRET_ARN", ""),
        database_cluster_host=env.get("DATABASE_CLUSTER_HOST", ""),
        database_host=env.get("DATABASE_HOST", ""),
        database_name=env.get("DATABASE_NAME", ""),
    )


def settings_with(secrets: Mapping[str, str], env: Mapping[str, str] = os.environ) -> Config:
    """The gateway's settings, where some are secrets that are kept apart: variables by name, which go first."""
    return config.from_environment({**env, **secrets})
