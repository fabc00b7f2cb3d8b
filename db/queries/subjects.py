"""What a review decides on: a component, or a project; and since which release it is as it is now."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union_all

from db import tables
from db.errors import NotFoundError
from db.queries.suggest import nearest_id, printable
from db.watch.stamp import ReleaseStamp, stamp_of
from models.component import REMAINDER, WHOLE, stands_in
from models.release import Release

REMEMBERED = 1000
"""Releases that are looked back over at most."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A component, or a project, whose rows are those that stand for all or the rest of it."""

    subject_id: str
    project_id: str
    is_project: bool


def find_subject(connection: Connection, subject_id: str) -> Subject:
    """Find what a review names.

    Raises:
        NotFoundError: with the nearest component that exists.
    """
    component, project = tables.component, tables.project
    wanted = printable(subject_id)
    if connection.scalar(select(project.c.project_id).where(project.c.project_id == wanted)) is not None:
        return Subject(wanted, wanted, True)
    query = select(component.c.project_id).where(component.c.component_id == wanted)
    if not stands_in(wanted) and (owner := connection.scalar(query)):
        return Subject(wanted, owner, False)
    raise NotFoundError("subject", subject_id, nearest_id(connection, component.c.component_id, subject_id))


def rows_of(connection: Connection, subject: Subject) -> list[str]:
    """The ids of the rows of money that a review of the subject decides on by itself."""
    component = tables.component
    if not subject.is_project:
        return [subject.subject_id]
    stand_ins = [f"{subject.project_id}-{suffix}" for suffix in (WHOLE, REMAINDER)]
    query = select(component.c.component_id).where(
        component.c.component_id.in_(stand_ins), component.c.withdrawn.is_(False)
    )
    return list(connection.scalars(query.order_by(component.c.component_id)))


def releases_since_changed(connection: Connection, subject: Subject) -> list[ReleaseStamp]:
    """The releases in which a subject was what it is now, the newest first.

    It changed with the last release that moved its money, took in its component, a statement on its project or a review of
    it, or was made by other versions of taxonomy, rules or method.
    """
    release = tables.release
    newest = select(release).order_by(release.c.release_id.desc()).limit(REMEMBERED)
    releases = [Release(**row) for row in connection.execute(newest).mappings()]
    first = _last_change(connection, subject)
    same = (one for one in releases if one.versions == releases[0].versions)
    return [stamp for stamp in map(stamp_of, same) if stamp.release_id >= first]


def _last_change(connection: Connection, subject: Subject) -> int:
    change, component, statement = tables.release_change, tables.component, tables.project_statement
    review, release = tables.review, tables.release
    mine = (
        change.c.project_id == subject.project_id if subject.is_project else change.c.component_id == subject.subject_id
    )
    runs = union_all(
        select(component.c.run_id).where(
            component.c.project_id == subject.project_id
            if subject.is_project
            else component.c.component_id == subject.subject_id
        ),
        select(statement.c.run_id).where(statement.c.project_id == subject.project_id),
        select(review.c.run_id).where(review.c.subject_id == subject.subject_id),
    ).subquery()
    moved = connection.scalar(select(func.max(change.c.release_id)).where(mine)) or 0
    taken = connection.scalar(select(func.max(release.c.release_id)).where(release.c.run_id.in_(select(runs)))) or 0
    return max(moved, taken)
