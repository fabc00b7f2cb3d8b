"""Summaries hold what the facts hold, after any change, and answer as the facts answer."""

import itertools
import json
import tempfile
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, case, delete, func, select, update

from db import tables
from db.engine import reading, writing
from db.errors import PricesMissingError
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.bundle import load_bundle
from db.ingest.figures import cell_store
from db.ingest.figures.summaries import summarise
from db.ingest.memory import rare_collections
from db.ingest.pipeline import ingest
from db.ingest.reclassify import reclassify
from db.queries import priced_years as price_queries
from db.queries.components import count_components
from db.queries.filtering import DIMENSIONS, conditions, facts, set_members
from db.queries.spend import cells as cell_queries
from db.queries.spend import spend as spend_queries
from db.queries.spend import warnings as warning_queries
from db.queries.spend.cells import cells_of
from db.queries.spend.spend import spend
from db.queries.spend.summaries import known_members
from models.classification import load_taxonomy
from models.filters import KEPT_APART, Dimension, Filters, SpendQuery
from models.groupings import BY, COLUMNS, CONFIDENCE, GRANULARITY, GROUPINGS, SCOPES, TOUCHING, Scope
from models.summary import ENTIRE, FIGURES
from models.vocabulary import Basis, Granularity, Lender, Relevance, YearBasis
from tests.db import test_hashes, test_listed_rows
from tests.db.test_spend_properties import CATEGORIES, data_sets, filters, groupings, pair  # noqa: F401  # a fixture

fact, summary = tables.spend_fact, tables.spend_summary

NOT_APART = (summary.c.confidence.is_(None), summary.c.granularity.is_(None))
"""Cells that tell neither confidence nor granularity."""

several = st.builds(
    Filters,
    categories=st.lists(st.sampled_from(CATEGORIES), max_size=3).map(tuple),
    groups=st.lists(st.sampled_from(["economic_migration", "forced_displacement"]), max_size=2).map(tuple),
    countries=st.lists(st.sampled_from(["JOR", "KEN", "UGA", "ETH", "SAS"]), max_size=3).map(tuple),
    regions=st.just(()) | st.lists(st.sampled_from(["SAS", "AFE", "MEA"]), max_size=2).map(tuple),
    lenders=st.just(()) | st.lists(st.sampled_from(list(Lender)), max_size=2).map(tuple),
    min_confidence=st.sampled_from([*[None] * 6, 0.0, 0.5, 0.7, 0.75, 0.9, 0.97, 1.0]),
    granularity=st.sampled_from([*[()] * 4, *([one] for one in Granularity), [*Granularity][:2]]).map(tuple),
    year_from=st.none() | st.integers(2013, 2020),
    approved_from=st.none() | st.sampled_from([date(2014, 1, 1), date(2014, 7, 1), date(2015, 3, 17)]),
    approved_to=st.none()
    | st.sampled_from([date(2015, 3, 17), date(2017, 12, 31), date(2018, 6, 30), date(2024, 3, 31)]),
    year_basis=st.sampled_from(YearBasis),
)
"""Filters that cells can tell, of several members each."""
of_cells = st.builds(SpendQuery, several, st.just(()) | groupings, st.sampled_from(Basis))


def in_constant_prices(query, year_from):
    return replace(query, filters=replace(query.filters, base_year=2023, year_from=year_from))


counted_by_cells = st.builds(in_constant_prices, of_cells, st.sampled_from([2013, 2013, None]))
"""Without a first year there may be money of no year, which has no price index."""

changes = st.lists(st.sampled_from(["again", "other", "reclassify", "withdraw"]), min_size=1, max_size=3)


def take_in(engine, records):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.jsonl"
        path.write_text("\n".join(json.dumps({k: v for k, v in r.items() if v not in (None, "")}) for r in records))
        return ingest(engine, RecordsAdapter(), [path])


def corrected(records, number):
    """The same records with other amounts, dates and states, as a source that is newer would have them."""
    found = []
    for place, record in enumerate(records):
        record = dict(record)
        if record["type"] == "project":
            record["as_of"] = f"2026-01-{number + 2:02d}"
            if place % 2 == number % 2:
                record |= {"status": "Closed", "approval_date": "2018-07-01", "countries": "JOR", "country_shares": ""}
        if record["type"] == "component":
            record["as_of"] = f"2026-01-{number + 2:02d}"
            if record.get("amount_usd") and place % 3 == number % 3:
                record["amount_usd"] = record["amount_usd"] * 2
        found.append(record)
    return found


def shortened(records, number):
    """Lists of components whose last ones are gone: they are withdrawn."""
    last = {}
    for record in records:
        if record["type"] == "component":
            last[record["project_id"]] = max(last.get(record["project_id"], 0), record["ordinal"])
    gone = {f"{project}-{ordinal}" for project, ordinal in last.items() if ordinal > 1}
    kept = [
        r
        for r in corrected(records, number)
        if f"{r.get('project_id')}-{r.get('ordinal')}" not in gone and r.get("subject_id") not in gone
    ]
    return kept


def from_rows(connection):
    """Every cell of every grouping, grouped anew from the facts by the database; what is touched and whole projects, by plain
    loops."""
    whole = whole_projects(connection)
    return {key: figures | whole[key] for key, figures in cells_of_money(connection).items()} | cells_by_touch(
        connection
    )


def relevances_of(scope):
    counted = Scope.SERVING if scope is Scope.USUAL else scope
    return [relevance for relevance, several in SCOPES.items() if counted in several]


LIMITED = {
    CONFIDENCE: fact.c.confidence >= bindparam("limit"),
    GRANULARITY: fact.c.granularity == bindparam("limit"),
}
"""Which money is looked at alone."""


def apart(connection, by, limit):
    """The figures of some money alone, wherever cells tell it apart: of that confidence on, or of that granularity."""
    groupings = [replace(grouping, by=None) for grouping in BY if grouping.by == by]
    whole = whole_projects(connection, groupings, by, limit)
    return {key: figures | whole[key] for key, figures in cells_of_money(connection, groupings, by, limit).items()}


def kept_apart(connection, by, *where):
    """The same from the cells, added up: those from a confidence on, or of a granularity."""
    found = {}
    for row in connection.execute(select(summary).where(*where)).mappings():
        assert row["facts_by_review"] + row["facts_by_rules"] + row["facts_derived"] > 0
        name = row["grouping"].replace(f"{by}.", "").replace(f".{by}", "").replace(by, "whole")
        grouping = next(one for one in BY if one.name == row["grouping"])
        members = json.loads(row["cell"])
        assert members.pop(grouping.columns.index(by)) == row[by]
        cell = found.setdefault((name, row["measure"], row["scope"], json.dumps(members)), dict.fromkeys(FIGURES, 0))
        for figure in FIGURES:
            cell[figure] += row[figure]
    return found


def cells_of_money(connection, groupings=GROUPINGS, by=None, limit=None):
    found = {}
    for grouping, scope in itertools.product(groupings, Scope):
        if scope not in grouping.scopes:
            continue
        query, names = money_query(grouping, scope, by)
        for measure, *row in connection.execute(query, {} if by is None else {"limit": limit}):
            members, numbers = row[: -len(names)], row[-len(names) :]
            key = (grouping.name, measure, scope, json.dumps(members))
            found[key] = dict(zip(names, map(int, numbers), strict=True))
    return found


@cache
def money_query(grouping, scope, by):
    """The figures of a grouping from the facts, and the names of its last columns. To make it takes longer than to ask it."""
    columns = [
        set_members().c.set if name == "set_code" else fact.c[name]
        for name in (COLUMNS[dimension] for dimension in grouping.dimensions)
    ]
    one_project = fact.c.spread.is_(False) & (fact.c.granularity == Granularity.COMPONENT)
    listed = case((one_project, fact.c.component_id))
    unknown = case((one_project & fact.c.amount_cents.is_(None), fact.c.component_id))

    def total(cents, *when):
        return func.coalesce(func.sum(case((when[0], cents), else_=0) if when else cents), 0)

    figures = {"projects": func.count(fact.c.project_id.distinct()), "components": func.count(listed.distinct())}
    figures["components_without_amount"] = func.count(unknown.distinct())
    rows = case((fact.c.spread.is_(False), fact.c.component_id))
    figures["rows"] = func.count(rows.distinct())
    for cents, end in ((fact.c.amount_cents, ""), (fact.c.partial_cents, "_partial")):
        figures[end.removeprefix("_") or "amount"] = total(cents)
        figures[f"whole_project{end}"] = total(cents, fact.c.granularity == "project")
        figures[f"remainder{end}"] = total(cents, fact.c.granularity == "remainder")
        figures[f"low_confidence{end}"] = total(cents, fact.c.confidence < 0.7)
        figures[f"by_review{end}"] = total(cents, fact.c.method == "review")
        figures[f"by_rules{end}"] = total(cents, fact.c.method == "rules")
    for name, method in (("by_review", "review"), ("by_rules", "rules"), ("derived", "derived")):
        figures[f"facts_{name}"] = func.sum(case((fact.c.method == method, 1), else_=0))
    query = select(fact.c.measure, *columns, *(item.label(name) for name, item in figures.items()))
    query = query.select_from(facts(Filters(), by_set=Dimension.SET in grouping.dimensions))
    query = query.where(fact.c.relevance.in_(relevances_of(scope))).group_by(fact.c.measure, *columns)
    if by is not None:
        query = query.where(LIMITED[by])
    if scope is not Scope.ANY:
        query = query.where(fact.c.category.not_in(KEPT_APART))
    if scope is Scope.USUAL:
        query = query.where(fact.c.status.is_(None) | (fact.c.status != "Dropped"))
    return query, list(figures)


def whole_projects(connection, groupings=GROUPINGS, by=None, limit=None):
    """The money of whole projects in each cell: that of every project, place and lender of which there is any row."""
    asked = select(fact) if by is None else select(fact).where(LIMITED[by]).params(limit=limit)
    rows = [dict(row) for row in connection.execute(asked).mappings()]
    amount_of = {
        (row.project_id, row.country_code, row.measure, row.lender): row.amount_cents or 0
        for row in connection.execute(select(tables.project_amount))
    }
    sets = {one.code: one.categories for one in load_taxonomy().sets}
    found = {}
    for grouping, scope in itertools.product(groupings, Scope):
        if scope not in grouping.scopes:
            continue
        rows_of = {}
        for row in rows:
            if row["relevance"] not in relevances_of(scope) or (scope != "any" and row["category"] in KEPT_APART):
                continue
            if scope == "usual" and row["status"] == "Dropped":
                continue
            of_sets = [code for code, held in sets.items() if row["category"] in held] or [None]
            for code in of_sets if Dimension.SET in grouping.of_money else [None]:
                at = {**row, "set_code": code}
                cell = (row["measure"], json.dumps([at[COLUMNS[kind]] for kind in grouping.dimensions]))
                part = (row["project_id"], row["country"], row["measure"], row["lender"])
                rows_of.setdefault((cell, part), []).append(row)
        for ((measure, members), part), some in rows_of.items():
            figures = found.setdefault((grouping.name, measure, scope, members), dict.fromkeys(ENTIRE.values(), 0))
            relevances = {row["relevance"] for row in some}
            end = "" if "direct" in relevances or relevances == {"none"} else "_partial"
            amount = amount_of.get(part, 0)
            figures["entire_partial" if end else "entire_amount"] += amount
            if any(row["granularity"] == "project" for row in some):
                figures[f"entire_whole_project{end}"] += amount
            surest = [row for row in some if row["relevance"] == "direct"] or some
            if all(row["confidence"] < 0.7 for row in surest):
                figures[f"entire_low_confidence{end}"] += amount
    return found


def cells_by_touch(connection):
    """What each project, and each of its rows, touches where its money is of some kinds: one of each counts in one cell."""
    serving = fact.c.relevance.in_(["direct", "partial"]) & fact.c.category.not_in(KEPT_APART)
    rows = [dict(row) for row in connection.execute(select(fact).where(serving)).mappings()]
    sets = {one.code: one.categories for one in load_taxonomy().sets}
    found = {}
    for grouping in TOUCHING:
        touched = {}  # where and what counts, to all that it touches there
        for row in rows:
            of_sets = [code for code, held in sets.items() if row["category"] in held] or [None]
            for code in of_sets if Dimension.SET in grouping.of_money else [None]:
                at = {**row, "set_code": code}
                of_money = tuple(at[COLUMNS[kind]] for kind in grouping.of_money_kept)
                of_project = tuple(at[COLUMNS[kind]] for kind in grouping.of_projects)
                what = [("projects", row["project_id"])]
                if not row["spread"]:
                    what.append(("rows", row["component_id"]))
                    if row["granularity"] == "component":
                        what.append(("components", row["component_id"]))
                        what += [("components_without_amount", row["component_id"])] * (row["amount_cents"] is None)
                for kind, key in what:
                    place = (row["measure"], of_money, of_project, kind, key)
                    touched.setdefault(place, set()).add(row[COLUMNS[grouping.touching]])
        for (measure, of_money, of_project, kind, _), members in touched.items():
            known = sorted(member for member in members if member is not None)
            if known:
                cell = json.dumps([*of_money, f" {' '.join(known)} ", *of_project])
                figures = found.setdefault((grouping.name, measure, "serving", cell), dict.fromkeys(FIGURES, 0))
                figures[kind] += 1
    return found


def kept(connection, *where):
    rows = connection.execute(select(summary).where(*where)).mappings()
    return {
        (row["grouping"], row["measure"], row["scope"], row["cell"]): {name: row[name] for name in FIGURES}
        for row in rows
    }


OF_EACH_GROUPING = [
    SpendQuery(limits, grouping.of_money + grouping.of_projects, basis)
    for grouping in (*GROUPINGS, *BY)
    for basis in Basis
    for limits in (
        [Filters()]
        if grouping.by is None
        else [Filters(min_confidence=least) for least in (0.5, 0.9)]
        if grouping.by == CONFIDENCE
        else [Filters(granularity=(one,)) for one in Granularity]
    )
]
"""What is answered from the cells of each grouping as they are."""


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example fills two databases: shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    data=data_sets,
    others=data_sets,
    steps=changes,
    queries=st.tuples(
        *[st.builds(SpendQuery, filters, groupings, st.sampled_from(Basis))] * 6,
        *[of_cells] * 12,
        *[counted_by_cells] * 8,
        *[st.sampled_from(OF_EACH_GROUPING)] * 40,
    ),
)
def test_summaries_are_the_facts_after_any_change_and_answer_alike(pair, data, others, steps, queries):  # noqa: F811
    for engine in pair.values():
        with writing(engine) as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(delete(table))
        records = list(itertools.chain(*data))
        take_in(engine, records)
        check(engine, [])
        for number, step in enumerate(steps):
            if step == "again":
                take_in(engine, corrected(records, number))
            elif step == "other":
                take_in(engine, corrected(list(itertools.chain(*others)), number))
            elif step == "withdraw":
                take_in(engine, shortened(records, number))
            else:
                with rare_collections():  # a process of tests holds far more to look through
                    reclassify(engine, dry_run=False)
            check(engine, queries if number == len(steps) - 1 else [])


def check(engine, queries):
    with reading(engine) as connection:
        assert kept(connection, *NOT_APART) == from_rows(connection)
        for least in [0, *connection.scalars(select(fact.c.confidence).distinct())]:
            cells = kept_apart(connection, CONFIDENCE, summary.c.confidence >= least)
            assert cells == apart(connection, CONFIDENCE, least)
        for one in Granularity:
            cells = kept_apart(connection, GRANULARITY, summary.c.granularity == one)
            assert cells == apart(connection, GRANULARITY, one)
        assert marked(connection) == in_several_places(connection)
        assert test_listed_rows.kept(connection) == test_listed_rows.from_tables(connection)
        assert test_hashes.kept(connection) == test_hashes.from_tables(connection)
        for query in queries:
            assert answer(connection, query) == from_facts(connection, query), query
            found = select(func.count(fact.c.component_id.distinct())).where(*conditions(query.filters))
            assert count_components(connection, query.filters) == connection.scalar(found), query.filters


def marked(connection):
    """Projects, each with a measure, whose facts say that there are some in several places."""
    return set(connection.execute(select(fact.c.project_id, fact.c.measure).where(fact.c.several_places)))


def in_several_places(connection):
    of_project = (fact.c.project_id, fact.c.measure)
    query = select(*of_project).group_by(*of_project).having(func.count(fact.c.country.distinct()) > 1)
    return set(connection.execute(query))


def answer(connection, query):
    try:
        return spend(connection, query)
    except PricesMissingError as error:
        return error.years, error.without_date


def from_facts(connection, query):
    """The answer of a program that knows no summaries."""
    with (
        mock.patch.object(spend_queries, "cells_of", return_value=None),
        mock.patch.object(warning_queries, "cells_of", return_value=None),
        mock.patch.object(price_queries, "cells_of", return_value=None),
    ):
        return answer(connection, query)


@pytest.mark.parametrize(
    "query",
    [
        SpendQuery(Filters(relevance=(Relevance.DIRECT, Relevance.NONE))),
        SpendQuery(Filters(min_confidence=0.7, relevance=(Relevance.DIRECT,)), (Dimension.CATEGORY,)),
        SpendQuery(Filters(min_confidence=0.7, min_cents=1)),
        SpendQuery(Filters(min_confidence=0.7, granularity=(Granularity.COMPONENT,))),
        SpendQuery(Filters(granularity=(Granularity.COMPONENT, Granularity.REMAINDER))),
        SpendQuery(
            Filters(granularity=(Granularity.COMPONENT,), categories=("remittances", "diaspora")), basis=Basis.PROJECT
        ),
        SpendQuery(Filters(approved_from=date(2014, 1, 2), approved_to=date(2015, 12, 30))),  # no whole year
        SpendQuery(Filters(projects=("P174085",))),
        SpendQuery(Filters(year_from=2013, base_year=2020), (Dimension.YEAR,), Basis.PROJECT),
        SpendQuery(Filters(approved_from=date(2014, 2, 1), base_year=2020), (Dimension.YEAR,)),
        SpendQuery(Filters(categories=("remittances", "diaspora")), basis=Basis.PROJECT),
        SpendQuery(Filters(groups=("a", "b")), (Dimension.COUNTRY,), basis=Basis.PROJECT),
        SpendQuery(Filters(categories=("in_donor_refugee_costs",))),  # kept apart from all usual cells
        SpendQuery(Filters(relevance=tuple(Relevance)), (Dimension.RELEVANCE,)),
    ],
)
def test_questions_that_cells_cannot_answer_exactly_go_to_the_facts(loaded, query):
    with reading(loaded) as connection:
        assert cells_of(connection, query) is None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (SpendQuery(), "whole"),
        (SpendQuery(group_by=(Dimension.CATEGORY, Dimension.YEAR)), "category.year"),
        (SpendQuery(group_by=(Dimension.CATEGORY, Dimension.COUNTRY)), "category.country"),
        (SpendQuery(Filters(countries=("JOR",)), (Dimension.YEAR,)), "country.year"),
        (SpendQuery(Filters(countries=("JOR", "LBN")), (Dimension.COUNTRY,)), "country"),
        (SpendQuery(Filters(regions=("MEA",)), (Dimension.COUNTRY,)), "country"),
        (SpendQuery(Filters(year_from=2014), (Dimension.REGION,)), "region.year"),
        (SpendQuery(group_by=(Dimension.CATEGORY, Dimension.STATUS)), "category.status"),
        (SpendQuery(Filters(statuses=("Closed",)), (Dimension.YEAR,)), "status.year"),
        (SpendQuery(Filters(relevance=(Relevance.DIRECT,)), (Dimension.YEAR,)), "status.year"),
        (SpendQuery(group_by=(Dimension.INSTRUMENT,)), "instrument.source"),
        (
            SpendQuery(Filters(statuses=("Closed",)), (Dimension.INSTRUMENT,)),
            "status.instrument.source.year.fiscal_year",
        ),
        (SpendQuery(Filters(lenders=("IDA",)), (Dimension.REGION,)), "region.lender"),
        (
            SpendQuery(Filters(sources=("seed",), year_from=2014), (Dimension.COUNTRY,)),
            "country.instrument.source.year",
        ),
        (SpendQuery(basis=Basis.PROJECT), "whole"),
        (SpendQuery(Filters(approved_from=date(2014, 1, 1), approved_to=date(2024, 3, 31))), "year"),
        (SpendQuery(Filters(approved_from=date(2014, 2, 1)), (Dimension.CATEGORY,)), "category.year"),
        (SpendQuery(Filters(approved_to=date(2018, 6, 30), year_basis=YearBasis.FISCAL)), "fiscal_year"),
        (SpendQuery(Filters(countries=("JOR",)), (Dimension.CATEGORY,), Basis.PROJECT), "category.country"),
        (SpendQuery(Filters(min_confidence=0.7)), "confidence"),
        (SpendQuery(Filters(min_confidence=0.7, statuses=("Closed",)), (Dimension.YEAR,)), "confidence.status.year"),
        (SpendQuery(Filters(min_confidence=0.7, regions=("MEA",)), (Dimension.YEAR,)), "region.confidence.year"),
        (
            SpendQuery(Filters(min_confidence=0.7), (Dimension.CATEGORY, Dimension.COUNTRY)),
            "category.country.confidence",
        ),
        (SpendQuery(Filters(granularity=(Granularity.PROJECT,))), "granularity"),
        (SpendQuery(Filters(granularity=(Granularity.COMPONENT,)), (Dimension.COUNTRY,)), "country.granularity"),
        (SpendQuery(Filters(granularity=(Granularity.REMAINDER,) * 2, year_from=2014)), "granularity.year"),
        (SpendQuery(Filters(granularity=(Granularity.COMPONENT,)), (Dimension.STATUS,)), "granularity.status"),
    ],
)
def test_the_narrowest_grouping_answers(loaded, query, name):
    with reading(loaded) as connection:
        plan = cells_of(connection, query)
    assert plan is not None
    assert plan.counts == plan.money
    assert plan.money.grouping.name == name


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize(
    ("filters", "left_to_facts"),
    [
        (Filters(), set()),
        (Filters(year_from=2014), {Dimension.FISCAL_YEAR}),
        (Filters(approved_from=date(2014, 7, 1)), {Dimension.FISCAL_YEAR}),
        (Filters(year_from=2014, year_basis=YearBasis.FISCAL), {Dimension.RELEVANCE}),
    ],
    ids=["always", "years", "dates", "fiscal years"],
)
def test_by_any_two_dimensions_in_any_time_no_facts_are_counted(filters, left_to_facts, basis):
    """Of what is usual; but two kinds of years beside a third dimension, and relevances in fiscal years."""
    for both in itertools.combinations_with_replacement(Dimension, 2):
        if len(set(both)) == 1 or not left_to_facts & set(both):
            plan = cell_queries._chosen(SpendQuery(filters, tuple(dict.fromkeys(both)), basis), True)
            assert plan is not None, both
            assert (plan.counts, plan.by_place) == (plan.money, False), both


@pytest.mark.parametrize(
    ("query", "money", "counts"),
    [
        (
            SpendQuery(Filters(categories=("remittances", "diaspora"))),
            "category",
            "touched_category.status",
        ),
        (
            SpendQuery(Filters(countries=("JOR", "LBN")), (Dimension.YEAR,)),
            "country.year",
            "touched_country.status.year",
        ),
        (
            SpendQuery(Filters(countries=("JOR", "LBN")), (Dimension.CATEGORY,)),
            "category.country",
            "category.touched_country.status",
        ),
        (
            SpendQuery(Filters(countries=("JOR",), categories=("remittances", "diaspora"), year_from=2014)),
            "category.country.year",
            "country.touched_category.status.year",
        ),
        (
            SpendQuery(Filters(countries=("JOR", "LBN"), categories=("remittances", "diaspora"))),
            "category.country",
            "country.touched_category.status",
        ),
        (
            SpendQuery(Filters(countries=("JOR", "LBN"), groups=("economic_migration",), year_from=2014)),
            "category.country.year",
            "group.country.year",
        ),
        (
            SpendQuery(Filters(countries=("JOR", "LBN"), min_confidence=0.7)),
            "country.confidence",
            "country.confidence",
        ),
        (
            SpendQuery(Filters(regions=("MEA", "SAS"), categories=("remittances", "diaspora"))),
            "category.country",
            None,
        ),
        (
            SpendQuery(Filters(countries=("JOR", "LBN")), (Dimension.CATEGORY,), Basis.PROJECT),
            "category.country",
            "category.touched_country.status",
        ),
        (
            SpendQuery(Filters(groups=("a", "b"), year_from=2014, year_basis=YearBasis.FISCAL)),
            "category.fiscal_year",
            None,
        ),
    ],
)
def test_over_several_members_projects_are_counted_by_what_they_touch_else_by_the_facts(loaded, query, money, counts):
    """A project can have rows of both."""
    with reading(loaded) as connection:
        plan = cells_of(connection, query)
        assert plan is not None
        assert (plan.money.grouping.name, plan.counts and plan.counts.grouping.name) == (money, counts)
        assert spend(connection, query) == from_facts(connection, query)


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize(
    "grouping", [one for one in GROUPINGS if one.is_usual and one.dimensions], ids=lambda one: one.name
)
def test_cells_that_are_the_rows_of_an_answer_also_count_what_is_spread_over_projects(loaded, grouping, basis):
    query = SpendQuery(group_by=grouping.of_money + grouping.of_projects, basis=basis)
    with reading(loaded) as connection:
        plan = cells_of(connection, query)
        assert plan is not None
        assert (plan.money.grouping, plan.counts) == (grouping, plan.money)
        assert plan.money.are_rows(set(query.group_by))
        assert connection.scalar(select(func.count()).where(fact.c.spread)) > 0
        assert spend(connection, query) == from_facts(connection, query)


def test_a_named_set_is_one_member_only_while_it_means_what_it_meant(loaded):
    query = SpendQuery(Filters(categories=load_taxonomy().categories_of_set("brief_refugee_response")))
    with reading(loaded) as connection:
        plan = cells_of(connection, query)
        assert plan is not None
        assert plan.money.grouping.name == "set"
        newer = load_taxonomy().model_copy(update={"version": "999.0.0"})
        with mock.patch.object(cell_queries, "load_taxonomy", return_value=newer):
            plan = cells_of(connection, query)
            assert plan is not None
            assert plan.money.grouping.name == "category"


@pytest.mark.parametrize(
    ("engine", "many"),
    [("sqlite", 0), ("postgresql", cell_store.MANY_WAITING), ("postgresql", 1_000)],
    indirect=["engine"],
)
def test_summaries_of_an_older_database_are_computed_at_once(engine, monkeypatch, many):
    monkeypatch.setattr(cell_store, "MANY_WAITING", many)  # what PostgreSQL adds at once
    load_bundle(engine)
    with writing(engine) as connection:
        by_ingest = kept(connection)
        summarise(connection)
        assert kept(connection) == by_ingest
        assert kept(connection, *NOT_APART) == from_rows(connection)
        assert connection.scalar(select(func.count()).where(fact.c.spread)) > 0


def test_cells_of_another_taxonomy_are_made_anew(bundled):
    """What its sets held is not known any more, so nothing can be taken back."""
    with writing(bundled) as connection:
        before = kept(connection)
        connection.execute(update(tables.release).values(taxonomy_version="0.0.1"))
        of_sets = summary.c.grouping.startswith("set.")
        connection.execute(update(summary).where(of_sets).values(projects=summary.c.projects + 5))
        assert kept(connection) != before
    _, release = reclassify(bundled, dry_run=False)
    assert release.release_id == 2
    with reading(bundled) as connection:
        assert kept(connection) == before


@pytest.mark.parametrize("limits", [Filters(), Filters(min_cents=0)])  # from cells, and from the facts
def test_filling_empty_years_leaves_the_other_rows_as_they_are(loaded, limits):
    query = SpendQuery(limits, (Dimension.FISCAL_YEAR,))
    with reading(loaded) as connection:
        rows = spend(connection, query).rows
        filled = spend(connection, replace(query, fill=Dimension.FISCAL_YEAR)).rows
    assert any(row["fiscal_year"] is None for row in rows)
    assert [row for row in filled if row["projects"]] == rows


@pytest.mark.parametrize("dimension", Dimension)
def test_what_members_any_fact_has_is_known_of_dimensions_without_cells_too(loaded, dimension):
    column, where = known_members(dimension)
    with reading(loaded) as connection:
        known = set(connection.scalars(select(column).where(*where)))
        of_facts = select(DIMENSIONS[dimension]).select_from(facts(Filters(), by_set=True)).distinct()
        assert known - {None} == set(connection.scalars(of_facts)) - {None} != set()
