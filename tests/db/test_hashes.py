"""The hash of a release is one of all that answers say, and a run computes it from what it touched."""

import hashlib
from collections import defaultdict

from sqlalchemy import select, text, update

from db import tables
from db.engine import reading, writing
from db.ingest.figures.hashing import CONTENT, NOT_CONTENT
from db.migrate import downgrade, upgrade
from db.queries.releases import latest_release
from tests.data.export_helpers import PROJECT, csv_text, rows, take


def kept(connection):
    return {row.project_id: row.content_sha256 for row in connection.execute(select(tables.project_hash))}


def from_tables(connection):
    """What must be kept, by going through everything."""
    owners = {row.component_id: row.project_id for row in connection.execute(select(tables.component))}
    said = defaultdict(list)
    for table in CONTENT:
        for row in connection.execute(select(table).order_by(*table.primary_key)).mappings():
            if table is tables.component and row["withdrawn"] and row["granularity"] != "component":
                continue  # a remainder of before, or a whole project counted before it had components
            owner = row["project_id"] if "project_id" in row else owners[row["component_id"]]
            said[owner].append([str(value) for name, value in row.items() if name not in NOT_CONTENT])
    return {
        owner: hashlib.sha256("".join(map(repr, lines)).encode()).hexdigest() for owner, lines in sorted(said.items())
    }


def of_release(connection):
    return latest_release(connection).content_sha256


def test_the_bundled_data_have_the_same_hash_on_both_databases_and_it_is_that_of_their_projects(loaded_engines):
    found = set()
    for engine in loaded_engines.values():
        with reading(engine) as connection:
            hashes = from_tables(connection)
            assert kept(connection) == hashes
            whole = "".join(f"{project_id} {content}\n" for project_id, content in hashes.items())
            assert of_release(connection) == hashlib.sha256(whole.encode()).hexdigest()
            found.add(of_release(connection))
    assert len(found) == 1


def test_a_migrated_database_has_them_at_once(bundled):
    with reading(bundled) as connection:
        before = kept(connection)
    downgrade(bundled, "0007")
    upgrade(bundled)
    with reading(bundled) as connection:
        assert kept(connection) == before != {}


def test_hashes_of_before_are_not_kept_where_projects_get_more_content(bundled):
    with reading(bundled) as connection:
        before = kept(connection)
    downgrade(bundled, "0022")
    with writing(bundled) as connection:
        connection.execute(text("INSERT INTO project_hash SELECT project_id, 'of before' FROM project"))
    upgrade(bundled)
    with reading(bundled) as connection:
        assert kept(connection) == before != {}


def test_a_run_hashes_what_it_touches_and_nothing_else(engine, write):
    other = PROJECT | {"project_id": "X2"}
    take(engine, write("first.csv", csv_text(PROJECT, other)))
    before = {row["project_id"]: row["content_sha256"] for row in rows(engine, "project_hash")}
    with writing(engine) as connection:  # nobody does this; it shows what is read
        connection.execute(update(tables.project).where(tables.project.c.project_id == "X2").values(name="Tampered"))
    take(engine, write("second.csv", csv_text(PROJECT | {"name": "Another name"})))
    after = {row["project_id"]: row["content_sha256"] for row in rows(engine, "project_hash")}
    assert after["X2"] == before["X2"]
    assert after["X1"] != before["X1"]


def test_a_remainder_that_is_gone_leaves_no_mark(engine, write):
    """Equal data have equal hashes, whatever the amounts were between."""
    listed = {"project_id": "X1", "ordinal": "1", "title": "Roads", "amount_usd": "60", "amount_basis": "commitment"}
    found = []
    for number, total in enumerate(("60", "100", "60")):
        take(engine, write(f"{number}.csv", csv_text(PROJECT | {"commitment_usd": total})))
        take(engine, write("list.csv", csv_text(listed)))
        with reading(engine) as connection:
            found.append(of_release(connection))
            assert kept(connection) == from_tables(connection)
    assert found[0] == found[2] != found[1]
