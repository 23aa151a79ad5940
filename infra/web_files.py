"""The files of a site in its bucket: each with its type, and with how long it may be kept."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from pathlib import Path
from typing import Any

YEAR_SECONDS = 365 * 24 * 3600
SDK = "checkout.js"  # merchants' pages load it by this name for years
SDK_SECONDS = 300
# A build tool's name for a file whose content never changes: index-B3xq9Zk1.js
HASHED = re.compile(r"-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def folder_of(site: Path) -> Path | None:
    """What is served of a site: what was built, or the files that need no building; None if there is neither."""
    return next((site / name for name in ("dist", "public") if (site / name).is_dir()), None)


def content_type(name: str) -> str:
    return TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def cache_control(name: str) -> str:
    if name == SDK:
        return f"public, max-age={SDK_SECONDS}"
    if HASHED.search(name) and not name.endswith(".html"):
        return f"public, max-age={YEAR_SECONDS}, immutable"
    return "no-cache"


def upload(s3: Any, bucket: str, folder: Path) -> list[str]:
    """Puts what is new or other than in the bucket, pages last, so that none asks for a file that is not there yet.
    What the folder has no more stays: a page that somebody has open still asks for it. Returns the names."""
    there = {
        one["Key"]: one["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for one in page.get("Contents", [])
    }
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    put = []
    for name in sorted(files, key=lambda name: (name.endswith(".html"), name)):
        content = files[name].read_bytes()
        if there.get(name) == hashlib.md5(content, usedforsecurity=False).hexdigest():
            continue
        s3.put_object(
            Bucket=bucket,
            Key=name,
            Body=content,
            ContentType=content_type(name),
            CacheControl=cache_control(name),
        )
        put.append(name)
    return put


def empty(s3: Any, bucket: str) -> int:
    """Deletes every version of every object. Returns how many there were."""
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        if found:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
            count += len(found)
    return count
