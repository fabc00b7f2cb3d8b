"""Addresses on the web as they may be shown: a name of a user and a password in one are for its server alone."""

import re

_USER = re.compile(r"^([a-z][a-z0-9+.-]*:)?//[^/?#]*@", re.IGNORECASE)
_AFTER_PATH = re.compile(r"[?#].*", re.DOTALL)


def without_user(address: str) -> str:
    """Leave a name of a user and a password out of an address; anything else stays as it is, also what is no address."""
    return _USER.sub(lambda found: f"{found[1] or ''}//", address, count=1)


def place_of(address: str) -> str:
    """Keep of an address what says where something is: no user, and no query, which may hold a key."""
    return _AFTER_PATH.sub("", without_user(address))
