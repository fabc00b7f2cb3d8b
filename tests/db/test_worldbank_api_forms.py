"""Every form that fields of the Projects API have had is read rightly; a form never seen is set aside, with its reason."""

import pytest

from db.ingest.adapters.worldbank_fields import mend_words
from db.ingest.bundle import load_bundle
from tests.data.export_helpers import project, rejected, rows
from tests.data.fake_worldbank import running, synthetic
from tests.data.worldbank_records import GONE, read
from tests.data.worldbank_runs import run

FORMS = {
    "name-with-entity": ({"project_name": "Jobs &amp; skills"}, "name", "Jobs & skills"),
    "pdo-cdata!": ({"pdo": {"cdata!": "To  train"}}, "objective", "To train"),
    "pdo-cdata": ({"pdo": {"cdata": "To train"}}, "objective", "To train"),
    "abstract-where-no-pdo": ({"pdo": "N/A", "project_abstract": {"cdata!": "It trains"}}, "objective", "It trains"),
    "pdo-before-abstract": ({"pdo": "To train", "project_abstract": "It trains"}, "objective", "To train"),
    "neither": ({"pdo": 0, "project_abstract": ""}, "objective", None),
    "wrapped-word": (
        {"pdo": "Waste collectio n is better. Waste collection pays."},
        "objective",
        "Waste collection is better. Waste collection pays.",
    ),
    "status-in-v3": ({"projectstatusdisplay": GONE, "status": "Closed"}, "status", "Closed"),
    "status-in-capitals": ({"projectstatusdisplay": "DROPPED"}, "status", "Dropped"),
    "approved-iso": ({"boardapprovaldate": "2014-02-26"}, "approval_date", "2014-02-26"),
    "approved-iso-time": ({"boardapprovaldate": "1996-02-08T00:00:00Z"}, "approval_date", "1996-02-08"),
    "not-approved": ({"boardapprovaldate": ""}, "approval_date", None),
    "closing-us": ({"closingdate": "1/21/1999 12:00:00 AM"}, "closing_date", "1999-01-21"),
    "closing-sql": ({"closingdate": "2031-12-31 00:00:00.000"}, "closing_date", "2031-12-31"),
    "closing-missing": ({"closingdate": GONE}, "closing_date", None),
    "closing-zero": ({"closingdate": 0}, "closing_date", None),
    "country-as-text": ({"countryshortname": GONE, "countryname": "Republic of Uganda"}, "place", "Republic of Uganda"),
    "country-as-list": ({"countryshortname": "", "countryname": ["Nepal"]}, "place", "Nepal"),
    "short-name-first": ({"countryname": ["Republic of Uganda"], "countryshortname": "Uganda"}, "place", "Uganda"),
    "regional-label": ({"countryshortname": "Western and Central Africa"}, "place", "Western and Central Africa"),
    "instrument-gone": ({"lendinginstr": GONE}, "instrument", None),
    "instrument-as-list": ({"lendinginstr": ["Program-for-Results"]}, "instrument", "Program-for-Results"),
    "agencies": ({"impagency": "MINISTRY OF LABOUR,BUREAU"}, "implementing_agency", "MINISTRY OF LABOUR,BUREAU"),
    "borrower-nothing": ({"borrower": "N/A"}, "borrower", None),
    "borrower-zero": ({"borrower": "0"}, "borrower", None),
    "additional": ({"supplementprojectflg": "Y"}, "additional_financing", True),
    "not-additional": ({"supplementprojectflg": "N"}, "additional_financing", False),
    "address": (
        {"url": GONE},
        "source_url",
        "https://projects.worldbank.org/en/projects-operations/project-detail/P900001",
    ),
    "several-countries": ({"countryshortname": GONE, "countryname": ["Kenya", "Uganda"]}, "regional", True),
    "several-codes": ({"countrycode": ["KE", "UG"]}, "regional", True),
}


@pytest.mark.parametrize("nothing", [None, "", " ", "N/A", "NULL", {"cdata!": ""}, []], ids=repr)
def test_a_flag_that_says_nothing_is_left_open(nothing):
    record, aside = read(supplementprojectflg=nothing)
    assert ("additional_financing" in record.model_fields_set, aside) == (False, ())


@pytest.mark.parametrize(
    ("said", "flag"), [("Y", True), (True, True), (["Y"], True), ("N", False), (False, False), (0, False), ("0", False)]
)
def test_a_flag_that_says_yes_or_no_is_stated(said, flag):
    record, aside = read(supplementprojectflg=said)
    assert ("additional_financing" in record.model_fields_set, record.additional_financing, aside) == (True, flag, ())


@pytest.mark.parametrize(("fields", "name", "value"), FORMS.values(), ids=FORMS)
def test_a_field_is_read_in_every_form(fields, name, value):
    record, aside = read(**fields)
    found = getattr(record, name)
    assert (found if isinstance(found, bool) or found is None else str(found)) == value
    assert aside == ()


@pytest.mark.parametrize("year", [2014, "2014", GONE])
def test_the_fiscal_year_changes_nothing_it_follows_from_the_date(year):
    assert read(approvalfy=year) == read()


NONE = {f"sector{number}": GONE for number in range(1, 6)} | {"theme1": GONE, "theme2": GONE}
LISTS = {
    "object": ({"sector1": {"Name": "Health", "Percent": 60}}, ("Health",), ()),
    "empty-object": ({"sector1": {"Name": "", "Percent": 0}}, (), ()),
    "text": ({"sector1": "Water &amp; sanitation", "sector2": ""}, ("Water & sanitation",), ()),
    "list": ({"sector": [{"Name": "Health"}, "Energy", {"Name": "Health"}]}, ("Health", "Energy"), ()),
    "several-fields": (
        {"sector1": {"Name": "Health"}, "sector3": "Energy", "sector": [{"Name": "Health"}]},
        ("Health", "Energy"),
        (),
    ),
    "major-sectors-of-v3": (
        {
            "major_sectors": [
                {"major_sector": {"major_sector_name": "Finance", "sectors": [{"sector_name": "Banking"}]}},
                {"major_sector": {"major_sector_name": "Health", "sectors": [{"sector_name": "Hospitals"}]}},
            ]
        },
        ("Banking", "Hospitals"),
        (),
    ),
    "theme-with-code": ({"theme1": "Macroeconomic management!$!24!$!23"}, (), ("Macroeconomic management",)),
    "theme-empty": ({"theme1": "!$!0", "theme2": 0}, (), ()),
    "theme-object": ({"theme1": {"Name": "Jobs", "Percent": 100}}, (), ("Jobs",)),
    "theme-list": (
        {
            "theme_list": [
                {"name": "Social", "percent": "80", "theme2": [{"name": "Jobs", "theme3": [{"name": "Youth"}]}]},
                {"name": "Private", "percent": "60"},
            ]
        },
        (),
        ("Social", "Jobs", "Youth", "Private"),
    ),
    "theme-levels": (
        {"themev2_level1_exact": ["Finance", "Finance"], "themev2_level2_exact": "Jobs"},
        (),
        ("Finance", "Jobs"),
    ),
}


@pytest.mark.parametrize(("fields", "sectors", "themes"), LISTS.values(), ids=LISTS)
def test_sectors_and_themes_are_read_in_every_form(fields, sectors, themes):
    record, aside = read(**{**NONE, **fields})
    assert (record.sectors, record.themes, aside) == (sectors, themes, ())


UNSEEN = {
    "status": ({"projectstatusdisplay": "Resting"}, "projectstatusdisplay", "Resting", "is no status"),
    "date": ({"closingdate": "soon"}, "closingdate", "soon", "is no date"),
    "flag": ({"supplementprojectflg": "perhaps"}, "supplementprojectflg", "perhaps", "neither yes nor no"),
    "sector": ({"sector1": {"Label": "Health"}}, "sector1", "an object", "is an object without a name"),
    "theme": ({"theme1": 7}, "theme1", "7", "is no name"),
    "text": ({"borrower": {"who": "somebody"}}, "borrower", "an object", "is an object without a text"),
    "address": ({"url": "projects/P1"}, "url", "projects/P1", "is no address"),
    "abstract": ({"pdo": "x" * 20_001}, "pdo", "x" * 200, "has 20,001 characters"),
}


@pytest.mark.parametrize(("fields", "name", "value", "reason"), UNSEEN.values(), ids=UNSEEN)
def test_a_form_never_seen_is_set_aside_and_the_record_kept(fields, name, value, reason):
    _, ((found, shown, why),) = read(**fields)
    assert (found, shown) == (name, value)
    assert reason in why


def test_broken_records_and_unseen_forms_are_listed_with_the_run_and_the_others_get_in(tmp_path, engine):
    with running(4) as api:
        api.projects["P900001"]["closingdate"] = "soon"
        api.projects["P900003"]["project_name"] = ""
        original = api.body

        def body(params):
            status, data = original(params)
            data = data.replace(b'"P900002": {"id": "P900002"', b'"P900002": {"id": "P900009"')
            return status, data.replace(b'"facets": {}', b'"facets": {}, "note": 7, "P900008": [], "P900007": null')

        api.body = body
        report = run(engine, api.address, tmp_path)
    assert (report.read, report.added, report.rejected, report.set_aside) == (7, 2, 5, 1)
    found = {(row["record_id"], row["field"], row["whole_record"]): row["reason"] for row in rejected(engine)}
    assert found["P900001", "closingdate", False] == "'soon' is no date, expected YYYY-MM-DD or M/D/YYYY"
    assert "expected an object" in found["P900007", "record", True]
    assert "is a list" in found["P900008", "record", True]
    assert found["P900003", "name", True] == "required, but missing"
    assert "names itself 'P900009'" in found["P900002", "record", True]
    assert project(engine, "P900001")["closing_date"] is None
    assert {row["place"] for row in rows(engine, "rejected_record")} >= {"page 1, P900001", "page 1, P900008"}


def test_regional_money_is_counted_in_its_region(tmp_path, engine):
    with running(2) as api:
        api.projects["P900001"] |= {
            "countryshortname": "",
            "countryname": ["Kenya", "Uganda"],
            "regionname": "South Asia",
        }
        api.projects["P900002"] |= {"countryshortname": "Eastern and Southern Africa"}
        run(engine, api.address, tmp_path)
    places = {row["project_id"]: row["country_code"] for row in rows(engine, "project_country")}
    assert places == {"P900001": "SAS", "P900002": "AFE"}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_the_bundled_data_know_better_outlives_the_live_source(tmp_path, engine):
    """P176529 is regional under a country's label; of P164130 a part is counted elsewhere; P152822 names its countries."""
    load_bundle(engine)
    before = {row["project_id"]: row for row in rows(engine, "project")}
    places = rows(engine, "project_country")
    with running(0) as api:
        for project_id in ("P176529", "P152822", "P164130"):
            old = before[project_id]
            total = old["commitment_cents"] // 100 + 10_000_000
            amounts = {"totalamt": total, "totalcommamt": total, "idacommamt": total, "curr_total_commitment": total}
            fields = {"countryshortname": old["place"], "regionname": old["region"], "projectstatusdisplay": "Closed"}
            api.projects[project_id] = synthetic(1, id=project_id, **amounts, **fields)
        assert run(engine, api.address, tmp_path).changed == 3
    assert rows(engine, "project_country") == places
    for project_id in api.projects:
        old, new = before[project_id], project(engine, project_id)
        assert (new["status"], new["regional"], new["tags"]) == ("Closed", old["regional"], old["tags"])
        assert new["counted_cents"] == old["counted_cents"] + 10_000_000_00


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("the collectio n and the collection", "the collection and the collection"),
        ("the collectio n", "the collectio n"),  # nothing shows the word
        ("step in to it, into it", "step in to it, into it"),  # short words stay
        ("under standing, under water, understanding", "understanding, under water, understanding"),
        ("work force work force workforce force work", "work force work force workforce force work"),
    ],
)
def test_a_blank_in_a_word_goes_only_where_the_text_shows_the_word(text, mended):
    assert mend_words(text, []) == mended
