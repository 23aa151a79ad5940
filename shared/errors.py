"""Every refusal a caller may see, on one page.

    GatewayError
    ├── AuthenticationError      401
    ├── BadRequest               400
    │   ├── InvalidVpa           400
    │   ├── InvalidCard          400
    │   └── ExpiredCard          400
    ├── Forbidden                403
    ├── NotFound                 404
    ├── MethodNotAllowed         405
    ├── Conflict                 409
    ├── TooLarge                 413
    ├── UnsupportedMediaType     415
    ├── Unprocessable            422
    ├── TooManyRequests          429
    └── Unavailable              503

A decline by a bank is an outcome, not an error, and is not here. `code` and `reason` are for programs and
never change; `description` is for the person who reads it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class GatewayError(Exception):
    """A refused request. `status` is the HTTP status it is answered with."""

    code: ClassVar[str] = "BAD_REQUEST_ERROR"
    status: ClassVar[int] = 400

    def __init__(self, description: str, *, field: str | None = None, reason: str | None = None, **more: Any) -> None:
        super().__init__(description)
        self.description = description
        self.field = field
        self.reason = reason
        self.more = more

    def as_dict(self) -> dict[str, Any]:
        """The `error` member of the answer, without the request's id."""
        error: dict[str, Any] = {"code": self.code, "description": self.description}
        if self.field is not None:
            error["field"] = self.field
        if self.reason is not None:
            error["reason"] = self.reason
        return error | self.more


class AuthenticationError(GatewayError):
    code = "AUTHENTICATION_ERROR"
    status = 401


class BadRequest(GatewayError):
    pass


class InvalidVpa(BadRequest):
    code = "INVALID_VPA"


class InvalidCard(BadRequest):
    code = "INVALID_CARD"


class ExpiredCard(BadRequest):
    code = "EXPIRED_CARD"


class Forbidden(GatewayError):
    code = "FORBIDDEN_ERROR"
    status = 403


class NotFound(GatewayError):
    code = "NOT_FOUND_ERROR"
    status = 404


class MethodNotAllowed(GatewayError):
    status = 405


class Conflict(GatewayError):
    status = 409


class TooLarge(GatewayError):
    status = 413


class UnsupportedMediaType(GatewayError):
    status = 415


class Unprocessable(GatewayError):
    status = 422


class TooManyRequests(GatewayError):
    code = "RATE_LIMIT_ERROR"
    status = 429


class Unavailable(GatewayError):
    code = "SERVER_ERROR"
    status = 503
