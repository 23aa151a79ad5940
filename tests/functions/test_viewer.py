"""On AWS a call through a site's distribution is from whom that says; any other is from where it comes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from chalicelib import rest, runtime, viewer

from local.events import Context, http_event
from shared.config import Config
from shared.db.database import Database
from shared.services import test_merchant
from tests import gateway
from tests.people import OWN, PASSWORD

SECRET = "a secret that only the distributions and the functions know"
EDGE = "198.51.100.9"


def sourced(headers: dict[str, str] | None, *, secret: str | None = SECRET) -> str:
    event = {"headers": headers, "requestContext": {"identity": {"sourceIp": EDGE}}}
    viewer.put_address(event, secret)
    return event["requestContext"]["identity"]["sourceIp"]  # type: ignore[index, no-any-return]


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7"])
def test_with_the_secret_the_viewers_address_counts(address: str) -> None:
    assert sourced({"x-viewer-address": address, "x-distribution-secret": SECRET}) == address
    assert sourced({"X-Viewer-Address": address, "X-Distribution-Secret": SECRET}) == address


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"x-viewer-address": "203.0.113.7"},
        {"x-viewer-address": "203.0.113.7", "x-distribution-secret": ""},
        {"x-viewer-address": "203.0.113.7", "x-distribution-secret": SECRET[:-1]},
        {"x-viewer-address": "203.0.113.7", "x-distribution-secret": "é"},
        {"x-distribution-secret": SECRET},
        {"x-viewer-address": "nowhere", "x-distribution-secret": SECRET},
    ],
)
def test_without_it_the_source_counts(headers: dict[str, str] | None) -> None:
    assert sourced(headers) == EDGE


@pytest.mark.parametrize("secret", [None, ""])
def test_where_there_is_no_secret_nobody_has_it(secret: str | None) -> None:
    assert sourced({"x-viewer-address": "203.0.113.7", "x-distribution-secret": secret or ""}, secret=secret) == EDGE


def test_who_signs_in_is_written_down_with_their_own_address(
    settings: Config, database: Database, observer: psycopg.Connection
) -> None:
    made = runtime.build(settings, database, gateway.Told())
    runtime.use(replace(made, distribution_secret=SECRET))

    def sign_in(**headers: str) -> dict[str, Any]:
        event = http_event(
            method="POST",
            resource="/api/v1/session",
            path="/api/v1/session",
            path_parameters={},
            query={},
            headers=OWN | headers,
            body=json.dumps({"email": test_merchant.EMAIL, "password": PASSWORD}).encode(),
            source_ip=EDGE,
            request_id=str(uuid4()),
        )
        return rest.answer(event, Context("api", timeout_seconds=29))

    through = {"x-viewer-address": "203.0.113.7", "x-distribution-secret": SECRET}
    assert sign_in(**through)["statusCode"] == 200
    assert sign_in(**through | {"x-distribution-secret": "made up"})["statusCode"] == 200
    made.close()
    addresses = observer.execute("select address from sessions order by created_at").fetchall()
    assert addresses == [("203.0.113.7",), (EDGE,)]
