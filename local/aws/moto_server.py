"""moto's server, in which the gateway's templates apply: `python -m local.aws.moto_server --port N`."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from moto.cloudformation import parsing
from moto.core.responses import ActionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.sqs.responses import SQSResponse
from werkzeug.serving import BaseWSGIServer, make_server

from local.aws import moto_stacks
from local.aws.moto_resources import FINISH, KEPT, MODELS, RECORDED_ONLY, REMOVE, REPLACED
from local.aws.moto_stacks import Types
from local.stop_signals import STOP_SIGNALS

HOST = "127.0.0.1"


def model_of(kind: str) -> Any:
    """The class that makes resources of a type, or None where neither moto nor this has one."""
    return MODELS.get(kind) or _moto_models().get(kind)


def _moto_models() -> dict[str, Any]:
    found: dict[str, Any] = parsing.get_model_map()
    return found


def recorded_only(kinds: Sequence[str]) -> list[str]:
    """Those of `kinds` that are only written down: what a rehearsal does not try."""
    return sorted({kind for kind in kinds if kind in RECORDED_ONLY})


def server(port: int) -> BaseWSGIServer:
    """Ready to serve, on this machine only; port 0 takes a free one."""
    types = Types(model_of=model_of, finish=FINISH, remove=REMOVE, replaced=REPLACED, kept=KEPT)
    moto_stacks.install(types)
    SQSResponse.start_message_move_task = _move_messages
    application = DomainDispatcherApplication(create_backend_app)
    return make_server(HOST, port, application, threaded=True, request_handler=Quiet)


def _move_messages(response: SQSResponse) -> ActionResult:
    """Dead letters go back; moto has no such call."""
    queues = {queue.queue_arn: queue for queue in response.sqs_backend.queues.values()}
    source = queues[response._get_param("SourceArn")]
    target = queues[response._get_param("DestinationArn")]
    for message in list(source._messages):
        source._messages.remove(message)
        target.add_message(message)
    return ActionResult({"TaskHandle": token_hex()})


class Quiet(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.aws.moto_server", description=__doc__)
    parser.add_argument("--port", type=int, default=5000, help="to listen on, at 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--list", action="store_true", help="the types of resource that are only written down, then end"
    )
    asked = parser.parse_args(words)
    if asked.list:
        print("\n".join(sorted(RECORDED_ONLY)))
        return 0
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serving = server(asked.port)
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    print(f"AWS's APIs at http://{HOST}:{serving.server_port}", flush=True)
    stop.wait()
    serving.shutdown()
    serving.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
