"""Instruments are texts of any kind, commas too: each that the API lists can be asked for."""

import json
from urllib.parse import quote, quote_plus

import pytest
from typer.testing import CliRunner

from api.cli.commands import app
from db.settings import get_settings
from tests.api.test_errors import problem
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, jsonl_text, take

ODD = "Prêt à l'investissement, n° 2"
LONG = "Loan, " * 33 + "x"
NAMES = [ODD, "Loan, grant", "Loan", "Grant", LONG, "A.B, 100%,"]


@pytest.fixture(scope="module")
def stored(shared, tmp_path_factory):
    """A project of each instrument."""
    records = [
        {**PROJECT, "name": "Support to refugees", "project_id": f"Y{number}", "instrument": name}
        for number, name in enumerate(NAMES)
    ]
    path = tmp_path_factory.mktemp("records") / "instruments.jsonl"
    path.write_text(jsonl_text(*records), encoding="utf-8")
    engine = shared()
    assert take(engine, path).rejected == 0
    return engine


def found(answer):
    return [row["instrument"] for row in answer.json()["data"]]


def test_every_instrument_that_is_listed_can_be_asked_for(stored):
    ask = client_of(stored)
    members = [row["value"] for row in ask("/v1/dimensions/instrument/values").json()["data"]]
    assert sorted(members) == sorted(NAMES)
    for name in members:
        for form in (name, name.upper(), f" {name} "):
            assert found(ask(f"/v1/spend?group_by=instrument&instrument={quote(form)}")) == [name]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("instrument=loan,GRANT", ["Grant", "Loan"]),
        ("instrument=loan, grant", ["Loan, grant"]),
        (f"instrument=Loan&instrument={quote(ODD)}", ["Loan", ODD]),
        (f"instrument=Loan,Grant&instrument={quote(ODD)}", ["Grant", "Loan", ODD]),
        (f"instrument={','.join(['Loan'] * 60)}", ["Loan"]),
    ],
)
def test_what_is_no_instrument_as_a_whole_is_parted_by_commas(stored, query, names):
    assert found(client_of(stored)(f"/v1/spend?group_by=instrument&sort=instrument&{query}")) == names


def test_instruments_that_differ_in_case_alone_are_told_apart(engine, write):
    records = [
        {**PROJECT, "name": "Support to refugees", "project_id": f"Y{number}", "instrument": name}
        for number, name in enumerate(("Loan", "loan", "Grant"))
    ]
    assert take(engine, write("instruments.jsonl", jsonl_text(*records))).rejected == 0
    ask = client_of(engine)
    for value, names in (
        ("Loan", ["Loan"]),
        ("loan", ["loan"]),
        ("LOAN", ["Loan", "loan"]),
        ("LOAN,loan", ["Loan", "loan"]),
    ):
        assert sorted(found(ask(f"/v1/spend?group_by=instrument&instrument={value}"))) == names
    assert problem(ask("/v1/spend?instrument=loans"), 422)["errors"][0]["allowed"] == ["Grant", "Loan", "loan"]


@pytest.mark.parametrize("value", ["Loan,,Grant", "Loan, none", ",", "Loans, grants"])
def test_what_is_none_either_way_is_refused_by_name(stored, value):
    item = problem(client_of(stored)(f"/v1/spend?instrument={value}"), 422)["errors"][0]
    assert item["parameter"] == "instrument"
    assert item.get("suggestion") not in (value, item["value"])
    assert ODD in item["allowed"]


def test_links_carry_it(stored):
    ask = client_of(stored)
    asked = f"instrument={quote_plus(ODD)}&instrument=Loan"
    first = ask(f"/v1/projects?limit=1&{asked}").json()
    assert f"instrument={quote_plus(ODD)}&instrument=Loan" in first["links"]["next"]
    second = ask(first["links"]["next"]).json()
    assert [row["instrument"] for row in first["data"] + second["data"]] == [ODD, "Loan"]
    assert f"/v1/spend?instrument={quote_plus(ODD, safe=',')}&amp;instrument=Loan" in ask(f"/?{asked}").text


def test_the_command_line_takes_it(stored, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", stored.url.render_as_string(hide_password=False))
    get_settings.cache_clear()
    words = ["spend", "--group-by", "instrument", "--instrument", ODD, "--instrument", "Grant", "--json"]
    result = CliRunner().invoke(app, words)
    get_settings.cache_clear()
    assert result.exit_code == 0, result.output
    assert {row["instrument"] for row in json.loads(result.stdout)["data"]} == {ODD, "Grant"}
