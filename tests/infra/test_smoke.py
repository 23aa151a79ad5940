"""What is looked at after a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from infra import smoke
from infra.errors import UsageError
from tests.infra.deployments import Deployed


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "WAIT_SECONDS", 0.05)


def _check(deployed: Deployed) -> list[str]:
    deployed.answers.setdefault("/api/health", (200, {"status": "healthy"}))
    return smoke.check(f"{deployed.url}/api/", healthy_seconds_max=0.1)


def test_nothing_is_wrong_with_what_answers_as_it_should(deployed: Deployed) -> None:
    assert _check(deployed) == []


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("/health", (503, {"status": "unhealthy", "database": "disconnected"}), "GET /health is not healthy"),
        ("/health", (200, {"status": "unhealthy"}), "GET /health is not healthy"),
        ("/openapi.json", (200, {"message": "hello"}), "GET /openapi.json"),
        (smoke.UNKNOWN_PATH, (403, {"message": "Missing Authentication Token"}), "An unknown path is answered 403"),
        (smoke.UNKNOWN_PATH, (404, {"message": "no"}), "An unknown path is answered 404"),
        (smoke.GUARDED_PATH, (200, {"data": []}), "A call without credentials is answered 200"),
    ],
)
def test_a_wrong_answer_is_told(deployed: Deployed, path: str, answer: tuple[int, Any], said: str) -> None:
    deployed.answers[f"/api{path}"] = answer
    (wrong,) = _check(deployed)
    assert wrong.startswith(said)


def test_no_answer_is_told() -> None:
    (wrong,) = smoke.check("http://127.0.0.1:9", healthy_seconds_max=0.1)
    assert "no answer" in wrong


def test_an_address_is_one() -> None:
    with pytest.raises(UsageError, match="begins with https://"):
        smoke.check("ftp://example.com")
