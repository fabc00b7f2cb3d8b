"""For machines that look around, and for people who quote: the catalogue of this API, and how to cite it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers.asked import Asked
from api.answers.frames import LICENCE, TERMS, OneAnswer
from api.answers.shape import json_answer
from api.answers.terms import in_words, licence_of
from api.deps import Snapshot, reads
from api.http.base import base_of
from models.encoding import to_json

router = APIRouter(tags=["reference"])

LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
TITLE = "Migration Finance API: classified migration finance of development banks"


class Citation(BaseModel):
    """How to cite the present release. Name the sources of the figures too; /v1/sources says how."""

    text: str = Field(description="For a list of references.")
    bibtex: str = Field(description="For BibTeX.")
    release: int = Field(description="The release that is cited.", examples=[1])
    content_sha256: str = Field(description="Hash of its content: equal data have equal hashes.")
    sources_url: str = Field(description="Where the sources and their attributions are listed.")
    licence: str = Field(description=TERMS, examples=[LICENCE])


class CitationParams(BaseModel):
    """In which style."""

    model_config = ConfigDict(extra="forbid")

    style: Literal["json", "text", "bibtex"] = Field(
        default="json", description="`json` with all, or only the `text`, or only the `bibtex`.", examples=["bibtex"]
    )


@router.get(
    "/v1/citation",
    operation_id="get_citation",
    response_model=OneAnswer[Citation],
    responses={200: {"content": {"text/plain": {}, "application/x-bibtex": {}}}},
)
@reads
def get_citation(request: Request, snapshot: Snapshot, params: Annotated[CitationParams, Query()]) -> Response:
    """How to cite what is answered now: the release with its date and the hash of its content."""
    asked = Asked(request, snapshot)
    citation = citation_of(base_of(request.scope), snapshot)
    if params.style == "text":
        return Response(citation["text"] + "\n", media_type="text/plain; charset=utf-8")
    if params.style == "bibtex":
        return Response(citation["bibtex"], media_type="application/x-bibtex; charset=utf-8")
    return json_answer({"data": citation, "meta": asked.meta(), "links": asked.links(formats=())})


def citation_of(base: str, snapshot: Snapshot) -> dict[str, Any]:
    """Write the citation of a release."""
    release = snapshot.release
    day = release.created_at.date()
    address = f"{base}/v1/releases/{release.release_id}"
    note = (
        f"data as of {release.as_of}, SHA-256 {release.content_sha256}, {in_words(snapshot.known.loaded_sources, base)}"
    )
    text = f"{TITLE}. Release {release.release_id}, {day.isoformat()} ({note}). {address}"
    bibtex = "\n".join(
        [
            f"@misc{{migration-finance-release-{release.release_id},",
            f"  title = {{{TITLE}}},",
            f"  year = {{{day.year}}},",
            f"  month = {{{day.month}}},",
            f"  version = {{Release {release.release_id}}},",
            f"  url = {{{address}}},",
            f"  note = {{{note}}}",
            "}",
            "",
        ]
    )
    return {
        "text": text,
        "bibtex": bibtex,
        "release": release.release_id,
        "content_sha256": release.content_sha256,
        "sources_url": f"{base}/v1/sources",
        "licence": licence_of(snapshot, base),
    }


class Catalogue(BaseModel):
    """A linkset (RFC 9264): where the API begins, what describes it, and how it fares."""

    linkset: list[dict[str, Any]] = Field(description="One context, with its links by relation.")


@router.get(
    "/.well-known/api-catalog",
    operation_id="get_api_catalogue",
    response_model=Catalogue,
    response_class=Response,  # without the `application/json` of FastAPI's own
    responses={
        200: {"content": {"application/linkset+json": {"schema": {"$ref": "#/components/schemas/Catalogue"}}}},
        304: {"description": "If-None-Match says that any answer will do."},
    },
)
def get_api_catalogue(request: Request) -> Response:
    """The catalogue of this API, as RFC 9727 describes it."""
    base = base_of(request.scope)
    links = {
        "service-desc": [{"href": f"{base}/openapi.json", "type": "application/vnd.oai.openapi+json;version=3.1"}],
        "service-doc": [{"href": f"{base}/docs", "type": "text/html"}],
        "status": [{"href": f"{base}/readyz", "type": "application/json"}],
        "license": [{"href": LICENCE}],
        "describedby": [{"href": f"{base}/datapackage.json", "type": "application/json"}],
    }
    headers = {"Link": f'<{base}/.well-known/api-catalog>; rel="api-catalog"'}
    return Response(to_json({"linkset": [{"anchor": f"{base}/"} | links]}), media_type=LINKSET, headers=headers)
