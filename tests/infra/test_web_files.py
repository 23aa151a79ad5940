"""How long a site's files may be kept, and where they are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import web_files
from tests.aws import REGION, Cloud

FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("index.html", "no-cache"),
        ("assets/index-B3xq9Zk1.js", FOREVER),
        ("assets/index-B3xq9Zk1.js.map", FOREVER),
        ("assets/page-B3xq9Zk1.html", "no-cache"),
        ("checkout.js", "public, max-age=300"),
        ("favicon.svg", "no-cache"),
        ("dark-mode.css", "no-cache"),
    ],
)
def test_only_what_its_name_says_never_changes_is_kept_for_long(name: str, kept: str) -> None:
    assert web_files.cache_control(name) == kept


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a", "application/octet-stream"),
    ],
)
def test_a_file_is_served_as_what_it_is(name: str, kind: str) -> None:
    assert web_files.content_type(name) == kind


def test_what_was_built_comes_before_what_was_written(tmp_path: Path) -> None:
    assert web_files.folder_of(tmp_path) is None
    (tmp_path / "public").mkdir()
    assert web_files.folder_of(tmp_path) == tmp_path / "public"
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
