"""A disk that is full: what a run then says of itself, and the room that it gives back."""

from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from api.cli.database import ready_engine
from db.engine import WAL_BYTES, writing
from db.errors import is_out_of_room
from tests.api.test_bad_nights import no_more_pages
from tests.data.export_helpers import PROJECT, csv_text, rows, take

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
WORDS = 30 << 20


def log_size(engine):
    return Path(f"{engine.url.database}-wal").stat().st_size


def fill(connection, size):
    """Write so many bytes to a table of this test's own, by pieces, as a run does."""
    for _ in range(size // 100_000):
        connection.exec_driver_sql("INSERT INTO filling VALUES (?)", ("x" * 100_000,))


@pytest.fixture
def served(engine):
    """A database which somebody has open all the time, as a service has."""
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE filling (words TEXT)")
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM filling").fetchall()
        reader.rollback()
        yield engine


@contextmanager
def pages(engine, more):
    """Let the file grow by so many pages and no further."""

    def limit(connection, _record, _proxy):
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + more}")

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(engine, "checkout", limit)


def test_a_long_run_gives_the_room_of_its_log_back(served):
    with writing(served) as connection:
        fill(connection, WORDS)
    assert log_size(served) > WORDS
    with writing(served) as connection:
        fill(connection, 100_000)
    assert log_size(served) <= WAL_BYTES


def test_what_found_no_room_leaves_none_taken(served):
    with pytest.raises(OperationalError) as full, pages(served, 3_000), writing(served) as connection:
        fill(connection, WORDS)
    assert is_out_of_room(full.value.orig)
    assert log_size(served) == 0


def test_a_run_without_room_is_refused_in_words_and_has_not_died(engine, write):
    path = write("a.csv", csv_text(*({**PROJECT, "project_id": f"X{n}", "name": "word " * 50} for n in range(600))))
    with no_more_pages(engine), pytest.raises(OperationalError):
        take(engine, path)
    (run,) = rows(engine, "ingest_run")
    assert (run["status"], run["detail"]) == ("refused", "there is no room to write: nothing of it was kept")
    assert rows(engine, "project") == []


def test_a_command_that_finds_no_room_says_so(served, capsys):
    url = served.url.render_as_string(hide_password=False)
    with pytest.raises(typer.Exit) as ended, ready_engine(url=url) as own, pages(own, 0), writing(own) as connection:
        fill(connection, WORDS)
    assert ended.value.exit_code == 3
    assert capsys.readouterr().err == "error: there is no room to write: database or disk is full\n"
