"""Many rows and few get in alike: with the defaults of the models, over rows that are there, and told of where refused."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from db import tables
from db.bulk import FEW
from db.engine import writing
from db.ingest.reference import load_reference
from db.store import insert_rows, upsert

project = tables.project


def bare(count, name):
    return [
        {"project_id": f"SYN-{number}", "name": f'{name}\t\\N "{number}"', "source_id": "user-records"}
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, FEW, FEW + 1])
def test_rows_get_in_with_defaults_and_over_those_that_are_there(engine, count):
    with writing(engine) as connection:
        load_reference(connection)
        insert_rows(connection, project, bare(count, "first"))
        upsert(connection, project, [row | {"tags": ["synthetic"]} for row in bare(count + 1, "second")])
        upsert(connection, project, bare(count, "third"))
        found = {row["project_id"]: row for row in connection.execute(select(project)).mappings()}
    assert len(found) == count + 1
    for row in bare(count, "third") + bare(count + 1, "second")[count:]:
        stored = found[row["project_id"]]
        assert {name: stored[name] for name in row} == row
        assert (stored["tags"], stored["regional"], stored["category"]) == (["synthetic"], False, "not_migration")
        assert stored["relevance"] == "none"


@pytest.mark.parametrize("count", [1, FEW + 1])
def test_rows_that_are_there_already_are_refused_in_the_words_of_the_engine(engine, count):
    with writing(engine) as connection:
        load_reference(connection)
        insert_rows(connection, project, bare(count, "first"))
        with pytest.raises(IntegrityError), connection.begin_nested():
            insert_rows(connection, project, bare(count, "again"))
        names = connection.scalars(select(project.c.name)).all()
    assert sorted(names) == sorted(row["name"] for row in bare(count, "first"))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_server_holds_no_more_locks_however_often_a_run_writes(engine):
    """It has room for some thousands in all, and keeps those of a transaction until its end."""
    held = text("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()")
    with writing(engine) as connection:
        load_reference(connection)
        upsert(connection, project, bare(FEW + 1, "first"))
        before = connection.scalar(held)
        for number in range(20):
            upsert(connection, project, bare(FEW + 1, f"written {number}"))
        assert connection.scalar(held) == before
        assert set(connection.scalars(select(project.c.name))) == {row["name"] for row in bare(FEW + 1, "written 19")}
