"""The documentation as pages: the reference to read and try, the documents, the fields, the taxonomy, the sources."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from api.deps import Snapshot, reads
from api.explorer.assets import REFERENCE, SWAGGER_PATH
from api.explorer.pages import SWAGGER_CSP, PageRoute, page, root_of
from api.guide.documents import decisions, documents, files, guides
from api.guide.glossary import glossary
from api.guide.markdown import html_of, with_address
from api.http.base import base_of
from api.openapi.samples import BASE
from api.params.values import TAXONOMY
from db.errors import NotFoundError
from db.queries import reference as queries
from db.queries.suggest import nearest_of

router = APIRouter(prefix="/docs", route_class=PageRoute, include_in_schema=False)

MADE = {"fields": "Glossary of fields", "taxonomy": "Taxonomy", "sources": "Sources"}
"""Pages that are made from the program's own descriptions and data, by name."""


def document_page(request: Request, name: str, here: str, **values: Any) -> Response:
    """Write a page of the documentation, with the list of all its pages beside it."""
    lists: dict[str, Any] = {"guides": guides(), "made": MADE, "decisions": decisions()}
    return page(request, name, here=here, **lists, **values)


@router.get("")
@router.get("/")
def reference_page(request: Request) -> Response:
    """Every operation, to read and to try."""
    swagger = f"{root_of(request)}{SWAGGER_PATH}"
    return document_page(
        request, "reference.html", "", csp=SWAGGER_CSP, swagger=swagger, script=REFERENCE, sample_base=BASE
    )


@router.get("/fields")
def fields_page(request: Request) -> Response:
    """What every field means."""
    return document_page(request, "fields.html", "fields", terms=glossary(request.app.openapi()))


@router.get("/taxonomy")
def taxonomy_page(request: Request) -> Response:
    """Groups, categories and sets with their boundaries."""
    return document_page(request, "taxonomy.html", "taxonomy", taxonomy=TAXONOMY)


@router.get("/sources")
@reads
def sources_page(request: Request, snapshot: Snapshot) -> Response:
    """Where the records come from."""
    rows = queries.list_sources(snapshot.connection)
    return document_page(request, "sources.html", "sources", sources=rows, release=snapshot.release)


@router.get("/{name:path}")
def guide_page(request: Request, name: str) -> Response:
    """A document, or a file that documents lead to."""
    if name in files():
        path, media_type = files()[name]
        return FileResponse(path, media_type=media_type)
    if name not in documents():
        raise NotFoundError("page", name, nearest_of(name, [*documents(), *MADE]))
    document = documents()[name]
    base = base_of(request.scope)
    content = with_address(html_of(document), base)
    return document_page(request, "document.html", name, title=document.title, content=content)
