"""Who we are at AWS, and the clients of its services. boto3's own variables (AWS_PROFILE, AWS_ENDPOINT_URL …) count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from infra.errors import InfraError
from infra.stages import Stage

CALLS_MAX = 8  # with growing waits in between: CloudFormation throttles whoever watches it
INVOKE_SECONDS_MAX = 910  # a function has 15 minutes at most
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException")
HOW_TO_SIGN_IN = "Sign in (`aws sso login`, `aws configure`) or set AWS_PROFILE."


@dataclass(frozen=True)
class Aws:
    """The services in a stage's region."""

    stage: Stage

    @cached_property
    def session(self) -> Any:
        try:
            return boto3.Session(region_name=self.stage.region)
        except ProfileNotFound as error:
            raise InfraError(f"{error}. {HOW_TO_SIGN_IN}") from None

    def client(self, service: str, **settings: Any) -> Any:
        config = Config(retries={"mode": "standard", "total_max_attempts": CALLS_MAX}, **settings)
        return self.session.client(service, config=config)

    @cached_property
    def cloudformation(self) -> Any:
        return self.client("cloudformation")

    @cached_property
    def s3(self) -> Any:
        return self.client("s3")

    @cached_property
    def functions(self) -> Any:
        """For calling functions, and nothing else: a call is made once."""
        # Kept alive: on the way there are networks that forget a call which says nothing for minutes.
        config = Config(
            read_timeout=INVOKE_SECONDS_MAX, tcp_keepalive=True, retries={"mode": "standard", "total_max_attempts": 1}
        )
        return self.session.client("lambda", config=config)

    @cached_property
    def account(self) -> str:
        """Raises InfraError where there are no credentials, or none that work."""
        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (NoCredentialsError, PartialCredentialsError):
            raise InfraError(f"There are no AWS credentials. {HOW_TO_SIGN_IN}") from None
        except (TokenRetrievalError, SSOError):
            raise InfraError(f"The AWS session has ended. {HOW_TO_SIGN_IN}") from None
        except ClientError as error:
            if code(error) in EXPIRED:
                raise InfraError(f"AWS does not accept these credentials ({code(error)}). {HOW_TO_SIGN_IN}") from None
            raise

    def signed_in(self) -> None:
        """Raises InfraError as `account` does."""
        _ = self.account

    def object_url(self, bucket: str, key: str) -> str:
        """As CloudFormation wants to be told of a template."""
        partition = self.session.get_partition_for_region(self.stage.region)
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        return f"https://{bucket}.s3.{self.stage.region}.{suffix}/{key}"


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def told(error: Exception) -> str:
    """A sentence: AWS's refusal, or what the error itself says."""
    if isinstance(error, EndpointConnectionError):
        return f"AWS cannot be reached: {error}"
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "").rstrip(".")
        return f"AWS refused {error.operation_name} ({code(error)}): {message}."
    return f"AWS: {error}" if isinstance(error, BotoCoreError) else str(error)
