"""Answers: shape, formats, paging, and the same bytes from both databases."""

import io
import json
import re
from decimal import Decimal

import jsonschema
import pandas
import pytest

from api.main import create_app
from db.engine import make_engine
from models.classification import load_taxonomy
from tests.conftest import client_of

PATHS = [
    "/",
    "/v1/headline",
    "/v1/spend",
    "/v1/spend?group_by=category,year,country,group",
    "/v1/spend?group_by=group,category&basis=project&year_basis=fiscal",
    "/v1/spend?set=brief_worker_mobility&group_by=year",
    "/v1/spend?country=jor,LBN&group_by=country&measure=cost",
    "/v1/spend?measure=disbursement&group_by=year",
    "/v1/projects?limit=7",
    "/v1/projects/P164130",
    "/v1/projects/P152822/components",
    "/v1/components?category=worker_mobility&relevance=direct,partial",
    "/v1/components/P174085-3",
    "/v1/categories",
    "/v1/countries?kind=region",
    "/problems/bad-parameter",
    "/livez",
    "/readyz",
]
SPEND = "/v1/spend?group_by=category,year,country"
RETRIEVED = re.compile(rb'"(retrieved|checked)_at":"[^"]*"')


@pytest.mark.parametrize("path", PATHS)
def test_both_databases_answer_with_the_same_bytes(path, loaded_engines):
    answers = {kind: client_of(engine)(path) for kind, engine in loaded_engines.items()}
    # When a record was taken from its source is the one thing that differs: each database was loaded by itself.
    contents = {kind: RETRIEVED.sub(b"", answer.content) for kind, answer in answers.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert contents["sqlite"] == contents["postgresql"]
    if path.startswith("/v1/"):
        join = "&" if "?" in path else "?"
        tables = {kind: client_of(engine)(f"{path}{join}format=csv") for kind, engine in loaded_engines.items()}
        assert tables["sqlite"].content == tables["postgresql"].content


@pytest.fixture(scope="module")
def document():
    return create_app(make_engine("sqlite://")).openapi()


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/v1/")])
def test_answers_are_what_the_specification_says(path, get, document):
    plain = path.split("?")[0]
    templates = {plain: plain, "/v1/projects/P164130": "/v1/projects/{project_id}"}
    templates["/v1/projects/P152822/components"] = "/v1/projects/{project_id}/components"
    templates["/v1/components/P174085-3"] = "/v1/components/{component_id}"
    operation = document["paths"][templates[plain]]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(get(path).json(), {**schema, "components": document["components"]})


def test_amounts_are_numbers_with_two_decimals(get):
    text = get("/v1/spend?project=P174085").text
    assert '"amount_usd":32987012.99' in text
    assert '"partial_usd":0.00' in text


def test_one_line_of_pandas_gives_the_stated_total(get):
    table = pandas.read_csv(io.StringIO(get(f"{SPEND}&format=csv").text))
    answer = json.loads(get(SPEND).text, parse_float=Decimal)
    for column in ("amount_usd", "partial_usd"):
        exact = sum(Decimal(str(value)) for value in table[column])
        assert exact == answer["totals"][column] > 0
    assert len(table) == answer["totals"]["rows"]


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/components"])
def test_paging_gives_every_row_once(path, get):
    whole = get(f"{path}?limit=1000").json()
    key = "project_id" if path.endswith("projects") else "component_id"
    found, link = [], f"{path}?limit=37"
    while link:
        page = get(link).json()
        assert page["totals"] == whole["totals"]
        found += [row[key] for row in page["data"]]
        link = page["links"]["next"]
    assert found == [row[key] for row in whole["data"]]
    assert len(set(found)) == len(found) == whole["totals"]["rows"]


def test_a_list_of_components_sums_to_the_spend_of_the_same_filter(get):
    rows = json.loads(get("/v1/components?country=JOR&limit=1000").text, parse_float=Decimal)["data"]
    totals = json.loads(get("/v1/spend?country=JOR").text, parse_float=Decimal)["totals"]
    assert sum(row["amount_usd"] or 0 for row in rows) == totals["amount_usd"] > 0


def test_not_additive_is_said_and_the_total_counts_each_project_once(get):
    answer = get("/v1/spend?group_by=category&basis=project").json()
    assert answer["meta"]["additive"] is False
    assert sum(row["amount_usd"] for row in answer["data"]) >= answer["totals"]["amount_usd"]
    assert get("/v1/spend?group_by=year&basis=project").json()["meta"]["additive"] is True


def test_what_is_not_migration_is_left_out_unless_asked_for(get):
    assert "not_migration" not in {row["category"] for row in get("/v1/spend?group_by=category").json()["data"]}
    assert get("/v1/spend?category=not_migration").json()["totals"]["amount_usd"] > 0
    assert get("/v1/spend?relevance=none&group_by=category").json()["data"][0]["category"] == "not_migration"


def test_a_component_says_why(get):
    """ASSET's component: counted as skills for jobs abroad by a reviewer, doubtful; the rules would not have found it."""
    data = get("/v1/components/P167506-1").json()["data"]
    review, rules = data["why"]
    assert (review["method"], review["effective"], review["certainty"]) == ("review", True, "doubtful")
    assert review["reviewer"] == "project coding, single coder"
    assert review["reason"]
    assert (rules["method"], rules["effective"]) == ("rules", False)
    assert rules["rules_version"]
    assert data["source_url"].startswith("http")


def test_rules_show_the_words_they_rest_on(get):
    rules = get("/v1/components/P174085-3").json()["data"]["why"][1]
    assert rules["method"] == "rules"
    words = " ".join(item["words"] for item in rules["evidence"]).lower()
    assert "return" in words


def test_categories_tell_their_meaning_and_counts(get):
    rows = {row["code"]: row for row in get("/v1/categories").json()["data"]}
    assert list(rows) == list(load_taxonomy().by_code)
    assert rows["worker_mobility"]["sets"] == ["brief_worker_mobility", "brief_economic_migration"]
    assert rows["worker_mobility"]["projects"] > 0


def test_every_headline_figure_is_what_its_query_answers(get):
    for figure in get("/v1/headline").json()["data"]:
        if not figure["query"]:
            continue
        totals = get(figure["query"]).json()["totals"]
        if figure["key"] == "projects":
            assert figure["value"] == totals["projects"]
        elif figure["key"] == "ratio":
            stated = [totals[name] for name in ("ratio_low", "ratio", "ratio_high")]
            assert [figure["low"], figure["value"], figure["high"]] == pytest.approx(stated, abs=0.006)
            assert figure["low"] < figure["value"] < figure["high"]
        elif figure["key"] == "project_total":
            assert figure["value"] == pytest.approx(totals["amount_usd"] + totals["partial_usd"], abs=0.001)
            assert figure["high"] is None
            assert "amount_usd and partial_usd of the query together" in figure["counts"]
        else:
            assert figure["value"] == totals["amount_usd"]
            assert figure["high"] == pytest.approx(totals["amount_usd"] + totals["partial_usd"], abs=0.001)
        if figure["published"] is not None:
            assert figure["difference"] == pytest.approx(figure["value"] - figure["published"], abs=0.001)


def test_the_brief_s_examples_can_be_listed(get):
    rows = get("/v1/projects?tag=brief_example&relevance=direct,partial,none").json()["data"]
    assert [row["project_id"] for row in rows] == ["P161541", "P163018", "P167506", "P170185", "P174085", "P174594"]


def test_spend_can_be_asked_for_sure_classifications_only(get):
    everything, sure = (get(f"/v1/spend{query}").json()["totals"] for query in ("", "?min_confidence=0.7"))
    assert sure["low_confidence_usd"] == 0
    assert sure["amount_usd"] == pytest.approx(everything["amount_usd"] - everything["low_confidence_usd"], abs=0.001)
    low = everything["partial_usd"] - everything["low_confidence_partial_usd"]
    assert sure["partial_usd"] == pytest.approx(low, abs=0.001)
