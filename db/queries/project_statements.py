"""What each source said of a project."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from db import tables
from db.moments import in_utc
from db.queries.statements.asking import ask_dicts
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot
from db.queries.suggest import printable
from models.project import ProjectStatement, by_precedence

SAID = ("name", "status", "approval_date", "closing_date")
SAID_CENTS = (
    *("ibrd_cents", "ida_cents", "grant_cents", "other_cents", "commitment_cents", "cost_cents"),
    "disbursement_cents",
)
SAID_BESIDE = (
    *("source_url", "reporting_org", "reported_id", "note"),
    *("objective", "place", "region", "instrument", "borrower", "implementing_agency"),
)
SAID_OF_SEVERAL = ("sectors", "themes", "purpose_codes", "conversions")


def project_statements(connection: Connection, project_id: str) -> list[dict[str, Any]]:
    """Return what each source said of a project, the one that overrules the others first; cents under `…_usd` names."""
    rows = ask_dicts(connection, statements_question(project_id))
    found = [ProjectStatement(**row) for row in rows]
    return [_said(statement) for statement in reversed(by_precedence(found))]


def statements_question(project_id: str) -> Question:
    """The question behind `project_statements`."""
    return Question(_statements, values={"project_id": printable(project_id)})


def _statements() -> Select[Any]:
    table = tables.project_statement
    return select(table).where(table.c.project_id == slot("project_id")).order_by(table.c.run_id, table.c.source_id)


def _said(statement: ProjectStatement) -> dict[str, Any]:
    record = statement.record
    row: dict[str, Any] = {
        "source_id": statement.source_id,
        "origin": statement.origin,
        "as_of": statement.as_of or None,
        "retrieved_at": in_utc(statement.retrieved_at),
        "run_id": statement.run_id,
        "countries": [code for code, _share in record.get("located", [])],
    }
    row |= {name: record.get(name, []) for name in SAID_OF_SEVERAL}
    row |= {name: record.get(name) for name in (*SAID, *SAID_BESIDE)}
    return row | {name.replace("_cents", "_usd"): record.get(name) for name in SAID_CENTS}


def differing(statements: Sequence[dict[str, Any]]) -> list[str]:
    """Name the columns in which statements that say something say different things."""
    names = (*SAID, *(name.replace("_cents", "_usd") for name in SAID_CENTS))
    return [name for name in names if len({row[name] for row in statements if row[name] is not None}) > 1]
