"""Deciding how far the list of components that was read from one report can be taken as its project's."""

from dataclasses import dataclass, replace
from enum import StrEnum

from models.extraction.checking import TOLERANCE, check_against
from models.extraction.reading import extract
from models.extraction.result import EXCEEDS_TOTAL, ExtractedComponent, Extraction
from models.vocabulary import Measure
from models.words import counted

SURE = 0.7
"""Below this confidence the shape of a list is not trusted by itself."""

LOW_CONFIDENCE = "low_confidence"  # the shape of the list is not trusted by itself
BASIS_UNSTATED = "basis_unstated"  # the text does not say what the amount measures, and the sum does not tell it

BASIS_BY_SUM = "basis_by_sum"  # the text says cost, as status reports head every list; the sum is the commitment


class Trust(StrEnum):
    """What a report's list is worth."""

    TRUSTED = "trusted"
    DOUBTFUL = "doubtful"  # the project's own list with amounts, but something does not fit
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Totals:
    """What is known of a project's money, in cents of US dollars."""

    commitment_cents: int | None = None
    cost_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The components of a report, how far they are trusted, and in words why no further."""

    trust: Trust
    reason: str
    components: tuple[ExtractedComponent, ...] = ()


def judge(text: str, project_id: str, totals: Totals) -> Judgement:
    """Read a report of a project and say whether its list can be taken.

    It is trusted if the text names the project as its own, states amounts whose sum is within one percent of the
    commitment or the cost, and is of a shape of at least 0.7. Amounts are never changed; one of which neither the text
    nor the sum says what it measures is left out of a doubtful list, with a flag, and stays in its passage.
    """
    extraction = check_against(extract(text), totals.commitment_cents, totals.cost_cents)
    if extraction.project_id != project_id:
        other = f"is about {extraction.project_id}" if extraction.project_id else "names no project as its own"
        return Judgement(Trust.NONE, f"the text {other}")
    if not extraction.components:
        return Judgement(Trust.NONE, "no components are found in the text")
    priced = [item for item in extraction.components if item.amount_cents is not None]
    if not priced:
        return Judgement(Trust.NONE, "its components state no amounts that can be read")
    doubts = [_misfit(priced, extraction, totals)]
    if min(item.confidence for item in priced) < SURE:
        doubts.append(f"the list is of a shape that is trusted less than {SURE}")
    words = "; ".join(filter(None, doubts))
    if not words:
        total = sum(item.amount_cents or 0 for item in priced)
        settled = (
            map(_by_sum, extraction.components) if _fits(total, totals.commitment_cents) else extraction.components
        )
        return Judgement(Trust.TRUSTED, "", tuple(settled))
    return Judgement(Trust.DOUBTFUL, words, tuple(map(_doubtful, extraction.components)))


def _misfit(priced: list[ExtractedComponent], extraction: Extraction, totals: Totals) -> str:
    total = sum(item.amount_cents or 0 for item in priced)
    known = [cents for cents in (totals.commitment_cents, totals.cost_cents) if cents]
    if any(_fits(total, cents) for cents in known):
        return ""
    if not known:
        return "no total of the project is known to check its amounts against"
    if any(EXCEEDS_TOTAL in item.flags for item in priced):
        return "its amounts sum to more than the project"
    unpriced = len(extraction.components) - len(priced)
    rest = f"; {counted(unpriced, 'of its components states', 'of its components state')} none" if unpriced else ""
    return f"its amounts sum to neither the commitment nor the cost{rest}"


def _fits(total: int, known: int | None) -> bool:
    return bool(known) and abs(total - (known or 0)) * TOLERANCE <= (known or 0)


def _by_sum(item: ExtractedComponent) -> ExtractedComponent:
    """Status reports head every list with "Cost", whatever was summed; the commitment is looked at first, as by people who
    compiled such lists."""
    if item.basis is not Measure.COST:
        return item
    return replace(item, basis=Measure.COMMITMENT, flags=(*item.flags, BASIS_BY_SUM))


def _doubtful(item: ExtractedComponent) -> ExtractedComponent:
    flags = list(item.flags)
    if item.amount_cents is not None and item.confidence < SURE:
        flags.append(LOW_CONFIDENCE)
    if item.amount_cents is not None and item.basis is None:
        return replace(item, amount_cents=None, flags=(*flags, BASIS_UNSTATED))
    return replace(item, flags=tuple(flags))
