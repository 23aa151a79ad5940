"""What is deployed, built once for all tests that look at it."""

from __future__ import annotations

import pytest

from infra import stages
from infra.build import Built, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The stage `dev`."""
    return build(stages.load("dev"), tmp_path_factory.mktemp("built") / "dev")
