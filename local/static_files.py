"""The files of a built site, in memory: read, hashed and compressed once, when the process starts.

A request names a key of a dictionary and nothing on the disk, so no path leads anywhere else.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.api_gateway import HttpAnswer
from shared import site_files

GZIP_LEVEL = 9
# Smaller ones fit a packet anyway.
GZIP_BYTES_MIN = 512
# What is not compressed already.
GZIP_TYPES = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
FILE = "static file"  # the route in metrics and logs: names change with each build


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    body: bytes
    headers: Mapping[str, str]
    zipped: bytes | None
    etag: str
    zipped_etag: str


class StaticFiles:
    """Those of `folder`; none if it is not there. `headers` says what goes with a file of a name."""

    def __init__(
        self,
        folder: Path,
        *,
        headers: Callable[[str], dict[str, str]] = site_files.headers,
        more_headers: Mapping[str, str] | None = None,
    ) -> None:
        self._files = {
            "/" + name: _read(path, headers(name) | dict(more_headers or {}))
            for path in (sorted(folder.rglob("*")) if folder.is_dir() else ())
            if path.is_file()
            for name in (path.relative_to(folder).as_posix(),)
        }

    @property
    def paths(self) -> list[str]:
        return list(self._files)

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def answer(self, path: str, sent: Mapping[str, str]) -> HttpAnswer:
        """To a GET; `path` is one that is there, and `sent` are the request's headers in lower case."""
        file = self._files[path]
        zipped = file.zipped is not None and _takes_gzip(sent.get("accept-encoding", ""))
        etag = file.zipped_etag if zipped else file.etag
        headers = {**file.headers, "ETag": etag}
        if file.zipped is not None:
            headers["Vary"] = "Accept-Encoding"
        if _is_known(etag, sent.get("if-none-match", "")):
            return HttpAnswer(304, headers, b"", FILE)
        if zipped:
            headers["Content-Encoding"] = "gzip"
        body = file.zipped if zipped else file.body
        assert body is not None, "what is answered zipped has been zipped"
        return HttpAnswer(200, headers, body, FILE)


def _read(path: Path, headers: Mapping[str, str]) -> _File:
    body = path.read_bytes()
    zipped = None
    if len(body) >= GZIP_BYTES_MIN and headers["Content-Type"].startswith(GZIP_TYPES):
        zipped = gzip.compress(body, GZIP_LEVEL, mtime=0)  # the same bytes at every start
    digest = hashlib.sha256(body).hexdigest()[:32]
    # Two tags, as a tag names the bytes that are sent.
    return _File(body=body, headers=headers, zipped=zipped, etag=f'"{digest}"', zipped_etag=f'"{digest}-gzip"')


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _is_known(etag: str, known: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return etag in tags or "*" in tags
