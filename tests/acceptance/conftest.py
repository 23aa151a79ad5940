"""The deployment that is judged, from the environment, and callers of it.

    ACCEPTANCE_URL              where it is; left out, a gateway is started on this machine
    ACCEPTANCE_KEY, _SECRET     a merchant's credentials; left out, the test merchant's
    ACCEPTANCE_OPERATOR_SECRET  the operator's; without it nobody is signed up, and what needs another merchant skips
    ACCEPTANCE_RECEIVER_HOST    the name or address by which the deployment reaches this machine; left out, 127.0.0.1
    ACCEPTANCE_PATIENCE         seconds that a job may take: 30

Nothing here or in the tests reads a database or imports the gateway's code. The magic values must be there, so the
deployment is no production.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.acceptance.client import Caller, Deployment, Merchant, unique
from tests.live_gateway import OPERATOR_SECRET, TEST_MERCHANT
from tests.receiver import Receiver, receiver


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", 'slow: waits for a schedule that runs once a minute; leave out by -m "not slow"')


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    url = os.environ.get("ACCEPTANCE_URL") or request.getfixturevalue("live").url
    deployment = Deployment(url.rstrip("/"), patience_seconds=float(os.environ.get("ACCEPTANCE_PATIENCE", 30)))
    yield deployment
    deployment.session.close()


@pytest.fixture(scope="session")
def seeded(deployment: Deployment) -> Merchant:
    """The merchant whose credentials were given. Others may use it at the same time."""
    key, secret = os.environ.get("ACCEPTANCE_KEY"), os.environ.get("ACCEPTANCE_SECRET")
    merchant = Merchant.of(deployment, key or TEST_MERCHANT[0], secret or TEST_MERCHANT[1])
    merchant.id = merchant.get("/merchants/me")["id"]
    return merchant


@pytest.fixture(scope="session")
def operator_secret() -> str | None:
    return os.environ.get("ACCEPTANCE_OPERATOR_SECRET") or (None if "ACCEPTANCE_URL" in os.environ else OPERATOR_SECRET)


@pytest.fixture(scope="session")
def operator(deployment: Deployment, operator_secret: str | None) -> Caller:
    if operator_secret is None:
        pytest.skip("ACCEPTANCE_OPERATOR_SECRET is not set: no merchant can be signed up")
    return Caller(deployment, {"Authorization": f"Bearer {operator_secret}"})


@pytest.fixture(scope="session")
def sign_up(operator: Caller) -> Callable[[], Merchant]:
    def sign_up() -> Merchant:
        made = operator.post("/merchants", {"name": "Acceptance", "email": f"{unique('acceptance')}@example.com"})
        return Merchant.of(operator.deployment, made["api_key"], made["api_secret"], id=made["id"])

    return sign_up


@pytest.fixture
def merchant(request: pytest.FixtureRequest, operator_secret: str | None) -> Iterator[Merchant]:
    """A merchant of the test's own, audited afterwards; without an operator the one that was given, with its past."""
    if operator_secret is None:
        yield request.getfixturevalue("seeded")
        return
    own: Merchant = request.getfixturevalue("sign_up")()
    yield own
    own.audit()


@pytest.fixture
def stranger(sign_up: Callable[[], Merchant]) -> Merchant:
    """Another merchant."""
    return sign_up()


@pytest.fixture
def payer(deployment: Deployment) -> Caller:
    """Somebody at the checkout, without any credentials."""
    return Caller(deployment)


@pytest.fixture
def new_receiver() -> Iterator[Callable[[], Receiver]]:
    """Starts receivers that the deployment can reach."""
    reached_as = os.environ.get("ACCEPTANCE_RECEIVER_HOST")
    with ExitStack() as started:
        yield lambda: started.enter_context(receiver(reached_as=reached_as))


@pytest.fixture
def inbox(merchant: Merchant, new_receiver: Callable[[], Receiver]) -> Iterator[Receiver]:
    """The merchant's receiver, set as its webhook_url."""
    before = merchant.get("/merchants/me")["webhook_url"]
    inbox = new_receiver()
    merchant.put("/merchants/me", {"webhook_url": inbox.url})
    yield inbox
    merchant.put("/merchants/me", {"webhook_url": before})
