"""Who may write: `Authorization: Bearer` with a key that has the scope."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.deps import get_writer
from api.problems.kinds import ProblemItem, RefusedError
from db.engine import reading_once
from db.keys import any_key, find_key
from models.api_key import ApiKey
from models.vocabulary import Scope

REALM = 'Bearer realm="Migration Finance API"'
SCHEME = HTTPBearer(
    scheme_name="key",
    auto_error=False,
    description="A key that `python -m api keys create` made: `Authorization: Bearer mfa_…`. Scopes: `ingest` to send "
    "records and to read runs, `review` to decide on classifications, also by review records that are sent with `ingest`.",
)

Sent = Annotated[HTTPAuthorizationCredentials | None, Security(SCHEME)]


def key_with(scope: Scope) -> Callable[[Request, Sent], ApiKey]:
    """Make the dependency that lets only keys with a scope in."""

    def check(request: Request, sent: Sent) -> ApiKey:
        """Find the key.

        Raises:
            RefusedError: 401 without a key that counts, 403 for one without the scope, or where there are no keys at all.
        """
        with reading_once(get_writer(request)) as connection:
            key = None if sent is None else find_key(connection, sent.credentials)
            off = key is None and not any_key(connection)
        if off:
            raise RefusedError("writing-off", "no key was made for this service, so nobody can write")
        if key is None:
            raise unauthorized(
                "this path needs a key" if sent is None else "there is no such key, or it was revoked", sent
            )
        if scope not in key.scopes:
            has = ", ".join(key.scopes)
            detail = f"the key {key.name!r} has the scope {has}, and this path needs {scope}"
            item = ProblemItem(parameter="Authorization", value=f"a key with {has}", message=detail, allowed=[scope])
            raise RefusedError(
                "scope-missing", detail, item, www_authenticate=f'{REALM}, error="insufficient_scope", scope="{scope}"'
            )
        return key

    return check


def unauthorized(detail: str, sent: object) -> RefusedError:
    """A 401, which never shows what was sent; RFC 6750 gives a code only where a key was."""
    code = ', error="invalid_token"' if sent else ""
    item = ProblemItem(parameter="Authorization", message=detail, allowed=["Bearer mfa_…"])
    return RefusedError("unauthorized", detail, item, www_authenticate=f"{REALM}{code}")


IngestKey = Annotated[ApiKey, Security(key_with(Scope.INGEST))]
ReviewKey = Annotated[ApiKey, Security(key_with(Scope.REVIEW))]
