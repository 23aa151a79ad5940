"""The files of a site in its bucket: each with its type, and with how long it may be kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared import site_files

# What CloudFront shows where a site without a page of its own has no file.
NOT_FOUND = "404.json"
NOT_FOUND_BODY = json.dumps({"error": {"code": "NOT_FOUND_ERROR", "description": "There is no such path"}}).encode()


def folder_of(site: Path) -> Path | None:
    """What was built of a site; None if nothing was."""
    return site / "dist" if (site / "dist").is_dir() else None


def never_changes(name: str) -> bool:
    return site_files.cache_control(name).endswith("immutable")


def upload(s3: Any, bucket: str, folder: Path, *, only: Callable[[str], bool] = lambda _: True) -> list[str]:
    """Puts what is new or other than in the bucket, pages last, so that none asks for a file that is not there yet.
    What the folder has no more stays: a page that somebody has open still asks for it. Returns the names."""
    there = {
        one["Key"]: one["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for one in page.get("Contents", [])
    }
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if "index.html" not in files:
        files[NOT_FOUND] = NOT_FOUND_BODY
    put = []
    for name in sorted(filter(only, files), key=lambda name: (name.endswith(".html"), name)):
        content = files[name]
        if there.get(name) == hashlib.md5(content, usedforsecurity=False).hexdigest():
            continue
        s3.put_object(
            Bucket=bucket,
            Key=name,
            Body=content,
            ContentType=site_files.content_type(name),
            CacheControl=site_files.cache_control(name),
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
