"""Every operation keeps what the document promises, for valid and for invalid questions, one by one and along the links."""

import csv
import sys
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import Case, SerializationContext
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.meta import TestPhase
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from api.http import front
from api.http.front import FrontLayer
from api.main import create_app, create_service
from api.openapi.document import LINKS
from api.params.lists import MAX_CURSOR
from db import keys
from db.engine import make_engine, writing
from db.ingest.bundle import load_bundle
from db.migrate import upgrade
from db.settings import DATA_DIR, ROOT
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS, RATIO_COLUMNS
from models.vocabulary import Scope
from tests.conftest import DATABASES

WALKS = hypothesis.settings(
    max_examples=60,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),  # a walk that ends at a missing row is no reason to stop
)
PAIRS = (("year_from", "year_to"), ("approved_from", "approved_to"), ("min_amount", "max_amount"))
FIGURES = {*MONEY_COLUMNS, *COUNT_COLUMNS, *RATIO_COLUMNS, "share"}


def column(file: str, name: str) -> list[str]:
    with (DATA_DIR / file).open(encoding="utf-8", newline="") as lines:
        return sorted({row[name] for row in csv.DictReader(lines)} - {""})


KNOWN = {
    "country": column("countries.csv", "code"),
    "region": column("countries.csv", "region_code"),
    "project": column("projects.csv", "project_id"),
    "instrument": column("projects.csv", "instrument"),
    "source": column("sources.csv", "source_id"),
}
"""What only the data know."""


TOKEN = f"mfa_{0:08x}_{0:064x}"
"""As tests/contract/schemathesis.toml shows it; its database is nobody else's."""


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_it_is(_context: SerializationContext, value: Any) -> bytes:
    """Send a table as the text that was made for it."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


CONFIG = SchemathesisConfig.from_path(ROOT / "tests" / "contract" / "schemathesis.toml")
document = schemathesis.openapi.from_dict(create_app(make_engine("sqlite://")).openapi(), config=CONFIG)
TARGETS = {target for links in LINKS.values() for target, _, _ in links.values()}
LINKED = document.include(operation_id=sorted(LINKS.keys() | TARGETS))
"""The operations that lead to others, and those they lead to: walks that begin elsewhere end at once."""


@pytest.fixture(scope="module", params=DATABASES)
def app(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[FrontLayer]:
    """What is served on bundled data of its own, on each kind of database in turn: runs are written down in it."""
    engine = make_engine(new_database(request.param))
    upgrade(engine)
    load_bundle(engine)
    with writing(engine) as connection:
        keys.add_key(connection, "contract", list(Scope), TOKEN)
    made = create_app(engine)
    made.state.reads_parameters_again = request.param != DATABASES[0]
    with pytest.MonkeyPatch.context() as patch:
        # A longer address is refused whatever it asks for, as no operation says by itself; see tests/api/test_http.py.
        patch.setattr(front, "MAX_TARGET", sys.maxsize)
        yield create_service(made)
    made.state.worker.close()
    made.state.releases.close()
    engine.dispose()


def keep_what_no_schema_says(case: Case) -> None:
    """Make a case keep the rules that JSON Schema cannot state, so that its answer depends on the schema alone.

    A cursor belongs to a question and a release, so nobody can make one up, and a case with one is refused whatever else it
    says. Some codes are rows of the database; a range goes from its lower to its upper end; some parameters need another.
    That breaking a rule is refused is tested in tests/api/test_typos.py.
    """
    query = case.query
    if case.meta is None:
        return
    if case.path == "/v1/ingest/records":
        _keep_upload(case)
    if case.method in {"POST", "PATCH"} and case.path.startswith("/v1/reviews"):
        _keep_decision(case)
    if not query:
        return
    cursor = query.get("cursor")
    if isinstance(cursor, str) and len(cursor) <= MAX_CURSOR:
        del query["cursor"]
    if case.meta.generation.mode.is_negative:
        return
    for low, high in PAIRS:
        if query.get(low) is not None and query.get(high) is not None:
            query[low], query[high] = sorted((query[low], query[high]), key=_size)
    for name, known in KNOWN.items():
        if query.get(name):
            query[name] = [code if code in known else known[sum(map(ord, code)) % len(known)] for code in query[name]]
    if isinstance(query.get("q"), str):
        query["q"] = query["q"].replace("-", "").replace("\u2212", "")  # that no word begins with one
    _keep_prices(query)
    _keep_secondary(query)
    _keep_columns(query, grouped="/spend" in case.path)
    _keep_pictures(query)


def _is_text_after_all(case: Case) -> bool:
    """Whether the body is wrong only by its type: a table is sent as text, and whatever is sent as text is text."""
    return case.media_type in {"text/csv", "application/x-ndjson"} and not isinstance(case.body, str | bytes)


def _keep_upload(case: Case) -> None:
    """Uploads are tried out only, so that no release is made. A table needs its columns, lines of JSON their objects; an
    idempotency key belongs to one request."""
    if "dry_run" not in (case.query or {}):
        case.query = {**(case.query or {}), "dry_run": "true"}
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    case.query |= {"dry_run": "true", "on_error": "accept_good"}
    case.headers.pop("Idempotency-Key", None)
    if case.media_type == "text/csv":
        case.body = "project_id,name,countries\nS00001,Synthetic project,JOR\n"
    if case.media_type == "application/x-ndjson":
        case.body = '{"type": "project", "project_id": "S00001", "name": "Synthetic project", "countries": ["JOR"]}\n'


def _keep_decision(case: Case) -> None:
    """A decision that fits its form is one on a row that changed, for whether it keeps the rules no schema can say; that is
    tested in tests/api/test_review_writing.py."""
    if case.meta is not None and not case.meta.generation.mode.is_negative:
        case.headers["If-Match"] = '"0"'


def _size(value: Any) -> Any:
    """A number, which can come as text, or else a day, which sorts as text."""
    try:
        return float(value)
    except ValueError:
        return str(value)


def _keep_prices(query: dict[str, Any]) -> None:
    """Constant prices and their base year go together, and need rows of years that have an index."""
    if query.get("base_year") is not None or query.get("prices") == "constant":
        year = int(float(query.get("base_year") or 2020))
        query |= {"prices": "constant", "base_year": min(max(year, 1950), 2020), "status": ["Closed"]}


def _keep_secondary(query: dict[str, Any]) -> None:
    """Further categories are looked for only where some are asked for."""
    if str(query.get("include_secondary")).lower() == "true" and not any(map(query.get, ("category", "group", "set"))):
        query["category"] = ["worker_mobility"]


def _keep_columns(query: dict[str, Any], grouped: bool) -> None:
    """Columns of groups are there only where they are grouped by, a rank only where words are searched for."""
    there = FIGURES | set(query.get("group_by") or ())
    if query.get("sort"):
        wanted = [name for name in query["sort"] if name.lstrip("-") != "rank" or query.get("q")]
        query["sort"] = [name for name in wanted if not grouped or name.lstrip("-") in there] or None
    if grouped and query.get("fields"):
        query["fields"] = [name for name in query["fields"] if name in there] or None
    if query.get("fill") and (query["fill"] not in there or {"year", "fiscal_year"} <= there):
        del query["fill"]
    for name in ("sort", "fields"):
        if name in query and query[name] is None:
            del query[name]


def _keep_pictures(query: dict[str, Any]) -> None:
    """A picture has all rows, at most two dimensions and one fitting kind; only a picture has a size and colours."""
    drawn = query.get("format") in ("svg", "png")
    for name in ("limit", "cursor", "fields", "chart") if drawn else ("chart", "scale", "width", "height", "theme"):
        query.pop(name, None)
    if drawn and query.get("group_by"):
        query["group_by"] = query["group_by"][:2]
        _keep_columns(query, grouped=True)


@document.parametrize()
def test_every_operation_does_what_the_document_says(case: Case, app: FrontLayer) -> None:
    """Examples and generated cases run on both databases.

    The systematic coverage of each parameter's schema, hundreds of cases an operation, tests how parameters are read, before
    any database is asked; it runs on the first database only.
    """
    if app.app.state.reads_parameters_again and case.meta and case.meta.phase.name is TestPhase.COVERAGE:
        return
    if _is_text_after_all(case):
        return
    keep_what_no_schema_says(case)
    case.operation.schema.app = app  # for the probes that leave the key out
    case.call_and_validate(app=app)


def test_links_lead_from_one_answer_to_the_next(app: FrontLayer) -> None:
    reached: set[str] = set()

    class Walk(LINKED.as_state_machine()):
        def before_call(self, case: Case) -> None:
            keep_what_no_schema_says(case)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"app": app}

        def step(self, given: StepInput) -> StepOutput:
            output = super().step(given)
            if given.transition is not None and given.is_applied and output.response.status_code == 200:
                reached.add(given.case.operation.definition.raw["operationId"])
            return output

    Walk.run(settings=WALKS)
    assert (
        "get_project" in reached
    )  # which others a walk of this length reaches is chance; test_examples follows them all
