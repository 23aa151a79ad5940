"""JavaScript's own opinion of a JSON text, from one Node process for the whole run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest

# One text a line in, one text a line out: JSON has no bare line ends.
REPRINT = """
let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\\n");
  rest = lines.pop();
  for (const line of lines) process.stdout.write(JSON.stringify(JSON.parse(line)) + "\\n");
});
"""


@pytest.fixture(scope="session")
def reprint() -> Iterator[Callable[[str], str]]:
    """JSON.stringify(JSON.parse(text)), as receivers of webhooks compute it."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("only JavaScript can say what JSON.stringify prints, and node is not installed")
    with subprocess.Popen([node, "-e", REPRINT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        incoming, outgoing = process.stdout, process.stdin

        def reprint(text: str) -> str:
            assert "\n" not in text, "a text must be on one line"
            outgoing.write(text.encode() + b"\n")
            outgoing.flush()
            printed = incoming.readline().decode()
            assert printed.endswith("\n"), f"JavaScript cannot read {text!r}"
            return printed[:-1]

        yield reprint
        outgoing.close()
