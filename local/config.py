"""What the local harness reads from the environment, and the environment it gives to the processes it starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError

ROOT = Path(__file__).resolve().parent.parent

PORT_MAX = 65535

# Where receivers of webhooks are while one works on them: this machine and private networks.
LOCAL_NETWORKS = "127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"


@dataclass(frozen=True, kw_only=True)
class LocalConfig:
    home: Path  # where the embedded servers keep their data
    api_port: int
    dashboard_port: int
    dashboard_second_port: int
    checkout_port: int
    merchant_port: int
    database_url: str | None  # None: we run a Postgres ourselves
    redis_url: str | None  # None: we run a Redis ourselves
    environment: Mapping[str, str]  # as it was given

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> "LocalConfig":
        """Raises LocalError that names the variable when one is malformed. An empty variable counts as not set."""
        environment = dict(os.environ if env is None else env)
        env = {name: value for name, value in environment.items() if value.strip()}
        ports = {
            "API_PORT": _port(env, "API_PORT", _port(env, "PORT", 8000)),
            "DASHBOARD_PORT": _port(env, "DASHBOARD_PORT", 3000),
            "DASHBOARD_SECOND_PORT": _port(env, "DASHBOARD_SECOND_PORT", 3002),
            "CHECKOUT_PORT": _port(env, "CHECKOUT_PORT", 3001),
            "MERCHANT_PORT": _port(env, "MERCHANT_PORT", 4000),
        }
        _refuse_twins(ports)
        return cls(
            home=Path(env.get("GATEWAY_HOME", ROOT / ".gateway")).expanduser().absolute(),
            api_port=ports["API_PORT"],
            dashboard_port=ports["DASHBOARD_PORT"],
            dashboard_second_port=ports["DASHBOARD_SECOND_PORT"],
            checkout_port=ports["CHECKOUT_PORT"],
            merchant_port=ports["MERCHANT_PORT"],
            database_url=env.get("DATABASE_URL"),
            redis_url=env.get("REDIS_URL"),
            environment=environment,
        )

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def dashboard_url(self) -> str:
        return f"http://127.0.0.1:{self.dashboard_port}"

    @property
    def checkout_url(self) -> str:
        return f"http://127.0.0.1:{self.checkout_port}"

    @property
    def merchant_url(self) -> str:
        return f"http://127.0.0.1:{self.merchant_port}"

    @property
    def checkout_public_url(self) -> str:
        """Where a browser finds the checkout; a tunnel or another machine's name may be given instead."""
        given = self.environment.get("CHECKOUT_PUBLIC_URL", "").strip()
        return given or f"http://localhost:{self.checkout_port}"

    @property
    def production(self) -> bool:
        return self.environment.get("APP_ENV") == "production"

    def port_of(self, variable: str) -> int:
        """The port that `variable` names."""
        return {
            "API_PORT": self.api_port,
            "DASHBOARD_PORT": self.dashboard_port,
            "DASHBOARD_SECOND_PORT": self.dashboard_second_port,
            "CHECKOUT_PORT": self.checkout_port,
            "MERCHANT_PORT": self.merchant_port,
        }[variable]

    def child_environment(self, *, database_url: str, redis_url: str, secrets: Mapping[str, str]) -> dict[str, str]:
        """Ours for every child: what was given to us passes through, and wins over generated secrets and defaults."""
        paths = [str(ROOT), str(ROOT / "functions"), self.environment.get("PYTHONPATH", "")]
        defaults = dict(secrets) if self.production else {"OUTBOUND_ALLOWED_NETWORKS": LOCAL_NETWORKS, **secrets}
        return {
            **self.environment,
            **{name: value for name, value in defaults.items() if not self.environment.get(name, "").strip()},
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PORT": str(self.api_port),
            "API_PORT": str(self.api_port),
            "API_URL": self.api_url,
            "DASHBOARD_PORT": str(self.dashboard_port),
            "DASHBOARD_SECOND_PORT": str(self.dashboard_second_port),
            "CHECKOUT_PORT": str(self.checkout_port),
            "CHECKOUT_PUBLIC_URL": self.checkout_public_url,
            "MERCHANT_PORT": str(self.merchant_port),
            "LOG_FORMAT": self.environment.get("LOG_FORMAT", "").strip() or "text",  # a person reads it
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "PYTHONUNBUFFERED": "1",  # a line of the log is seen when it is written
        }


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= PORT_MAX):
        raise LocalError(f"{name} must be a port number from 1 to {PORT_MAX}, but it is '{text}'.")
    return int(text)


def _refuse_twins(ports: Mapping[str, int]) -> None:
    names: dict[int, str] = {}
    for name, port in ports.items():
        if port in names:
            raise LocalError(f"{names[port]} and {name} are both {port}; give one of them another port.")
        names[port] = name
