"""AWS's Python runtime in a folder: the runtime client and boto3, and nothing else of ours."""

from __future__ import annotations

import compileall
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from local.config import ROOT
from local.errors import LocalError

PINS = ROOT / "requirements-dev.txt"
HOLDS = ("awslambdaric", "boto3")


def runtime_folder(builds: Path) -> Path:
    """The folder, made in `builds` (.build) if it is not there yet for these versions and this Python."""
    pinned = [_pinned(name) for name in HOLDS]
    version = f"py{sys.version_info.major}.{sys.version_info.minor}"
    folder = builds / "-".join(["lambda-runtime", version, *(pin.replace("==", "-") for pin in pinned)])
    if folder.is_dir():
        return folder
    if importlib.util.find_spec("pip") is None:
        raise LocalError(f"{sys.executable} has no pip, which installs AWS's runtime client; run make test.")
    builds.mkdir(parents=True, exist_ok=True)
    # Under another name until it is whole: whoever is broken off leaves nothing that looks finished.
    with tempfile.TemporaryDirectory(dir=builds, prefix="lambda-runtime-") as scratch:
        made = Path(scratch) / "runtime"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        options = ["--target", str(made), "--constraint", str(PINS)]
        installed = subprocess.run([*command, *options, *pinned], stderr=subprocess.PIPE, text=True, check=False)
        if installed.returncode != 0:
            raise LocalError(f"pip could not install {' and '.join(pinned)}: {installed.stderr.strip()}")
        shutil.rmtree(made / "bin", ignore_errors=True)
        compileall.compile_dir(str(made), quiet=2)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else somebody else made it meanwhile
                raise
    return folder


def _pinned(name: str) -> str:
    found = re.search(rf"^{name}==\S+$", PINS.read_text(), re.MULTILINE)
    if found is None:
        raise LocalError(f"{PINS.name} pins no version of {name}.")
    return found[0]
