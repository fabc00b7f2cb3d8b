"""IATI activities in the database, on both kinds: counted once, traceable, refused with reasons. All synthetic."""

import gzip

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli.commands import app
from db import tables
from db.engine import make_engine, reading
from db.ingest.adapters.iati import IatiAdapter
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from db.ingest.sources.iati import ingest_iati
from db.migrate import upgrade
from db.queries.runs import rejected_records
from db.queries.spend.spend import spend
from db.queries.stated_totals import totals_of
from db.settings import get_settings
from models.filters import Dimension, Filters, SpendQuery
from models.vocabulary import Measure, Relevance
from tests.conftest import client_of
from tests.data.iati import activity, document, dollars, hasty, serving, write

BANK = '<reporting-org ref="44000" type="40"><narrative>World Bank</narrative></reporting-org>'
OTHER = '<reporting-org ref="XX-OTH" type="40"><narrative>Another Synthetic Aid</narrative></reporting-org>'
EVERYTHING = tuple(Relevance)


def take_in(engine, path):
    return ingest(engine, IatiAdapter(), [path])


def rejections(engine, report):
    with reading(engine) as connection:
        return [(row["record_id"], row["reason"]) for row in rejected_records(connection, report.run_id)]


def amounts(engine, *group_by, **filters):
    with reading(engine) as connection:
        rows = spend(connection, SpendQuery(Filters(**filters), group_by)).rows
    return {tuple(row[d.value] for d in group_by): row["amount_usd"] for row in rows}


def test_shares_of_sectors_and_countries_reach_the_spend_to_the_cent(engine, tmp_path):
    split = "<sector code='24050' percentage='30'/><sector code='15110' percentage='70'/>"
    places = "<recipient-country code='JO' percentage='60'/><recipient-country code='LB' percentage='40'/>"
    basics = "<title><narrative>Synthetic</narrative></title><activity-status code='2'/>"
    inside = basics + places + split + dollars("100.01") + dollars(7, "3")
    report = take_in(engine, write(tmp_path, activity(inside, basics=False)))
    assert (report.added, report.rejected) == (1, 0)
    assert amounts(engine, Dimension.CATEGORY, Dimension.COUNTRY) == {
        ("remittances", "JOR"): 1800,
        ("remittances", "LBN"): 1200,
    }
    assert sum(amounts(engine, Dimension.CATEGORY, relevance=EVERYTHING).values()) == 10_001
    assert amounts(engine, Dimension.YEAR) == {(2020,): 3000}
    assert amounts(engine, measure=Measure.DISBURSEMENT) == {(): 210}


def test_the_same_file_twice_changes_nothing(engine, tmp_path):
    first = write(tmp_path, activity(dollars(5)))
    later = write(tmp_path, activity(dollars(5)), name="later.xml", attributes='generated-datetime="2026-03-04"')
    assert take_in(engine, first).added == 1
    for path in (first, later):
        report = take_in(engine, path)
        assert (report.unchanged, report.changed, report.release_id) == (1, 0, None)


@pytest.mark.parametrize("number", ["P999999", "p999999"])
@pytest.mark.parametrize("iati_first", [True, False])
def test_a_project_of_the_world_bank_counts_once_as_the_bank_itself_says(engine, tmp_path, iati_first, number):
    own = tmp_path / "own.csv"
    own.write_text(
        "project_id,name,countries,status,approval_date,commitment_usd,source,as_of\n"
        "P999999,Synthetic refugees,JOR,Active,2020-02-02,80,worldbank-projects,2020-03-31\n"
    )
    inside = dollars(100) + dollars(30, "3") + "<sector code='24050'/>"
    again = write(tmp_path, activity(inside, f"44000-{number}", BANK))
    runs = [lambda: take_in(engine, again), lambda: ingest(engine, RecordsAdapter(), [own])]
    for run in runs if iati_first else reversed(runs):
        assert run().rejected == 0
    ask = client_of(engine)
    assert ask("/v1/projects?relevance=direct").json()["meta"]["warnings"] == []
    project = ask("/v1/projects/P999999").json()["data"]
    assert (project["commitment_usd"], project["name"], project["source_id"]) == (
        80,
        "Synthetic refugees",
        "worldbank-projects",
    )
    said = {line["origin"]: line for line in project["statements"]}
    assert set(said) == {"iati", "records"}
    assert (said["iati"]["commitment_usd"], said["records"]["commitment_usd"]) == (100, 80)
    assert (said["iati"]["reported_id"], said["iati"]["reporting_org"]) == (f"44000-{number}", "World Bank")
    assert said["iati"]["as_of"] > said["records"]["as_of"]
    assert project["differing"] == ["name", "approval_date", "commitment_usd"]
    assert amounts(engine, Dimension.SOURCE) == {("worldbank-projects",): 8000}
    assert amounts(engine, measure=Measure.DISBURSEMENT) == {(): 3000}  # which only IATI states


def test_two_organisations_under_one_identifier_are_listed_not_merged(engine, tmp_path):
    assert take_in(engine, write(tmp_path, activity(dollars(5)))).added == 1
    report = take_in(engine, write(tmp_path, activity(dollars(900), reporter=OTHER), name="other.xml"))
    assert (report.added, report.changed, report.rejected) == (0, 0, 1)
    assert rejections(engine, report) == [("XX-SYN-1", "Synthetic Aid reports XX-SYN-1 already: one of them must err")]
    both = write(
        tmp_path, activity(identifier="XX-SYN-9"), activity(identifier="XX-SYN-9", reporter=OTHER), name="both.xml"
    )
    report = take_in(engine, both)
    assert (report.added, report.rejected) == (1, 1)
    assert "was read at both.xml, line 3 already; the first one counts" in rejections(engine, report)[0][1]


def test_an_organisation_may_change_its_own_identifier(engine, tmp_path):
    renamed = activity(dollars(6) + "<other-identifier ref='XX-SYN' type='B1'/>", reporter=OTHER)
    old, new = write(tmp_path, activity(dollars(5))), write(tmp_path, renamed, name="new.xml")
    assert take_in(engine, old).added == 1
    assert take_in(engine, new).changed == 1
    assert take_in(engine, old).rejected == 0


def test_good_activities_get_in_and_bad_ones_are_listed_with_their_place(engine, tmp_path):
    path = write(
        tmp_path,
        activity(dollars(5)),
        activity(identifier=""),
        activity(identifier="XX-SYN-2", basics=False),
        activity("<title><narrative>x</narrative></title>", identifier="XX-SYN-3", basics=False),
        activity("<transaction><transaction-type code='77'/></transaction>", identifier="XX-SYN-4"),
    )
    report = take_in(engine, path)
    assert (report.read, report.added, report.rejected, report.set_aside) == (5, 2, 3, 1)
    with reading(engine) as connection:
        rows = [dict(row) for row in rejected_records(connection, report.run_id)]
    assert [(row["place"], row["record_id"], row["field"], row["whole_record"]) for row in rows] == [
        ("synthetic.xml, line 4", None, "record", True),
        ("synthetic.xml, line 5", "XX-SYN-2", "title", True),
        ("synthetic.xml, line 5", "XX-SYN-2", "recipient-country", True),
        ("synthetic.xml, line 6", "XX-SYN-3", "recipient-country", True),
        ("synthetic.xml, line 7", "XX-SYN-4", "transaction-type", False),
    ]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_sum_beyond_what_can_be_costs_only_the_value(engine, tmp_path):
    beyond = dollars(600_000_000_000) * 2 + dollars(7, "3")
    report = take_in(engine, write(tmp_path, activity(beyond), activity(dollars(10**12), "XX-SYN-2")))
    assert (report.added, report.rejected, report.set_aside) == (2, 0, 1)
    ((identifier, reason),) = rejections(engine, report)
    assert identifier == "XX-SYN-1"
    assert "'1200000000000.00' the sum of the transactions is outside what one operation can cost (up to" in reason
    assert amounts(engine, Dimension.SOURCE, measure=Measure.DISBURSEMENT, relevance=EVERYTHING) == {("iati",): 700}
    project = client_of(engine)("/v1/projects/XX-SYN-1").json()["data"]
    assert project["commitment_usd"] is None


def test_a_file_that_breaks_off_keeps_nothing_of_itself_nor_others_out(engine, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    whole = document(activity(dollars(5), "XX-SYN-1"), activity(dollars(5), "XX-SYN-2"))
    (folder / "a-cut.xml").write_text(whole[:-60], encoding="utf-8")
    write(folder, activity(dollars(5), "XX-SYN-3"), name="b-good.xml")
    (folder / "c-packed.xml.gz").write_bytes(gzip.compress(document(activity(dollars(5), "XX-SYN-4")).encode()))
    (folder / "notes.txt").write_text("not asked for")
    outcomes = list(ingest_iati(engine, [str(folder), str(tmp_path / "missing.xml")], tmp_path / "spool"))
    assert [outcome.report is not None for outcome in outcomes] == [False, True, True, False]
    assert "not well-formed XML" in outcomes[0].error
    assert "is not a file" in outcomes[3].error
    with reading(engine) as connection:
        assert set(connection.scalars(select(tables.project.c.project_id))) == {"XX-SYN-3", "XX-SYN-4"}


def test_an_identifier_twice_in_one_line_is_listed_as_a_repetition(engine, tmp_path):
    path = write(tmp_path, activity(dollars(5)) + activity(dollars(7)) + activity(dollars(9), "XX-SYN-2"))
    report = take_in(engine, path)
    assert (report.read, report.added, report.rejected) == (3, 2, 1)
    reason = "project XX-SYN-1 was read at synthetic.xml, line 3 already; the first one counts"
    assert rejections(engine, report) == [("XX-SYN-1", reason)]
    assert amounts(engine, Dimension.SOURCE, relevance=EVERYTHING) == {("iati",): 1400}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_file_on_which_a_run_fails_does_not_keep_others_out(engine, tmp_path, monkeypatch):
    read = IatiAdapter.read

    def fail_on_the_first(adapter, path):
        yield from read(adapter, path)
        if path.name == "a.xml":
            raise KeyError("what is not there")

    monkeypatch.setattr(IatiAdapter, "read", fail_on_the_first)
    names = [str(write(tmp_path, activity(dollars(5), f"XX-SYN-{name}"), name=f"{name}.xml")) for name in "ab"]
    failed, done = ingest_iati(engine, names, tmp_path / "spool")
    assert "an error that was not foreseen, KeyError: 'what is not there'" in failed.error
    assert done.report.added == 1


def test_the_reason_of_a_share_is_shown(engine, tmp_path):
    take_in(engine, write(tmp_path, activity("<sector code='24050' percentage='100'/>" + dollars(5), "XX-SYN-1/a b")))
    ask = client_of(engine)
    shown = ask("/v1/components/XX-SYN-1:2Fa:20b-whole").json()["data"]
    (why,) = shown["why"]
    assert why["shares"][0] == {
        "category": "remittances",
        "share_percent": 100.0,
        "share_known": True,
        "relevance": "direct",
    }
    assert "24050 Remittance facilitation, promotion and optimisation (vocabulary 1" in why["evidence"][0]["effect"]
    assert "100 % of the money" in why["evidence"][0]["effect"]
    assert ask("/v1/components?project=XX-SYN-1:2Fa:20b").json()["data"][0]["amount_usd"] == 5
    (change,) = ask("/v1/releases/latest/changes?project=XX-SYN-1:2Fa:20b").json()["data"]
    assert change["project_id"] == "XX-SYN-1:2Fa:20b"
    assert ask("/v1/projects/XX-SYN-1:2Fa:20b").json()["data"]["statements"][0]["reported_id"] == "XX-SYN-1/a b"


def test_refugee_costs_inside_donor_countries_are_left_out_unless_asked_for(engine, tmp_path):
    abroad = activity("<description><narrative>To school refugees.</narrative></description>" + dollars(40), "XX-SYN-1")
    mixed = "<sector code='93010' percentage='75'/><sector code='24050' percentage='25'/>" + dollars(100)
    take_in(
        engine,
        write(
            tmp_path, abroad, activity(mixed, "XX-SYN-2"), activity("<sector code='93018'/>" + dollars(7), "XX-SYN-3")
        ),
    )
    ask = client_of(engine)
    total = ask("/v1/spend").json()
    refugee, remit, kept_apart = 40, 25, 82
    assert total["totals"]["amount_usd"] == refugee + remit
    assert total["meta"]["warnings"][0] == (
        "leaves out 82.00 US dollars of 2 projects, never added to the rest: "
        "category=in_donor_refugee_costs asks for them"
    )
    asked = ask("/v1/spend?category=in_donor_refugee_costs").json()
    assert (asked["totals"]["amount_usd"], asked["meta"]["warnings"]) == (kept_apart, [])
    both = ask("/v1/spend?category=in_donor_refugee_costs,remittances&group_by=category").json()
    assert both["totals"]["amount_usd"] == kept_apart + remit
    for query in ("group_by=category", "group=forced_displacement", "set=brief_refugee_response&group_by=category"):
        assert "in_donor_refugee_costs" not in str(ask(f"/v1/spend?{query}").json().get("data"))
    assert ask("/v1/spend?group=forced_displacement").json()["totals"]["amount_usd"] == refugee
    assert "in_donor" not in str(ask("/v1/headline").json()["data"])
    listed = ask("/v1/projects").json()
    assert [row["project_id"] for row in listed["data"]] == ["XX-SYN-1", "XX-SYN-2"]
    assert "leaves out 82.00 US dollars" in listed["meta"]["warnings"][0]
    everything = ask("/v1/spend?relevance=direct,partial,none&group_by=category").json()
    assert everything["totals"]["amount_usd"] == 40 + 100 + 7
    rows = ask("/v1/projects/XX-SYN-3/components").json()["data"]
    assert [(row["category"], row["amount_usd"]) for row in rows] == [("in_donor_refugee_costs", 7)]


def test_a_code_beside_one_that_cannot_be_read_has_a_part_of_the_money(engine, tmp_path):
    sectors = {"XX-SYN-1": ("24050", "xx"), "XX-SYN-2": ("24050", "11110"), "XX-SYN-3": ("93010", "xx")}
    given = {key: "".join(f"<sector code='{code}'/>" for code in codes) for key, codes in sectors.items()}
    take_in(engine, write(tmp_path, *(activity(inside + dollars(1000), key) for key, inside in given.items())))
    ask = client_of(engine)
    found = {key: ask(f"/v1/projects/{key}").json()["data"] for key in sectors}
    assert {key: (project["category"], project["relevance"]) for key, project in found.items()} == {
        "XX-SYN-1": ("remittances", "partial"),
        "XX-SYN-2": ("remittances", "partial"),
        "XX-SYN-3": ("in_donor_refugee_costs", "partial"),
    }


def test_the_world_banks_money_for_refugees_in_poland_is_no_cost_of_a_donor_at_home(engine, tmp_path):
    inside = "<description><narrative>Reception of refugees in Poland.</narrative></description>" + dollars(40)
    path = write(tmp_path, activity(inside, "44000-P999999", BANK), activity(inside, "XX-SYN-1"))
    assert take_in(engine, path).rejected == 0
    ask = client_of(engine)
    categories = {key: ask(f"/v1/projects/{key}").json()["data"]["category"] for key in ("P999999", "XX-SYN-1")}
    assert categories == {"P999999": "refugee_services", "XX-SYN-1": "in_donor_refugee_costs"}


@pytest.mark.parametrize(
    ("money", "category"),
    [
        ("ibrd_usd", "refugee_housing"),
        ("ida_usd", "refugee_housing"),
        ("grant_usd", "in_donor_refugee_costs"),
    ],
)
def test_money_of_ibrd_and_ida_is_the_world_banks_under_any_id(engine, tmp_path, money, category):
    own = tmp_path / "projects.csv"
    own.write_text(
        f"project_id,name,countries,status,approval_date,commitment_usd,{money},source,as_of\n"
        "X-POL,Housing of refugees in Poland,POL,Active,2020-02-02,5000000,5000000,worldbank-projects,2020-03-31\n"
    )
    assert ingest(engine, RecordsAdapter(), [own]).rejected == 0
    assert client_of(engine)("/v1/projects/X-POL").json()["data"]["category"] == category


def test_reports_of_the_world_bank_are_not_looked_for_elsewhere(engine, tmp_path):
    inside = "<sector code='24050'/>" + dollars(5)
    take_in(engine, write(tmp_path, activity(inside), activity(inside, "44000-P999999", BANK)))
    with reading(engine) as connection:
        assert list(totals_of(connection)) == ["P999999"]


def test_the_command_says_what_became_of_each_file_and_fails_if_one_did(new_database, tmp_path, monkeypatch):
    url = new_database("sqlite")
    upgrade(make_engine(url))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SPOOL_DIR", str(tmp_path / "spool"))
    get_settings.cache_clear()
    good, bad = write(tmp_path, activity(dollars(5)), activity(identifier="")), tmp_path / "synthetic-bad.xml"
    bad.write_text("<!DOCTYPE x><iati-activities/>")
    try:
        done = CliRunner().invoke(app, ["ingest", "iati", str(good), str(bad)])
        errors = CliRunner().invoke(app, ["ingest", "errors", "1"])
        (tmp_path / "empty").mkdir()
        nothing = CliRunner().invoke(app, ["ingest", "iati", str(tmp_path / "empty")])
    finally:
        get_settings.cache_clear()
    assert done.exit_code == 1
    assert "read 2, added 1, changed 0, unchanged 0, rejected 1" in done.output
    assert "synthetic-bad.xml, line 1: a document type (DOCTYPE)" in done.output
    assert '"synthetic.xml, line 4"' in errors.output
    assert "iati-identifier: required, but missing" in errors.output
    assert nothing.exit_code == 1
    assert "holds no file that ends in .xml or .xml.gz" in nothing.output


@pytest.mark.parametrize("packed", [{}, {"Content-Encoding": "gzip"}])
def test_an_address_is_fetched_again_where_it_breaks_off(engine, tmp_path, packed):
    body = document(activity(dollars(5))).encode()
    body = gzip.compress(body) if packed else body
    half = (200, packed | {"Content-Length": str(len(body))}, body[: len(body) // 2])
    with serving([(503, {}, b""), half, (200, packed, body)]) as (address, asked):
        (outcome,) = ingest_iati(engine, [address], tmp_path / "spool", opener=hasty)
    assert outcome.error is None
    assert outcome.report.added == 1
    assert len(asked) == 3
    assert asked[0]["Accept"].startswith("application/xml")
    assert not list((tmp_path / "spool" / "iati").iterdir())
    said = client_of(engine)("/v1/projects/XX-SYN-1").json()["data"]["statements"]
    assert said[0]["source_url"] == address.removesuffix("?x=1")


def test_a_user_and_a_key_in_an_address_are_not_shown(engine, tmp_path):
    with serving([(200, {}, document(activity(dollars(5))).encode()), (404, {}, b"no")]) as (address, asked):
        secret = address.replace("//", "//user:s3cret@").replace("x=1", "token=tok3n")
        taken, refused = ingest_iati(engine, [secret, secret], tmp_path / "spool", opener=hasty)
    assert asked[0]["Authorization"].startswith("Basic ")
    assert taken.name == refused.name == address.replace("x=1", "token=tok3n")
    assert refused.error.startswith(taken.name)
    shown = client_of(engine)("/v1/projects/XX-SYN-1").text
    assert address.removesuffix("?x=1") in shown
    assert not [part for part in ("user", "s3cret", "tok3n") if part in shown]


def test_an_address_without_a_file_is_told(engine, tmp_path):
    with serving([(404, {}, b"no")]) as (address, _):
        (outcome,) = ingest_iati(engine, [address], tmp_path / "spool", opener=hasty)
    assert "answered 404 with no file; expected a file of IATI activities" in outcome.error
    with reading(engine) as connection:
        assert connection.scalar(select(tables.ingest_run.c.run_id)) is None


def test_a_place_that_can_be_none_is_told_and_keeps_no_other_out(engine, tmp_path):
    places = ["http://a..b/x", "http://xn--/x", "http://[::1", f"{tmp_path}/{'a' * 300}.xml"]
    good = write(tmp_path, activity(dollars(5)))
    *refused, taken = ingest_iati(engine, [*places, str(good)], tmp_path / "spool", opener=hasty)
    assert [outcome.error for outcome in refused[:3]] == [
        f"{place} is no address that can be asked" for place in places[:3]
    ]
    assert refused[3].error == f"{places[3]} is not a file"
    assert taken.report.added == 1


def test_a_file_of_records_whose_name_is_too_long_is_refused(new_database, monkeypatch):
    url = new_database("sqlite")
    upgrade(make_engine(url))
    monkeypatch.setenv("DATABASE_URL", url)
    get_settings.cache_clear()
    try:
        done = CliRunner().invoke(app, ["ingest", "records", f"{'a' * 300}.csv"])
    finally:
        get_settings.cache_clear()
    assert done.exit_code == 1
    assert "is not a file" in done.output
