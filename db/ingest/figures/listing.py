"""Keeps the rows of lists, so that a list reads one row for each of its own: computed from components, verdicts and facts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, RowMapping, Select, and_, case, cast, func, select

from db import tables
from db.queries.components import USUAL, money_of
from db.queries.filtering import conditions
from db.store import batches, ids_in_batches, insert_rows, replace_rows, upsert
from models.component import Counted
from models.listed import shown_of
from models.vocabulary import Relevance

component, fact, listed, verdict = tables.component, tables.spend_fact, tables.listed_row, tables.classification

OF_COMPONENT = (
    "component_id",
    "project_id",
    "number",
    "title",
    "granularity",
    "stated_cents",
    "stated_measure",
    "source_id",
    "source_url",
    "as_of",
)
OF_VERDICT = ("category_code", "secondary", "relevance", "method", "confidence")
RELEVANCES = tuple(map(str, Relevance))
"""From the strongest to the weakest."""

Shares = list[Sequence[Any]]


def keep_listed(connection: Connection, project_ids: Sequence[str]) -> None:
    """Compute the rows of some projects anew, in the caller's transaction."""
    for piece in batches(project_ids):
        replace_rows(connection, listed, piece, list(_rows(connection, piece)))


def list_if_missing(connection: Connection) -> None:
    """Compute all rows of a database whose facts are older than they are, or what is shown of rows that are older than that."""
    one_fact, one_row = (connection.execute(select(c).limit(1)).first() for c in (fact.c.component_id, listed.c.shown))
    if one_fact and not one_row:
        list_all(connection)
    elif one_row and not one_row.shown:
        _show_all(connection)


def _show_all(connection: Connection) -> None:
    for project_ids in ids_in_batches(connection, listed.c.project_id):
        found = connection.execute(select(listed).where(listed.c.project_id.in_(project_ids))).mappings()
        upsert(connection, listed, [{**row, "shown": shown_of(dict(row))} for row in found])


def list_all(connection: Connection) -> None:
    """Compute all rows where there are none yet; `keep_listed` keeps them."""
    for project_ids in ids_in_batches(connection, tables.project.c.project_id):
        insert_rows(connection, listed, list(_rows(connection, project_ids)))


def _rows(connection: Connection, project_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The components of some projects with a verdict, also those that have no money any more, as rows."""
    shares, places = defaultdict[str, Shares](list), defaultdict[str, list[str]](list)
    for component_id, *share in connection.execute(_effective(project_ids)):
        shares[component_id].append(share)
    for component_id, country in connection.execute(_places(project_ids)):
        places[component_id].append(country)
    money = {row["component_id"]: _counted(dict(row)) for row in connection.execute(_usual(project_ids)).mappings()}
    for row in connection.execute(_with_projects(project_ids)).mappings():
        component_id = row["component_id"]
        if component_id in shares:
            found = _row(row, shares[component_id], places.get(component_id, ()))
            yield found | {"shown": shown_of(found)} | money.get(component_id, _counted())


def _row(row: RowMapping, shares: Shares, places: Iterable[str]) -> dict[str, Any]:
    category, secondary, _, method, confidence = shares[0]
    relevances = {share[2] for share in shares}
    found = {name: row[name] for name in (*OF_COMPONENT, "project_name", "status", "year")}
    found |= {
        "category": category,
        "categories": " ".join(share[0] for share in shares),
        "secondary_categories": " ".join(secondary),
        "relevance": next(one for one in RELEVANCES if one in relevances),
        "method": method,
        "confidence": confidence,
        "countries": " ".join(places),
    }
    return found


def _counted(row: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """What the usual question counts of a row, if anything, and whose money that is."""
    counted = Counted.NOWHERE if not row else Counted.ELSEWHERE if row["elsewhere"] else Counted.HERE
    figures = {"amount_cents": row.get("amount_usd"), "partial_cents": row.get("partial_usd")}
    return figures | {name: bool(row.get(name)) for name in ("scaled", "exceeds_total")} | {"counted": counted}


def _with_projects(project_ids: Sequence[str]) -> Select[Any]:
    project = tables.project
    year = cast(func.extract("year", project.c.approval_date), Integer).label("year")
    query = select(
        *(component.c[name] for name in OF_COMPONENT), project.c.name.label("project_name"), project.c.status, year
    )
    query = query.join(project, project.c.project_id == component.c.project_id)
    return query.where(component.c.project_id.in_(project_ids))


def _effective(project_ids: Sequence[str]) -> Select[Any]:
    """The shares of the verdict that counts of each component, not the long evidence."""
    query = select(verdict.c.component_id, *(verdict.c[name] for name in OF_VERDICT))
    query = query.join(component, _mine(verdict.c.component_id, project_ids))
    return query.where(verdict.c.effective.is_(True)).order_by(verdict.c.component_id, verdict.c.position)


def _places(project_ids: Sequence[str]) -> Select[Any]:
    query = select(fact.c.component_id, fact.c.country).join(component, _mine(fact.c.component_id, project_ids))
    return query.distinct().order_by(fact.c.component_id, fact.c.country)


def _usual(project_ids: Sequence[str]) -> Select[Any]:
    """What the usual question counts of each row, and whether any of it is another project's."""
    elsewhere = func.max(case((fact.c.project_id != component.c.project_id, 1), else_=0)).label("elsewhere")
    figures = [column.label(name) for name, column in money_of(USUAL).items()]
    query = select(fact.c.component_id, elsewhere, *figures).join(component, _mine(fact.c.component_id, project_ids))
    return query.where(*conditions(USUAL)).group_by(fact.c.component_id)


def _mine(component_id: ColumnElement[str], project_ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether a row of another table is of a component that one of some projects lists."""
    return and_(component.c.component_id == component_id, component.c.project_id.in_(project_ids))
