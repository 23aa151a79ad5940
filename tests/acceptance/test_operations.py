"""What machines look at: health, the test endpoints, and the document that describes the rest."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.acceptance.client import Caller, Deployment, Merchant


def test_a_gateway_that_works_is_healthy(payer: Caller) -> None:
    health = payer.get("/health")
    parts = {name: health[name] for name in ("status", "database", "redis", "worker")}
    assert parts == {"status": "healthy", "database": "connected", "redis": "connected", "worker": "running"}
    assert abs(datetime.fromisoformat(health["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_test_merchant_is_told_to_whoever_asks(payer: Caller) -> None:
    merchant = payer.get("/test/merchant")
    assert merchant == {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "email": "test@example.com",
        "api_key": merchant["api_key"],
        "seeded": True,
    }


def test_the_jobs_are_counted_and_no_more_is_told(payer: Caller, merchant: Merchant) -> None:
    before = payer.get("/test/jobs/status")
    assert set(before) == {"pending", "processing", "completed", "failed", "worker_status"}
    assert before["worker_status"] == "running"
    merchant.paid()
    merchant.deployment.until(
        lambda: payer.get("/test/jobs/status")["completed"] > before["completed"], "a job more is done"
    )


def test_the_document_is_valid_and_open_to_everybody(deployment: Deployment, payer: Caller) -> None:
    OpenAPIV31SpecValidator(payer.get("/openapi.json")).validate()
    described = {(method.upper(), path) for path, methods in deployment.document["paths"].items() for method in methods}
    assert described >= {
        ("GET", "/health"),
        ("POST", "/api/v1/orders"),
        ("GET", "/api/v1/orders"),
        ("GET", "/api/v1/orders/{order_id}"),
        ("GET", "/api/v1/orders/{order_id}/public"),
        ("POST", "/api/v1/payments"),
        ("POST", "/api/v1/payments/public"),
        ("GET", "/api/v1/payments"),
        ("GET", "/api/v1/payments/{payment_id}"),
        ("GET", "/api/v1/payments/{payment_id}/public"),
        ("POST", "/api/v1/payments/{payment_id}/capture"),
        ("POST", "/api/v1/payments/{payment_id}/refunds"),
        ("GET", "/api/v1/refunds"),
        ("GET", "/api/v1/refunds/{refund_id}"),
        ("GET", "/api/v1/webhooks"),
        ("POST", "/api/v1/webhooks/{webhook_id}/retry"),
        ("GET", "/api/v1/merchants/me"),
        ("PUT", "/api/v1/merchants/me"),
        ("GET", "/api/v1/test/merchant"),
        ("GET", "/api/v1/test/jobs/status"),
    }


def test_this_suite_knows_the_gateway_by_http_alone() -> None:
    """So that it may judge any deployment. The fixtures that start one are the exception."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                allowed = ("tests.acceptance", "tests.receiver", "tests.live_gateway")
                ours = ("shared", "functions", "chalicelib", "local", "app", "tests", "psycopg", "redis")
                assert name.split(".")[0] not in ours or name.startswith(allowed), f"{path.name} imports {name}"
