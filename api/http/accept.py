"""What of an Accept header can change an answer."""

LONGEST = 200


def accept_key(value: str | None) -> str:
    """Bring an Accept header into the form in which it counts for the entity tag."""
    return (value or "").strip().lower()[:LONGEST]
