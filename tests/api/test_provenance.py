"""Every project and component says where it comes from; sources that differ are shown side by side."""

import csv
import json
from decimal import Decimal

import pytest

from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from tests.conftest import client_of
from tests.explorer.reading import Page

PROJECT = {"type": "project", "project_id": "S00001", "name": "Synthetic project", "countries": "MAR"}
SAID = [
    ("2015-03-19", {"grant_usd": "1500000", "commitment_usd": "1500000", "source_url": "https://example.org/a"}),
    ("2019-06-30", {"grant_usd": "1750000", "commitment_usd": "1750000", "source_url": "https://example.org/b"}),
    ("2025-03-31", {"grant_usd": "3050000", "commitment_usd": "3050000", "source_url": "https://example.org/c"}),
]


@pytest.fixture
def ask(engine, tmp_path):
    """One project of which three documents state three grants, the newest loaded first."""
    for number, (day, fields) in enumerate(reversed(SAID)):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(json.dumps(PROJECT | fields | {"as_of": day}), encoding="utf-8")
        assert ingest(engine, RecordsAdapter(), [path]).rejected == 0
    return client_of(engine)


def test_what_sources_say_is_shown_side_by_side_and_the_newest_counts(ask):
    project = ask("/v1/projects/S00001").json()["data"]
    assert [(line["as_of"], line["grant_usd"], line["source_url"]) for line in project["statements"]] == [
        (day, float(fields["grant_usd"]), fields["source_url"]) for day, fields in reversed(SAID)
    ]
    assert [line["run_id"] for line in project["statements"]] == [1, 2, 3]
    assert all(line["retrieved_at"].endswith("Z") for line in project["statements"])
    assert project["differing"] == ["grant_usd", "commitment_usd"]
    assert project["grant_usd"] == project["counted_usd"] == 3_050_000


TOLD = {
    "objective": "To place people in jobs abroad.",
    "place": "Morocco",
    "region": "Middle East and North Africa",
    "instrument": "Synthetic Loan",
    "sectors": ["Health", "Agriculture, Fishing & Forestry"],
    "themes": ["Migration, Remittances and Diaspora Engagement"],
    "borrower": "A synthetic ministry",
    "implementing_agency": "A synthetic agency",
}


def test_what_a_source_says_beside_money_is_told_of_the_project_and_of_the_source(engine, tmp_path):
    records = {
        "2020-01-01": TOLD | {"disbursement_usd": "12.34"},
        "2021-01-01": {"sectors": ["Transport"], "themes": []},  # which says nothing of themes
    }
    for day, fields in records.items():
        path = tmp_path / f"{day}.jsonl"
        path.write_text(json.dumps(PROJECT | fields | {"as_of": day}), encoding="utf-8")
        assert ingest(engine, RecordsAdapter(), [path]).rejected == 0
    get = client_of(engine)
    project = get("/v1/projects/S00001").json()["data"]
    assert {name: project[name] for name in TOLD} == TOLD | {"sectors": ["Transport"]}
    assert (project["regional"], project["disbursement_usd"]) == (False, 12.34)
    newest, first = project["statements"]
    assert {name: first[name] for name in TOLD} == TOLD
    assert (newest["sectors"], newest["themes"], newest["objective"]) == (["Transport"], [], None)
    assert first["countries"] == newest["countries"] == ["MAR"]
    [row] = csv.DictReader(get("/v1/projects?relevance=direct,partial,none&format=csv").text.splitlines())
    assert (row["sectors"], row["themes"]) == ("Transport", TOLD["themes"][0])
    facts = {element.text for element in Page.of(get("/projects/S00001").text).all("dd")}
    assert {TOLD["borrower"], TOLD["implementing_agency"], "Transport", TOLD["themes"][0], "$12.34"} <= facts


def test_money_that_rests_on_copies_is_told_with_its_amount(get):
    rows = get("/v1/components?limit=1000").json()["data"]
    copied = [row for row in rows if row["source_id"] == "secondary-copies"]
    money = sum(Decimal(str((row["amount_usd"] or 0) + (row["partial_usd"] or 0))) for row in copied)
    projects = len({row["project_id"] for row in copied})
    told = "rows read from secondary copies, to be checked against the originals"
    assert projects > 1
    assert (
        f"includes {money:,.2f} US dollars of {projects} projects in {told}"
        in get("/v1/spend").json()["meta"]["warnings"]
    )
    assert not any("copies" in warning for warning in get("/v1/spend?granularity=project").json()["meta"]["warnings"])


def test_the_page_of_a_row_says_what_to_think_of_a_copy(get):
    row = next(row for row in get("/v1/components?limit=1000").json()["data"] if row["source_id"] == "secondary-copies")
    source = next(one for one in get("/v1/sources").json()["data"] if one["source_id"] == "secondary-copies")
    page = get(f"/components/{row['component_id']}").text
    assert source["name"] in page
    assert source["note"] in page
    assert source["note"] not in get("/components/P174085-3").text


def test_rows_of_money_can_be_told_apart(get):
    amounts = get("/v1/components/P170529-1").json()["data"]["amounts"]
    keys = [
        tuple(line[name] for name in ("measure", "project_id", "category", "country", "lender")) for line in amounts
    ]
    assert len(set(keys)) == len(keys) > len({key[:-1] for key in keys})


def test_a_filter_by_a_source_that_only_rows_name_says_what_it_asks_for(get):
    warnings = get("/v1/components?source=worldbank-documents").json()["meta"]["warnings"]
    assert any(
        warning.startswith("no project loaded has a record of source worldbank-documents") for warning in warnings
    )


def test_a_single_voice_differs_from_nobody(get):
    project = get("/v1/projects/P174085").json()["data"]
    assert len(project["statements"]) == 1
    assert project["differing"] == []


def test_a_component_says_where_and_when_it_was_taken(get):
    component = get("/v1/components/P174085-3").json()["data"]
    assert component["source_url"].startswith("http")
    assert component["as_of"]
    assert component["run_id"] == 1
    assert component["retrieved_at"].endswith("Z")
    whole = get("/v1/components/P150064-whole").json()["data"]
    assert (whole["run_id"], whole["retrieved_at"]) == (None, None)


def grounds_of(get, component_id):
    """The rows that the verdict that counts says it rests on."""
    (why,) = [one for one in get(f"/v1/components/{component_id}").json()["data"]["why"] if one["effective"]]
    assert [set(ground) for ground in why["derived_from"]] == [{"component_id", "project_id", "title"}] * len(
        why["derived_from"]
    )
    return [ground["component_id"] for ground in why["derived_from"]]


@pytest.mark.parametrize(
    ("component_id", "grounds"),
    [
        ("P126263-whole", ["P126263-1", "P126263-2"]),  # a project by its components
        ("P126263-remainder", ["P126263-whole", "P126263-1", "P126263-2"]),
        ("P163108-remainder", ["P163108-1", "P163108-2"]),  # nothing listed serves migration: the project was not asked
        ("P161465-remainder", ["P147689-1", "P147689-2", "P161465-whole"]),  # the list of its parent covers it
        ("P149242-whole", []),  # a person's word
        ("P125302-whole", []),  # the rules'
        ("P174085-3", []),
    ],
)
def test_a_derived_verdict_names_the_rows_that_it_rests_on(component_id, grounds, get):
    assert grounds_of(get, component_id) == grounds
    for ground in grounds:
        assert get(f"/v1/components/{ground}").status_code == 200


def test_a_verdict_rests_on_no_component_that_its_source_no_longer_lists(engine, write):
    project = {"type": "project", "project_id": "S1", "name": "Roads", "countries": "MAR", "commitment_usd": "900"}
    listed = [
        {"type": "component", "project_id": "S1", "ordinal": number, "title": title}
        for number, title in enumerate(("Return of migrant workers", "Roads", "Bridges"), start=1)
    ]
    for number, components in enumerate((listed, listed[:2])):
        lines = "\n".join(json.dumps(line | {"as_of": f"202{number}-01-01"}) for line in (project, *components))
        assert ingest(engine, RecordsAdapter(), [write(f"{number}.jsonl", lines)]).rejected == 0
    get = client_of(engine)
    assert get("/v1/components/S1-3").json()["data"]["withdrawn"]
    assert grounds_of(get, "S1-whole") == ["S1-1", "S1-2"]


def test_the_page_of_a_derived_row_leads_to_what_it_rests_on(get):
    page = Page.of(get("/components/P161465-remainder").text)
    main = [one["href"] for one in page.all("a") if any(around.tag == "main" for around in one.around)]
    assert {"/components/P147689-1", "/components/P147689-2", "/components/P161465-whole"} <= set(main)
    text = " ".join(page.all("main")[0].text.split())
    assert "It rests on the verdicts on: Municipal Grants P147689-1" in text


def test_the_page_of_a_spread_component_leads_to_the_financings_that_it_counts_on(get):
    links = {one["href"] for one in Page.of(get("/components/P147689-1").text).all("a")}
    assert {"/projects/P161465", "/projects/P161982"} <= links


@pytest.mark.parametrize(
    ("component_id", "said"),
    [
        ("P174085-3", "The source states $49,530,000.00 of cost"),
        ("P149242-2", "The source states not stated"),
        ("P104015-remainder", None),  # nobody states what is left
    ],
)
def test_a_page_says_what_its_source_states_of_the_row(component_id, said, get):
    facts = facts_of(get, component_id)
    assert said in facts if said else "The source states" not in facts


def test_the_page_of_a_whole_project_says_what_is_stated_of_the_project(get):
    project = get("/v1/projects/P150064").json()["data"]
    said = f"${project['commitment_usd']:,.2f} of commitment, ${project['cost_usd']:,.2f} of cost Source"
    assert f"The source states of the whole project {said}" in facts_of(get, "P150064-whole")


def test_a_whole_project_of_which_no_amount_is_stated_says_so(engine, write):
    ingest(engine, RecordsAdapter(), [write("one.jsonl", json.dumps(PROJECT))])
    assert "The source states of the whole project no amount" in facts_of(client_of(engine), "S00001-whole")


def facts_of(get, component_id):
    """The list of facts on the page of a component."""
    page = Page.of(get(f"/components/{component_id}").text)
    entries = [one for one in page.all("dt", "dd") if any(around["class"] == "facts" for around in one.around)]
    return " ".join(" ".join(one.text for one in entries).split())
