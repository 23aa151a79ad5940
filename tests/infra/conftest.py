"""What is deployed, built once for all tests that look at it."""

from __future__ import annotations

import pytest

from infra import stages
from infra.build import Built, build
from tests.aws import _empty_cloud, _one_cloud  # noqa: F401 - fixtures
from tests.infra.deployments import aws, commands, deployed  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The stage `dev`."""
    return build(stages.load("dev"), tmp_path_factory.mktemp("built") / "dev")
