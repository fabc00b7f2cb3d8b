"""What sources tell of how far they are: counts, and the totals that a time left is computed from. All synthetic."""

import gzip
from datetime import date

import pytest

from db.backups.restoring import restore
from db.backups.saving import save
from db.errors import SourceAnswerError, SourceUnavailableError
from db.ingest.sources.iati import ingest_iati
from db.ingest.sources.worldbank import Wanted
from db.progress import Positions
from tests.data import fake_documents, worldbank_runs
from tests.data.fake_documents import FITS, OTHER, PROJECT_ID, put, status_report
from tests.data.fake_worldbank import ever_from
from tests.data.iati import activity, document, hasty, serving, write

COUNT = 85


class Seen:
    """What was told: how much in all, and the total each time."""

    def __init__(self):
        self.counts, self.totals = [], []

    def __call__(self, count, total=None, /):
        self.counts.append(count)
        self.totals.append(total)

    @property
    def end(self):
        return sum(self.counts), self.totals[-1]


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def fetch(engine, api, tmp_path, seen):
    def start(wanted=None):
        return worldbank_runs.run(engine, api.address, tmp_path / "spool", wanted, progress=seen)

    return start


def test_the_list_of_projects_tells_the_total_that_the_source_counts(fetch, seen):
    fetch()
    assert seen.end == (COUNT, COUNT)
    assert set(seen.totals[1:]) == {COUNT}  # rows that two pages share count once


def test_the_newest_total_counts(fetch, api, seen):
    def add(number):
        if number == 3:
            api.projects["P999999"] = {**api.projects["P900001"], "id": "P999999"}

    api.before = add
    fetch()
    assert (seen.totals[1:4], seen.end) == ([COUNT, COUNT, COUNT + 1], (COUNT + 1, COUNT + 1))


def test_pages_that_were_kept_count_at_once(fetch, api, seen):
    api.fault = ever_from(3, "403")
    with pytest.raises(SourceAnswerError):
        fetch()
    first = sum(seen.counts)
    seen.counts.clear()
    api.fault = lambda number, params: None
    fetch()
    assert (seen.counts[0], seen.end) == (first, (COUNT, COUNT))


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        (Wanted(limit=7), 7),
        (Wanted(limit=1000), COUNT),
        (Wanted(projects=("P900050", "P900051")), 2),
        (Wanted(changed_from=date(2030, 1, 1)), None),
    ],
    ids=["limit", "high-limit", "single", "changes"],
)
def test_only_what_is_asked_for_is_the_total(fetch, seen, wanted, total):
    fetch(wanted)
    assert seen.totals[-1] == total
    assert total in {None, sum(seen.counts)}


def test_documents_tell_how_many_projects_are_asked_about(engine, api, tmp_path, seen):
    fake_documents.load_projects(engine)
    for project_id in (PROJECT_ID, OTHER):
        put(api, f"D-{project_id}", project_id, status_report(project_id, FITS), "2022-01-31")
    api.fault = fake_documents.of_list("503", OTHER)
    with pytest.raises(SourceUnavailableError):
        fake_documents.run(engine, api, tmp_path / "spool", progress=seen)
    assert (seen.counts, set(seen.totals)) == ([0, 1], {2})
    api.fault = fake_documents.no_fault
    again = Seen()
    fake_documents.run(engine, api, tmp_path / "spool", progress=again)
    assert (again.counts, set(again.totals)) == ([1, 1], {2})


def many(count, name="XX-SYN"):
    return document(*(activity(identifier=f"{name}-{number}") for number in range(count)))


def test_iati_files_of_a_folder_tell_the_bytes_of_all_as_they_lie_there(engine, tmp_path, seen):
    folder = tmp_path / "synthetic"
    folder.mkdir()
    (folder / "a.xml").write_text(many(500))
    (folder / "b.xml.gz").write_bytes(gzip.compress(many(500, "XX-OTH").encode()))
    outcomes = list(ingest_iati(engine, [str(folder)], tmp_path / "spool", seen))
    assert [one.report.added for one in outcomes] == [500, 500]
    total = sum(path.stat().st_size for path in folder.iterdir())
    assert (seen.end, set(seen.totals)) == ((total, total), {total})
    assert sum(count > 0 for count in seen.counts) > 3  # on the way, not at the end


def test_a_file_that_is_refused_is_not_waited_for(engine, tmp_path, seen):
    bad = tmp_path / "synthetic-bad.xml"
    bad.write_text("<!DOCTYPE x>" + " " * 200_000 + "<iati-activities/>")
    good = write(tmp_path, activity())
    refused, taken = ingest_iati(engine, [str(bad), str(good)], tmp_path / "spool", seen)
    assert (refused.report, taken.report.added) == (None, 1)
    assert seen.totals[0] == bad.stat().st_size + good.stat().st_size
    assert seen.end[0] == seen.end[1] < seen.totals[0]


@pytest.mark.parametrize("packed", [False, True])
def test_an_address_counts_as_it_comes_and_as_it_is_read(engine, tmp_path, seen, packed):
    content = many(500).encode()
    body = gzip.compress(content) if packed else content
    coding = {"Content-Encoding": "gzip"} if packed else {}
    half = (200, coding | {"Content-Length": str(len(body))}, body[: len(body) // 2])
    with serving([half, (200, coding, body)]) as (address, _):
        (outcome,) = ingest_iati(engine, [address], tmp_path / "spool", seen, hasty)
    assert outcome.report.added == 500
    assert seen.totals[0] == 2 * len(body)
    assert seen.end == (len(body) + len(content), len(body) + len(content))


def test_an_address_without_a_length_has_no_total_until_it_has_come(engine, tmp_path, seen):
    content = many(500).encode()
    with serving([(200, {"Content-Length": None}, content)]) as (address, _):
        (outcome,) = ingest_iati(engine, [address], tmp_path / "spool", seen, hasty)
    assert outcome.report.added == 500
    assert (seen.totals[0], seen.end) == (None, (2 * len(content), 2 * len(content)))


def test_what_is_read_again_does_not_count_again(seen):
    whole = Positions(seen)
    one, other = whole.part(100), whole.part(None)
    one(60, None)
    one(10, None)
    assert (sum(seen.counts), seen.totals[-1]) == (60, None)
    other(5, 50)
    one(100, None)
    other.leave()
    assert seen.end == (105, 105)


def test_a_backup_tells_how_many_rows_come_back(loaded_engines, new_database, engine, tmp_path, seen):
    manifest = save(loaded_engines["sqlite"], tmp_path / "backup.zip")
    restore(engine, tmp_path / "backup.zip", progress=seen)
    assert (seen.end, set(seen.totals)) == ((manifest.rows, manifest.rows), {manifest.rows})
