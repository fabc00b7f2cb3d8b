"""The code beside each operation runs, in every language that this machine has; R asks for the same address as Python."""

import contextlib
import io
import re
import shutil
import subprocess

import pytest

from api.main import create_app
from api.openapi.samples import BASE, LANGUAGES
from db.engine import make_engine
from tests.contract.record import TOKENS, apps
from tests.data.r import run_r
from tests.data.serving import served

DOCUMENT = create_app(make_engine("sqlite://")).openapi()
OPERATIONS = {op["operationId"]: op for item in DOCUMENT["paths"].values() for op in item.values()}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The service of the recorded examples, after its second release."""
    states = apps(tmp_path_factory.mktemp("samples"))
    next(states)
    _, app = next(states)
    with served(app) as base:
        yield base
    list(states)


@pytest.fixture(params=OPERATIONS)
def sample(request, site, monkeypatch):
    """The code of an operation by language, with the address of the service, and the key that it needs."""
    operation = OPERATIONS[request.param]
    scope = "review" if "review" in request.param else "ingest"
    monkeypatch.setenv("KEY", TOKENS[scope])
    return {one["label"]: one["source"].replace(BASE, site) for one in operation["x-codeSamples"]}


def output_of(*command):
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, (command, done.stdout[:500], done.stderr)
    return done.stdout


def test_every_operation_has_code_in_every_language():
    assert len(OPERATIONS) > 30
    for name, operation in OPERATIONS.items():
        assert [(one["label"], one["lang"]) for one in operation["x-codeSamples"]] == list(LANGUAGES.items()), name


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
def test_curl(sample):
    assert output_of("bash", "-c", re.sub("^curl ", "curl --fail-with-body --silent ", sample["curl"]))


def test_python(sample):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(sample["Python"], "sample", "exec"), {})
    assert printed.getvalue().strip() not in {"", "None"}


@pytest.mark.skipif(not shutil.which("node"), reason="no node on this machine")
def test_javascript(sample):
    code = sample["JavaScript"] + "\nif (!answer.ok) throw new Error(answer.status);"
    assert output_of("node", "--input-type=module", "--eval", code).strip() not in {b"", b"undefined"}


def test_r(sample, tmp_path):
    assert run_r(sample["R"], tmp_path).strip() not in {"", "NULL", " list()"}


def test_r_asks_for_the_address_that_python_asks_for(sample):
    addresses = [re.findall(r'"(http[^"]+)"', sample[language]) for language in ("R", "Python")]
    assert addresses[0] == addresses[1] != []
    assert all(sample["R"].count(one) == sample["R"].count(other) for one, other in ("()", "[]", "{}"))
