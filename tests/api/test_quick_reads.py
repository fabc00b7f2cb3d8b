"""What is quick is read at once; what turns out not to be is begun anew in a thread, and the answer is the same."""

import threading

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

import api.deps
import db.resting
from api.main import create_app
from db.engine import reading
from db.queries.spend.buckets import PLACES
from db.resting import Allowance
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, take

PATHS = (
    "/v1/components?limit=5",
    "/v1/projects?sort=-amount_usd",
    "/v1/components?group=forced_displacement&include_secondary=true",
    "/v1/spend?group_by=category,year",
    "/v1/spend?group_by=country&min_amount=1",
    "/v1/headline",
)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads in which answers are read, one after the other."""
    seen: list[int] = []
    read = api.deps._read

    def noted(*given: object) -> object:
        seen.append(threading.get_ident())
        return read(*given)

    monkeypatch.setattr(api.deps, "_read", noted)
    return seen


@pytest.mark.parametrize("path", PATHS)
def test_the_answer_is_the_same_wherever_it_is_read(loaded: Engine, threads: list[int], monkeypatch, path: str) -> None:
    monkeypatch.setattr(db.resting, "STEPS_AT_ONCE", 20)  # the smallest answers take fewer than are counted at once
    ask = client_of(loaded, room=0)
    monkeypatch.setattr(api.deps, "QUICK", 1_000_000_000)
    at_once = ask(path)
    monkeypatch.setattr(api.deps, "QUICK", 0)
    later = ask(path)
    assert (at_once.status_code, at_once.content) == (200, later.content)
    first, *rest = threads
    assert first == threading.get_ident()
    assert (rest[-1] == first) is (
        loaded.dialect.name == "postgresql"
    )  # which leaves the loop to others while it answers


@pytest.mark.parametrize("accept", ["text/csv", "image/svg+xml", "image/avif,image/svg+xml,image/*,*/*;q=0.8"])
def test_files_and_pictures_keep_nobody_waiting(loaded: Engine, threads: list[int], accept: str) -> None:
    answer = client_of(loaded, room=0)("/v1/spend?group_by=lender", headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] in accept
    assert threading.get_ident() not in threads


def test_only_what_is_broken_off_is_begun_anew(loaded: Engine, threads: list[int], monkeypatch) -> None:
    def broken(*_given: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    monkeypatch.setattr("api.routers.spend.spend_totals", broken)
    assert client_of(loaded, create_app(loaded), room=0)("/v1/spend").status_code == 503
    assert len(threads) == 1


def test_an_allowance_bounds_the_work_on_a_file_and_nothing_else(loaded: Engine) -> None:
    count = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count(*) FROM n"
    )
    allowance = Allowance(50_000)
    if loaded.dialect.name == "sqlite":
        with pytest.raises(OperationalError, match="interrupted"), reading(loaded, allowance) as connection:
            connection.scalar(count)
        assert allowance.spent
    else:
        with reading(loaded, allowance) as connection:
            assert connection.scalar(count) == 100_000
        assert not allowance.spent
    with reading(loaded) as connection:  # the same connection, out of the pool
        assert connection.scalar(count) == 100_000


def driver_of(engine: Engine) -> object:
    with reading(engine, Allowance(1_000_000)) as connection:
        assert connection.scalar(text("SELECT count(*) FROM project")) is not None
        return connection.connection.driver_connection


@pytest.mark.parametrize("bundled", ["sqlite"], indirect=True)
def test_short_readings_of_a_file_share_a_connection_that_sees_each_new_state(bundled: Engine, write) -> None:
    first = driver_of(bundled)
    assert driver_of(bundled) is first
    assert not first.in_transaction  # type: ignore[attr-defined]  # it would hold the state that it saw
    with reading(bundled) as connection:
        before = connection.scalar(text("SELECT count(*) FROM project"))
    take(bundled, write("one.csv", csv_text(PROJECT)))
    with reading(bundled, Allowance(1_000_000)) as connection:
        assert connection.connection.driver_connection is first
        assert connection.scalar(text("SELECT count(*) FROM project")) == before + 1


@pytest.mark.parametrize("loaded", ["sqlite"], indirect=True)
def test_two_readings_at_once_have_a_connection_each(loaded: Engine) -> None:
    with reading(loaded, Allowance(1_000_000)) as one, reading(loaded, Allowance(1_000_000)) as other:
        assert one.connection.driver_connection is not other.connection.driver_connection


@pytest.mark.parametrize("loaded", ["sqlite"], indirect=True)
def test_a_connection_that_something_went_wrong_on_does_not_rest(loaded: Engine) -> None:
    with pytest.raises(RuntimeError), reading(loaded, Allowance(1_000_000)) as connection:
        raise RuntimeError
    assert connection.closed


@pytest.mark.parametrize("loaded", ["sqlite"], indirect=True)
def test_what_rests_is_closed_with_its_engine(loaded: Engine) -> None:
    with reading(loaded, Allowance(1_000_000)) as connection:
        pass
    assert not connection.closed
    loaded.dispose()
    assert connection.closed


def test_a_file_is_not_asked_again_for_what_stands_in_its_release(engine: Engine, write) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("a server is asked for it with all else")
    take(engine, write("one.csv", csv_text(PROJECT)))
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, *more: asked.append(statement))
    places = PLACES.prepared(engine.dialect).text
    get = client_of(engine)
    for year in range(2000, 2010):
        assert get(f"/v1/spend?country=COL&year_from={year}").status_code == 200
    assert asked.count(places) == 1
    take(engine, write("two.csv", csv_text(PROJECT | {"project_id": "X2"})))
    assert get("/v1/spend?country=COL&year_from=2011").status_code == 200
    assert asked.count(places) == 2
