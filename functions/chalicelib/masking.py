"""What is kept of a call's words: of a body what its endpoint asks for, and nowhere a card, a password or a secret.

A body is gone through twice. `asked_for` is quick, and leaves out what nobody declared; `clean` looks for what people
write where nobody expects it: in notes, in addresses, in JSON within JSON.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import inspect

from shared import logs

MASK = logs.MASK
NAME_CHARACTERS_MAX = 64  # of a member
NAMES_MAX = 1024  # that are remembered
DIGITS_MIN = 13  # of a card number

# How names of secrets are written, without digits and signs: those that are one, those that have one in them, and those
# that are one as a member of an object, but not in a sentence.
_SECRET_NAMES = frozenset(("auth", "cookie", "csc", "cvn", "exp", "expiry", "jwt", "otp", "pass", "pin", "pwd"))
_SECRET_MEMBERS = frozenset(("code", "holder", "number", "pan"))
_SECRET_PARTS = (
    "accesskey", "apikey", "authorization", "bearer", "cardn", "cardholder", "credential", "cvc", "cvv", "expirymonth",
    "expiryyear", "holdername", "passphrase", "passw", "privatekey", "secret", "securitycode", "signingkey", "token",
)  # fmt: skip
_IGNORED = re.compile(r"[\W\d_]+")

_LOOKS_LIKE_JSON = re.compile(r"\s*[\[{]\s*[\"\[{\d]")
_DIGIT = re.compile(r"\d")
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]{0,19}:)?//[^\s\"'<>]+", re.IGNORECASE)
# A name before a value, with the word that says of what kind the value is; and a value that stands in no quotes.
_NAMED = re.compile(
    r"(?P<name>[^\W\d][\w.-]{1,63})[\"']?\s{0,8}[:=]\s{0,8}(?:(?:basic|bearer)\s{1,8})?(?P<quote>[\"']?)", re.IGNORECASE
)
_NAMED_VALUE = re.compile(r"\[masked\]|[^\s\"',;&}\]]*")
# Ids of ours, which are no card numbers; or digits with anything between them but letters and the colon of a time.
_DIGITS = re.compile(
    r"(?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)|\d+(?:(?:%[0-9A-Fa-f]{2}|[^\w:]|_){1,8}\d+)*"
)

# How a body is read: members by their names, a list of one thing, a value, anything, or what is never kept.
_Shape = Any
_VALUE, _ANYTHING, _NOTHING = "value", "anything", "nothing"


def asked_for(sent: Any, body: type | None) -> Any:
    """What was sent, without the values of what the endpoint does not ask for, or asks for in confidence."""
    return _asked_for(sent, {} if body is None else _shape(body))


def clean(value: Any) -> Any:
    """The same without card numbers and secrets where nobody expects them; and without NUL, which Postgres refuses."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {
            clean_text(name)[:NAME_CHARACTERS_MAX]: MASK if _is_secret_member(name) else clean(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        cleaned = [clean(inner) for inner in value]
        joined = " ".join(str(inner) for inner in cleaned if isinstance(inner, str | int))
        return MASK if _without_cards(joined) != joined else cleaned
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if _without_cards(str(value)) == str(value) else MASK
    return value


def clean_text(text: str) -> str:
    if _LOOKS_LIKE_JSON.match(text):
        try:
            return msgspec.json.encode(clean(msgspec.json.decode(text))).decode()
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return MASK  # nobody can tell what is in it
    if "//" in text:
        text = _URL.sub(_without_credentials, text)
    if "=" in text or ":" in text:
        text = _without_named(text)
    return _without_cards(logs.without_secrets(text)).replace("\x00", "\ufffd")


def _asked_for(value: Any, shape: _Shape) -> Any:
    if shape is _NOTHING:
        return MASK
    if shape is _ANYTHING or value is None:
        return value
    if isinstance(value, dict):
        members = shape if isinstance(shape, dict) else None
        return MASK if members is None else {n: _asked_for(v, members.get(n, _NOTHING)) for n, v in value.items()}
    if isinstance(value, list):
        return [_asked_for(one, shape[0]) for one in value] if isinstance(shape, list) else MASK
    return MASK if isinstance(shape, dict) else value


@cache
def _shape(body: type) -> _Shape:
    return _shape_of(inspect.type_info(body))


def _shape_of(info: Any) -> _Shape:
    if isinstance(info, inspect.Metadata):
        return _shape_of(info.type)
    if isinstance(info, inspect.UnionType):
        shapes = [shape for shape in map(_shape_of, info.types) if shape is not _VALUE]
        return shapes[0] if shapes else _VALUE
    if isinstance(info, inspect.StructType | inspect.DataclassType):
        return {
            field.encode_name: _NOTHING if _is_secret_member(field.encode_name) else _shape_of(field.type)
            for field in info.fields
        }
    if isinstance(info, inspect.ListType):
        return [_shape_of(info.item_type)]
    return _ANYTHING if isinstance(info, inspect.DictType | inspect.AnyType) else _VALUE


def _is_secret_member(name: str) -> bool:
    return _plain(name) in _SECRET_MEMBERS or _is_secret(name)


def _is_secret(name: str) -> bool:
    plain = _plain(name)
    return plain in _SECRET_NAMES or any(part in plain for part in _SECRET_PARTS)


@lru_cache(NAMES_MAX)
def _plain(name: str) -> str:
    return _IGNORED.sub("", unicodedata.normalize("NFKC", name).casefold())


def _without_credentials(found: re.Match[str]) -> str:
    """An address without who signs in there, and without what its query says."""
    try:
        url = urlsplit(found[0])
    except ValueError:
        return MASK
    host = url.netloc.rpartition("@")[2]
    query = "&".join(f"{part.partition('=')[0]}={MASK}" for part in url.query.split("&")) if url.query else ""
    user = f"{MASK}@" if "@" in url.netloc else ""
    return urlunsplit((url.scheme, user + host, url.path, query, MASK if url.fragment else ""))


def _without_named(text: str) -> str:
    """A sentence without the values of what is named like a secret in it."""
    kept, at = [], 0
    while found := _NAMED.search(text, at):
        kept.append(text[at : found.end()])
        at = found.end()
        if _is_secret(found["name"]):
            kept.append(MASK)
            at = _end_of_value(text, at, found["quote"])
    return "".join([*kept, text[at:]])


def _end_of_value(text: str, at: int, quote: str) -> int:
    if quote:
        end = text.find(quote, at)
        return len(text) if end < 0 else end
    value = _NAMED_VALUE.match(text, at)
    return value.end() if value else at


def _without_cards(text: str) -> str:
    if len(_DIGIT.findall(text)) < DIGITS_MIN:
        return text
    return _DIGITS.sub(lambda found: found[0] if found["id"] else logs.without_cards(found), text)
