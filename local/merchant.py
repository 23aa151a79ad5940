"""Merchants, their API keys and their people, at the command line of the gateway's machine: `make merchant`."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from secrets import token_urlsafe
from typing import Any, NoReturn
from uuid import UUID

import msgspec
import psycopg

from local.config import LocalConfig
from local.embedded_postgres import EmbeddedPostgres
from local.errors import LocalError
from local.secret_store import FILE_NAME, SecretStore
from shared import config
from shared.config import Config, ConfigError
from shared.db import merchants as db
from shared.db import users
from shared.db.audit import Actor
from shared.db.database import Database, Tx
from shared.db.pages import LIMIT_MAX, Page
from shared.domain import views
from shared.domain.merchant import ApiKey, Merchant
from shared.domain.user import ROLES, User
from shared.errors import BadRequest, GatewayError, NotFound
from shared.sealing import Sealer
from shared.services import identity, merchants, team

PROGRAM = "make merchant"
EXAMPLES = """\
examples:
  make merchant ARGS='create --name "Asha Stores" --email asha@stores.example'
  make merchant ARGS='keys asha@stores.example'
  make merchant ARGS='user-create --email asha@stores.example --name Asha --merchant asha@stores.example'
  make merchant ARGS='key-roll key_test_… --overlap 3600'

The same without make: .venv/bin/python -m local.merchant create …

It works on the Postgres of the running `make up`, or on DATABASE_URL. Where APP_ENV is production there, say so here
too: keys then begin with key_live_. It ends with 0 when it is done, with 1 when it is refused, and with 2 when the
command is not understood.
"""
HELP_WIDTH = 110
SHOWN_ONCE = "Secrets are shown this once: keep them now."
# The command cannot see which of the two the gateway is.
MADE_FOR = {
    True: "Made for APP_ENV=production.",
    False: "Warning: made for APP_ENV=development. A gateway in production refuses this key: for one, say"
    " APP_ENV=production to this command too.",
}
THIS_ONCE = "The password is shown this once: who signs in with it must change it first."
NO_END = "until it is rolled or revoked"
# Who did it, for the audit log: whoever may run this command could write anything there.
OPERATOR = Actor(name="make merchant", user_id=None, address="")

Shown = tuple[Any, str]  # what a command has to say: to programs, and to people


class Parser(argparse.ArgumentParser):
    """One that says in a sentence what it does not understand."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}; make merchant without ARGS shows how.\n")


def main(words: Sequence[str] | None = None) -> int:
    parser = _parser()
    asked = parser.parse_args(words)
    if asked.command is None:
        parser.print_help()
        return 0
    try:
        settings = _settings(LocalConfig.from_environment())
        with (
            closing(Database(settings.database_url, application_name="gateway-merchant")) as database,
            database.transaction() as tx,
        ):
            for_programs, for_people = asked.command(tx, settings, asked)
    except (LocalError, ConfigError) as error:
        return _refused(str(error))
    except GatewayError as refusal:
        return _refused(f"{refusal.description}.")
    except psycopg.errors.UndefinedTable:
        return _refused("The database has no tables yet: `make up` makes them, and so does python -m local.migrate.")
    except psycopg.OperationalError as error:
        return _refused(f"Postgres refused: {str(error).strip().splitlines()[0]}")
    except OSError as error:
        return _refused(f"{error.filename} cannot be read: {error.strerror}.")
    print(msgspec.json.encode(for_programs).decode() if asked.json else for_people)
    return 0


# Commands


def _create(tx: Tx, settings: Config, asked: argparse.Namespace) -> Shown:
    merchant, api_secret, webhook_secret = merchants.create(
        tx,
        Sealer(settings.encryption_key),
        name=asked.name,
        email=asked.email,
        webhook_url=asked.webhook_url,
        checkout_origins=asked.checkout_origin,
        production=settings.production,
        reach=settings.reach,
    )
    shown = msgspec.to_builtins(views.of_merchant(merchant))
    rows = {
        "Merchant": merchant.name,
        "Email": merchant.email,
        "Id": str(merchant.id),
        "Webhook URL": merchant.webhook_url or "none yet",
        **({"Checkout on": " ".join(merchant.checkout_origins)} if merchant.checkout_origins else {}),
        "X-Api-Key": merchant.api_key,
        "X-Api-Secret": api_secret,
        "Webhook secret": webhook_secret,
    }
    shown |= {"api_secret": api_secret, "webhook_secret": webhook_secret}
    if asked.owner_email is not None:
        owner, password = team.create_user(
            tx,
            OPERATOR,
            email=asked.owner_email,
            name=asked.owner_email.partition("@")[0],
            password=None,
            merchant_id=merchant.id,
            role="owner",
            is_operator=False,
        )
        rows |= {"Owner": owner.email, "Password": password}
        shown |= {"owner": _user(owner) | {"password": password}}
    return shown, f"{_card(rows)}\n\n{_made(settings)}"


def _list(tx: Tx, _: Config, __: argparse.Namespace) -> Shown:
    found: list[Merchant] = []
    more = True
    while more:
        page = db.page(tx, Page(limit=LIMIT_MAX, starting_after=str(found[-1].id) if found else None))
        found += [row["merchant"] for row in page.rows]
        more = page.has_more
    rows = [
        (str(merchant.id), merchant.name, merchant.email, merchant.api_key, merchant.webhook_url or "")
        for merchant in found
    ]
    return (
        {"data": [views.of_merchant(merchant) for merchant in found]},
        _table(("ID", "NAME", "EMAIL", "NEWEST KEY", "WEBHOOK URL"), rows) if rows else "There is no merchant yet.",
    )


def _keys(tx: Tx, _: Config, asked: argparse.Namespace) -> Shown:
    keys = db.keys(tx, _find(tx, asked.merchant).id)
    rows = [(key.api_key, views.timestamp(key.created_at), _end(key)) for key in keys]
    return (
        {"data": [views.of_api_key(key) for key in keys]},
        _table(("KEY", "CREATED", "WORKS"), rows) if rows else "This merchant has no key that works.",
    )


def _create_key(tx: Tx, settings: Config, asked: argparse.Namespace) -> Shown:
    key, secret = merchants.create_key(tx, _find(tx, asked.merchant).id, production=settings.production)
    shown = f"{_card(_credentials(key, secret))}\n\n{_made(settings)}"
    return views.of_api_key(key, api_secret=secret), shown


def _roll_key(tx: Tx, settings: Config, asked: argparse.Namespace) -> Shown:
    merchant_id = _owner(tx, asked.key)
    key, secret = merchants.roll_key(
        tx, merchant_id, asked.key, overlap_seconds=asked.overlap, production=settings.production
    )
    old = next((old for old in db.keys(tx, merchant_id) if old.api_key == asked.key), None)
    end = f"works {_end(old)}" if old else "does not work any more"
    shown = f"{_card(_credentials(key, secret))}\n\n{asked.key} {end}.\n{_made(settings)}"
    return views.of_api_key(key, api_secret=secret), shown


def _revoke_key(tx: Tx, _: Config, asked: argparse.Namespace) -> Shown:
    revoked = merchants.revoke_key(tx, _owner(tx, asked.key), asked.key)
    return views.of_api_key(revoked), f"{asked.key} does not work any more."


def _create_user(tx: Tx, _: Config, asked: argparse.Namespace) -> Shown:
    if asked.merchant is None and not asked.operator:
        raise BadRequest("Say --merchant, or --operator, or both")
    merchant = None if asked.merchant is None else _find(tx, asked.merchant)
    known = users.find_by_email(tx, asked.email)
    if known is not None:
        return _update_user(tx, known, merchant, asked)
    given, role = _password(asked), asked.role or "owner"
    user, password = team.create_user(
        tx,
        OPERATOR,
        email=asked.email,
        name=asked.name or asked.email.partition("@")[0],
        password=given,
        merchant_id=merchant.id if merchant else None,
        role=role,
        is_operator=asked.operator,
    )
    roles = [f"{_role(role)} of {merchant.name}"] if merchant else []
    rows = {"User": user.name, "Email": user.email, "Role": ", ".join([*roles, *["operator"] * asked.operator])}
    return _with_password(user, rows, password, given)


def _update_user(tx: Tx, known: User, merchant: Merchant | None, asked: argparse.Namespace) -> Shown:
    """Of somebody who signs in already. Their password is made up, too, should they need another."""
    user, password = team.update_user(
        tx,
        OPERATOR,
        known,
        merchant_id=merchant.id if merchant else None,
        role=asked.role,
        is_operator=asked.operator or None,
    )
    are = ["operator"] * asked.operator
    if merchant is not None:
        role = team.get(tx, merchant.id, str(user.id)).role
        are = [f"{_role(role)} of {_printable(merchant.name)}", *are]
    if password is None:
        return _user(user), f"{user.email} is {' and '.join(are)} too, and signs in as before."
    return _with_another_password(user, ", ".join(are), password)


def _change_password(tx: Tx, _: Config, asked: argparse.Namespace) -> Shown:
    given = _password(asked)
    user, password = team.reset_password(tx, OPERATOR, team.find_user(tx, asked.email), given)
    return _with_password(user, {"User": user.name, "Email": user.email, "Sessions": "all ended"}, password, given)


def _set_operator(tx: Tx, _: Config, asked: argparse.Namespace) -> Shown:
    user, password = team.update_user(
        tx,
        OPERATOR,
        team.find_user(tx, asked.email),
        merchant_id=None,
        role=None,
        is_operator=not asked.off,
    )
    if password is None:
        return _user(user), f"{user.email} is {'an operator' if user.is_operator else 'no operator any more'}."
    return _with_another_password(user, "operator", password)


def _list_users(tx: Tx, _: Config, __: argparse.Namespace) -> Shown:
    found: list[dict[str, Any]] = []
    while page := users.all(tx, after=found[-1]["email"] if found else "", limit=LIMIT_MAX):
        found += page
    rows = [
        (one["email"], one["name"], "; ".join([*one["roles"], *["operator"] * one["is_operator"]])) for one in found
    ]
    return (
        {"data": [one | {"created_at": views.timestamp(one["created_at"])} for one in found]},
        _table(("EMAIL", "NAME", "ROLES"), rows) if rows else "There is no user yet.",
    )


def _password(asked: argparse.Namespace) -> str | None:
    """The first line of what is piped in, or what is typed unseen; None if one is to be made up."""
    if not asked.password_stdin:
        return None
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _with_password(user: User, rows: dict[str, str], password: str, given: str | None) -> Shown:
    if given is not None:
        return _user(user), _card(rows)
    shown = _card(rows | {"Password": password})
    return _user(user) | {"password": password}, f"{shown}\n\n{THIS_ONCE}"


def _with_another_password(user: User, role: str, password: str) -> Shown:
    """Of who may open more now than whoever gave them their first one."""
    rows = {"User": user.name, "Email": user.email, "Role": role, "Sessions": "all ended"}
    return _with_password(user, rows, password, None)


def _user(user: User) -> dict[str, Any]:
    return {"id": str(user.id), "email": user.email, "name": user.name, "is_operator": user.is_operator}


def _role(role: str) -> str:
    return role.replace("_", "-")


def _find(tx: Tx, merchant: str) -> Merchant:
    """By email or id. Raises NotFound."""
    if "@" not in merchant:
        return merchants.find(tx, merchant)
    found = db.find_by_email(tx, merchant)
    if found is None:
        raise NotFound("Merchant not found")
    return found


def _owner(tx: Tx, api_key: str) -> UUID:
    """The merchant whose key it is. Raises NotFound."""
    known = db.credential(tx, api_key) if identity.is_key(api_key) else None
    if known is None:
        raise NotFound("API key not found")
    return known[0]


# Where the merchants are


def _settings(local: LocalConfig) -> Config:
    """What every part of the gateway here runs on. Raises LocalError or ConfigError."""
    # Opening the store would make it, and with it a key of its own, where nothing has run yet.
    store = SecretStore.open(local.home) if (local.home / FILE_NAME).exists() else None
    url = local.database_url
    if url is None:
        postgres = EmbeddedPostgres(local.home, store.postgres_password) if store else None
        if postgres is None or not postgres.answers():
            raise LocalError(
                f"The gateway does not run on {local.home}: start it with `make up` first, or set DATABASE_URL."
            )
        url = postgres.url
    # No session is signed here, but the configuration wants its secret.
    secrets = store.environment() if store else {"JWT_SECRET": token_urlsafe()}
    return config.from_environment(local.child_environment(database_url=url, redis_url="", secrets=secrets))


# What is read and shown


def _parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        usage="make merchant ARGS='<command> …'",
        description="Merchants of this gateway, their API keys and their people.",
        epilog=EXAMPLES,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=16, width=HELP_WIDTH),
        allow_abbrev=False,
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="<command>", prog=PROGRAM, parser_class=Parser)

    def add(name: str, command: Any, words: str) -> argparse.ArgumentParser:
        wide = partial(argparse.HelpFormatter, width=HELP_WIDTH)
        added = commands.add_parser(name, help=words, description=words, allow_abbrev=False, formatter_class=wide)
        added.add_argument("--json", action="store_true", help="for programs: what the API would answer")
        added.set_defaults(command=command)
        return added

    create = add("create", _create, "sign a merchant up; shows its secrets, once")
    create.add_argument("--name", required=True)
    create.add_argument("--email", required=True, help="no other merchant may have it")
    create.add_argument("--webhook-url", help="where it wants to hear of its payments")
    create.add_argument(
        "--checkout-origin",
        metavar="ORIGIN",
        action="append",
        default=[],
        help="whose pages may frame its checkout, such as https://shop.example; may be said several times",
    )
    create.add_argument("--owner-email", metavar="EMAIL", help="who may sign in for it; their password is shown, once")
    add("list", _list, "every merchant, newest first")
    for name, command, words in (
        ("keys", _keys, "the keys of a merchant that work, newest first"),
        ("key-create", _create_key, "a further key for a merchant; shows its secret, once"),
    ):
        add(name, command, words).add_argument("merchant", metavar="EMAIL_OR_ID")
    roll = add("key-roll", _roll_key, "a new key in place of another, which works on a while; shows its secret, once")
    roll.add_argument("key", metavar="KEY")
    roll.add_argument(
        "--overlap",
        metavar="SECONDS",
        type=_overlap,
        help=f"how long the other key still works: {merchants.OVERLAP_SECONDS}, unless said; 0 ends it at once",
    )
    user = add("user-create", _create_user, "somebody who may sign in; shows a made-up password, once")
    user.add_argument("--email", required=True)
    user.add_argument("--name")
    user.add_argument(
        "--merchant",
        metavar="EMAIL_OR_ID",
        help="for which; a user of another one becomes its too, with a new password",
    )
    user.add_argument("--role", choices=ROLES, help="owner, unless said; who is a member stays what they are")
    user.add_argument(
        "--operator", action="store_true", help="may do what is the operator's, too; a user then gets a new password"
    )
    change = add("user-password", _change_password, "another password for a user, whose sessions all end")
    change.add_argument("email", metavar="EMAIL")
    for one in (user, change):
        one.add_argument("--password-stdin", action="store_true", help="read it from the terminal, or from a pipe")
    operator = add(
        "user-operator", _set_operator, "let a user do what is the operator's, with a new password, or not any more"
    )
    operator.add_argument("email", metavar="EMAIL")
    operator.add_argument("--off", action="store_true", help="not any more")
    add("user-list", _list_users, "every user, and what they are to which merchant")
    add("key-revoke", _revoke_key, "end a key at once").add_argument("key", metavar="KEY")
    return parser


def _overlap(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= merchants.OVERLAP_SECONDS_MAX):
        raise argparse.ArgumentTypeError(f"it must be whole seconds from 0 to {merchants.OVERLAP_SECONDS_MAX}")
    return int(text)


def _credentials(key: ApiKey, secret: str) -> dict[str, str]:
    return {"X-Api-Key": key.api_key, "X-Api-Secret": secret}


def _made(settings: Config) -> str:
    return f"{SHOWN_ONCE}\n{MADE_FOR[settings.production]}"


def _end(key: ApiKey) -> str:
    return NO_END if key.expires_at is None else f"until {views.timestamp(key.expires_at)}"


def _card(rows: dict[str, str]) -> str:
    width = max(map(len, rows))
    return "\n".join(f"  {name:<{width}}  {_printable(shown)}" for name, shown in rows.items())


def _table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [names, *(tuple(map(_printable, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _printable(text: str) -> str:
    """On one line, and without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
