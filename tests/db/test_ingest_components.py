"""Components keep their identifiers for ever, whatever becomes of the source's list."""

import pytest

from db.ingest.records.components import component_hash
from models.records import ComponentRecord
from tests.data.export_helpers import PROJECT, adds_up, csv_text, everything, rejected, rows, take

TITLES = ("Training of workers", "Registration of refugees", "Project management")


def lines(*titles, as_of="2024-01-01", amount="1000000", **fields):
    """A list of components, as a file of records."""
    return csv_text(
        *(
            {
                "project_id": "X1",
                "ordinal": str(ordinal),
                "title": title,
                "amount_usd": amount,
                "amount_basis": "commitment",
                "source": "user-records",
                "as_of": as_of,
                **fields,
            }
            for ordinal, title in enumerate(titles, start=1)
        )
    )


def listed(engine, withdrawn=False):
    """Identifiers and titles of the components that stand, or of those withdrawn."""
    found = (row for row in rows(engine, "component") if row["granularity"] == "component")
    return {row["component_id"]: row["title"] for row in found if row["withdrawn"] is withdrawn}


def money(engine):
    """Cents of commitment by component."""
    facts = (row for row in rows(engine, "spend_fact") if row["measure"] == "commitment")
    return {row["component_id"]: row["amount_cents"] for row in facts}


@pytest.fixture
def bring(engine, write):
    """Take a list of components in, on a database that knows the project and its first list."""

    def take_in(content):
        report = take(engine, write("list.csv", content))
        assert adds_up(report)
        return report

    take_in(csv_text(PROJECT))
    take_in(lines(*TITLES))
    return take_in


def test_a_first_list_is_numbered_in_its_order(engine, bring):
    assert listed(engine) == {"X1-1": TITLES[0], "X1-2": TITLES[1], "X1-3": TITLES[2]}


class Later(ComponentRecord):
    """A record as a later version may know it, with fields that no file of before gives."""

    district: str | None = None
    pilot: bool = False


SAID = {"project_id": "X1", "ordinal": 1, "title": TITLES[0], "amount_usd": "1000000", "amount_basis": "cost"}


def test_the_hash_of_a_component_holds_when_a_version_adds_fields():
    stored = "eb705c12c5986763245e9f243899d38143476d91ef9cce3286913b53bd425cea"
    assert _hash(ComponentRecord, SAID) == stored
    assert _hash(Later, SAID) == stored
    assert _hash(Later, SAID | {"district": None, "pilot": "no"}) == stored
    given = [SAID | more for more in ({"district": "Arua"}, {"pilot": "yes"}, {"note": "so"}, {"extraction_flags": []})]
    assert len({stored, *(_hash(Later, fields) for fields in given)}) == 5


def _hash(model, fields):
    record = model.model_validate(fields)
    return component_hash(record, record.model_dump(mode="json"))


def test_each_record_of_a_list_is_dumped_once(engine, bring, monkeypatch):
    dumped = []
    dump = ComponentRecord.model_dump
    monkeypatch.setattr(ComponentRecord, "model_dump", lambda self, **how: dumped.append(self) or dump(self, **how))
    bring(lines(*TITLES, as_of="2024-06-01"))
    assert len(dumped) == 3


def test_a_reordered_list_keeps_identifiers_by_title(engine, bring):
    bring(lines(TITLES[2], TITLES[0].upper(), TITLES[1], as_of="2024-06-01"))
    assert listed(engine) == {"X1-1": TITLES[0].upper(), "X1-2": TITLES[1], "X1-3": TITLES[2]}


def test_a_reworded_title_at_the_same_position_keeps_its_identifier(engine, bring):
    reworded = "Registration of the refugees and hosts"
    bring(lines(TITLES[0], reworded, TITLES[2], as_of="2024-06-01"))
    assert listed(engine)["X1-2"] == reworded
    assert len(listed(engine)) == 3


def test_a_new_component_gets_a_number_that_was_never_used(engine, bring):
    """The third is withdrawn first: its number stays its own, though the new one stands third in the list."""
    bring(lines(*TITLES[:2], as_of="2024-06-01"))
    bring(lines(*TITLES[:2], "Cash for hosts", as_of="2024-09-01"))
    assert listed(engine) == {"X1-1": TITLES[0], "X1-2": TITLES[1], "X1-4": "Cash for hosts"}
    assert listed(engine, withdrawn=True) == {"X1-3": TITLES[2]}


def test_an_ambiguous_rename_is_refused_with_the_candidates_named(engine, bring):
    report = bring(lines(TITLES[0], "Cash for hosts", "Roads", as_of="2024-06-01"))
    assert report.rejected == 3
    for refused, title in zip(rejected(engine)[1:], ("Cash for hosts", "Roads"), strict=True):
        assert (refused["field"], refused["value"]) == ("title", title)
        assert "X1-2 'Registration of refugees'; X1-3 'Project management'" in refused["reason"]
    assert set(listed(engine)) == {"X1-1", "X1-2", "X1-3"}


def test_a_component_gone_from_a_newer_list_carries_no_money_but_keeps_its_review(engine, bring, write):
    review = {
        "subject_id": "X1-2",
        "category": "mobility_skills",
        "relevance": "direct",
        "certainty": "sure",
        "reason": "Says so",
        "reviewer": "A",
        "reviewed_on": "2024-01-01",
    }
    bring(csv_text(review))
    assert money(engine)["X1-2"] == 1_000_000_00
    report = bring(lines(TITLES[0], TITLES[2], as_of="2024-06-01"))
    assert report.withdrawn == 1
    assert listed(engine, withdrawn=True) == {"X1-2": TITLES[1]}
    assert "X1-2" not in money(engine)
    assert sum(money(engine).values()) == 5_000_000_00
    assert [row["subject_id"] for row in rows(engine, "review")] == ["X1-2"]
    effective = [r for r in rows(engine, "classification") if r["component_id"] == "X1-2" and r["effective"]]
    assert [(row["method"], row["category_code"]) for row in effective] == [("review", "mobility_skills")]


def test_a_list_that_is_not_complete_withdraws_nothing(engine, bring):
    report = bring(lines(TITLES[0], as_of="2024-06-01", list_complete="no"))
    assert (report.withdrawn, len(listed(engine))) == (0, 3)


@pytest.mark.parametrize("titles", [TITLES[:1], ("Something else", *TITLES)], ids=["shorter", "longer"])
def test_an_older_list_changes_nothing(engine, bring, titles):
    before = everything(engine)
    report = bring(lines(*titles, as_of="2023-01-01", amount="7"))
    assert (report.rejected, report.release_id) == (len(titles), None)
    assert {row["reason"] for row in rejected(engine)} == {"older than what is stored as of 2024-01-01, which stands"}
    assert everything(engine) == before


def test_a_list_without_a_date_is_told_that_it_yields(engine, bring):
    before = everything(engine)
    report = bring(lines("Something else", as_of=""))
    assert (report.unchanged, report.rejected) == (0, 1)
    assert rejected(engine)[0]["reason"] == "without a date it yields to what is stored as of 2024-01-01, which stands"
    assert everything(engine) == before


def test_a_line_that_is_older_than_what_stands_does_not_pass_with_newer_ones(engine, bring):
    newer, older = (
        lines(*TITLES, as_of=day, amount=amount) for day, amount in (("2024-02-01", "2"), ("2023-02-01", "3"))
    )
    mixed = [*newer.splitlines()[:3], older.splitlines()[3]]
    report = bring("\n".join(mixed) + "\n")
    assert (report.changed, report.rejected) == (0, 3)
    assert [money(engine)[f"X1-{number}"] for number in (1, 2, 3)] == [1_000_000_00] * 3
    part = [row + ("list_complete" if row.startswith("project_id") else "no") for row in (f"{line}," for line in mixed)]
    report = bring("\n".join(part) + "\n")
    assert (report.changed, report.rejected) == (2, 1)
    assert [money(engine)[f"X1-{number}"] for number in (1, 2, 3)] == [200, 200, 1_000_000_00]


def of_one_title(*amounts, as_of="2024-02-01", first=1):
    """A list whose components have one title, and amounts."""
    found = (lines("Technical assistance", as_of=as_of, amount=amount).splitlines() for amount in amounts)
    head, *_ = lines("x").splitlines()
    numbered = [row.replace("X1,1,", f"X1,{ordinal},") for ordinal, (_, row) in enumerate(found, start=first)]
    return "\n".join([head, *numbered]) + "\n"


@pytest.fixture
def assisted(engine, write):
    """Two components of one title: X1-1 of 10 dollars and X1-2 of 90."""
    for content in (csv_text(PROJECT), of_one_title("10", "90", as_of="2024-01-01")):
        take(engine, write("list.csv", content))
    return engine


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (of_one_title("90", "10"), {"X1-1": 1_000, "X1-2": 9_000}),  # another order
        (of_one_title("12", "95"), {"X1-1": 1_200, "X1-2": 9_500}),  # other amounts, under their numbers
        (of_one_title("90", first=2), {"X1-2": 9_000}),  # the first is gone
        (of_one_title("90"), {"X1-2": 9_000}),  # ... and the second is numbered anew
        (of_one_title("5", "90", "10"), {"X1-1": 1_000, "X1-2": 9_000, "X1-3": 500}),  # a new one before them
    ],
)
def test_components_of_one_title_keep_their_identifiers(assisted, write, content, left):
    assert take(assisted, write("newer.csv", content)).rejected == 0
    found = {key: cents for key, cents in money(assisted).items() if not key.endswith("remainder")}
    assert found == left


def test_one_that_stands_goes_before_one_of_its_title_that_was_withdrawn(assisted, write):
    take(assisted, write("second.csv", of_one_title("90", first=2)))
    assert take(assisted, write("third.csv", of_one_title("90", as_of="2024-03-01"))).withdrawn == 0
    assert {key for key in listed(assisted, withdrawn=True)} == {"X1-1"}


def test_which_of_one_title_is_gone_is_not_guessed(assisted, write):
    report = take(assisted, write("newer.csv", of_one_title("50", first=3)))
    assert (report.rejected, report.withdrawn) == (1, 0)
    assert {key: cents for key, cents in money(assisted).items() if "remainder" not in key} == {
        "X1-1": 1_000,
        "X1-2": 9_000,
    }


def test_a_withdrawn_component_that_a_newer_list_names_again_stands_again(engine, bring):
    bring(lines(*TITLES[:2], as_of="2024-06-01"))
    bring(lines(*TITLES, as_of="2024-09-01"))
    assert len(listed(engine)) == 3
    assert money(engine)["X1-3"] == 1_000_000_00


@pytest.mark.parametrize("as_of", ["2024-01-01", "2024-06-01"], ids=["same-date", "newer"])
def test_a_component_whose_line_is_refused_is_not_withdrawn(engine, bring, as_of):
    """The list still names it: a slip in one of its fields does not say that it is gone."""
    content = lines(*TITLES, as_of=as_of).replace(f"{TITLES[1]},1000000", f"{TITLES[1]},-5")
    report = bring(content)
    assert (report.rejected, report.withdrawn) == (3, 0)
    assert len(listed(engine)) == 3


def test_a_withdrawn_component_named_again_in_the_same_words_stands_again(engine, bring):
    """Lists without newer dates: what was withdrawn by one is brought back by the next."""
    bring(lines(*TITLES[:2]))
    report = bring(lines(*TITLES))
    assert set(listed(engine)) == {"X1-1", "X1-2", "X1-3"}
    assert report.changed == 1


def test_a_decision_with_a_refused_line_leaves_the_old_decision_standing(engine, bring):
    review = {"relevance": "direct", "certainty": "sure", "reason": "Says so", "reviewer": "A", "subject_id": "X1-2"}
    review["share_percent"] = "50"
    one, other = ({**review, "category": code} for code in ("mobility_skills", "host_communities"))
    bring(csv_text(*({**line, "reviewed_on": "2024-01-01"} for line in (one, other))))
    bring(csv_text(*({**line, "reviewed_on": "2024-02-01"} for line in (one, {**other, "certainty": "maybe"}))))
    standing = [row["category_code"] for row in rows(engine, "review") if not row["superseded"]]
    assert standing == ["mobility_skills", "host_communities"]


def test_a_project_of_the_world_bank_is_one_in_capitals_or_not(engine, bring):
    """Its components, its parent's and its reviews too; ids of others stay as they are."""
    bring(csv_text({**PROJECT, "project_id": "P174085"}, {**PROJECT, "parent_project_id": "p174085"}))
    small = {**PROJECT, "name": "In small letters"}
    bring(csv_text(*({**small, "project_id": number} for number in ("p174085", "p17408", "px174085", "p1740851"))))
    assert [row["project_id"] for row in rows(engine, "project")] == ["P174085", "X1", "p17408", "p1740851", "px174085"]
    assert {row["parent_project_id"] for row in rows(engine, "project")} == {"P174085", None}
    bring(lines(*TITLES).replace("X1", "p174085"))
    assert set(listed(engine)) == {f"{owner}-{number}" for owner in ("P174085", "X1") for number in (1, 2, 3)}
    review = {"relevance": "direct", "certainty": "sure", "reason": "Says so", "reviewer": "A", "share_percent": "50"}
    review |= {"subject_id": "p174085-3", "reviewed_on": "2024-01-01"}
    decision = [{**review, "category": code} for code in ("mobility_skills", "host_communities")]
    assert bring(csv_text(*decision)).added == 2
    assert {row["subject_id"] for row in rows(engine, "review")} == {"P174085-3"}
    slip = [{**decision[0], "share_percent": "100"}, {**decision[1], "certainty": "maybe"}]
    assert (bring(csv_text(*slip)).added, rejected(engine)[0]["record_id"]) == (0, "P174085-3")


def test_a_project_does_not_get_the_id_of_a_component(engine, bring):
    report = bring(csv_text({**PROJECT, "project_id": "X1-2"}, {**PROJECT, "project_id": "X1-7"}))
    assert (report.added, report.rejected) == (1, 1)
    (refused,) = rejected(engine)
    assert (refused["field"], refused["value"]) == ("project_id", "X1-2")
    assert refused["reason"] == "is in use for a component of X1: decisions on it could not be told apart"


def test_a_component_does_not_get_the_id_of_a_project(engine, bring):
    bring(csv_text({**PROJECT, "project_id": "X1-4"}))
    part = {"as_of": "2024-06-01", "list_complete": "no"}
    report = bring(lines(*TITLES, "Fourth", "Fifth", **part))
    assert (report.changed, report.added, report.rejected) == (3, 1, 1)
    (refused,) = rejected(engine)
    assert (refused["field"], refused["value"]) == ("ordinal", "4")
    assert refused["reason"] == "its id would be X1-4, which a project has: decisions on it could not be told apart"
    assert list(listed(engine)) == ["X1-1", "X1-2", "X1-3", "X1-5"]
