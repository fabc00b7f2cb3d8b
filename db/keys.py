"""Keys: made, found by their token, revoked. A token is shown once; what is stored cannot be turned back into it."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from db import tables
from db.errors import DataError, NotFoundError
from db.moments import now
from db.queries.statements.asking import ask, ask_ahead, ask_dicts
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot
from models.api_key import ApiKey
from models.vocabulary import Scope

TOKEN = re.compile(r"(mfa_[0-9a-f]{8})_[0-9a-f]{64}")
"""A prefix by which people and scanners of leaked secrets know it, the part that names it, and 256 bits of chance."""

ANY_TOKEN = re.compile(r"(mfa(?:_|%5[Ff])[0-9a-f]{8})(?:_|%5[Ff])[0-9a-f]+")
"""A token within other text, also one that was cut, or as an address may have it."""


class NameTakenError(DataError):
    """Another key has this name, maybe a revoked one: a name says for ever who wrote."""


def new_token() -> str:
    """Make a token by chance."""
    return f"mfa_{secrets.token_hex(4)}_{secrets.token_hex(32)}"


def without_tokens(text: str) -> str:
    """Leave of each token in a text the part that names it: who sends one in the wrong place should not find it in logs."""
    return ANY_TOKEN.sub(r"\1_...", text) if "mfa" in text else text


def add_key(connection: Connection, name: str, scopes: Iterable[Scope], token: str) -> ApiKey:
    """Store a key by the hash of its token.

    Raises:
        NameTakenError: if there is a key of this name.
    """
    table = tables.api_key
    if connection.scalar(select(table.c.key_id).where(table.c.name == name)) is not None:
        raise NameTakenError(f"there is a key {name!r} already, revoked or not: choose another name")
    values: dict[str, Any] = {
        "name": name,
        "prefix": token.rpartition("_")[0],
        "token_sha256": _digest(token),
        "scopes": list(dict.fromkeys(scopes)),
        "created_at": now(),
    }
    made = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert made is not None
    return ApiKey(key_id=int(made[0]), **values)


def find_key(connection: Connection, token: str) -> ApiKey | None:
    """Find the key of a token, `None` where there is none or it was revoked: a server is asked for it with what `any_key` asks.

    The row is found by the part that names it, which is no secret; the whole is compared in constant time.
    """
    match = TOKEN.fullmatch(token)
    if match is None:
        return None
    ask_ahead(connection, [(asked := Question(_of_prefix, values={"prefix": match[1]})), COUNT], last=True)
    row = next(iter(ask_dicts(connection, asked)), None)
    if row is None or not hmac.compare_digest(row["token_sha256"], _digest(token)) or row["revoked_at"] is not None:
        return None
    return ApiKey(**row)


def _of_prefix() -> Select[Any]:
    return select(tables.api_key).where(tables.api_key.c.prefix == slot("prefix"))


def is_live(connection: Connection, key_id: int) -> bool:
    """True as long as a key is not revoked."""
    table = tables.api_key
    query = select(table.c.key_id).where(table.c.key_id == key_id, table.c.revoked_at.is_(None))
    return connection.scalar(query) is not None


def may(connection: Connection, key_id: int, scope: Scope) -> bool:
    """True where a key has a scope; a key keeps for ever those that it was made with, also once it is revoked."""
    table = tables.api_key
    return scope in (connection.scalar(select(table.c.scopes).where(table.c.key_id == key_id)) or ())


def any_key(connection: Connection) -> bool:
    """True once a key was made: without one, writing is off."""
    ask_ahead(connection, [COUNT], last=True)
    return bool(ask(connection, COUNT)[0][0])


def _counting() -> Select[Any]:
    return select(func.count()).select_from(tables.api_key)


COUNT = Question(_counting)


def list_keys(connection: Connection) -> list[dict[str, Any]]:
    """Every key in the order in which they were made."""
    query = select(tables.api_key).order_by(tables.api_key.c.key_id)
    return [dict(row) for row in connection.execute(query).mappings()]


def note_use(connection: Connection, key_id: int) -> None:
    """Write down that a key was used to write."""
    table = tables.api_key
    connection.execute(update(table).where(table.c.key_id == key_id).values(last_used_at=now()))


def revoke_key(connection: Connection, name: str) -> bool:
    """End a key, at once and for ever.

    Returns:
        False where it was revoked already.

    Raises:
        NotFoundError: if there is no key of this name.
    """
    table = tables.api_key
    row = connection.execute(select(table).where(table.c.name == name)).mappings().first()
    if row is None:
        raise NotFoundError("key", name)
    if row["revoked_at"] is not None:
        return False
    connection.execute(update(table).where(table.c.key_id == row["key_id"]).values(revoked_at=now()))
    return True


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
