"""What handlers run on. A process that is not a Lambda says so by `use`; a Lambda builds its own when first needed."""

from __future__ import annotations

from dataclasses import dataclass

from shared import config, logs
from shared.config import Config
from shared.connectors.connector import Connector
from shared.db.database import Database
from shared.outbound import Sender
from shared.queue import Queue
from shared.sealing import Sealer


@dataclass(frozen=True, kw_only=True)
class Runtime:
    config: Config
    database: Database
    queue: Queue
    bank: Connector
    sender: Sender
    sealer: Sealer

    def close(self) -> None:
        """Ends the connections that nobody uses."""
        self.database.close()
        self.bank.close()


_runtime: Runtime | None = None


def use(runtime: Runtime) -> None:
    """Sets what the handlers of this process run on."""
    global _runtime
    _runtime = runtime


def current() -> Runtime:
    global _runtime
    if _runtime is None:
        _runtime = _on_aws()
    return _runtime


def build(settings: Config, database: Database, queue: Queue) -> Runtime:
    """A runtime on this database and queue; the rest is the same wherever it runs."""
    from shared.connectors.simulator import SimulatedBank

    books = database.sibling("bank")  # the bank's own connection, so that its transactions are its own too
    return Runtime(
        config=settings,
        database=database,
        queue=queue,
        bank=SimulatedBank(books, settings.bank),
        sender=Sender(allowed_networks=settings.outbound_allowed_networks, https_only=settings.production),
        sealer=Sealer(settings.encryption_key),
    )


def _on_aws() -> Runtime:
    from chalicelib.sqs import SqsQueue

    settings = config.from_environment()
    logs.set_up(settings.log_format)
    # A database proxy pins a session to one connection as soon as it prepares a statement.
    database = Database(settings.database_url, application_name="gateway-lambda", prepare=False)
    return build(settings, database, SqsQueue(settings.queue_prefix, database))
