"""Calls to services of AWS that speak JSON (SQS, Secrets Manager), signed with Signature Version 4.

boto3 takes longer to load than everything else in a Lambda together, so that every cold start, and with it a customer,
would wait for it. What is needed here is one signed POST; tests hold the signature against botocore's.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from chalicelib.aws_config import AwsConfig

TIMEOUT_SECONDS = 2.0
IDLE_SECONDS_MAX = 60
ALGORITHM = "AWS4-HMAC-SHA256"

# What each service is called in a request: the target's prefix, and the version of the protocol.
TARGETS = {"sqs": ("AmazonSQS", "1.0"), "secretsmanager": ("secretsmanager", "1.1")}


class AwsError(Exception):
    """The service refused, or could not be reached. `code` is AWS's own, empty if there was no answer."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Service:
    """One service over one kept connection. For one thread at a time, as a Lambda has it."""

    def __init__(self, name: str, settings: AwsConfig) -> None:
        self._name = name
        self._settings = settings
        endpoint = settings.endpoint or f"https://{name}.{settings.region}.amazonaws.com"
        self._url = urlsplit(endpoint)
        self._connection: http.client.HTTPConnection | None = None
        self._used_at = 0.0  # by the clock on the wall, which goes on while a sandbox is frozen

    def call(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """What the service answers. Raises AwsError. Asks again only if a connection kept from before had died."""
        body = json.dumps(members, separators=(",", ":")).encode()
        target, version = TARGETS[self._name]
        headers = {
            "content-type": f"application/x-amz-json-{version}",
            "host": self._url.netloc,
            "x-amz-target": f"{target}.{operation}",
        }
        if time.time() - self._used_at > IDLE_SECONDS_MAX:
            self.close()  # the network may have forgotten it without a word
        kept = self._connection is not None
        try:
            status, answer = self._post(body, headers)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if not kept or isinstance(error, TimeoutError):
                raise AwsError(f"{self._name}: no answer to {operation}: {error}") from error
            try:
                status, answer = self._post(body, headers)
            except (http.client.HTTPException, OSError) as again:
                self.close()
                raise AwsError(f"{self._name}: no answer to {operation}: {again}") from again
        told = _json(answer)
        if status != 200:
            code = str(told.get("__type", "")).rpartition("#")[2]
            message = told.get("message") or told.get("Message") or f"status {status}"
            raise AwsError(f"{self._name}: {operation}: {code}: {message}", code)
        return told

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = _connect(self._url.scheme, self._url.netloc)
        signed = sign(headers, body, service=self._name, settings=self._settings, at=datetime.now(UTC))
        self._connection.request("POST", "/", body, signed)
        answer = self._connection.getresponse()
        self._used_at = time.time()
        return answer.status, answer.read()


def sign(headers: Mapping[str, str], body: bytes, *, service: str, settings: AwsConfig, at: datetime) -> dict[str, str]:
    """The headers of `POST /`, with those that prove who sends it. Names are in lower case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    signed = {**headers, "x-amz-date": moment}
    if settings.session_token:
        signed["x-amz-security-token"] = settings.session_token
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{moment[:8]}/{settings.region}/{service}/aws4_request"
    to_sign = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{settings.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{settings.access_key_id}/{scope}"
    proof = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "authorization": proof}


def _connect(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "http":  # an emulation on this machine
        return http.client.HTTPConnection(netloc, timeout=TIMEOUT_SECONDS)
    return http.client.HTTPSConnection(netloc, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())


def _json(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
