"""How a run that an error ended is written down: as what, and in which words."""

from pathlib import Path
from traceback import extract_tb
from typing import NamedTuple

from db.errors import DataError, is_out_of_room
from db.settings import ROOT
from models.texts import storable
from models.vocabulary import RunStatus


class Ending(NamedTuple):
    """How a run ended, and the line that says why."""

    status: RunStatus
    detail: str


def ending_of(error: Exception, without_room: RunStatus = RunStatus.REFUSED) -> Ending:
    """Say how a run ended that an error ended. Nobody died of a full disk: `without_room` is how such a run stands."""
    if isinstance(error, DataError):
        return Ending(RunStatus.REFUSED, str(error))
    if is_out_of_room(getattr(error, "orig", error)):
        goes_on = without_room is RunStatus.QUEUED
        after = "it is tried again by itself" if goes_on else "nothing of it was kept"
        return Ending(without_room, f"there is no room to write: {after}")
    return Ending(RunStatus.INTERRUPTED, f"an error that was not foreseen, {_met(error)}; nothing of it was kept")


def _met(error: Exception) -> str:
    """Say in one line what the error is and which of our lines met it, for whoever has to look for it."""
    first = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    ours = [
        f
        for f in extract_tb(error.__traceback__)
        if Path(f.filename).is_relative_to(ROOT) and ".venv" not in f.filename
    ]
    where = f" ({Path(ours[-1].filename).relative_to(ROOT)}, line {ours[-1].lineno})" if ours else ""
    return storable(f"{type(error).__name__}: {first}", 500) + where
