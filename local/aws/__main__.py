"""An AWS imitated on this machine, to deploy to by hand: `python -m local.aws STAGE`.

It says what to set in another terminal before `make deploy`. What is deployed there runs here, at one address, until
Ctrl-C; nothing is kept.
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from botocore.exceptions import ClientError

from infra import stages
from infra.stages import StageError
from local.aws.rehearsal import Imitation, imitation
from local.errors import LocalError
from local.stop_signals import STOP_SIGNALS

PORT = 8010
LOOK_SECONDS = 1.0


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m local.aws", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", help="one of infra/stages.toml")
    parser.add_argument("--stages", type=Path, default=stages.STAGES, help="another file of stage settings")
    parser.add_argument("--port", type=int, default=PORT, help="of the deployed API (%(default)s)")
    asked = parser.parse_args(words)
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    try:
        stage = stages.load(asked.stage, file=asked.stages)
        _check_port(asked.port)
        with tempfile.TemporaryDirectory(prefix="imitated-aws-") as home, imitation(stage, Path(home)) as aws:
            print("In another terminal:\n")
            for name, value in aws.environment.items():
                print(f"    export {name}={value}")
            options = f"--no-web --smoke-url http://127.0.0.1:{asked.port}"
            print(f"    make deploy STAGE={stage.name} ARGS='{options}'\n", flush=True)
            _run_what_is_deployed(aws, asked.port, stop)
    except (StageError, LocalError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run_what_is_deployed(aws: Imitation, port: int, stop: threading.Event) -> None:
    """The application as of its last deployment."""
    known = None
    with ExitStack() as running:
        while not stop.wait(LOOK_SECONDS):
            deployed = _deployed(aws)
            if deployed is None and known is not None and _is_gone(aws):
                print(f"{aws.stage.stack()} is gone. To deploy it anew, start this anew.", flush=True)
                return
            if deployed is None or deployed == known:
                continue
            running.close()
            url = running.enter_context(aws.running(aws.read(), port=port)).url
            known = deployed
            print(f"{aws.stage.stack()} runs at {url}; its logs are in {aws.home / 'logs'}", flush=True)


def _check_port(port: int) -> None:
    """Raises LocalError: what answers there would be taken for what is deployed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise LocalError(f"Port {port} is taken: name another one, make aws ARGS='--port 8011'.") from None


def _is_gone(aws: Imitation) -> bool:
    cloudformation = aws.client("cloudformation")
    try:
        cloudformation.describe_stacks(StackName=aws.stage.stack())
    except ClientError:
        return True
    finally:
        cloudformation.close()
    return False


def _deployed(aws: Imitation) -> str | None:
    """When the application was last changed, in the words of CloudFormation; None while it is not whole."""
    cloudformation = aws.client("cloudformation")
    try:
        (found,) = cloudformation.describe_stacks(StackName=aws.stage.stack())["Stacks"]
    except ClientError:
        return None
    finally:
        cloudformation.close()
    whole = found["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return str(found.get("LastUpdatedTime", found["CreationTime"])) if whole else None


if __name__ == "__main__":
    sys.exit(main())
