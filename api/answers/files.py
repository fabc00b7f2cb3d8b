"""Rows as a file, in one of the formats that have nothing but rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from fastapi import Response

from api.answers.asked import Asked, link_header
from api.answers.negotiation import MEDIA_TYPES, Format
from api.answers.terms import licence_of_file
from api.deps import Snapshot
from api.exports.columns import About, Column
from api.exports.csv import csv_chunks
from api.exports.jsonl import jsonl_chunks
from api.exports.parquet import parquet_chunks
from api.exports.slots import ExportSlots
from api.exports.stream import FileStream
from api.exports.xlsx import xlsx_chunks
from db.queries.statements.pieces import Piece

Writer = Callable[[Sequence[Column], Iterable[Piece]], Iterator[bytes]]


def file_answer(
    asked: Asked,
    form: Format,
    columns: Sequence[Column],
    read: Callable[[], Iterable[Piece]],
    links: Mapping[str, Any],
) -> Response:
    """Stream rows as a file named after the path. They are read only where there is a place to send it from."""
    name = asked.request.url.path.strip("/").replace("/", "-")
    about = about_of(asked.snapshot, name, links["self"])
    shown = "attachment" if form in {Format.PARQUET, Format.XLSX} else "inline"
    headers = {"Content-Disposition": f'{shown}; filename="{name}.{form}"'} | link_header(links)
    slots: ExportSlots = asked.request.app.state.exports
    with ExitStack() as place:
        place.enter_context(slots.one())
        return FileStream(writer_of(form, about)(columns, read()), content_type(form), headers, place.pop_all())


def writer_of(form: Format, about: About) -> Writer:
    """What turns columns and pieces of rows into the bytes of a file."""
    writers: dict[Format, Writer] = {
        Format.CSV: csv_chunks,
        Format.JSONL: jsonl_chunks,
        Format.PARQUET: partial(parquet_chunks, about=about),
        Format.XLSX: partial(xlsx_chunks, about=about),
    }
    return writers[form]


def content_type(form: Format) -> str:
    """The media type of a format with its parameters."""
    text = {Format.CSV: "; charset=utf-8; header=present", Format.JSONL: "; charset=utf-8"}
    return MEDIA_TYPES[form] + text.get(form, "")


def about_of(snapshot: Snapshot, title: str, query: str) -> About:
    """What a file says of itself; of rows that stand outside of releases only what was asked."""
    release = snapshot.release
    if not release.release_id:
        return About(title, {"query": query}, release.created_at)
    facts = {
        "release": str(release.release_id),
        "as_of": release.as_of or "",
        "taxonomy_version": release.taxonomy_version,
        "rules_version": release.rules_version,
        "method_version": release.method_version,
        "currency": "USD",
        "query": query,
        "licence": licence_of_file(snapshot),
    }
    return About(title, facts, release.created_at)
