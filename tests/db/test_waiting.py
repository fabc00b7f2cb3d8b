"""A PostgreSQL is asked in one go, and while it answers the event loop goes on with others."""

import asyncio
import time

import psycopg
import pytest
from sqlalchemy import event, func, literal, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from db import tables
from db.engine import SERVER_READERS, make_engine, reading
from db.migrate import upgrade
from db.queries.releases import NEWEST
from db.queries.statements import pipeline
from db.queries.statements.asking import ask, ask_ahead
from db.queries.statements.pipeline import send_together
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot
from db.waiting import WaitingConnection, on_loop
from tests.conftest import client_of, let_go

SLOW = "SELECT pg_sleep(0.4), 1"


@pytest.fixture
def driver(server):
    """A connection of the driver's, in no transaction."""
    connection = server.raw_connection()
    yield connection.driver_connection
    connection.invalidate()


def kept_by(driver):
    """The statements that the server keeps for a connection."""
    [found] = send_together(driver, [(b"SELECT count(*) FROM pg_prepared_statements", ())])
    return found.rows[0][0]


def slow():
    return select(func.pg_sleep(0.4).label("slept"), literal(1).label("one"))


def ask_slowly(engine):
    with reading(engine) as connection:
        ask(connection, Question(slow))
        return ask(connection, NEWEST)


async def ticks_during(work):
    """How often the loop comes round every hundredth of a second while something is done, and what comes of it."""
    task, ticks = asyncio.ensure_future(work), 0
    while not task.done():
        await asyncio.sleep(0.01)
        ticks += 1
    return ticks, task.result()


def test_the_loop_goes_on_while_a_server_answers(server):
    async def several():
        return await ticks_during(asyncio.gather(*(on_loop(ask_slowly, server) for _ in range(4))))

    began = time.monotonic()
    ticks, found = asyncio.run(several())
    assert time.monotonic() - began < 4 * 0.4
    assert ticks > 10
    assert found == [found[0]] * 4 != [[]] * 4


def test_statements_that_are_executed_one_by_one_keep_nobody_waiting_either(server):
    def act():
        with reading(server) as connection:
            return connection.execute(text(SLOW)).one()[1]

    ask_slowly(server)  # connected before
    ticks, found = asyncio.run(ticks_during(on_loop(act)))
    assert (ticks > 10, found) == (True, 1)


def test_threads_take_no_connection_from_the_loop(server):
    held = [server.connect() for _ in range(SERVER_READERS)]
    ticks, found = asyncio.run(ticks_during(on_loop(ask_slowly, server)))
    assert ticks > 10
    assert found
    for connection in held:
        connection.close()


def test_more_questions_than_connections_wait_without_stopping_the_loop(server):
    async def many():
        return await ticks_during(asyncio.gather(*(on_loop(ask_slowly, server) for _ in range(SERVER_READERS + 5))))

    ticks, found = asyncio.run(many())
    assert ticks > 20
    assert found == [found[0]] * (SERVER_READERS + 5)


def test_an_answer_that_finds_no_connection_says_that_the_database_is_not_ready(server, monkeypatch):
    ask = client_of(server)
    assert ask("/readyz").status_code == 200
    monkeypatch.setattr(server.pool, "_timeout", 0.1)
    held = [server.connect() for _ in range(SERVER_READERS)]
    answer = ask("/readyz")
    for connection in held:
        connection.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"].endswith("/problems/database-not-ready")


def test_a_server_that_lets_nobody_in_does_not_stop_the_loop(server, monkeypatch):
    def connect(*_words, **_options):
        time.sleep(0.3)
        raise psycopg.OperationalError("nobody is let in")

    monkeypatch.setattr(WaitingConnection, "connect", connect)

    async def refused():
        try:
            await on_loop(ask_slowly, server)
        except OperationalError as error:
            return str(error)

    ticks, said = asyncio.run(ticks_during(refused()))
    assert ticks > 10
    assert "nobody is let in" in said


def test_what_is_given_up_while_it_waits_leaves_no_half_read_connection(server):
    async def give_up():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(on_loop(ask_slowly, server), 0.1)
        return await on_loop(ask_slowly, server)

    assert asyncio.run(give_up()) == ask_slowly(server)


def test_what_is_executed_and_given_up_leaves_no_connection_in_the_middle_either(server):
    def act():
        with reading(server) as connection:
            return connection.execute(text(SLOW)).one()[1]

    async def give_up():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(on_loop(act), 0.1)
        return await on_loop(act)

    ask_slowly(server)
    assert asyncio.run(give_up()) == 1


def test_each_statement_has_its_own_rows_whatever_was_sent_before(driver, monkeypatch):
    monkeypatch.setattr(pipeline, "KEPT", 3)
    statements = [(b"SELECT $1 || '-%d'" % number, [str(number)]) for number in range(8)]
    for turn in (statements, statements[::-1], statements[2:4], [*statements, *statements]):
        found = send_together(driver, turn)
        assert [part.rows for part in found] == [[(f"{values[0]}-{values[0]}",)] for _, values in turn]
    assert kept_by(driver) <= 3


def test_values_of_other_types_are_another_statement(driver):
    for value in (1, 2**40, 1.5, True, 1):
        [found] = send_together(driver, [(b"SELECT $1", [value])])
        assert found.rows == [(value,)]
        assert type(found.rows[0][0]) is type(value)
    for text_or_none in ("text", None, "1"):
        [found] = send_together(driver, [(b"SELECT $1::text", [text_or_none])])
        assert found.rows == [(text_or_none,)]


def test_many_rows_come_whole(driver):
    wide = b"SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) AS i"
    first, second = send_together(driver, [(wide, ()), (b"SELECT $1", ["y" * 3_000_000])])
    assert [len(first.rows), len(first.rows[-1][1]), len(second.rows[0][0])] == [20_000, 1000, 3_000_000]


def test_a_statement_that_fails_is_told_and_asked_anew_the_next_time(driver):
    good, bad = (b"SELECT 1", ()), (b"SELECT 1 / $1::int", [0])
    for _ in range(3):
        with pytest.raises(psycopg.errors.DivisionByZero):
            send_together(driver, [good, bad, (b"SELECT 3", ())])
    assert [part.rows for part in send_together(driver, [good, (b"SELECT 3", ())])] == [[(1,)], [(3,)]]
    assert kept_by(driver) == 4


def test_a_transaction_is_undone_where_a_statement_of_it_fails(server):
    def failing():
        return select(text("1 / (SELECT count(*) - count(*) FROM country)"))

    for _ in range(3):
        with pytest.raises(DBAPIError, match="division by zero"), reading(server) as connection:
            ask_ahead(connection, [NEWEST, Question(failing)])
    with reading(server) as connection:
        assert ask(connection, NEWEST)
    assert server.pool.checkedin() == 1


def test_a_connection_that_ends_in_the_middle_is_let_go(server):
    ended = []

    def ending():
        return select(func.pg_terminate_backend(func.pg_backend_pid()).label("ended"))

    event.listen(server, "invalidate", lambda *_given: ended.append(1))
    with pytest.raises(DBAPIError) as told, reading(server) as connection:
        ask_ahead(connection, [NEWEST, Question(ending)])
    assert told.value.connection_invalidated
    assert ended == [1]
    assert ask_slowly(server)


def test_a_sign_that_begins_a_place_of_the_drivers_stands_for_itself(server):
    def hundred():
        return select(literal("100 %(x)s %").label("sign"), slot("value").label("value"))

    with reading(server) as connection:
        assert ask(connection, Question(hundred, (), {"value": 5})) == [("100 %(x)s %", 5)]


@pytest.mark.parametrize(
    "statement", ["DEALLOCATE ALL", "ALTER TABLE release ALTER COLUMN rules_version TYPE varchar(77)"]
)
def test_statements_that_the_server_keeps_no_more_are_given_anew(new_database, statement):
    engine = make_engine(new_database("postgresql"))
    upgrade(engine)
    engine.dispose()
    question = Question(lambda: select(tables.release.c.release_id, tables.release.c.rules_version))

    def look():
        with reading(engine) as connection:
            return ask(connection, question)

    assert look() == look() == []
    with engine.connect() as same, same.begin():  # the only one at rest
        same.execute(text(statement))
    assert look() == look() == []
    assert engine.pool.checkedin() == 1
    let_go(engine)
