"""Every variable that is read is in .env.example with its default, and nothing is there that nobody reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from local.config import LocalConfig
from local.demo_merchant.settings import read_settings
from shared.config import from_environment

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = (ROOT / ".env.example").read_text()

# The files that may read the environment: the first two functions take it as a mapping, the others are read as text.
ASKED = (from_environment, read_settings)
READ_AS_TEXT = ("local/config.py", "local/server.py", "local/demo_merchant/examples/receiver.py")
# What a Lambda and the template say to each other is nobody's to set.
ON_AWS = "functions/chalicelib/aws_config.py"
HANDS_ON = "local/aws/rehearsal.py"  # PATH and HOME, to what it starts
READERS = {"shared/config.py", "local/demo_merchant/__main__.py", ON_AWS, HANDS_ON, *READ_AS_TEXT}

# What the harness itself gives to Python in the processes it starts.
PYTHONS_OWN = {"PYTHONPATH", "PYTHONUNBUFFERED"}

REQUIRED = {
    "DATABASE_URL": "postgresql://user:password@host/database",
    "JWT_SECRET": "a secret of tests, long enough to be one",
    "ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PORT")


class Recording(Mapping[str, str]):
    """An environment that remembers which variables it was asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a reader that takes the whole environment cannot be recorded: read it as text")

    def __len__(self) -> int:
        return len(self._variables)


def documented() -> dict[str, str]:
    return dict(line.split("=", 1) for line in EXAMPLE.splitlines() if line and not line.startswith("#"))


def read_by_the_code() -> set[str]:
    recording = Recording(REQUIRED)
    for reader in ASKED:
        reader(recording)
    as_text = {
        node.value
        for file in READ_AS_TEXT
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and VARIABLE.fullmatch(node.value)
    }
    # A second spelling is the same variable.
    return {name.upper() for name in recording.asked | as_text} - PYTHONS_OWN


def defaults_of_compose() -> dict[str, set[str]]:
    """Each variable that docker-compose.yml fills in, with the plain defaults it is given there."""
    text = (ROOT / "docker-compose.yml").read_text()
    found: dict[str, set[str]] = {name: set() for name in re.findall(r"\$\{(\w+)", text)}
    for name, default in re.findall(r"\$\{(\w+):-([^${}]*)\}", text):
        found[name].add(default)
    return found


def test_what_is_read_is_documented() -> None:
    missing = (read_by_the_code() | defaults_of_compose().keys()) - documented().keys()
    assert not missing, f"add to .env.example, with a default and a line of meaning: {sorted(missing)}"


def test_what_is_documented_is_read() -> None:
    idle = documented().keys() - read_by_the_code() - defaults_of_compose().keys()
    assert not idle, f"nobody reads these variables of .env.example: {sorted(idle)}"


def test_nothing_else_reads_the_environment() -> None:
    readers = set()
    for folder in ("shared", "functions", "local"):
        for path in (ROOT / folder).rglob("*.py"):
            file = path.relative_to(ROOT).as_posix()
            if not file.startswith("functions/vendor/") and re.search(r"\bos\.(environ|getenv)\b", path.read_text()):
                readers.add(file)
    assert readers <= READERS, f"these read variables that this test does not see: {sorted(readers - READERS)}"


def test_each_variable_stands_once_below_a_line_of_meaning() -> None:
    lines = EXAMPLE.splitlines()
    names = [line.split("=", 1)[0] for line in lines if line and not line.startswith("#")]
    assert len(names) == len(set(names)), "a variable of .env.example stands there twice"
    for above, line in zip(["", *lines], lines, strict=False):
        if line and not line.startswith("#"):
            assert above.startswith("# ") and not above.startswith("# ---"), f"say above {line} what it is for"


def test_no_secret_is_given_away() -> None:
    given = {name for name, value in documented().items() if value and re.search("SECRET|PASSWORD|KEY", name)}
    assert not given, f"leave these empty in .env.example: {sorted(given)}"


def test_the_documented_defaults_are_the_real_ones() -> None:
    example = documented()
    given = {name: value for name, value in example.items() if value}

    assert from_environment({**example, **REQUIRED}) == from_environment(REQUIRED)
    assert from_environment({**given, **REQUIRED}) == from_environment(REQUIRED), "an empty variable has an effect"
    assert read_settings(example) == read_settings({})
    assert replace(LocalConfig.from_environment(example), environment={}) == LocalConfig.from_environment({})
    for name, defaults in defaults_of_compose().items():
        if example[name]:
            assert defaults <= {example[name]}, f"docker-compose.yml has {name} as {defaults}, .env.example otherwise"
