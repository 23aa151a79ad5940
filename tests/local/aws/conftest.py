"""A small bundle of handlers that do what sandboxes must stand, and the services around them."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from local.aws.deployed import Deployed, Function
from local.aws.functions import Functions
from local.aws.runtime_folder import runtime_folder
from tests.aws import _empty_cloud, _one_cloud  # noqa: F401 - fixtures

PATIENCE_SECONDS = 15.0

HANDLERS = '''
import json, os, subprocess, sys, threading, time

STARTED = time.time()
counted = 0

def count():
    global counted
    while True:
        counted += 1
        time.sleep(0.01)

def echo(event, context):
    return event

def inside(event, context):
    """What the process sees of the world around it."""
    found = {}
    for name in event["modules"]:
        try:
            found[name] = __import__(name).__file__
        except ImportError:
            found[name] = None
    return {
        "environment": dict(os.environ), "modules": found, "pid": os.getpid(), "folder": os.getcwd(),
        "request_id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
        "memory": context.memory_limit_in_mb, "left_ms": context.get_remaining_time_in_millis(),
    }

def counter(event, context):
    if counted == 0:
        threading.Thread(target=count, daemon=True).start()
        time.sleep(0.2)
    return {"counted": counted, "pid": os.getpid()}

def sleeper(event, context):
    print("slept so far", event, flush=True)
    if "note" in event:
        with open(event["note"], "a") as file:
            file.write(f"begin {os.getpid()} {time.time()}\\\\n")
    time.sleep(event["seconds"])
    if "note" in event:
        with open(event["note"], "a") as file:
            file.write(f"end {os.getpid()} {time.time()}\\\\n")
    return {"pid": os.getpid()}

def parent(event, context):
    child = subprocess.Popen(["sleep", "60"])
    if "note" in event:
        with open(event["note"], "w") as file:
            file.write(str(child.pid))
        os._exit(1)
    return {"child": child.pid}

def raiser(event, context):
    raise ValueError("no such thing")

def quitter(event, context):
    os._exit(3)

def printer(event, context):
    for line in event["lines"]:
        print(line)
    sys.stderr.write("without an end")

def large(event, context):
    return "x" * event["size"]

def noter(event, context):
    """Notes each event, and does with it what the file `then` says."""
    with open(os.environ["NOTES"], "a") as file:
        file.write(json.dumps({"at": time.time(), "event": event, "request_id": context.aws_request_id}) + "\\\\n")
    then = open(os.environ["NOTES"] + ".then").read()
    return eval(then, {"event": event, "time": time, "os": os})
'''


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "handlers.py").write_text(textwrap.dedent(HANDLERS).replace("\\\\n", "\\n"))
    (folder / "broken.py").write_text("raise RuntimeError('never ready')\n")
    (folder / "slow_to_start.py").write_text("import time\ntime.sleep(60)\n")
    return folder


@pytest.fixture(scope="session")
def runtime(root: Path) -> Path:
    return runtime_folder(root / ".build")


@pytest.fixture(scope="session")
def function(bundle: Path) -> Callable[..., Function]:
    """Makes one of the handlers a function of the same name."""

    def make(name: str, **settings: Any) -> Function:
        given = {
            "handler": f"handlers.{name}",
            "folder": bundle,
            "environment": {},
            "timeout_seconds": 10,
            "memory_mb": 256,
        }
        return Function(name=settings.pop("called", name), **{**given, **settings})

    return make


@pytest.fixture
def serve(runtime: Path, tmp_path: Path) -> Iterator[Callable[..., Functions]]:
    """Starts the Lambda service with the given functions."""
    started: list[Functions] = []

    def start(*functions: Function, **options: Any) -> Functions:
        options = {"credentials": credentials, "machine": {}, "logs_folder": tmp_path / "logs", **options}
        deployed = Deployed(functions={function.name: function for function in functions})
        started.append(Functions(deployed, runtime_folder=runtime, **options))
        return started[-1]

    yield start
    for functions in started:
        functions.close()


def credentials(role: str) -> Mapping[str, str]:
    return {"AWS_ACCESS_KEY_ID": f"key of {role}", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@pytest.fixture(scope="session")
def sqs() -> Iterator[Any]:
    """A client of an SQS."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    client = boto3.client(
        "sqs",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="s",
        config=Config(max_pool_connections=50, retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()
    moto.stop()


def wait_until(condition: Callable[[], Any], hope: str) -> Any:
    """What the condition gives as soon as it is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(hope)
