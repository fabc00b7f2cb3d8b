"""The shape of every answer: rows under `data`, then `totals`, `meta` and `links`, or the rows alone in another format."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

from fastapi import Request, Response
from pydantic import BaseModel

from api.answers.asked import Asked, link_header
from api.answers.encoding import objects_of
from api.answers.files import file_answer
from api.answers.negotiation import MAX_ACCEPT, MEDIA_TYPES, PICTURE_TYPES, Format, Picture, accepted_format
from api.answers.pagination import decode_cursor, encode_cursor, page_link
from api.exports.columns import Column
from api.exports.xlsx import MAX_ROWS
from api.problems.kinds import BadParameterError, ProblemItem, unknown_value
from db.queries.statements.pieces import EVERY, Piece, pieces_of_rows
from models.encoding import to_json
from models.money import usd

Values = Mapping[str, Any]


class Shown(Protocol):
    """The parameters that say how rows are shown."""

    format: Any
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an answer: its columns, a way to read them from a position on, and how many there are in all.

    They come in pieces, whose `position` says where the next page goes on. `drawn`: there is a picture of them.
    """

    columns: Sequence[Column]
    read: Callable[[list[Any] | None, int | None], Iterable[Piece]]
    count: Callable[[], int]
    page: int | None = None
    drawn: bool = False

    @classmethod
    def of(cls, columns: Sequence[Column], rows: Sequence[Values]) -> "Rows":
        """Rows that are all there already, and are shown on one page."""
        return cls(columns, lambda _after, _limit: in_columns(columns, rows), lambda: len(rows))


def chosen_format(request: Request, chosen: str | None, pictures: bool = False) -> Format | Picture:
    """Return the format of an answer; `pictures`: true where it can be drawn too.

    Raises:
        BadParameterError: 406, if the Accept header allows none of ours.
    """
    if chosen is not None:
        return Picture(chosen) if chosen in set(Picture) else Format(chosen)
    accept = ", ".join(request.headers.getlist("accept")) or None
    found = accepted_format(accept, pictures)
    if found is None:
        item = ProblemItem(
            parameter="Accept",
            value=(accept or "")[:100],
            message=f"it is longer than {MAX_ACCEPT:,} letters"
            if len(accept or "") > MAX_ACCEPT
            else "none of these media types can be made here",
            allowed=[*MEDIA_TYPES.values(), *(PICTURE_TYPES.values() if pictures else ())],
            suggestion="application/json",
        )
        raise BadParameterError(item, kind="not-acceptable")
    return found


def rows_format(request: Request, chosen: str | None) -> Format:
    """Return the format of an answer in rows; see `chosen_format`."""
    return Format(chosen_format(request, chosen))


def answer_picture(asked: Asked, form: Picture, content: bytes) -> Response:
    """Answer with a picture. It may stand on pages of any origin, where it can load and run nothing."""
    links = asked.links(drawn=True)
    name = asked.request.url.path.strip("/").replace("/", "-")
    headers = {
        "Content-Disposition": f'inline; filename="{name}.{form}"',
        "Content-Security-Policy": "default-src 'none'",
    }
    return Response(content, media_type=PICTURE_TYPES[form], headers=headers | link_header(links))


def answer_rows(asked: Asked, params: Shown, rows: Rows, wrap: Callable[[], dict[str, Any]]) -> Response:
    """Answer with rows in the format that was asked for.

    `wrap` gives what stands beside the rows in JSON: `meta`, and `totals` where there is more to say than their number.
    """
    form = rows_format(asked.request, params.format)
    columns = _chosen_columns(rows.columns, params.fields)
    limit, cursor = getattr(params, "limit", None), getattr(params, "cursor", None)
    after = decode_cursor(asked.request, asked.snapshot.release.release_id, cursor)
    page = limit or (rows.page if form is Format.JSON or cursor else None)
    if form is Format.XLSX and page is None:
        _fits_a_sheet(rows.count())  # before anything is read, so that no cursor is left open
    if page is None:
        found, following, read = list[Piece](), None, partial(rows.read, after, None)
    else:
        found, following = _page(asked, rows.read(after, page + 1), page)
        read = partial(list, found)
    links = asked.links(following, in_pages=rows.page is not None, drawn=rows.drawn)
    if form is not Format.JSON:
        return file_answer(asked, form, columns, read, links)
    whole = after is None and following is None
    data = [row for piece in read() for row in objects_of(columns, piece)]
    beside = wrap()
    totals = beside.pop("totals", {}) | {"rows": len(data) if whole else _told(found) or rows.count()}
    return json_answer({"data": data, "totals": totals, **beside, "links": links}, link_header(links))


def _told(page: Sequence[Piece]) -> int | None:
    """How many rows there are in all, where those of a page know."""
    return page[0][EVERY][0] if page and EVERY in page[0] else None


def answer_one(
    asked: Asked,
    params: Shown,
    columns: Sequence[Column],
    row: Values,
    wrap: Callable[[], dict[str, Any]],
    every: Sequence[Column] | None = None,
) -> Response:
    """Answer with a single thing; in formats of rows it is the only one.

    `columns` are those of flat formats, `every` the ones that JSON lines have and `fields` can choose from, if these are more.
    """
    form, links = rows_format(asked.request, params.format), asked.links()
    if form is not Format.JSON:
        whole = form is Format.JSONL or params.fields
        columns = _chosen_columns(every if every and whole else columns, params.fields)
        return file_answer(asked, form, columns, lambda: in_columns(columns, [row]), links)
    kept = {name: row.get(name) for name in params.fields} if params.fields else row
    if params.fields:
        _chosen_columns([Column(name, columns[0].kind) for name in row], params.fields)
    document: dict[str, Any] = {"data": kept}
    return json_answer(document | wrap() | {"links": links}, link_header(links))


def in_columns(columns: Sequence[Column], rows: Iterable[Values]) -> Iterator[Piece]:
    """Turn rows that are there one by one into pieces."""
    return pieces_of_rows([column.name for column in columns], rows)


def _page(asked: Asked, pieces: Iterable[Piece], page: int) -> tuple[list[Piece], str | None]:
    """Cut a page from its rows and one more, which says that there is a next one."""
    found: list[Piece] = []
    room = page
    for piece in pieces:
        if room:
            found.append({name: values[:room] for name, values in piece.items()})
        if len(piece["position"]) > room:
            cursor = encode_cursor(asked.request, asked.snapshot.release, found[-1]["position"][-1])
            return found, page_link(asked.request, cursor)
        room -= len(piece["position"])
    return found, None


def _chosen_columns(columns: Sequence[Column], fields: Sequence[str]) -> Sequence[Column]:
    by_name = {column.name: column for column in columns}
    for name in fields:
        if name not in by_name:
            raise BadParameterError(unknown_value("fields", name, list(by_name)))
    return [by_name[name] for name in fields] if fields else columns


def _fits_a_sheet(count: int) -> None:
    if count > MAX_ROWS:
        message = f"a sheet holds {MAX_ROWS:,} rows and this answer has {count:,}: take csv or parquet, or filter"
        others = [form.value for form in Format if form is not Format.XLSX]
        raise BadParameterError(
            ProblemItem(parameter="format", value="xlsx", message=message, allowed=others, suggestion="csv")
        )


def shown(model: type[BaseModel], row: Values) -> dict[str, Any]:
    """Keep of a row what the public model names, in its order, and its position; cents under `…_usd` names become dollars."""
    names, money = _fields(model)
    as_it_is = tuple(row)[: len(names)] == names
    kept = dict(row) if as_it_is and len(row) <= len(names) + 1 else {name: row.get(name) for name in names}
    for name in money:
        kept[name] = usd(kept[name])
    if "position" in row:
        kept["position"] = row["position"]
    return kept


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = tuple(model.model_fields)
    return names, tuple(name for name in names if name.endswith("_usd"))


def json_answer(document: Values, headers: Mapping[str, str] | None = None) -> Response:
    """Write an answer as JSON."""
    return Response(to_json(document), media_type="application/json", headers=dict(headers or {}))
