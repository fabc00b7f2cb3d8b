"""JSON lines: one object a row, the same as in `data` of the JSON answer."""

from collections.abc import Iterable, Iterator, Sequence

from api.answers.encoding import objects_of
from api.exports.columns import Column
from db.queries.statements.pieces import Piece
from models.encoding import to_json_lines


def jsonl_chunks(columns: Sequence[Column], pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the file piece by piece; without rows it is empty."""
    for piece in pieces:
        yield to_json_lines(objects_of(columns, piece))
