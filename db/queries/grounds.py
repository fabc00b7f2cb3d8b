"""What a verdict was derived from: the rows whose verdicts it rests on."""

from typing import Any

from sqlalchemy import Select, select

from db import tables
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot
from models.component import REMAINDER, WHOLE
from models.vocabulary import Granularity

component, fact = tables.component, tables.spend_fact

COLUMNS = (component.c.component_id, component.c.project_id, component.c.title)


def grounds_question(component_id: str) -> Question | None:
    """The question for what the verdict on a row can be derived from; none for a listed component, whose verdict is its own.

    That on a project rests on the components that it lists (`models.verdict.decide_project`). That on a remainder rests on
    those that the project's money falls on, which a parent of it may list, and on the verdict on the project
    (`models.verdict.decide_remainder`).
    """
    project_id, _, ending = component_id.rpartition("-")
    if ending == WHOLE:
        return Question(_of_whole, values={"project_id": project_id})
    if ending == REMAINDER:
        return Question(_of_remainder, values={"project_id": project_id, "whole": f"{project_id}-{WHOLE}"})
    return None


def _of_whole() -> Select[Any]:
    listed = component.c.granularity == Granularity.COMPONENT
    query = select(*COLUMNS).where(component.c.project_id == slot("project_id"), listed, ~component.c.withdrawn)
    return query.order_by(component.c.number)


def _of_remainder() -> Select[Any]:
    listed = fact.c.granularity == Granularity.COMPONENT
    paying = select(fact.c.component_id).where(fact.c.project_id == slot("project_id"), listed)
    itself = select(component.c.component_id).where(component.c.component_id == slot("whole"))
    query = select(*COLUMNS).where(component.c.component_id.in_(paying.union(itself)))
    return query.order_by(component.c.project_id, component.c.number)
