"""Pages of a single project and a single component, with the reasons: what the API answers, laid out for reading."""

from itertools import chain
from typing import Any

from fastapi import APIRouter, Request, Response

from api.answers.labels import labels_of
from api.deps import Snapshot, reads
from api.explorer.pages import PageRoute, page
from api.explorer.snippets import ONE, snippets
from api.http.base import base_of
from api.routers.components import ComponentId, find_component, project_rows, project_rows_questions
from api.routers.projects import ProjectId, project_row
from db.queries.project_ids import has_parent, parent_question
from db.queries.projects import project_questions
from db.queries.statements.asking import ask_ahead
from models.filters import DROPPED, Dimension, counts
from models.source import SECONDARY_COPIES
from models.vocabulary import Relevance

router = APIRouter(route_class=PageRoute)


@router.get("/projects/{project_id}", include_in_schema=False)
@reads
def project_page(request: Request, snapshot: Snapshot, project_id: ProjectId) -> Response:
    """A project with its amounts, its components, and what each source said of it."""
    connection = snapshot.connection
    asked = project_questions(connection, project_id), project_rows_questions(snapshot, project_id)
    ask_ahead(connection, chain(*asked, [parent_question(project_id)]), last=True)
    row, warnings = project_row(snapshot, project_id)
    components = project_rows(snapshot, row["project_id"])
    path = f"/v1/projects/{row['project_id']}"
    loaded = has_parent(connection, project_id)
    beside = _beside(request, snapshot, path) | {"parent_is_loaded": loaded, "warnings": warnings}
    return page(request, "project.html", project=row, components=components, **beside)


@router.get("/components/{component_id}", include_in_schema=False)
@reads
def component_page(request: Request, snapshot: Snapshot, component_id: ComponentId) -> Response:
    """A component with why it is counted as it is."""
    found = find_component(snapshot, component_id)
    path = f"/v1/components/{found.row['component_id']}"
    states = {measure: dollars for measure, dollars in found.of_project.items() if dollars is not None}
    beside = _beside(request, snapshot, path) | {"warnings": found.warnings, "project_states": states}
    return page(request, "component.html", component=found.row, **beside, **_counted_as(found.row))


def _counted_as(row: dict[str, Any]) -> dict[str, Any]:
    """Of a component, the categories that its money counts under, those that it is left out under, and how it counts: as its
    amounts say, for money under a stated share counts in full; as its verdict says where there are none."""
    shares = [share for why in row["why"] if why["effective"] for share in why["shares"]]
    counted = [one["category"] for one in shares if counts(one["relevance"], one["category"])]
    left_out = [one["category"] for one in shares if not counts(one["relevance"], one["category"])]
    by_verdict = {Relevance.DIRECT: "in full", Relevance.PARTIAL: "in part"}.get(row["relevance"], "not at all")
    how = "in part" if row["partial_usd"] else "in full" if row["amount_usd"] else by_verdict
    return {"counted_as": counted, "left_out_as": left_out, "how": how, "counts": counts}


def _beside(request: Request, snapshot: Snapshot, path: str) -> dict[str, Any]:
    """What both pages show beside the thing itself: names of codes, the release, the request as code."""
    names = labels_of(snapshot)
    base = base_of(request.scope)
    return {
        "categories": names[Dimension.CATEGORY],
        "places": names[Dimension.COUNTRY],
        "sources": snapshot.known.sources,
        "secondary": SECONDARY_COPIES,
        "dropped": DROPPED,
        "release": snapshot.release,
        "path": path,
        "code": snippets(ONE, f"{base}{path}"),
    }
