"""Who may import whom. The arrows are the architecture; a new import against them fails here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# For each part of the tree: which of our modules it may import.
ALLOWED = {
    "shared/errors.py": set(),
    "shared/money.py": set(),
    "shared/site_files.py": set(),
    "shared/ids.py": set(),
    "shared/config.py": {"shared.addresses"},
    "shared/logs.py": set(),
    "shared/sealing.py": set(),
    "shared/signatures.py": set(),
    "shared/addresses.py": set(),
    "shared/outbound.py": {"shared.addresses"},
    "shared/jobs.py": set(),
    "shared/queue.py": {"shared.db.outbox", "shared.jobs"},
    "shared/domain/": {"shared.domain", "shared.errors", "shared.money", "shared.ids"},
    "shared/db/": {"shared.db", "shared.domain", "shared.errors", "shared.money", "shared.ids", "shared.jobs"},
    "shared/connectors/connector.py": {"shared.domain"},
    "shared/connectors/magic_values.py": set(),
    # The simulated bank is an outside party with books of its own: it takes a connection, none of the gateway's SQL.
    "shared/connectors/simulator.py": {
        "shared.connectors",
        "shared.domain",
        "shared.config",
        "shared.ids",
        "shared.db.database",
    },
    "shared/services/": {"shared"},
    "functions/chalicelib/": {"shared", "chalicelib"},
    "functions/app.py": {"chalicelib"},
    "local/demo_merchant/": {"local.demo_merchant"},  # a merchant knows the gateway by HTTP alone
    "local/aws/": {"local", "infra"},  # it runs what was deployed, and knows none of it
    "local/": {"local", "shared", "chalicelib", "app"},
    "infra/": {"infra", "shared", "chalicelib", "app"},
}
OURS = ("shared", "chalicelib", "local", "app", "tests", "infra")
FOREIGN_IN_SHARED = {"chalice", "redis", "rq", "boto3", "botocore", "granian", "yoyo"}


def _files() -> list[Path]:
    folders = ("shared", "functions/chalicelib", "local", "infra")
    return [ROOT / "functions/app.py", *(path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))]


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _allowed(relative: str) -> set[str]:
    longest = max((part for part in ALLOWED if relative.startswith(part)), key=len, default=None)
    assert longest is not None, f"{relative} has no place in the architecture: give it one in ALLOWED"
    return ALLOWED[longest]


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    relative = str(path.relative_to(ROOT))
    if path.name == "__init__.py" and not _imports(path):
        return
    allowed = _allowed(relative)
    for name in _imports(path):
        if name.split(".")[0] in OURS:
            assert any(name == part or name.startswith(part + ".") for part in allowed), (
                f"{relative} imports {name}, which is above or beside it"
            )
        elif relative.startswith("shared/"):
            assert name.split(".")[0] not in FOREIGN_IN_SHARED, f"{relative} imports {name}: not in shared/"


def test_only_the_configuration_reads_the_environment() -> None:
    readers = set()
    for path in _files():
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in ("environ", "getenv")
                and ast.unparse(node.value) == "os"
            ):
                readers.add(str(path.relative_to(ROOT)))
    # What merchants copy stands on its own.
    readers = {reader for reader in readers if not reader.startswith("local/demo_merchant/examples/")}
    on_aws = "functions/chalicelib/aws_config.py"
    allowed = {"shared/config.py", on_aws, "local/config.py", "local/demo_merchant/__main__.py"}
    allowed |= {"infra/build.py", "local/aws/rehearsal.py"}  # these hand it on to a process, and read nothing of it
    assert readers <= allowed, f"{sorted(readers - allowed)} read the environment; config.py does that"
