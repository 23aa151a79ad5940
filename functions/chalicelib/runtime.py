"""What handlers run on. A process that is not a Lambda says so by `use`; a Lambda builds its own when first needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from shared import logs
from shared.config import Config
from shared.connectors.connector import Connector
from shared.db.database import Database
from shared.queue import Queue
from shared.sealing import Sealer

if TYPE_CHECKING:
    from shared.outbound import Sender


@dataclass(frozen=True, kw_only=True)
class Runtime:
    config: Config
    database: Database
    queue: Queue
    bank: Connector
    sealer: Sealer
    distribution_secret: str | None = None  # by which a site's distribution is known, where there is one

    @cached_property
    def sender(self) -> Sender:
        from shared.outbound import Sender  # only the job that delivers webhooks should wait for it

        return Sender(allowed_networks=self.config.outbound_allowed_networks, https_only=self.config.production)

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
        sealer=Sealer(settings.encryption_key),
    )


def _on_aws() -> Runtime:
    from chalicelib import aws_config
    from chalicelib.secrets import Secrets
    from chalicelib.sqs import SqsQueue

    aws = aws_config.from_environment()
    secrets = Secrets(aws)
    variables = secrets.variables()
    settings = aws_config.settings_with(variables)
    logs.set_up(settings.log_format)
    database = Database(
        settings.database_url,
        application_name="gateway-lambda",
        connections_max=1,
        prepare=False,  # a database proxy pins a session to one connection as soon as it prepares a statement
        renew=secrets.database_url if aws.database_secret else None,
    )
    made = build(settings, database, SqsQueue(settings.queue_url_prefix, database, aws))
    return replace(made, distribution_secret=variables.get("DISTRIBUTION_SECRET"))
