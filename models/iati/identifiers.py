"""IATI identifiers as ids of projects: the World Bank's by their P-number, all others as written, in signs fit for paths."""

import re

from models.texts import LONGEST_PROJECT_ID, is_p_number, with_p_number

WORLD_BANK = "44000"
_PLAIN = re.compile(r"[A-Za-z0-9._-]")


def project_id_of(identifier: str, reporting_ref: str | None) -> str:
    """Turn an IATI identifier into the id of a project.

    `44000-P174085` of the World Bank (44000), in capitals or not, is its project P174085. Any other identifier keeps its
    letters, digits, dots, dashes and underscores; each byte (UTF-8) of any other sign is written as a colon and two
    hexadecimal digits, so that `XI-IATI-EC_INTPA-2019/405-854` becomes `XI-IATI-EC_INTPA-2019:2F405-854`.
    That can be turned back, so no two identifiers become one.

    Raises:
        ValueError: if it is empty, too long, begins with another sign than a letter or digit, ends with a dash, names a
            project of the World Bank but is reported by somebody else, or would pass for one.
    """
    head, _, number = identifier.partition("-")
    if head == WORLD_BANK and is_p_number(number):
        if reporting_ref != WORLD_BANK:
            raise ValueError(f"{identifier!r} is the World Bank's, but {reporting_ref or 'nobody'} reports it")
        return with_p_number(number)
    if is_p_number(identifier):
        raise ValueError(
            f"{identifier!r} would pass for a project of the World Bank: expected its own prefix before it"
        )
    if not identifier or not (identifier[0].isascii() and identifier[0].isalnum()):
        raise ValueError(
            f"{identifier[:60]!r} does not begin with a letter or digit, as identifiers of organisations do"
        )
    if identifier.endswith("-"):
        raise ValueError(
            f"{identifier[:60]!r} has nothing behind its dash: expected the activity's own identifier there"
        )
    written = "".join(sign if _PLAIN.fullmatch(sign) else _escape(sign) for sign in identifier)
    if len(written) > LONGEST_PROJECT_ID:
        raise ValueError(
            f"{identifier[:60]!r} is {len(written)} characters long as an id, at most {LONGEST_PROJECT_ID} are taken"
        )
    return written


def _escape(sign: str) -> str:
    return "".join(f":{byte:02X}" for byte in sign.encode("utf-8", "replace"))
