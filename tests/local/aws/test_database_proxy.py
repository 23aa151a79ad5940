"""The database's host: reached with TLS and the right authority, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from local.aws import certificates
from local.aws.database_proxy import database_proxy

HOST = "gateway.proxy-abc.ap-south-1.rds.amazonaws.com"


@pytest.fixture
def reached(database_url: str, tmp_path: Path) -> Iterator[str]:
    """How a function connects; the host is a name, the address this machine's."""
    known = conninfo_to_dict(database_url)
    certificate = certificates.make(tmp_path / "certificates", [HOST])
    with database_proxy(Path(str(known["host"])) / ".s.PGSQL.5432", certificate) as port:
        yield make_conninfo(
            database_url,
            host=HOST,
            hostaddr="127.0.0.1",
            port=port,
            sslmode="verify-full",
            sslrootcert=str(certificate.authority),
        )


def test_a_client_that_knows_the_authority_is_let_through(reached: str) -> None:
    with psycopg.connect(reached) as connection:
        assert connection.pgconn.ssl_in_use
        rows = connection.execute("select repeat('x', 1000) from generate_series(1, 1000)").fetchall()
        assert len(rows) == 1000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sslmode": "disable"}, "server closed the connection|connection reset"),
        ({"host": "another.rds.amazonaws.com"}, "does not match host name"),
    ],
    ids=["without TLS", "by another name"],
)
def test_nobody_else_is(reached: str, change: dict[str, str], words: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=f"(?i){words}"):
        psycopg.connect(make_conninfo(reached, **change))


def test_nor_one_who_trusts_another_authority(reached: str, tmp_path: Path) -> None:
    stranger = certificates.make(tmp_path / "stranger", [HOST])
    with pytest.raises(psycopg.OperationalError, match=r"certificate verify failed|signature failure"):
        psycopg.connect(make_conninfo(reached, sslrootcert=str(stranger.authority)))
