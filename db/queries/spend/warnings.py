"""What a reader must know before using a total: what is not loaded, what a filter leaves out, and what may count twice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, literal, select, union_all

from db import tables
from db.queries.filtering import conditions, fact
from db.queries.spend.buckets import buckets_of, left_in_buckets
from db.queries.spend.cells import Plan, cells_of
from db.queries.spend.dropped import told_included, told_left_out
from db.queries.spend.facts import projects_and_money
from db.queries.spend.families import FINANCING, listed_elsewhere, money_of, perhaps_twice, told_elsewhere, told_twice
from db.queries.spend.missing import missing, missing_questions, unstated
from db.queries.spend.summaries import money_of_status
from db.queries.statements.asking import ask_standing
from db.queries.statements.prepared import Question
from db.queries.statements.templates import Values, template_of
from models.filters import COUNTED_STATUSES, DROPPED, Dimension, Filters, SpendQuery
from models.source import SECONDARY_COPIES
from models.vocabulary import Basis, Relevance
from models.words import counted

Said = Callable[[str], str]
"""Puts an amount of a number of projects, in words, into a sentence."""


@dataclass(frozen=True, slots=True)
class Check:
    """Money to look for: a statement of projects and cents, what it is made of, and what is said if there is any."""

    build: Callable[..., Select[Any]]
    filters: Filters
    say: Said
    what: str = "project"
    more: tuple[Any, ...] = ()


def spend_warnings(connection: Connection, query: SpendQuery) -> list[str]:
    """Collect the warnings of an answer. Amounts in them are the upper end of the range on its basis, in current US dollars."""
    found = _found(connection, _checks_of_spend(connection, query))
    return [
        *missing(connection, query.filters, query),
        *found,
        *unstated(connection, query.filters),
    ]


def warning_questions(connection: Connection, query: SpendQuery) -> Iterator[Question]:
    """What the warnings of an answer ask."""
    yield from missing_questions(connection, query.filters, query)
    yield _checks_question(_checks_of_spend(connection, query))


def gap_warnings(
    connection: Connection, filters: Filters, of_rows: bool = False, any_status: bool = False
) -> list[str]:
    """Say what a filter leaves open: members and measures that no row at all stands under, where empty means not known; what
    it leaves out, of categories that are kept apart and of money that no single country has; and what may count twice.

    `of_rows`: of a list of components, also what counts elsewhere than its row stands. `any_status`: the list has projects of
    any status although nobody asked for that.
    """
    found = _found(connection, _checks_of_list(connection, filters, of_rows, any_status))
    return [*missing(connection, filters), *found, *unstated(connection, filters)]


def gap_questions(
    connection: Connection, filters: Filters, of_rows: bool = False, any_status: bool = False
) -> Iterator[Question]:
    """What the warnings of a list ask; see `gap_warnings`."""
    yield from missing_questions(connection, filters)
    yield _checks_question(_checks_of_list(connection, filters, of_rows, any_status))


def _checks_of_list(connection: Connection, filters: Filters, of_rows: bool, any_status: bool) -> list[Check]:
    carrying = replace(filters, secondary=())
    dropped = _dropped(carrying, told_included) if any_status else _dropped_left_out(carrying)
    apart = [*_left_apart(filters), *_left_in_buckets(connection, filters), *dropped]
    checks = [*apart, _perhaps_twice(carrying)]
    if of_rows:
        checks += [Check(listed_elsewhere, carrying, told_elsewhere, FINANCING), *_partly_unserving(carrying)]
    return checks


def _partly_unserving(filters: Filters) -> Iterator[Check]:
    """Of named projects, which are few, money that serves no migration in rows of which a share does, if both are asked for."""
    if filters.projects and Relevance.NONE in filters.relevance and len(set(filters.relevance)) > 1:
        yield Check(_unserving, filters, told_unserving)


def told_unserving(money: str) -> str:
    """Say of an amount that it serves no migration though the relevance of its row says that the row does."""
    asked = f"relevance={Relevance.DIRECT},{Relevance.PARTIAL} leaves it out"
    return f"includes {money} that serves no migration, in rows of which a share does: {asked}"


def _unserving(filters: Filters) -> Select[Any]:
    listed = tables.listed_row
    serving = listed.c.relevance != Relevance.NONE
    of_serving = select(listed.c.component_id).where(listed.c.component_id == fact.c.component_id, serving).exists()
    return _all_of(filters, fact.c.relevance == Relevance.NONE, of_serving)


def _checks_of_spend(connection: Connection, query: SpendQuery) -> list[Check]:
    query = replace(query, filters=replace(query.filters, base_year=None))  # amounts are told in current prices
    checks = [
        *_left_apart(query.filters, query.basis),
        *_left_in_buckets(connection, query.filters, query.basis),
        *_dropped_left_out(query.filters, query.basis),
        _not_approved(connection, query),
    ]
    return [*checks, _perhaps_twice(query.filters, query.basis), *_in_doubt(query), *_aims_without_components(query)]


def _found(connection: Connection, checks: Sequence[Check]) -> Iterator[str]:
    """Do all checks with one statement, and say what they find."""
    for number, projects, cents in ask_standing(connection, _checks_question(checks)):
        if projects:
            check = checks[number]
            yield check.say(money_of(int(cents), counted(int(projects), check.what)))


def _checks_question(checks: Sequence[Check]) -> Question:
    values: Values = {}
    parts = []
    for check in checks:
        template, its_values = template_of(check.filters)
        values |= its_values
        parts.append((check.build, template, *check.more))
    return Question(_all_checks, (tuple(parts),), values)


def _all_checks(parts: Sequence[tuple[Any, ...]]) -> Select[Any]:
    numbered = []
    for number, (build, *template) in enumerate(parts):
        one = build(*template).subquery(f"check_{number}")
        numbered.append(select(literal(number).label("number"), *one.c))
    every = union_all(*numbered).subquery("checks")
    return select(*every.c).order_by(every.c.number)


def _all_of(
    filters: Filters, *where: ColumnElement[bool], by: str | None = None, basis: Basis = Basis.COMPONENT
) -> Select[Any]:
    return projects_and_money(basis, *conditions(filters, by), *where)


def _left_apart(filters: Filters, basis: Basis = Basis.COMPONENT) -> Iterator[Check]:
    if filters.left_out and not filters.categories:
        names = ",".join(filters.left_out)
        asked = replace(filters, categories=filters.left_out, secondary=())
        ask_for_them = f"never added to the rest: category={names} asks for them"
        yield Check(_kept_apart, asked, lambda money: f"leaves out {money}, {ask_for_them}", more=(basis,))


def _kept_apart(filters: Filters, basis: Basis) -> Select[Any]:
    return _all_of(filters, by="category", basis=basis)


def _left_in_buckets(connection: Connection, filters: Filters, basis: Basis = Basis.COMPONENT) -> Iterator[Check]:
    if filters.income_groups:
        named, elsewhere = "income_group", "regions or the world, which have none"
    elif filters.countries:
        named, elsewhere = "country", "regions, not countries"
    elif filters.regions:
        named, elsewhere = "region", "other regions or the world"
    else:
        return
    yield Check(
        left_in_buckets,
        replace(filters, secondary=()),
        lambda money: f"{named} leaves out {money}, counted under {elsewhere}",
        "multi-country project",
        (basis, *buckets_of(connection, filters)),
    )


def _dropped_left_out(filters: Filters, basis: Basis = Basis.COMPONENT) -> Iterator[Check]:
    """Who picks out statuses is told nothing new; who names all that are counted asks for what is counted anyhow."""
    if set(filters.statuses) == set(COUNTED_STATUSES):
        yield from _dropped(filters, told_left_out, basis)


def _dropped(filters: Filters, told: Said, basis: Basis = Basis.COMPONENT) -> Iterator[Check]:
    """Who names a project means it, whatever became of it."""
    if filters.projects:
        yield Check(_of_named, replace(filters, statuses=(DROPPED,)), told, "dropped project", (basis,))


def _of_named(filters: Filters, basis: Basis) -> Select[Any]:
    return _all_of(filters, basis=basis)


def _not_approved(connection: Connection, query: SpendQuery) -> Check:
    def say(money: str) -> str:
        return f"includes {money} in the pipeline, not approved yet"

    if plan := cells_of(connection, SpendQuery(query.filters, (Dimension.STATUS,), query.basis)):
        template, _ = template_of(query.filters)
        return Check(_pipeline_cells, query.filters, say, more=(query.basis, plan.with_slots(template)))
    return Check(_pipeline, query.filters, say, more=(query.basis,))


def _pipeline_cells(filters: Filters, basis: Basis, plan: Plan) -> Select[Any]:
    return money_of_status(plan, filters, basis, "Pipeline")


def _pipeline(filters: Filters, basis: Basis) -> Select[Any]:
    return _all_of(filters, fact.c.status == "Pipeline", basis=basis)


def _perhaps_twice(filters: Filters, basis: Basis = Basis.COMPONENT) -> Check:
    return Check(perhaps_twice, filters, told_twice, FINANCING, (basis,))


def _in_doubt(query: SpendQuery) -> Iterator[Check]:
    """Money of rows, where the rows are what counts, that passes a total or was read from a copy."""
    if query.basis is not Basis.COMPONENT:
        return
    for build, what in (
        (_exceeding, "components whose list passes the total of its project"),
        (_of_copies, "rows read from secondary copies, to be checked against the originals"),
    ):
        yield Check(build, query.filters, partial(_included, what))


def _included(what: str, money: str) -> str:
    return f"includes {money} in {what}"


def _exceeding(filters: Filters) -> Select[Any]:
    return _all_of(filters, fact.c.exceeds_total)


def _of_copies(filters: Filters) -> Select[Any]:
    component = tables.component
    copies = select(component.c.component_id).where(component.c.source_id == SECONDARY_COPIES)
    return _all_of(filters, fact.c.component_id.in_(copies), by="component_id")


def _aims_without_components(query: SpendQuery) -> Iterator[Check]:
    """Projects judged to serve migration of which no money does, because the component list says otherwise or is older."""
    if query.basis is not Basis.PROJECT and Relevance.NONE not in query.filters.relevance:
        yield Check(
            _unmet,
            query.filters,
            lambda money: (
                f"leaves out {money} whose aim is about migration while no listed amount is "
                "(for some the list is older than the aim)"
            ),
        )


def _unmet(filters: Filters) -> Select[Any]:
    found = _all_of(replace(filters, relevance=(Relevance.NONE,), categories=(), groups=()), fact.c.aim_unmet)
    if filters.categories:
        project = tables.project
        judged = select(project.c.project_id).where(project.c.category.in_(filters.categories))
        found = found.where(fact.c.project_id.in_(judged))
    if filters.groups:
        category = tables.category
        of_groups = select(category.c.code).where(category.c.group_code.in_(filters.groups))
        judged = select(tables.project.c.project_id).where(tables.project.c.category.in_(of_groups))
        found = found.where(fact.c.project_id.in_(judged))
    return found
