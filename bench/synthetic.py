"""A synthetic data set of any size, written straight into the tables. Every name in it says that it is synthetic."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, insert

from db import tables
from db.engine import reading, writing
from db.ingest.hashing import hash_all
from db.ingest.listing import list_all
from db.ingest.reference import load_reference
from db.ingest.summaries import summarise
from db.queries.releases import latest_release
from db.store import insert_rows
from models.classification import load_taxonomy
from models.versions import present_versions

OF_PROJECT = 5
BATCH = 5_000
COUNTRIES = ("JOR", "LBN", "UGA", "BGD", "COL")
CATEGORIES = ("worker_mobility", "remittances", "refugee_health")
SOURCE = "user-records"
OBJECTIVE = "To do what a synthetic project would do, in as many words as the objective of a real one has. " * 2
DESCRIPTION = "What a synthetic component would pay for, in as many words as a real one has in its source. " * 3
Row = dict[str, Any]


def fill(engine: Engine, components: int) -> None:
    """Fill a migrated, empty database with components, five to a project, and a release of them."""
    with writing(engine) as connection:
        load_reference(connection)
        numbers = range(components)
        projects = (_project(number) for number in range((components + OF_PROJECT - 1) // OF_PROJECT))
        _insert(connection, "project", projects)
        places = (_place(number) for number in range((components + OF_PROJECT - 1) // OF_PROJECT))
        _insert(connection, "project_country", places)
        _insert(connection, "component", map(_component, numbers))
        _insert(connection, "classification", map(_classification, numbers))
        _insert(connection, "spend_fact", map(_fact, numbers))
        if engine.dialect.name == "postgresql":  # what follows looks for rows by their projects
            connection.exec_driver_sql("ANALYZE")
        summarise(connection)
        list_all(connection)
        hash_all(connection)
        connection.execute(insert(tables.release), [_release(components)])


def is_filled(engine: Engine) -> bool:
    """Whether a migrated database holds a release already."""
    with reading(engine) as connection:
        return latest_release(connection) is not None


def _insert(connection: Connection, name: str, rows: Iterator[Row]) -> None:
    while piece := list(islice(rows, BATCH)):
        insert_rows(connection, tables.metadata.tables[name], piece)


def _project_id(number: int) -> str:
    return f"SYN{number:07}"


def _component_id(number: int) -> str:
    return f"{_project_id(number // OF_PROJECT)}-{number % OF_PROJECT + 1}"


def _approved(number: int) -> date:
    return date(2004 + number % 20, 1 + number % 12, 1 + number % 28)


def _cents(number: int) -> int | None:
    """Amounts of up to ten million dollars with odd cents; some rows state none."""
    return None if number % 17 == 0 else (number * 7_919 + 1) % 1_000_000_000


def _category(number: int) -> str:
    return CATEGORIES[number % len(CATEGORIES)]


def _project(number: int) -> Row:
    return {
        "project_id": _project_id(number),
        "name": f"Synthetic project {number}: skills, health and remittances of nobody",
        "objective": OBJECTIVE,
        "regional": False,
        "status": "Active",
        "approval_date": _approved(number),
        "instrument": "Investment Project Financing",
        "additional_financing": False,
        "tags": [],
        "source_id": SOURCE,
        "as_of": "2025-01-31",
        "category": _category(number),
        "relevance": "direct",
    }


def _place(number: int) -> Row:
    return {
        "project_id": _project_id(number),
        "country_code": COUNTRIES[number % len(COUNTRIES)],
        "share_ppm": 1_000_000,
    }


def _component(number: int) -> Row:
    return {
        "component_id": _component_id(number),
        "project_id": _project_id(number // OF_PROJECT),
        "number": number % OF_PROJECT + 1,
        "granularity": "component",
        "title": f"Synthetic component {number}, with a title as long as those of real ones are",
        "description": DESCRIPTION,
        "stated_cents": _cents(number),
        "stated_measure": "commitment",
        "list_complete": True,
        "withdrawn": False,
        "source_id": SOURCE,
        "source_url": f"https://example.org/synthetic/{number}",
        "as_of": "2025-01-31",
        "content_sha256": "",
    }


def _classification(number: int) -> Row:
    return {
        "component_id": _component_id(number),
        "method": "rules",
        "category_code": _category(number),
        "position": 0,
        "share_ppm": 1_000_000,
        "share_known": False,
        "relevance": "direct",
        "secondary": [],
        "confidence": 0.8,
        "evidence": [
            {"rule": "synthetic", "words": "synthetic", "field": "title", "start": 0, "end": 9, "effect": "-"}
        ],
        "taxonomy_version": present_versions().taxonomy,
        "rules_version": present_versions().rules,
        "effective": True,
    }


def _fact(number: int) -> Row:
    project = number // OF_PROJECT
    day, cents = _approved(project), _cents(number)
    return {
        "component_id": _component_id(number),
        "project_id": _project_id(project),
        "measure": "commitment",
        "category": _category(number),
        "country": COUNTRIES[project % len(COUNTRIES)],
        "lender": "not_stated",
        "granularity": "component",
        "category_group": load_taxonomy().by_code[_category(number)].group,
        "relevance": "direct",
        "method": "rules",
        "confidence": 0.8,
        "status": "Active",
        "instrument": "Investment Project Financing",
        "source_id": SOURCE,
        "approval_date": day,
        "year": day.year,
        "fiscal_year": day.year + (day.month >= 7),
        "amount_cents": cents,
        "partial_cents": None if cents is None else 0,
        "row_cents": cents,
        "scaled": False,
        "exceeds_total": False,
    }


def _release(components: int) -> Row:
    versions = present_versions()
    return {
        "release_id": 1,
        "created_at": datetime(2025, 1, 31, tzinfo=UTC),
        "as_of": "2025-01-31",
        "taxonomy_version": versions.taxonomy,
        "rules_version": versions.rules,
        "method_version": versions.method,
        "projects": (components + OF_PROJECT - 1) // OF_PROJECT,
        "components": components,
        "rows_added": components,
        "rows_changed": 0,
        "rows_removed": 0,
        "content_sha256": f"synthetic {components}",
    }


def records(components: int) -> Iterator[Row]:
    """Records of our own form that say what `fill` writes, each project before its components."""
    for number in range(components):
        project, cents = number // OF_PROJECT, _cents(number)
        if number % OF_PROJECT == 0:
            yield {
                "type": "project",
                "project_id": _project_id(project),
                "name": _project(project)["name"],
                "objective": OBJECTIVE,
                "countries": COUNTRIES[project % len(COUNTRIES)],
                "status": "Active",
                "approval_date": _approved(project).isoformat(),
                "commitment_usd": "100000000",
                "as_of": "2025-01-31",
            }
        component = {"type": "component", "project_id": _project_id(project), "ordinal": str(number % OF_PROJECT + 1)}
        component |= {"title": _component(number)["title"], "description": DESCRIPTION, "as_of": "2025-01-31"}
        if cents is not None:
            component |= {"amount_usd": f"{cents // 100}.{cents % 100:02}", "amount_basis": "commitment"}
        yield component
