"""One component, and why it is counted as it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from db import tables
from db.errors import NotFoundError
from db.moments import in_utc
from db.queries.components import codes_of
from db.queries.grounds import grounds_question
from db.queries.left_out import LEFT_OUT
from db.queries.reviews import history_of, review_history
from db.queries.spend.dropped import warnings_of_lines
from db.queries.spend.families import doubts_of, with_doubt
from db.queries.statements.asking import ask_ahead, ask_dicts
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot
from db.queries.suggest import nearest_id, printable
from models.component import WHOLE, stands_in
from models.filters import Filters
from models.listed import CODES
from models.project import fiscal_year
from models.vocabulary import Measure, Method, Relevance

component, fact, listed, project = tables.component, tables.spend_fact, tables.listed_row, tables.project


def get_component(connection: Connection, component_id: str, filters: Filters) -> dict[str, Any]:
    """Return one component with what counts of it, whatever its status, its reasons (`why`), its rows of money (`amounts`),
    `warnings` of what may count twice or was dropped, and what is stated of its whole project (`of_project`, cents).

    Raises:
        NotFoundError: with the nearest id that exists.
    """
    wanted = printable(component_id)
    one, money, reasons = (Question(build, values={"component_id": wanted}) for build in (_one, _amounts, _reasons))
    grounds = grounds_question(wanted)
    history = history_of(wanted.removesuffix(f"-{WHOLE}"))
    ask_ahead(connection, [one, money, reasons, history, *([grounds] if grounds else [])], last=True)
    found = ask_dicts(connection, one)
    if not found:
        raise NotFoundError("component", component_id, nearest_id(connection, component.c.component_id, component_id))
    row = found[0]
    row |= {name: codes_of(row[name] or "") for name in CODES} | {"stated_usd": row["stated_cents"]}
    approval = row.pop("approval_date")
    row |= {"year": approval and approval.year, "fiscal_year": fiscal_year(approval)}
    amounts = ask_dicts(connection, money)
    row |= _sums([line for line in amounts if line["measure"] == filters.measure], filters)
    row["warnings"] = [*warnings_of_lines(row["status"], amounts), *doubts_of(amounts)]
    amounts = [{name: value for name, value in line.items() if name != "perhaps_twice"} for line in amounts]
    row["of_project"] = {measure.value: row.pop(f"project_{measure}") for measure in Measure}
    row["retrieved_at"] = row["started_at"] and in_utc(row["started_at"])
    why = _why(ask_dicts(connection, reasons), ask_dicts(connection, grounds) if grounds else [])
    return row | {
        "amounts": amounts,
        "why": why,
        "review_history": review_history(connection, component_id, row["project_id"]),
    }


OF_LISTED = (*CODES, "category", "relevance", "method", "confidence")


def _one() -> Select[Any]:
    """A component with its row in lists; one that stood in for a project and no longer does has none."""
    run = tables.ingest_run
    return (
        select(
            component,
            project.c.name.label("project_name"),
            project.c.status,
            project.c.approval_date,
            *(project.c[f"{measure}_cents"].label(f"project_{measure}") for measure in Measure),
            *(listed.c[name] for name in OF_LISTED),
            run.c.started_at,
        )
        .join(project, project.c.project_id == component.c.project_id)
        .outerjoin(listed, listed.c.component_id == component.c.component_id)
        .outerjoin(run, run.c.run_id == component.c.run_id)
        .where(component.c.component_id == slot("component_id"))
    )


def _sums(lines: Sequence[dict[str, Any]], filters: Filters) -> dict[str, Any]:
    """What counts of some lines, and what is left out of them, as the file of components has it."""
    known = [line for line in lines if line["amount_usd"] is not None]
    counted = [line for line in known if _counts(line, filters)]
    left_out = [line for line in known if not _counts(line, filters)]
    return {
        "amount_usd": sum(line["amount_usd"] for line in counted) if known else None,
        "partial_usd": sum(line["partial_usd"] for line in counted) if known else None,
        LEFT_OUT: sum(line["amount_usd"] + line["partial_usd"] for line in left_out) if known else None,
        "scaled": any(line["scaled"] for line in lines),
        "exceeds_total": any(line["exceeds_total"] for line in lines),
    }


def _counts(line: Mapping[str, Any], filters: Filters) -> bool:
    return line["relevance"] in filters.relevance and line["category"] not in filters.left_out


def _amounts() -> Select[Any]:
    columns = (
        fact.c.measure,
        fact.c.project_id,
        fact.c.status,
        fact.c.category,
        fact.c.relevance,
        fact.c.country,
        fact.c.lender,
        fact.c.amount_cents.label("amount_usd"),
        fact.c.partial_cents.label("partial_usd"),
        fact.c.scaled,
        fact.c.exceeds_total,
    )
    query = with_doubt(select(*columns)).where(fact.c.component_id == slot("component_id"))
    return query.order_by(fact.c.measure, fact.c.project_id, fact.c.category, fact.c.country, fact.c.lender)


def _reasons() -> Select[Any]:
    """The effective classification first, then the others; each with all its shares."""
    table = tables.classification
    query = select(table).where(table.c.component_id == slot("component_id"))
    return query.order_by(table.c.effective.desc(), table.c.method, table.c.position)


def _why(shares: Sequence[Mapping[str, Any]], grounds: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in shares:
        answer = found.setdefault(
            row["method"],
            {
                "method": row["method"],
                "effective": bool(row["effective"]),
                "shares": [],
                "secondary_categories": row["secondary"],
                "confidence": row["confidence"],
                "certainty": row["certainty"],
                "reason": row["reason"],
                "reviewer": row["reviewer"],
                "reviewed_on": row["reviewed_on"].isoformat() if row["reviewed_on"] else None,
                "evidence": row["evidence"],
                "derived_from": _rests_on(row, grounds) if row["method"] == Method.DERIVED else [],
                "taxonomy_version": row["taxonomy_version"],
                "rules_version": row["rules_version"],
            },
        )
        share = {"category": row["category_code"], "share_percent": row["share_ppm"] / 10_000}
        answer["shares"].append(share | {"share_known": bool(row["share_known"]), "relevance": row["relevance"]})
    return list(found.values())


def _rests_on(verdict: Mapping[str, Any], grounds: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the grounds that there can be those of a verdict: where nothing listed serves migration the project is not asked."""
    asked = verdict["relevance"] != Relevance.NONE
    return [ground for ground in grounds if asked or not stands_in(ground["component_id"])]
