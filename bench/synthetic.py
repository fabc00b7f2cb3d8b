"""A synthetic data set of any size, written straight into the tables. Every name in it says that it is synthetic."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain, islice
from typing import Any, TypeVar
from zlib import crc32

from sqlalchemy import Connection, Engine, insert

from db import tables
from db.engine import reading, writing
from db.ingest.figures.hashing import hash_all
from db.ingest.figures.listing import list_all
from db.ingest.figures.summaries import summarise
from db.ingest.reference import load_reference, reference_places
from db.queries.releases import latest_release
from db.store import insert_rows
from models.classification import NOT_MIGRATION, Category, load_taxonomy
from models.country import Country
from models.filters import KEPT_APART
from models.versions import present_versions
from models.vocabulary import PlaceKind

OF_PROJECT = 5
BATCH = 5_000
FIRST = ("JOR", "LBN", "UGA", "BGD", "COL")
"""Countries with more projects than others: the first has one in fifteen."""

STATUSES = ("Active", "Closed", "Closed", "Pipeline")
LENDERS = ("ibrd", "ida", "ida", "not_stated")
INSTRUMENTS = ("Investment Project Financing", "Development Policy Lending", "Program-for-Results Financing")
IN_SEVERAL = 20
"""One project of so many is in two countries."""

COMMITMENT = 100_000_000
"""What each project is lent, in dollars."""

SOURCE = "user-records"
OBJECTIVE = "To do what a synthetic project would do, in as many words as the objective of a real one has. " * 2
DESCRIPTION = "What a synthetic component would pay for, in as many words as a real one has in its source. " * 3
Row = dict[str, Any]
Choice = TypeVar("Choice")


def fill(engine: Engine, components: int) -> None:
    """Fill a migrated, empty database with components, five to a project, and a release of them."""
    with writing(engine) as connection:
        load_reference(connection)
        numbers, projects = range(components), range(_projects_of(components))
        _insert(connection, "project", map(_project, projects))
        _insert(connection, "project_country", chain.from_iterable(map(_places, projects)))
        _insert(connection, "project_amount", chain.from_iterable(map(_amounts, projects)))
        _insert(connection, "component", map(_component, numbers))
        _insert(connection, "classification", map(_classification, numbers))
        _insert(connection, "spend_fact", chain.from_iterable(map(_facts, numbers)))
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


def _projects_of(components: int) -> int:
    """How many projects have so many components."""
    return (components + OF_PROJECT - 1) // OF_PROJECT


def _project_id(number: int) -> str:
    return f"SYN{number:07}"


def _component_id(number: int) -> str:
    return f"{_project_id(number // OF_PROJECT)}-{number % OF_PROJECT + 1}"


def _approved(number: int) -> date:
    return date(2004 + number % 20, 1 + number % 12, 1 + number % 28)


def _cents(number: int) -> int | None:
    """Amounts of up to ten million dollars with odd cents; some rows state none."""
    return None if number % 17 == 0 else (number * 7_919 + 1) % 1_000_000_000


def _draw(number: int, what: str) -> int:
    """A number below 2^24 that looks drawn, and is the same in each run."""
    return crc32(f"{what} {number}".encode()) >> 8


def _one_of(choices: Sequence[Choice], number: int, what: str) -> Choice:
    return choices[_draw(number, what) % len(choices)]


def _category(number: int) -> Category:
    """Of twenty components sixteen are about what their project is about, four about anything."""
    of_project = _draw(number, "kind of component") % 20 < 16
    return _one_of(_categories(), number // OF_PROJECT if of_project else number, "category")


@cache
def _categories() -> tuple[Category, ...]:
    """The categories of the taxonomy that a total holds, so that every row counts."""
    return tuple(one for one in load_taxonomy().categories if one.code not in (*KEPT_APART, NOT_MIGRATION))


@cache
def _countries() -> dict[str, Country]:
    """The countries by their codes, those with more projects first."""
    known = {place.code: place for place in reference_places() if place.kind is PlaceKind.COUNTRY}
    return {code: known[code] for code in (*FIRST, *sorted(known.keys() - set(FIRST)))}


def _countries_of(project: int) -> list[Country]:
    """One country, or two; the earlier one stands in the list, the more projects it has."""
    found = list(_countries().values())
    first = int((_draw(project, "country") / 2**24) ** 2 * len(found))
    return [found[first], found[(first + 7) % len(found)]] if project % IN_SEVERAL == 0 else [found[first]]


def _project(number: int) -> Row:
    return {
        "project_id": _project_id(number),
        "name": f"Synthetic project {number}: skills, health and remittances of nobody",
        "objective": OBJECTIVE,
        "regional": False,
        "status": _one_of(STATUSES, number, "status"),
        "approval_date": _approved(number),
        "instrument": _one_of(INSTRUMENTS, number, "instrument"),
        "additional_financing": False,
        "tags": [],
        "source_id": SOURCE,
        "as_of": "2025-01-31",
        "category": _category(number * OF_PROJECT).code,
        "relevance": _relevance(number * OF_PROJECT),
    }


def _places(project: int) -> Iterator[Row]:
    places = _countries_of(project)
    for place in places:
        yield {
            "project_id": _project_id(project),
            "country_code": place.code,
            "share_ppm": 1_000_000 // len(places),
        }


def _amounts(project: int) -> Iterator[Row]:
    """What a project costs as a whole, in equal parts in each of its countries."""
    places = _countries_of(project)
    for place in places:
        yield {
            "project_id": _project_id(project),
            "country_code": place.code,
            "measure": "commitment",
            "lender": _one_of(LENDERS, project, "lender"),
            "amount_cents": COMMITMENT * 100 // len(places),
        }


def _relevance(number: int) -> str:
    """One in seven serves migration in a part that nobody knows."""
    return "partial" if _draw(number, "relevance") % 7 == 0 else "direct"


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
        "category_code": _category(number).code,
        "position": 0,
        "share_ppm": 1_000_000,
        "share_known": False,
        "relevance": _relevance(number),
        "secondary": [],
        "confidence": _confidence(number),
        "evidence": [
            {"rule": "synthetic", "words": "synthetic", "field": "title", "start": 0, "end": 9, "effect": "-"}
        ],
        "taxonomy_version": present_versions().taxonomy,
        "rules_version": present_versions().rules,
        "effective": True,
    }


def _confidence(number: int) -> float:
    return (0.6, 0.8, 0.8, 0.9)[_draw(number, "confidence") % 4]


def _facts(number: int) -> Iterator[Row]:
    """The money of a component, in equal parts in each country of its project, the odd cent in the first."""
    project = number // OF_PROJECT
    day, cents, places = _approved(project), _cents(number), _countries_of(project)
    category, relevance = _category(number), _relevance(number)
    for place in places:
        part = None if cents is None else cents // len(places) + (place is places[0]) * (cents % len(places))
        nothing = None if cents is None else 0
        yield {
            "component_id": _component_id(number),
            "project_id": _project_id(project),
            "measure": "commitment",
            "category": category.code,
            "country": place.code,
            "lender": _one_of(LENDERS, project, "lender"),
            "granularity": "component",
            "category_group": category.group,
            "relevance": relevance,
            "method": "rules",
            "confidence": _confidence(number),
            "region": place.region_code,
            "income_group": place.income_group,
            "status": _one_of(STATUSES, project, "status"),
            "instrument": _one_of(INSTRUMENTS, project, "instrument"),
            "source_id": SOURCE,
            "approval_date": day,
            "year": day.year,
            "fiscal_year": day.year + (day.month >= 7),
            "amount_cents": nothing if relevance == "partial" else part,
            "partial_cents": part if relevance == "partial" else nothing,
            "row_cents": cents,
            "scaled": False,
            "exceeds_total": False,
            "several_places": len(places) > 1,
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
        "projects": _projects_of(components),
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
                "countries": ";".join(place.code for place in _countries_of(project)),
                "status": _one_of(STATUSES, project, "status"),
                "approval_date": _approved(project).isoformat(),
                "commitment_usd": str(COMMITMENT),
                "as_of": "2025-01-31",
            }
        component = {"type": "component", "project_id": _project_id(project), "ordinal": str(number % OF_PROJECT + 1)}
        component |= {"title": _component(number)["title"], "description": DESCRIPTION, "as_of": "2025-01-31"}
        if cents is not None:
            component |= {"amount_usd": f"{cents // 100}.{cents % 100:02}", "amount_basis": "commitment"}
        yield component
