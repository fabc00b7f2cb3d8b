"""What a run keeps until it has read a file to its end, in temporary tables: its memory stays the same however long the
file is."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, Table, Text, delete, select
from sqlalchemy.schema import CreateTable

from db.store import batches, ids_in_batches, insert_rows
from models.types import Code


class Entry(NamedTuple):
    """Something that is kept under an owner, such as a project, and a key that no other of that owner has.

    `line` gives the order of what an owner has; `place` says where it was read.
    """

    owner: str
    key: str = ""
    line: int = 0
    place: str | None = None
    content: bytes | None = None


class Staged:
    """Entries of any number."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.connection = connection
        self.table = table

    def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries that are new; there should be many of them at a time."""
        insert_rows(self.connection, self.table, [entry._asdict() for entry in entries])

    def add_missing(self, entries: Iterable[Entry]) -> None:
        """Keep those of some entries that are not there yet."""
        new = {(entry.owner, entry.key): entry for entry in entries}
        known = self.places({owner for owner, _ in new})
        self.add(entry for key, entry in new.items() if key not in known)

    def places(self, owners: Collection[str]) -> dict[tuple[str, str], str | None]:
        """Where the entries of some owners were read, by owner and key."""
        columns = self.table.c
        found: dict[tuple[str, str], str | None] = {}
        for piece in batches(sorted(owners)):
            query = select(columns.owner, columns.key, columns.place).where(columns.owner.in_(piece))
            found |= {(owner, key): place for owner, key, place in self.connection.execute(query)}
        return found

    def owners(self) -> Iterator[Sequence[str]]:
        """All owners in their order, some at a time."""
        return ids_in_batches(self.connection, self.table.c.owner)

    def by_owner(self) -> Iterator[dict[str, list[Entry]]]:
        """All entries, some owners at a time; those of an owner are together and in their order."""
        columns = self.table.c
        for piece in self.owners():
            # A range, not a list: a server that has not analysed the table takes a long list to be in half of it.
            these = (columns.owner >= piece[0]) & (columns.owner <= piece[-1])
            query = select(*(columns[name] for name in Entry._fields)).where(these)
            found: dict[str, list[Entry]] = {owner: [] for owner in piece}
            for row in self.connection.execute(query.order_by(columns.line)):
                found[row.owner].append(Entry(*row))
            yield found


@contextmanager
def staged(connection: Connection, name: str) -> Iterator[Staged]:
    """Open an empty place for entries, in the caller's transaction. Where that fails the entries are gone with it."""
    table = _table(name)
    connection.execute(CreateTable(table, if_not_exists=True))
    connection.execute(delete(table))  # a file before may have had its own
    yield Staged(connection, table)
    connection.execute(delete(table))  # SQLite drops no table while anything is being read


@cache
def _table(name: str) -> Table:
    return Table(
        f"staged_{name}",
        MetaData(),
        Column("owner", Code, primary_key=True),
        Column("key", Code, primary_key=True),
        Column("line", BigInteger, nullable=False),
        Column("place", Text),
        Column("content", LargeBinary),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
        sqlite_with_rowid=False,
    )
