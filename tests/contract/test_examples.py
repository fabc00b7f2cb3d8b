"""Every example of the document is what the service answers on the bundled data, and the document is the one committed."""

import json
import re

import pytest

from api.main import create_app
from api.openapi.document import LINKS
from api.openapi.examples import ANSWERED, examples, recorded
from db.engine import make_engine
from tests.conftest import client_of
from tests.contract.record import DOCUMENT, DRAWN, PICTURE, apps, ask, document_text

SPECIFICATION = create_app(make_engine("sqlite://")).openapi()
RENEWED = "changed on purpose? `make openapi` writes it anew"
EXAMPLES = list(examples(SPECIFICATION))
OPERATIONS = [op for item in SPECIFICATION["paths"].values() for op in item.values()]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Every example's answer now."""
    return {
        example.key: ask(app, example)
        for later, app in apps(tmp_path_factory.mktemp("examples"))
        for example in EXAMPLES
        if example.later is later
    }


def test_the_committed_document_is_the_one_that_is_served():
    """Where it changed on purpose, `make openapi` writes it anew, and the difference is there to be read."""
    assert json.loads(DOCUMENT.read_text(encoding="utf-8")) == json.loads(document_text()), RENEWED


def test_the_committed_picture_is_the_one_that_is_served(bundled):
    assert PICTURE.read_bytes() == bundled(DRAWN).content, RENEWED


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.key for example in EXAMPLES])
def test_an_example_is_what_is_answered(answers, example):
    assert answers[example.key] == recorded()[example.key], RENEWED


def test_no_answer_is_recorded_that_no_example_asks_for():
    assert set(recorded()) == {example.key for example in EXAMPLES}


def test_times_of_examples_are_written_as_those_of_answers():
    """Clients are made after the examples, and a time without a zone is no `date-time` (RFC 3339, section 5.6)."""
    times = re.findall(r'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*)"', DOCUMENT.read_text(encoding="utf-8"))
    assert times
    assert [time for time in times if not re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", time)] == []


def responses_of(operation):
    """The answers of an operation, also those that it has in common with others."""
    shared = SPECIFICATION["components"]["responses"]
    return {
        status: shared[found["$ref"].rpartition("/")[2]] if "$ref" in found else found
        for status, found in operation["responses"].items()
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation["operationId"] for operation in OPERATIONS])
def test_every_answer_and_every_refusal_has_a_named_example(operation):
    for status, response in responses_of(operation).items():
        if status == "200" or status.startswith("4"):
            named = [name for content in response.get("content", {}).values() for name in content.get("examples", {})]
            assert named, status


LINKED = [(name, *link) for name, links in LINKS.items() for link in links.values()]


@pytest.mark.parametrize(("operation", "target", "parameter", "value"), LINKED)
def test_every_link_leads_from_an_example_to_an_answer(operation, target, parameter, value, answers, bundled):
    """The place that a link names holds an identifier, and the operation it leads to answers for it."""
    name = next(iter(ANSWERED[operation]))
    found = answers[f"{operation}/200/{name}"]["content"]
    for part in value.removeprefix("$response.body#/").split("/"):
        found = found[int(part) if isinstance(found, list) else part]
    paths = [
        path for path, item in SPECIFICATION["paths"].items() for op in item.values() if op["operationId"] == target
    ]
    path = paths[0].replace(f"{{{parameter.removeprefix('path.')}}}", str(found))
    assert bundled(path).status_code == 200, path


@pytest.fixture(scope="module")
def bundled(loaded_engines):
    return client_of(loaded_engines["sqlite"])
