"""A component while it is being read, before duplicates are merged."""

from dataclasses import dataclass, replace

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


def numbered(found: list[Candidate]) -> list[Candidate]:
    """Keep the report's numbers where each component has its own; else count."""
    numbers = [candidate.ordinal for candidate in found]
    if 0 not in numbers and len(set(numbers)) == len(numbers):
        return found
    return [replace(item, ordinal=index) for index, item in enumerate(found, 1)]
