"""A file that is longer than what is read at once comes out like its parts, and takes no more memory than a short one."""

import json
import tracemalloc

import pytest

from db.engine import make_engine, reading, writing
from db.ingest.records.staging import Entry, staged
from db.migrate import upgrade
from db.queries.releases import latest_release
from db.store import BATCH
from tests.data.export_helpers import PROJECT, adds_up, csv_text, rejected, rows, take

MANY = 2 * BATCH + 50
TEXT = "What a synthetic component would pay for. " * 100


def project(number, **fields):
    return PROJECT | {"project_id": f"SYN{number:05}", "as_of": "2024-01-01"} | fields


def component(number, ordinal=1, **fields):
    own = {"ordinal": str(ordinal), "title": f"Synthetic part {ordinal}", "amount_usd": "1000.01"}
    return {"project_id": f"SYN{number:05}", "amount_basis": "commitment", "as_of": "2024-01-01"} | own | fields


def json_lines(*records):
    kinds = ("component" if "ordinal" in record else "project" for record in records)
    return "\n".join(json.dumps({"type": kind} | record) for kind, record in zip(kinds, records, strict=True))


def content(engine):
    with reading(engine) as connection:
        return latest_release(connection).content_sha256


def in_families():
    """Projects whose parents stand far from them, in the file and in the order of ids."""
    for number in range(MANY):
        parent = {"parent_project_id": f"SYN{MANY - number:05}", "included_in_parent": "yes"} if number % 7 == 1 else {}
        yield project(number, **parent)


def test_families_that_a_run_meets_in_parts_are_rebuilt_as_a_whole(engine, write, tmp_path):
    every = list(in_families())
    assert adds_up(take(engine, write("every.csv", csv_text(*every))))
    parts = make_engine(f"sqlite:///{tmp_path / 'parts.db'}")
    upgrade(parts)
    for name, some in (("odd", every[1::2]), ("even", every[::2])):
        take(parts, write(f"{name}.csv", csv_text(*some)))
    assert content(engine) == content(parts)
    parts.dispose()


def test_components_may_come_long_before_their_projects_and_the_first_of_each_counts(engine, write):
    numbers = range(MANY)
    again = component(3, title="Another title of what was read already")
    lines = [*map(component, numbers), *map(project, numbers), again, project(5, name="Another name")]
    report = take(engine, write("long.jsonl", json_lines(*lines)))
    assert (report.added, report.rejected) == (2 * MANY, 2)
    assert {(row["field"], row["value"]) for row in rejected(engine)} == {("ordinal", "1"), ("project_id", "SYN00005")}
    reasons = sorted(row["reason"] for row in rejected(engine))
    assert reasons[0] == "component SYN00003 1 was read at line 4 already: expected each once"
    assert reasons[1] == f"project SYN00005 was read at line {MANY + 6} already; the first one counts"
    titles = {row["title"] for row in rows(engine, "component") if row["granularity"] == "component"}
    assert titles == {"Synthetic part 1"}


def test_a_refused_line_keeps_its_list_out_however_far_off_it_stands(engine, write):
    both = [component(0, ordinal) for ordinal in (1, 2)]
    others = list(map(project, range(1, MANY)))
    take(engine, write("first.jsonl", json_lines(project(0), *both)))
    broken = component(0, 2, amount_usd="much", as_of="2024-06-01")
    newer = component(0, 1, as_of="2024-06-01", amount_usd="2000")
    report = take(engine, write("second.jsonl", json_lines(broken, *others, newer)))
    assert (report.changed, report.rejected, report.withdrawn) == (0, 2, 0)


def test_a_place_is_empty_each_time_and_closes_while_something_is_read(engine):
    with writing(engine) as connection:
        for _ in range(2):
            reading_on = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            with staged(connection, "synthetic") as place:
                assert list(place.by_owner()) == []
                place.add_missing([Entry("b"), Entry("a", "2", line=2), Entry("a", "1", line=1), Entry("b")])
                place.add_missing([Entry("a", "2", line=3), Entry("c")])
                ((found),) = place.by_owner()
                lines = {owner: [(entry.key, entry.line) for entry in entries] for owner, entries in found.items()}
                assert lines == {"a": [("1", 1), ("2", 2)], "b": [("", 0)], "c": [("", 0)]}
                assert {owner for owner, _ in place.places(["a", "x"])} == {"a"}
            reading_on.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fields", [{}, {"amount_usd": "much"}], ids=["good", "refused"])
def test_memory_does_not_grow_with_the_file(engine, write, fields):
    def peak(first, count):
        numbers = range(first, first + count)
        lines = [*map(project, numbers), *(component(number, description=TEXT, **fields) for number in numbers)]
        path = write(f"{count}.jsonl", json_lines(*lines))
        del lines
        tracemalloc.start()
        take(engine, path)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(0, BATCH)  # what is loaded and remembered once
    short, long = peak(BATCH, 2 * BATCH), peak(3 * BATCH, 6 * BATCH)
    more_text = 4 * BATCH * len(TEXT)
    assert long - short < more_text / 4
