"""Keeps the rows of lists, so that a list reads one row for each of its own: computed from components, verdicts and facts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from db import tables
from db.bulk import Row
from db.ingest.figures.content import Content, stored_content
from db.queries.component_statements import USUAL, money_of
from db.queries.filtering import conditions
from db.store import batches, ids_in_batches, insert_rows, replace_rows, upsert
from models.component import Counted
from models.listed import shown_of
from models.project import fiscal_year
from models.vocabulary import Relevance

component, fact, listed = tables.component, tables.spend_fact, tables.listed_row

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
RELEVANCES = tuple(map(str, Relevance))
"""From the strongest to the weakest."""


def keep_listed(connection: Connection, project_ids: Sequence[str], content: Content) -> None:
    """Compute the rows of some projects anew from their content, in the caller's transaction."""
    replace_rows(connection, listed, project_ids, list(_rows(connection, project_ids, content)))


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
        content = stored_content(connection, project_ids)
        insert_rows(connection, listed, list(_rows(connection, project_ids, content)))


def _rows(connection: Connection, project_ids: Sequence[str], content: Content) -> Iterator[dict[str, Any]]:
    """The components of some projects with a verdict, also those that have no money any more, as rows."""
    shares, places, money = (
        defaultdict[str, list[Row]](list),
        defaultdict[str, list[str]](list),
        dict[str, dict[str, Any]](),
    )
    for share in sorted(content[tables.classification], key=itemgetter("position")):
        if share["effective"]:
            shares[share["component_id"]].append(share)
    for piece in batches(project_ids):
        for component_id, country in connection.execute(_places(piece)):
            places[component_id].append(country)
        money |= {row["component_id"]: _counted(row) for row in connection.execute(_usual(piece)).mappings()}
    projects = {row["project_id"]: row for row in content[tables.project]}
    for row in content[component]:
        component_id = row["component_id"]
        if component_id in shares:
            found = _row(row, projects[row["project_id"]], shares[component_id], places.get(component_id, ()))
            yield found | {"shown": shown_of(found)} | money.get(component_id, _counted())


def _row(row: Row, project: Row, shares: Sequence[Row], places: Iterable[str]) -> dict[str, Any]:
    effective = shares[0]
    relevances = {share["relevance"] for share in shares}
    approval = project["approval_date"]
    found = {name: row[name] for name in OF_COMPONENT}
    found |= {
        "project_name": project["name"],
        "status": project["status"],
        "year": approval and approval.year,
        "fiscal_year": fiscal_year(approval),
        "category": effective["category_code"],
        "categories": " ".join(share["category_code"] for share in shares),
        "secondary_categories": " ".join(effective["secondary"]),
        "relevance": next(one for one in RELEVANCES if one in relevances),
        "method": effective["method"],
        "confidence": effective["confidence"],
        "countries": " ".join(places),
    }
    return found


def _counted(row: Mapping[Any, Any] = MappingProxyType({})) -> dict[str, Any]:
    """What the usual question counts of a row, if anything, and whose money that is."""
    counted = Counted.NOWHERE if not row else Counted.ELSEWHERE if row["elsewhere"] else Counted.HERE
    figures = {"amount_cents": row.get("amount_usd"), "partial_cents": row.get("partial_usd")}
    return figures | {name: bool(row.get(name)) for name in ("scaled", "exceeds_total")} | {"counted": counted}


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
