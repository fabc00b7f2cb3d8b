"""What of an Accept header can change an answer."""

from api.answers.negotiation import Format, accepted_format

AcceptKey = tuple[str, str]
IN_JSON: AcceptKey = (str(Format.JSON), str(Format.JSON))


def accept_key(value: str | None) -> AcceptKey:
    """Return the form in which an Accept header counts for kept answers and the entity tag.

    It is the format that the header leads to where an answer has rows only, and the one where it can be drawn too: which
    of them counts is known to the route alone, and two headers may agree in one and not in the other. They are plain
    strings, for those are hashed quicker than members of an enumeration.
    """
    return str(accepted_format(value) or "none"), str(accepted_format(value, pictures=True) or "none")
