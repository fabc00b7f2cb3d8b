"""Keeps a hash of each project's content, so that a run reads what it changed to know the hash of everything."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from db import tables
from db.store import batches, ids_in_batches, insert_rows, replace_rows

CONTENT = (tables.project, tables.component, tables.classification, tables.spend_fact)
"""What answers are made of."""

NOT_CONTENT = {"run_id", "spread", "aim_unmet", "several_places"}
"""Columns that say nothing that the others do not say."""


def keep_hashes(connection: Connection, project_ids: Sequence[str]) -> None:
    """Hash the content of some projects anew, in the caller's transaction."""
    for piece in batches(project_ids):
        replace_rows(connection, tables.project_hash, piece, list(_rows(connection, piece)))


def hash_if_missing(connection: Connection) -> None:
    """Hash all projects of a database that was filled before there were such hashes."""
    one_project, one_hash = (
        connection.execute(select(t.c.project_id).limit(1)).first() for t in (tables.project, tables.project_hash)
    )
    if one_project and not one_hash:
        hash_all(connection)


def hash_all(connection: Connection) -> None:
    """Hash all projects where there are no hashes yet; `keep_hashes` keeps them."""
    for project_ids in ids_in_batches(connection, tables.project.c.project_id):
        insert_rows(connection, tables.project_hash, list(_rows(connection, project_ids)))


def _rows(connection: Connection, project_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    digests = {project_id: hashlib.sha256() for project_id in project_ids}
    for table in CONTENT:
        for project_id, *row in _content(connection, table, project_ids):
            digests[project_id].update(repr(list(map(str, row))).encode())
    for project_id, digest in digests.items():
        yield {"project_id": project_id, "content_sha256": digest.hexdigest()}


def _content(connection: Connection, table: Table, project_ids: Sequence[str]) -> Iterator[Sequence[Any]]:
    """The rows of some projects in a fixed order, each after the id of its project."""
    component = tables.component
    has_owner = "project_id" in table.c
    owner = table.c.project_id if has_owner else component.c.project_id
    query = select(owner, *(column for column in table.columns if column.name not in NOT_CONTENT))
    if not has_owner:
        query = query.join(component, component.c.component_id == table.c.component_id)
    yield from connection.execute(query.where(owner.in_(project_ids)).order_by(*table.primary_key))
