"""Whom a call is from that a site's distribution hands on: API Gateway itself only sees CloudFront's own addresses."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any

# Both are set by the distribution, over whatever the browser sent. CloudFront keeps names with X-Edge for itself.
ADDRESS = "x-viewer-address"
PROOF = "x-distribution-secret"


def put_address(event: dict[str, Any], secret: str | None) -> None:
    """Makes the viewer's address the event's, if it comes with the secret that only the distributions know."""
    told = {name.lower(): value for name, value in (event["headers"] or {}).items()}
    address, proof = told.get(ADDRESS), told.get(PROOF)
    if not secret or not address or not proof or not hmac.compare_digest(proof.encode(), secret.encode()):
        return
    try:
        event["requestContext"]["identity"]["sourceIp"] = str(ipaddress.ip_address(address))
    except ValueError:
        return
