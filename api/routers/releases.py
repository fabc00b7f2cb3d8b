"""Releases: the numbered states of the data, what each of them changed, and whole tables to take away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.answers.asked import Asked
from api.answers.frames import ListAnswer, OneAnswer
from api.answers.negotiation import MEDIA_TYPES, Format
from api.answers.pagination import page_to_read
from api.answers.shape import Rows, answer_one, answer_rows, in_columns, json_answer, rows_format, shown
from api.answers.tables import in_dollars
from api.bulk.datapackage import data_package
from api.bulk.downloads import download
from api.bulk.files import FilesGoneError, KeptFile, ReleaseFiles
from api.deps import Opening, Snapshot, read_once, reads, reads_at_length, snapshot_of
from api.exports.columns import columns_of
from api.http.base import base_of
from api.openapi.document import CONTENT_RANGE, problems_of
from api.params.releases import ChangesParams, FileName, NoParams, ReleaseId, ReleaseParams, ReleasesParams
from api.problems.kinds import BadParameterError, ProblemItem
from api.query_route import QueryRoute
from db.moments import in_utc
from db.queries import releases as queries
from db.queries.statements.asking import ask_ahead, make_sure
from db.queries.statements.pieces import Piece
from models.datapackage import DataPackage
from models.release import Release, ReleaseChangePublic, ReleaseDetail, ReleaseFile, ReleasePublic

router = APIRouter(tags=["releases"], route_class=QueryRoute)

PAGE = 100
COLUMNS = columns_of(ReleasePublic)
CHANGE_COLUMNS = columns_of(ReleaseChangePublic)
BYTES = {"schema": {"type": "string", "format": "binary"}}
FILE_CONTENT = {
    MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}},
    MEDIA_TYPES[Format.JSONL]: {"schema": {"type": "string"}},
    MEDIA_TYPES[Format.PARQUET]: BYTES,
}
FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": FILE_CONTENT},
    206: {
        "description": "The bytes that `Range` asks for; several ranges come as `multipart/byteranges`.",
        "content": FILE_CONTENT | {"multipart/byteranges": BYTES},
        "headers": CONTENT_RANGE,
    },
    304: {"description": "The file is still what it was, as it will always be."},
    307: {
        "description": "For `latest`: the address of the newest release's file.",
        "headers": {"Location": {"description": "That address.", "schema": {"type": "string"}}},
    },
    **problems_of("release-gone", "bad-range"),
}


@router.get("/v1/releases", operation_id="list_releases", response_model=ListAnswer[ReleasePublic])
@reads
def list_releases(request: Request, snapshot: Snapshot, params: Annotated[ReleasesParams, Query()]) -> Response:
    """The states of the data so far, the newest first. Every change of the data makes one."""
    asked, connection = Asked(request, snapshot), snapshot.connection
    if rows_format(request, params.format) is Format.JSON:
        after, limit = page_to_read(request, snapshot.release.release_id, params, PAGE)
        ask_ahead(connection, queries.list_questions(after, limit), last=True)

    def read(after: list[Any] | None, limit: int | None) -> Iterator[Piece]:
        return in_columns(COLUMNS, map(_row, queries.list_releases(connection, after, limit)))

    rows = Rows(COLUMNS, read, lambda: queries.count_releases(connection), PAGE)
    return answer_rows(asked, params, rows, lambda: {"meta": asked.meta()})


@router.get("/v1/releases/{release_id}", operation_id="get_release", response_model=OneAnswer[ReleaseDetail])
@reads_at_length
def get_release(
    request: Request, snapshot: Snapshot, release_id: ReleaseId, params: Annotated[ReleaseParams, Query()]
) -> Response:
    """One state of the data, with its bulk files as long as they are kept."""
    release = _release(snapshot, release_id)
    asked = Asked(request, replace(snapshot, release=release))
    row = _row(release.model_dump())
    if not params.fields or "files" in params.fields:  # else they need not be made
        row["files"] = _listed(request, snapshot, release)
    return answer_one(asked, params, columns_of(ReleaseDetail), row, lambda: {"meta": asked.meta()})


@router.get(
    "/v1/releases/{release_id}/changes",
    operation_id="list_release_changes",
    response_model=ListAnswer[ReleaseChangePublic],
)
@reads
def list_release_changes(
    request: Request, snapshot: Snapshot, release_id: ReleaseId, params: Annotated[ChangesParams, Query()]
) -> Response:
    """What a release changed: the money of each row in each category, before and after, where the two differ.

    For every category and status, new less old amounts sum to the difference of the two releases' totals.
    """
    connection = snapshot.connection
    number, wanted = queries.number_of(connection, release_id), params.to_filter(snapshot)
    if rows_format(request, params.format) is Format.JSON:
        after, limit = page_to_read(request, number, params, PAGE)
        changes = queries.change_questions(connection, number, wanted, after, limit)
        ask_ahead(connection, chain(queries.release_questions(connection, release_id), changes), last=True)
    release = queries.get_release(connection, release_id)
    asked = Asked(request, replace(snapshot, release=release))  # its changes stay the same when others follow

    def read(after: list[Any] | None, limit: int | None) -> Iterator[Piece]:
        return in_dollars(queries.change_pieces(connection, number, wanted, after, limit))

    rows = Rows(CHANGE_COLUMNS, read, lambda: queries.count_changes(connection, number, wanted), PAGE)
    return answer_rows(asked, params, rows, lambda: {"meta": asked.meta() | {"measure": wanted.measure}})


@router.get(
    "/v1/releases/{release_id}/files/{name}",
    operation_id="get_release_file",
    response_class=Response,
    responses=FILE_ANSWERS,
)
def get_release_file(
    request: Request, release_id: ReleaseId, name: FileName, _params: Annotated[NoParams, Query()]
) -> Response:
    """A whole table as a file, or parts of it by `Range`. It never changes; for `latest` there is a redirect to it."""
    release = read_once(request.app, partial(_asked_for, request, release_id))
    if release_id == queries.LATEST:
        return RedirectResponse(f"{_address(request, release)}/files/{name}", 307, {"Cache-Control": "no-cache"})
    kept: ReleaseFiles = request.app.state.files
    try:
        files = kept.get(release, partial(snapshot_of, request.app))
        file = next((file for file in files if file.name == name), None)
        if file is not None:
            return download(request, kept.folder_of(release), file, in_utc(release.created_at))
    except (FilesGoneError, FileNotFoundError):
        pass
    raise _gone(release)


@router.get(
    "/v1/releases/{release_id}/datapackage.json",
    operation_id="get_release_data_package",
    response_model=DataPackage,
    responses=problems_of("release-gone"),
)
@reads_at_length
def get_release_data_package(
    request: Request, snapshot: Snapshot, release_id: ReleaseId, _params: Annotated[NoParams, Query()]
) -> Response:
    """The files of a release as a Data Package: what each holds and what its columns mean, for programs."""
    return _package(request, snapshot, release_id)


@router.get(
    "/datapackage.json",
    operation_id="get_data_package",
    response_model=DataPackage,
    responses=problems_of("nothing-loaded"),
)
@reads_at_length
def get_data_package(request: Request, snapshot: Snapshot, _params: Annotated[NoParams, Query()]) -> Response:
    """The files of the newest release as a Data Package."""
    return _package(request, snapshot, queries.LATEST)


def _asked_for(request: Request, release_id: str, opening: Opening) -> Release:
    """The release of a file, from a reading that is closed before the file goes out, which can take long."""
    with opening as snapshot:
        request.state.open_terms = snapshot.known.open_terms
        return _release(snapshot, release_id)


def _release(snapshot: Snapshot, release_id: str) -> Release:
    """A release where nothing else is asked of the database, unless files have to be made of it."""
    ask_ahead(snapshot.connection, queries.release_questions(snapshot.connection, release_id), last=True)
    return queries.get_release(snapshot.connection, release_id)


def _package(request: Request, snapshot: Snapshot, release_id: str) -> Response:
    release = _release(snapshot, release_id)
    try:
        files = _files(request, snapshot, release)
    except FilesGoneError:
        raise _gone(release) from None
    package = data_package(base_of(request.scope), release, files, snapshot.known.loaded_sources)
    return json_answer(package.model_dump(mode="json", by_alias=True, exclude_none=True))


def _files(request: Request, snapshot: Snapshot, release: Release) -> list[KeptFile]:
    kept: ReleaseFiles = request.app.state.files

    @contextmanager
    def newest() -> Iterator[Snapshot]:
        """The newest as this request sees it."""
        if release == snapshot.release:
            make_sure(snapshot.connection)  # for files may be made of it
        yield snapshot

    return kept.get(release, newest)


def _listed(request: Request, snapshot: Snapshot, release: Release) -> list[dict[str, Any]] | None:
    try:
        return [_file(request, release, file) for file in _files(request, snapshot, release)]
    except FilesGoneError:
        return None


def _address(request: Request, release: Release) -> str:
    return f"{base_of(request.scope)}/v1/releases/{release.release_id}"


def _file(request: Request, release: Release, file: KeptFile) -> dict[str, Any]:
    return ReleaseFile(
        name=file.name,
        url=f"{_address(request, release)}/files/{file.name}",
        format=file.format,
        media_type=MEDIA_TYPES[file.format],
        rows=file.rows,
        bytes=file.bytes,
        sha256=file.sha256,
    ).model_dump()


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {**row, "created_at": in_utc(row["created_at"])}
    return shown(ReleasePublic, named)


def _gone(release: Release) -> BadParameterError:
    item = ProblemItem(
        parameter="release_id",
        value=str(release.release_id),
        message=str(FilesGoneError(release.release_id)),
        suggestion="latest",
    )
    return BadParameterError(item, kind="release-gone")
