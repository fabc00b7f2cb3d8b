"""Many rows and few get in alike: with the defaults of the models, over rows that are there, and told of where refused."""

import itertools

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from db import bulk, tables
from db.bulk import FEW
from db.engine import writing
from db.ingest.records.staging import Entry, staged
from db.ingest.reference import load_reference
from db.store import BATCH, insert_rows, upsert

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


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_server_knows_during_a_run_what_the_run_has_written(engine, monkeypatch):
    """Else it takes a list of ids to be in half of a table, and reads all of the table for each of thousands of such lists."""
    monkeypatch.setattr(bulk, "ANALYSED_AT", 2_000)
    analysed = text("SELECT count(*) FROM pg_stats WHERE tablename = 'staged_synthetic' AND attname = 'owner'")
    with writing(engine) as connection, staged(connection, "synthetic") as staging:

        def write(first, last):
            staging.add(Entry(f"SYN-{number // 4:06}", str(number % 4), number) for number in range(first, last))

        write(0, 1_999)
        assert connection.scalar(analysed) == 0
        for start in range(2_000, 20_000, 1_000):
            write(start, start + 1_000)
        assert connection.scalar(analysed) == 1
        some = ", ".join(f"'SYN-{number:06}'" for number in range(500))
        plan = "\n".join(
            connection.scalars(text(f"EXPLAIN SELECT place FROM staged_synthetic WHERE owner IN ({some})"))
        )
        assert "Seq Scan" not in plan, plan
        assert [len(entries) for entries in staging.by_owner()] == [BATCH] * 10


def test_ids_come_in_their_order_each_once(engine):
    numbers = [*range(2 * BATCH + 3)]
    with writing(engine) as connection, staged(connection, "synthetic") as staging:
        assert list(staging.owners()) == []
        staging.add(Entry(f"Ä {number}", key) for number in reversed(numbers) for key in "ab")
        found = list(staging.owners())
    assert [len(some) for some in found] == [BATCH, BATCH, 3]
    assert list(itertools.chain(*found)) == sorted(f"Ä {number}" for number in numbers)
