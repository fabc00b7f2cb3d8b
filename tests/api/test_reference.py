"""Reference tables agree with spend, and say what is not there."""

import pytest

from api.params.spend import _categories_of
from models.filters import Dimension
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, take


def data(get, path):
    answer = get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_every_dimension_lists_the_members_that_spend_has(get):
    listed = {row["name"]: row for row in data(get, "/v1/dimensions")}
    assert set(listed) == set(Dimension)
    everything = "status=Active,Closed,Pipeline,Dropped&relevance=direct,partial,none"
    for name, row in listed.items():
        members = data(get, row["values_url"].removeprefix("http://testserver"))
        spent = data(get, f"/v1/spend?group_by={name}&{everything}")
        by_value = {str(line[name]): line for line in spent if line[name] is not None}
        assert {member["value"] for member in members} == set(by_value)
        assert len(members) == row["members"]
        for member in members:
            assert member["projects"] == by_value[member["value"]]["projects"]
            assert member["components"] == by_value[member["value"]]["components"]


def test_what_has_costs_alone_is_counted_nowhere(engine, write):
    """A project whose list, which passes its total, says that none is for refugees; its cost goes by its own verdict."""
    whole = PROJECT | {"name": "Support to refugees", "project_cost_usd": "9000000"}
    take(engine, write("cost.csv", csv_text(whole)))
    roads = {
        "project_id": "X1",
        "ordinal": "1",
        "title": "Roads",
        "amount_usd": "7000000",
        "amount_basis": "commitment",
    }
    take(engine, write("roads.csv", csv_text(roads)))
    told = {"category": "not_migration", "relevance": "none", "certainty": "sure", "reason": "made up"}
    by = {"reviewer": "test", "reviewed_on": "2026-01-01"}
    take(engine, write("review.csv", csv_text({"subject_id": "X1-1", **told, **by})))
    ask = client_of(engine)
    (spent,) = data(ask, "/v1/spend?group_by=category&measure=cost")
    assert spent["category"] != "not_migration"
    counted = {row["code"]: (row["projects"], row["components"]) for row in data(ask, "/v1/categories")}
    assert {code: figures for code, figures in counted.items() if any(figures)} == {"not_migration": (1, 1)}
    for kind, path in (("category", "/v1/categories"), ("country", "/v1/countries")):
        members = {row["value"]: row["projects"] for row in data(ask, f"/v1/dimensions/{kind}/values")}
        assert {row["code"]: row["projects"] for row in data(ask, path) if row["projects"]} == members


def test_every_filter_of_a_dimension_takes_its_members(get):
    for row in data(get, "/v1/dimensions"):
        if row["parameter"]:
            members = data(get, f"/v1/dimensions/{row['name']}/values")
            assert members, f"no row of the bundle has a {row['name']}: its column is not filled"
            value = members[0]["value"]
            assert get("/v1/spend", params={row["parameter"]: value}).status_code == 200, value


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("country/values?q=jor", ["JOR"]),
        ("country/values?q=JORD", ["JOR"]),
        ("country/values?q=turk", ["TUR"]),
        ("category/values?q=zzz", []),
    ],
)
def test_members_are_found_by_a_part_of_code_or_name(path, values, get):
    assert [row["value"] for row in data(get, f"/v1/dimensions/{path}")] == values


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("income_group", {"lower_middle": "Lower middle", "low": "Low"}),
        ("lender", {"ida": "IDA", "ibrd": "IBRD"}),
        ("source", {"worldbank-projects": "worldbank-projects"}),
        ("status", {"Active": "Active"}),
    ],
)
def test_members_have_the_names_that_pictures_write(name, labels, get):
    found = {row["value"]: row["label"] for row in data(get, f"/v1/dimensions/{name}/values")}
    assert labels.items() <= found.items()


@pytest.mark.parametrize("basis", ["calendar", "fiscal"])
def test_availability_counts_what_spend_counts(basis, get):
    rows = data(get, f"/v1/availability?relevance=direct,partial&status=Active,Closed,Pipeline&year_basis={basis}")
    by_place = data(get, f"/v1/spend?group_by=country,year,source&year_basis={basis}")
    assert {(r["country"], r["year"], r["source"]) for r in rows} == {
        (r["country"], r["year"], r["source"]) for r in by_place
    }
    low = sum(row["amount_usd"] + row["partial_usd"] for row in by_place)
    assert sum(row["total_usd"] for row in rows) == pytest.approx(low)
    for row in rows:
        assert row["projects_with_component_amounts"] <= row["projects"]
        assert row["components_with_amount"] <= row["components"]
        assert row["component_usd"] <= row["total_usd"]


def test_a_gap_is_a_warning_not_a_zero(get):
    warnings = get("/v1/spend?country=ISL").json()["meta"]["warnings"]
    assert any("ISL" in warning and "not zero" in warning for warning in warnings)
    warnings = get("/v1/spend?year_from=2031").json()["meta"]["warnings"]
    assert any("no project loaded was approved after" in warning for warning in warnings)
    assert get("/v1/availability?country=ISL").json()["data"] == []


def test_sources_say_how_to_name_them(get):
    rows = {row["source_id"]: row for row in data(get, "/v1/sources")}
    assert sum(row["projects"] for row in rows.values()) == 184
    assert sum(row["components"] for row in rows.values()) == 285
    for row in rows.values():
        assert row["attribution"]
        assert row["licence"]


def test_one_category_is_the_row_of_the_list(get):
    listed = {row["code"]: row for row in data(get, "/v1/categories")}
    assert data(get, "/v1/categories/worker_mobility") == listed["worker_mobility"]


def test_the_citation_names_the_release_that_answers(get):
    body = get("/v1/citation").json()
    assert body["data"]["release"] == body["meta"]["release"]
    assert body["data"]["content_sha256"] in body["data"]["text"]
    assert get("/v1/citation?style=text").text.strip() == body["data"]["text"]
    bibtex = get("/v1/citation?style=bibtex")
    assert bibtex.headers["content-type"].startswith("application/x-bibtex")
    assert bibtex.text.count("{") == bibtex.text.count("}")


def test_the_catalogue_leads_to_paths_that_answer(get):
    answer = get("/.well-known/api-catalog")
    assert answer.headers["content-type"].startswith("application/linkset+json")
    context = answer.json()["linkset"][0]
    assert get(context["anchor"].removeprefix("http://testserver")).status_code == 200
    for relation in ("service-desc", "service-doc", "status"):
        for link in context[relation]:
            assert get(link["href"].removeprefix("http://testserver")).status_code == 200


def test_the_ratio_is_one_side_of_spend_over_the_other(get):
    sides = "numerator=brief_refugee_response&denominator=brief_economic_migration"
    body = get(f"/v1/spend/ratio?{sides}&group_by=year").json()
    totals = body["totals"]
    for side, name in (("numerator", "brief_refugee_response"), ("denominator", "brief_economic_migration")):
        spent = get(f"/v1/spend?set={name}").json()["totals"]
        assert totals[f"{side}_amount_usd"] == spent["amount_usd"]
        assert totals[f"{side}_partial_usd"] == spent["partial_usd"]
        assert totals[f"{side}_projects"] == spent["projects"]
        assert sum(row[f"{side}_amount_usd"] for row in body["data"]) == pytest.approx(spent["amount_usd"])
    assert totals["ratio"] == pytest.approx(totals["numerator_amount_usd"] / totals["denominator_amount_usd"], abs=1e-4)
    assert totals["ratio_low"] <= totals["ratio"] <= totals["ratio_high"]
    for row in body["data"]:
        assert (row["ratio"] is None) == (row["denominator_amount_usd"] == 0)


@pytest.mark.parametrize(
    ("side", "spent"),
    [
        ("not_migration", "category=not_migration"),
        ("none", "group=none"),
        ("forced_displacement", "group=forced_displacement"),
        ("remittances,diaspora", "category=remittances,diaspora"),
    ],
)
def test_each_side_of_a_ratio_is_what_spend_says_of_it(get, side, spent):
    other = "brief_economic_migration"
    totals = get(f"/v1/spend?{spent}").json()["totals"]
    assert totals["amount_usd"] > 0
    above = get(f"/v1/spend/ratio?numerator={side}&denominator={other}").json()["totals"]
    below = get(f"/v1/spend/ratio?numerator={other}&denominator={side}").json()["totals"]
    for name in ("amount_usd", "partial_usd", "projects"):
        assert above[f"numerator_{name}"] == below[f"denominator_{name}"] == totals[name]
    assert below["ratio"] is not None
    held = get(f"/v1/spend/ratio?numerator={side}&denominator={other}&relevance=direct").json()["totals"]
    direct = get(f"/v1/spend?{spent}&relevance=direct").json()["totals"]
    assert held["numerator_amount_usd"] == direct["amount_usd"]


def test_a_side_of_several_kinds_holds_what_is_kept_apart_only_by_name():
    assert "in_donor_refugee_costs" not in _categories_of(["forced_displacement", "remittances"])
    assert "in_donor_refugee_costs" in _categories_of(["remittances", "in_donor_refugee_costs"])


def test_shares_are_parts_of_the_total_and_empty_years_have_rows(get):
    rows = get("/v1/spend?group_by=category").json()["data"]
    assert sum(row["share"] for row in rows) == pytest.approx(1, abs=1e-4)
    years = get("/v1/spend?category=worker_mobility&group_by=year&fill=year&year_from=2014&year_to=2023").json()
    assert [row["year"] for row in years["data"]] == list(range(2014, 2024))
    assert years["totals"]["rows"] == 10
    assert any(row["projects"] == 0 and row["amount_usd"] == 0 for row in years["data"])


@pytest.mark.parametrize(
    ("filled", "years"),
    [
        ("year&approved_from=2014-01-01&approved_to=2024-03-31", range(2014, 2025)),
        ("year&approved_from=2014-01-01&approved_to=2024-03-31&year_to=2022", range(2014, 2023)),
        ("fiscal_year&approved_from=2013-07-01&approved_to=2024-07-01", range(2014, 2026)),
        ("year&year_basis=fiscal&approved_from=2013-07-01&approved_to=2024-06-30", range(2014, 2025)),
    ],
)
def test_years_are_filled_to_the_dates_that_are_asked_for(filled, years, get):
    name = filled.partition("&")[0]
    rows = get(f"/v1/spend?country=UGA&group_by={name}&fill={filled}").json()["data"]
    assert [row[name] for row in rows] == list(years)


def test_what_the_column_of_years_holds_is_said_where_it_is_explained(get):
    """Its name is the same with `year_basis=fiscal`, its years are not: 2013-10-11 lies in fiscal 2014."""
    asked = "/v1/spend?project=P147689&group_by=year&relevance=direct"
    calendar, fiscal = (get(f"{asked}&year_basis={basis}").json()["data"] for basis in ("calendar", "fiscal"))
    assert [[row["year"] for row in rows] for rows in (calendar, fiscal)] == [[2013], [2014]]
    (column,) = (
        field["description"]
        for file in get("/datapackage.json").json()["resources"]
        if file["name"] == "spend.csv"
        for field in file["schema"]["fields"]
        if field["name"] == "year"
    )
    assert "year_basis=fiscal" in column


NO_MEASURE = "no source loaded states any disbursement: the answer is empty, not zero"


LISTS = ["projects", "components", "availability", "projects/P174085/components", "reviews/queue", "reviews/form"]


@pytest.mark.parametrize("path", ["spend", *LISTS])
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("measure=disbursement", NO_MEASURE),
        ("measure=disbursement&lender=ibrd", NO_MEASURE),
        ("measure=cost&lender=ibrd", "no row states a cost by lender: ibrd is empty, not zero"),
        ("measure=cost&lender=not_stated,ida", "no row states a cost by lender: ida is empty, not zero"),
        ("status=Dropped", "no row loaded has status Dropped: the answer is empty there, which is not zero"),
        ("income_group=low,high", "no row loaded has income_group high: the answer is empty there, which is not zero"),
        ("q=xyzzy", "no row loaded holds the words of q: the answer is empty, which is not zero"),
    ],
)
def test_what_nothing_states_is_empty_and_not_zero(path, asked, said, get):
    warnings = get(f"/v1/{path}?{asked}").json()["meta"]["warnings"]
    assert [warning for warning in warnings if warning.startswith("no ")] == [said]


def test_a_ratio_says_of_which_lender_nothing_is_stated(get):
    path = "/v1/spend/ratio?numerator=worker_mobility&denominator=remittances&measure=cost&lender=ibrd"
    assert get(path).json()["meta"]["warnings"] == ["no row states a cost by lender: ibrd is empty, not zero"]


@pytest.mark.parametrize("path", ["spend", "projects", "components", "availability"])
@pytest.mark.parametrize(
    "asked",
    [
        "",
        "measure=cost&lender=not_stated",
        "lender=ibrd",
        "status=Active",
        "income_group=low",
        "instrument=Development Policy Lending",
        "tag=brief_example",
        "q=refugees",
    ],
)
def test_what_rows_have_is_no_gap(path, asked, get):
    warnings = get(f"/v1/{path}?{asked}").json()["meta"]["warnings"]
    assert not [warning for warning in warnings if warning.startswith("no ")]


def test_a_ratio_says_which_side_a_warning_is_about(get):
    asked = "numerator=worker_mobility&denominator=refugee_health"
    ratio = get(f"/v1/spend/ratio?{asked}&year_to=2031").json()["meta"]["warnings"]
    sides = {
        name: get(f"/v1/spend?category={code}&year_to=2031").json()["meta"]["warnings"]
        for name, _, code in (part.partition("=") for part in asked.split("&"))
    }
    both = set(sides["numerator"]) & set(sides["denominator"])
    assert any("approved after" in warning for warning in both)
    alone = {f"{name}: {warning}" for name, warnings in sides.items() for warning in warnings if warning not in both}
    assert alone
    assert len(ratio) == len(set(ratio))
    assert set(ratio) == both | alone
