"""All projects, with what is counted of each unless something else is asked for, and what is left out then."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, case, cast, func, select

from db.queries.filtering import conditions, fact
from db.queries.left_out import LEFT_OUT, figures_apart
from db.queries.projects import LISTED, ORDER, project, shown, with_countries, with_projects
from db.queries.statements.asking import in_pieces
from db.queries.statements.ordering import in_order, is_bytewise
from db.queries.statements.pieces import Piece, pieces_of
from db.queries.statements.prepared import Question
from models.filters import STATUSES, Filters
from models.vocabulary import Relevance

ALL = Filters(relevance=tuple(Relevance), statuses=STATUSES)


def all_project_pieces(connection: Connection) -> Iterator[Piece]:
    """Iterate over all projects with a row of money as a commitment, of any status and relevance, in the order of their ids.

    They have the columns of `ProjectInFile`, amounts in cents. `amount_usd` and `partial_usd` are those of `get_project`.
    """
    question = Question(_all_projects, (is_bytewise(connection),))
    lots = in_pieces(connection, None, iter([question]))
    return map(shown, pieces_of((*LISTED, LEFT_OUT), lots, len(ORDER)))


def _all_projects(bytewise: bool) -> Select[Any]:
    figures = figures_apart(_of_a_project)
    money = select(fact.c.project_id, *(column.label(name) for name, column in figures.items()))
    statement, columns = with_projects(money.where(*conditions(ALL)))
    return with_countries(in_order(statement, columns, ORDER, None, bytewise), project)


def _of_a_project(condition: ColumnElement[bool], cents: ColumnElement[int]) -> ColumnElement[int]:
    """The sum over the rows of a project that meet a condition: zero if none does, null if those that do state no amount."""
    none = func.max(case((condition, 1), else_=0)) == 0
    return cast(case((none, 0), else_=func.sum(case((condition, cents)))), BigInteger)
