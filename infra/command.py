"""What every command does around its work: refusals become sentences and exit codes, Ctrl-C says what goes on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import told
from infra.errors import DONE, FAILED, INTERRUPTED, USAGE, InfraError
from infra.stages import STAGES, StageError
from infra.terminal import Progress

STAGES_HELP = "another file of stage settings"


def parser(name: str, description: str | None, *, epilog: str | None = None) -> argparse.ArgumentParser:
    """Of a command on one stage: `stage` and `stages` are there already."""
    made = argparse.ArgumentParser(
        prog=f"python -m infra.{name}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("stage", help="a table of the settings: dev, staging, production …")
    made.add_argument("--stages", type=Path, default=STAGES, metavar="FILE", help=STAGES_HELP)
    return made


def run(work: Callable[[Progress], None]) -> int:
    progress = Progress()
    try:
        work(progress)
    except StageError as error:
        return _ended(str(error), USAGE)
    except InfraError as error:
        return _ended(str(error), error.exit_code)
    except (BotoCoreError, ClientError) as error:
        return _ended(told(error), FAILED)
    except ValueError as error:
        if not str(error).startswith("Invalid endpoint"):
            raise
        return _ended(f"{error}: AWS_ENDPOINT_URL must be a URL, or not be set.", USAGE)
    except KeyboardInterrupt:
        return _ended(f"Interrupted: {progress.left}. The same command goes on from there.", INTERRUPTED)
    return DONE


def _ended(sentence: str, exit_code: int) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return exit_code
