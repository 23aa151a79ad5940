"""Builds what is deployed: one bundle for all functions, and plain CloudFormation templates.

    python -m infra.build STAGE [FOLDER]

Chalice packages; what `infra.application` says is laid over its template; the result is translated from AWS's
serverless macros here, by the same library that AWS runs, so that what is linted and rehearsed is what is applied.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import importlib.util
import json
import logging
import marshal
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from infra import application, stages
from infra.stages import Stage, StageError

ROOT = Path(__file__).resolve().parent.parent
PAGES = tuple(f"functions/chalicelib/pages/{page}.html" for page in ("checkout", "bank"))
BUILD_SECONDS_MAX = 300  # pip may have to download every wheel
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same contents are the same bytes, and so the same name
PYC_SOURCE_UNCHECKED = (0b01).to_bytes(4, "little")  # PEP 552: a hash stands for the source, and nobody compares it
NOT_SHIPPED = ("*.pyc", "__pycache__", "deployments", "deployed")
# What libraries bring along and no function loads.
UNUSED = ("tests/", "testing/", ".pyi", ".h", ".c", ".pyx", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
# These look their own version up, for which Python loads 35 modules, a tenth of a cold start.
VERSIONS = ("psycopg/version.py", "psycopg_binary/version.py")
MIGRATE = (application.MIGRATE, f"{application.MIGRATE}Role", f"{application.MIGRATE}Logs")


class BuildError(Exception):
    """The message says what did not work, with what the tool printed."""


@dataclass(frozen=True, kw_only=True)
class Built:
    bundle: Path
    template: Path
    migrate_template: Path

    @classmethod
    def of(cls, folder: Path) -> Built:
        """What is, or will be, in this folder."""
        return cls(
            bundle=folder / "bundle.zip",
            template=folder / "application.json",
            migrate_template=folder / "migrate.json",
        )


def build(stage: Stage, folder: Path) -> Built:
    """Makes everything anew in `folder`. Raises BuildError."""
    for page in PAGES:
        if not (ROOT / page).is_file():
            raise BuildError(f"{page} was not built: `make deploy` does that first, and so does `make web`.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sam = package(stage, folder)
    built = Built.of(folder)
    pack(folder / "out" / "deployment.zip", built.bundle)
    whole, migrate = split(published(sam, digest(built.bundle)))
    for path, template in ((built.template, whole), (built.migrate_template, migrate)):
        path.write_text(json.dumps(translate(template, stage.region), indent=1, sort_keys=True))
    return built


def package(stage: Stage, folder: Path) -> dict[str, Any]:
    """What `chalice package` makes of a copy of the handlers, with our part laid over it."""
    project = folder / "functions"
    # A copy, because Chalice writes into its project; links are followed, so it holds the domain package itself.
    shutil.copytree(ROOT / "functions", project, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
    (project / ".chalice" / "config.json").write_text(json.dumps(_chalice_config(stage)))
    (folder / "extension.json").write_text(json.dumps(application.extension(stage)))
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", stage.name]
    command += ["--merge-template", str(folder / "extension.json"), str(folder / "out")]
    try:
        ended = subprocess.run(
            command,
            cwd=project,
            env={**os.environ, "AWS_DEFAULT_REGION": stage.region},
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"chalice package took more than {BUILD_SECONDS_MAX} s") from None
    if ended.returncode != 0:
        raise BuildError(f"chalice package failed:\n{ended.stdout}{ended.stderr}")
    template: dict[str, Any] = json.loads((folder / "out" / "sam.json").read_text())
    return template


def _chalice_config(stage: Stage) -> dict[str, Any]:
    nobody = "arn:aws:iam::000000000000:role/every-function-has-its-own"
    settings = {"api_gateway_stage": application.API_STAGE, "manage_iam_role": False, "iam_role_arn": nobody}
    return {"version": "2.0", "app_name": stage.app, "stages": {stage.name: settings}}


def published(sam: dict[str, Any], bundle: str) -> dict[str, Any]:
    """Another bundle, or another setting, is another version of a function behind an alias.

    Where the bundle is told by a parameter SAM would not notice, and the alias would serve old code for ever.
    """
    changed = copy.deepcopy(sam)
    for resource in changed["Resources"].values():
        properties = resource.get("Properties", {})
        if "AutoPublishAlias" in properties:
            told = json.dumps([bundle, properties], sort_keys=True)
            properties["AutoPublishCodeSha256"] = hashlib.sha256(told.encode()).hexdigest()
    return changed


def split(sam: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The application, and the function that migrates, which is deployed and run before it."""
    apart = {name: sam["Resources"].pop(name) for name in MIGRATE}
    named = {"Outputs": {"FunctionName": {"Value": {"Ref": application.MIGRATE}}}, "Resources": apart}
    migrate = {key: value for key, value in sam.items() if key not in named} | named
    for template in (sam, migrate):
        used = json.dumps(template["Resources"])
        known = template["Parameters"]
        template["Parameters"] = {name: known[name] for name in known if f'"{name}"' in used}
    return sam, migrate


def translate(sam: dict[str, Any], region: str) -> dict[str, Any]:
    """Plain CloudFormation."""
    os.environ.setdefault("AWS_DEFAULT_REGION", region)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it tells of its own metrics and feature switches
    from samtranslator.translator.transform import transform

    class NoManagedPolicies:
        """Roles are ours: the translator need not look any policy up."""

        def load(self) -> dict[str, str]:
            return {}

    template: dict[str, Any] = transform(sam, {}, NoManagedPolicies())
    return template


def pack(chalices: Path, bundle: Path) -> None:
    """Chalice's zip again, but small, with bytecode, and byte for byte the same whenever its contents are.

    A function's folder is read-only: without bytecode in it, every cold start would compile every module anew.
    """
    with ZipFile(chalices) as source:
        files = {name: source.read(name) for name in source.namelist() if not name.endswith("/") and _shipped(name)}
    files |= {name: told for name in VERSIONS if (told := _version(name, files)) is not None}
    for name in [name for name in files if name.endswith(".py")]:
        compiled = _compiled(name, files[name])
        if compiled is not None:
            files[_cached(name)] = compiled
    with ZipFile(bundle, "w", ZIP_DEFLATED, compresslevel=9) as target:
        for name in sorted(files):
            info = ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = ZIP_DEFLATED
            target.writestr(info, files[name])


def _version(name: str, files: Mapping[str, bytes]) -> bytes | None:
    """The library's file that tells its version, with the version written down."""
    library = name.partition("/")[0]
    found = {re.fullmatch(rf"{library}-([^/-]+)\.dist-info/METADATA", file) for file in files} - {None}
    if name not in files or len(found) != 1:
        return None
    (match,) = found
    assert match is not None
    return f'__version__ = "{match[1]}"\n'.encode()


def _shipped(name: str) -> bool:
    library = not name.startswith(("chalicelib/", "shared/"))
    return not (library and (name.endswith(UNUSED[2:]) or any(f"/{part}" in name for part in UNUSED[:2])))


def _cached(name: str) -> str:
    folder, _, file = name.rpartition("/")
    cached = f"__pycache__/{file.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
    return f"{folder}/{cached}" if folder else cached


def _compiled(name: str, source: bytes) -> bytes | None:
    try:
        code = compile(source, f"/var/task/{name}", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):  # a library's template for code, or one for a newer Python
        return None
    return importlib.util.MAGIC_NUMBER + PYC_SOURCE_UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)


def digest(path: Path) -> str:
    """What a file of these contents is called."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.build", description="Builds the bundle and the templates.")
    parser.add_argument("stage", help="one of infra/stages.toml")
    parser.add_argument("folder", nargs="?", type=Path, help="made anew; .build/aws/STAGE by default")
    parser.add_argument("--stages", type=Path, default=stages.STAGES, help="another file of stage settings")
    asked = parser.parse_args()
    try:
        stage = stages.load(asked.stage, file=asked.stages)
        built = build(stage, asked.folder or ROOT / ".build" / "aws" / stage.name)
    except (StageError, BuildError) as error:
        print(error, file=sys.stderr)
        return 1
    for path in (built.bundle, built.template, built.migrate_template):
        print(f"{path}  {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
