"""Who may write: keys with scopes, shown once, stored as hashes, revoked at once."""

import re

import pytest

from api.routers import ingest as routes
from db import keys
from db.engine import reading, writing
from models.vocabulary import Scope
from tests.api.test_errors import problem
from tests.conftest import client_of
from tests.data.commands import command
from tests.data.export_helpers import rows
from tests.data.writing import CSV, RECORD, new_key, sender, until

KEYED = [
    ("POST", "/v1/ingest/records", "ingest"),
    ("GET", "/v1/ingest/runs", "ingest"),
    ("GET", "/v1/ingest/runs/1", "ingest"),
    ("GET", "/v1/ingest/runs/1/errors", "ingest"),
    ("POST", "/v1/reviews", "review"),
    ("PATCH", "/v1/reviews/P1", "review"),
]


def kind(body):
    return body["type"].rpartition("/")[2]


@pytest.mark.parametrize(("method", "path", "scope"), KEYED)
def test_without_any_key_writing_is_off(engine, method, path, scope):
    body = problem(client_of(engine)(path, method), 403)
    assert kind(body) == "writing-off"
    assert "key" in body["detail"]


def test_what_is_off_stands_in_the_document(engine):
    document = client_of(engine)("/openapi.json").json()
    for method, path, _ in KEYED:
        found = document["paths"][re.sub(r"/runs/1", "/runs/{run_id}", path).replace("/P1", "/{subject_id}")]
        assert found[method.lower()]["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


@pytest.mark.parametrize(("method", "path", "scope"), KEYED)
def test_a_key_that_is_missing_unknown_or_revoked_is_a_401(engine, method, path, scope):
    revoked = new_key(engine, name="gone")
    with writing(engine) as connection:
        assert keys.revoke_key(connection, "gone")
    other = {"Authorization": f"Bearer {keys.new_token()}"}
    near = {"Authorization": new_key(engine)["Authorization"][:-1] + "x"}
    ask = client_of(engine)
    for headers in ({}, {"Authorization": "Basic eDp5"}):
        answer = ask(path, method, headers=headers)
        assert kind(problem(answer, 401)) == "unauthorized"
        assert answer.headers["www-authenticate"] == 'Bearer realm="Migration Finance API"'
    for headers in (revoked, other, near, {"Authorization": "Bearer \u00e9".encode("latin-1")}):
        answer = ask(path, method, headers=headers)
        body = problem(answer, 401)
        assert kind(body) == "unauthorized"
        assert [item["parameter"] for item in body["errors"]] == ["Authorization"]
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path", "scope"), KEYED)
def test_a_key_without_the_scope_is_a_403_that_names_it(engine, method, path, scope):
    wrong = next(other for other in Scope if other != scope)
    answer = client_of(engine)(path, method, headers=new_key(engine, wrong))
    body = problem(answer, 403)
    assert kind(body) == "scope-missing"
    assert [(item["value"], item["allowed"]) for item in body["errors"]] == [(f"a key with {wrong}", [scope])]
    assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["www-authenticate"]


REVIEW = {
    "type": "review",
    "subject_id": "X1",
    "category": "not_migration",
    "relevance": "none",
    "certainty": "sure",
    "reason": "No word of displacement.",
    "reviewer": "somebody else",
    "reviewed_on": "2026-11-24",
}


@pytest.mark.parametrize("later", [False, True])
def test_a_review_among_records_needs_the_scope_to_decide(engine, later, monkeypatch):
    if later:
        monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0.0)
    component = {"type": "component", "project_id": "X1", "ordinal": 1, "title": "Wells"}
    sent = [RECORD, component, REVIEW, {**REVIEW, "subject_id": 5}, {"type": "review"}]
    answer = sender(engine, new_key(engine, Scope.INGEST, name="sends"))(sent)
    assert answer.status_code == (202 if later else 200)
    until(lambda: rows(engine, "ingest_run")[-1]["status"] == "done", "the run is done")
    assert [rows(engine, "ingest_run")[-1][name] for name in ("added", "rejected")] == [2, 3]
    assert rows(engine, "review") == []
    refused = rows(engine, "rejected_record")
    assert [(row["place"], row["field"], row["value"]) for row in refused] == [
        (f"/{number}", "type", "review") for number in (2, 3, 4)
    ]
    assert all("project, component" in row["reason"] and "scope review" in row["reason"] for row in refused)


def test_a_table_of_reviews_needs_the_scope_to_decide(engine):
    named = {name: value for name, value in REVIEW.items() if name != "type"}
    table = ",".join(named) + "\n" + ",".join(named.values()) + "\n"
    sender(engine, new_key(engine, name="does all"))(RECORD)
    answer = sender(engine, new_key(engine, Scope.INGEST, name="sends"))(table, "", CSV)
    (error,) = answer.json()["errors"]
    assert (error["place"], error["field"], error["value"]) == ("line 2", "type", "review")
    assert rows(engine, "review") == []
    assert sender(engine, new_key(engine, *Scope, name="decides"))(table, "", CSV).json()["data"]["added"] == 1
    assert [row["reviewer"] for row in rows(engine, "review")] == ["somebody else"]


def test_what_is_stored_of_a_key_does_not_open_anything(engine):
    shown = new_key(engine, Scope.INGEST)
    (stored,) = rows(engine, "api_key")
    token = shown["Authorization"].removeprefix("Bearer ")
    assert token not in str(stored)
    assert token.rpartition("_")[2] not in str(stored)
    for guess in (stored["token_sha256"], stored["prefix"], f"{stored['prefix']}_{stored['token_sha256']}"):
        problem(client_of(engine)("/v1/ingest/runs", headers={"Authorization": f"Bearer {guess}"}), 401)


def test_a_run_tells_the_key_and_never_the_token(engine):
    key = new_key(engine, Scope.INGEST, name="statistics office")
    answer = sender(engine, key)([RECORD])
    run = client_of(engine)("/v1/ingest/runs/1", headers=key)
    for text in (answer.text, run.text):
        assert key["Authorization"].rpartition("_")[2] not in text
    assert (run.json()["data"]["key_name"], run.json()["data"]["key_id"]) == ("statistics office", 1)
    listed = command(engine, "ingest", "runs").stdout
    assert "statistics office" in listed
    assert key["Authorization"].rpartition("_")[2] not in listed
    assert rows(engine, "api_key")[0]["last_used_at"] is not None


def test_names_of_keys_are_never_used_again(engine):
    new_key(engine, name="one")
    with writing(engine) as connection:
        keys.revoke_key(connection, "one")
    with pytest.raises(keys.NameTakenError, match="'one'"):
        new_key(engine, name="one")


def cli(engine, *arguments):
    return command(engine, "keys", *arguments)


def test_names_are_told_as_they_are_whatever_brackets_they_have(engine):
    assert "'an [red]office'" in cli(engine, "create", "--scope", "ingest", "--name", "an [red]office").stderr
    assert "an [red]office" in cli(engine, "list").stdout


def test_the_commands_make_list_and_revoke(engine):
    made = cli(engine, "create", "--scope", "ingest", "--scope", "review", "--name", "an office")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert keys.TOKEN.fullmatch(token)
    with reading(engine) as connection:
        assert keys.find_key(connection, token).scopes == ["ingest", "review"]
    listed = cli(engine, "list").stdout
    assert "an office" in listed
    assert "ingest, review" in listed
    assert token not in listed
    assert "is revoked" in cli(engine, "revoke", "an office").stdout
    assert "was revoked already" in cli(engine, "revoke", "an office").stdout
    with reading(engine) as connection:
        assert keys.find_key(connection, token) is None
    unknown = cli(engine, "revoke", "nobody")
    assert (unknown.returncode, "no key 'nobody'" in unknown.stderr) == (1, True)
    assert cli(engine, "create", "--scope", "ingest", "--name", "an office").returncode == 1
    assert cli(engine, "create", "--scope", "everything", "--name", "x").returncode == 2
