"""From the text of a report to its components."""

import re
from dataclasses import replace

from models.extraction.amounts import cut_figure
from models.extraction.candidate import Candidate
from models.extraction.cleaning import CleanText, clean, cut
from models.extraction.furniture import furniture, page_numbers
from models.extraction.merging import merge_runs
from models.extraction.numbered import numbered_components
from models.extraction.projects import Owner, project_of
from models.extraction.prose import prose_components
from models.extraction.result import NO_COMPONENTS, NO_PROJECT_ID, OTHER_PROJECT, ExtractedComponent, Extraction
from models.extraction.status import status_components
from models.extraction.tables import table_components
from models.extraction.titles import alike

_CONTINENTAL = re.compile(
    r"\b(?:composantes?|componentes?|du projet|del proyecto|do projeto|millones|milhoes|cout|dollars us)\b"
)
_ENGLISH = re.compile(r"\b(?:the project|of the|and the|component|will)\b")


def extract(text: str) -> Extraction:
    """Read the components of the project that a report is about.

    Total and deterministic: any text gives an answer, at worst an empty one with warnings. Amounts are cents of US
    dollars and always stand in their passage; what is not clearly a component's own amount is None with a flag.
    """
    whole = clean(_without_page_numbers(text))
    project = project_of(whole)
    owner = Owner(whole, project)
    even = cut(whole, furniture(whole))
    last = cut_figure(even.folded)
    even = even if last is None else cut(even, [(last, len(even.text))])
    found, foreign = _components(even, owner)
    components = tuple(_component(item, even, text) for item in found)
    warnings = [NO_PROJECT_ID] if project is None else []
    warnings += [OTHER_PROJECT] if foreign else []
    warnings += [] if components else [NO_COMPONENTS]
    return Extraction(project, components, tuple(warnings))


def _without_page_numbers(text: str) -> str:
    pieces = []
    position = 0
    for start, end in page_numbers(text):
        pieces += [text[position:start], " " * (end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def _components(even: CleanText, owner: Owner) -> tuple[list[Candidate], bool]:
    continental = _is_continental(even)
    foreign = False

    def own(items: list[Candidate]) -> list[Candidate]:
        nonlocal foreign
        kept = [] if items and owner.is_foreign(even, items[0].start) else items
        foreign = foreign or len(kept) < len(items)
        return kept

    status = [kept for group in status_components(even) if (kept := own(group))]
    if status:
        return status[0], foreign  # the same list printed again adds nothing
    runs = [kept for run in prose_components(even, continental) if (kept := own(run))]
    prose = merge_runs(runs)
    told = [_titled(rows, runs) for rows in table_components(even, continental)]
    tables = [kept for rows in told if (kept := own(rows))]
    table = _table_of(tables, prose)
    if table:
        return _fill(table, prose), foreign
    return prose or own(numbered_components(even, continental)), foreign


def _table_of(tables: list[list[Candidate]], prose: list[Candidate]) -> list[Candidate]:
    """Take the first table with amounts; where sentences price several components, one that is about the same."""
    priced = [item for item in prose if item.cents is not None]
    if len(priced) < 2:
        with_amounts = [table for table in tables if any(item.cents is not None for item in table)]
        return next(iter(with_amounts or ([] if priced else tables)), [])
    return next((table for table in tables if _same(table, priced)), [])


def _same(table: list[Candidate], prose: list[Candidate]) -> bool:
    """Say whether most titles of the shorter list stand in the other one."""
    shared = sum(any(alike(item.title, other.title) for other in table) for item in prose)
    return shared * 2 > min(len(table), len(prose))


def _titled(table: list[Candidate], runs: list[list[Candidate]]) -> list[Candidate]:
    """Rows 'Component 2  25.00' take their title from the sentences; one that is told nowhere is left out."""
    titles = {item.ordinal: item.title for run in reversed(runs) for item in run}
    named = [item if item.title else replace(item, title=titles.get(item.ordinal, "")) for item in table]
    return [item for item in named if item.title]


def _fill(table: list[Candidate], prose: list[Candidate]) -> list[Candidate]:
    """Take an amount from the sentences where the table states none for the component."""
    filled = []
    for item in table:
        told = next(
            (other for other in prose if other.ordinal == item.ordinal and alike(other.title, item.title)), None
        )
        filled.append(told if item.stated is None and told and told.stated else item)
    return filled


def _is_continental(even: CleanText) -> bool:
    """Say whether commas part decimals, by the language of the first pages."""
    start = even.folded[:60_000]
    return len(_CONTINENTAL.findall(start)) > len(_ENGLISH.findall(start))


def _component(item: Candidate, even: CleanText, text: str) -> ExtractedComponent:
    start, end = even.source_span(item.start, item.end)
    flags = item.stated.flags if item.stated else ()
    basis = item.stated.basis if item.stated and item.cents is not None else None
    return ExtractedComponent(
        item.ordinal, item.title, item.cents, basis, item.confidence, start, end, text[start:end], flags
    )
