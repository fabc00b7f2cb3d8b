"""Typical mistakes: each answer says which parameter, which value, what is allowed, and the nearest valid one."""

import re

import httpx
import pytest

from models.classification import load_taxonomy
from models.filters import INCOME_GROUPS, Dimension
from models.spend import MONEY_COLUMNS
from models.vocabulary import Lender, Measure
from tests.api.test_errors import problem as any_problem
from tests.conftest import Get, client_of

CATEGORIES = list(load_taxonomy().by_code)
SETS = [one.code for one in load_taxonomy().sets]
FORMATS = ["json", "jsonl", "csv", "parquet", "xlsx"]
INSTRUMENTS = ["Development Policy Lending", "Investment Project Financing", "Program-for-Results Financing"]
NOTHING: list[str] = []

MISTAKES = [
    # query, parameter, value (None: as sent), some of what is allowed, suggestion
    ("/v1/spend?contry=JOR", "contry", None, ["country", "category"], "country"),
    ("/v1/spend?catagory=remittances", "catagory", None, ["category"], "category"),
    ("/v1/spend?groupby=year", "groupby", None, ["group_by"], "group_by"),
    ("/v1/spend?Country=JOR", "Country", None, ["country"], "country"),
    ("/v1/spend?limit[]=5", "limit[]", None, ["limit"], "limit"),
    ("/v1/spend?country=ugandaa", "country", None, ["UGA", "JOR"], "UGA"),
    ("/v1/spend?country=Uganda", "country", None, ["UGA"], "UGA"),
    ("/v1/spend?country=UG", "country", None, ["UGA"], "UGA"),
    ("/v1/spend?country=UGN", "country", None, ["UGA"], "UGA"),
    ("/v1/spend?country=Icelnd", "country", None, ["ISL"], "ISL"),
    ("/v1/spend?category=remitances", "category", None, CATEGORIES, "remittances"),
    ("/v1/spend?category=integration", "category", None, CATEGORIES, "migrant_integration"),
    ("/v1/spend?category=migration", "category", None, CATEGORIES, "migration_governance"),
    ("/v1/spend?category=not_migraton", "category", None, CATEGORIES, "not_migration"),
    ("/v1/spend?region=Africa", "region", None, ["AFE", "AFW", "AFR"], "AFE,AFW,AFR"),
    ("/v1/spend?region=Asia", "region", None, ["EAS", "SAS"], "EAS,SAS"),
    ("/v1/spend?region=north africa", "region", None, ["MEA"], "MEA"),
    ("/v1/spend?region=Middle East and North Africa", "region", None, ["MEA"], "MEA"),
    ("/v1/spend?region=EAP", "region", None, ["EAS"], "EAS"),
    ("/v1/spend?region=ECA", "region", None, ["ECS"], "ECS"),
    ("/v1/spend?region=mna", "region", None, ["MEA"], "MEA"),
    ("/v1/spend?region=South Africa", "region", None, ["AFE"], "AFE"),
    ("/v1/spend?region=Southern Africa", "region", None, ["AFE"], "AFE"),
    ("/v1/spend?region=Americas", "region", None, ["LCN", "NAC"], "LCN,NAC"),
    ("/v1/spend?region=West Asia", "region", None, ["MEA"], "MEA"),
    ("/v1/spend?region=South East Asia", "region", None, ["EAS"], "EAS"),
    ("/v1/spend?region=Latin Amerika", "region", None, ["LCN"], "LCN"),
    ("/v1/spend?category=forced_migration", "category", None, ["not_migration"], None),
    ("/v1/spend?category=labour_migration", "category", None, ["not_migration"], None),
    ("/v1/spend?region=WLD", "region", None, ["AFE", "SAS"], "country=WLD"),
    ("/v1/projects?region=world", "region", None, ["AFE", "SAS"], "country=WLD"),
    ("/v1/spend?region=SSA", "region", None, ["AFE", "AFW", "AFR"], "AFE,AFW,AFR"),
    ("/v1/spend?lender=IDB", "lender", None, list(Lender), "ida"),
    ("/v1/spend?income_group=lower-middle", "income_group", None, list(INCOME_GROUPS), "lower_middle"),
    ("/v1/spend?source=worldbank", "source", None, ["worldbank-projects"], "worldbank-projects"),
    ("/v1/spend?project=P17408", "project", None, NOTHING, "P174085"),
    ("/v1/spend?instrument=Investment Project Finance", "instrument", None, INSTRUMENTS, INSTRUMENTS[1]),
    ("/v1/spend?set=brief", "set", None, SETS, None),
    ("/v1/spend?group=economic", "group", None, ["economic_migration"], "economic_migration"),
    ("/v1/spend?category=refugee_health,remitances", "category", "remitances", CATEGORIES, "remittances"),
    ("/v1/spend?country=usa,ugandaa", "country", "ugandaa", ["UGA"], "UGA"),
    ("/v1/spend?category=", "category", "", NOTHING, None),
    ("/v1/spend?category=,", "category", None, NOTHING, None),
    ("/v1/spend?basis=projects", "basis", None, ["component", "project"], "project"),
    ("/v1/spend?relevance=directly", "relevance", None, ["direct", "partial"], "direct"),
    ("/v1/spend?status=activ", "status", None, ["Active"], "Active"),
    ("/v1/spend?year_from=20140", "year_from", None, NOTHING, "2100"),
    ("/v1/projects?cursor=" + "a" * 16_201, "cursor", "a" * 100, NOTHING, None),
    ("/v1/spend?year_from=2014-2024", "year_from", None, NOTHING, None),
    ("/v1/spend?year_from=2020&year_to=2014", "year_from", "2020", NOTHING, None),
    ("/v1/spend?min_amount=5&max_amount=1", "min_amount", "5", NOTHING, None),
    ("/v1/spend?approved_from=2020-01-01&approved_to=2014-01-01", "approved_from", "2020-01-01", NOTHING, None),
    ("/v1/spend?approved_from=2014", "approved_from", None, NOTHING, None),
    ("/v1/spend?approved_from=01/02/2014", "approved_from", None, NOTHING, None),
    ("/v1/spend?approved_to=2014-02-30", "approved_to", None, NOTHING, None),
    ("/v1/spend?year_basis=calender", "year_basis", None, ["calendar", "fiscal"], "calendar"),
    ("/v1/spend?measure=comitment", "measure", None, list(Measure), "commitment"),
    ("/v1/spend?min_amount=-1", "min_amount", None, NOTHING, "0"),
    ("/v1/spend?min_amount=1e400", "min_amount", None, NOTHING, "1000000000000"),
    ("/v1/spend?min_amount=NaN", "min_amount", None, NOTHING, None),
    ("/v1/spend?max_amount=ten", "max_amount", None, NOTHING, None),
    ("/v1/spend?min_confidence=2", "min_confidence", None, NOTHING, "1"),
    ("/v1/spend?min_confidence=nan", "min_confidence", None, NOTHING, "1"),
    ("/v1/spend?min_confidence=high", "min_confidence", None, NOTHING, None),
    ("/v1/projects?limit=0", "limit", None, NOTHING, "1"),
    ("/v1/projects?limit=5000", "limit", None, NOTHING, "1000"),
    ("/v1/components?limit=abc", "limit", None, NOTHING, None),
    ("/v1/components?limit=", "limit", "", NOTHING, None),
    ("/v1/components?limit=5.5", "limit", None, NOTHING, None),
    ("/v1/projects?sort=amout", "sort", None, ["amount_usd", "-amount_usd"], "amount_usd"),
    ("/v1/projects?sort=amount", "sort", None, ["amount_usd"], "amount_usd"),
    ("/v1/projects?sort=rank", "sort", None, NOTHING, None),
    ("/v1/components?sort=amout", "sort", None, ["amount_usd", "-amount_usd"], "amount_usd"),
    ("/v1/components?sort=rank", "sort", None, NOTHING, None),
    ("/v1/projects?include_secondary=true", "include_secondary", "true", NOTHING, None),
    ("/v1/components?include_secondary=true&country=JOR", "include_secondary", "true", NOTHING, None),
    (
        "/v1/components?category=remittances&include_secondary=ture",
        "include_secondary",
        "ture",
        ["true", "false"],
        "true",
    ),
    ("/v1/components?category=remittances&include_secondary=1", "include_secondary", "1", ["true", "false"], None),
    ("/v1/spend?category=remittances&include_secondary=true", "include_secondary", "true", NOTHING, None),
    ("/v1/spend?sort=year", "sort", None, ["amount_usd", "-share"], None),
    ("/v1/spend?fill=year", "fill", None, NOTHING, "group_by=year"),
    ("/v1/spend?fill=year&group_by=year,region,fiscal_year", "fill", "year", NOTHING, "group_by=year,region"),
    ("/v1/spend?fill=fiscal_year&group_by=year,fiscal_year", "fill", "fiscal_year", NOTHING, "group_by=fiscal_year"),
    ("/v1/spend?fill=year&group_by=fiscal_year", "fill", "year", NOTHING, "group_by=year"),
    ("/v1/spend?fill=fiscal_year&group_by=region,year", "fill", "fiscal_year", NOTHING, "group_by=region,fiscal_year"),
    ("/v1/spend?fill=month&group_by=year", "fill", "month", ["year", "fiscal_year"], None),
    ("/v1/spend?group_by=yaer", "group_by", None, list(Dimension), "year"),
    ("/v1/spend?group_by=", "group_by", "", NOTHING, None),
    ("/v1/spend?fields=amount", "fields", None, list(MONEY_COLUMNS), "amount_usd"),
    ("/v1/projects?fields=project", "fields", None, ["project_id"], "project_id"),
    ("/v1/components/P174085-3?fields=whi", "fields", None, ["why"], "why"),
    ("/v1/headline?fields=values", "fields", None, ["value"], "value"),
    ("/v1/spend?format=excell", "format", None, FORMATS, "xlsx"),
    ("/v1/spend?format=ndjson", "format", None, FORMATS, "jsonl"),
    ("/v1/spend?format=", "format", "", FORMATS, None),
    ("/v1/spend?prices=constant", "prices", None, NOTHING, "prices=constant&base_year=2023"),
    ("/v1/spend?prices=current&base_year=2015", "base_year", "2015", NOTHING, "prices=constant&base_year=2015"),
    ("/v1/spend?base_year=2015", "base_year", None, NOTHING, "prices=constant&base_year=2015"),
    ("/v1/spend?prices=constant&base_year=1850", "base_year", "1850", NOTHING, "1944"),
    ("/v1/spend?prices=constant&base_year=2050", "base_year", "2050", ["1944", "2020"], "2025"),
    ("/v1/spend?prices=constant&base_year=2020", "prices", "constant", NOTHING, "approved_from=1944-01-01"),
    ("/v1/spend/ratio?denominator=remittances", "numerator", "", CATEGORIES, None),
    ("/v1/spend/ratio?numerator=remittances", "denominator", "", SETS, None),
    (
        "/v1/spend/ratio?numerator=refugee&denominator=remittances",
        "numerator",
        "refugee",
        CATEGORIES,
        "refugee_health",
    ),
    ("/v1/spend?q=-refugee", "q", None, NOTHING, None),
    ("/v1/spend?q=skills -abroad", "q", None, NOTHING, None),
    ('/v1/spend?q=skills -"cash transfer"', "q", None, NOTHING, None),
    ("/v1/spend?min_amount=1_000", "min_amount", None, NOTHING, None),
    ("/v1/spend?min_amount=\u0661\u0660", "min_amount", "\u0661\u0660", NOTHING, None),
    ("/v1/components?max_amount=\uff11\uff10", "max_amount", "\uff11\uff10", NOTHING, None),
    ("/v1/spend?year_from=2_014", "year_from", None, NOTHING, None),
    ("/v1/spend?min_confidence=0.7_5", "min_confidence", None, NOTHING, None),
    ("/v1/spend?q=!!!", "q", None, NOTHING, None),
    ("/v1/spend?q=" + "a" * 300, "q", "a" * 100, NOTHING, None),
    ("/v1/countries?kind=bucket", "kind", None, ["country", "region", "global"], None),
    ("/v1/countries?limit=5", "limit", None, ["fields", "kind"], None),
    ("/v1/reviews/queue?limit=0", "limit", None, NOTHING, "1"),
    ("/v1/spend?category=" + "a" * 10_000, "category", "a" * 100, CATEGORIES, None),
    ("/v1/spend?" + "a" * 10_000 + "=1", "a" * 100, "1", ["category"], None),
]


def problem(response: httpx.Response, status: int) -> dict:
    body = any_problem(response, status)
    assert response.headers["cache-control"] == "no-store"
    assert body["detail"]
    assert len(response.content) < 6_000
    for item in body["errors"]:
        assert item["parameter"] not in {"query", ""}
        assert item["message"]
        assert len(item["parameter"]) <= 100
        assert len(item.get("value", "")) <= 100
        assert len(item["message"]) <= 300
    return body


@pytest.fixture(scope="module")
def ask(loaded_engines) -> Get:
    """One database is enough for what is refused before any is asked."""
    return client_of(loaded_engines["sqlite"])


@pytest.mark.parametrize(("path", "parameter", "value", "allowed", "suggestion"), MISTAKES, ids=lambda x: str(x)[:60])
def test_a_mistake_is_named_with_its_value_and_what_is_right(path, parameter, value, allowed, suggestion, get):
    item = problem(get(path), 422)["errors"][0]
    assert item["parameter"] == parameter
    assert item.get("value", "") == (path.partition("=")[2] if value is None else value)
    assert set(allowed) <= set(item.get("allowed", []))
    assert item.get("suggestion") == suggestion


def test_the_codes_of_regions_that_the_reference_names_are_taken(ask):
    parameters = ask("/openapi.json").json()["paths"]["/v1/spend"]["get"]["parameters"]
    described = next(one["description"] for one in parameters if one["name"] == "region")
    codes = re.findall(r"\b[A-Z]{3}\b", described)
    assert len(codes) > 3
    assert ask(f"/v1/spend?region={','.join(codes)}").status_code == 200


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/components", "/v1/spend?group_by=year"])
@pytest.mark.parametrize("cursor", ["abc", "", "%00", "W10", "eyJhIjoxfQ", "🙂", "bnVsbA", "a" * 1000])
def test_what_is_no_cursor_is_a_400(path, cursor, ask):
    item = problem(ask(f"{path}{'&' if '?' in path else '?'}cursor={cursor}"), 400)["errors"][0]
    assert item["parameter"] == "cursor"
    assert "links.next" in item["message"]


@pytest.mark.parametrize(
    "parameter",
    [
        "category",
        "group",
        "set",
        "country",
        "region",
        "income_group",
        "project",
        "source",
        "instrument",
        "lender",
        "status",
        "granularity",
        "relevance",
        "tag",
        "q",
        "min_amount",
        "min_confidence",
        "year_from",
        "approved_from",
        "year_basis",
        "measure",
        "prices",
        "base_year",
        "fields",
        "sort",
        "limit",
        "format",
        "group_by",
        "basis",
        "fill",
    ],
)
def test_a_null_character_is_refused_by_name(parameter, ask):
    for code in ("%00", "%FF", "%ED%A0%80"):
        item = problem(ask(f"/v1/spend?{parameter}={code}"), 422)["errors"][0]
        assert item["parameter"] == parameter
        assert item["value"]


@pytest.mark.parametrize("parameter", ["category", "country", "project", "fields", "group_by", "sort", "instrument"])
def test_ten_thousand_commas_are_counted_and_not_shown(parameter, ask):
    item = problem(ask(f"/v1/spend?{parameter}={',' * 10_000}"), 422)["errors"][0]
    assert item["parameter"] == parameter
    assert item["value"] == "10001 values"
    assert "at most 300" in item["message"]


def test_the_code_of_a_country_may_be_small(ask):
    assert ask("/v1/spend?country=usa").status_code == 200
    assert ask("/v1/spend?country=jor").json()["totals"] == ask("/v1/spend?country=JOR").json()["totals"]


@pytest.mark.parametrize(
    ("path", "parameter", "values"),
    [
        ("/v1/spend?limit=5&limit=6", "limit", "5, 6"),
        ("/v1/projects?limit=5&limit=5", "limit", "5, 5"),
        ("/v1/components?format=csv&format=json", "format", "csv, json"),
        ("/v1/spend?year_from=2014&year_to=2015&year_from=2016", "year_from", "2014, 2016"),
        ("/v1/spend?q=skills&q=abroad", "q", "skills, abroad"),
        ("/v1/spend?limit=5&limit=x", "limit", "5, x"),
        ("/v1/countries?kind=region&kind=country", "kind", "region, country"),
        ("/v1/headline?format=csv&format=csv", "format", "csv, csv"),
        ("/v1/projects/P174085?format=csv&format=json", "format", "csv, json"),
        ("/v1/spend?q=" + "a" * 90 + "&q=" + "b" * 90, "q", "a" * 90 + ", " + "b" * 8),
    ],
)
def test_a_single_value_sent_twice_is_refused(path, parameter, values, ask):
    for method in ("GET", "HEAD"):
        response = ask(path, method=method)
        assert response.status_code == 422
    item = problem(ask(path), 422)["errors"][0]
    assert item["parameter"] == parameter
    assert item["value"] == values
    assert "one value" in item["message"]


def test_every_repeated_parameter_is_named(ask):
    body = problem(ask("/v1/spend?limit=1&limit=2&basis=project&basis=project&country=JOR&country=LBN"), 422)
    assert [item["parameter"] for item in body["errors"]] == ["limit", "basis"]


def test_lists_may_be_repeated(ask):
    both = ask("/v1/spend?country=JOR&country=LBN&group_by=country&group_by=year").json()
    assert both["data"] == ask("/v1/spend?country=JOR,LBN&group_by=country,year").json()["data"]


def test_a_path_without_parameters_ignores_none(ask):
    item = problem(ask("/v1/classify?nam=x", method="POST", json={"name": "x"}), 422)["errors"][0]
    assert (item["parameter"], item["value"]) == ("nam", "x")
    for path in ("/livez?probe=1", "/readyz?probe=1", "/?utm_source=mail"):
        assert ask(path).status_code == 200


@pytest.mark.parametrize(
    ("body", "parameter", "suggestion"),
    [
        (b'{"nam": "x"}', "nam", "name"),
        (b'{"name": 5}', "name", None),
        (b'{"name": "' + b"x" * 2001 + b'"}', "name", None),
        (b'{"sectors": "x"}', "sectors", None),
        (b"", "body", None),
        (b"[]", "body", None),
    ],
)
def test_a_mistake_in_a_body_is_named(body, parameter, suggestion, ask):
    response = ask("/v1/classify", method="POST", content=body, headers={"content-type": "application/json"})
    item = problem(response, 422)["errors"][0]
    assert item["parameter"] == parameter
    assert item.get("suggestion") == suggestion


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("/v1/spent", "/v1/spend"),
        ("/V1/Spend", "/v1/spend"),
        ("/v1//spend", "/v1/spend"),
        ("/v1/Projects", "/v1/projects"),
        ("/v1/component", "/v1/components"),
        ("/v1/spend/ratios", "/v1/spend/ratio"),
        ("/spend", None),
        ("/v1/" + "a" * 10_000, None),
        ("/nothing/like/it/anywhere", None),
        ("/v1/%00", None),
    ],
    ids=lambda x: str(x)[:40],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST", "DELETE"])
def test_an_unknown_path_is_a_404_with_the_nearest(path, suggestion, method, ask):
    item = problem(ask(path, method=method), 404)["errors"][0]
    assert item["parameter"] == "path"
    assert item["value"].startswith("/")
    if suggestion:
        assert item["suggestion"] == suggestion


def test_head_on_an_unknown_path_is_a_404_without_a_body(ask):
    response = ask("/v1/spent", method="HEAD")
    assert (response.status_code, response.content) == (404, b"")
    assert response.headers["content-type"] == "application/problem+json"


def test_a_slash_too_many_leads_to_the_answer(ask):
    response = ask("/v1/spend/?group_by=year")
    assert response.status_code == 307
    assert response.headers["location"] == "http://testserver/v1/spend?group_by=year"


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("POST", "/v1/spend", ["GET", "HEAD", "OPTIONS"]),
        ("DELETE", "/v1/projects/P174085", ["GET", "HEAD", "OPTIONS"]),
        ("PUT", "/v1/classify", ["POST", "OPTIONS"]),
        ("GET", "/v1/classify", ["POST", "OPTIONS"]),
    ],
)
def test_a_wrong_method_says_which_are_taken(method, path, taken, ask):
    response = ask(path, method=method, json={"group_by": "year"})
    item = problem(response, 405)["errors"][0]
    assert (item["parameter"], item["value"], item["allowed"]) == ("method", method, taken)
    assert response.headers["allow"] == ", ".join(taken)


@pytest.mark.parametrize(
    ("path", "parameter", "suggestion"),
    [
        ("/v1/projects/P17408", "project_id", "P174085"),
        ("/v1/projects/p174085x", "project_id", "P174085"),
        ("/v1/projects/%27%20OR%201=1", "project_id", None),
        ("/v1/projects/P17408/components", "project_id", "P174085"),
        ("/v1/projects/P99/components", "project_id", None),
        ("/v1/components/P174085-33", "component_id", "P174085-3"),
        ("/v1/categories/remitances", "code", "remittances"),
    ],
)
def test_an_unknown_identifier_is_a_404_with_the_nearest(path, parameter, suggestion, get):
    item = problem(get(path), 404)["errors"][0]
    assert (item["parameter"], item.get("suggestion")) == (parameter, suggestion)


ENDPOINTS = [
    "/v1/spend",
    "/v1/spend/ratio?numerator=remittances&denominator=worker_mobility",
    "/v1/headline",
    "/v1/projects",
    "/v1/projects/P174085",
    "/v1/projects/P174085/components",
    "/v1/components",
    "/v1/components/P174085-3",
    "/v1/categories",
    "/v1/categories/remittances",
    "/v1/countries",
    "/v1/reviews/queue",
    "/v1/reviews/form",
]


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    ("query", "parameter", "suggestion"),
    [("feilds=x", "feilds", "fields"), ("format=cvs", "format", "csv"), ("fields=zzz", "fields", None)],
)
def test_every_endpoint_understands_the_same_mistakes(path, query, parameter, suggestion, ask):
    item = problem(ask(f"{path}{'&' if '?' in path else '?'}{query}"), 422)["errors"][0]
    assert item["parameter"] == parameter
    assert item["value"] == query.partition("=")[2]
    assert item["allowed"]
    assert item.get("suggestion") == suggestion


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_endpoint_says_what_it_can_be_asked_as(path, ask):
    item = problem(ask(path, headers={"accept": "application/pdf"}), 406)["errors"][0]
    assert (item["parameter"], item["value"]) == ("Accept", "application/pdf")
    assert {"application/json", "text/csv", "application/x-ndjson", "application/vnd.apache.parquet"} <= set(
        item["allowed"]
    )


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (
            "/v1/spend?project=a%20b",
            "project: 'a b' is no identifier: expected a letter of A to Z or a digit, then letters, digits or . _ : -, "
            "120 characters at most, as in P174085",
        ),
        ("/v1/dimensions/country/values?q=", "q: is empty"),
        ("/v1/spend?approved_from=2014", "approved_from: is not a day written as 2014-01-31"),
        ("/v1/spend?approved_from=2014-02-30", "approved_from: is not a day of the calendar"),
        ("/v1/components?approved_to=0000-01-01", "approved_to: is not a day of the calendar"),
    ],
)
def test_what_has_another_form_is_told_in_words_which_is_right(path, told, get):
    assert get(path).json()["detail"] == told
