"""The rows of lists say what the tables they come from say, after any change."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import inspect, select, text

from api.answers.encoding import objects_of
from api.answers.tables import in_dollars
from api.exports.columns import columns_of
from db import tables
from db.engine import make_engine, reading, writing
from db.ingest.adapters.records import RecordsAdapter
from db.migrate import downgrade, upgrade
from db.queries.component_statements import is_kept
from db.queries.components import AS_JSON, LISTED, ORDER, _ordered, component_pieces, list_components
from db.queries.statements.ordering import is_bytewise
from db.queries.statements.pieces import JSON
from db.queries.statements.templates import template_of
from db.queries.statements.walking import Way
from db.queries.why import get_component
from db.revision import known_revisions, newest_revision
from models.component import ComponentPublic, Counted
from models.encoding import to_json
from models.filters import COUNTED_STATUSES, KEPT_APART, STATUSES, Filters, SortKey
from models.listed import PARTED, shown_of, with_figures
from models.project import fiscal_year
from models.vocabulary import Granularity, Measure, Relevance, YearBasis
from tests.conftest import throw_away
from tests.data.export_helpers import PROJECT, csv_text, everything, jsonl_text, take

SINCE_0019 = f"+{len(known_revisions()) - known_revisions().index('0019') - 1}"


def kept(connection):
    return {row["component_id"]: dict(row) for row in connection.execute(select(tables.listed_row)).mappings()}


def from_tables(connection):
    """What must be kept, by going through everything."""
    projects = {row["project_id"]: row for row in connection.execute(select(tables.project)).mappings()}
    places, shares, money = defaultdict(set), defaultdict(list), defaultdict(list)
    for row in connection.execute(select(tables.spend_fact)).mappings():
        places[row["component_id"]].add(row["country"])
        if is_counted(row):
            money[row["component_id"]].append(row)
    for row in connection.execute(select(tables.classification)).mappings():
        if row["effective"]:
            shares[row["component_id"]].append(row)
    found = {}
    for row in connection.execute(select(tables.component)).mappings():
        mine = sorted(shares[row["component_id"]], key=lambda share: share["position"])
        if not mine:
            continue
        project = projects[row["project_id"]]
        same = set(tables.listed_row.c.keys()) & set(row)
        shown = {name: row[name] for name in same} | {
            "project_name": project["name"],
            "status": project["status"],
            "year": project["approval_date"] and project["approval_date"].year,
            "fiscal_year": fiscal_year(project["approval_date"]),
            "category": mine[0]["category_code"],
            "categories": " ".join(share["category_code"] for share in mine),
            "secondary_categories": " ".join(mine[0]["secondary"]),
            "relevance": min((share["relevance"] for share in mine), key=list(Relevance).index),
            "method": mine[0]["method"],
            "confidence": mine[0]["confidence"],
            "countries": " ".join(sorted(places[row["component_id"]])),
        }
        counted = amounts(money[row["component_id"]], row["project_id"])
        found[row["component_id"]] = shown | {"shown": shown_of(shown)} | counted
    return found


def is_counted(fact):
    """Whether a question counts money that asks for nothing else."""
    serves = fact["relevance"] != Relevance.NONE and fact["category"] not in KEPT_APART
    return fact["measure"] == Measure.COMMITMENT and serves and fact["status"] in {None, *COUNTED_STATUSES}


def amounts(facts, project_id):
    owners = {fact["project_id"] for fact in facts}
    whose = Counted.HERE if owners == {project_id} else Counted.ELSEWHERE
    found = {"counted": whose if owners else Counted.NOWHERE}
    for name in ("amount_cents", "partial_cents"):
        stated = [fact[name] for fact in facts if fact[name] is not None]
        found[name] = sum(stated) if stated else None
    return found | {name: any(fact[name] for fact in facts) for name in ("scaled", "exceeds_total")}


def test_the_bundled_rows_are_those_of_the_tables(loaded):
    with reading(loaded) as connection:
        assert kept(connection) == from_tables(connection) != {}


def test_a_migrated_database_has_them_at_once(bundled):
    with reading(bundled) as connection:
        before = kept(connection)
    downgrade(bundled, "0006")
    upgrade(bundled)
    with reading(bundled) as connection:
        assert kept(connection) == before != {}


def test_a_row_of_several_shares_is_as_relevant_as_the_strongest(engine, write):
    take(engine, write("one.csv", csv_text(PROJECT)))
    header = "subject_id,category,share_percent,secondary_categories,relevance,certainty,reason,reviewer,reviewed_on"
    lines = ("not_migration,75,,none", "mobility_skills,25,,direct")
    review = "".join(f"X1,{line},sure,a table,me,2026-11-25\n" for line in lines)
    assert take(engine, write("reviews.csv", f"{header}\n{review}"), RecordsAdapter("reviews")).rejected == 0
    with reading(engine) as connection:
        (row,) = kept(connection).values()
    assert (row["category"], row["relevance"]) == ("not_migration", Relevance.DIRECT)


def test_a_list_shows_what_the_single_one_shows(loaded):
    all_rows = Filters(statuses=STATUSES, relevance=tuple(Relevance))
    with reading(loaded) as connection:
        rows = list(list_components(connection, all_rows))
        assert len(rows) > 100
        for row in rows[::7]:
            single = get_component(connection, row["component_id"], all_rows)
            assert {name: single[name] for name in LISTED} == {name: row[name] for name in LISTED}


def test_a_list_has_the_columns_that_are_promised():
    assert tuple(ComponentPublic.model_fields) == LISTED


def test_what_is_shown_is_the_row_itself_as_json(loaded):
    all_rows = Filters(statuses=STATUSES, relevance=tuple(Relevance))
    with reading(loaded) as connection:
        rows = in_dollars(component_pieces(connection, all_rows))
        named = [line for piece in rows for line in map(to_json, objects_of(columns_of(ComponentPublic), piece))]
        whole = [
            line.encode() for piece in component_pieces(connection, all_rows, only=AS_JSON) for line in piece[JSON]
        ]
    assert whole == named
    assert len(whole) > 100


KEPT = (
    {},
    {"year_from": 2018},
    {"year_to": 2019},
    {"year_from": 2017, "year_to": 2022},
    {"year_from": 1990, "year_to": 1990},
    {"statuses": ("Closed",)},
    {"statuses": ("Active", "Pipeline"), "year_from": 2016},
    {"granularity": (Granularity.COMPONENT, Granularity.REMAINDER)},
    {"granularity": (Granularity.PROJECT,), "min_confidence": 0.8, "year_to": 2021},
    {"min_confidence": 0.5},
    {"year_basis": YearBasis.FISCAL, "year_from": 2017, "year_to": 2018},
)
"""Questions whose amounts stand in the list."""


def both_ways(connection, asked):
    """A question whose amounts stand in the list, and the same in a form of which nothing is kept."""
    kept_one = Filters(**asked)
    every_source = tuple(connection.scalars(select(tables.source.c.source_id)))
    added_up = replace(kept_one, sources=every_source)
    assert is_kept(kept_one)
    assert not is_kept(added_up)
    return kept_one, added_up


@pytest.mark.parametrize("asked", KEPT)
def test_amounts_that_stand_in_the_list_are_those_of_the_facts(loaded, asked):
    walk = Way(walk=True)
    with reading(loaded) as connection:
        kept_ones, others = (
            connection.execute(_ordered(filters, LISTED, ORDER, None, False, walk, is_bytewise(connection))).all()
            for filters in both_ways(connection, asked)
        )
    assert kept_ones == others
    assert bool(kept_ones) is (asked.get("year_to") != 1990)


@pytest.mark.parametrize(
    "sort",
    ["-amount_usd", "amount_usd", "-year", "year,-amount_usd", "title", "-partial_usd", "confidence", "-component_id"],
)
@pytest.mark.parametrize("asked", KEPT)
def test_pages_of_amounts_that_stand_in_the_list_are_those_of_the_facts_in_any_order(loaded, asked, sort):
    keys = [SortKey(key.removeprefix("-"), key.startswith("-")) for key in sort.split(",")]
    with reading(loaded) as connection:
        kept_one, added_up = both_ways(connection, asked)
        whole = list(list_components(connection, added_up, keys))
        assert list(list_components(connection, kept_one, keys)) == whole
        pages, after = [], None
        while page := list(list_components(connection, kept_one, keys, after, limit=37)):
            pages += page
            after = page[-1]["position"]
            if len(pages) > 120:  # further on it is the same
                break
    assert pages == whole[: len(pages)]
    assert len(pages) == len(whole) or len(pages) > 120


@pytest.mark.parametrize(
    ("asked", "usual"),
    [
        ({}, True),
        ({"year_from": 2016}, True),
        ({"year_from": 2016, "year_to": 2020}, True),
        ({"min_confidence": 0.7}, True),
        ({"granularity": (Granularity.PROJECT,), "statuses": ("Closed",)}, True),
        ({"statuses": ()}, False),
        ({"statuses": ("Closed", "Dropped")}, False),
        ({"min_cents": 1}, False),
        ({"approved_from": date(2020, 1, 1)}, False),
        ({"categories": ("remittances",)}, False),
        ({"relevance": (Relevance.DIRECT,)}, False),
        ({"statuses": STATUSES}, False),
        ({"measure": Measure.COST}, False),
        ({"base_year": 2020}, False),
        ({"year_basis": YearBasis.FISCAL, "year_from": 2016}, True),
    ],
)
def test_what_is_kept_is_known_by_the_shape_of_a_question(asked, usual):
    filters = Filters(**asked)
    assert is_kept(filters) is is_kept(template_of(filters)[0]) is usual


def test_money_of_another_project_is_found_by_that_projects_year(engine, write):
    """The list of a project of 2020 holds money of its financing of 2021."""
    later = {"project_id": "X2", "parent_project_id": "X1", "included_in_parent": "no", "commitment_usd": "40"}
    part = {"type": "component", "project_id": "X1", "ordinal": 1, "title": "Support to refugees", "amount_usd": "100"}
    records = (PROJECT | {"commitment_usd": "60"}, PROJECT | later | {"approval_date": "2021-05-01"})
    take(engine, write("family.jsonl", jsonl_text(*records, part | {"amount_basis": "commitment"})))
    with reading(engine) as connection:
        assert kept(connection) == from_tables(connection)
        assert kept(connection)["X1-1"]["counted"] == Counted.ELSEWHERE
        found = {
            years: [
                row["amount_usd"] + row["partial_usd"]
                for row in list_components(connection, Filters(year_from=years[0], year_to=years[1]), limit=10)
                if row["component_id"] == "X1-1"
            ]
            for years in ((None, None), (None, 2020), (2021, None), (2022, None))
        }
    assert found == {(None, None): [100_00], (None, 2020): [60_00], (2021, None): [40_00], (2022, None): []}


def test_figures_are_shown_to_the_cent():
    [written] = with_figures([f'{{"a":1,{PARTED},"b":2}}'], [-1_000_001], [None], [1], [0])
    assert written == '{"a":1,"amount_usd":-10000.01,"partial_usd":null,"scaled":true,"exceeds_total":false,"b":2}'


@pytest.mark.parametrize(
    ("before", "revision"), [("0019", "head"), ("0019", newest_revision()), ("0019", SINCE_0019), ("0020", "head")]
)
def test_a_database_of_before_has_what_is_shown_when_it_is_migrated(before, revision, bundled):
    with reading(bundled) as connection:
        rows = kept(connection)
    downgrade(bundled, before)
    upgrade(bundled, revision)
    with reading(bundled) as connection:
        assert kept(connection) == rows


def test_rows_of_before_their_projects_had_a_status_are_written_anew(bundled):
    with reading(bundled) as connection:
        rows = kept(connection)
    downgrade(bundled, "0021")
    with writing(bundled) as connection:
        connection.execute(text("UPDATE listed_row SET shown = 'what was shown before'"))
    upgrade(bundled)
    with reading(bundled) as connection:
        assert kept(connection) == rows
    assert {row["status"] for row in rows.values()} == {"Active", "Closed", "Pipeline"}


@pytest.mark.parametrize(("revision", "newer"), [("0022", ("status", "fiscal_year")), ("0025", ("fiscal_year",))])
def test_below_the_revision_that_brought_a_column_rows_are_shown_without_it(
    bundled, write, new_database, revision, newer
):
    awkward = {"name": 'a,"status":"b","year":1,"fiscal_year":2,"method":"c"', "note": ',"status":'}
    unstated = {name: value for name, value in PROJECT.items() if name != "status"} | {"project_id": "X2"}
    take(bundled, write("a.jsonl", jsonl_text(PROJECT | awkward, unstated)))
    before = everything(bundled)
    downgrade(bundled, revision)
    bare = make_engine(new_database(bundled.dialect.name))
    upgrade(bare, revision)
    assert columns_in(bundled) == columns_in(bare)
    throw_away(bare)
    with reading(bundled) as connection:
        below = dict(connection.execute(text("SELECT component_id, shown FROM listed_row")).all())
    assert below == {row["component_id"]: without(newer, row["shown"]) for row in before["listed_row"]}
    upgrade(bundled)
    assert everything(bundled) == before
    assert {row["status"] for row in before["listed_row"]} == {"Active", "Closed", "Pipeline", None}


def columns_in(engine):
    """Names and types of all columns, by table."""
    return {
        name: [
            (column["name"], str(column["type"]), column["nullable"]) for column in inspect(engine).get_columns(name)
        ]
        for name in inspect(engine).get_table_names()
    }


def without(names, shown):
    """What is shown of a row, written by a program that does not know some columns."""
    row = json.loads(shown.replace(PARTED, '"figures":0'), parse_float=Decimal)
    for name in names:
        del row[name]
    return to_json(row).decode().replace('"figures":0', PARTED)


def test_a_row_that_is_not_written_is_refused():
    with pytest.raises(ValueError, match="migrate"):
        with_figures([""], [1], [1], [0], [0])
