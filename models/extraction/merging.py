"""One list of components out of what the places of a report say."""

from models.extraction.candidate import Candidate
from models.extraction.result import CONFLICTING_AMOUNTS
from models.extraction.statement import Stated
from models.extraction.titles import alike
from models.vocabulary import Measure


def merge_runs(runs: list[list[Candidate]]) -> list[Candidate]:
    """Merge runs of the same list; a run that shares no title with the main one is of something else."""
    if not runs:
        return []
    main = next((run for run in runs if _priced(run) > 1), None) or max(
        runs, key=lambda run: (_priced(run), len({item.ordinal for item in run}))
    )
    groups: dict[int, list[Candidate]] = {}
    for item in main:
        groups.setdefault(item.ordinal, []).append(item)
    for run in runs:
        if run is not main and _same_list(groups, run):
            for item in run:
                groups.setdefault(item.ordinal, []).append(item)
    merged = [_merge(group) for _, group in sorted(groups.items())]
    return merged if _is_list(merged) else []


def _priced(run: list[Candidate]) -> int:
    return len({item.ordinal for item in run if item.stated})


def _same_list(groups: dict[int, list[Candidate]], run: list[Candidate]) -> bool:
    shared = [item for item in run if item.ordinal in groups]
    if not shared:
        return run[0].ordinal == max(groups) + 1
    return sum(alike(item.title, groups[item.ordinal][0].title) for item in shared) * 2 > len(shared)


def _is_list(merged: list[Candidate]) -> bool:
    """Titles alone, with ends that are inferred, make a list only when they count from one without a gap."""
    if any(item.stated for item in merged):
        return True
    return [item.ordinal for item in merged] == list(range(1, len(merged) + 1)) and len(merged) > 1


def _merge(group: list[Candidate]) -> Candidate:
    first = group[0]
    same = [item for item in group if item is first or alike(item.title, first.title)]
    told = [item for item in same if item.stated]
    if not told:
        return next((item for item in same if not item.loose), first)
    priced = [item for item in told if item.cents is not None]
    if not priced:
        return told[0]
    best = priced[0]
    for item in priced[1:]:
        best = _reconcile(best, item)
    return best


def _reconcile(one: Candidate, other: Candidate) -> Candidate:
    """Of two amounts for one component keep the finer of a rounded pair, or the cost beside a lender's part."""
    assert one.cents is not None and other.cents is not None  # noqa: PT018
    if one.cents == other.cents:
        return one
    finer, coarser = sorted((one, other), key=lambda item: _step(item.cents or 0))
    if abs((finer.cents or 0) - (coarser.cents or 0)) * 2 <= _step(coarser.cents or 0):
        return finer
    bases = {item.stated.basis for item in (one, other) if item.stated}
    if Measure.COMMITMENT in bases and len(bases) > 1:
        whole = max((one, other), key=lambda item: item.cents or 0)
        if whole.stated and whole.stated.basis is not Measure.COMMITMENT:
            return whole
    return Candidate(one.ordinal, one.title, one.start, one.end, Stated(None, None, (CONFLICTING_AMOUNTS,)), 0.5)


def _step(cents: int) -> int:
    """Size of the last figure an amount is written with, at most a million dollars."""
    step = 100
    while step < 10**8 and cents and cents % (step * 10) == 0:
        step *= 10
    return step
