"""Decisions over HTTP: the rules of a file of reviews, by name, and only on what was read."""

import json
import time
from datetime import UTC, datetime
from functools import cache

import pytest

from db.engine import make_engine
from db.ingest import decisions
from db.ingest.adapters.records import RecordsAdapter
from db.migrate import upgrade
from db.run_lock import run_lock
from models.vocabulary import Scope
from tests.api.test_errors import problem
from tests.api.test_upload_faults import at_once
from tests.conftest import DATABASES, client_of, let_go
from tests.data.export_helpers import jsonl_text, rows, take
from tests.data.writing import RECORD, new_key, sender

ROW = "/v1/components/P167506-1"
QUARTER = {
    "subject_id": "P167506-1",
    "lines": [
        {"category": "mobility_skills", "share_percent": "25", "relevance": "partial"},
        {"category": "not_migration", "share_percent": "75", "relevance": "none"},
    ],
    "certainty": "sure",
    "reason": "appraisal table",
}
FORM = "subject_id,category,share_percent,relevance,certainty,reason,reviewer,reviewed_on\n"


class Desk:
    """A reviewer's place: asks, and decides with a key on what was read."""

    def __init__(self, engine):
        self.engine = engine
        self.ask = client_of(engine)
        self.key = new_key(engine, Scope.REVIEW, name="a reviewer")

    def tag(self, path=ROW):
        return self.ask(path).headers["etag"]

    def send(self, body, tag=None, method="POST", path="/v1/reviews"):
        headers = self.key | {"Content-Type": "application/json"} | ({} if tag is None else {"If-Match": tag})
        return self.ask(path, method, headers=headers, content=json.dumps(body))

    def change(self, body, tag, subject="P167506-1"):
        return self.send(body, tag, "PATCH", f"/v1/reviews/{subject}")

    def reviews(self):
        return [row for row in rows(self.engine, "review") if not row["superseded"]]


PROJECTS = jsonl_text(
    {"project_id": "P167506", "name": "Synthetic skills", "countries": "NPL", "commitment_usd": "300", "as_of": "2024"},
    {"project_id": "P150064", "name": "Synthetic mobility", "countries": "TON", "commitment_usd": "200"},
)
COMPONENTS = jsonl_text(
    {"project_id": "P167506", "ordinal": 1, "title": "Skills", "amount_usd": "100", "amount_basis": "commitment"},
    {"project_id": "P167506", "ordinal": 2, "title": "Roads", "amount_usd": "200", "amount_basis": "commitment"},
    kind="component",
)
FIRST = jsonl_text(
    *(
        {"subject_id": subject, "category": "remittances", "relevance": "direct", "certainty": "doubtful"}
        | {"reason": "a guess", "reviewer": "first coder", "reviewed_on": "2024-01-01"}
        for subject in ("P167506-1", "P167506-2", "P150064")
    ),
    kind="review",
)


def load(engine, folder):
    """A few projects with components, decided on by a first coder."""
    path = folder / "synthetic.jsonl"
    path.write_text(PROJECTS + COMPONENTS + FIRST, encoding="utf-8")
    assert take(engine, path).rejected == 0


@pytest.fixture(scope="module")
def pattern(new_database, template, tmp_path_factory):
    """The address of a loaded database of a kind, to copy: that takes less than to load each anew."""

    @cache
    def of(kind):
        engine = make_engine(new_database(kind, like=template(kind)))
        load(engine, tmp_path_factory.mktemp("records"))
        let_go(engine)
        return engine.url.render_as_string(hide_password=False)

    return of


@pytest.fixture(params=DATABASES)
def desk(request, pattern, new_database):
    engine = make_engine(new_database(request.param, like=pattern(request.param)))
    yield Desk(engine)
    let_go(engine)


def test_a_decision_is_what_a_file_of_it_would_be(desk, new_database, write, tmp_path):
    answer = desk.send({**QUARTER, "reviewer": "me", "reviewed_on": "2026-11-20"}, desk.tag())
    assert answer.status_code == 200, answer.text
    twin = make_engine(new_database(desk.engine.dialect.name))
    upgrade(twin)
    load(twin, tmp_path)
    lines = "".join(
        f"P167506-1,{line['category']},{line['share_percent']},{line['relevance']},sure,appraisal table,me,2026-11-20\n"
        for line in QUARTER["lines"]
    )
    take(twin, write("reviews.csv", FORM + lines), RecordsAdapter("reviews"))
    here, there = (rows(engine, "release")[-1] for engine in (desk.engine, twin))
    assert (here["release_id"], here["content_sha256"]) == (there["release_id"], there["content_sha256"])
    assert rows(desk.engine, "review") == rows(twin, "review")
    let_go(twin)


def test_the_answer_shows_the_new_verdict_and_its_release(desk):
    answer = desk.send(QUARTER, desk.tag())
    body = answer.json()
    data = body["data"]
    assert (data["release_id"], body["meta"]["release"]) == (2, 2)
    (row,) = data["rows"]
    assert (row["component_id"], row["method"], row["confidence"]) == ("P167506-1", "review", 0.9)
    assert row == desk.ask(ROW).json()["data"]
    assert {line["category"]: line["share_percent"] for line in data["decision"]} == {
        "mobility_skills": "25",
        "not_migration": "75",
    }
    assert {line["reviewer"] for line in data["decision"]} == {"a reviewer"}
    assert {line["reviewed_on"] for line in data["decision"]} == {datetime.now(UTC).date().isoformat()}
    assert answer.headers["cache-control"] == "no-store"
    run = rows(desk.engine, "submission")[-1]
    assert (run["run_id"], run["key_id"]) == (data["run_id"], 1)


def test_the_same_decision_again_makes_no_release(desk):
    desk.send(QUARTER, desk.tag())
    again = desk.send(QUARTER, desk.tag())
    assert (again.status_code, again.json()["data"]["release_id"]) == (200, None)


def test_without_what_was_read_nothing_is_decided(desk):
    before = rows(desk.engine, "review")
    for answer in (desk.send(QUARTER), desk.change({"reason": "other"}, None)):
        assert ROW in problem(answer, 428)["detail"]
    (item,) = problem(desk.send(QUARTER, "fff"), 422)["errors"]
    assert (item["parameter"], "in its quotes" in item["message"]) == ("If-Match", True)
    assert rows(desk.engine, "review") == before


def test_a_row_that_changed_since_it_was_read_is_a_conflict(desk):
    tag = desk.tag()
    assert desk.send(QUARTER, tag).status_code == 200
    before = desk.reviews()
    for answer in (desk.send({**QUARTER, "reason": "other"}, tag), desk.change({"reason": "other"}, tag)):
        body = problem(answer, 409)
        assert body["type"].endswith("/changed-meanwhile")
        (item,) = body["errors"]
        assert (item["parameter"], item["value"], item["suggestion"]) == ("If-Match", tag, f"the ETag of GET {ROW}")
    assert desk.reviews() == before
    assert desk.change({"reason": "other"}, desk.tag()).status_code == 200


@pytest.mark.parametrize(
    ("column", "value", "conflict"),
    [("objective", "Another aim", True), ("commitment_usd", "400", True), (None, None, False)],
)
def test_only_what_concerns_the_row_is_a_conflict(desk, write, column, value, conflict):
    """A new statement on its project is one, a release about another project is none."""
    tag = desk.tag()
    own = f"project_id,name,countries,{column},as_of\nP167506,Synthetic skills,NPL,{value},2026-11-20\n"
    other = "project_id,name,countries,commitment_usd\nS00001,Synthetic project,JOR,1000\n"
    assert take(desk.engine, write("one.csv", own if conflict else other)).release_id == 2
    answer = desk.send(QUARTER, tag)
    assert answer.status_code == (409 if conflict else 200), answer.text


@pytest.mark.parametrize("form", ["W/{}", '"x", {}', "{}", "*"])
def test_a_tag_counts_in_every_form(desk, form):
    assert desk.send(QUARTER, form.format(desk.tag())).status_code == 200


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_a_tag_counts_in_every_encoding(desk, encoding):
    tag = desk.ask(ROW, headers={"Accept-Encoding": encoding}).headers["etag"]
    assert desk.send(QUARTER, tag).status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "text/html, image/png, image/svg+xml, */*;q=0.8", "image/png, */*;q=0.8"])
def test_a_tag_counts_as_browsers_ask_for_it(desk, accept):
    tag = desk.ask(ROW, headers={"Accept": accept}).headers["etag"]
    assert desk.send(QUARTER, tag).status_code == 200


@pytest.mark.parametrize("path", ["/v1/components/P167506-2", "/v1/projects/P167506", f"{ROW}?fields=title"])
def test_the_tag_of_another_answer_is_a_conflict(desk, path):
    problem(desk.send(QUARTER, desk.tag(path)), 409)


def test_of_two_who_read_the_same_one_decides(desk):
    tag = desk.tag()
    answers = at_once(*(lambda n=n: desk.send({**QUARTER, "reason": f"reason {n}"}, tag) for n in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    assert {line["reason"] for line in desk.reviews() if line["subject_id"] == "P167506-1"} == {f"reason {winner}"}


def test_many_decisions_that_wait_for_a_run_do_not_keep_readers_waiting(desk, monkeypatch):
    monkeypatch.setattr(decisions, "PATIENCE_SECONDS", 8.0)
    monkeypatch.setattr(decisions, "PLACE_SECONDS", 0.1)
    tag, seconds = desk.tag(), []

    def read():
        for number in range(5):
            began = time.monotonic()
            assert desk.ask(f"/v1/spend?group_by=year&year_from={1990 + number}").status_code == 200
            seconds.append(time.monotonic() - began)

    with run_lock(desk.engine):
        answers = at_once(*[lambda: desk.send(QUARTER, tag)] * 20, read)[:-1]
    refused = [problem(answer, 503) for answer in answers]
    assert all(one["type"].endswith("/busy") for one in refused)
    assert sum("other decisions wait" in one["detail"] for one in refused) >= 20 - decisions.AT_ONCE
    assert all(answer.headers["retry-after"] for answer in answers)
    assert sum(seconds) < decisions.PATIENCE_SECONDS, "they were answered while decisions waited"
    assert desk.send(QUARTER, tag).status_code == 200


def test_a_change_keeps_what_it_does_not_name(desk):
    desk.send({**QUARTER, "reviewer": "me"}, desk.tag())
    changed = desk.change({"certainty": "doubtful"}, desk.tag()).json()["data"]
    assert {line["category"]: line["share_percent"] for line in changed["decision"]} == {
        "mobility_skills": "25",
        "not_migration": "75",
    }
    assert {(line["certainty"], line["reason"], line["reviewer"]) for line in changed["decision"]} == {
        ("doubtful", "appraisal table", "a reviewer")
    }
    lines = [{"category": "worker_mobility", "relevance": "direct"}]
    changed = desk.change({"lines": lines}, desk.tag()).json()["data"]
    assert [(line["category"], line["certainty"]) for line in changed["decision"]] == [("worker_mobility", "doubtful")]
    history = changed["rows"][0]["review_history"]
    assert [line["counts"] for line in history] == [True] + [False] * (len(history) - 1)
    assert len(history) == 6


def test_a_project_is_decided_on_by_its_own_tag(desk):
    body = {**QUARTER, "subject_id": "P150064", "lines": [{"category": "worker_mobility", "relevance": "direct"}]}
    answer = desk.send(body, desk.tag("/v1/projects/P150064"))
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["data"]["rows"]
    assert (row["project_id"], row["category"], row["granularity"]) == ("P150064", "worker_mobility", "project")
    assert "/v1/projects/P150064" in problem(desk.send(body), 428)["detail"]


@pytest.mark.parametrize(
    ("change", "parameter", "words"),
    [
        ({"lines": [{"category": "remitances", "relevance": "direct"}]}, "/lines/0/category", "did you mean"),
        ({"lines": [{"category": "remittances", "relevance": "none"}]}, "/lines/0", "not_migration"),
        ({"lines": [QUARTER["lines"][0]]}, "/lines/0/share_percent", "sum to 25"),
        ({"lines": [QUARTER["lines"][0]] * 2}, "/lines/1/category", "already"),
        ({"reviewed_on": "1900-01-01"}, "/reviewed_on", "1944"),
    ],
)
def test_the_rules_are_those_of_a_file(desk, change, parameter, words):
    before = desk.reviews()
    body = problem(desk.send({**QUARTER, **change}, desk.tag()), 422)
    assert body["type"].endswith("/records-refused")
    assert body["errors"][0]["parameter"].startswith(parameter)
    assert words in body["errors"][0]["message"]
    assert desk.reviews() == before
    assert len(rows(desk.engine, "release")) == 1


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({**QUARTER, "reson": "x"}, "reson"),
        ({**QUARTER, "certainty": "certain"}, "certainty"),
        ({**QUARTER, "reason": " "}, "reason"),
        ({**QUARTER, "reason": "\ud800"}, "reason"),
        ({**QUARTER, "subject_id": "\ud800"}, "subject_id"),
        ({**QUARTER, "lines": []}, "lines"),
        ({**QUARTER, "reviewed_on": 1_732_406_400}, "reviewed_on"),
        ({**QUARTER, "reviewed_on": "1732406400"}, "reviewed_on"),
        ({**QUARTER, "reviewed_on": "2024-11-24T00:00:00"}, "reviewed_on"),
        ({**QUARTER, "reviewed_on": "2024-02-30"}, "reviewed_on"),
        ({**QUARTER, "reviewed_on": True}, "reviewed_on"),
        ({name: value for name, value in QUARTER.items() if name != "reason"}, "reason"),
    ],
)
def test_a_body_of_another_shape_is_refused_by_name(desk, body, parameter):
    assert problem(desk.send(body, desk.tag()), 422)["errors"][0]["parameter"] == parameter
    assert rows(desk.engine, "submission") == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"reviewed_on": "2024-02-30"}, "reviewed_on: is not a day of the calendar"),
        ({"reviewed_on": 1_732_406_400}, "reviewed_on: is not a day written as 2014-01-31"),
        ({"lines": []}, "lines: has 0 items, at least 1 is needed"),
        ({"lines": QUARTER["lines"] * 11}, "lines: has 22 items, at most 20 are taken"),
    ],
)
def test_what_is_wrong_with_a_body_is_told_in_plain_words(desk, body, words):
    for answer in (desk.send({**QUARTER, **body}, "*"), desk.change(body, "*")):
        assert problem(answer, 422)["errors"][0]["message"] == words


@pytest.mark.parametrize(
    ("method", "path", "named"), [("POST", "", "accept-post"), ("PATCH", "/P167506-1", "accept-patch")]
)
def test_a_body_of_another_kind_is_not_read(desk, method, path, named):
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}):
        answer = desk.ask(f"/v1/reviews{path}", method, headers=desk.key | headers, content=json.dumps(QUARTER))
        (item,) = problem(answer, 415)["errors"]
        assert item["parameter"] == list(headers)[-1]
        assert answer.headers[named] == "application/json"


def test_without_a_body_a_missing_key_is_told_first(desk):
    problem(desk.ask("/v1/reviews", "POST"), 401)
    (item,) = problem(desk.ask("/v1/reviews", "POST", headers=desk.key | {"If-Match": "*"}), 422)["errors"]
    assert item["message"] == "body: is needed"


LINE = QUARTER["lines"][0]


@pytest.mark.parametrize(
    ("lines", "parameter", "value", "words"),
    [
        ([{**LINE, "share_percent": 100}], "/lines/0/share_percent", "100", "text"),
        ([LINE, {**LINE, "share_percent": "x"}], "/lines/1/share_percent", "x", "decimals"),
        ([LINE, {**LINE, "relevance": "parti"}], "/lines/1/relevance", "parti", "'partial'"),
        ([{"category": "remittances"}], "/lines/0/relevance", None, "is needed"),
        ([{**LINE, "secondary_categories": ["remittances", 3]}], "/lines/0/secondary_categories/1", "3", "text"),
        ([{**LINE, "a/b~": 1}], "/lines/0/a~1b~0", "1", "there is no parameter"),
    ],
)
def test_what_is_wrong_within_a_line_is_named_by_a_pointer(desk, lines, parameter, value, words):
    for answer in (desk.send({**QUARTER, "lines": lines}, "*"), desk.change({"lines": lines}, "*")):
        (item,) = problem(answer, 422)["errors"]
        assert (item["parameter"], item.get("value")) == (parameter, value)
        assert words in item["message"]


def test_a_member_of_a_line_that_is_not_there_is_met_with_those_that_are(desk):
    lines = [{**LINE, "share_procent": "25"}]
    for answer in (desk.send({**QUARTER, "lines": lines}, "*"), desk.change({"lines": lines}, "*")):
        (item,) = problem(answer, 422)["errors"]
        assert item["parameter"] == "/lines/0/share_procent"
        assert item["allowed"] == ["category", "relevance", "share_percent", "secondary_categories"]
        assert item["suggestion"] == "share_percent"


@pytest.mark.parametrize("subject", ["P167506-99", "P167506-whole", "nobody", "%00"])
def test_what_is_not_there_cannot_be_decided_on(desk, subject):
    problem(desk.change({"reason": "x"}, "*", subject), 404)
    problem(desk.send({**QUARTER, "subject_id": subject}, "*"), 404)


def test_where_nothing_was_decided_there_is_nothing_to_change(desk):
    sender(desk.engine, new_key(desk.engine, Scope.INGEST, name="other"))([RECORD])
    answer = problem(desk.change({"reason": "x"}, "*", "X1"), 404)
    assert "decision" in answer["detail"]
    assert answer["errors"][0]["parameter"] == "subject_id"
    assert desk.send({**QUARTER, "subject_id": "X1", "lines": QUARTER["lines"]}, "*").status_code == 200
