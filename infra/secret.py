"""The gateway's own secrets: made once, by the first deployment, for the functions.

An operator signs in with one of them: `python -m infra.secret dev OPERATOR_SECRET` prints it.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from infra import stacks, stages
from infra.aws import Aws, code
from infra.command import parser as stage_parser
from infra.command import run
from infra.errors import InfraError
from infra.terminal import Progress

ENCRYPTION_KEY_BYTES = 32  # AES-256
TOKEN_BYTES = 48

MEMBERS: Mapping[str, Callable[[], str]] = {
    "JWT_SECRET": lambda: secrets.token_urlsafe(TOKEN_BYTES),
    "ENCRYPTION_KEY": lambda: base64.b64encode(secrets.token_bytes(ENCRYPTION_KEY_BYTES)).decode(),
    "OPERATOR_SECRET": lambda: secrets.token_urlsafe(TOKEN_BYTES),
    "DISTRIBUTION_SECRET": lambda: secrets.token_urlsafe(TOKEN_BYTES),
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


def main(words: Sequence[str] | None = None) -> int:
    parser = stage_parser("secret", __doc__)
    parser.add_argument("member", choices=sorted(MEMBERS), help="which of them")
    asked = parser.parse_args(words)

    def work(_: Progress) -> None:
        aws = Aws(stages.load(asked.stage, file=asked.stages))
        aws.signed_in()
        foundation = stacks.find(aws.cloudformation, aws.stage.stack("foundation"))
        if foundation is None:
            raise InfraError(f"{aws.stage.name} is not deployed.")
        kept = aws.client("secretsmanager").get_secret_value(SecretId=foundation.outputs["GatewaySecretArn"])
        print(json.loads(kept["SecretString"])[asked.member])

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
