"""What a source gave with an answer to ask by whether it is still the same."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Validators:
    """What a source gave to ask by whether an answer is still the same (RFC 9110, section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers that make a request conditional. What no header may hold is left out, though a source gave it."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value and value.isascii() and value.isprintable()}
