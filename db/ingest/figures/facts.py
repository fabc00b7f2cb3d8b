"""Turns a family of projects with its verdicts into the rows that answers are made of. Pure: no database here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

from db.ingest.figures.money_cells import MoneyCells, cells_of
from models.allocation import MoneyRow, StatedComponent, Totals, allocate_family
from models.classification import Taxonomy
from models.component import REMAINDER, WHOLE, Listed
from models.country import PlaceIndex
from models.filters import DROPPED
from models.project import fiscal_year, is_held_in_parent, lineage
from models.verdict import Decision, decide_remainder, split_shares
from models.vocabulary import Granularity, Measure, Relevance


@dataclass(slots=True)
class Member:
    """A project of a family: its merged fields, its listed components, and the verdicts, the effective one first."""

    project: dict[str, Any]
    components: Sequence[Listed]
    decisions: dict[str, list[Decision]]
    verdict: Decision


Family = Mapping[str, Member]
"""A parent project and the additional financings that are projects too, by their ids."""


@dataclass(slots=True)
class FamilyFacts:
    """Rows for the tables of facts, whole amounts and classifications, and the stand-in components they need; of several families
    too."""

    facts: list[dict[str, Any]] = field(default_factory=list)
    amounts: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    stand_ins: list[tuple[str, Granularity]] = field(default_factory=list)

    def __iadd__(self, more: Self) -> Self:
        self.facts += more.facts
        self.amounts += more.amounts
        self.verdicts += more.verdicts
        self.stand_ins += more.stand_ins
        return self


def family_facts(family: Family, places: PlaceIndex, taxonomy: Taxonomy) -> FamilyFacts:
    """Compute all rows of a family."""
    result = FamilyFacts()
    totals = _family_totals(family)
    listed = {key: [_stated(c) for c in member.components] for key, member in family.items()}
    allocations = allocate_family(totals, listed)
    decisions = {cid: found for member in family.values() for cid, found in member.decisions.items()}
    for key, member in family.items():
        rows = allocations[key]
        _add_stand_ins(result, key, member, rows, decisions)
        decisions |= member.decisions
        cells = {measure: cells_of(member.project, measure) for measure in Measure}
        for row in rows:
            component_id = row.component or f"{key}-{WHOLE if row.granularity is Granularity.PROJECT else REMAINDER}"
            result.facts += _facts(
                key, member, component_id, row, decisions[component_id][0], cells[row.measure], places, taxonomy
            )
        result.amounts += _whole_amounts(key, totals[key], rows, cells)
    _whole_rows(result.facts)
    _mark(result.facts, family)
    for component_id, found in decisions.items():
        result.verdicts += _verdict_rows(component_id, found)
    return result


def _family_totals(family: Family) -> dict[str, Totals]:
    """What each project of a family totals, with the financings that add to it, itself or by way of those between; those
    nearer the topmost come first. What was dropped adds to nothing."""
    parents = {key: member.project["parent_project_id"] for key, member in family.items()}
    paths = {key: lineage(parents, key) for key in family}
    included: dict[str, list[str]] = {key: [] for key in paths}
    excluded: dict[str, list[str]] = {key: [] for key in paths}
    for key, path in paths.items():
        if family[key].project["status"] == DROPPED:
            continue
        held = True
        for below, above in pairwise(path):
            held = held and is_held_in_parent(family[below].project)
            if above in paths:
                (included if held else excluded)[above].append(key)
    return {
        key: Totals(_amounts(family[key].project), tuple(included[key]), tuple(excluded[key]))
        for key in sorted(paths, key=lambda key: len(paths[key]))
    }


def _amounts(project: Mapping[str, Any]) -> dict[Measure, int | None]:
    return {
        Measure.COMMITMENT: project["counted_cents"],
        Measure.COST: project["cost_cents"],
        Measure.DISBURSEMENT: project["disbursement_cents"],
    }


def _stated(component: Listed) -> StatedComponent:
    measure = Measure(component.stated_measure) if component.stated_measure else None
    return StatedComponent(component.component_id, component.stated_cents, measure)


def _add_stand_ins(
    result: FamilyFacts, key: str, member: Member, rows: Sequence[MoneyRow], decisions: dict[str, list[Decision]]
) -> None:
    """Name the stand-in rows a project needs. The whole-project row is always there: it carries the project's verdict."""
    result.stand_ins.append((key, Granularity.PROJECT))
    if any(row.granularity is Granularity.REMAINDER for row in rows):
        result.stand_ins.append((key, Granularity.REMAINDER))
        listed = dict.fromkeys(row.component for row in rows if row.component)
        stating = {row.component for row in rows if row.amount is not None}
        stated, unstated = (
            [decisions[one][0] for one in listed if (one in stating) is states] for states in (True, False)
        )
        member.decisions[f"{key}-{REMAINDER}"] = [decide_remainder(member.verdict, stated, unstated)]


def _facts(
    key: str,
    member: Member,
    component_id: str,
    row: MoneyRow,
    decision: Decision,
    cells: MoneyCells,
    places: PlaceIndex,
    taxonomy: Taxonomy,
) -> Iterator[dict[str, Any]]:
    project = member.project
    approval = project["approval_date"]
    for share, amount, partial in split_shares(row.amount, decision):
        for (code, lender), amount_here, partial_here in zip(
            cells.names, cells.split(amount), cells.split(partial), strict=True
        ):
            place = places.by_code[code]
            yield {
                "component_id": component_id,
                "project_id": key,
                "measure": row.measure,
                "category": share.category,
                "country": code,
                "lender": lender,
                "granularity": row.granularity,
                "category_group": taxonomy.group_of(share.category),
                "relevance": share.relevance,
                "method": decision.method,
                "confidence": decision.confidence,
                "region": place.region_code,
                "income_group": place.income_group,
                "status": project["status"],
                "instrument": project["instrument"],
                "source_id": project["source"],
                "approval_date": approval,
                "year": approval.year if approval else None,
                "fiscal_year": fiscal_year(approval),
                "amount_cents": amount_here,
                "partial_cents": partial_here,
                "row_cents": None,
                "scaled": row.scaled,
                "exceeds_total": row.exceeds_total,
                "spread": False,
                "aim_unmet": False,
                "several_places": cells.in_several,
            }


def _whole_rows(facts: list[dict[str, Any]]) -> None:
    """Set beside each fact the whole of its row: what filters by amount look at."""
    whole: dict[tuple[str, Measure], int] = {}
    for fact in facts:
        for cents in (fact["amount_cents"], fact["partial_cents"]):
            if cents is not None:
                key = (fact["component_id"], fact["measure"])
                whole[key] = whole.get(key, 0) + cents
    for fact in facts:
        fact["row_cents"] = whole.get((fact["component_id"], fact["measure"]))


def _mark(facts: list[dict[str, Any]], family: Family) -> None:
    """Mark rows that are spread over several projects, and money whose project serves migration while no money of it does."""
    projects: dict[str, set[str]] = {}
    paid, serving = set(), set()
    for fact in facts:
        projects.setdefault(fact["component_id"], set()).add(fact["project_id"])
        if fact["amount_cents"] or fact["partial_cents"]:
            of_measure = (fact["project_id"], fact["measure"])
            paid.add(of_measure)
            if fact["relevance"] != Relevance.NONE:
                serving.add(of_measure)
    aiming = {key for key, member in family.items() if member.verdict.relevance != Relevance.NONE}
    unmet = {(project_id, measure) for project_id, measure in paid - serving if project_id in aiming}
    for fact in facts:
        fact["spread"] = len(projects[fact["component_id"]]) > 1
        fact["aim_unmet"] = (fact["project_id"], fact["measure"]) in unmet


def _whole_amounts(
    key: str, totals: Totals, rows: Sequence[MoneyRow], cells: Mapping[Measure, MoneyCells]
) -> Iterator[dict[str, Any]]:
    """What a project is worth, by place and lender: its total, or where none is stated what its rows state together."""
    for measure, total in totals.amounts.items():
        stated = sum(row.amount or 0 for row in rows if row.measure is measure)
        amount = stated or None if total is None else total
        if measure is Measure.DISBURSEMENT and amount is None:
            continue
        for (code, lender), part in zip(cells[measure].names, cells[measure].split(amount), strict=True):
            yield {
                "project_id": key,
                "country_code": code,
                "measure": measure,
                "lender": lender,
                "amount_cents": part,
            }


def _verdict_rows(component_id: str, decisions: Sequence[Decision]) -> Iterator[dict[str, Any]]:
    for index, decision in enumerate(decisions):
        for position, share in enumerate(decision.shares):
            yield {
                "component_id": component_id,
                "method": decision.method,
                "category_code": share.category,
                "position": position,
                "share_ppm": share.share_ppm,
                "share_known": share.share_known,
                "relevance": share.relevance,
                "secondary": list(decision.secondary),
                "confidence": decision.confidence,
                "certainty": decision.certainty,
                "reason": decision.reason,
                "reviewer": decision.reviewer,
                "reviewed_on": decision.reviewed_on,
                "evidence": list(decision.evidence),
                "taxonomy_version": decision.taxonomy_version,
                "rules_version": decision.rules_version,
                "effective": index == 0,
            }
