"""Asks questions of a database: a file one by one, a server several in one round trip, and from memory what an earlier reading
knew (ADR 33, 34)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from db.engine import BEGIN_READING, reading_of
from db.errors import ReadAnewError
from db.queries.statements.prepared import CHUNK, Question, Row, Sent, said

BEGIN: Sent = (BEGIN_READING.encode(), ())
COMMIT: Sent = (b"COMMIT", ())

Known = Mapping[tuple[Any, ...], list[Row]]
"""Rows of questions, by their keys."""

NOTHING: Known = MappingProxyType({})

REMEMBERED = 100
"""Answers that are kept in a `Standing` at most, beside those that it always has; then it begins anew."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a release alone decides: the rows of questions that nearly every answer asks, and of some that were asked of a file
    lately, as how much there is in the list of which this is another page. Several threads use it at once."""

    always: Known = field(default_factory=dict)
    lately: dict[tuple[Any, ...], list[Row]] = field(default_factory=dict)

    def find(self, key: tuple[Any, ...]) -> list[Row] | None:
        """The rows of a question, where they are known."""
        rows = self.always.get(key)
        return self.lately.get(key) if rows is None else rows

    def remember(self, key: tuple[Any, ...], rows: list[Row]) -> None:
        """Keep the rows of a question, which are few."""
        if len(self.lately) >= REMEMBERED:
            self.lately.clear()
        self.lately[key] = rows


def ask(connection: Connection, question: Question) -> list[Row]:
    """Return all rows of a question.

    Raises:
        SQLAlchemyError: if the database does not answer or refuses.
    """
    reading = reading_of(connection)
    if reading is not None:
        rows = reading.known.get(question.key)
        return _send_together(connection, [question])[0] if rows is None else rows
    return question.prepared(connection.dialect).fetch(connection, question.values)


def ask_standing(connection: Connection, question: Question) -> list[Row]:
    """The same of a question that has few rows, which the release alone decides: a file is asked once while that is the newest
    (see `know`); a server has `ask_ahead` and `from_memory`."""
    standing: Standing | None = connection.get_execution_options().get("standing")
    if standing is None:
        return ask(connection, question)
    rows = standing.find(question.key)
    if rows is None:
        rows = ask(connection, question)
        standing.remember(question.key, rows)
    return rows


def know(connection: Connection, standing: Standing) -> None:
    """Say what stands in the release that this reading of a file is of."""
    if connection.get_execution_options().get("standing") is not standing:  # a connection that rested knows it still
        connection.execution_options(standing=standing)


def ask_ahead(connection: Connection, questions: Iterable[Question], last: bool = False) -> None:
    """Ask a server what will be asked later in the same reading, all of it in one round trip.

    Who asks it then has its rows at once: a reading sees one state throughout. A file is near enough to ask in turn.

    `last`: nothing else will be asked, so that a reading that may end early, as one from memory, can do so in the same trip.
    Where something is all the same, it is begun anew: that is never wrong, but slow.

    Raises:
        ReadAnewError: see `from_memory` and `db.engine.reading_once`.
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

    That one is asked again with the first of the questions that are sent together, at the latest at the end. What is refused
    before is refused once it has the same rows.

    Raises:
        ReadAnewError: if it has other rows, if the database failed before it was asked, or if something was asked after
            what was said to be the last. Where it has the same rows, the error holds what else is `known` by then.
    """
    reading = reading_of(connection)
    assert reading is not None
    reading.known |= known
    reading.from_memory, reading.may_end, reading.unsure = True, True, [unsure]
    try:
        try:
            yield
        except (SQLAlchemyError, ReadAnewError):
            raise
        except Exception:
            make_sure(connection, last=True)
            raise
        make_sure(connection, last=True)
    except SQLAlchemyError as error:
        if reading.unsure:
            raise ReadAnewError("this went wrong before it was known of which state the data are") from error
        raise
    except ReadAnewError as error:
        if not reading.unsure and reading.known[unsure.key] == known[unsure.key]:
            error.known = reading.known
        raise


def make_sure(connection: Connection, last: bool = False) -> None:
    """Ask what a reading from memory is still unsure of, as before something that cannot be done once more.

    Raises:
        ReadAnewError: see `from_memory`.
    """
    reading = reading_of(connection)
    if reading is not None and reading.unsure:
        _send_together(connection, [], last)


def assume(connection: Connection, question: Question, rows: list[Row]) -> bool:
    """Go on as if a question had these rows: it is asked with what is asked next, and if it has others the answer begins anew.

    False where nothing can be assumed, so that it has to be asked at once: in a reading that is not `from_memory`, or where
    other rows are known already.
    """
    reading = reading_of(connection)
    if reading is None or not reading.from_memory:
        return False
    if question.key not in reading.known:
        reading.known[question.key] = rows
        reading.unsure.append(question)
    return reading.known[question.key] == rows


def _send_together(connection: Connection, questions: Sequence[Question], last: bool = False) -> list[list[Row]]:
    """Ask a server questions, among them what the reading is unsure of; with the `last` one that may end early ends."""
    reading = reading_of(connection)
    assert reading is not None
    reading.go_on()  # before anything is begun, which would take a trip to end
    unsure, ends = reading.unsure, last and reading.may_end
    answers = iter(_answers(connection, [*questions, *unsure], ends))
    found = list(islice(answers, len(questions)))
    reading.ended = ends
    told = {question.key: rows for question, rows in zip(unsure, answers, strict=True)}
    as_taken = all(rows == reading.known[key] for key, rows in told.items())
    reading.known |= told
    reading.unsure = []
    if not as_taken:
        raise ReadAnewError("the data are not what they were taken to be")
    return found


def _answers(connection: Connection, questions: Sequence[Question], ends: bool) -> list[list[Row]]:
    """Send statements without waiting for what comes of those before, nor for the transaction to begin or to end."""
    from db.queries.statements.pipeline import OUTDATED, send_together  # who reads a file does without the driver

    statements = [question.prepared(connection.dialect) for question in questions]
    reading = reading_of(connection)
    assert reading is not None
    first = [] if reading.begun else [BEGIN]
    reading.begun = True
    sent = [one.sent(connection, question.values) for one, question in zip(statements, questions, strict=True)]
    together = [*first, *sent, *([COMMIT] if ends else [])]
    driver: Any = connection.connection.driver_connection
    try:
        try:
            found = send_together(driver, together)
        except OUTDATED:
            if not first:
                raise
            driver.rollback()  # nothing was read yet
            found = send_together(driver, together)
    except connection.dialect.loaded_dbapi.Error as error:
        raise said(connection, ";\n".join(statement.text for statement in statements), error) from error
    except BaseException:  # as where nobody waits for the answer any more
        connection.invalidate()
        raise
    mine = found[len(first) : len(first) + len(sent)]
    return [one.read(connection, part.types, part.rows) for one, part in zip(statements, mine, strict=True)]


def ask_dicts(connection: Connection, question: Question) -> list[dict[str, Any]]:
    """The same, each row by the names of its columns."""
    columns = question.prepared(connection.dialect).columns
    return [dict(zip(columns, row, strict=True)) for row in ask(connection, question)]


def ask_last(connection: Connection, question: Question) -> list[dict[str, Any]]:
    """The same for what an answer asks last, or alone: see `ask_ahead`."""
    ask_ahead(connection, [question], last=True)
    return ask_dicts(connection, question)


def is_page(limit: int | None) -> bool:
    """Whether rows are so few that they are had at once."""
    return limit is not None and limit <= CHUNK + 1


def in_pieces(connection: Connection, limit: int | None, questions: Iterable[Question]) -> Iterator[list[Row]]:
    """The rows of a list in pieces: at once if they are a page or were asked ahead, else as a stream, which is closed with the
    iterator.

    Of several questions one has the rows.
    """
    asked = list(questions)
    if is_page(limit):
        ask_ahead(connection, asked)
    elif not _is_known(connection, asked[-1]):
        return asked[-1].prepared(connection.dialect).stream(connection, asked[-1].values)
    return iter([ask(connection, question) for question in asked])


def _is_known(connection: Connection, question: Question) -> bool:
    reading = reading_of(connection)
    return reading is not None and question.key in reading.known
