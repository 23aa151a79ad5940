"""The gateway's own secrets: made once, by the first deployment, and read by nobody but the functions."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.aws import code
from infra.errors import InfraError

ENCRYPTION_KEY_BYTES = 32  # AES-256
TOKEN_BYTES = 48

MEMBERS: Mapping[str, Callable[[], str]] = {
    "JWT_SECRET": lambda: secrets.token_urlsafe(TOKEN_BYTES),
    "ENCRYPTION_KEY": lambda: base64.b64encode(secrets.token_bytes(ENCRYPTION_KEY_BYTES)).decode(),
    "OPERATOR_SECRET": lambda: secrets.token_urlsafe(TOKEN_BYTES),
}


def fill(secrets_manager: Any, arn: str) -> list[str]:
    """Adds the members that are missing and returns their names. What is there is never changed: with another
    ENCRYPTION_KEY nothing that is sealed in the database could be opened again."""
    try:
        text = secrets_manager.get_secret_value(SecretId=arn)["SecretString"]
        known = json.loads(text)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        known = {}  # there is no value yet
    except (KeyError, ValueError):
        known = None
    if not isinstance(known, dict):
        raise InfraError(f"The secret {arn} is not a JSON object: put back what it was, or make it {{}}.")
    missing = [name for name in MEMBERS if not known.get(name)]
    if missing:
        value = json.dumps(known | {name: MEMBERS[name]() for name in missing})
        secrets_manager.put_secret_value(SecretId=arn, SecretString=value)
    return missing
