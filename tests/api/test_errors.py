"""Every error is a problem that names what is wrong and what is right."""

import base64
import csv
import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine

from api.main import create_app
from api.problems.wrong_input import FORMS
from db.engine import make_engine
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from db.migrate import upgrade
from tests.conftest import client_of


def problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["request_id"] == response.headers["x-request-id"]
    return body


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/spend", 20_000), ("/v1/citation", 10_000), ("/datapackage.json", 10_000)]
)
def test_of_many_wrong_parameters_the_first_are_named_and_the_rest_counted(path, most, get):
    answer = get(f"{path}?{'&'.join(f'a{number}=1' for number in range(1_500))}")
    items = problem(answer, 422)["errors"]
    assert [item["parameter"] for item in items] == [*(f"a{number}" for number in range(19)), "query"]
    assert "1,481 more" in items[-1]["message"]
    assert len(answer.content) < most
    few = problem(get(f"{path}?{'&'.join(f'a{number}=1' for number in range(20))}"), 422)["errors"]
    assert [item["parameter"] for item in few] == [f"a{number}" for number in range(20)]


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/components", "/v1/spend?group_by=category"])
def test_a_cursor_is_bound_to_its_query(path, get):
    link = get(f"{path}{'&' if '?' in path else '?'}limit=5").json()["links"]["next"]
    body = problem(get(link.replace("limit=5", "limit=5&country=JOR")), 400)
    assert "another query" in body["detail"]
    assert body["errors"][0]["parameter"] == "cursor"
    assert get(link).status_code == 200
    assert get(link.replace("limit=5", "limit=7")).status_code == 200


@pytest.mark.parametrize("change", ["limit=3", "limit=8", "fields=project_id", "format=json", "format=csv&limit=8"])
def test_a_cursor_goes_on_where_only_what_is_shown_changes(change, get):
    """The page after the first five, shown in another way, begins with the sixth."""
    ids = [row["project_id"] for row in get("/v1/projects?limit=13").json()["data"]]
    cursor = parse_qs(urlsplit(get("/v1/projects?limit=5").json()["links"]["next"]).query)["cursor"][0]
    answer = get(f"/v1/projects?{change}&cursor={cursor}")
    assert answer.status_code == 200
    if "csv" in change:
        found = [row["project_id"] for row in csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))]
    else:
        found = [row["project_id"] for row in answer.json()["data"]]
    assert found[:3] == ids[5:8]


def forged(link, position):
    """The cursor of a link with another position: what somebody who takes it apart could send."""
    cursor = parse_qs(urlsplit(link).query)["cursor"][0]
    release, key, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    made = base64.urlsafe_b64encode(json.dumps([release, key, position]).encode()).decode()
    return link.replace(cursor, made)


@pytest.mark.parametrize(
    "position",
    [
        [],
        [1],
        ["P1", 2, 3],
        [None, None],
        [{"a": 1}, 1],
        [True, 1],
        ["\x00", 1],
        ["\ud800", 1],
        ["P", 10**30],
        ["P", 1e999],
        ["P", 2**31],
        ["P", 2.5],
    ],
)
def test_a_forged_cursor_is_refused_or_harmless(position, get):
    link = get("/v1/components?limit=5").json()["links"]["next"]
    response = get(forged(link, position))
    if response.status_code != 200:
        assert problem(response, 400)["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("/v1/components?limit=5", ["P", 2**31]),
        ("/v1/components?limit=5", ["P", 2.5]),
        ("/v1/components?limit=5&sort=year", [2**31, "P", 1]),
        ("/v1/spend?group_by=year&limit=5", [-(2**31) - 1]),
        ("/v1/spend?group_by=country&sort=-projects&limit=5", [2**31, "JOR"]),
    ],
)
def test_a_position_that_no_column_can_hold_is_refused_on_both_databases(path, position, get):
    link = get(path).json()["links"]["next"]
    assert problem(get(forged(link, position)), 400)["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("sort", ["-amount_usd", "amount_usd", "-year", "status", "project_id"])
def test_a_position_without_a_value_in_a_column_that_always_has_one_is_refused(sort, get):
    link = get(f"/v1/components?limit=5&sort={sort}").json()["links"]["next"]
    for position in ([None, None, None], [None, None, 1]):
        made = position[1:] if sort == "project_id" else position
        assert problem(get(forged(link, made)), 400)["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("position", [None, 1, "P1", {"a": 1}])
def test_a_position_that_is_no_list_is_refused(position, get):
    link = get("/v1/components?limit=5").json()["links"]["next"]
    assert problem(get(forged(link, position)), 400)["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("position", ["[" * 5000 + "]" * 5000, '{"a":' * 1500 + "1" + "}" * 1500, '"' + "[" * 5000])
def test_a_deep_cursor_is_refused_and_not_read(position, get):
    made = base64.urlsafe_b64encode(f'[1,"a",{position}]'.encode()).decode()
    assert "not a cursor of ours" in problem(get(f"/v1/projects?cursor={made}"), 400)["detail"]


@pytest.mark.parametrize("text", ["Synthetic ", "Синтетический ", "合成のもの", '[a] {"b"} \\" '])
def test_pages_go_on_after_the_longest_texts(text, engine, write):
    projects = [f"{(text * 400)[:1998]} {number}" for number in range(3)]
    rows = [
        {"type": "project", "project_id": f"S0000{n}", "name": name, "countries": "JOR", "commitment_usd": 1}
        for n, name in enumerate(projects)
    ]
    parts = [
        {
            "type": "component",
            "project_id": f"S0000{n}",
            "ordinal": 1,
            "title": name,
            "amount_usd": 1,
            "amount_basis": "cost",
        }
        for n, name in enumerate(projects)
    ]
    for name, records in (("projects.json", rows), ("components.json", parts)):
        assert ingest(engine, RecordsAdapter(), [write(name, json.dumps(records))]).rejected == 0
    ask = client_of(engine)
    for link in (
        "/v1/projects?relevance=direct,partial,none&limit=1&sort=name",
        "/v1/components?relevance=direct,partial,none&limit=1&sort=title,project_name",
    ):
        found = []
        while link:
            answer = ask(link)
            assert answer.status_code == 200, answer.text
            found += [row["project_id"] for row in answer.json()["data"]]
            link = answer.json()["links"]["next"]
        assert sorted(set(found)) == ["S00000", "S00001", "S00002"]


def test_a_cursor_is_stale_after_a_new_release(bundled, write):
    ask = client_of(bundled)
    link = ask("/v1/projects?limit=5").json()["links"]["next"]
    record = "project_id,name,countries,commitment_usd\nS00001,Synthetic project,JOR,1000\n"
    assert ingest(bundled, RecordsAdapter(), [write("one.csv", record)]).release_id == 2
    body = problem(ask(link), 409)
    assert "start again" in body["detail"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/categories/x", "code"),
        ("/v1/projects/P99", "project_id"),
        ("/v1/components/P99-1", "component_id"),
        ("/v1/releases/99", "release_id"),
    ],
)
def test_an_unknown_identifier_is_named_as_the_path_calls_it(path, parameter, get):
    assert problem(get(path), 404)["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize("path", ["/v1/releases/x", "/v1/releases/0/changes", "/v1/releases/01/datapackage.json"])
def test_what_is_no_number_of_a_release_is_told_in_words(path, get):
    (item,) = problem(get(path), 422)["errors"]
    assert item["message"] == "release_id: must be latest or a whole number from 1"
    assert (item["allowed"], item["suggestion"]) == (["latest", "a whole number from 1"], "latest")


def test_every_form_that_an_operation_demands_is_told_in_words():
    document = create_app(make_engine("sqlite://")).openapi()
    told = [p for item in document["paths"].values() for one in item.values() for p in one.get("parameters", [])]
    members = [document["components"]["schemas"][name]["properties"] for name in ("ReviewRequest", "ReviewLine")]
    named = [(p["name"], p["schema"]) for p in told] + [one for part in members for one in part.items()]
    formed = {name for name, schema in named if any("pattern" in part for part in [schema, *schema.get("anyOf", [])])}
    assert formed - {"q"} == FORMS.keys(), "q is read by rules of its own"


def test_an_empty_database_says_which_command_loads_it(engine):
    ask = client_of(engine)
    assert "python -m api load" in problem(ask("/v1/spend"), 503)["detail"]
    assert "python -m api load" in problem(ask("/readyz"), 503)["detail"]
    assert ask("/livez").status_code == 200


def test_a_database_at_no_revision_is_refused_with_the_command_that_helps(new_database):
    bare = make_engine(new_database("sqlite"))
    assert "python -m api migrate" in problem(client_of(bare)("/readyz"), 503)["detail"]
    upgrade(bare)
    bare.dispose()


def test_a_database_that_is_gone_is_a_503_without_inner_details():
    gone = create_engine("postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing")
    for path in ("/v1/spend", "/readyz"):
        body = problem(client_of(gone)(path), 503)
        assert "secret" not in str(body)
        assert "127.0.0.1" not in str(body)


def test_an_error_nobody_foresaw_tells_nothing_but_its_number(loaded, monkeypatch):
    def fail(*_args):
        raise RuntimeError("inner detail")

    monkeypatch.setattr("api.routers.spend.spend_warnings", fail)
    body = problem(client_of(loaded)("/v1/spend"), 500)
    assert "inner detail" not in str(body)
