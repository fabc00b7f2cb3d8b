"""Computes what answers are made of (projects, verdicts, facts) anew for the projects that a run touched."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from db import tables
from db.ingest.figures.changes import keep_changes, money_states
from db.ingest.figures.content import Content, stored_rows
from db.ingest.figures.counted import CountedFact, made_facts, stored_facts
from db.ingest.figures.facts import FamilyFacts, Member, family_facts
from db.ingest.figures.families import families_of
from db.ingest.figures.hashing import keep_hashes
from db.ingest.figures.listing import keep_listed
from db.ingest.figures.merge import merge_statements, subtract_included
from db.ingest.figures.summaries import SummaryChanges
from db.ingest.memory import collect
from db.ingest.records.staging import Entry, staged
from db.ingest.records.stored import listed_components
from db.store import batches, ids_in_batches, insert_rows, next_release_id, replace_rows, upsert
from models.classification import ClassifierInput, classify, load_taxonomy
from models.component import REMAINDER, WHOLE, Listed
from models.country import PlaceIndex
from models.project import Said
from models.search import words
from models.texts import is_p_number
from models.verdict import Decision, Review, decide_project, from_reviews, from_rules
from models.vocabulary import Granularity

VERDICT = ("category", "relevance", "method", "confidence")
"""What a project shows of the verdict on it as a whole."""

PROJECT_COLUMNS = [column.name for column in tables.project.columns if column.name != "source_id"]
WHOLE_TITLE = "Whole project"
REMAINDER_TITLE = "Beyond the listed amounts"


def rebuild(connection: Connection, touched: Iterable[Sequence[str]], places: PlaceIndex) -> None:
    """Recompute the touched projects, which come some at a time, and their families for the release to come, in the
    caller's transaction.

    What that changes is written down under the number of that release.
    """
    release_id = next_release_id(connection)
    summaries = SummaryChanges(connection)
    with staged(connection, "family") as families:
        for project_ids in touched:
            found = families_of(connection, project_ids)
            families.add_missing(Entry(root, member) for root, members in found.items() for member in members)
            collect()
        for entries in families.by_owner():
            closure = {root: [entry.key for entry in members] for root, members in entries.items()}
            members = [project_id for members in closure.values() for project_id in members]
            before = list(stored_facts(connection, members))
            after = _rebuild_chunk(connection, closure, members, places)
            summaries.before(before)
            summaries.after(after)
            keep_changes(connection, release_id, money_states(before), money_states(after))
            collect()
    summaries.finish()


def rebuild_all(connection: Connection, places: PlaceIndex) -> None:
    """Recompute all projects; see `rebuild`."""
    rebuild(connection, ids_in_batches(connection, tables.project_statement.c.project_id), places)


@dataclass(slots=True)
class _Chunk:
    """What is stored of some projects."""

    projects: dict[str, dict[str, Any]]
    components: dict[str, list[Listed]]
    reviews: dict[str, list[Review]] = field(default_factory=dict)


def _rebuild_chunk(
    connection: Connection, families: Mapping[str, list[str]], project_ids: Sequence[str], places: PlaceIndex
) -> list[CountedFact]:
    """Compute some families anew, write what answers are made of, and return the facts of it."""
    chunk = _load(connection, project_ids)
    made = _make(chunk, families, places)
    stand_ins = {
        row["component_id"]: row for row in (_stand_in(chunk.projects[key], kind) for key, kind in made.stand_ins)
    }
    projects = _write_projects(connection, chunk, project_ids)
    _write_answers(connection, project_ids, stand_ins, made)
    search_rows = list(_search_rows(chunk, {row["component_id"] for row in made.facts}, stand_ins))
    replace_rows(connection, tables.search_text, project_ids, search_rows)
    content: Content = {
        tables.project: projects,
        tables.component: list(stored_rows(connection, tables.component, project_ids)),
        tables.classification: made.verdicts,
        tables.spend_fact: made.facts,
    }
    keep_listed(connection, project_ids, content)
    keep_hashes(connection, project_ids, content)
    return made_facts(made.facts, made.amounts)


def _make(chunk: _Chunk, families: Mapping[str, list[str]], places: PlaceIndex) -> FamilyFacts:
    """Compute the rows of some families; their projects get their verdict."""
    taxonomy = load_taxonomy()
    made = FamilyFacts()
    for members in families.values():
        subtract_included({key: chunk.projects[key] for key in members})
        family = {key: _member(chunk, key, taxonomy.version) for key in members}
        made += family_facts(family, places, taxonomy)
        for key, member in family.items():
            chunk.projects[key] |= {name: getattr(member.verdict, name) for name in VERDICT}
    return made


def _load(connection: Connection, project_ids: Sequence[str]) -> _Chunk:
    statements: dict[str, list[Said]] = defaultdict(list)
    components: dict[str, list[Listed]] = defaultdict(list)
    reviews: dict[str, list[Review]] = defaultdict(list)
    for piece in batches(project_ids):
        table = tables.project_statement
        said = select(table.c.project_id, *(table.c[name] for name in Said._fields))
        said = said.where(table.c.project_id.in_(piece)).order_by(table.c.run_id, table.c.source_id)
        for project_id, *statement in connection.execute(said):
            statements[project_id].append(Said(*statement))
        for component in listed_components(connection, piece, "ordinal", "number"):
            components[component.project_id].append(component)
        table = tables.review
        ids = select(tables.component.c.component_id).where(tables.component.c.project_id.in_(piece))
        mine = or_(table.c.subject_id.in_(piece), table.c.subject_id.in_(ids))
        for row in connection.execute(select(table).where(mine, table.c.superseded.is_(False))).mappings():
            reviews[row["subject_id"]].append(Review(**row))
    projects = {key: _project_fields(merge_statements(found)) for key, found in statements.items()}
    return _Chunk(projects, components, reviews)


def _project_fields(merged: dict[str, Any]) -> dict[str, Any]:
    for name in ("approval_date", "closing_date"):
        merged[name] = None if merged[name] is None else date.fromisoformat(merged[name])
    return merged


def _member(chunk: _Chunk, project_id: str, taxonomy_version: str) -> Member:
    """Gather a project's verdicts: of each component by rules and by review, and of the project as a whole."""
    project = chunk.projects[project_id]
    components = [component for component in chunk.components.get(project_id, []) if not component.withdrawn]
    decisions: dict[str, list[Decision]] = {}
    for component in chunk.components.get(project_id, []):
        rules = from_rules(classify(_classifier_input(project, component)))
        lines = chunk.reviews.get(component.component_id)
        decisions[component.component_id] = ([from_reviews(lines, taxonomy_version)] if lines else []) + [rules]
    lines = chunk.reviews.get(project_id)
    review = from_reviews(lines, taxonomy_version) if lines else None
    rules = from_rules(classify(_classifier_input(project)))
    effective = [decisions[component.component_id][0] for component in components]
    verdict = decide_project(review, rules, effective)
    decisions[f"{project_id}-{WHOLE}"] = [verdict] if verdict is rules else [verdict, rules]
    return Member(project, components, decisions, verdict)


def _classifier_input(project: Mapping[str, Any], component: Listed | None = None) -> ClassifierInput:
    return ClassifierInput(
        name=project["name"] or "",
        objective=project["objective"] or "",
        component_title=component.title if component else "",
        component_description=(component.description or "") if component else "",
        sectors=tuple(project["sectors"]),
        themes=tuple(project["themes"]),
        purpose_codes=() if component else tuple(project["purpose_codes"]),
        countries=tuple(code for code, _ in project["located"]),
        borrower=project["borrower"] or "",
        implementing_agency=project["implementing_agency"] or "",
        world_bank=is_p_number(project["project_id"]) or bool(project["ibrd_cents"] or project["ida_cents"]),
    )


def _stand_in(project: Mapping[str, Any], granularity: Granularity) -> dict[str, Any]:
    """The row that stands for a whole project or for the rest of it."""
    suffix, number, title = (
        (WHOLE, 0, WHOLE_TITLE) if granularity is Granularity.PROJECT else (REMAINDER, 1000, REMAINDER_TITLE)
    )
    return {
        "component_id": f"{project['project_id']}-{suffix}",
        "project_id": project["project_id"],
        "number": number,
        "ordinal": None,
        "granularity": granularity,
        "title": f"{title}: {project['name']}",
        "description": None,
        "stated_cents": None,
        "stated_measure": None,
        "list_complete": True,
        "withdrawn": False,
        "note": None,
        "source_id": project["source"],
        "source_url": project["source_url"],
        "as_of": project["as_of"],
        "content_sha256": "",
        "run_id": None,
    }


def _search_rows(
    chunk: _Chunk, component_ids: set[str], stand_ins: Mapping[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The words by which each row is found. A stand-in has no title of its own."""
    titles = {
        component.component_id: (component.project_id, component.title)
        for found in chunk.components.values()
        for component in found
    } | {component_id: (row["project_id"], "") for component_id, row in stand_ins.items()}
    of_project = {
        key: {name: _stems(project[name]) for name in ("name", "objective")} for key, project in chunk.projects.items()
    }
    for component_id in sorted(component_ids):
        project_id, title = titles[component_id]
        own = {"component_id": component_id, "project_id": project_id, "title": _stems(title)}
        yield own | of_project[project_id]


def _stems(text: str | None) -> str:
    return " ".join(words(text or ""))


def _write_projects(connection: Connection, chunk: _Chunk, project_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Write the projects with their places, and return their own rows."""
    rows: list[dict[str, Any]] = []
    countries: list[dict[str, Any]] = []
    for project_id in project_ids:
        project = chunk.projects[project_id]
        rows.append({name: project[name] for name in PROJECT_COLUMNS} | {"source_id": project["source"]})
        countries += [
            {"project_id": project_id, "country_code": code, "share_ppm": share} for code, share in project["located"]
        ]
    upsert(connection, tables.project, rows)
    replace_rows(connection, tables.project_country, project_ids, countries)
    return rows


def _write_answers(
    connection: Connection, project_ids: Sequence[str], stand_ins: Mapping[str, dict[str, Any]], made: FamilyFacts
) -> None:
    component = tables.component
    for piece in batches(project_ids):
        ids = select(component.c.component_id).where(component.c.project_id.in_(piece))
        connection.execute(delete(tables.classification).where(tables.classification.c.component_id.in_(ids)))
        connection.execute(delete(tables.spend_fact).where(tables.spend_fact.c.project_id.in_(piece)))
        stale = component.c.granularity != Granularity.COMPONENT
        connection.execute(update(component).where(component.c.project_id.in_(piece), stale).values(withdrawn=True))
    upsert(connection, component, list(stand_ins.values()))
    insert_rows(connection, tables.classification, made.verdicts)
    insert_rows(connection, tables.spend_fact, made.facts)
    replace_rows(connection, tables.project_amount, project_ids, made.amounts)
