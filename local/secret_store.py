"""The secrets of this machine's gateway: made at its first start, the same ever after."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError

FILE_NAME = "secrets.json"


@dataclass(frozen=True, kw_only=True)
class SecretStore:
    jwt_secret: str
    encryption_key: str  # 32 bytes, base64url
    postgres_password: str
    redis_password: str

    @classmethod
    def open(cls, home: Path) -> "SecretStore":
        """Read them from the data folder, making the ones that are missing."""
        path = home / FILE_NAME
        kept = _read(path)
        made = {
            "JWT_SECRET": secrets.token_urlsafe(32),
            "ENCRYPTION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "POSTGRES_PASSWORD": secrets.token_urlsafe(32),
            "REDIS_PASSWORD": secrets.token_urlsafe(32),
        }
        if made.keys() - kept.keys():
            _write(path, {**made, **kept})
        known = {**made, **kept}
        return cls(
            jwt_secret=known["JWT_SECRET"],
            encryption_key=known["ENCRYPTION_KEY"],
            postgres_password=known["POSTGRES_PASSWORD"],
            redis_password=known["REDIS_PASSWORD"],
        )

    def environment(self) -> dict[str, str]:
        """The ones that the gateway's processes read themselves."""
        return {"JWT_SECRET": self.jwt_secret, "ENCRYPTION_KEY": self.encryption_key}


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text())
    except ValueError:
        kept = None
    if not isinstance(kept, dict) or not all(isinstance(secret, str) and secret for secret in kept.values()):
        # Making new ones would lock us out of everything encrypted with the old.
        raise LocalError(f"{path} is damaged; restore it, or remove the whole folder to start anew.")
    return kept


def _write(path: Path, known: dict[str, str]) -> None:
    # Written beside its place and moved there: a crash leaves the old file or the new one, never half of one.
    new = path.with_suffix(".new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(fd, "w") as file:
        json.dump(known, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
