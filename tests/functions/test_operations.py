"""What a deployment and Secrets Manager run inside the network: against Postgres, and secrets on moto's server."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import psycopg
import pytest
from chalicelib import migrations
from chalicelib.migrations import MIGRATIONS
from chalicelib.operations import OperationFailed
from chalicelib.operations.migrate import migrate
from chalicelib.operations.rotate_database_password import rotate_database_password
from psycopg.conninfo import conninfo_to_dict

from shared.db.database import SESSION, Database
from tests.conftest import ENCRYPTION_KEY, JWT_SECRET

REGION = "ap-south-1"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@pytest.fixture
def manager(moto_url: str) -> Iterator[Any]:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("secretsmanager", endpoint_url=moto_url, region_name=REGION, **keys)
    yield client
    client.close()


@pytest.fixture
def stage(moto_url: str, manager: Any, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A stage whose database does not exist yet."""
    name = f"stage_{uuid.uuid4().hex[:8]}"
    secrets = {
        "GATEWAY_SECRET_ARN": {"JWT_SECRET": JWT_SECRET, "ENCRYPTION_KEY": ENCRYPTION_KEY},
        "DATABASE_SECRET_ARN": {"username": name, "password": "first"},
        "MASTER_SECRET_ARN": {"username": "postgres", "password": "unused: this machine knows its owner"},
    }
    for variable, members in secrets.items():
        made = manager.create_secret(Name=f"{name}/{variable}", SecretString=json.dumps(members))
        monkeypatch.setenv(variable, made["ARN"])
        secrets[variable]["arn"] = made["ARN"]
    host = str(conninfo_to_dict(database_url)["host"])
    for variable, value in {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "DATABASE_NAME": name,
        "PGHOST": host,  # a socket: the URLs below name no host
    }.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    yield SimpleNamespace(name=name, secret=secrets["DATABASE_SECRET_ARN"]["arn"])
    with psycopg.connect("postgresql://postgres@/postgres", autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")  # type: ignore[arg-type]
        admin.execute(f"drop role if exists {name}")  # type: ignore[arg-type]


def url(stage: SimpleNamespace, password: str) -> str:
    return f"postgresql://{stage.name}:{password}@/{stage.name}"


def rotate(stage: SimpleNamespace, token: str, *steps: str) -> None:
    for step in steps:
        event: Mapping[str, str] = {"Step": step, "SecretId": stage.secret, "ClientRequestToken": token}
        rotate_database_password(event, None)


def test_the_first_deployment_makes_role_database_and_schema_and_the_next_has_nothing_to_do(
    stage: SimpleNamespace,
) -> None:
    assert migrate({}, None) == {"applied": len(list(MIGRATIONS.glob("*.sql")))}
    assert migrate({}, None) == {"applied": 0}
    with psycopg.connect(url(stage, "first")) as connection:
        assert connection.execute("select count(*) from merchants").fetchone() == (1,), "the test merchant"
        owners = connection.execute("select distinct tableowner from pg_tables where schemaname = 'public'").fetchall()
        assert owners == [(stage.name,)]
        # A proxy refuses settings at connection time, so they belong to the role.
        shown = {name: connection.execute(f"show {name}").fetchone() for name in SESSION}  # type: ignore[arg-type]
        assert shown == {name: (value,) for name, value in SESSION.items()} | {"timezone": ("UTC",)}


def test_a_migration_may_take_longer_than_a_request(
    stage: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The role's limits are for requests; an index on a large table takes its time."""
    migrate({}, None)
    with psycopg.connect("postgresql://postgres@/postgres", autocommit=True) as admin:
        for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
            admin.execute(f"alter role {stage.name} set {setting} = '300ms'")  # type: ignore[arg-type]
    (tmp_path / "9999_slow.sql").write_text("select pg_sleep(1);\n")
    monkeypatch.setattr(migrations, "MIGRATIONS", tmp_path)
    assert migrations.migrate(url(stage, "first")) == 1


def test_a_migration_gives_up_rather_than_have_every_request_wait_behind_it(
    stage: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    migrate({}, None)
    (tmp_path / "9997_locked.sql").write_text("alter table merchants add column more text;\n")
    monkeypatch.setattr(migrations, "MIGRATIONS", tmp_path)
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    with psycopg.connect(url(stage, "first")) as busy:
        busy.execute("select count(*) from merchants")  # and the transaction stays open
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migrations.migrate(url(stage, "first"))
    assert migrations.migrate(url(stage, "first")) == 1, "at a quieter moment it is run again"


def test_what_a_failed_migration_says_of_rows_is_told_to_nobody(
    stage: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    migrate({}, None)
    (tmp_path / "9998_broken.sql").write_text(
        "create table t (email text unique); insert into t values ('asha@private.example'), ('asha@private.example');\n"
    )
    monkeypatch.setattr(migrations, "MIGRATIONS", tmp_path)
    with pytest.raises(OperationFailed, match="UniqueViolation") as failed:
        migrate({}, None)
    assert "private.example" not in str(failed.value)
    assert failed.value.__cause__ is None and failed.value.__suppress_context__, "Lambda prints what is raised"


def test_the_deployment_of_another_day_takes_over_a_password_that_was_changed(
    stage: SimpleNamespace, manager: Any
) -> None:
    migrate({}, None)
    changed = json.dumps({"username": stage.name, "password": "second"})
    manager.put_secret_value(SecretId=stage.secret, SecretString=changed)
    migrate({}, None)
    psycopg.connect(url(stage, "second")).close()


def test_a_rotated_password_is_the_databases_and_the_secrets(stage: SimpleNamespace, manager: Any) -> None:
    migrate({}, None)
    token = str(uuid.uuid4())
    rotate(stage, token, *STEPS)
    kept = json.loads(manager.get_secret_value(SecretId=stage.secret, VersionStage="AWSCURRENT")["SecretString"])
    assert kept["password"] != "first"
    assert kept["username"] == stage.name, "nothing else of the secret changes"
    psycopg.connect(url(stage, kept["password"])).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url(stage, "first"))


def test_every_step_of_a_rotation_may_come_twice(stage: SimpleNamespace, manager: Any) -> None:
    migrate({}, None)
    token = str(uuid.uuid4())
    for step in STEPS:
        rotate(stage, token, step, step)
    kept = json.loads(manager.get_secret_value(SecretId=stage.secret, VersionStage="AWSCURRENT")["SecretString"])
    assert kept["password"] != "first"
    psycopg.connect(url(stage, kept["password"])).close()


def test_until_the_rotation_is_finished_the_current_password_is_the_old_one(
    stage: SimpleNamespace, manager: Any
) -> None:
    migrate({}, None)
    rotate(stage, str(uuid.uuid4()), "createSecret")
    assert (
        json.loads(manager.get_secret_value(SecretId=stage.secret, VersionStage="AWSCURRENT")["SecretString"])[
            "password"
        ]
        == "first"
    )


def test_another_secret_is_not_rotated(stage: SimpleNamespace) -> None:
    with pytest.raises(OperationFailed, match=r"^ValueError: .* no other$"):
        rotate_database_password({"Step": "setSecret", "SecretId": "another", "ClientRequestToken": "t"}, None)


def test_a_sandbox_that_knows_an_old_password_reads_the_new_one(stage: SimpleNamespace, manager: Any) -> None:
    migrate({}, None)
    reads: list[str] = []

    def renew() -> str:
        reads.append("read")
        kept = json.loads(manager.get_secret_value(SecretId=stage.secret, VersionStage="AWSCURRENT")["SecretString"])
        return url(stage, kept["password"])

    database = Database(url(stage, "first"), application_name="tests", connections_max=1, renew=renew)
    with database.statement() as tx:
        tx.execute("select 1")
    rotate(stage, str(uuid.uuid4()), *STEPS)
    with database.statement() as tx:
        tx.execute("select 1")
    assert not reads, "a connection that is open stays"
    database.close()
    with database.statement() as tx:
        tx.execute("select 1")
    assert reads == ["read"]
    database.close()
    broken = Database(url(stage, "wrong"), application_name="tests", renew=lambda: url(stage, "wrong"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"), broken.statement():
        pass


def test_what_was_idle_for_long_is_not_used_again(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network has forgotten it without a word: a query would go nowhere."""
    database = Database(database_url, application_name="tests", connections_max=1)

    def backend() -> Any:
        with database.statement() as tx:
            return tx.info.backend_pid

    first = backend()
    assert backend() == first
    hours_later = time.time() + 3 * 3600
    monkeypatch.setattr(time, "time", lambda: hours_later)
    assert backend() != first
    database.close()


def test_where_secrets_are_down_too_the_database_is_what_is_told_of() -> None:
    def renew() -> str:
        raise RuntimeError("no secrets today")

    database = Database("postgresql://nobody@127.0.0.1:9/nothing", application_name="tests", renew=renew)
    with pytest.raises(psycopg.OperationalError, match="refused"), database.statement():
        pass
