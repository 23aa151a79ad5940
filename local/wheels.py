"""Programs that came inside a Python wheel."""

import importlib.util
from pathlib import Path

from local.errors import LocalError


def program_folder(package: str, *path: str) -> Path:
    """The folder of the package's programs, found without importing it: these packages do things on import."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LocalError(f"The package {package} is missing; install requirements.txt.")
    return Path(spec.submodule_search_locations[0]).joinpath(*path).resolve()
