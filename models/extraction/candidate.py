"""A component while it is being read, before duplicates are merged."""

from dataclasses import dataclass

from models.extraction.statement import Stated


@dataclass(frozen=True, slots=True)
class Candidate:
    """A component as one place of the text gives it; `start` and `end` are places in the cleaned text."""

    ordinal: int
    title: str
    start: int
    end: int
    stated: Stated | None
    confidence: float
    loose: bool = False  # without an amount, and where the title ends is inferred

    @property
    def cents(self) -> int | None:
        """The amount in cents of US dollars, if one was read."""
        return self.stated.cents if self.stated else None
