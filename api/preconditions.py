"""Whether what somebody decided on is still as it was read: the ETag of that answer says so, sent as If-Match."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from api.answers.negotiation import MEDIA_TYPES, PICTURE_TYPES, Format
from api.http.tags import held, tag_of
from api.problems.kinds import ProblemItem, RefusedError
from api.version import ANSWERS_VERSION
from db.errors import ChangedMeanwhileError
from db.queries.subjects import Subject, find_subject, releases_since_changed

TAGS = r'^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$'
"""What an If-Match may be: any, or entity tags in quotes (RFC 9110, section 13.1.1)."""

JSON_ACCEPTED = (
    MEDIA_TYPES[Format.JSON],
    *(f"{picture}, {MEDIA_TYPES[Format.JSON]};q=0.9" for picture in PICTURE_TYPES.values()),
)
"""Accept headers that lead to JSON, one for each tag that it can have: browsers prefer pictures where there are any."""


def unchanged(request: Request, subject: Subject) -> Callable[[Connection], None]:
    """Make the check that a subject is still as it was read.

    An ETag names one answer in one release. Releases that changed others are no conflict: the tag of every release since
    the subject last changed counts. Weak or strong makes no difference, for it is the row that matters, not its bytes.

    Raises:
        RefusedError: 428 if nothing says what was read.
    """
    sent = _if_match(request)
    path = answer_path(subject)
    if not sent.strip():
        item = ProblemItem(parameter="If-Match", message="If-Match: is needed", suggestion=f"the ETag of GET {path}")
        raise RefusedError("precondition-required", f"If-Match has to hold the ETag of GET {path}", item)

    def check(connection: Connection) -> None:
        find_subject(connection, subject.subject_id)
        if sent.strip() == "*" or _names(request, sent, path, connection, subject):
            return
        raise ChangedMeanwhileError(
            f"{subject.subject_id} changed since the answer with this ETag, or it is not that of GET {path}"
        )

    return check


def changed(request: Request, subject: Subject, message: str) -> RefusedError:
    """A 409 for a subject that is not any more as the If-Match of the request says."""
    suggestion = f"the ETag of GET {answer_path(subject)}"
    item = ProblemItem(
        parameter="If-Match", value=_if_match(request)[:100], message=f"If-Match: {message}", suggestion=suggestion
    )
    return RefusedError("changed-meanwhile", message, item)


def _if_match(request: Request) -> str:
    return ", ".join(request.headers.getlist("if-match"))


def answer_path(subject: Subject) -> str:
    """The path of the answer whose ETag counts."""
    kind = "projects" if subject.is_project else "components"
    return f"/v1/{kind}/{subject.subject_id}"


def _names(request: Request, sent: str, path: str, connection: Connection, subject: Subject) -> bool:
    """Whether one of the tags sent is that of the subject's answer in JSON, in a release since it changed."""
    scopes = [_scope_of_answer(request, path, accept) for accept in JSON_ACCEPTED]
    return any(
        held(sent, tag_of(stamp, scope, ANSWERS_VERSION, stale))
        for stamp in releases_since_changed(connection, subject)
        for stale in (False, True)
        for scope in scopes
    )


def _scope_of_answer(request: Request, path: str, accept: str) -> dict[str, Any]:
    """The request that the answer was read with: on the same host, without parameters, as JSON."""
    kept = [(name, value) for name, value in request.scope["headers"] if name != b"accept"]
    root = request.scope.get("root_path", "")
    headers = [*kept, (b"accept", accept.encode())]
    return {**request.scope, "path": f"{root}{path}", "query_string": b"", "headers": headers, "state": {}}
