"""How long a site's files may be kept, and where they are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra import web_files
from shared import site_files
from tests.aws import REGION, Cloud

SOON = "public, max-age=300"
FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("index.html", "no-cache"),
        ("assets/index-B3xq9Zk1.js", FOREVER),
        ("assets/index-B3xq9Zk1.js.map", FOREVER),
        ("assets/page-B3xq9Zk1.html", "no-cache"),
        ("checkout.js", SOON),
        ("checkout.mjs", SOON),
        ("checkout.d.ts", SOON),
        ("sdk.json", SOON),
        ("checkout-1.0.0-3fa94c0b.js", FOREVER),
        ("404.json", "no-cache"),
        ("favicon.svg", "no-cache"),
        ("dark-mode.css", "no-cache"),
    ],
)
def test_only_what_its_name_says_never_changes_is_kept_for_long(name: str, kept: str) -> None:
    assert site_files.cache_control(name) == kept
    assert web_files.never_changes(name) == (kept == FOREVER)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.d.ts", "text/plain; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a", "application/octet-stream"),
    ],
)
def test_a_file_is_served_as_what_it_is(name: str, kind: str) -> None:
    assert site_files.content_type(name) == kind


def test_a_site_is_what_was_built_of_it(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    assert web_files.folder_of(tmp_path) is None
    (tmp_path / "dist").mkdir()
    assert web_files.folder_of(tmp_path) == tmp_path / "dist"


def test_pages_are_uploaded_after_what_they_ask_for(aws: Cloud, tmp_path: Path) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="site", CreateBucketConfiguration={"LocationConstraint": REGION})
    (tmp_path / "sub").mkdir()
    for name in ("index.html", "a.html", "z.js", "sub/b.css"):
        (tmp_path / name).write_text("1")
    assert web_files.upload(s3, "site", tmp_path) == ["sub/b.css", "z.js", "a.html", "index.html"]
    (tmp_path / "z.js").write_text("2")
    assert web_files.upload(s3, "site", tmp_path) == ["z.js"]


def test_a_site_without_a_page_says_what_is_not_there(aws: Cloud, tmp_path: Path) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bare", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("checkout.js", "a-B3xq9Zk1.js"):
        (tmp_path / name).write_text("1")
    assert web_files.upload(s3, "bare", tmp_path, only=web_files.never_changes) == ["a-B3xq9Zk1.js"]
    assert web_files.upload(s3, "bare", tmp_path) == ["404.json", "checkout.js"]
    told = s3.get_object(Bucket="bare", Key="404.json")
    with told["Body"] as body:
        assert json.loads(body.read())["error"]["code"] == "NOT_FOUND_ERROR"
    assert (told["ContentType"], told["CacheControl"]) == ("application/json", "no-cache")
