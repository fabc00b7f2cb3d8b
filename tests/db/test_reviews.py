"""Reviews win over rules, are kept, and go out and in unchanged; re-classification says what moves."""

import csv

import pytest

from api.exports.columns import Column, Kind
from api.exports.csv import csv_chunks
from db.engine import reading
from db.ingest import rebuild as rebuilding
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.bundle import load_bundle
from db.ingest.pipeline import ingest
from db.ingest.reclassify import reclassify
from db.queries.pieces import pieces_of_rows
from db.queries.releases import latest_release
from db.queries.reviews import FORM, as_form, current_reviews, review_queue
from db.queries.why import get_component
from db.settings import DATA_DIR
from models.classification import ClassifierInput, Verdict
from models.filters import Filters

HEADER = ",".join(FORM)


@pytest.fixture
def own(engine):
    load_bundle(engine)
    return engine


def component(engine, component_id):
    with reading(engine) as connection:
        return get_component(connection, component_id, Filters())


def test_a_review_changes_what_counts_and_the_rules_verdict_stays_beside_it(own, write):
    """P167506-1 is 192 m, partial. A review states that a quarter prepares for work abroad: 48 m count in full."""
    path = write(
        "reviews.csv",
        f"{HEADER}\nP167506-1,mobility_skills,25,,partial,sure,appraisal table,me,2026-11-25\n"
        "P167506-1,not_migration,75,,none,sure,appraisal table,me,2026-11-25\n",
    )
    report = ingest(own, RecordsAdapter("reviews"), [path])
    assert (report.changed, report.rejected) == (2, 0)
    found = component(own, "P167506-1")
    shares = {share["category"]: share["share_percent"] for share in found["why"][0]["shares"]}
    assert shares == {"mobility_skills": 25.0, "not_migration": 75.0}
    money = {
        a["category"]: (a["amount_usd"], a["partial_usd"]) for a in found["amounts"] if a["measure"] == "commitment"
    }
    assert money == {"mobility_skills": (4_800_000_000, 0), "not_migration": (14_400_000_000, 0)}
    assert [why["method"] for why in found["why"]] == ["review", "rules"]
    history = [(line["reviewer"], line["counts"]) for line in found["review_history"]]
    assert history == [("me", True), ("me", True), ("project coding, single coder", False)]


def test_a_review_survives_the_same_records_and_a_new_classification(own, write):
    path = write("reviews.csv", f"{HEADER}\nP174085-1,remittances,,,direct,sure,a test,me,2026-11-25\n")
    ingest(own, RecordsAdapter("reviews"), [path])
    projects = [DATA_DIR / "projects.csv", DATA_DIR / "components.csv"]
    assert ingest(own, RecordsAdapter("bundle"), projects).changed == 0
    moves, release = reclassify(own, dry_run=False)
    assert (moves, release) == ([], None)
    assert component(own, "P174085-1")["category"] == "remittances"


def test_exported_reviews_are_the_bundled_ones_and_come_in_unchanged(own, write):
    with reading(own) as connection:
        rows = list(current_reviews(connection))
    text = b"".join(csv_chunks([Column(name, Kind.TEXT) for name in FORM], pieces_of_rows(FORM, rows))).decode()
    with (DATA_DIR / "reviews.csv").open(encoding="utf-8") as file:
        bundled = {tuple(row.values()) for row in csv.DictReader(file)}
    assert {tuple(row.values()) for row in csv.DictReader(text.splitlines())} == bundled
    report = ingest(own, RecordsAdapter("reviews"), [write("again.csv", text)])
    assert (report.unchanged, report.release_id) == (len(rows), None)


def test_the_queue_is_ordered_by_money_times_uncertainty(loaded):
    with reading(loaded) as connection:
        rows = review_queue(connection, Filters(), 1000)
    stakes = [row["at_stake_usd"] for row in rows]
    assert stakes == sorted(stakes, reverse=True)
    for row in rows[:20]:
        assert row["at_stake_usd"] == pytest.approx(row["money_usd"] * (1 - row["confidence"]), abs=1)
    assert {row["subject_id"] for row in rows if row["granularity"] != "component"} <= {
        row["project_id"] for row in rows
    }


def test_a_filled_in_queue_can_be_imported_with_its_columns_for_the_eye(own, write):
    path = write("form.csv", f"{HEADER},_title\nP150064,worker_mobility,,,direct,sure,read it,me,2026-11-25,a title\n")
    assert ingest(own, RecordsAdapter("reviews"), [path]).changed == 1


def test_the_form_of_a_subject_with_shares_has_a_line_each_and_gives_them_back(own, write):
    path = write(
        "reviews.csv",
        f"{HEADER}\nP167506-1,mobility_skills,25,remittances;worker_mobility,partial,doubtful,a table,me,2026-11-25\n"
        "P167506-1,not_migration,75,,none,sure,a table,me,2026-11-25\n",
    )
    ingest(own, RecordsAdapter("reviews"), [path])
    before = component(own, "P167506-1")["amounts"]
    with reading(own) as connection:
        lines = as_form(connection, review_queue(connection, Filters(), 1000))
    mine = [[line[name] for name in FORM[:5]] for line in lines if line["subject_id"] == "P167506-1"]
    assert mine == [
        ["P167506-1", "mobility_skills", "25", "remittances;worker_mobility", "partial"],
        ["P167506-1", "not_migration", "75", None, "none"],
    ]
    filled = "".join(f"{','.join(cell or '' for cell in line)},doubtful,read again,me,2026-11-26\n" for line in mine)
    assert ingest(own, RecordsAdapter("reviews"), [write("form.csv", f"{HEADER}\n{filled}")]).changed == 2
    assert component(own, "P167506-1")["amounts"] == before


def test_new_rules_move_rows_only_after_they_were_shown(own, monkeypatch):
    """Rules that call every text remittances: reviewed rows stay, what the rules decided moves."""

    def all_remittances(_text: ClassifierInput) -> Verdict:
        return Verdict("remittances", (), "direct", 0.9, (), "1.0.0", "test")

    monkeypatch.setattr(rebuilding, "classify", all_remittances)
    with reading(own) as connection:
        before = latest_release(connection)
    moves, release = reclassify(own, dry_run=True)
    assert moves
    assert release is None
    with reading(own) as connection:
        assert latest_release(connection) == before
    applied, release = reclassify(own, dry_run=False)
    assert applied == moves
    assert release == before.release_id + 1
    moved = moves[0]
    assert moved.after[0][:2] == ("remittances", "direct")
    assert component(own, "P174085-3")["category"] == "worker_return"
