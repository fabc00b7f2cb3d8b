"""What the World Bank's sources of projects have in common: addresses, forms of texts and names, amounts to believe."""

import html
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from decimal import Decimal
from typing import Any

from models.dates import parse_day
from models.money import parse_dollars
from models.source import WORLDBANK_PROJECTS
from models.texts import clean_text, without_nul

SOURCE = WORLDBANK_PROJECTS
PROJECT_PAGE = "https://projects.worldbank.org/en/projects-operations/project-detail/"
REAL_MONEY = 1_000_00
"""An operation below 1,000 dollars (in cents) is a placeholder or written in millions: its amount is not believed."""

MAY_BE_MILLIONS = 10_000_00
"""Below 10,000 dollars (in cents) an amount of unknown unit may as well be one of some billions, written in millions.

Grants of 10,000 dollars and more are real; no project is of ten billion.
"""

MILLION = 1_000_000
PARTS = ("ibrd_usd", "ida_usd", "grant_usd")
AMOUNTS = ("commitment_usd", "project_cost_usd", *PARTS)


_US_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: [0-9:]+ ?[AP]M)?")


def real_day(text: str) -> str | None:
    """Read a date that may be none: ISO, or the US form of the World Bank's files, "1/21/1999 12:00:00 AM"."""
    us = _US_DAY.fullmatch(" ".join(text.split()))
    try:
        day = parse_day(f"{us[3]}-{us[1]:0>2}-{us[2]:0>2}" if us else text)
    except ValueError:
        return None
    return day.isoformat() if day else None


def read_text(value: object) -> str | None:
    """Read a text in any form that the Projects API has had: plain, alone in a list, or under `cdata!` or `cdata`.

    "Nothing" is written as null, "", "N/A", "NULL", 0 or "0". Several texts of a list become one, parted by ", ".

    Raises:
        ValueError: for a form never seen, and for a NUL in it.
    """
    if isinstance(value, dict):
        inside = [value[name] for name in ("cdata!", "cdata") if name in value]
        if not inside:
            raise ValueError("is an object without a text, expected a text")
        value = inside[0]
    if isinstance(value, list):
        return ", ".join(dict.fromkeys(read_texts(value))) or None
    if isinstance(value, bool | dict):
        raise ValueError("is no text")
    text = without_nul(clean_text(None if value is None else html.unescape(str(value))))
    return None if text is None or text.upper() in {"0", "NULL"} else text


def read_texts(value: object) -> list[str]:
    """Read a list of texts, or one; see `read_text`."""
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, list) for item in items):
        raise ValueError("is a list of lists, expected texts")
    return [text for item in items if (text := read_text(item))]


def read_names(value: object) -> Iterator[str]:
    """Yield the names of sectors or themes in any form seen: a text, `name!$!percent!$!code`, an object, lists of these.

    Lists of the third version of the API are nested: major sectors hold sectors, themes hold themes of two more levels.

    Raises:
        ValueError: for a form never seen.
    """
    if isinstance(value, list):
        for item in value:
            yield from read_names(item)
    elif isinstance(value, dict):
        names = [value[key] for key in ("Name", "name", "sector_name") if key in value]
        inner = [value[key] for key in ("major_sector", "sectors", "theme2", "theme3") if key in value]
        if not names and not inner:
            raise ValueError("is an object without a name")
        for item in (*names, *inner):
            yield from read_names(item)
    elif isinstance(value, str) and "!$!" in value:
        yield from read_names(value.split("!$!")[0])
    elif isinstance(value, bool) or (isinstance(value, int | float) and value):
        raise ValueError("is no name")
    elif text := read_text(value):
        yield text


def mend_words(text: str, others: Sequence[str]) -> str:
    """Close the blanks that line wraps left inside words ("collectio n"), where the text itself shows the whole word.

    A blank goes only if the joined word stands whole elsewhere in the record and one of its halves stands nowhere else:
    everything beyond that would be guessing.
    """
    words = re.findall(r"\w+", " ".join((text, *others)).casefold())
    counts = Counter(words)

    def join(match: re.Match[str]) -> str:
        left, right = match[1].casefold(), match[2].casefold()
        known = len(left + right) >= 6 and left + right in counts
        return match[1] if known and min(counts[left], counts[right]) == 1 else match[0]

    return re.sub(r"\b([^\W\d_]+) (?=([^\W\d_]+)\b)", join, text)


def settle_amounts(fields: dict[str, Any], unsure: Container[str] = AMOUNTS) -> list[tuple[str, str, str]]:
    """Make the commitment mean IBRD + IDA + grants, whole dollars, and set aside what cannot be believed.

    What the total column holds differs by export: with or without grants, in dollars or in millions, or the cost again.
    It is compared with its parts; where they do not settle it, it is not guessed. `unsure` are the fields of unknown unit.
    """
    try:
        parts = {name: parse_dollars(fields.get(name)) for name in PARTS}
        total, cost = parse_dollars(fields.get("commitment_usd")), parse_dollars(fields.get("project_cost_usd"))
    except ValueError:
        return []  # validation names the field
    set_aside = []
    stated = [amount for amount in parts.values() if amount is not None]
    parts_sum = sum(stated)
    loan = sum(amount for name, amount in parts.items() if amount is not None and name != "grant_usd")
    grant = parts["grant_usd"] or 0
    if total is not None and stated and not same(total, parts_sum):
        if same(total, loan) or same(total * MILLION, parts_sum) or same(total * MILLION, loan):
            fields["commitment_usd"] = dollars(parts_sum)
        elif loan == 0 and parts["ibrd_usd"] is None and parts["ida_usd"] is None and total == cost and grant < total:
            reason = "repeats the project's cost, while only a grant is stated: the commitment is not stated"
            set_aside.append(("commitment_usd", str(fields.pop("commitment_usd")), reason))
    elif total is not None and not stated and total == cost:
        why = "repeats the project's cost" if total else "is zero, as the cost is, which stands for not stated,"
        reason = f"{why} and no part confirms it: the commitment is not stated"
        set_aside.append(("commitment_usd", str(fields.pop("commitment_usd")), reason))
    in_dollars = _in_dollars(fields, unsure)
    for name in AMOUNTS:
        cents = parse_dollars(fields.get(name))
        least = MAY_BE_MILLIONS if name in unsure and name not in in_dollars else REAL_MONEY
        if cents is not None and 0 < cents < least:
            reason = "is too small to be whole dollars (a placeholder, or millions): set aside"
            set_aside.append((name, str(fields.pop(name)), reason))
    if stated_cost(cost) is None:
        fields.pop("project_cost_usd", None)
    return set_aside


def stated_cost(cents: int | None) -> int | None:
    """Return a cost in cents as the World Bank means it: its lists write 0 for "not stated", as no project costs nothing."""
    return cents or None


def _in_dollars(fields: dict[str, Any], unsure: Container[str]) -> Sequence[str]:
    """Name the amounts that are in dollars because one of them surely is, and the total is the sum of the parts."""
    total, *parts = (parse_dollars(fields.get(name)) for name in ("commitment_usd", *PARTS))
    if total is None or not same(total, sum(part or 0 for part in parts)):
        return ()
    amounts = zip(("commitment_usd", *PARTS), (total, *parts), strict=True)
    sure = any(cents and (name not in unsure or cents >= MAY_BE_MILLIONS) for name, cents in amounts)
    return ("commitment_usd", *PARTS) if sure else ()


def same(one: int, other: int) -> bool:
    """Equal but for the noise of single-precision floats that exports carry: a hundred dollars, or one in a million."""
    return abs(one - other) <= max(100_00, abs(other) // 1_000_000)


def dollars(cents: int) -> str:
    """Write cents as dollars, in the form that records are read from."""
    return str(Decimal(cents).scaleb(-2))
