"""Projects that were dropped: no total holds their money unless it is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.filters import DROPPED
from models.money import usd
from models.vocabulary import Measure

ASKED_FOR = f"status={DROPPED} asks for it"


def told_left_out(money: str) -> str:
    """Say of an amount of dropped projects that an answer is without it."""
    return f"leaves out {money}: {ASKED_FOR}"


def told_included(money: str) -> str:
    """Say of an amount of dropped projects that an answer shows it, as totals do not."""
    return f"includes {money}, which no total holds unless {ASKED_FOR}"


def warnings_of_status(status: str | None) -> list[str]:
    """Say of a single project, or of a component whose money is all of it, what its status means for its money."""
    return [f"the project was dropped: no total holds its money unless {ASKED_FOR}"] if status == DROPPED else []


def warnings_of_lines(status: str | None, lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of the money of a component, in cents, what of it is of a dropped project. Its lines have the status of the project
    that they count on, which can be a financing of the one, of this `status`, that lists it."""
    if all(line["status"] == status for line in lines):
        return warnings_of_status(status)
    return list(_of_a_part(lines))


def _of_a_part(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for measure in Measure:
        dropped = (line for line in lines if (line["measure"], line["status"]) == (measure, DROPPED))
        if cents := sum((line["amount_usd"] or 0) + (line["partial_usd"] or 0) for line in dropped):
            money = f"{usd(cents):,} US dollars of it are of a dropped project"
            yield f"under {measure} {money}: no total holds them unless {ASKED_FOR}"
