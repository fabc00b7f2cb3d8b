"""What a picture of a spend query looks like: which kind, what stands on its axis, and what cannot be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.problems.kinds import BadParameterError, ProblemItem
from models.filters import YEARS, Dimension, SpendQuery

MOST_DIMENSIONS = 2


class Chart(StrEnum):
    """How values are drawn."""

    BAR = "bar"
    LINE = "line"
    STACKED = "stacked"


class Scale(StrEnum):
    """What equal distances mean: equal differences or equal ratios."""

    LINEAR = "linear"
    LOG = "log"


class Theme(StrEnum):
    """On what ground a picture stands."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for by hand; the rest follows from the query. Sizes are in CSS pixels."""

    chart: Chart | None = None
    scale: Scale = Scale.LINEAR
    width: int | None = None
    height: int | None = None
    theme: Theme = Theme.LIGHT


@dataclass(frozen=True, slots=True)
class Choice:
    """What is drawn: `axis` names what amounts stand beside, `series` what colours tell apart."""

    chart: Chart
    scale: Scale
    theme: Theme
    axis: Dimension | None
    series: Dimension | None

    @property
    def over_time(self) -> bool:
        """True where years stand on the axis, from left to right; else names stand below each other."""
        return self.axis in YEARS


def drawable(query: SpendQuery) -> bool:
    """True where a picture of a query can be made."""
    return len(query.group_by) <= MOST_DIMENSIONS


def choose(query: SpendQuery, wishes: Wishes) -> Choice:
    """Choose what is drawn.

    Raises:
        BadParameterError: if it would not be a picture, or not an honest one.
    """
    if not drawable(query):
        raise _refusal(
            "group_by",
            ",".join(query.group_by),
            f"a picture shows at most {MOST_DIMENSIONS} dimensions, one along its axis and one by colour",
            suggestion=",".join(query.group_by[:MOST_DIMENSIONS]),
        )
    years = [dimension for dimension in query.group_by if dimension in YEARS]
    axis = next(iter([*years, *query.group_by]), None)
    series = next((dimension for dimension in query.group_by if dimension is not axis), None)
    allowed = _charts(query, wishes.scale, bool(years), series is not None)
    chart = wishes.chart or allowed[0]
    if chart not in allowed:
        raise _refusal("chart", chart, _why_not(chart, wishes.scale), allowed)
    return Choice(chart, wishes.scale, wishes.theme, axis, series)


def _charts(query: SpendQuery, scale: Scale, years: bool, series: bool) -> list[Chart]:
    """The kinds that show this query honestly, the most fitting first."""
    lines = [Chart.LINE] if years else []
    stacked = [Chart.STACKED] if query.additive and scale is Scale.LINEAR else []
    fitting = stacked or lines if series else []
    return list(dict.fromkeys([*fitting, Chart.BAR, *lines, *stacked]))


def _why_not(chart: Chart, scale: Scale) -> str:
    if chart is Chart.LINE:
        return "a line needs year or fiscal_year in group_by: only years follow each other"
    if scale is Scale.LOG:
        return "parts cannot be stacked on a logarithmic scale, where lengths do not add up"
    return "rows of this query do not add up to its total (meta.additive), so they cannot be stacked"


def _refusal(
    parameter: str, value: str, message: str, allowed: Sequence[str] = (), suggestion: str | None = None
) -> BadParameterError:
    return BadParameterError(
        ProblemItem(
            parameter=parameter,
            value=value,
            message=f"{parameter}: {message}",
            allowed=list(map(str, allowed)) or None,
            suggestion=suggestion or next(iter(allowed), None),
        )
    )
