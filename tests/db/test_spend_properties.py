"""For any data, filter and additive grouping the rows sum to the totals, alike on both databases."""

import itertools
import json
import tempfile
from collections.abc import Iterator
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
from db.queries.components import all_components
from db.queries.projects import all_projects
from db.queries.spend import spend
from models.filters import Dimension, Filters, SpendQuery
from models.vocabulary import Basis, Granularity, Measure, Relevance, YearBasis

CATEGORIES = ["worker_mobility", "refugee_health", "remittances"]
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
    if kind == "whole":
        return [first]
    rest = base | {"category": "not_migration", "relevance": "none", "share_percent": "66.6667"}
    return [first | {"share_percent": "33.3333"}, rest]


data_sets = st.integers(1, 4).flatmap(lambda n: st.tuples(*(projects(number) for number in range(1, n + 1))))

some = st.lists
filters = st.builds(
    Filters,
    categories=some(st.sampled_from([*CATEGORIES, "not_migration"]), max_size=2).map(tuple),
    groups=some(st.sampled_from(["economic_migration", "forced_displacement", "none"]), max_size=1).map(tuple),
    countries=some(st.sampled_from(["JOR", "KEN", "SAS"]), max_size=2).map(tuple),
    relevance=some(st.sampled_from(list(Relevance)), max_size=3, unique=True).map(tuple),
    granularity=some(st.sampled_from(list(Granularity)), max_size=1).map(tuple),
    year_from=st.none() | st.integers(2013, 2020),
    year_to=st.none() | st.integers(2013, 2021),
    year_basis=st.sampled_from(list(YearBasis)),
    measure=st.sampled_from(list(Measure)),
)
groupings = some(st.sampled_from(list(Dimension)), max_size=4, unique=True).map(tuple)


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
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example fills two databases: shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    data=data_sets,
    queries=st.lists(st.builds(SpendQuery, filters, groupings, st.sampled_from(list(Basis))), min_size=6),
)
def test_rows_sum_to_totals_and_both_databases_agree(pair, data, queries):
    answers = {}
    for kind, engine in pair.items():
        fill(engine, list(itertools.chain(*data)))
        with reading(engine) as connection:
            answers[kind] = [spend(connection, query) for query in queries]
            for query, answer in zip(queries, answers[kind], strict=True):
                check_sums(query, answer)
                check_list(connection, query, answer)
    assert answers["sqlite"] == answers["postgresql"]


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
    if query.basis is Basis.COMPONENT:
        listed = list(all_components(connection, query.filters, page=3))
        for name in ("amount_usd", "partial_usd"):
            assert sum(row[name] or 0 for row in listed) == answer.totals[name]
        assert len({row["component_id"] for row in listed}) == len(listed)
    assert len(list(all_projects(connection, query.filters, page=2))) == answer.totals["projects"]
