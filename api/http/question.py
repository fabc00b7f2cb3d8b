"""What of a request decides its answer, read from the headers in one go."""

from dataclasses import dataclass
from functools import lru_cache

from starlette.types import Scope

from api.answers.negotiation import MAX_ACCEPT
from api.http.accept import IN_JSON, AcceptKey, accept_key

DECIDING = frozenset({b"host", b"accept", b"accept-encoding", b"if-none-match", b"if-modified-since"})
Key = tuple[object, ...]


@dataclass(slots=True)  # frozen ones take three times as long to make
class Question:
    """What of a request decides its answer within a release (`key`, see `api.http.tags.tag_of`), and its conditions."""

    key: Key
    host: bytes = b""
    if_none_match: str | None = None
    if_modified_since: str | None = None

    @property
    def accepts_json(self) -> bool:
        """Whether the Accept header leads to JSON, also where an answer can be drawn."""
        return self.key[5] == IN_JSON

    @property
    def encodings(self) -> object:
        """The encodings that the client takes, as it says; none where it says nothing."""
        return self.key[-1]

    @property
    def address(self) -> Key:
        """The key without the encodings that the client takes: each encoding of an answer has the same tag but for its end."""
        return self.key[:-1]

    @property
    def conditional(self) -> bool:
        """True where the client says what it has already."""
        return self.if_none_match is not None or self.if_modified_since is not None


def question_of(scope: Scope) -> Question:
    """Read a request's headers, once for all layers."""
    state = scope.setdefault("state", {})
    asked: Question | None = state.get("question")
    if asked is None:
        asked = state["question"] = _read(scope)
    return asked


def _read(scope: Scope) -> Question:
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in DECIDING:
            found[name] = found[name] + b", " + value if name in found else value
    key = (
        scope["scheme"],
        found.get(b"host") or scope["server"],
        scope.get("root_path", ""),
        scope["path"],
        scope["query_string"],
        _accepted(found.get(b"accept", b"")[: MAX_ACCEPT + 1]),  # of a longer one no more counts than that it is
        found.get(b"accept-encoding"),
    )
    tags, since = found.get(b"if-none-match"), found.get(b"if-modified-since")
    return Question(key, found.get(b"host", b""), _text(tags), _text(since))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


@lru_cache(1024)
def _accepted(value: bytes) -> AcceptKey:
    return accept_key(value.decode("latin-1") or None)
