"""Money of families of projects: what may be held in two amounts, and what stands in a row of another project than it is of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, union_all

from db import tables
from db.queries.filtering import conditions, fact, high
from db.queries.spend.facts import projects_and_money
from models.filters import Filters
from models.money import usd
from models.vocabulary import Basis, Inclusion, Measure
from models.words import counted

FINANCING = "additional financing"
UNSURE = {
    measure: (Inclusion.UNKNOWN,) if measure is Measure.COMMITMENT else (Inclusion.UNKNOWN, Inclusion.YES)
    for measure in Measure
}
"""How a financing may be included in its parent so that its money may be in two amounts: what a parent is known to hold is taken
off its commitment, and off nothing else."""

financing, parent = tables.project, tables.project.alias("parent")
NOBODY_SAYS = and_(
    financing.c.additional_financing,
    financing.c.parent_project_id.is_(None),
    financing.c.included_in_parent.is_distinct_from(Inclusion.NO),
)
"""That nobody says what a financing adds to, which may be loaded as well."""


def money_of(cents: int, what: str) -> str:
    """An amount and whose it is. Where none is stated the sum is zero, and zero is not what is meant."""
    return f"{usd(cents):,} US dollars of {what}" if cents else f"{what} of no stated amount"


def told_twice(money: str) -> str:
    """Say of an amount that it may count twice."""
    return f"{money} may also be held in a parent's amount"


def perhaps_twice(filters: Filters, basis: Basis) -> Select[Any]:
    """Sum up what may be in two amounts: of financings of parents that are loaded, and of those of `NOBODY_SAYS`."""
    unknown = (
        select(financing.c.project_id)
        .join(parent, parent.c.project_id == financing.c.parent_project_id)
        .where(financing.c.included_in_parent.in_(UNSURE[filters.measure]))
    )
    of_unknown = select(financing.c.project_id).where(NOBODY_SAYS)
    found = fact.c.project_id.in_(union_all(unknown, of_unknown))
    return projects_and_money(basis, *conditions(filters, "project_id"), found)


def with_doubt(lines: Select[Any]) -> Select[Any]:
    """Add to a statement of facts, of few of them, as `perhaps_twice` whether their money may be in two amounts."""
    unsure = or_(*(and_(fact.c.measure == one, financing.c.included_in_parent.in_(how)) for one, how in UNSURE.items()))
    doubtful: ColumnElement[int] = case((or_(and_(parent.c.project_id.is_not(None), unsure), NOBODY_SAYS), 1), else_=0)
    joined = lines.join(financing, financing.c.project_id == fact.c.project_id)
    joined = joined.outerjoin(parent, parent.c.project_id == financing.c.parent_project_id)
    return joined.add_columns(doubtful.label("perhaps_twice"))


def doubts_of(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say, measure by measure, how much of such lines, in cents, may be in two amounts."""
    doubtful = [line for line in lines if line["perhaps_twice"]]
    for measure in Measure if doubtful else ():
        cents: dict[str, int] = {}
        for line in doubtful:
            money = (line["amount_usd"] or 0) + (line["partial_usd"] or 0)
            if money and line["measure"] == measure:
                cents[line["project_id"]] = cents.get(line["project_id"], 0) + money
        if cents:
            yield told_twice(f"under {measure} {money_of(sum(cents.values()), counted(len(cents), FINANCING))}")


def listed_elsewhere(filters: Filters) -> Select[Any]:
    """Sum up what stands in rows of another project than the one whose money it is."""
    component = tables.component
    owner = select(component.c.project_id).where(component.c.component_id == fact.c.component_id).scalar_subquery()
    elsewhere = (fact.c.spread, high != 0, fact.c.project_id != owner)
    return projects_and_money(Basis.COMPONENT, *conditions(filters, "spread"), *elsewhere)


def told_elsewhere(money: str) -> str:
    """Say of an amount that it counts elsewhere than its row stands."""
    return (
        f"includes {money} in rows that another project of the family lists: it counts by project and year of the financing, "
        "not of the row; the `amounts` of the single component tell it apart"
    )
