"""What an example of the document is: a question, and where it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_SHOWN, SHOWN_OF_LONGER = 500, 40
"""Characters of a path that is shown whole, and of one that is longer: nobody reads the sixteen thousand of such an address."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question: the operation it belongs to, the status of its answer, and what to send.

    One that is `later` is asked after a second release, of which nobody asked for files. One with a `scope` shows a key that
    has it; one with `etag_of` sends the ETag of that path as If-Match. One `beyond_quota` is asked of a service that limits its
    clients, by one that has asked as much as it may. Of one that is `slow` the body does not come to its end.
    """

    operation: str
    status: int
    name: str
    summary: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    later: bool = False
    scope: str | None = None
    etag_of: str | None = None
    beyond_quota: bool = False
    slow: bool = False

    @property
    def key(self) -> str:
        """Where its answer is recorded."""
        return f"{self.operation}/{self.status}/{self.name}"

    @property
    def question(self) -> str:
        """What is asked, in one line."""
        shown = dict(self.headers)
        shown |= {"Authorization": "Bearer mfa_…"} if self.scope else {}
        shown |= {"If-Match": f"the ETag of GET {self.etag_of}"} if self.etag_of else {}
        headers = "".join(f" with {name}: {value}" for name, value in shown.items())
        path = self.path if len(self.path) <= LONGEST_SHOWN else f"{self.path[:SHOWN_OF_LONGER]}…"
        return f"{self.method} {path}{headers}"
