"""What reading a report yields: its components, each with the passage it was read from."""

from dataclasses import dataclass

from models.vocabulary import Measure

AMOUNT_UNREADABLE = "amount_unreadable"  # digits that form no single number
AMBIGUOUS_UNIT = "ambiguous_unit"  # thousands, millions or whole dollars: the text does not settle it
AMBIGUOUS_AMOUNT = "ambiguous_amount"  # several amounts, none of them said to be the component's
CONFLICTING_AMOUNTS = "conflicting_amounts"  # the report states two different amounts for one component
INFERRED_UNIT = "inferred_unit"  # taken, though the text names no unit: millions, as this kind of report prints them
NOT_USD = "not_usd"  # stated in another currency only
CURRENCY_UNSTATED = "currency_unstated"  # a number with no currency to it
ACTUAL_ONLY = "actual_only"  # what was spent, not what was planned
PARTS_ONLY = "parts_only"  # what single financiers give, never the whole
PROPOSED_AMOUNT = "proposed_amount"  # taken: the cost after the change that the paper proposes
EXCEEDS_TOTAL = "exceeds_total"  # the components sum to more than the project
MISMATCH = "mismatch"  # the components sum to neither the commitment nor the cost

NO_PROJECT_ID = "no_project_id"
NO_COMPONENTS = "no_components"
OTHER_PROJECT = "other_project_left_out"


@dataclass(frozen=True, slots=True)
class ExtractedComponent:
    """A component as the report states it.

    `amount_cents` is in cents of US dollars, None where no amount is stated or `flags` says why none was taken.
    `start` and `end` place `passage` in the text that was read.
    """

    ordinal: int
    title: str
    amount_cents: int | None
    basis: Measure | None
    confidence: float
    start: int
    end: int
    passage: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one report says of its project's components; warnings are short codes."""

    project_id: str | None
    components: tuple[ExtractedComponent, ...]
    warnings: tuple[str, ...]
