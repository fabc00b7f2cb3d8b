"""The playground: a text in, a verdict with its words out."""

import gzip

import pytest

from tests.api.test_errors import problem


def post(get, **options):
    return get("/v1/classify", method="POST", **options)


def test_a_text_is_classified_with_the_words_it_rests_on(get):
    text = {"name": "Skills Project", "objective": "To train and certify workers for overseas employment."}
    found = post(get, json=text).json()
    assert (found["category"], found["relevance"]) == ("mobility_skills", "direct")
    assert found["evidence"]
    for item in found["evidence"]:
        if isinstance(text.get(item["field"]), str):
            assert text[item["field"]][item["start"] : item["end"]] == item["words"]


def test_nothing_is_not_migration(get):
    assert post(get, json={}).json()["category"] == "not_migration"


def test_an_unknown_field_and_a_long_text_are_named(get):
    body = post(get, json={"titel": "x"}).json()
    assert (body["status"], body["errors"][0]["parameter"]) == (422, "titel")
    body = post(get, json={"name": "x" * 2001}).json()
    assert (body["status"], body["errors"][0]["parameter"]) == (422, "name")


def test_of_many_unknown_fields_the_first_are_named_and_the_rest_counted(get):
    items = problem(post(get, json={f"a{number}": 1 for number in range(3_000)}), 422)["errors"]
    assert [item["parameter"] for item in items] == [*(f"a{number}" for number in range(19)), "body"]
    assert "2,981 more" in items[-1]["message"]


@pytest.mark.parametrize(
    ("body", "parameter", "value"),
    [
        ('{"name": "\\ud800"}', "name", "\\ud800"),
        ('{"name": "one \\udfff"}', "name", "one \\udfff"),
        ('{"\\ud800": "x"}', "body", "\\ud800"),
    ],
)
def test_half_a_surrogate_pair_is_refused_and_shown_as_it_was_written(body, parameter, value, get):
    answer = problem(post(get, content=body, headers={"Content-Type": "application/json"}), 422)
    assert [(item["parameter"], item["value"]) for item in answer["errors"]] == [(parameter, value)]


def test_a_body_that_is_no_json_or_too_large_is_refused(get):
    for content, status in ((b"{", 400), (b'"\xff"', 400), (b'{"objective": "' + b"x" * 300_000 + b'"}', 413)):
        body = problem(post(get, content=content, headers={"Content-Type": "application/json"}), status)
        assert [(item["parameter"], item["message"]) for item in body["errors"]] == [("body", body["detail"])]


@pytest.mark.parametrize(
    ("headers", "parameter", "allowed"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, "Content-Type", "application/json"),
        ({"Content-Type": "application/json; charset=latin-1"}, "Content-Type", "application/json; charset=utf-8"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "Content-Encoding", "identity"),
    ],
)
def test_a_body_of_another_kind_is_not_read(headers, parameter, allowed, get):
    for content in (b"{}", gzip.compress(b"{}")):
        answer = post(get, content=content, headers=headers)
        (item,) = problem(answer, 415)["errors"]
        assert (item["parameter"], item["allowed"]) == (parameter, [allowed])
        assert answer.headers["accept-post"] == "application/json"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=UTF-8",
        "application/json; charset=ascii",
        "application/merge-patch+json",
        "application/vnd.api+json; charset=utf-8",
        "application/ld+json",
    ],
)
def test_a_body_is_taken_with_its_charset_and_under_every_name_of_json(kind, get):
    found = post(get, content=b'{"name": 1}', headers={"Content-Type": kind})
    assert problem(found, 422)["errors"][0]["parameter"] == "name"  # so it was read
    assert post(get, content=b"{}", headers={"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize("kind", ["text/ld+json", "application/+json", "application/ld+json+x", "application/a/b+json"])
def test_what_only_looks_like_a_name_of_json_is_not_read(kind, get):
    assert (
        problem(post(get, content=b"{}", headers={"Content-Type": kind}), 415)["errors"][0]["parameter"]
        == "Content-Type"
    )
