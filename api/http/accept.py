"""What of an Accept header can change an answer."""

from api.negotiation import accepted_format


def accept_key(value: str | None) -> str:
    """Return the form in which an Accept header counts for the entity tag: the format that it leads to."""
    return accepted_format(value) or "none"
