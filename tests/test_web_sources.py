"""The sites' own tests, in JavaScript, as a part of these."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS_MAX = 300


@pytest.mark.parametrize("site", ["checkout", "dashboard"])
def test_a_sites_own_tests_pass(root: Path, site: str) -> None:
    npm = shutil.which("npm")
    if npm is None or not (root / site / "node_modules").is_dir():
        pytest.skip(f"what {site}/ is built with is not installed: `make test` installs it")
    ran = subprocess.run(
        [npm, "test", "--silent"],
        cwd=root / site,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
