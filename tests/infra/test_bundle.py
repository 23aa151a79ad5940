"""The bundle that is deployed: what is in it, and that every handler starts from nothing else."""

from __future__ import annotations

import copy
import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from infra.build import Built, pack, published, split, translate
from shared.jobs import HANDLER_SECONDS_MAX

ZIPPED_BYTES_MAX = 15 * 1000 * 1000
IMPORT_MS_AIM = 250
STARTS = 5
# What only the machine of a developer has, and boto3, which a Lambda has but only a sender of messages should load.
NOT_AT_START = {"argon2", "jwt", "boto3", "botocore", "redis", "rq", "granian", "local", "urllib3", "yoyo"}
# What handlers load when they are first called.
LOADED_LATER = ("chalicelib.sqs.SqsQueue", "shared.connectors.simulator.SimulatedBank")
NEEDS_MORE = {"chalicelib.jobs.deliver_webhook.deliver_webhook": {"urllib3"}}
REST = "chalicelib.rest.answer"

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


VERSIONS = """
import json, sys
sys.path.insert(0, sys.argv[1])
import psycopg, psycopg_binary
print(json.dumps({module.__name__: module.__version__ for module in (psycopg, psycopg_binary)}))
"""

# Imports every module of ours, and tells which of all that were loaded had no bytecode to load.
COMPILED = """
import importlib, json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
for file in [folder / "app.py", *folder.glob("chalicelib/**/*.py"), *folder.glob("shared/**/*.py")]:
    if file.stem != "__init__":
        importlib.import_module(".".join(file.relative_to(folder).with_suffix("").parts))
loaded = [module for module in sys.modules.values() if str(getattr(module, "__file__", "")).endswith(".py")]
ours = [module for module in loaded if module.__file__.startswith(str(folder))]
without = [module.__name__ for module in ours if not pathlib.Path(module.__cached__ or "").is_file()]
print(json.dumps({"modules": len(ours), "compiled": sorted(without)}))
"""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The templates' resources, and the zip of all handlers, unpacked."""

    resources: dict[str, Any]
    zipped_bytes: int
    folder: Path
    files: frozenset[str]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of this type, by name."""
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    @property
    def handlers(self) -> dict[str, list[str]]:
        """The functions that begin at each handler."""
        found: dict[str, list[str]] = {}
        for name, properties in self.of_type("AWS::Lambda::Function").items():
            found.setdefault(properties["Handler"], []).append(name)
        return found

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
def bundle(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    with ZipFile(built.bundle) as archive:
        archive.extractall(folder)
        files = frozenset(archive.namelist())
    templates = [json.loads(path.read_text()) for path in (built.template, built.migrate_template)]
    return Bundle(
        resources={name: one for template in templates for name, one in template["Resources"].items()},
        zipped_bytes=built.bundle.stat().st_size,
        folder=folder,
        files=files,
    )


@pytest.fixture(scope="session")
def starts(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """One start of every handler."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the bundle holds wheels for Linux on x86_64, which this machine cannot load")
    return {handler: bundle.start(handler, "-B") for handler in sorted(bundle.handlers)}


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
        unwanted = NOT_AT_START - NEEDS_MORE.get(name, set())
        loaded = sorted(unwanted & {module.partition(".")[0] for module in told["files"]})
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
    record_property: Callable[[str, object], None],
) -> None:
    """Told and not asserted, because a busy machine is slow."""
    for handler in starts:
        runs = [bundle.start(handler) for _ in range(STARTS)]
        ms, cpu_ms = (min(run[measure] for run in runs) for measure in ("ms", "cpu_ms"))
        record_property(f"import_ms {handler}", round(ms))
        remark = "" if cpu_ms <= IMPORT_MS_AIM else f", over the {IMPORT_MS_AIM} ms it should take"
        summary(f"{ms:4.0f} ms to import {handler} (CPU {cpu_ms:.0f}){remark}")


def test_every_module_comes_with_its_bytecode(bundle: Bundle) -> None:
    """A Lambda cannot write any, and would compile everything anew at each cold start."""
    told = bundle.python(COMPILED, str(bundle.folder), options=("-B",))
    assert json.loads(told)["modules"] > 100, "there must be modules to look at"
    assert json.loads(told)["compiled"] == [], "these were compiled when they were imported"


def test_libraries_know_their_versions_without_looking_them_up(
    bundle: Bundle, starts: dict[str, dict[str, Any]]
) -> None:
    told = bundle.python(VERSIONS, str(bundle.folder))
    pinned = {name: importlib.metadata.version(name.replace("_", "-")) for name in ("psycopg", "psycopg_binary")}
    assert json.loads(told) == pinned
    for handler in (REST, "chalicelib.jobs.process_payment.process_payment"):  # urllib3 needs it for more than that
        assert "importlib.metadata" not in starts[handler]["files"], f"{handler} loads what it need not"


def test_the_same_contents_are_the_same_bundle(built: Built, tmp_path: Path) -> None:
    """Its name is its hash, so a deployment that changes nothing is none."""
    pack(built.bundle.parent / "out" / "deployment.zip", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == built.bundle.read_bytes()


def test_another_bundle_or_setting_is_another_version_of_every_function_behind_an_alias(built: Built) -> None:
    """The API goes by aliases: one that did not move on would serve old code for ever."""
    sam = json.loads((built.bundle.parent / "out" / "sam.json").read_text())

    def versions(bundle: str, memory: int) -> set[str]:
        changed = copy.deepcopy(sam)
        changed["Resources"]["ApiPay"]["Properties"]["MemorySize"] = memory
        template = translate(split(published(changed, bundle))[0], "ap-south-1")
        aliases = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Alias"]
        return {one["FunctionVersion"]["Fn::GetAtt"][0] for one in aliases}

    first, same, new_bundle, new_setting = (
        versions(*one) for one in (("a" * 64, 512), ("a" * 64, 512), ("b" * 64, 512), ("a" * 64, 256))
    )
    assert first == same
    assert len(first) == 5
    assert not first & new_bundle, "a new bundle must be published"
    assert len(first - new_setting) == 1, "so must a new setting, of the function that has it"


def test_every_job_schedule_and_operation_is_a_lambda(bundle: Bundle, root: Path) -> None:
    folder = root / "functions" / "chalicelib"
    kinds = ("jobs", "schedules", "operations")
    files = [file for kind in kinds for file in (folder / kind).glob("*.py") if file.stem != "__init__"]
    wanted = {f"chalicelib.{file.parent.name}.{file.stem}.{file.stem}" for file in files}
    assert set(bundle.handlers) == {REST, *wanted}, "a file is not registered in app.py, or is no handler"
    triggered = {one["FunctionName"]["Ref"] for one in bundle.of_type("AWS::Lambda::EventSourceMapping").values()}
    clocked = {
        target["Arn"]["Fn::GetAtt"][0]
        for one in bundle.of_type("AWS::Events::Rule").values()
        for target in one["Targets"]
    }
    for handler in wanted:
        (function,) = bundle.handlers[handler]
        started = (function in triggered, function in clocked)
        assert started == (".jobs." in handler, ".schedules." in handler), f"what starts {handler} is wrong"


def test_every_route_of_the_app_is_a_route_of_the_template(bundle: Bundle) -> None:
    from app import app

    (api,) = bundle.of_type("AWS::ApiGateway::RestApi").values()
    any_method = "x-amazon-apigateway-any-method"
    routed = {path: set(methods) for path, methods in api["Body"]["paths"].items()}
    assert routed == {path: {any_method, *map(str.lower, methods)} for path, methods in app.routes.items()}
    assert "/api/v1/payments" in routed, "there must be routes to compare"


def test_every_endpoint_file_is_registered(starts: dict[str, dict[str, Any]], root: Path) -> None:
    folder = root / "functions"
    files = [file for file in (folder / "chalicelib" / "api").rglob("*.py") if file.stem != "__init__"]
    written = {".".join(file.relative_to(folder).with_suffix("").parts) for file in files}
    assert written, "there must be endpoints to look for"
    forgotten = sorted(written - set(starts[REST]["files"]))
    assert not forgotten, "rest.py does not register every endpoint"


def test_no_job_may_run_longer_than_the_leases_allow(bundle: Bundle) -> None:
    functions = bundle.of_type("AWS::Lambda::Function")
    for handler, names in bundle.handlers.items():
        if ".jobs." in handler:
            timeouts = {functions[name]["Timeout"] for name in names}
            assert timeouts == {HANDLER_SECONDS_MAX}, f"{handler} has another time limit than shared.jobs says"


def test_the_whole_domain_package_is_in_the_bundle_and_nothing_of_the_harness(bundle: Bundle, root: Path) -> None:
    files = [*(root / "shared").rglob("*.py"), *(root / "shared" / "db" / "migrations").glob("*.sql")]
    wanted = {file.relative_to(root).as_posix() for file in files}
    assert "shared/db/database.py" in wanted, "there must be files to look for"
    assert any(name.endswith(".sql") for name in wanted), "there must be migrations to look for"
    missing = sorted(wanted - bundle.files)
    assert not missing, "files of shared/ are not in the bundle"
    strangers = {name for name in bundle.files if name.startswith(("local/", "tests/", "boto3/", "botocore/"))}
    assert not strangers, "the bundle holds what no Lambda needs"
