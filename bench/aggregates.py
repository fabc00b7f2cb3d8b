"""Spend inside the process: from the summaries that ingest keeps, beside adding up every row by plain SQL."""

import time
from collections.abc import Callable
from statistics import median

from sqlalchemy import Connection, Engine

from bench.report import Table
from db.engine import make_engine, reading
from db.queries.spend.spend import spend
from models.filters import Dimension, Filters, SpendQuery
from models.vocabulary import Basis

ROUNDS = 20

QUESTIONS = {
    "category × year": SpendQuery(group_by=(Dimension.CATEGORY, Dimension.YEAR)),
    "category × country": SpendQuery(group_by=(Dimension.CATEGORY, Dimension.COUNTRY)),
    "year, of one country": SpendQuery(Filters(countries=("JOR",)), (Dimension.YEAR,)),
    "country, some years": SpendQuery(Filters(year_from=2010, year_to=2015), (Dimension.COUNTRY,)),
    "year, of two countries": SpendQuery(Filters(countries=("JOR", "LBN")), (Dimension.YEAR,)),
    "year, of two categories": SpendQuery(Filters(categories=("remittances", "worker_mobility")), (Dimension.YEAR,)),
    "year, of two categories in a country": SpendQuery(
        Filters(countries=("JOR",), categories=("remittances", "worker_mobility")), (Dimension.YEAR,)
    ),
    "year, of two categories in two countries": SpendQuery(
        Filters(countries=("JOR", "LBN"), categories=("remittances", "worker_mobility")), (Dimension.YEAR,)
    ),
    "category × year, whole projects": SpendQuery(group_by=(Dimension.CATEGORY, Dimension.YEAR), basis=Basis.PROJECT),
    "category × year, surely classified": SpendQuery(
        Filters(min_confidence=0.85), (Dimension.CATEGORY, Dimension.YEAR)
    ),
    "region × lender": SpendQuery(group_by=(Dimension.REGION, Dimension.LENDER)),
    "country × instrument": SpendQuery(group_by=(Dimension.COUNTRY, Dimension.INSTRUMENT)),
    "category × year, prices of 2023": SpendQuery(Filters(base_year=2023), (Dimension.CATEGORY, Dimension.YEAR)),
    "category × country × year": SpendQuery(group_by=(Dimension.CATEGORY, Dimension.COUNTRY, Dimension.YEAR)),
}


def measure_aggregates(url: str, components: int) -> Table:
    """Time questions of several kinds with all that an answer has: rows, totals, money by method and warnings."""
    engine = make_engine(url)
    rows: list[dict[str, object]] = []
    with reading(engine) as connection:
        for name, query in QUESTIONS.items():
            spend(connection, query)  # makes the statements
            ours = median(_milliseconds(lambda query=query: spend(connection, query)) for _ in range(ROUNDS))  # type: ignore[misc]
            plain = _milliseconds(lambda query=query: _added_up(connection, query))  # type: ignore[misc]
            found: dict[str, object] = {"spend by": name, "rows": len(spend(connection, query).rows)}
            rows.append(found | {"whole answer, ms": round(ours, 2), "plain GROUP BY, ms": round(plain, 1)})
    kind = _close(engine)
    note = f"Without HTTP, medians of {ROUNDS}; the plain statement gives the sums alone, over all facts, once."
    return Table(f"Spend inside the process, {components:,} components, {kind}", note, rows)


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _added_up(connection: Connection, query: SpendQuery) -> int:
    """The same sums by a statement that anyone would write, in current prices."""
    columns = ", ".join(dimension.value for dimension in query.group_by)
    filters = query.filters
    where = "measure = 'commitment'"
    for column, members in (("country", filters.countries), ("category", filters.categories)):
        where += f" AND {column} IN ({', '.join(repr(str(member)) for member in members)})" if members else ""
    where += f" AND year BETWEEN {filters.year_from} AND {filters.year_to}" if filters.year_from else ""
    where += f" AND confidence >= {filters.min_confidence}" if filters.min_confidence else ""
    source = "spend_fact"
    if query.basis is Basis.PROJECT:
        key = "project_id, country, lender"
        source = f"(SELECT DISTINCT {columns}, measure, {key} FROM spend_fact WHERE {where}) AS touched JOIN "  # noqa: S608
        source += (
            "(SELECT project_id, country_code AS country, lender, measure, amount_cents FROM project_amount) AS whole"
        )
        source += f" USING ({key}, measure)"
        where = "amount_cents > 0"
    text = f"SELECT {columns}, sum(amount_cents) FROM {source} WHERE {where} GROUP BY {columns}"  # noqa: S608
    return len(connection.exec_driver_sql(text).all())


def _close(engine: Engine) -> str:
    kind = engine.dialect.name
    engine.dispose()
    return kind
