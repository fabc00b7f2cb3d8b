"""On PostgreSQL an answer goes on from the release last seen, and of a file it knows what was asked before in that release. None
is ever of two releases, nor under the tag of another."""

import csv
from itertools import count

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from api.bulk.files import ReleaseFiles
from api.main import create_app
from db import tables
from db.engine import reading
from db.errors import NotFoundError, ReadAnewError
from db.queries.releases import NEWEST, latest_release
from db.queries.spend.buckets import PLACES
from db.queries.statements.asking import REMEMBERED, Standing, ask, ask_ahead, assume, from_memory
from db.queries.statements.prepared import Question
from tests.conftest import client_of, watch_of
from tests.data.export_helpers import PROJECT, csv_text, take
from tests.data.watching import is_idle, statements

ID = PROJECT["project_id"]
RECORDS = (f"/v1/projects/{ID}", f"/v1/components/{ID}-whole")
PATHS = (
    *RECORDS,
    f"/v1/projects/{ID}/components",
    "/v1/components",
    "/v1/components?sort=-amount_usd&limit=1",
    "/v1/projects",
    "/v1/projects?country=UGA",
    "/v1/spend",
    "/v1/spend?group_by=year&country=UGA",
    "/v1/spend?group_by=year&fill=year&relevance=none",
    "/v1/categories",
    "/v1/dimensions",
    "/v1/citation",
    "/v1/releases/latest",
    "/v1/releases/1",
    "/v1/releases/latest/changes",
    "/datapackage.json",
    "/v1/spend?country=XXX",
    "/v1/components/none",
    "/v1/spend?project=none",
    "/v1/categories/none",
)
only_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


@pytest.fixture
def release(engine, write):
    """Make a release in which the project has another amount than in any before."""
    amounts = count(5_000_000, 1_000_000)

    def make():
        amount = next(amounts)
        take(engine, write(f"{amount}.csv", csv_text({**PROJECT, "commitment_usd": str(amount)})))
        return amount

    return make


def shown(answer):
    """What an answer says of which data: all but what differs between two equal ones, as the date of a release does as long as it
    runs ahead of the clock."""
    body = answer.content if answer.status_code == 200 else answer.json()["detail"]
    return answer.status_code, answer.headers.get("etag"), body


@pytest.fixture
def begins(engine):
    """Do something once, before a statement that begins like this is sent."""
    waiting = []

    @event.listens_for(engine, "before_cursor_execute")
    def look(_connection, _cursor, statement, *_rest):
        if waiting and waiting[0][0] in statement:
            waiting.pop()[1]()

    return lambda words, act: waiting.append((words, act))


@pytest.mark.parametrize("path", PATHS)
def test_after_a_release_an_answer_is_that_of_a_service_that_remembers_nothing(engine, release, path):
    release()
    get = client_of(engine, room=0)
    before = [shown(get(path)) for _ in range(2)]
    assert before[0] == before[1]
    release()
    after = [shown(get(path)) for _ in range(2)]
    afresh = client_of(engine, create_app(engine, watch_of(engine)), room=0)
    assert after == [shown(afresh(path))] * 2
    assert after[0] != before[0] or after[0][0] >= 400


@only_postgresql
@pytest.mark.parametrize("path", ["/v1/projects", "/v1/spend", "/v1/spend?group_by=year&country=UGA", *RECORDS])
def test_a_release_that_is_made_as_a_reading_begins_is_the_one_that_is_read(engine, release, begins, path):
    release()
    get = client_of(engine, room=0)
    old = get(path)
    begins("SELECT", release)
    new = get(path)
    assert (old.json()["meta"]["release"], new.json()["meta"]["release"]) == (1, 2)
    assert new.headers["etag"] != old.headers["etag"]
    assert shown(new) == shown(get(path))


@only_postgresql
def test_a_release_that_is_made_between_two_questions_of_a_reading_is_not_seen_by_it(engine, release, begins):
    first = release()
    get = client_of(engine, room=0)
    path = "/v1/spend?group_by=year&relevance=direct,partial,none&fields=amount_usd,partial_usd,share&format=csv"
    get(path)
    begins("sort_0", release)  # the rows: the total, of which each is a share, has been asked by then
    answers = [list(csv.DictReader(get(path).text.splitlines())) for _ in range(2)]
    for rows, amount in zip(answers, (first, first + 1_000_000), strict=True):
        assert sum(float(row["amount_usd"]) + float(row["partial_usd"]) for row in rows) == amount
        assert sum(float(row["share"]) for row in rows) == 1


@only_postgresql
@pytest.mark.parametrize(
    "path", ["/v1/releases/1", "/v1/releases/1/datapackage.json", "/v1/releases/1/files/spend.csv"]
)
def test_no_files_are_made_of_a_release_that_is_only_thought_to_be_the_newest(engine, release, tmp_path, path):
    release()
    app = create_app(engine, watch_of(engine))
    app.state.files = ReleaseFiles(tmp_path / "files")
    get = client_of(engine, app, room=0)
    assert get("/v1/releases/1?fields=rows_added").status_code == 200  # it is remembered, and no files are made
    release()
    answer = get(path)
    assert answer.status_code == 410 or answer.json()["data"]["files"] is None
    assert not (tmp_path / "files").exists()


@only_postgresql
def test_a_word_that_only_the_newest_release_knows_is_known_at_once(engine, release, write):
    release()
    get = client_of(engine, room=0)
    path = "/v1/spend?instrument=Synthetic"
    assert [get(path).status_code for _ in range(2)] == [422, 422]
    with engine.begin() as connection:
        connection.execute(tables.project.update().values(instrument="Synthetic"))
        newest = latest_release(connection).model_dump() | {"release_id": 2}
        connection.execute(tables.release.insert(), [newest])
    assert get(path).status_code == 200


@only_postgresql
@pytest.mark.parametrize("path", ["/v1/spend?project=P900999", "/v1/projects/P900999", "/v1/components/P900999-whole"])
def test_what_a_release_brings_while_what_is_near_is_looked_for_is_found(engine, release, write, begins, path):
    release()
    get = client_of(engine, room=0)
    assert [get(path).status_code >= 400 for _ in range(2)] == [True, True]
    begins("_id >= ", lambda: take(engine, write("new.csv", csv_text(PROJECT, {**PROJECT, "project_id": "P900999"}))))
    found = get(path)
    assert (found.status_code, found.json()["meta"]["release"]) == (200, 2)


def test_a_second_page_that_was_not_expected_is_counted(loaded_engines, monkeypatch):
    get = client_of(loaded_engines["postgresql"], room=0)
    path = "/v1/spend?group_by=category,year"
    whole = get(path).json()
    monkeypatch.setattr("api.routers.spend.PAGE", 3)
    page = get(path).json()
    assert page["data"] == whole["data"][:3]
    assert page["totals"] == whole["totals"]
    assert page["totals"]["rows"] == len(whole["data"]) > 3


@pytest.mark.parametrize("asked", ["", "&q=refugees", "&min_amount=1000000", "&country=JOR&year_from=2010"])
def test_a_further_page_of_a_file_counts_nothing_again(loaded_engines, asked):
    engine = loaded_engines["sqlite"]
    get = client_of(engine, create_app(engine, watch_of(engine)), room=0)
    first = get(f"/v1/components?limit=5{asked}").json()
    with statements(engine) as sent:
        second = get(first["links"]["next"]).json()
    assert second["totals"] == first["totals"]
    assert second["meta"]["warnings"] == first["meta"]["warnings"]
    assert len(second["data"]) == 5
    [rows] = [one for one in sent if "release." not in one and "PRAGMA" not in one]
    assert "listed_row.shown" in rows


def test_few_answers_are_remembered_and_those_that_every_answer_needs_always():
    standing = Standing({("always",): [(1,)]})
    for number in range(REMEMBERED + 1):
        standing.remember((number,), [(number,)])
    assert standing.find((REMEMBERED,)) == [(REMEMBERED,)]
    assert standing.find(("always",)) == [(1,)]
    assert (standing.find((0,)), len(standing.lately)) == (None, 1)


@pytest.fixture
def remembered(loaded_engines):
    """A connection to the bundled data that reads from memory."""
    engine = loaded_engines["postgresql"]
    with reading(engine) as connection:
        rows = ask(connection, NEWEST)
    with reading(engine) as connection, from_memory(connection, {NEWEST.key: rows}, NEWEST):
        yield connection


def test_what_is_asked_after_the_last_question_is_refused_not_read_from_a_later_state(remembered):
    ask_ahead(remembered, [PLACES], last=True)
    assert is_idle(remembered)
    assert ask(remembered, PLACES)
    assert latest_release(remembered).release_id == 1
    with pytest.raises(ReadAnewError):
        ask(remembered, Question(_country))
    with pytest.raises(ReadAnewError):
        ask_ahead(remembered, [Question(_country)])
    with pytest.raises(ReadAnewError):
        remembered.execute(text("SELECT 1"))


def test_only_a_reading_from_memory_ends_with_its_last_question(loaded):
    with reading(loaded) as connection:
        ask_ahead(connection, [PLACES], last=True)
        assert len(ask(connection, Question(_country))) == 1


def _country():
    return select(tables.country.c.name).where(tables.country.c.code == "JOR")


def _failing():
    return select(text("1 / (SELECT count(*) - count(*) FROM country)"))


def test_what_is_known_is_kept_where_only_something_else_was_wrong(loaded_engines):
    engine = loaded_engines["postgresql"]
    with reading(engine) as connection:
        rows = ask(connection, NEWEST)

    def read(known, act):
        with (
            pytest.raises(ReadAnewError) as caught,
            reading(engine) as connection,
            from_memory(connection, {NEWEST.key: known}, NEWEST),
        ):
            act(connection)
        return caught.value.known

    def after_the_last(connection):
        ask_ahead(connection, [PLACES], last=True)
        ask(connection, Question(_country))

    def wrongly_assumed(connection):
        assert assume(connection, Question(_country), [])
        ask_ahead(connection, [PLACES], last=True)

    assert NEWEST.key in read(rows, after_the_last)
    assert PLACES.key in read(rows, after_the_last)
    assert len(read(rows, wrongly_assumed)[Question(_country).key]) == 1
    assert read([], after_the_last) == read([], wrongly_assumed) == {}


def test_what_is_refused_is_refused_of_the_state_that_there_is(loaded_engines):
    engine = loaded_engines["postgresql"]
    with reading(engine) as connection:
        rows = ask(connection, NEWEST)
    for known, told in ((rows, NotFoundError), ([], ReadAnewError)):
        with pytest.raises(told), reading(engine) as connection, from_memory(connection, {NEWEST.key: known}, NEWEST):
            raise NotFoundError("category", "none")


@pytest.mark.parametrize("last", [True, False])
def test_what_goes_wrong_before_the_release_is_known_is_begun_anew(loaded_engines, last):
    engine = loaded_engines["postgresql"]
    with reading(engine) as connection:
        rows = ask(connection, NEWEST)

    def read(act, rows=rows):
        with reading(engine) as connection, from_memory(connection, {NEWEST.key: rows}, NEWEST):
            act(connection)

    with pytest.raises(ReadAnewError) as caught:
        read(lambda connection: ask_ahead(connection, [Question(_failing)], last))
    assert isinstance(caught.value.__cause__, DBAPIError)
    with pytest.raises(ReadAnewError):
        read(lambda connection: None, rows=[])  # nothing is asked, so the end finds it out
    with pytest.raises(ReadAnewError):
        read(lambda connection: connection.execute(text("SELECT 1")), rows=[])
    with pytest.raises(DBAPIError, match="division by zero"):
        read(lambda connection: [ask_ahead(connection, [PLACES]), ask(connection, Question(_failing))])
    read(lambda connection: None)
    with reading(engine) as connection:
        assert is_idle(connection)
        assert ask(connection, NEWEST) == rows
