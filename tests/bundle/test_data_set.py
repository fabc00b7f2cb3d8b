"""The bundled data set is valid, complete, and says about itself what is true."""

import csv
import hashlib
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from frictionless import validate

DATA = Path(__file__).resolve().parents[2] / "data"
PACKAGE = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
NAMES = [resource["name"] for resource in PACKAGE["resources"]]
README = (DATA / "README.md").read_text(encoding="utf-8")
EXAMPLES = {"P161541", "P163018", "P167506", "P170185", "P174085", "P174594"}


def read(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def money(rows, column):
    return sum(int(row[column]) for row in rows if row[column])


@pytest.fixture(scope="module")
def projects():
    return read("projects")


@pytest.fixture(scope="module")
def counted(projects):
    return [row for row in projects if row["counted_usd"]]


@pytest.fixture(scope="module")
def components():
    return read("components")


@pytest.fixture(scope="module")
def reviews():
    return read("reviews")


@pytest.fixture(scope="module")
def countries():
    return read("countries")


def names(row):
    return [row["name"], *(alias for alias in row["aliases"].split("|") if alias)]


def test_the_data_package_is_valid():
    report = validate(str(DATA / "datapackage.json"))
    assert report.flatten(["name", "rowNumber", "fieldName", "message"]) == []
    assert report.valid


def test_the_package_describes_every_file_of_the_folder():
    described = {resource["path"] for resource in PACKAGE["resources"]}
    assert described | {"README.md", "datapackage.json"} == {path.name for path in DATA.iterdir()}


@pytest.mark.parametrize("resource", PACKAGE["resources"], ids=lambda resource: resource["name"])
def test_hash_and_size_are_those_of_the_file(resource):
    content = (DATA / resource["path"]).read_bytes()
    assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
    assert resource["bytes"] == len(content)


@pytest.mark.parametrize("resource", PACKAGE["resources"], ids=lambda resource: resource["name"])
def test_every_resource_is_described_in_full(resource):
    for key in ("name", "path", "title", "description", "mediatype", "encoding"):
        assert resource[key], key
    assert resource["schema"]["missingValues"] == [""]
    for field in resource["schema"]["fields"]:
        assert field["description"], field["name"]
        if field["name"].endswith("_usd"):
            assert "Unit: US dollars" in field["description"], field["name"]


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_files_are_utf8_with_plain_line_ends(path):
    content = path.read_bytes()
    assert b"\r" not in content
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\n")
    assert "\ufffd" not in content.decode("utf-8")


def test_no_cell_has_blanks_around_it():
    for name in NAMES:
        for row in read(name):
            assert all(value == value.strip() for value in row.values()), row


def test_money_of_the_counted_projects_to_the_dollar(counted):
    assert len(counted) == 132
    assert money(counted, "commitment_usd") == 14_830_476_029
    # Stated 14,830,476,029 less the eight corrections that counted_note explains:
    #   P154278 141,000,000   P156679 36,000,000   P161067 11,580,000   P162407 100,000,000
    #   P164130  24,411,000   P170185 26,700,000   P171125 13,000,000   P180617 103,000,000
    # together 455,691,000 = 14,374,785,029.
    assert money(counted, "counted_usd") == 14_830_476_029 - 455_691_000 == 14_374_785_029


def test_money_of_the_parts(projects, counted):
    # 5,126,149,986 + 8,060,342,816 + 1,643,983,237 = 14,830,476,039; the source's own totals are 10 dollars lower
    # (P162858 +30, P171766 -32, P176505 -8).
    parts = {column: money(counted, column) for column in ("ibrd_usd", "ida_usd", "grant_usd", "other_usd")}
    assert parts == {
        "ibrd_usd": 5_126_149_986,
        "ida_usd": 8_060_342_816,
        "grant_usd": 1_643_983_237,
        "other_usd": 0,
    }
    differences = {}
    for row in projects:
        difference = int(row["commitment_usd"]) - sum(int(row[column] or 0) for column in parts)
        if difference:
            differences[row["project_id"]] = difference
    assert differences == {"P162858": 30, "P171766": -32, "P176505": -8}
    others = [row for row in projects if not row["counted_usd"]]
    assert len(others) == 52
    assert money(others, "commitment_usd") == 9_611_176_260


def test_a_counted_amount_differs_only_with_a_reason(counted):
    for row in counted:
        stated, count = int(row["commitment_usd"]), int(row["counted_usd"])
        assert 0 < count <= stated
        assert (count < stated) == bool(row["counted_note"]), row["project_id"]


def test_counted_projects_lie_in_the_window(counted):
    for row in counted:
        assert date(2014, 1, 1) <= date.fromisoformat(row["approval_date"]) <= date(2024, 3, 31)


def test_additional_financing_says_whether_the_parent_holds_it(projects, counted):
    for row in projects:
        is_additional = row["additional_financing"] == "yes"
        assert is_additional == bool(row["parent_project_id"]) == bool(row["included_in_parent"]), row["project_id"]
    assert sum(row["additional_financing"] == "yes" for row in counted) == 38
    assert all(row["parent_evidence"] for row in counted if row["additional_financing"] == "yes")


def test_examples_of_the_brief_are_tagged(projects):
    assert {row["project_id"] for row in projects if row["tags"] == "brief_example"} == EXAMPLES


def test_every_place_and_country_of_a_project_is_known(projects, countries):
    kinds = {row["code"]: row["kind"] for row in countries}
    by_name = {name: row for row in countries for name in names(row)}
    for row in projects:
        codes = [code for code in row["countries"].split(";") if code]
        assert all(kinds[code] == "country" for code in codes), row["project_id"]
        assert codes or row["regional"] == "yes", row["project_id"]
        assert row["place"] in by_name, row["place"]
        assert by_name[row["region"]]["kind"] == "region"


def test_every_component_belongs_to_a_project(projects, components):
    assert {row["project_id"] for row in components} <= {row["project_id"] for row in projects}
    assert len({(row["project_id"], row["ordinal"]) for row in components}) == len(components)


def test_components_have_a_basis_when_they_have_an_amount(components):
    assert all(bool(row["amount_usd"]) == bool(row["amount_basis"]) for row in components)
    amounts = {basis: [row for row in components if row["amount_basis"] == basis] for basis in ("commitment", "cost")}
    # 4,600,450,000 on commitment (109 rows) and 1,769,280,000 on cost (25 rows): 6,369,730,000 on 134 rows.
    assert {basis: len(rows) for basis, rows in amounts.items()} == {"commitment": 109, "cost": 25}
    assert money(amounts["commitment"], "amount_usd") == 4_600_450_000
    assert money(amounts["cost"], "amount_usd") == 1_769_280_000


def test_a_stated_zero_is_kept_apart_from_no_amount(components):
    zeros = {f"{row['project_id']}-{row['ordinal']}" for row in components if row["amount_usd"] == "0"}
    assert "P174085-5" in zeros
    assert all(row["amount_usd"] == "" or row["amount_usd"].isdigit() for row in components)


def test_a_list_is_complete_or_not_as_a_whole(components):
    verdicts = {}
    for row in components:
        verdicts.setdefault(row["project_id"], set()).add(row["list_complete"])
    assert all(len(values) == 1 for values in verdicts.values())


def test_sources_fit_the_hosts(components):
    own = re.compile(r"https?://([\w.-]+\.)?(worldbank|bancomundial|banquemondiale)\.org/")
    for row in components:
        expected = "worldbank-documents" if own.match(row["source_url"]) else "secondary-copies"
        assert row["source"] == expected, row["source_url"]


def test_every_review_has_its_subject_and_every_subject_its_review(counted, components, reviews):
    subjects = {row["project_id"] for row in counted}
    subjects |= {f"{row['project_id']}-{row['ordinal']}" for row in components}
    reviewed = [row["subject_id"] for row in reviews]
    assert len(reviewed) == len(set(reviewed))
    assert set(reviewed) == subjects


def test_relevance_and_category_agree(reviews):
    for row in reviews:
        assert (row["relevance"] == "none") == (row["category"] == "not_migration"), row["subject_id"]
        assert row["category"] not in row["secondary_categories"].split(";")


def test_no_name_stands_for_two_rows(countries):
    owners = {}
    for row in countries:
        for name in names(row):
            owners.setdefault(name.casefold(), []).append(row["code"])
    assert {name: codes for name, codes in owners.items() if len(codes) > 1} == {}


def test_countries_lie_in_regions(countries):
    kinds = {row["code"]: row["kind"] for row in countries}
    regions = {code for code, kind in kinds.items() if kind == "region"}
    assert regions == {"AFE", "AFR", "AFW", "EAS", "ECS", "LCN", "MEA", "NAC", "SAS"}
    without = {row["code"] for row in countries if not row["region_code"]}
    assert without == {"ATA", "ATF", "BVT", "HMD", "IOT", "SGS", "WLD"}
    assert all(row["region_code"] in regions | {""} for row in countries)
    assert all(row["region_code"] == row["code"] for row in countries if row["kind"] == "region")
    assert all(bool(row["income_group"]) == bool(row["income_as_of"]) for row in countries)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Eastern and Southern Africa", "AFE"),
        ("Central Africa", "AFW"),
        ("Africa", "AFR"),
        ("World", "WLD"),
        ("Other", "WLD"),
        ("Multi-Regional", "WLD"),
        ("Asia", "WLD"),
        ("Western Balkans", "ECS"),
        ("OECS Countries", "LCN"),
        ("Red Sea and Gulf of Aden", "MEA"),
        ("PNG & PI", "EAS"),
        ("Turkiye", "TUR"),
        ("Congo, Democratic Republic of", "COD"),
        ("Republic of Congo", "COG"),
        ("Democratic Republic of Sao Tome and Prin", "STP"),
        ("Islamic  Republic of Afghanistan", "AFG"),
        ("Yugoslavia, former", "YUG"),
    ],
)
def test_labels_that_others_get_wrong(countries, label, code):
    assert [row["code"] for row in countries if label in names(row)] == [code]


def test_published_figures_are_those_of_the_study():
    values = {row["key"]: row["value"] for row in read("published_figures")}
    assert values == {
        "projects": "160",
        "project_total": "40000000000",
        "component_total": "15000000000",
        "worker_mobility_total": "110000000",
        "other_economic_upper": "",
        "ratio": "150",
        "countries_without": "0.70",
    }


def test_readme_counts_the_rows_of_each_file():
    told = {name: int(count) for name, count in re.findall(r"^\| `(\w+)\.csv` \| (\d+) \|", README, re.MULTILINE)}
    assert told == {name: len(read(name)) for name in NAMES}


def test_readme_names_the_version_of_the_package_in_its_citation_too():
    assert f"Version {PACKAGE['version']}, described" in README
    assert f"data set, version {PACKAGE['version']} (" in README


def test_readme_money_agrees_with_the_files(projects, counted, components):
    told = [int(amount.replace(",", "")) for amount in re.findall(r"\| ([\d,]{9,}) \|$", README, re.MULTILINE)]
    assert told == [
        money(counted, "commitment_usd"),
        money(counted, "counted_usd"),
        money([row for row in projects if not row["counted_usd"]], "commitment_usd"),
        money(components, "amount_usd"),
        money([row for row in components if row["amount_basis"] == "commitment"], "amount_usd"),
        money([row for row in components if row["amount_basis"] == "cost"], "amount_usd"),
    ]


def test_readme_counts_agree_with_the_files(projects, counted, components, reviews, countries):
    text = " ".join(README.split()).replace("**", "")
    ids = {row["project_id"] for row in counted}
    others = {row["project_id"] for row in projects} - ids
    all_with_rows = {row["project_id"] for row in components}
    with_amount = {row["project_id"] for row in components if row["amount_usd"]}
    doubtful = Counter("-" in row["subject_id"] for row in reviews if row["certainty"] == "doubtful")
    outside = [
        row for row in projects if not row["counted_usd"] and not "2014-01-01" <= row["approval_date"] <= "2024-03-31"
    ]
    kinds = Counter(row["kind"] for row in countries)
    by_source = Counter(row["source"] for row in components)
    partly = sum(row["list_complete"] == "no" for row in components)
    lower = sum(row["counted_usd"] != row["commitment_usd"] for row in counted)
    spelled = {8: "eight"}
    dates = sorted(row["approval_date"] for row in counted)
    for sentence in (
        f"{len(counted)} with a counted amount, {len(projects) - len(counted)} without",
        f"a component of one of {len(all_with_rows)} projects",
        f"{len(counted)} on projects, {len(components)} on components",
        f"{kinds['country']} countries and territories, {kinds['region']} regions",
        f"{sum(row['amount_usd'] != '' for row in components)} rows of {len(with_amount)} projects",
        f"Components are known for {len(all_with_rows)} projects, {len(all_with_rows & ids)} of them among the 132",
        f"{len(with_amount)} projects have a component with an amount, {len(with_amount & ids)} of them among the 132",
        f"`list_complete` is `no` in {partly} rows",
        f"{len(others & all_with_rows)} have component rows, {len(others - all_with_rows)} have none",
        f"{len(outside)} of them lie outside the window",
        f"(the first on {dates[0]}, the last on {dates[-1]})",
        f"It is lower than `commitment_usd` in {spelled[lower]} rows",
        f"{doubtful[False]} of the 132 project verdicts and {doubtful[True]} of the 285 component verdicts",
        f"{by_source['worldbank-documents']} component rows come from addresses of the World Bank",
        f"{by_source['secondary-copies']} come from elsewhere",
        f"{spelled[sum(row['regional'] == 'yes' for row in projects)].capitalize()} rows are regional",
        f"All {sum(row['additional_financing'] == 'yes' for row in counted)} additional financings among the 132",
    ):
        assert sentence in text, sentence
