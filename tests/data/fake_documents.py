"""Made-up reports in the forms of the World Bank's, put on the server of `fake_worldbank`."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine

from db.engine import make_engine
from db.ingest.report import Report
from db.ingest.sources.manners import Manners
from db.ingest.sources.web import WebClient
from db.ingest.sources.worldbank import PUBLISHER
from db.ingest.sources.worldbank_documents import WantedReports, ingest_documents
from db.progress import Progress, unseen
from tests.data.export_helpers import PROJECT, csv_text, rejected, rows, take
from tests.data.fake_worldbank import FakeWorldBank, Fault
from tests.data.worldbank_runs import BRISK

STATUS_REPORT = "Implementation Status and Results Report"
TITLES = ("Skills for returning workers", "Grants to families", "Project management")


def status_report(project_id: str, components: Mapping[str, str]) -> str:
    """Write a status report whose components cost what is given, as the report would print it."""
    name = f"Valley Workshops and Returning Workers Project ({project_id})"
    lines = [f"Component {n}: {title}:(Cost {cost})" for n, (title, cost) in enumerate(components.items(), start=1)]
    return "\n".join(
        [
            "Public Disclosure Authorized",
            "The World Bank",
            "Implementation Status & Results Report",
            name,
            name,
            "SOUTH ASIA | Exampleland | IBRD/IDA | Investment Project Financing (IPF) | FY 2022 | Seq No: 5",
            "1. OBJECTIVE",
            "The objective is to help returning workers find work; 12,500 households are to benefit.",
            "2. COMPONENTS",
            "Name",
            *lines,
            "3. OVERALL RATINGS",
            "Progress towards achievement of PDO Satisfactory Satisfactory",
        ]
    )


def put(fake: FakeWorldBank, key: str, project_id: str, text: str | bytes | None, day: str, **fields: Any) -> str:
    """Put a report on the server and return the address of its text; the one put last is listed first."""
    path = f"/text/{key}.txt"
    base = urlsplit(fake.address)
    address = f"{base.scheme}://{base.netloc}{path}"
    fake.listed[key] = project_id
    fake.documents[key] = {
        "id": key,
        "display_title": f"Report {key}",
        "docdt": day,
        "docty": STATUS_REPORT,
        "projectid": project_id,
        "pdfurl": address.replace(".txt", ".pdf"),
        "txturl": address,
        "authr": "Jane Q. Leader",
        **fields,
    }
    if text is not None:
        fake.texts[path] = text.encode() if isinstance(text, str) else text
    return address


def texts_asked(fake: FakeWorldBank) -> list[str]:
    """The keys of texts that were asked for, in their order."""
    return [Path(params["text"]).stem for params, _ in fake.requests if "text" in params]


def run(
    engine: Engine,
    fake: FakeWorldBank,
    spool: Path,
    projects: Sequence[str] = (),
    limit: int | None = None,
    sleep: Callable[[float], Any] = lambda _: None,
    manners: Manners = BRISK,
    progress: Progress = unseen,
) -> Report:
    """Fetch and take in without waiting."""
    return ingest_documents(
        engine,
        fake.documents_address,
        spool,
        WantedReports(tuple(projects), limit),
        progress,
        open_client=lambda base: WebClient(base, manners, sleep, publisher=PUBLISHER),
    )


def run_alone(database: str, address: str, spool: str) -> None:
    """The same in a process of its own, which may be killed."""
    run(make_engine(database), SimpleNamespace(documents_address=address), Path(spool))  # type: ignore[arg-type]


PROJECT_ID, OTHER = "P900001", "P900002"
FITS = dict(zip(TITLES, ("3,000,000.00", "1,500,000.00", "500,000.00"), strict=True))  # the commitment of 5 million
MISFITS = dict(zip(TITLES, ("3,000,000.00", "100,000.00", "500,000.00"), strict=True))
REPORT = status_report(PROJECT_ID, FITS)


def load_projects(engine: Engine, project_ids: Sequence[str] = (PROJECT_ID, OTHER)) -> None:
    """Load made-up projects that concern migration, of 5 million each."""
    known = {**PROJECT, "name": "Skills for migrant workers abroad", "as_of": "2020-01-01"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "projects.csv"
        path.write_text(csv_text(*({**known, "project_id": project_id} for project_id in project_ids)))
        take(engine, path)


def of_text(fault: str, *keys: str) -> Fault:
    """The fault on texts alone: of these documents, or of all."""
    wanted = tuple(f"/text/{key}." for key in keys) or ("/text/",)
    return lambda number, params: fault if params.get("text", "").startswith(wanted) else None


def of_list(fault: str, project_id: str = PROJECT_ID) -> Fault:
    """The fault on a project's list alone."""
    return lambda number, params: fault if params.get("projectid") == project_id else None


def only_once(fault: Fault) -> Fault:
    """Each question meets the fault the first time that it is asked."""
    asked: set[str] = set()

    def meet(number: int, params: dict[str, str]) -> str | None:
        found, first = fault(number, params), str(params) not in asked
        asked.add(str(params))
        return found if first else None

    return meet


def no_fault(number: int, params: dict[str, str]) -> str | None:
    """No fault at all."""
    return None


def components(engine: Engine) -> list[dict[str, Any]]:
    """The stored components of lists."""
    return [row for row in rows(engine, "component") if row["granularity"] == "component"]


def reasons(engine: Engine) -> list[tuple[str, str, str]]:
    """What the newest run refused or remarked."""
    return [(row["place"], row["field"], row["reason"]) for row in rejected(engine)]


def last_run(engine: Engine) -> tuple[str, str | None]:
    """How the newest run ended, and why."""
    row = rows(engine, "ingest_run")[-1]
    return row["status"], row["detail"]
