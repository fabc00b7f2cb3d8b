"""Projects that were dropped: no total holds their money unless it is asked for."""

from models.filters import DROPPED

ASKED_FOR = f"status={DROPPED} asks for it"


def told_left_out(money: str) -> str:
    """Say of an amount of dropped projects that an answer is without it."""
    return f"leaves out {money}: {ASKED_FOR}"


def told_included(money: str) -> str:
    """Say of an amount of dropped projects that an answer shows it, as totals do not."""
    return f"includes {money}, which no total holds unless {ASKED_FOR}"


def warnings_of_status(status: str | None) -> list[str]:
    """Say of a single project, or of a component of it, what its status means for its money."""
    return [f"the project was dropped: no total holds its money unless {ASKED_FOR}"] if status == DROPPED else []
