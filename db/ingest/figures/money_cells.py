"""Over what the money of a project is split: its places, and in each of them its lenders."""

from dataclasses import dataclass
from typing import Any

from models.money import split_cents
from models.vocabulary import Lender, Measure


@dataclass(frozen=True, slots=True)
class MoneyCells:
    """Over what a project's amounts of one measure are split: its places, and in each of them its lenders."""

    names: tuple[tuple[str, Lender], ...]
    places: tuple[int, ...]
    lenders: tuple[int, ...]

    @property
    def in_several(self) -> bool:
        """Whether there is more than one place."""
        return len(self.places) > 1

    def split(self, amount: int | None) -> list[int | None]:
        """Split an amount in cents over the places, and each part over the lenders; in the order of `names`."""
        if not amount:
            return [amount] * len(self.names)
        return [part for here in split_cents(amount, self.places) for part in split_cents(here, self.lenders)]


def cells_of(project: dict[str, Any], measure: Measure) -> MoneyCells:
    """Say over what the amounts of a measure of a project are split."""
    counted_in = [(code, share) for code, share in project["located"] if share is not None]
    lenders = _lent_by(project, measure)
    return MoneyCells(
        tuple((code, lender) for code, _ in counted_in for lender, _ in lenders),
        tuple(share for _, share in counted_in),
        tuple(cents for _, cents in lenders),
    )


_LENDING = tuple((lender, f"{lender}_cents") for lender in Lender if lender is not Lender.NOT_STATED)
"""The lenders that sources state, with the field of what each lends."""


def _lent_by(project: dict[str, Any], measure: Measure) -> list[tuple[Lender, int]]:
    """Return the lenders of a project with weights in cents, in a fixed order.

    What the source's lenders leave of the commitment, and every amount that is not a commitment (nobody says who pays
    which part of a cost), is `not_stated`; so is all of it where the lenders' amounts pass the commitment. Where they differ
    from it by no more than `_rounding`, they share it.
    """
    whole = project["commitment_cents"]
    if measure is not Measure.COMMITMENT or not whole:
        return [(Lender.NOT_STATED, 1)]
    stated = [(lender, project[name] or 0) for lender, name in _LENDING]
    lent = sum(cents for _, cents in stated)
    rest = 0 if lent and abs(whole - lent) <= _rounding(whole) else whole - lent
    if rest < 0 or min(cents for _, cents in stated) < 0:
        return [(Lender.NOT_STATED, 1)]
    return [(lender, cents) for lender, cents in (*stated, (Lender.NOT_STATED, rest)) if cents]


def _rounding(whole: int) -> int:
    """By how many cents the parts of a whole, in cents, may differ from it because each was rounded.

    The World Bank's totals are single-precision floats of 24 bits, up to one in ten million off their parts: one in a million
    leaves room. Small amounts are told in whole dollars: four parts are two off at most.
    """
    return max(2_00, whole // 1_000_000)
