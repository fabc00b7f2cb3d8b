"""Statements that are made once for each shape of a question, and from then on run on the database's driver.

To make a statement out of its parts takes fifty times as long as a database needs for a few rows. Questions of one shape
differ only in values, so a statement is made of a *template*: the same question with a slot for each value that may differ
(see `templates`). What differs between templates stands in the statement itself wherever it is a plain word or number: a driver
has little to bind then, and PostgreSQL plans a statement once that it would plan anew each time for the sake of such values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

from db.queries.statements.templates import Values, bare

KEPT = 1_000
"""Statements that are kept, those asked for least lately go first."""

CHUNK = 1_000
"""Rows that are fetched at once; of a page one more, which says whether there is another."""

LOT = 250
"""Rows of a long list that a file is asked for at once: so few that the processor's cache holds them and what is made of them,
until they are written. A server is asked for `CHUNK`, each time in a round trip."""

PLAIN = re.compile(r"[A-Za-z0-9_. -]*")
"""Words that stand in a statement as they are."""

SLOT = re.compile(r"%\((\w+)\)s|%%")
"""A place of a value as the driver of PostgreSQL has it, or the sign that would begin one."""

Row = tuple[Any, ...]
Sent = tuple[bytes, Sequence[Any]]
"""A statement with `$1`, `$2`, … in the places of its values, and the values."""

Numbered = tuple[bytes, tuple[str, ...]]
Processor = Callable[[Any], Any]

_numbers = count()


@dataclass(slots=True)  # frozen ones take three times as long to make
class Question:
    """A function that makes a statement of a template, which must be hashable, the template, and values for its slots."""

    build: Callable[..., Select[Any]]
    template: tuple[Any, ...] = ()
    values: Values = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        """What two questions have in common whose rows are the same."""
        return self.build, self.template, tuple(self.values.items())

    def prepared(self, dialect: Dialect) -> "Prepared":
        """Its statement in the words of a database."""
        return _prepared(dialect, self.build, *self.template)


def limits(limit: int | None) -> Values:
    """What fills the slot `limit` of a question that has one, as those for the first rows only do."""
    return {} if limit is None else {"limit": limit}


def said(connection: Connection, text: str, error: Exception) -> BaseException:
    """What the driver raises in the words of the engine, which lets go of a connection that is lost."""
    dialect = connection.dialect
    refused: Any = dialect.loaded_dbapi.Error
    gone = dialect.is_disconnect(error, connection.connection.driver_connection, None)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(text, None, error, refused, connection_invalidated=gone, dialect=dialect)


@dataclass(slots=True)
class Prepared:
    """A statement in a driver's words, and what turns values into the driver's and its into ours."""

    text: str
    fixed: Values
    order: Sequence[str] | None
    binders: Mapping[str, Processor]
    columns: tuple[str, ...]
    types: tuple[TypeEngine[Any], ...]
    _readers: list[tuple[int, Processor]] | None = None
    _numbered: Numbered | None = None

    def fetch(self, connection: Connection, values: Values) -> list[Row]:
        """Run it, and return all its rows."""
        cursor: Any = connection.connection.cursor()
        try:
            self.execute(connection, cursor, values)
            return self.read(connection, _types_of(cursor), cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as error:
            raise said(connection, self.text, error) from error
        finally:
            cursor.close()

    def stream(self, connection: Connection, values: Values) -> Iterator[list[Row]]:
        """Run it, and return an iterator over pieces of its rows."""
        driver: Any = connection.connection
        if connection.dialect.name == "sqlite":
            cursor, size = driver.cursor(), LOT
        else:  # it would send all rows at once to a cursor that has no name
            cursor, size = driver.cursor(f"rows_{next(_numbers)}"), CHUNK
        lots = self._lots(connection, cursor, values, size)
        next(lots)  # the statement runs now; and what has begun closes its cursor even where nobody takes a row
        return lots

    def _lots(self, connection: Connection, cursor: Any, values: Values, size: int) -> Iterator[list[Row]]:
        try:
            self.execute(connection, cursor, values)
            yield []
            while rows := cursor.fetchmany(size):
                yield self.read(connection, _types_of(cursor), rows)
        except connection.dialect.loaded_dbapi.Error as error:
            raise said(connection, self.text, error) from error
        finally:
            cursor.close()

    def execute(self, connection: Connection, cursor: Any, values: Values) -> None:
        """Send it, for `read` to read what comes."""
        given = self._given(values)
        bound: Any = given if self.order is None else tuple([given[name] for name in self.order])
        self._tell(connection, cursor, bound)
        cursor.execute(self.text, bound)

    def sent(self, connection: Connection, values: Values) -> Sent:
        """What is sent of it to a PostgreSQL together with others; `read` reads what comes."""
        given = self._given(values)
        self._tell(connection, None, given)
        if self._numbered is None:
            self._numbered = _numbered(self.text)
        text, names = self._numbered
        return text, [given[name] for name in names]

    def _given(self, values: Values) -> dict[str, Any]:
        given = {**self.fixed, **values}
        for name, process in self.binders.items():
            given[name] = process(given[name])
        return given

    def _tell(self, connection: Connection, cursor: Any, bound: Any) -> None:
        """Who listens to the engine hears of these statements too."""
        for listen in connection.engine.dispatch.before_cursor_execute:
            listen(connection, cursor, self.text, bound, None, False)

    def read(self, connection: Connection, types: Iterable[Any], rows: list[Row]) -> list[Row]:
        """Turn the driver's rows into ours; `types` are those of their columns, as the database calls them."""
        if self._readers is None:
            self._readers = self._find_readers(connection.dialect, types)
        if not self._readers:
            return rows
        found = []
        for row in rows:
            cells = list(row)
            for place, read in self._readers:
                cells[place] = read(cells[place])
            found.append(tuple(cells))
        return found

    def _find_readers(self, dialect: Dialect, types: Iterable[Any]) -> list[tuple[int, Processor]]:
        """What turns the driver's values into ours depends on how the database calls their types."""
        found: list[tuple[int, Processor]] = []
        for place, (kind, named) in enumerate(zip(self.types, types, strict=True)):
            read = kind.dialect_impl(dialect).result_processor(dialect, named)
            if read is not None:
                found.append((place, read))
        return found


def _types_of(cursor: Any) -> Iterator[Any]:
    return (column[1] for column in cursor.description)


def _numbered(text: str) -> Numbered:
    """A statement with PostgreSQL's own slots, which have numbers, instead of the driver's, and the names that these had."""
    names: dict[str, int] = {}

    def number(slot: re.Match[str]) -> str:
        return f"${names.setdefault(slot[1], len(names) + 1)}" if slot[1] else "%"

    return SLOT.sub(number, text).encode(), tuple(names)


@lru_cache(KEPT)
def _prepared(dialect: Dialect, build: Callable[..., Select[Any]], *template: Any) -> Prepared:
    statement = build(*template)
    columns = tuple(statement.selected_columns)
    in_words: Select[Any] = replacement_traverse(statement, {}, _written_out)  # type: ignore[call-overload]
    compiled = in_words.compile(dialect=dialect)
    open_ones = {name for name, bind in compiled.binds.items() if bind.required}
    # Slots have no values yet; how lists expand does not depend on them.
    state = compiled.construct_expanded_state(dict.fromkeys(open_ones))
    binders = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    binders |= {name: process for name, process in state.processors.items() if callable(process)}
    fixed = {name: value for name, value in state.parameters.items() if name not in open_ones}
    return Prepared(
        text=state.statement,
        fixed={name: _bound(value, binders.get(name)) for name, value in fixed.items()},
        order=state.positiontup,
        binders={name: process for name in open_ones if (process := binders[name]) is not None},
        columns=tuple(str(column.key) for column in columns),
        types=tuple(column.type for column in columns),
    )


def _written_out(part: Any, **_options: Any) -> Any:
    """A value as it stands in the statement, if it is plain: nothing in it could be taken for anything else."""
    if not isinstance(part, BindParameter) or part.required:
        return None
    values = part.value if part.expanding else [part.value]
    return part.render_literal_execute() if values and all(map(_is_plain, values)) else None


def _is_plain(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and PLAIN.fullmatch(value) is not None)


def _bound(value: Any, process: Processor | None) -> Any:
    return bare(value if process is None else process(value))
