"""What can be answered when things are not as they should be is documented: every operation is asked in every such case."""

import pytest
from sqlalchemy import create_engine

from api.http.paths import MAX_TARGET
from api.main import create_app
from db.engine import make_engine
from tests.conftest import client_of, let_go

DOCUMENT = create_app(make_engine("sqlite://")).openapi()
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
KEY = {"Authorization": f"Bearer mfa_{0:08x}_{0:064x}"}
TOO_LONG = "x" * MAX_TARGET
TROUBLES = {
    "nothing amiss": ("", {}),
    "too long": (f"?q={TOO_LONG}", {}),
    "unknown parameter": ("?nonsense=1", {}),
    "no cursor": ("?cursor=abc", {}),
    "media type": ("", {"Accept": "application/pdf"}),
    "a key of nobody": ("", KEY),
}
"""What is put behind the path, and the headers."""


@pytest.fixture(scope="module")
def gone():
    """The application, whose database does not answer."""
    engine = create_engine("postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing")
    yield client_of(engine)
    let_go(engine)


@pytest.fixture(scope="module")
def empty(template):
    """The application, with nothing loaded."""
    engine = make_engine(template("sqlite"))
    yield client_of(engine)
    let_go(engine)


@pytest.fixture(scope="module")
def full(loaded_engines):
    """The application on the bundled data set."""
    return client_of(loaded_engines["sqlite"])


def path_of(template, operation):
    """A path that its own examples fill in."""
    shown = {p["name"]: p["example"] for p in operation.get("parameters", []) if p["in"] == "path"}
    return template.format(**shown)


@pytest.mark.parametrize("database", ["full", "empty", "gone"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_status_that_is_answered_is_documented(trouble, database, request):
    ask = request.getfixturevalue(database)
    query, headers = TROUBLES[trouble]
    for name, (method, template, operation) in OPERATIONS.items():
        body = {"json": {}} if "requestBody" in operation else {}
        answer = ask(path_of(template, operation) + query, method, headers=headers, **body)
        assert str(answer.status_code) in operation["responses"], (name, answer.status_code)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_address_that_is_too_long_is_answered_so(name, gone):
    method, template, operation = OPERATIONS[name]
    assert gone(f"{path_of(template, operation)}?q={TOO_LONG}", method).status_code == 414
    assert "414" in operation["responses"]


@pytest.mark.parametrize("name", ["list_runs", "get_run", "list_run_errors"])
def test_runs_are_not_told_while_the_database_is_gone(name, gone):
    method, template, operation = OPERATIONS[name]
    assert gone(path_of(template, operation), method, headers=KEY).status_code == 503
    assert operation["responses"]["503"]["description"] == "The database is not ready"
