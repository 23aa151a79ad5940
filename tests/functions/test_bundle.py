"""The deployment bundle as Chalice makes it: what is in it, and that every handler starts from nothing else."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from shared.jobs import HANDLER_SECONDS_MAX

BUILD_SECONDS_MAX = 180  # pip may have to download every wheel; with a warm cache it takes ten
ZIPPED_BYTES_MAX = 15 * 1000 * 1000
IMPORT_MS_AIM = 250
STARTS = 5
# What only the machine of a developer has, and boto3, which a Lambda has but only a sender of messages should load.
NOT_AT_START = {"boto3", "botocore", "redis", "rq", "granian", "local", "urllib3", "yoyo"}
# What handlers load when they are first called.
LOADED_LATER = ("chalicelib.sqs.SqsQueue", "shared.connectors.simulator.SimulatedBank")

# What a Lambda's handlers run on; the environment is the least that a stage must set.
RUNTIME = """
import sys
sys.path.insert(0, sys.argv[1])
from chalicelib import runtime
print(type(runtime.current().queue).__name__)
"""
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@localhost/nothing",
    "JWT_SECRET": "j" * 32,
    "ENCRYPTION_KEY": "k" * 43 + "=",
}

# Imports a handler as Lambda does, by its name in the template, and tells what that took.
START = """
import importlib, sys, time
folder, name = sys.argv[1:]
sys.path.insert(0, folder)
module, _, function = name.rpartition(".")
began, began_cpu = time.perf_counter(), time.process_time()
handler = getattr(importlib.import_module(module), function)
ms, cpu_ms = (time.perf_counter() - began) * 1000, (time.process_time() - began_cpu) * 1000
import json
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
print(json.dumps({"ms": ms, "cpu_ms": cpu_ms, "callable": callable(handler), "path": sys.path, "files": files}))
"""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What `chalice package` left: the template, and the zip of all handlers, unpacked."""

    template: dict[str, Any]
    zipped_bytes: int
    folder: Path
    files: frozenset[str]

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of every Lambda by the name of its handler."""
        resources = self.template["Resources"].values()
        found = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
        return {properties["Handler"]: properties for properties in found}

    def start(self, handler: str, *options: str) -> dict[str, Any]:
        """Imports a handler and tells what that took."""
        told: dict[str, Any] = json.loads(self.python(START, str(self.folder), handler, options=options))
        return told

    def python(self, code: str, *arguments: str, options: Sequence[str] = ("-B",), **variables: str) -> str:
        """Runs code in an interpreter that sees the standard library and, if the code says so, the bundle."""
        ended = subprocess.run(
            [sys.executable, "-I", "-S", *options, "-c", code, *arguments],
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{arguments[-1]} does not start from the bundle:\n{ended.stderr}"
        return ended.stdout


@pytest.fixture(scope="session")
def bundle(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    # A copy, because Chalice writes into its project; links are followed, so it holds the domain package itself.
    made_here = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
    shutil.copytree(root / "functions", folder / "functions", ignore=made_here)
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("chalice")), "package", str(folder / "out")],
        cwd=folder / "functions",
        env={**os.environ, "AWS_DEFAULT_REGION": "ap-south-1"},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, f"chalice package failed:\n{ended.stdout}{ended.stderr}"
    zipped = folder / "out" / "deployment.zip"
    with ZipFile(zipped) as archive:
        archive.extractall(folder / "unzipped")
        files = frozenset(archive.namelist())
    return Bundle(
        template=json.loads((folder / "out" / "sam.json").read_text()),
        zipped_bytes=zipped.stat().st_size,
        folder=folder / "unzipped",
        files=files,
    )


@pytest.fixture(scope="session")
def starts(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """One start of every handler."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the bundle holds wheels for Linux on x86_64, which this machine cannot load")
    return {handler: bundle.start(handler, "-B") for handler in sorted(bundle.functions)}


@pytest.fixture(scope="session")
def summary(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Adds a line to what pytest says at the end."""
    lines: list[str] = []

    class Section:
        def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
            terminalreporter.section("deployment bundle")
            for line in lines:
                terminalreporter.write_line(line)

    request.config.pluginmanager.register(Section())
    return lines.append


def test_every_handler_starts_from_the_bundle_alone(bundle: Bundle, starts: dict[str, dict[str, Any]]) -> None:
    for handler, told in starts.items():
        assert told["callable"], f"{handler} cannot be called"
        standard = [place for place in told["path"] if place != str(bundle.folder)]
        assert not any("-packages" in place for place in standard), "the interpreter is not isolated"
        homes = (str(bundle.folder), *standard)
        strangers = {name: file for name, file in told["files"].items() if file and not file.startswith(homes)}
        assert not strangers, f"{handler} loads modules that are not in the bundle"


def test_no_handler_loads_what_a_lambda_lacks_or_need_not_wait_for(
    bundle: Bundle, starts: dict[str, dict[str, Any]]
) -> None:
    for name, told in (starts | {name: bundle.start(name, "-B") for name in LOADED_LATER}).items():
        loaded = sorted(NOT_AT_START & {module.partition(".")[0] for module in told["files"]})
        assert not loaded, f"{name} loads what it should not when it is imported"


def test_a_lambda_makes_what_its_handlers_run_on_from_the_bundle_and_its_environment(
    bundle: Bundle, starts: dict[str, dict[str, Any]]
) -> None:
    assert bundle.python(RUNTIME, str(bundle.folder), **ENVIRONMENT) == "SqsQueue\n"


def test_the_bundle_is_small(bundle: Bundle, summary: Callable[[str], None]) -> None:
    megabytes = bundle.zipped_bytes / 1e6
    summary(f"{megabytes:.1f} MB zipped, of at most {ZIPPED_BYTES_MAX / 1e6:.0f}")
    assert bundle.zipped_bytes <= ZIPPED_BYTES_MAX, f"the bundle has {megabytes:.1f} MB, and a cold start loads it all"


def test_how_long_each_handler_takes_to_start_is_told(
    bundle: Bundle,
    starts: dict[str, dict[str, Any]],
    summary: Callable[[str], None],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Told and not asserted, because a busy machine is slow. Chalice ships no bytecode and a Lambda cannot write any,
    so its cold start is nearer to the time without."""
    for handler, first in starts.items():
        runs = [bundle.start(handler, "-X", f"pycache_prefix={tmp_path}") for _ in range(STARTS)]
        ms, cpu_ms = (min(run[measure] for run in runs) for measure in ("ms", "cpu_ms"))
        record_property(f"import_ms {handler}", round(ms))
        remark = "" if cpu_ms <= IMPORT_MS_AIM else f", over the {IMPORT_MS_AIM} ms it should take"
        summary(f"{ms:4.0f} ms to import {handler} (CPU {cpu_ms:.0f}, without bytecode {first['cpu_ms']:.0f}){remark}")


def test_every_job_and_schedule_is_a_lambda_and_the_routes_share_one(bundle: Bundle, root: Path) -> None:
    folder = root / "functions" / "chalicelib"
    files = [file for kind in ("jobs", "schedules") for file in (folder / kind).glob("*.py") if file.stem != "__init__"]
    wanted = {f"chalicelib.{file.parent.name}.{file.stem}.{file.stem}" for file in files}
    assert set(bundle.functions) == {"app.app", *wanted}, "a file is not registered in app.py, or is no handler"
    events = {handler: properties.get("Events", {}) for handler, properties in bundle.functions.items()}
    for handler in wanted:
        (trigger,) = events[handler].values()
        assert trigger["Type"] == ("SQS" if ".jobs." in handler else "Schedule"), f"what starts {handler} is wrong"


def test_every_route_of_the_app_is_a_route_of_the_template(bundle: Bundle) -> None:
    from app import app

    (api,) = [one for one in bundle.template["Resources"].values() if one["Type"] == "AWS::Serverless::Api"]
    routed = {path: set(methods) for path, methods in api["Properties"]["DefinitionBody"]["paths"].items()}
    assert routed == {path: {method.lower() for method in methods} for path, methods in app.routes.items()}
    assert "/api/v1/payments" in routed, "there must be routes to compare"


def test_every_endpoint_file_is_registered(starts: dict[str, dict[str, Any]], root: Path) -> None:
    folder = root / "functions"
    files = [file for file in (folder / "chalicelib" / "api").rglob("*.py") if file.stem != "__init__"]
    written = {".".join(file.relative_to(folder).with_suffix("").parts) for file in files}
    assert written, "there must be endpoints to look for"
    forgotten = sorted(written - set(starts["app.app"]["files"]))
    assert not forgotten, "app.py does not register every endpoint"


def test_no_lambda_may_run_longer_than_the_leases_allow(bundle: Bundle) -> None:
    for handler, properties in bundle.functions.items():
        assert properties["Timeout"] == HANDLER_SECONDS_MAX, f"{handler} has another time limit than shared.jobs says"


def test_the_whole_domain_package_is_in_the_bundle_and_nothing_of_the_harness(bundle: Bundle, root: Path) -> None:
    files = [*(root / "shared").rglob("*.py"), *(root / "shared" / "db" / "migrations").glob("*.sql")]
    wanted = {file.relative_to(root).as_posix() for file in files}
    assert "shared/db/database.py" in wanted, "there must be files to look for"
    assert any(name.endswith(".sql") for name in wanted), "there must be migrations to look for"
    missing = sorted(wanted - bundle.files)
    assert not missing, "files of shared/ are not in the bundle"
    strangers = {name for name in bundle.files if name.startswith(("local/", "tests/", "boto3/", "botocore/"))}
    assert not strangers, "the bundle holds what no Lambda needs"
