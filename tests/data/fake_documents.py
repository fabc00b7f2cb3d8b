"""Made-up reports in the forms of the World Bank's, put on the server of `fake_worldbank`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine

from db.ingest.report import Report
from db.ingest.web import WebClient
from db.ingest.worldbank_documents import WantedReports, ingest_documents
from tests.data.fake_worldbank import FakeWorldBank
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
) -> Report:
    """Fetch and take in without waiting."""
    return ingest_documents(
        engine,
        fake.documents_address,
        spool,
        WantedReports(tuple(projects), limit),
        open_client=lambda base: WebClient(base, BRISK, sleep),
    )
