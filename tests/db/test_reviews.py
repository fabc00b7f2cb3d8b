"""Reviews win over rules, are kept, and go out and in unchanged; re-classification says what moves."""

import csv
import io
import json

import pytest
from sqlalchemy import update

from api.exports.columns import Column, Kind
from api.exports.csv import csv_chunks
from db import tables
from db.engine import reading, writing
from db.ingest import bundle
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.bundle import load_bundle
from db.ingest.figures import rebuild as rebuilding
from db.ingest.pipeline import ingest
from db.ingest.reclassify import reclassify
from db.queries.releases import latest_release
from db.queries.reviews import FORM, as_form, current_reviews, review_queue
from db.queries.statements.pieces import pieces_of_rows
from db.queries.why import get_component
from db.settings import DATA_DIR
from models.classification import ClassifierInput, Verdict
from models.filters import Filters
from tests.data.commands import command
from tests.data.export_helpers import PROJECT, csv_text, rejected, take

HEADER = ",".join(FORM)


def component(engine, component_id):
    with reading(engine) as connection:
        return get_component(connection, component_id, Filters())


def test_a_review_changes_what_counts_and_the_rules_verdict_stays_beside_it(bundled, write):
    """P167506-1 is 192 m, partial. A review states that a quarter prepares for work abroad: 48 m count in full."""
    path = write(
        "reviews.csv",
        f"{HEADER}\nP167506-1,mobility_skills,25,,partial,sure,appraisal table,me,2026-11-25\n"
        "P167506-1,not_migration,75,,none,sure,appraisal table,me,2026-11-25\n",
    )
    report = ingest(bundled, RecordsAdapter("reviews"), [path])
    assert (report.changed, report.rejected) == (2, 0)
    found = component(bundled, "P167506-1")
    shares = {share["category"]: share["share_percent"] for share in found["why"][0]["shares"]}
    assert shares == {"mobility_skills": 25.0, "not_migration": 75.0}
    money = {
        a["category"]: (a["amount_usd"], a["partial_usd"]) for a in found["amounts"] if a["measure"] == "commitment"
    }
    assert money == {"mobility_skills": (4_800_000_000, 0), "not_migration": (14_400_000_000, 0)}
    assert [why["method"] for why in found["why"]] == ["review", "rules"]
    history = [(line["reviewer"], line["counts"]) for line in found["review_history"]]
    assert history == [("me", True), ("me", True), ("project coding, single coder", False)]


def test_a_review_survives_the_same_records_and_a_new_classification(bundled, write):
    path = write("reviews.csv", f"{HEADER}\nP174085-1,remittances,,,direct,sure,a test,me,2026-11-25\n")
    ingest(bundled, RecordsAdapter("reviews"), [path])
    projects = [DATA_DIR / "projects.csv", DATA_DIR / "components.csv"]
    assert ingest(bundled, RecordsAdapter("bundle"), projects).changed == 0
    moves, release = reclassify(bundled, dry_run=False)
    assert (moves, release) == ([], None)
    assert component(bundled, "P174085-1")["category"] == "remittances"


def test_exported_reviews_are_the_bundled_ones_and_come_in_unchanged(bundled, write):
    with reading(bundled) as connection:
        rows = list(current_reviews(connection))
    text = b"".join(csv_chunks([Column(name, Kind.TEXT) for name in FORM], pieces_of_rows(FORM, rows))).decode()
    with (DATA_DIR / "reviews.csv").open(encoding="utf-8") as file:
        shipped = {tuple(row.values()) for row in csv.DictReader(file)}
    assert {tuple(row.values()) for row in csv.DictReader(text.splitlines())} == shipped
    report = ingest(bundled, RecordsAdapter("reviews"), [write("again.csv", text)])
    assert (report.unchanged, report.release_id) == (len(rows), None)


def test_the_queue_is_ordered_by_money_times_uncertainty(loaded):
    with reading(loaded) as connection:
        rows = review_queue(connection, Filters(), 1000)
    stakes = [row["at_stake_usd"] for row in rows]
    assert stakes == sorted(stakes, reverse=True)
    for row in rows[:20]:
        assert row["at_stake_usd"] == pytest.approx(row["money_usd"] * (1 - row["confidence"]), abs=1)
    for row in rows:
        of_itself = row["component_id"] if row["granularity"] == "component" else row["project_id"]
        assert row["subject_id"] == of_itself or row["granularity"] == "remainder"


@pytest.mark.parametrize("amount", ["30", ""])
def test_the_queue_asks_for_what_leaves_a_remainder_unsure(engine, write, amount):
    """A sure review of the project changes nothing of a remainder that a doubtful component makes doubtful."""
    listed = [
        {
            "project_id": "X1",
            "ordinal": str(n),
            "title": title,
            "amount_usd": stated,
            "amount_basis": stated and "commitment",
        }
        for n, (title, stated) in enumerate((("Jobs", "30"), ("Schools", amount)), start=1)
    ]
    line = {"category": "refugee_health", "relevance": "direct", "reason": "read", "reviewer": "A"}
    line |= {"reviewed_on": "2026-01-01"}
    sure, doubtful = ({**line, "certainty": word} for word in ("sure", "doubtful"))
    take(engine, write("project.csv", csv_text(PROJECT | {"commitment_usd": "1000"})))
    take(engine, write("list.csv", csv_text(*listed)))
    take(engine, write("reviews.csv", csv_text({"subject_id": "X1-1", **sure}, {"subject_id": "X1-2", **doubtful})))

    def first():
        with reading(engine) as connection:
            row = review_queue(connection, Filters(), 1)[0]
        return row["component_id"], row["subject_id"], row["confidence"]

    assert first()[:2] == ("X1-remainder", "X1")  # the rules decide on the project
    take(engine, write("project_review.csv", csv_text({"subject_id": "X1", **sure})))
    assert first() == ("X1-remainder", "X1-2", 0.5)
    take(engine, write("last.csv", csv_text({"subject_id": "X1-2", **sure})))
    assert first() == ("X1-remainder", "X1", 0.9)


def test_the_form_adds_up_what_waits_for_a_component_and_for_the_remainder_that_it_leaves_unsure(engine, write):
    listed = {"project_id": "X1", "ordinal": "1", "title": "Jobs", "amount_usd": "30", "amount_basis": "commitment"}
    line = {"category": "refugee_health", "relevance": "direct", "reason": "read", "reviewer": "A"}
    line |= {"reviewed_on": "2026-01-01"}
    take(engine, write("project.csv", csv_text(PROJECT | {"commitment_usd": "1000"})))
    take(engine, write("other.csv", csv_text(PROJECT | {"project_id": "X2", "commitment_usd": "975"})))
    take(engine, write("list.csv", csv_text(listed)))
    words = {"X1-1": "doubtful", "X1": "sure", "X2": "doubtful"}
    reviews = csv_text(*({"subject_id": subject, **line, "certainty": word} for subject, word in words.items()))
    take(engine, write("reviews.csv", reviews))
    with reading(engine) as connection:
        queue = review_queue(connection, Filters(), 10)
        form = as_form(connection, queue)
    names = ("component_id", "subject_id", "money_usd", "at_stake_usd")
    assert [tuple(row[name] for name in names) for row in queue] == [
        ("X2-whole", "X2", 97_500, 48_750),
        ("X1-remainder", "X1-1", 97_000, 48_500),
        ("X1-1", "X1-1", 3_000, 1_500),
    ]
    assert [tuple(row[name] for name in names) for row in form] == [
        ("X1-1", "X1-1", 100_000, 50_000),
        ("X2-whole", "X2", 97_500, 48_750),
    ]


@pytest.fixture
def decided(bundled, write):
    """A review of 2026-11-26 on a component of which the data set has another."""
    path = write("ann.csv", f"{HEADER}\nP150064,worker_mobility,,,direct,sure,read it,Ann,2026-11-26\n")
    assert ingest(bundled, RecordsAdapter("reviews"), [path]).changed == 1
    return bundled


def reviewer_of(engine, subject):
    with reading(engine) as connection:
        return [row["reviewer"] for row in current_reviews(connection, [subject])]


def test_the_data_set_does_not_decide_again_what_was_decided_since(decided, monkeypatch):
    monkeypatch.setattr(bundle, "_is_loaded", lambda *_: False)  # as after an upgrade
    report = load_bundle(decided)
    assert (report.changed, report.rejected) == (0, 0)
    assert reviewer_of(decided, "P150064") == ["Ann"]


def test_an_older_decision_is_refused_and_a_newer_one_counts(decided, write):
    older, newer = (
        write(f"{day}.csv", f"{HEADER}\nP150064,remittances,,,direct,sure,read it,Bo,{day}\n")
        for day in ("2025-11-25", "2026-11-26")
    )
    assert ingest(decided, RecordsAdapter("reviews"), [older]).rejected == 1
    assert rejected(decided)[0]["reason"] == "older than the decision of 2026-11-26 by Ann, which stands"
    assert reviewer_of(decided, "P150064") == ["Ann"]
    assert ingest(decided, RecordsAdapter("reviews"), [newer]).rejected == 0
    assert reviewer_of(decided, "P150064") == ["Bo"]


def test_a_decision_yet_to_come_is_refused_and_who_decided_can_set_a_date_back(decided, write):
    def bring(name, reviewer, day):
        line = f"{HEADER}\nP150064,remittances,,,direct,sure,read it,{reviewer},{day}\n"
        return ingest(decided, RecordsAdapter("reviews"), [write(name, line)])

    assert bring("a.csv", "Bo", "2062-11-24").rejected == 1
    assert "is yet to come" in rejected(decided)[0]["reason"]
    assert bring("b.csv", "Ann", "2025-01-01").changed == 1
    assert reviewer_of(decided, "P150064") == ["Ann"]


def test_a_shipped_decision_that_is_set_back_counts_again(bundled, tmp_path, monkeypatch):
    """As in a database that was made with the last version only."""
    shipped = {name: (DATA_DIR / name).read_text(encoding="utf-8") for name in bundle.FILES}
    first = next(line for line in shipped["reviews.csv"].splitlines() if line.startswith("P150064,"))
    other = first.replace("worker_mobility", "remittances", 1)
    assert other != first
    for changed in (other, first):
        for name, content in shipped.items():
            (tmp_path / name).write_text(content.replace(first, changed), encoding="utf-8")
        assert load_bundle(bundled, tmp_path).changed == 1
    assert component(bundled, "P150064-whole")["category"] == "worker_mobility"


def test_the_data_set_does_not_bring_back_what_a_person_took_off_a_list(bundled, write, monkeypatch):
    with (DATA_DIR / "components.csv").open(encoding="utf-8") as file:
        listed = [row for row in csv.DictReader(file) if row["project_id"] == "P090644"]
    assert ingest(bundled, RecordsAdapter(), [write("shorter.csv", csv_text(*listed[:-1]))]).withdrawn == 1
    monkeypatch.setattr(bundle, "_is_loaded", lambda *_: False)
    assert load_bundle(bundled).changed == 0


def test_the_data_set_does_not_put_back_a_list_that_was_corrected(bundled, write, monkeypatch):
    with (DATA_DIR / "components.csv").open(encoding="utf-8") as file:
        listed = [row for row in csv.DictReader(file) if row["project_id"] == "P174085"]
    listed[2]["amount_usd"] = "50000000"
    assert ingest(bundled, RecordsAdapter(), [write("corrected.csv", csv_text(*listed))]).changed == 1
    monkeypatch.setattr(bundle, "_is_loaded", lambda *_: False)
    assert load_bundle(bundled).changed == 0
    assert component(bundled, "P174085-3")["stated_usd"] == 5_000_000_000


def test_halves_of_cents_at_stake_are_rounded_alike_on_both_databases(engine, write):
    """What differs by the way a database rounds a half of a float also stands in another order."""
    amounts = {"X1": "1.01", "X2": "1.05", "X3": "1.02", "X4": "1000000000000", "X5": "0.03"}
    named = PROJECT | {"name": "Support to refugees and host communities"}
    content = csv_text(*({**named, "project_id": x, "commitment_usd": a} for x, a in amounts.items()))
    assert take(engine, write("a.csv", content)).added == 5
    with writing(engine) as connection:
        connection.execute(update(tables.spend_fact).values(confidence=0.5))
    with reading(engine) as connection:
        rows = review_queue(connection, Filters(), 10)
    stakes = {row["project_id"]: row["at_stake_usd"] for row in rows}
    assert stakes == {"X1": 51, "X2": 53, "X3": 51, "X4": 50_000_000_000_000, "X5": 2}
    assert list(stakes) == ["X4", "X2", "X1", "X3", "X5"]


def test_a_filled_in_queue_can_be_imported_with_its_columns_for_the_eye(bundled, write):
    path = write("form.csv", f"{HEADER},_title\nP150064,worker_mobility,,,direct,sure,read it,me,2026-11-25,a title\n")
    assert ingest(bundled, RecordsAdapter("reviews"), [path]).changed == 1


def test_shares_that_do_not_add_up_are_refused_each_with_its_own_value(bundled, write):
    path = write(
        "reviews.csv",
        f"{HEADER}\nP167506-1,mobility_skills,25,,partial,sure,a table,me,2026-11-25\n"
        "P167506-1,not_migration,75.0001,,none,sure,a table,me,2026-11-25\n",
    )
    take(bundled, path)
    refused = [(row["field"], row["value"]) for row in rejected(bundled)]
    assert refused == [("share_percent", "25"), ("share_percent", "75.0001")]
    assert all("sum to 100.0001, expected 100" in row["reason"] for row in rejected(bundled))


def test_the_form_of_a_subject_with_shares_has_a_line_each_and_gives_them_back(bundled, write):
    path = write(
        "reviews.csv",
        f"{HEADER}\nP167506-1,mobility_skills,25,remittances;worker_mobility,partial,doubtful,a table,me,2026-11-25\n"
        "P167506-1,not_migration,75,,none,sure,a table,me,2026-11-25\n",
    )
    ingest(bundled, RecordsAdapter("reviews"), [path])
    before = component(bundled, "P167506-1")["amounts"]
    with reading(bundled) as connection:
        lines = as_form(connection, review_queue(connection, Filters(), 1000))
    mine = [[line[name] for name in FORM[:5]] for line in lines if line["subject_id"] == "P167506-1"]
    assert mine == [
        ["P167506-1", "mobility_skills", "25", "remittances;worker_mobility", "partial"],
        ["P167506-1", "not_migration", "75", None, "none"],
    ]
    filled = "".join(f"{','.join(cell or '' for cell in line)},doubtful,read again,me,2026-11-26\n" for line in mine)
    assert ingest(bundled, RecordsAdapter("reviews"), [write("form.csv", f"{HEADER}\n{filled}")]).changed == 2
    assert component(bundled, "P167506-1")["amounts"] == before


def test_new_rules_move_rows_only_after_they_were_shown(bundled, monkeypatch):
    """Rules that call every text remittances: reviewed rows stay, what the rules decided moves."""

    def all_remittances(_text: ClassifierInput) -> Verdict:
        return Verdict("remittances", (), "direct", 0.9, (), "1.0.0", "test")

    monkeypatch.setattr(rebuilding, "classify", all_remittances)
    with reading(bundled) as connection:
        before = latest_release(connection)
    moves, release = reclassify(bundled, dry_run=True)
    assert moves
    assert release is None
    with reading(bundled) as connection:
        assert latest_release(connection) == before
    applied, release = reclassify(bundled, dry_run=False)
    assert applied == moves
    assert release.release_id == before.release_id + 1
    assert {(move.category, move.after.relevance) for move in moves if move.after} == {("remittances", "direct")}
    assert component(bundled, "P174085-3")["category"] == "worker_return"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_files_that_commands_print_are_safe_to_open_and_take_back_what_was_decided(engine, write):
    evil = "=HYPERLINK(A1) Health care for refugees"
    take(engine, write("project.csv", csv_text(PROJECT | {"name": evil})))
    take(engine, write("bad.jsonl", json.dumps({"type": "project", **PROJECT, "project_id": "=1+1"})))
    form = list(csv.DictReader(io.StringIO(command(engine, "reviews", "queue").stdout)))
    assert [row["_project_name"] for row in form] == [f"'{evil}"]
    refused = list(csv.DictReader(io.StringIO(command(engine, "ingest", "errors", 2).stdout)))
    assert {row["value"] for row in refused} == {"'=1+1"}
    decided = {"subject_id": "X1", "category": "refugee_health", "relevance": "direct", "certainty": "sure"}
    decided |= {"reason": evil, "reviewer": "A", "reviewed_on": "2026-01-01"}
    take(engine, write("reviews.csv", csv_text(decided)))
    (kept,) = csv.DictReader(io.StringIO(command(engine, "reviews", "export").stdout))
    assert kept["reason"] == evil
