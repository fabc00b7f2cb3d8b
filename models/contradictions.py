"""Where fields of one record, each of them right by itself, do not fit each other."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from models.money import PPM
from models.records import AnyRecord, ComponentRecord, ProjectRecord, ReviewRecord, share_to_ppm
from models.vocabulary import Relevance

Check = Callable[[Any], None]
"""Looks at a record, and raises a ValueError that says what does not fit."""


def contradictions(kind: type[AnyRecord], record: AnyRecord, refused: Collection[str]) -> Iterator[tuple[str, str]]:
    """Find what does not fit: the field, under its name in files, and why. What needs a refused field is not looked at."""
    for fields, check in CHECKS[kind]:
        if not set(fields).isdisjoint(refused):
            continue
        try:
            check(record)
        except ValueError as error:
            yield fields[0], str(error)


def _check_country_shares(record: ProjectRecord) -> None:
    if not record.country_shares:
        return
    if len(record.country_shares) != len(record.countries):
        raise ValueError("country_shares must name one percentage for each of countries")
    if sum(share_to_ppm(share) for share in record.country_shares) != PPM:
        raise ValueError(f"country_shares {';'.join(record.country_shares)!r} must sum to 100")


def _check_regional(record: ProjectRecord) -> None:
    if record.country_shares and record.regional:
        raise ValueError("regional counts all money in the region, country_shares in countries: state one of them")


def _check_counted(record: ProjectRecord) -> None:
    if record.counted_cents is not None and record.counted_cents > (record.commitment_cents or 0):
        raise ValueError("counted_usd must not be more than commitment_usd")


def _check_parent(record: ProjectRecord) -> None:
    if record.parent_project_id == record.project_id:
        raise ValueError("parent_project_id must name another project")


def _check_passage(record: ComponentRecord) -> None:
    if (record.passage_start is None) != (record.passage_end is None):
        raise ValueError("passage_start and passage_end go together")
    if (record.passage_start or 0) > (record.passage_end or 0):
        raise ValueError(f"passage_start {record.passage_start} must not be after passage_end {record.passage_end}")


def _check_basis(record: ComponentRecord) -> None:
    if record.amount_cents is not None and record.amount_basis is None:
        raise ValueError("amount_basis must say what the amount measures: commitment, cost or disbursement")


def _check_relevance(record: ReviewRecord) -> None:
    if (record.category == "not_migration") != (record.relevance is Relevance.NONE):
        raise ValueError("relevance is none exactly where category is not_migration")


def _check_share(record: ReviewRecord) -> None:
    if record.share_percent is not None and not 0 < share_to_ppm(record.share_percent) <= PPM:
        raise ValueError(f"share_percent {record.share_percent!r} must be above 0 and at most 100")


CHECKS: Mapping[type[AnyRecord], tuple[tuple[tuple[str, ...], Check], ...]] = {
    ProjectRecord: (
        (("country_shares", "countries"), _check_country_shares),
        (("regional", "country_shares"), _check_regional),
        (("counted_usd", "commitment_usd"), _check_counted),
        (("parent_project_id", "project_id"), _check_parent),
    ),
    ComponentRecord: (
        (("passage_start", "passage_end"), _check_passage),
        (("amount_basis", "amount_usd"), _check_basis),
    ),
    ReviewRecord: (
        (("relevance", "category"), _check_relevance),
        (("share_percent",), _check_share),
    ),
}
"""By kind of record, which fields each check needs, the one that is told first."""
