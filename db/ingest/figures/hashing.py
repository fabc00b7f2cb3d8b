"""Keeps a hash of each project's content, so that a run reads what it changed to know the hash of everything."""

import hashlib
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from db import tables
from db.bulk import Row
from db.ingest.figures.content import CONTENT, Content, stored_content
from db.store import has_rows, ids_in_batches, insert_rows, replace_rows
from models.vocabulary import Granularity

NOT_CONTENT = {"run_id", "spread", "aim_unmet", "several_places"}
"""Columns that say nothing that the others do not say."""


def keep_hashes(connection: Connection, project_ids: Sequence[str], content: Content) -> None:
    """Hash the content of some projects anew, in the caller's transaction."""
    replace_rows(connection, tables.project_hash, project_ids, list(_rows(project_ids, content)))


def hash_if_missing(connection: Connection) -> None:
    """Hash all projects of a database that was filled before there were such hashes."""
    if has_rows(connection, tables.project) and not has_rows(connection, tables.project_hash):
        hash_all(connection)


def hash_all(connection: Connection) -> None:
    """Hash all projects where there are no hashes yet; `keep_hashes` keeps them."""
    for project_ids in ids_in_batches(connection, tables.project.c.project_id):
        content = stored_content(connection, project_ids)
        insert_rows(connection, tables.project_hash, list(_rows(project_ids, content)))


def _rows(project_ids: Sequence[str], content: Content) -> Iterator[dict[str, Any]]:
    digests = {project_id: hashlib.sha256() for project_id in project_ids}
    owners = {row["component_id"]: row["project_id"] for row in content[tables.component]}
    for table in CONTENT:
        key = itemgetter(*(column.name for column in table.primary_key))
        said = itemgetter(*(column.name for column in table.columns if column.name not in NOT_CONTENT))
        has_owner = "project_id" in table.c
        for row in sorted(content[table], key=key):
            if table is tables.component and _is_gone(row):
                continue
            owner = row["project_id"] if has_owner else owners[row["component_id"]]
            digests[owner].update(repr(list(map(str, said(row)))).encode())
    for project_id, digest in digests.items():
        yield {"project_id": project_id, "content_sha256": digest.hexdigest()}


def _is_gone(component: Row) -> bool:
    """Whether a row stood for a remainder that there is no more: equal data have equal hashes, whatever was between."""
    return bool(component["withdrawn"] and component["granularity"] != Granularity.COMPONENT)
