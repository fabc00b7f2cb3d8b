"""The API's questions from the command line: the same documents, the same messages, and exit codes."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from api.cli.commands import app
from db.settings import get_settings
from tests.conftest import client_of


@pytest.fixture
def run(loaded, monkeypatch):
    """Run a command on the bundled data set."""
    monkeypatch.setenv("DATABASE_URL", loaded.url.render_as_string(hide_password=False))
    get_settings.cache_clear()
    yield lambda *words: CliRunner().invoke(app, words)
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["spend", "--group-by", "category,year", "--country", "JOR"], "/v1/spend?group_by=category,year&country=JOR"),
        (["spend", "--country", "JOR", "--country", "LBN"], "/v1/spend?country=JOR&country=LBN"),
        (["project", "P164130"], "/v1/projects/P164130"),
        (["component", "P167506-1"], "/v1/components/P167506-1"),
    ],
)
def test_json_is_the_document_of_the_api(words, path, run, loaded):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    asked = json.loads(result.stdout)
    served = client_of(loaded)(path).json()
    assert {name: asked.get(name) for name in ("data", "totals", "meta")} == {
        name: served.get(name) for name in ("data", "totals", "meta")
    }


def test_a_table_shows_each_group_and_the_total_to_the_cent(run, loaded):
    result = run("spend", "--group-by", "category")
    served = client_of(loaded)("/v1/spend?group_by=category").json()
    assert result.exit_code == 0, result.output
    for row in [*served["data"], served["totals"]]:
        assert f"{row['amount_usd']:,.2f}" in result.stdout
    assert all(row["category"] in result.stdout for row in served["data"])


@pytest.mark.parametrize(
    ("words", "overlap"),
    [
        ("--group-by category", False),
        ("--group-by set", True),
        ("--group-by category --basis project", True),
        ("", False),
    ],
)
def test_a_table_says_where_its_rows_do_not_sum_to_its_foot(words, overlap, run):
    assert ("the rows overlap and do not sum to the totals" in run("spend", *words.split()).stderr) is overlap


def test_why_is_told_in_lines_that_people_can_read(run, loaded, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (verdict, *_) = client_of(loaded)("/v1/components/P167506-1").json()["data"]["why"]
    shown = [" ".join(line.strip("│ ").split()) for line in run("component", "P167506-1").stdout.splitlines()]
    told = [f"why │ - method: {verdict['method']}", "effective: yes", "share_percent: 100.0", "share_known: no"]
    told += [f"confidence: {verdict['confidence']}", f"reason: {verdict['reason']}", "categories │ mobility_skills"]
    assert set(told) <= set(shown)
    assert not any(mark in line for line in shown for mark in ("{", "}", '"'))


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["spend", "--group-by", "categry"], "/v1/spend?group_by=categry"),
        (["spend", "--country", "JOX"], "/v1/spend?country=JOX"),
        (["spend", "--year-from", "2020", "--year-from", "2021"], "/v1/spend?year_from=2020&year_from=2021"),
        (["project", "P999999"], "/v1/projects/P999999"),
    ],
)
def test_a_wrong_value_gets_the_words_of_the_api_and_exit_code_2(words, path, run, loaded):
    result = run(*words)
    item = client_of(loaded)(path).json()["errors"][0]
    said = " ".join(result.stderr.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert item["message"] in said
    if item.get("suggestion"):
        assert item["suggestion"] in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--group-by qqq", "group_by: 'qqq' is not a valid value: expected one of category, group, set, year"),
        ("--status x", "status: 'x' is not a valid value: expected one of Active, Closed, Pipeline, Dropped"),
        ("--basis x", "basis: must be 'component' or 'project'"),
    ],
)
def test_a_value_that_is_near_to_none_is_told_with_those_that_are_allowed(words, told, run, loaded):
    said = " ".join(run("spend", *words.split()).stderr.split())
    assert told in said
    assert said.count("component") <= 1


def test_the_form_of_reviews_is_the_one_of_the_api(run, loaded):
    """Who fills it in sees of which project a row is, and what it stands for, wherever the form came from."""
    printed, served = (
        list(csv.DictReader(io.StringIO(text, newline="")))
        for text in (
            run("reviews", "queue", "--limit", "30").stdout,
            client_of(loaded)("/v1/reviews/form?format=csv&limit=30").text,
        )
    )
    assert len(printed) >= 30
    assert printed == served


def test_an_option_that_is_none_is_exit_code_2(run):
    assert run("spend", "--countri", "JOR").exit_code == 2
    assert run("spend", "--chart", "bar").exit_code == 2
    assert "--chart" not in run("spend", "--help").stdout


@pytest.mark.parametrize("words", [["project", ""], ["component", " "]])
def test_an_empty_identifier_is_exit_code_2_with_an_example(words, run):
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "an empty text is no identifier" in result.stderr


@pytest.mark.parametrize("words", [["project", "P174085/components"], ["component", "../projects"]])
def test_an_identifier_names_no_other_path(words, run):
    """What is typed is an identifier, so what is wrong with it is not told as an address that nobody asked for."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"there is no {words[0]} '{words[1]}'" in result.stderr
