"""An answer asks PostgreSQL as seldom as it can, and a connection that is lost is not an answer that is lost."""

import os
import time
from contextlib import contextmanager

import pytest
from psycopg import NotSupportedError
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from db import engine as engines
from db import tables
from db.engine import make_engine, reading, writing
from db.queries import runs
from db.queries.components import list_components
from db.queries.releases import NEWEST, latest_release
from db.queries.spend.buckets import PLACES
from db.queries.spend.spend import ask_spend_ahead, spend
from db.queries.statements.asking import ask, ask_ahead
from db.queries.statements.prepared import Question
from db.queries.why import get_component
from models.filters import Dimension, Filters, SpendQuery
from tests.conftest import client_of, let_go
from tests.data.export_helpers import PROJECT, csv_text, take
from tests.data.watching import is_idle
from tests.data.writing import new_key

AROUND = 2
"""Round trips of a reading beside what is asked in it: it begins with the newest release, and it ends."""

OVERLAPPING = "numerator=brief_refugee_response&denominator=forced_displacement"
PRICES = "prices=constant&base_year=2015&status=Closed"
YEARS = [f"year_from={year}&year_to=2030" for year in range(1950, 1960)]


@pytest.fixture
def trips(server, tmp_path):
    """Count what is waited for while something is done: simple queries, and ends of what was sent together."""
    with counting(server, tmp_path / "trace") as count:
        yield count


@contextmanager
def counting(engine, path):
    """The same for any engine, by means of a file."""
    engine.dispose()  # so that all that is open from now on is followed
    with path.open("a") as file:

        @event.listens_for(engine, "connect")
        def follow(driver, _record):
            try:
                driver.pgconn.trace(file.fileno())
            except NotSupportedError:
                pytest.skip("this libpq does not tell what it sends")

        def count(act):
            os.truncate(path, 0)
            act()
            lines = [line.split("\t") for line in path.read_text(errors="replace").splitlines()]
            return sum(line[1] == "F" and line[3] in ("Query", "Sync") for line in lines if len(line) > 3)

        yield count
        let_go(engine)  # nothing writes into the file once it is closed


@pytest.mark.parametrize(
    ("paths", "asked"),
    [
        ([f"/v1/components/P174085-{number}" for number in range(1, 3)], 1),
        (["/v1/components/P126263-whole", "/v1/components/P147689-whole"], 1),
        (["/v1/components/P126263-remainder", "/v1/components/P147689-remainder"], 1),
        (["/v1/projects/P174085", "/v1/projects/P167506"], 1),
        (["/", "/"], 1),
        (["/projects/P174085", "/projects/P167506"], 1),
        (["/components/P174085-1", "/components/P174085-2"], 1),
        (["/v1/projects/P174085/components", "/v1/projects/P167506/components"], 1),
        ([f"/v1/components?limit=2&country=JOR&{years}" for years in YEARS], 1),
        ([f"/v1/components?limit=2&project=P174085&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=year&project=P174085&project=P167506&{years}" for years in YEARS], 1),
        ([f"/v1/components?limit=2&sort=-amount_usd&{years}" for years in YEARS], 1),
        ([f"/v1/components?limit=2&{years}" for years in YEARS], 1),
        ([f"/v1/components?limit=2&category=diaspora&include_secondary=true&{years}" for years in YEARS], 1),
        ([f"/v1/projects?limit=2&group=economic_migration&include_secondary=true&{years}" for years in YEARS], 1),
        ([f"/v1/projects?limit=2&country=JOR&{years}" for years in YEARS], 1),
        ([f"/v1/projects?limit=2&measure=cost&lender=ida&status=Closed&{years}" for years in YEARS], 1),
        ([f"/v1/components?limit=2&q=refugee&tag=brief_example&income_group=low&{years}" for years in YEARS], 1),
        ([f"/v1/spend?measure=cost&q=refugee&tag=brief_example&status=Closed&{years}" for years in YEARS], 1),
        ([f"/v1/projects?limit=2&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=category,year&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=category,year&limit=2&{years}" for years in YEARS], 1),
        ([f"/v1/spend?{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=year&country=JOR&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=year&fill=year&country=JOR&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=country,year&fill=year&country=JOR&lender=ida&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=category,year,country&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=category,year&basis=project&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=year&{PRICES}&{years}" for years in YEARS], 1),
        ([f"/v1/projects?limit=2&{PRICES}&{years}" for years in YEARS], 1),
        ([f"/v1/components?limit=2&{PRICES}&{years}" for years in YEARS], 1),
        ([f"/v1/spend/ratio?numerator=remittances&denominator=diaspora&group_by=year&{years}" for years in YEARS], 1),
        ([f"/v1/spend/ratio?{OVERLAPPING}&group_by=year&{PRICES}&{years}" for years in YEARS], 1),
        ([f"/v1/spend/ratio?{OVERLAPPING}&basis=project&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=status,year,country&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=status,year,country&limit=2&{years}" for years in YEARS], 1),
        (["/v1/headline"] * 2, 1),
        (["/v1/releases?limit=1", "/v1/releases"], 1),
        (["/v1/releases/1", "/v1/releases/latest"], 1),
        (["/v1/releases/1?fields=rows_added", "/v1/releases/latest?fields=rows_added"], 1),
        (["/v1/releases/1/files/spend.csv", "/v1/releases/1/files/spend.parquet"], 1),
        (["/v1/releases/1/datapackage.json", "/datapackage.json"], 1),
        (["/v1/releases/1/changes", "/v1/releases/latest/changes?project=P174085&category=diaspora&change=added"], 1),
        ([f"/v1/reviews/queue?limit=3&country=JOR&{years}" for years in YEARS], 1),
        ([f"/v1/reviews/form?limit=9&{years}" for years in YEARS], 2),
        (["/v1/categories", "/v1/categories/remittances"], 1),
        (["/v1/countries", "/v1/countries?kind=region"], 1),
        (["/v1/sources", "/v1/dimensions"], 1),
        (["/v1/dimensions", "/v1/sources"], 1),
        (["/v1/dimensions/set/values", "/v1/dimensions/country/values"], 1),
        ([f"/v1/availability?country=JOR&{years}" for years in YEARS], 1),
        ([f"/v1/spend?group_by=category,year&format=svg&{years}" for years in YEARS], 1 + AROUND),
    ],
)
def test_what_an_answer_asks_goes_to_the_server_together(server, trips, paths, asked):
    get = client_of(server, room=0)
    for path in paths:
        assert get(path).status_code == 200
    assert trips(lambda: get(paths[-1])) == asked


@pytest.mark.parametrize(
    "ask_page",
    [
        lambda connection: list(runs.list_runs(connection, limit=5)),
        lambda connection: list(runs.list_runs(connection, after=[2], limit=5)),
        lambda connection: runs.count_runs(connection),
        lambda connection: runs.get_run(connection, 1),
    ],
)
def test_a_page_of_runs_takes_one_trip(server, trips, ask_page):
    def act():
        with reading(server) as connection:
            assert ask_page(connection)

    for _ in range(3):
        act()
    assert trips(act) == AROUND


def test_what_is_shown_of_runs_goes_to_the_server_together(server, trips):
    def act():
        with reading(server) as connection:
            ask_ahead(connection, [*runs.list_questions(None, 5), *runs.run_questions(1, None, 5, counted=True)])
            assert len(list(runs.list_runs(connection, limit=5))) == runs.count_runs(connection) == 1
            assert list(runs.rejected_records(connection, 1, limit=5)) == [] == [0] * runs.count_rejected(connection, 1)

    for _ in range(3):
        act()
    assert trips(act) == AROUND


@pytest.mark.parametrize(
    "path",
    [
        "/v1/components/P174085-99",
        "/v1/projects/P174088",
        "/v1/projects/P174088/components",
        "/v1/projects/P174088/components?project=P174085",
        "/v1/spend?project=P174088",
        "/v1/spend?project=p174085,p174088,P17408",
        "/v1/projects/P174085/components?project=P174088",
    ],
)
def test_what_is_not_there_takes_one_trip_and_another_for_what_is_near(server, trips, path):
    get = client_of(server, room=0)
    for _ in range(3):
        assert get(path).json()["errors"][0]["suggestion"]
    assert trips(lambda: get(path)) == 2


@pytest.mark.parametrize(("limit", "asked"), [("", 2), ("&limit=1000", 1)])
def test_a_page_that_was_not_expected_to_have_another_takes_another_trip_to_be_counted(server, trips, limit, asked):
    get = client_of(server, room=0)
    path = f"/v1/spend?group_by=category,year&fill=year&year_from=1950&year_to=2030{limit}"
    for _ in range(3):
        answer = get(path).json()
        assert answer["totals"]["rows"] > len(answer["data"]) == 1000
    assert trips(lambda: get(path)) == asked
    following = answer["links"]["next"].removeprefix("http://testserver")
    for _ in range(3):
        assert get(following).status_code == 200
    assert trips(lambda: get(following)) == 1  # whose number is asked for with all else


def test_an_id_that_is_not_there_as_it_is_written_takes_another_trip(server, trips):
    get = client_of(server, room=0)
    for path in ("/v1/projects?project=p174085", "/v1/spend?project=P167506&project=p174085"):
        assert get(path).status_code == 200
        assert trips(lambda path=path: get(path)) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/spend?country=JRO", 422),
        ("/v1/spend?region=MEB", 422),
        ("/v1/projects?source=worldbank", 422),
        ("/v1/components?instrument=Investment", 422),
        ("/v1/spend?project=P174085&source=worldbank", 422),
        ("/v1/categories/worker_mobilty", 404),
        ("/v1/components?cursor=none", 400),
        ("/v1/releases/2", 404),
        ("/v1/releases/2/changes", 404),
        ("/v1/releases/2/files/spend.csv", 404),
        ("/v1/releases/2/datapackage.json", 404),
    ],
)
def test_what_only_the_data_can_refuse_takes_one_trip(server, trips, path, status):
    get = client_of(server, room=0)
    assert get(path).status_code == status
    assert trips(lambda: get(path)) == 1


@pytest.mark.parametrize("bundled", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", ["", "?limit=1", "/2", "/9", "/2/errors", "/2/errors?limit=1", "/9/errors"])
def test_runs_take_one_trip_once_the_key_is_known(bundled, tmp_path, write, path):
    take(bundled, write("one.csv", csv_text(PROJECT, {**PROJECT, "project_id": "Q1", "commitment_usd": "none"})))
    sent = new_key(bundled)
    get = client_of(bundled, room=0)
    with counting(bundled, tmp_path / "trace") as trips:
        for _ in range(3):
            assert get(f"/v1/ingest/runs{path}", headers=sent).status_code in {200, 404}
        assert trips(lambda: get(f"/v1/ingest/runs{path}", headers=sent)) == 2
        assert trips(lambda: get(f"/v1/ingest/runs{path}")) == 1  # no key, and nothing is read


@pytest.mark.parametrize("bundled", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", ["?fields=rows_added", "/changes?limit=2", "/files/spend.csv", "/datapackage.json"])
def test_an_older_release_takes_one_trip(bundled, tmp_path, write, path):
    get = client_of(bundled, room=0)
    assert get(f"/v1/releases/1{path}").status_code == 200
    take(bundled, write("one.csv", csv_text(PROJECT)))
    with counting(bundled, tmp_path / "trace") as trips:
        for _ in range(3):
            assert get(f"/v1/releases/1{path}").status_code == 200
        assert trips(lambda: get(f"/v1/releases/1{path}")) == 1


def test_no_machine_code_is_made_for_the_way_to_a_page_that_is_not_taken(server):
    with reading(server) as connection:
        connection.execute(text("SET LOCAL jit = on"))
        assert len(list(list_components(connection, Filters(), limit=2))) == 2
        assert connection.scalar(text("SHOW jit")) == "off"


def test_what_is_asked_one_by_one_is_counted_so(server, trips):
    def act():
        with reading(server) as connection:
            latest_release(connection)
            for _ in range(3):
                connection.execute(text("SELECT 1"))

    for _ in range(3):  # by then the driver has prepared it
        act()
    assert trips(act) == AROUND + 3


def test_what_was_asked_ahead_is_what_is_found(loaded):
    query = SpendQuery(Filters(countries=("JOR",)), (Dimension.CATEGORY,))
    with reading(loaded) as connection:
        found = ask(connection, PLACES), ask(connection, NEWEST), spend(connection, query)
    with reading(loaded) as connection:
        ask_spend_ahead(connection, query, None, 101, counted=True)
        ask_ahead(connection, [NEWEST, PLACES, NEWEST])
        assert (ask(connection, PLACES), ask(connection, NEWEST), spend(connection, query)) == found


def test_a_reading_sees_one_state_whatever_it_begins_with(engine):
    def name():
        return select(tables.country.c.name).where(tables.country.c.code == "JOR")

    def asked(connection):
        return ask(connection, Question(name))

    def executed(connection):
        return [tuple(row) for row in connection.execute(name())]

    with writing(engine) as connection:
        connection.execute(tables.country.insert().values(code="JOR", name="0", kind="country", aliases=[]))
    for number, look in enumerate((asked, executed)):
        with reading(engine) as connection:
            before = look(connection)
            with writing(engine) as other:
                other.execute(tables.country.update().values(name=f"{number + 1}"))
            assert executed(connection) == asked(connection) == before == [(f"{number}",)]


def _failing():
    return select(text("1 / (SELECT count(*) - count(*) FROM country)"))


def test_a_question_that_is_refused_among_others_is_told_in_the_words_of_the_engine(server):
    with pytest.raises(DBAPIError, match="division by zero"), reading(server) as connection:
        ask_ahead(connection, [NEWEST, Question(_failing), PLACES])
    with reading(server) as connection:
        assert is_idle(connection)
        assert latest_release(connection) is not None


def end_all_others(engine):
    """End what the server does for others on this database, as its restart would, and wait until they are gone."""
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be ended'")
    left = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'to be ended'")
    with engine.connect() as connection:
        ended = len(connection.execute(end).all())
        until = time.monotonic() + 20
        while connection.scalar(left):
            assert time.monotonic() < until
            time.sleep(0.01)
            connection.rollback()
    return ended


@pytest.fixture
def mortal(loaded_engines):
    """An engine whose connections can be ended by `end_all_others`."""
    url = loaded_engines["postgresql"].url.update_query_dict({"application_name": "to be ended"})
    found = make_engine(url.render_as_string(hide_password=False))
    yield found
    let_go(found)


def open_some(engine):
    for connection in [engine.connect() for _ in range(3)]:
        connection.close()


def test_connections_that_the_server_closed_at_rest_are_made_anew(mortal, server):
    open_some(mortal)
    assert end_all_others(server) >= 3
    with writing(mortal) as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    open_some(mortal)
    assert end_all_others(server) >= 3
    get = client_of(mortal, room=0)
    for _ in range(3):
        assert get("/v1/components/P174085-1").status_code == 200


def test_a_reading_that_is_cut_off_as_it_begins_begins_anew(mortal, server):
    get = client_of(mortal, room=0)
    assert get("/v1/components/P174085-1").status_code == 200
    cuts = [2, 0]

    @event.listens_for(mortal, "before_cursor_execute")
    def cut_off(_connection, _cursor, statement, *_rest):
        if "release" in statement and cuts:
            end_all_others(server)
            cuts.pop()

    assert get("/v1/components/P174085-2").status_code != 200  # twice is once too often
    assert cuts == []
    cuts.append(1)
    assert get("/v1/components/P174085-2").status_code == 200
    assert cuts == []


def test_a_connection_that_rested_for_long_is_asked_before_it_is_trusted(server, trips, monkeypatch):
    def act():
        with reading(server) as connection:
            latest_release(connection)

    act()
    assert trips(act) == AROUND
    monkeypatch.setattr(engines, "LONG_REST_SECONDS", -1)
    assert trips(act) == AROUND + 1


def test_a_record_is_found_whatever_its_identifier_ends_with(loaded):
    with reading(loaded) as connection:
        whole = connection.scalar(
            select(tables.component.c.component_id).where(tables.component.c.granularity == "project")
        )
        assert get_component(connection, whole, Filters())["component_id"] == whole
