"""Where everything stands: sizes are fixed before anything is drawn, so that a picture is exactly as large as asked for."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from api.charts.choice import Choice, Scale, Wishes
from api.charts.figure import WITHOUT, Figure
from api.charts.theme import SMALL, TEXT, TITLE, Palette, width_of
from api.charts.words import wrapped
from models.classification import load_taxonomy
from models.filters import Dimension

WIDTH, LEAST_WIDTH, MOST_WIDTH = 800, 320, 2400
LEAST_HEIGHT, MOST_HEIGHT = 240, 2400

MARGIN = 16
LEAST_PLOT = 60
YEARS_HEIGHT = 260
BAR, GROUPED_BAR = 26, 13
AXIS = 40
KEY = 18
BELOW = SMALL * 1.4
NAME_LINE = 13
"""Heights in pixels: of a plot over years, of a bar with its gap, of the axis below with its title, of lines of the key,
of the notes and of names beside bars."""

MOST_NAME_LINES = 3
"""Lines of one name; what is longer ends in dots, and is read aloud in full."""


@dataclass(frozen=True, slots=True)
class Words:
    """The texts around a plot."""

    title: str
    subtitle: str
    filters: str
    notes: Sequence[str]
    source: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text at a place that is counted from the upper left corner of the plot."""

    text: str
    x: float
    y: float
    size: float
    colour: str
    weight: str = "normal"


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot within the picture, and the texts around it."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: Sequence[Line]
    keys: Sequence[dict[str, Any]]
    names: Mapping[str, Sequence[str]]
    """The lines of each name beside its bar."""

    @property
    def plot(self) -> tuple[int, int]:
        """Width and height of the plot."""
        return self.width - self.left - self.right, self.height - self.top - self.bottom


def frame_of(
    figure: Figure, choice: Choice, wishes: Wishes, words: Words, palette: Palette, texts: Sequence[str]
) -> Frame:
    """Lay a picture out. `texts` are what stands beside the marks at their ends."""
    width = wishes.width or WIDTH
    inner = width - 2 * MARGIN
    left, right = _sides(figure, choice, width, texts)
    names = _names(figure, choice, left, MOST_NAME_LINES)
    above = _above(words, inner, palette)
    caption = f"{words.unit}, logarithmic scale" if choice.scale is Scale.LOG else words.unit
    caption_height = SMALL * 1.8 if choice.over_time and caption else 0
    keys, key_height = _keys(figure, inner, palette)
    notes, source = wrapped(" ".join(words.notes), inner, SMALL), wrapped(words.source, inner, SMALL)
    top = MARGIN + sum(size * 1.35 for _, size, _, _ in above) + (key_height + 8 if keys else 0) + 12 + caption_height
    fixed = top + AXIS + len(source) * BELOW + MARGIN + LEAST_PLOT
    height = wishes.height or math.ceil(fixed - LEAST_PLOT + len(notes) * BELOW + _plot_height(figure, choice, names))
    room = max(0, int((height - fixed) / BELOW))  # a small picture has no place for notes; its source it always names
    below = [*(notes if room >= len(notes) else []), *source]
    bottom = AXIS + len(below) * BELOW + MARGIN
    if wishes.height and names:
        names = _names(figure, choice, left, max(1, int((height - top - bottom) / len(names) / NAME_LINE)))
    lines = list(_lines(above, below, left, top, height - top - bottom, palette))
    if caption_height:
        lines.append(Line(caption, MARGIN - left, -SMALL, SMALL, palette.soft))
    placed = [{**key, "x": key["x"] - left + MARGIN, "y": key["y"] - 12 - key_height - caption_height} for key in keys]
    return Frame(width, height, left, right, round(top), round(bottom), lines, placed, names)


def _sides(figure: Figure, choice: Choice, width: int, texts: Sequence[str]) -> tuple[int, int]:
    """How much is left and right of the plot: names of bars or amounts; texts at the ends of marks."""
    beside = max((width_of(text, TEXT) for text in texts), default=0)
    if choice.over_time:
        return MARGIN + 52, MARGIN + round(min(beside, width * 0.3)) + (12 if beside else 0)
    names = max((width_of(name, TEXT) for name in figure.axis), default=0)
    return MARGIN + round(min(names + 10, width * 0.42)), MARGIN + round(min(beside + 10, width * 0.3))


def _names(figure: Figure, choice: Choice, left: int, most: int) -> dict[str, list[str]]:
    """The names beside bars in at most so many lines, the last of which holds all the rest and is cut where it is drawn."""
    if choice.over_time:
        return {}
    lines = {name: wrapped(name, name_room(left), TEXT) for name in figure.axis}
    return {
        name: [*one[: most - 1], " ".join(one[most - 1 :])] if len(one) > most else one for name, one in lines.items()
    }


def name_room(left: int) -> int:
    """How wide names may be, left of the plot."""
    return left - 20


def _plot_height(figure: Figure, choice: Choice, names: Mapping[str, Sequence[str]]) -> float:
    if choice.over_time and figure.axis:
        return YEARS_HEIGHT
    grouped = figure.several and choice.chart == "bar"
    lines = max((len(one) for one in names.values()), default=1)
    each = max(BAR, GROUPED_BAR * len(figure.series) + 8 if grouped else 0, NAME_LINE * lines + 5)
    return max(LEAST_PLOT, each * len(figure.axis))


def _above(words: Words, inner: float, palette: Palette) -> list[tuple[str, float, str, str]]:
    found: list[tuple[str, float, str, str]] = [
        (text, TITLE, palette.ink, "bold") for text in wrapped(words.title, inner, TITLE * 1.06)
    ]
    for text in (words.filters, words.subtitle):
        found += [(line, TEXT, palette.soft, "normal") for line in wrapped(text, inner, TEXT)]
    return found


def _lines(
    above: Sequence[tuple[str, float, str, str]],
    below: Sequence[str],
    left: float,
    top: float,
    plot_height: float,
    palette: Palette,
) -> Iterator[Line]:
    y = MARGIN - top
    for text, size, colour, weight in above:
        y += size * 1.35
        yield Line(text, MARGIN - left, y - size * 0.3, size, colour, weight)
    y = plot_height + AXIS
    for text in below:
        y += BELOW
        yield Line(text, MARGIN - left, y, SMALL, palette.soft)


def colours_of(figure: Figure, palette: Palette) -> list[str]:
    """The colour of each series; grey is for the others. Groups and sets of categories keep theirs, whichever is the largest."""
    if not figure.several:
        return [palette.series[0]]
    places = _kept_places()
    if not set(figure.series) <= {*places, WITHOUT[Dimension.SET]}:
        places = {name: i for i, name in enumerate(figure.series) if name not in figure.others}
    return [_colour(palette, places.get(name)) for name in figure.series]


def _colour(palette: Palette, place: int | None) -> str:
    return palette.others if place is None or place >= len(palette.series) else palette.series[place]


@cache
def _kept_places() -> Mapping[str, int]:
    """Which colour of the series each group and each set keeps. The largest set within a group has the colour of the group, as on
    the first page; other sets have what no group has."""
    taxonomy = load_taxonomy()
    without_set = {group.code: i for i, group in enumerate(taxonomy.groups)}
    places = {group.label: without_set[group.code] for group in taxonomy.groups}
    free = count(len(places))
    for one in sorted(taxonomy.sets, key=lambda one: len(one.categories), reverse=True):
        groups = {taxonomy.group_of(code) for code in one.categories}
        place = without_set.pop(groups.pop(), None) if len(groups) == 1 else None
        places[one.label] = next(free) if place is None else place
    return places


def _keys(figure: Figure, inner: float, palette: Palette) -> tuple[list[dict[str, Any]], float]:
    """The key to the colours, in lines above the plot; lines over time have their names at their ends."""
    if not figure.several:
        return [], 0
    found, x, y = [], 0.0, KEY / 2
    for name, colour in zip(figure.series, colours_of(figure, palette), strict=True):
        needed = 16 + width_of(name, TEXT) + 14
        if x and x + needed > inner:
            x, y = 0.0, y + KEY
        found.append({"text": name, "colour": colour, "x": x, "y": y})
        x += needed
    return found, y + KEY / 2
