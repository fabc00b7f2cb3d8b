"""Comparing what was read with what is known of the project's money."""

from dataclasses import replace

from models.extraction.result import EXCEEDS_TOTAL, MISMATCH, ExtractedComponent, Extraction
from models.vocabulary import Measure

TOLERANCE = 100
"""A sum fits a total when they differ by at most a hundredth of it: reports round to a tenth of a million."""


def check_against(extraction: Extraction, commitment_cents: int | None, cost_cents: int | None) -> Extraction:
    """Compare the sum of the components with the project's commitment, then with its cost, all in cents.

    Where it fits within one percent, a basis that the text left open is set; a basis that the text states is kept. A
    sum above both totals flags the components as `exceeds_total`; a sum that fits neither, with every component
    priced, as `mismatch`. Amounts are never changed. Nothing happens where no amount or no total is known.
    """
    priced = [item.amount_cents for item in extraction.components if item.amount_cents is not None]
    totals = [total for total in (commitment_cents, cost_cents) if total is not None and total > 0]
    if not priced or not totals:
        return extraction
    total = sum(priced)
    if _fits(total, commitment_cents):
        return _with_basis(extraction, Measure.COMMITMENT)
    if _fits(total, cost_cents):
        return _with_basis(extraction, Measure.COST)
    if total > max(totals) and not _fits(total, max(totals)):
        return _flagged(extraction, EXCEEDS_TOTAL)
    if len(priced) == len(extraction.components):
        return _flagged(extraction, MISMATCH)
    return extraction


def _fits(total: int, known: int | None) -> bool:
    return known is not None and known > 0 and abs(total - known) * TOLERANCE <= known


def _with_basis(extraction: Extraction, basis: Measure) -> Extraction:
    def settled(item: ExtractedComponent) -> ExtractedComponent:
        open_basis = item.amount_cents is not None and item.basis is None
        return replace(item, basis=basis) if open_basis else item

    return replace(extraction, components=tuple(settled(item) for item in extraction.components))


def _flagged(extraction: Extraction, flag: str) -> Extraction:
    def marked(item: ExtractedComponent) -> ExtractedComponent:
        if item.amount_cents is None or flag in item.flags:
            return item
        return replace(item, flags=(*item.flags, flag))

    return replace(extraction, components=tuple(marked(item) for item in extraction.components))
