"""Signed calls to AWS: held against botocore's own signature, and against a server that checks nothing but answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from chalicelib import aws
from chalicelib.aws import AwsError, Service
from chalicelib.aws_config import AwsConfig, from_environment
from chalicelib.secrets import Secrets, url_of
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from shared.config import ConfigError

REGION = "ap-south-1"
TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def settings(endpoint: str = "", **more: str) -> AwsConfig:
    known = {"AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret"}
    return from_environment(known | {"AWS_ENDPOINT_URL": endpoint} | more)


@pytest.fixture
def manager(moto_url: str) -> Iterator[Any]:
    client = boto3.client(
        "secretsmanager",
        endpoint_url=moto_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()


@given(
    key=TEXT,
    secret=TEXT,
    token=st.one_of(st.just(""), TEXT),
    body=st.binary(max_size=200),
    service=st.sampled_from(sorted(aws.TARGETS)),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)),
)
def test_the_signature_is_the_one_that_botocore_makes(
    key: str, secret: str, token: str, body: bytes, service: str, at: datetime
) -> None:
    who = settings(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_SESSION_TOKEN=token)
    host = f"{service}.{REGION}.amazonaws.com"
    headers = {"content-type": "application/x-amz-json-1.0", "host": host, "x-amz-target": "AmazonSQS.SendMessage"}
    ours = aws.sign(headers, body, service=service, settings=who, at=at.replace(tzinfo=UTC))
    theirs = AWSRequest("POST", f"https://{host}/", data=body, headers={**headers, "X-Amz-Date": ours["x-amz-date"]})
    if token:
        theirs.headers["X-Amz-Security-Token"] = token
    signer = SigV4Auth(Credentials(key, secret, token or None), service, REGION)
    theirs.context["timestamp"] = ours["x-amz-date"]
    signature = signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs)
    assert ours["authorization"].endswith(f"Signature={signature}")
    assert f"Credential={key}/{ours['x-amz-date'][:8]}/{REGION}/{service}/aws4_request," in ours["authorization"]


def test_what_the_service_refuses_is_told_by_its_code(moto_url: str) -> None:
    service = Service("secretsmanager", settings(moto_url))
    with pytest.raises(AwsError, match="ResourceNotFoundException") as refusal:
        service.call("GetSecretValue", {"SecretId": "nothing"})
    service.close()
    assert refusal.value.code == "ResourceNotFoundException"


def test_secrets_are_read_by_name_and_the_url_is_made_of_them(moto_url: str, manager: Any) -> None:
    database = {"username": "gateway", "password": "a/b:c@d%e?"}
    manager.create_secret(Name="gateway", SecretString=json.dumps({"JWT_SECRET": "j"}))
    manager.create_secret(Name="database", SecretString=json.dumps(database))
    told = settings(
        moto_url,
        GATEWAY_SECRET_ARN="gateway",
        DATABASE_SECRET_ARN="database",
        DATABASE_HOST="db.internal",
        DATABASE_NAME="payment_gateway",
    )
    secrets = Secrets(told)
    variables = secrets.variables()
    assert variables["JWT_SECRET"] == "j"
    read = conninfo_to_dict(variables["DATABASE_URL"])
    assert read == {"user": "gateway", "password": "a/b:c@d%e?", "host": "db.internal", "dbname": "payment_gateway"}
    manager.put_secret_value(SecretId="database", SecretString=json.dumps(database | {"password": "new"}))
    assert conninfo_to_dict(secrets.database_url())["password"] == "new"
    secrets.close()


def test_a_secret_of_another_shape_is_refused_by_name(moto_url: str, manager: Any) -> None:
    manager.create_secret(Name="odd", SecretString="[1]")
    secrets = Secrets(settings(moto_url))
    with pytest.raises(ConfigError, match="odd must be a JSON object"):
        secrets.read("odd")
    secrets.close()


def test_where_no_secret_is_named_none_is_asked_for() -> None:
    assert Secrets(settings("http://127.0.0.1:9")).variables() == {}


def test_a_url_is_made_for_any_password() -> None:
    password = "".join(map(chr, range(33, 127)))
    url = url_of({"username": "a b", "password": password}, host="h", database="d d")
    assert conninfo_to_dict(url) == {"user": "a b", "password": password, "host": "h", "dbname": "d d"}
