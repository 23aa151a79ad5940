"""What Postgres alone carries: pgbench, the tool it ships with, running the very statements of `POST /payments`."""

from __future__ import annotations

import re
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from shared.db import orders, payments
from shared.db.database import SESSION
from shared.db.prepared import Prepared
from shared.domain import payment
from shared.domain.order import OrderStatus, OrderToPay
from shared.services import test_merchant

ORDERS_PER_CLIENT = 2_000  # more than a client pays in a run

_PAYMENT = payment.create(
    OrderToPay(
        id="order_NXhj67fGH2jk9mPq",
        merchant_id=test_merchant.ID,
        amount=50000,
        currency="INR",
        capture="manual",
        status=OrderStatus.CREATED,
    ),
    connector="simulator",
    method="upi",
    vpa="user@paytm",
    exclusive=True,
    at=datetime.now(UTC),
)
# Spaces where pgbench would take a value for a variable of its own.
_EVENT_BODY = re.sub(r":(?=[a-z])", ": ", _PAYMENT.event.body)

_VALUES = {
    "id": "'pay_' || lpad(((:client_id + 1) * 1000000 + :n)::text, 16, '0')",
    "merchant_id": f"'{test_merchant.ID}'",
    "order_id": "'order_' || lpad((:client_id * 1000000 + :n)::text, 16, '0')",
    "connector": "'simulator'",
    "amount": "50000",
    "currency": "'INR'",
    "method": "'upi'",
    "vpa": "'user@paytm'",
    "card_network": "null",
    "card_last4": "null",
    "token": "null",
    "capture": "'manual'",
    "exclusive": "true",
    "notes": "'{}'",
    "created_at": "now()",
    "event_id": "'evt_' || lpad(((:client_id + 1) * 1000000 + :n)::text, 16, '0')",
    "event_type": "'payment.created'",
    "event_body": f"'{_EVENT_BODY}'",
}


def prepare(connection: psycopg.Connection, *, clients: int) -> None:
    """An order for each payment that pgbench will make."""
    connection.execute(
        """insert into orders (id, merchant_id, amount, currency)
           select 'order_' || lpad((client * 1000000 + n)::text, 16, '0'), %s, 50000, 'INR'
             from generate_series(0, %s) client, generate_series(1, %s) n
               on conflict do nothing""",
        (test_merchant.ID, clients - 1, ORDERS_PER_CLIENT),
    )


def transactions_per_second(url: str, *, programs: Path, clients: int, seconds: int) -> float:
    """Both statements of a payment, each committing by itself, as the API runs them."""
    find = _written_out(orders.TO_PAY, _VALUES | {"id": _VALUES["order_id"]})
    create = _written_out(payments.CREATE, _VALUES)
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    settings = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    environment = {"PGPASSWORD": unquote(parts.password or ""), "PGOPTIONS": settings, "PATH": "/usr/bin:/bin"}
    command = [programs / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds)]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set n :n + 1\n{_one_line(find)};\n{_one_line(create)};\n")
        script.flush()
        where = ["-h", query["host"][0] if "host" in query else parts.hostname or "localhost"]
        if parts.port:
            where += ["-p", str(parts.port)]
        done = subprocess.run(
            [*command, "-D", "n=0", "-f", script.name, *where, "-U", parts.username or "", parts.path.lstrip("/")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None or done.returncode:
        raise RuntimeError(f"pgbench: {done.stderr[-1000:]}")
    return float(found[1])


def _written_out(statement: Prepared, values: dict[str, str]) -> str:
    return re.sub(r"%\((\w+)\)s", lambda found: values[found[1]], statement.sql)


def _one_line(statement: str) -> str:
    return " ".join(statement.split())
