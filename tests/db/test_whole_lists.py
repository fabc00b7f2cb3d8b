"""A list of components replaces another whole or not at all: never half of it beside the other half of the one before."""

import json

import pytest

from tests.data.commands import command
from tests.data.export_helpers import PROJECT, adds_up, csv_text, everything, rejected, rows, take
from tests.data.writing import CSV, data_of, sender

ANOTHER = "another line of this list was refused: a list is taken whole or not at all"
TITLES = ("Training", "Registration", "Management")
OLD = {"X1-1": 1_000_000_00, "X1-2": 1_000_000_00, "X1-3": 1_000_000_00, "X1-remainder": 2_000_000_00}
NEW = {"X1-1": 2_000_000_00, "X1-2": 1_500_000_00, "X1-3": 1_500_000_00}
NEWER = ("2000000", "1500000", "1500000")


def listed(*amounts, titles=TITLES, as_of="2024-06-01", owner="X1", **fields):
    """The lines of a list, with their amounts in dollars."""
    own = {"project_id": owner, "amount_basis": "commitment", "as_of": as_of, **fields}
    pairs = enumerate(zip(titles, amounts, strict=False), start=1)
    return [{**own, "ordinal": str(place), "title": title, "amount_usd": cost} for place, (title, cost) in pairs]


def jsonl(*records):
    """Records of any kind, one a line, and texts as they are."""

    def kind(record):
        return "review" if "subject_id" in record else "component" if "ordinal" in record else "project"

    lines = (r if isinstance(r, str) else json.dumps({"type": kind(r)} | r) for r in records)
    return "\n".join(lines) + "\n"


def money(engine, owner="X1"):
    """Cents of a project's commitment by component."""
    facts = (row for row in rows(engine, "spend_fact") if row["measure"] == "commitment")
    return {row["component_id"]: row["amount_cents"] for row in facts if row["project_id"] == owner}


@pytest.fixture
def bring(engine, write):
    """Take records in, on a database that knows the project and its first list."""

    def take_in(content, name="list.csv"):
        report = take(engine, write(name, content))
        assert adds_up(report)
        return report

    take_in(csv_text(PROJECT))
    take_in(csv_text(*listed("1000000", "1000000", "1000000", as_of="2024-01-01")))
    assert money(engine) == OLD
    return take_in


SLIP = csv_text(*listed(NEWER[0], "-5", NEWER[2]))


def test_on_the_command_line_a_list_with_a_refused_line_leaves_all_as_it_was(engine, bring, write):
    before = everything(engine)
    done = command(engine, "ingest", "records", write("newer.csv", SLIP))
    assert (done.returncode, done.stderr) == (0, "")
    assert "read 3, added 0, changed 0, unchanged 0, rejected 3" in done.stdout
    assert "nothing changed, no new release" in done.stdout
    assert everything(engine) == before
    reasons = command(engine, "ingest", "errors", rows(engine, "ingest_run")[-1]["run_id"]).stdout
    assert reasons.count(ANOTHER) == 2
    assert reasons.count("is negative") == 1


@pytest.mark.parametrize("on_error", ["accept_good", "reject_all"])
def test_over_http_a_list_with_a_refused_line_leaves_all_as_it_was(engine, bring, on_error):
    send, before = sender(engine), data_of(engine)
    answer = send(SLIP.encode(), f"?on_error={on_error}", CSV)
    assert answer.status_code == (200 if on_error == "accept_good" else 422)
    assert data_of(engine) == before
    told = {row["place"]: (row["field"], row["value"], row["reason"]) for row in rejected(engine)}
    assert told == {
        "line 2": ("project_id", "X1", ANOTHER),
        "line 3": ("amount_usd", "-5", "'-5' is negative; a total or a component is zero or more"),
        "line 4": ("project_id", "X1", ANOTHER),
    }


def test_a_list_that_is_mended_is_taken_whole(engine, bring):
    bring(SLIP)
    assert bring(csv_text(*listed(*NEWER))).changed == 3
    assert money(engine) == NEW


def test_other_lists_of_the_file_get_in(engine, bring):
    bring(csv_text({**PROJECT, "project_id": "X2"}))
    report = bring(csv_text(*listed(NEWER[0], "-5", NEWER[2]), *listed(*NEWER, owner="X2")))
    assert (report.added, report.rejected) == (3, 3)
    assert (money(engine), sorted(money(engine, "X2").values())) == (OLD, sorted(NEW.values()))


def test_what_a_list_with_a_refused_line_leaves_out_is_not_withdrawn(engine, bring):
    assert bring(csv_text(*listed(NEWER[0], "-5"))).withdrawn == 0
    assert money(engine) == OLD


def test_of_a_first_list_each_good_line_is_taken_as_a_part_until_it_comes_whole(engine, bring):
    """There is no older half to stand beside."""
    bring(csv_text({**PROJECT, "project_id": "X2"}))
    broken = csv_text(*listed(*NEWER[:2], "much", owner="X2"))

    def is_complete():
        return {row["list_complete"] for row in rows(engine, "component") if row["component_id"] in ("X2-1", "X2-2")}

    report = bring(broken)
    assert (report.added, report.rejected) == (2, 1)
    taken = {"X2-1": 2_000_000_00, "X2-2": 1_500_000_00, "X2-remainder": 1_500_000_00}
    assert (money(engine, "X2"), is_complete()) == (taken, {False})
    before = data_of(engine)
    report = bring(broken)
    assert (report.unchanged, report.rejected, data_of(engine) == before) == (2, 1, True)
    report = bring(csv_text(*listed(*NEWER, owner="X2")))
    assert (report.added, report.changed, report.rejected) == (1, 2, 0)
    assert (sorted(money(engine, "X2").values()), is_complete()) == (sorted(NEW.values()), {True})


def test_of_a_part_of_a_list_each_good_line_is_taken(engine, bring):
    report = bring(csv_text(*listed(NEWER[0], "-5", NEWER[2], list_complete="no")))
    assert (report.changed, report.rejected, report.withdrawn) == (2, 1, 0)
    assert money(engine) == OLD | {"X1-1": NEW["X1-1"], "X1-3": NEW["X1-3"], "X1-remainder": 500_000_00}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (listed(*NEWER, titles=(TITLES[0], "Roads", TITLES[2])), "new, or one of these under a new title: X1-2"),
        ([*listed(*NEWER)[:2], *listed(*NEWER, as_of="2023-01-01")[2:]], "older than what is stored as of 2024-01-01"),
        (
            [*listed(*NEWER), *listed("7", titles=("Other",))],
            "component X1 1 was read at line 2 already: expected each",
        ),
        (listed(*NEWER, "5", titles=(*TITLES, "Clash")), "its id would be X1-4, which a project has"),
    ],
    ids=["new-title", "older-line", "repeated", "id-of-a-project"],
)
def test_whatever_a_line_is_refused_for_the_list_is_not_taken_by_half(engine, bring, lines, reason):
    bring(csv_text({**PROJECT, "project_id": "X1-4"}))
    report = bring(csv_text(*lines))
    assert (report.changed, report.added, report.withdrawn, report.rejected) == (0, 0, 0, len(lines))
    assert money(engine) == OLD
    own = [row["reason"] for row in rejected(engine) if row["reason"] != ANOTHER]
    assert [found.startswith(reason) for found in own] == [True]


@pytest.mark.parametrize("slip", ["{", json.dumps({"type": "part", "project_id": "X1"}), listed("5", owner="X 1")[0]])
def test_a_line_that_does_not_say_whose_it_is_may_be_of_any_list_that_leaves_something_out(engine, bring, slip):
    bring(csv_text({**PROJECT, "project_id": "X2"}, {**PROJECT, "project_id": "X3"}))
    bring(csv_text(*listed(*NEWER, owner="X2", as_of="2024-01-01")))
    lists = [*listed(*NEWER[:2]), *listed(*NEWER[::-1], owner="X2"), *listed(*NEWER, owner="X3")]
    report = bring(jsonl(*lists, slip), "list.jsonl")
    assert (report.changed, report.added, report.withdrawn, report.rejected) == (3, 3, 0, 3)
    assert money(engine) == OLD
    assert (
        sum(row["reason"].startswith("its list leaves out X1-3, and a line was refused") for row in rejected(engine))
        == 2
    )


REVIEW = {"relevance": "direct", "certainty": "sure", "reason": "Says so", "reviewer": "A", "reviewed_on": "2024-01-01"}


def decision(*shares):
    """The lines of a decision on the project."""
    codes = ("mobility_skills", "host_communities")
    pairs = zip(codes, shares, strict=True)
    return [{**REVIEW, "subject_id": "X1", "category": code, "share_percent": share} for code, share in pairs]


def test_a_refused_line_of_a_decision_or_a_project_costs_no_list(engine, bring):
    report = bring(jsonl(PROJECT, PROJECT, *listed(*NEWER), *decision("50", "x")), "all.jsonl")
    assert (report.changed, report.rejected, money(engine)) == (3, 3, NEW)


def test_a_refused_line_of_a_list_costs_no_decision(engine, bring):
    report = bring(jsonl(*listed(NEWER[0], "-5", NEWER[2]), *decision("50", "50")), "all.jsonl")
    assert (report.added, report.rejected, money(engine)) == (2, 3, OLD)
