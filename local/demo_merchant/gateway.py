"""The payment gateway as the shop sees it: a few HTTP calls, made from the server with the secret key."""

from collections.abc import Callable
from typing import Any

import requests

CONNECT_SECONDS_MAX = 2
READ_SECONDS_MAX = 5
# A call that moves money carries an idempotency key, so asking again after a lost answer is safe.
TRIES_MAX = 2


class Unavailable(Exception):
    """The gateway did not answer, or not with an answer that can be read. Trying later may help."""


class Refused(Exception):
    """The gateway understood and said no: `code` is for programs, the message for people."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code


class Gateway:
    """Every call returns the gateway's JSON object, or raises `Unavailable` or `Refused`."""

    def __init__(self, *, api_url: str, api_key: str, api_secret: str) -> None:
        self.api_url = api_url
        self._session = requests.Session()
        # A proxy of the machine would be asked to fetch 127.0.0.1 from its own side.
        self._session.trust_env = False
        self._session.headers.update({"X-Api-Key": api_key, "X-Api-Secret": api_secret})

    def merchant(self) -> dict[str, Any]:
        return self._call("GET", "/api/v1/merchants/me")

    def set_webhook_url(self, webhook_url: str) -> dict[str, Any]:
        return self._call("PUT", "/api/v1/merchants/me", body={"webhook_url": webhook_url})

    def create_order(self, *, amount: int, currency: str, receipt: str) -> dict[str, Any]:
        """`amount` in minor units; `receipt` is the shop's own name for the order and its idempotency key."""
        body = {"amount": amount, "currency": currency, "receipt": receipt}
        return self._create("/api/v1/orders", body, idempotency_key=receipt)

    def order(self, order_id: str) -> dict[str, Any]:
        return self._call("GET", f"/api/v1/orders/{order_id}")

    def payment(self, payment_id: str) -> dict[str, Any]:
        return self._call("GET", f"/api/v1/payments/{payment_id}")

    def _create(self, path: str, body: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        def once() -> dict[str, Any]:
            return self._call("POST", path, body=body, headers={"Idempotency-Key": idempotency_key})

        created = _again_if_unavailable(once)
        if not isinstance(created.get("id"), str):
            raise Unavailable(f"POST {path} answered without an id.")
        return created

    def _call(
        self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            response = self._session.request(
                method,
                self.api_url + path,
                json=body,
                headers=headers,
                timeout=(CONNECT_SECONDS_MAX, READ_SECONDS_MAX),
                allow_redirects=False,  # the secret goes to API_URL and nowhere else
            )
            answer = response.json()
        except requests.RequestException as error:
            raise Unavailable(f"{method} {path} got no readable answer.") from error
        if response.ok and isinstance(answer, dict) and not response.is_redirect:
            return answer
        if 400 <= response.status_code < 500 and response.status_code != 429:
            raise _refusal(response.status_code, answer)
        raise Unavailable(f"{method} {path} answered {response.status_code}.")


def _again_if_unavailable(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    for _ in range(TRIES_MAX - 1):
        try:
            return call()
        except Unavailable:
            continue
    return call()


def _refusal(status: int, answer: Any) -> Refused:
    error = answer.get("error") if isinstance(answer, dict) else None
    error = error if isinstance(error, dict) else {}
    code, description = error.get("code"), error.get("description")
    return Refused(
        status,
        code if isinstance(code, str) else "BAD_REQUEST_ERROR",
        description if isinstance(description, str) else f"The request was refused with status {status}.",
    )
