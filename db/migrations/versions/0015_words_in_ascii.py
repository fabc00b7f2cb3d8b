"""Words of texts are letters and digits of ASCII, and PostgreSQL's index needs no word between fields any more."""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FIELDS = ("name", "title", "objective")
AT_ONCE = 1_000
BYTES = "zq"
LETTERS = 200
AS_BYTES = re.compile(rf"\b{BYTES}((?:[0-9a-f]{{2}})+)\b")

texts = sa.table("search_text", *map(sa.column, ["component_id", *FIELDS]))


def upgrade() -> None:
    _index_anew(between="")
    _write_anew(_in_ascii, r"[^\x01-\x7f]", "*[^\x01-\x7f]*")


def downgrade() -> None:
    _write_anew(_in_letters, BYTES, f"*{BYTES}*")
    _index_anew(between="xfieldx ")


def _in_ascii(words: str) -> str:
    return " ".join(
        word if word.isascii() else f"{BYTES}{word.casefold()[:LETTERS].encode().hex()}" for word in words.split(" ")
    )


def _in_letters(words: str) -> str:
    return AS_BYTES.sub(lambda found: bytes.fromhex(found[1]).decode(errors="replace"), words)


def _write_anew(write: Callable[[str], str], pattern: str, glob: str) -> None:
    """Write the texts anew that a pattern finds, some at a time, in the order of their ids."""
    connection = op.get_bind()
    matches, shape = ("~", pattern) if connection.dialect.name == "postgresql" else ("GLOB", glob)
    concerned = sa.or_(*(texts.c[field].op(matches)(shape) for field in FIELDS))
    query = sa.select(texts).where(concerned, texts.c.component_id > sa.bindparam("after"))
    query = query.order_by(texts.c.component_id).limit(AT_ONCE)
    new: dict[str, Any] = {field: sa.bindparam(f"new_{field}") for field in FIELDS}
    change = sa.update(texts).where(texts.c.component_id == sa.bindparam("id")).values(new)
    after = ""
    while rows := connection.execute(query, {"after": after}).all():
        after = rows[-1].component_id
        connection.execute(change, [_changed(row, write) for row in rows])


def _changed(row: Any, write: Callable[[str], str]) -> dict[str, str]:
    return {"id": row.component_id} | {f"new_{field}": write(getattr(row, field)) for field in FIELDS}


def _index_anew(between: str) -> None:
    """PostgreSQL's function says what is searched; SQLite keeps its fields apart by itself."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP INDEX search_text_vector")
    op.execute(
        "CREATE OR REPLACE FUNCTION search_vector(name text, title text, objective text) RETURNS tsvector "
        "LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT "
        "setweight(to_tsvector('simple', name), 'A') || "
        f"setweight(to_tsvector('simple', '{between}' || title), 'B') || "
        f"setweight(to_tsvector('simple', '{between}' || objective), 'C') $$"
    )
    op.execute("CREATE INDEX search_text_vector ON search_text USING gin (search_vector(name, title, objective))")
