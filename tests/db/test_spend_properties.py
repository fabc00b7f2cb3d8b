"""For any data, filter and additive grouping the rows sum to the totals, alike on both databases."""

import itertools
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from db import tables
from db.engine import make_engine, reading, writing
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from db.migrate import upgrade
from db.queries import components as component_queries
from db.queries import projects as project_queries
from db.queries.spend.spend import spend, spend_rows
from models.classification import load_taxonomy
from models.filters import Dimension, Filters, SortKey, SpendQuery
from models.search import parse_query
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS
from models.vocabulary import Basis, Granularity, Lender, Measure, Relevance, YearBasis

CATEGORIES = ["worker_mobility", "refugee_health", "remittances", "in_donor_refugee_costs"]
TAXONOMY = load_taxonomy()
MONEY = ("amount_usd", "partial_usd", "whole_project_usd", "remainder_partial_usd", "low_confidence_usd")

dollars = st.none() | st.integers(1, 3_000_000).map(lambda n: n / 100) | st.just(0)


@st.composite
def projects(draw, number):
    """A project with its components and reviews, as records."""
    project_id = f"S{number:05d}"
    countries, shares = draw(
        st.sampled_from([("JOR", ""), ("KEN;UGA", ""), ("KEN;UGA;ETH", "33.3333;33.3333;33.3334"), ("", "")])
    )
    commitment = draw(dollars)
    year = draw(st.sampled_from(["2013-05-01", "2019-08-01", "2020-02-29", None]))
    parent = draw(st.sampled_from([None, "S00001"])) if number > 1 else None
    project = {
        "type": "project",
        "project_id": project_id,
        "name": f"Synthetic project {number}",
        "countries": countries,
        "country_shares": shares,
        "region": "South Asia",
        "status": draw(st.sampled_from(["Active", "Pipeline", "Dropped", None])),
        "approval_date": year,
        "commitment_usd": commitment,
        "ibrd_usd": draw(st.none() | st.just(commitment) | dollars),
        "ida_usd": draw(st.none() | dollars),
        "project_cost_usd": draw(st.just(commitment) | dollars),
        "parent_project_id": parent,
        "included_in_parent": draw(st.sampled_from(["yes", "no", "unknown"])) if parent else None,
    }
    records = [project]
    for ordinal in range(1, draw(st.integers(0, 3)) + 1):
        basis = draw(st.sampled_from(["commitment", "cost"]))
        component = {"type": "component", "project_id": project_id, "ordinal": ordinal, "title": f"Part {ordinal}"}
        records.append(component | {"amount_usd": draw(dollars), "amount_basis": basis})
        records += draw(reviews(f"{project_id}-{ordinal}"))
    return [*records, *draw(reviews(project_id))]


@st.composite
def reviews(draw, subject):
    base = {
        "type": "review",
        "subject_id": subject,
        "reason": "synthetic",
        "reviewer": "test",
        "reviewed_on": "2026-01-01",
    }
    base["certainty"] = draw(st.sampled_from(["sure", "doubtful"]))
    kind = draw(st.sampled_from(["none", "whole", "split", "not"]))
    relevance = draw(st.sampled_from(["direct", "partial"]))
    if kind == "none":
        return []
    if kind == "not":
        return [base | {"category": "not_migration", "relevance": "none"}]
    first = base | {"category": draw(st.sampled_from(CATEGORIES)), "relevance": relevance}
    first["secondary_categories"] = draw(st.sampled_from(["", *CATEGORIES, "remittances;worker_mobility"]))
    if kind == "whole":
        return [first]
    rest = base | {"category": "not_migration", "relevance": "none", "share_percent": "66.6667"}
    return [first | {"share_percent": "33.3333"}, rest]


data_sets = st.integers(1, 4).flatmap(lambda n: st.tuples(*(projects(number) for number in range(1, n + 1))))

some = st.lists
unpriced = st.builds(
    Filters,
    categories=some(st.sampled_from([*CATEGORIES, "not_migration"]), max_size=2).map(tuple),
    groups=some(st.sampled_from(["economic_migration", "forced_displacement", "none"]), max_size=1).map(tuple),
    countries=some(st.sampled_from(["JOR", "KEN", "SAS"]), max_size=2).map(tuple),
    regions=some(st.sampled_from(["SAS", "AFE", "MEA"]), max_size=2).map(tuple),
    lenders=some(st.sampled_from(list(Lender)), max_size=2).map(tuple),
    search=st.none() | st.sampled_from(["projects", "Part 1", '"synthetic project 2"', "absent"]).map(parse_query),
    min_cents=st.none() | st.integers(0, 1_000_000_00),
    max_cents=st.none() | st.integers(0, 3_000_000_00),
    relevance=some(st.sampled_from(list(Relevance)), max_size=3, unique=True).map(tuple),
    granularity=some(st.sampled_from(list(Granularity)), max_size=1).map(tuple),
    year_from=st.none() | st.integers(2013, 2020),
    year_to=st.none() | st.integers(2013, 2021),
    year_basis=st.sampled_from(list(YearBasis)),
    measure=st.sampled_from(list(Measure)),
)
# Constant prices need a year: a first year leaves out what is not approved yet.
priced = st.builds(replace, unpriced, year_from=st.just(2013), base_year=st.sampled_from([2013, 2023]))
filters = unpriced | priced
groupings = some(st.sampled_from(list(Dimension)), max_size=4, unique=True).map(tuple)


@st.composite
def spend_queries(draw):
    query = SpendQuery(draw(filters), draw(groupings), draw(st.sampled_from(list(Basis))))
    years = [d for d in query.group_by if d in (Dimension.YEAR, Dimension.FISCAL_YEAR)]
    columns = st.sampled_from([*(d.value for d in query.group_by), *MONEY_COLUMNS, *COUNT_COLUMNS, "share"])
    return replace(
        query, fill=draw(st.sampled_from([None, *years])), sort=draw(some(sort_keys(columns), max_size=2).map(unique))
    )


def sort_keys(columns):
    return st.builds(SortKey, columns, st.booleans())


def unique(keys):
    return tuple({key.column: key for key in keys}.values())


@pytest.fixture(scope="module")
def pair(new_database) -> Iterator[dict[str, Engine]]:
    engines = {kind: make_engine(new_database(kind)) for kind in ("sqlite", "postgresql")}
    for engine in engines.values():
        upgrade(engine)
    yield engines
    for engine in engines.values():
        engine.dispose()


def fill(engine: Engine, records: list[dict]) -> None:
    with writing(engine) as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.jsonl"
        path.write_text("\n".join(json.dumps({k: v for k, v in r.items() if v not in (None, "")}) for r in records))
        report = ingest(engine, RecordsAdapter(), [path])
    assert report.rejected == 0
    assert report.read == len(records)


@settings(
    max_examples=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example fills two databases: shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    data=data_sets,
    queries=st.lists(spend_queries(), min_size=4, max_size=4),
    orders=st.tuples(
        some(sort_keys(st.sampled_from([*component_queries.SORTABLE, "rank"])), max_size=3).map(unique),
        some(sort_keys(st.sampled_from([*project_queries.SORTABLE, "rank"])), max_size=3).map(unique),
    ),
    size=st.integers(1, 7),
)
def test_rows_sum_to_totals_pages_lose_nothing_and_both_databases_agree(pair, data, queries, orders, size):
    answers, listed = {}, {}
    for kind, engine in pair.items():
        fill(engine, list(itertools.chain(*data)))
        with reading(engine) as connection:
            answers[kind] = [spend(connection, query) for query in queries]
            for query, answer in zip(queries, answers[kind], strict=True):
                check_sums(query, answer)
                check_list(connection, query, answer)
                check_further(connection, query.filters)
                check_pages(lambda *part, query=query: spend_rows(connection, query, *part), size)
            listed[kind] = check_lists(connection, queries[0].filters, orders, size)
    assert answers["sqlite"] == answers["postgresql"]
    assert listed["sqlite"] == listed["postgresql"]


def check_sums(query, answer):
    if query.additive:
        for name in MONEY:
            assert sum(row[name] for row in answer.rows) == answer.totals[name], name
    if query.basis is Basis.COMPONENT:
        for name in ("amount_usd", "partial_usd"):
            assert sum(row[name] for row in answer.totals["by_method"]) == answer.totals[name]
    assert answer.totals["projects"] <= sum(row["projects"] for row in answer.rows) or not answer.rows


def check_list(connection, query, answer):
    """The rows behind a total: components of the same filter sum to it, and their projects are those counted."""
    listed = list(component_queries.list_components(connection, query.filters))
    projects = list(project_queries.list_projects(connection, query.filters))
    if query.basis is Basis.COMPONENT:
        for name in ("amount_usd", "partial_usd"):
            assert sum(row[name] or 0 for row in listed) == answer.totals[name]
            assert sum(row[name] or 0 for row in projects) == answer.totals[name]
        assert len({row["component_id"] for row in listed}) == len(listed)
    assert len({row["project_id"] for row in projects}) == len(projects) == answer.totals["projects"]


def check_further(connection, filters):
    """With further categories a list has all that it had, as it was, and beside it only rows that count nothing."""
    sought = TAXONOMY.categories_in(filters.categories, filters.groups)
    for module, name in ((component_queries, "component"), (project_queries, "project")):
        ask, count = (getattr(module, f"{verb}_{name}s") for verb in ("list", "count"))
        usual = {row[f"{name}_id"]: row for row in ask(connection, filters)}
        more = {row[f"{name}_id"]: row for row in ask(connection, replace(filters, secondary=sought))}
        assert count(connection, replace(filters, secondary=sought)) == len(more)
        assert {key: row for key, row in more.items() if key in usual} == usual
        for row in (more[key] for key in more.keys() - usual.keys()):
            assert (row["amount_usd"] or 0, row["partial_usd"] or 0) == (0, 0)
            assert name == "project" or set(row["secondary_categories"]) & set(sought)
            assert filters.categories or filters.groups


def check_lists(connection, filters, orders, size):
    """Walk both lists in their orders; ranks differ between databases, so an order by rank is left out of the answer."""
    found = []
    for module, name, order in (
        (component_queries, "component_id", orders[0]),
        (project_queries, "project_id", orders[1]),
    ):
        order = tuple(key for key in order if key.column != "rank" or filters.search)
        ask = getattr(module, f"list_{name.removesuffix('_id')}s")
        rows = check_pages(lambda *part, ask=ask, order=order: ask(connection, filters, order, *part), size)
        by_rank = any(key.column == "rank" for key in module.sort_keys(filters, order))
        ids = [row[name] for row in rows]
        found.append(sorted(ids) if by_rank else ids)
    return found


def check_pages(ask, size):
    """Pages of any size, put together, are the whole list: no row lost, none repeated, in the same order."""
    whole = list(ask(None, None))
    walked, after = [], None
    while page := list(ask(after, size)):
        walked += page
        after = page[-1]["position"]
        if not after:  # a single row of totals has no place to go on from
            break
    assert walked == whole
    return whole
