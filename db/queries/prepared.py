"""Statements that are made once for each shape of a question, and from then on run on the database's driver.

To make a statement out of its parts takes fifty times as long as a database needs for a few rows. Questions of one shape
differ only in values, so a statement is made of a *template*: the same question with a slot for each value that may differ
(see `templates`). What differs between templates stands in the statement itself wherever it is a plain word or number: a driver
has little to bind then, and PostgreSQL plans a statement once that it would plan anew each time for the sake of such values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

from db.engine import is_idle, reading_of
from db.errors import ReadAnewError
from db.queries.templates import Values, bare

KEPT = 1_000
"""Statements that are kept, those asked for least lately go first."""

CHUNK = 1_000
"""Rows that are fetched at once; of a page one more, which says whether there is another."""

PLAIN = re.compile(r"[A-Za-z0-9_. -]*")
"""Words that stand in a statement as they are."""

Row = tuple[Any, ...]
Processor = Callable[[Any], Any]

_numbers = count()


@dataclass(frozen=True, slots=True)
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


def ask(connection: Connection, question: Question) -> list[Row]:
    """Return all rows of a question.

    Raises:
        SQLAlchemyError: if the database does not answer or refuses.
    """
    reading = reading_of(connection)
    if reading is not None:
        rows = reading.known.get(question.key)
        if rows is not None:
            return rows
        if is_idle(connection):
            return _send_together(connection, [question])[0]
    return question.prepared(connection.dialect).fetch(connection, question.values)


def ask_ahead(connection: Connection, questions: Iterable[Question], last: bool = False) -> None:
    """Ask a server what will be asked later in the same reading, all of it in one round trip.

    Who asks it then has its rows at once: a reading sees one state throughout. A file is near enough to ask in turn.

    `last`: nothing else will be asked, so that a reading from memory can end in the same trip. Where something is all the
    same, it is begun anew: that is never wrong, but slow.

    Raises:
        ReadAnewError: see `from_memory`.
        SQLAlchemyError: see `ask`.
    """
    reading = reading_of(connection)
    if reading is None:
        return
    if new := {question.key: question for question in questions if question.key not in reading.known}:
        reading.known |= zip(new, _send_together(connection, list(new.values()), last), strict=True)


def ask_once(connection: Connection, question: Question) -> list[Row]:
    """Return the rows of a question that several parts of an answer ask: a server is asked for them once a reading."""
    ask_ahead(connection, [question])
    return ask(connection, question)


@contextmanager
def from_memory(connection: Connection, known: Mapping[tuple[Any, ...], list[Row]], unsure: Question) -> Iterator[None]:
    """Go on from rows that an earlier reading of a server had, as long as one of its questions still has the same rows.

    That one is asked again with the first of the questions that are sent together, at the latest at the end. Whatever goes
    wrong before may have gone wrong because of it.

    Raises:
        ReadAnewError: if it has other rows, if something went wrong before it was asked, or if something was asked after
            what was said to be the last.
    """
    reading = reading_of(connection)
    assert reading is not None
    reading.known |= known
    reading.from_memory, reading.unsure = True, unsure
    try:
        yield
        if reading.unsure:
            _send_together(connection, [], last=True)
    except Exception as error:
        if reading.unsure:
            raise ReadAnewError("this went wrong before it was known of which state the data are") from error
        raise


def _send_together(connection: Connection, questions: Sequence[Question], last: bool = False) -> list[list[Row]]:
    """Ask a server questions, among them what the reading is unsure of; with the `last` a reading from memory ends."""
    reading = reading_of(connection)
    assert reading is not None
    reading.go_on()  # before anything is begun, which would take a trip to end
    unsure, ends = reading.unsure, last and reading.from_memory
    found = _answers(connection, [*questions, unsure] if unsure else questions, ends)
    reading.ended = ends
    if unsure and found.pop() != reading.known[unsure.key]:
        raise ReadAnewError("there is a newer state of the data")
    reading.unsure = None
    return found


def _answers(connection: Connection, questions: Sequence[Question], ends: bool) -> list[list[Row]]:
    """Send statements without waiting for what comes of those before, nor for the transaction to begin or to end."""
    statements = [question.prepared(connection.dialect) for question in questions]
    driver: Any = connection.connection.driver_connection
    cursors: list[Any] = []
    try:
        with driver.pipeline():
            for question, statement in zip(questions, statements, strict=True):
                cursors.append(driver.cursor())
                statement.execute(connection, cursors[-1], question.values)
            if ends:
                driver.cursor().execute("COMMIT")
        return [
            statement.read(connection, cursor, cursor.fetchall())
            for statement, cursor in zip(statements, cursors, strict=True)
        ]
    except connection.dialect.loaded_dbapi.Error as error:
        raise said(connection, ";\n".join(statement.text for statement in statements), error) from error
    finally:
        for cursor in cursors:
            cursor.close()


def ask_dicts(connection: Connection, question: Question) -> list[dict[str, Any]]:
    """The same, each row by the names of its columns."""
    columns = question.prepared(connection.dialect).columns
    return [dict(zip(columns, row, strict=True)) for row in ask(connection, question)]


def limits(limit: int | None) -> Values:
    """What fills the slot `limit` of a question that has one, as those for the first rows only do."""
    return {} if limit is None else {"limit": limit}


def is_page(limit: int | None) -> bool:
    """Whether rows are so few that they are had at once."""
    return limit is not None and limit <= CHUNK + 1


def in_pieces(connection: Connection, limit: int | None, questions: Iterable[Question]) -> Iterator[list[Row]]:
    """The rows of a list in pieces: a page at once, whatever is longer as a stream, which is closed with the iterator.

    Of several questions one has the rows.
    """
    if is_page(limit):
        asked = list(questions)
        ask_ahead(connection, asked)
        return iter([ask(connection, question) for question in asked])
    (question,) = questions
    return question.prepared(connection.dialect).stream(connection, question.values)


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

    def fetch(self, connection: Connection, values: Values) -> list[Row]:
        """Run it, and return all its rows."""
        cursor: Any = connection.connection.cursor()
        try:
            self.execute(connection, cursor, values)
            return self.read(connection, cursor, cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as error:
            raise said(connection, self.text, error) from error
        finally:
            cursor.close()

    def stream(self, connection: Connection, values: Values) -> Iterator[list[Row]]:
        """Run it, and return an iterator over pieces of its rows."""
        driver: Any = connection.connection
        # PostgreSQL would send all rows at once to a cursor that has no name.
        cursor = driver.cursor() if connection.dialect.name == "sqlite" else driver.cursor(f"rows_{next(_numbers)}")
        lots = self._lots(connection, cursor, values)
        next(lots)  # the statement runs now; and what has begun closes its cursor even where nobody takes a row
        return lots

    def _lots(self, connection: Connection, cursor: Any, values: Values) -> Iterator[list[Row]]:
        try:
            self.execute(connection, cursor, values)
            yield []
            while rows := cursor.fetchmany(CHUNK):
                yield self.read(connection, cursor, rows)
        except connection.dialect.loaded_dbapi.Error as error:
            raise said(connection, self.text, error) from error
        finally:
            cursor.close()

    def execute(self, connection: Connection, cursor: Any, values: Values) -> None:
        """Send it, for `read` to read what comes."""
        given = {**self.fixed, **values}
        for name, process in self.binders.items():
            given[name] = process(given[name])
        bound: Any = given if self.order is None else tuple([given[name] for name in self.order])
        for listen in connection.dispatch.before_cursor_execute:  # who listens to the engine hears of these too
            listen(connection, cursor, self.text, bound, None, False)
        cursor.execute(self.text, bound)

    def read(self, connection: Connection, cursor: Any, rows: list[Row]) -> list[Row]:
        """Turn the driver's rows into ours."""
        if self._readers is None:
            self._readers = self._find_readers(connection.dialect, cursor.description)
        if not self._readers:
            return rows
        found = []
        for row in rows:
            cells = list(row)
            for place, read in self._readers:
                cells[place] = read(cells[place])
            found.append(tuple(cells))
        return found

    def _find_readers(self, dialect: Dialect, description: Sequence[Any]) -> list[tuple[int, Processor]]:
        """What turns the driver's values into ours depends on how the database calls their types."""
        found: list[tuple[int, Processor]] = []
        for place, (kind, named) in enumerate(zip(self.types, description, strict=True)):
            read = kind.dialect_impl(dialect).result_processor(dialect, named[1])
            if read is not None:
                found.append((place, read))
        return found


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
