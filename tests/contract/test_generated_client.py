"""A client that a generator makes of the document works, without a warning, and reads the same as plain JSON."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import Engine

from api.main import create_app, create_service
from db.engine import make_engine
from tests.conftest import Get

PACKAGE = "made_client"
BASE = "http://testserver"
SETTINGS = """
post_hooks: []  # they would tidy the code with a tool from the PATH
content_type_overrides:  # it knows no media types of tables; as bytes it sends them as they are
  application/x-ndjson: application/octet-stream
  text/csv: application/octet-stream
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Generate the package, and return a function that imports a module of it."""
    folder = tmp_path_factory.mktemp("made")
    document, settings = folder / "openapi.json", folder / "settings.yaml"
    document.write_text(json.dumps(create_app(make_engine("sqlite://")).openapi()), encoding="utf-8")
    settings.write_text(SETTINGS, encoding="utf-8")
    options = ["--path", document, "--config", settings, "--output-path", folder / PACKAGE, "--meta", "none"]
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def call(made: Callable[[str], Any], loaded: Engine) -> Callable[..., Any]:
    """Call an operation through the generated client and return its answer."""
    transport = httpx.ASGITransport(app=create_service(create_app(loaded)))

    def ask(operation: str, *path: str, **parameters: Any) -> Any:
        async def send() -> Any:
            client = made("client").Client(base_url=BASE, httpx_args={"transport": transport})
            async with client:
                return await made(f"api.{operation}").asyncio_detailed(*path, client=client, **parameters)

        return anyio.run(send)

    return ask


def test_spend(call, get, made):
    by = made("models.get_spend_group_by_item").GetSpendGroupByItem
    answer = call("spend.get_spend", group_by=[by.CATEGORY, by.YEAR], year_from=2019)
    plain = get("/v1/spend?group_by=category&group_by=year&year_from=2019").json()
    assert answer.status_code == 200
    assert len(plain["data"]) > 20
    assert [row.to_dict() for row in answer.parsed.data] == plain["data"]
    assert answer.parsed.totals.to_dict() == plain["totals"]
    assert answer.parsed.meta.additive is True


def test_a_list_and_its_next_page(call, get: Get, made):
    first = call("projects.list_projects", limit=5, country=["JOR", "LBN"]).parsed
    plain = get("/v1/projects?limit=5&country=JOR&country=LBN").json()
    assert [row.to_dict() for row in first.data] == plain["data"]
    assert first.totals.rows == plain["totals"]["rows"] > 5
    cursor = httpx.URL(first.links.next_).params["cursor"]
    second = call("projects.list_projects", limit=5, country=["JOR", "LBN"], cursor=cursor).parsed
    assert second.data[0].project_id > first.data[-1].project_id


def test_one_component_with_its_reasons(call, get: Get):
    answer = call("components.get_component", "P167506-1")
    plain = get("/v1/components/P167506-1").json()["data"]
    assert answer.parsed.data.retrieved_at == datetime.fromisoformat(plain["retrieved_at"])
    plain["retrieved_at"] = answer.parsed.data.retrieved_at.isoformat()  # the client writes the same moment as +00:00
    assert answer.parsed.data.to_dict() == plain
    assert answer.parsed.data.why[0].method


def test_a_text_to_classify(call, made):
    text = made("models.classify_request").ClassifyRequest(name="Skills for Work Abroad Project")
    answer = call("components.classify_text", body=text)
    assert answer.status_code == 200
    assert answer.parsed.category == "mobility_skills"


def test_errors_are_problems(call, made):
    problem = made("models.problem").Problem
    missing = call("components.get_component", "P167506-99")
    assert (missing.status_code, type(missing.parsed)) == (404, problem)
    assert missing.parsed.errors[0].suggestion
    wrong = call("spend.get_spend", year_from=2020, year_to=2010)
    assert (wrong.status_code, type(wrong.parsed)) == (422, problem)
    assert "2020" in wrong.parsed.detail
