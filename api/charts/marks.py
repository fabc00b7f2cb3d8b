"""The marks of a picture: bars where lengths are amounts, dots where a scale is logarithmic, lines over years."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.charts.choice import Chart, Choice, Scale
from api.charts.figure import Amount, Figure
from api.charts.theme import FAINT, TEXT, Palette
from api.charts.words import Unit, exact

Layer = dict[str, Any]
QUIET = {"aria": False}


@dataclass(frozen=True, slots=True)
class Drawing:
    """What marks are made of."""

    figure: Figure
    choice: Choice
    unit: Unit
    palette: Palette
    domain: tuple[float, float]

    @property
    def channels(self) -> tuple[str, str]:
        """Along which channel amounts stand, and along which names."""
        return ("y", "x") if self.choice.over_time else ("x", "y")


def values_of(drawing: Drawing) -> list[dict[str, Any]]:
    """One value for each cell, with its range in dollars and what is read aloud of it."""
    figure = drawing.figure
    found = []
    for axis in figure.axis:
        for series in figure.series:
            amount = figure.cells.get((axis, series))
            if amount is not None:
                found.append(_value(drawing, axis, series, amount))
    return found


def _value(drawing: Drawing, axis: str, series: str, amount: Amount) -> dict[str, Any]:
    names = [series, axis] if drawing.choice.over_time else [axis, series]
    name = ", ".join(one for one in names if one) or "All"
    return {
        "name": axis,
        "series": series,
        "low": amount.low / 100,  # a position on the picture; the words beside it are exact
        "high": amount.high / 100,
        "text": drawing.unit.span(amount),
        "label": f"{name}: {exact(amount)}",
        "stated": amount.stated,
    }


def layers_of(drawing: Drawing, values: Sequence[dict[str, Any]]) -> list[Layer]:
    """The marks for some values."""
    if drawing.choice.chart is Chart.LINE:
        layers = _lines(drawing, values)
    else:
        layers = (_dots if drawing.choice.scale is Scale.LOG else _bars)(drawing, values)
    return [layer for layer in layers if layer["data"]["values"]]


def _place(drawing: Drawing, start: str, end: str | None = None) -> dict[str, Any]:
    """Where a mark stands: beside its name, from one amount to another, in the colour of its series."""
    amount, name = drawing.channels
    found: dict[str, Any] = {
        name: {"field": "name"},
        amount: {"field": start},
        "color": {"field": "series"},
    }
    if end:
        found[f"{amount}2"] = {"field": end}
    if drawing.figure.several and drawing.choice.chart is Chart.BAR:
        found[f"{name}Offset"] = {"field": "series"}
    return found


def _bars(drawing: Drawing, values: Sequence[dict[str, Any]]) -> Iterator[Layer]:
    stacked = drawing.choice.chart is Chart.STACKED
    solid, faint = (_stacked if stacked else _single)(values)
    label = {"description": {"field": "label"}}
    yield _layer(solid, {"type": "bar"}, _place(drawing, "start", "end") | label)
    if faint:
        yield _layer(faint, {"type": "bar", "opacity": FAINT, **QUIET}, _place(drawing, "start", "end"))
    if not drawing.choice.over_time:
        yield from _ends(drawing, values, solid + faint)


def _single(values: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    solid = [value | {"start": 0, "end": value["low"]} for value in values]
    faint = [value | {"start": value["low"], "end": value["high"]} for value in values if value["high"] != value["low"]]
    return solid, faint


def _stacked(values: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What counts in full is stacked first, over all series; what may count more stands on it. Below zero goes down."""
    ends: dict[tuple[str, bool], float] = {}
    parts: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for full in (True, False):
        for value in values:
            size = value["low"] if full else round(value["high"] - value["low"], 2)
            if not full and not size:
                continue
            key = (value["name"], size < 0)
            start = ends.get(key, 0)
            ends[key] = round(start + size, 2)
            parts[full].append(value | {"start": start, "end": ends[key]})
    return parts[True], parts[False]


def _ends(drawing: Drawing, values: Sequence[dict[str, Any]], parts: Sequence[dict[str, Any]]) -> Iterator[Layer]:
    """Amounts in words, where bars end: of each bar, or of a whole stack."""
    grouped = drawing.figure.several and drawing.choice.chart is Chart.BAR
    ends: dict[tuple[str, str], float] = {}
    for part in parts:
        key = (part["name"], part["series"] if grouped else "")
        ends[key] = max(ends.get(key, 0), part["start"], part["end"])
    texts = end_texts(drawing, values)
    rows = [
        {"name": name, "series": series, "end": end, "text": texts[name, series]}
        for (name, series), end in ends.items()
    ]
    yield _text(drawing, rows, "end")


def end_texts(drawing: Drawing, values: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """What stands where marks end, by name and series."""
    if drawing.choice.over_time:
        return {}
    if drawing.choice.chart is not Chart.STACKED:
        return {(value["name"], value["series"]): value["text"] for value in values}
    sums: dict[tuple[str, str], Amount] = {}
    for (axis, _), amount in drawing.figure.cells.items():
        sums.setdefault((axis, ""), Amount()).add(amount)
    return {key: drawing.unit.span(amount) for key, amount in sums.items()}


def _text(drawing: Drawing, rows: Sequence[dict[str, Any]], field: str) -> Layer:
    small = drawing.figure.several and drawing.choice.chart is Chart.BAR
    log = drawing.choice.scale is Scale.LOG
    mark = {
        "type": "text",
        "align": "left",
        "dx": 9 if log else 6,
        "color": drawing.palette.ink,
        "fontSize": 10 if small else TEXT,
    }
    place = {channel: what for channel, what in _place(drawing, field).items() if channel != "color"}
    return _layer(rows, {**mark, "baseline": "middle", **QUIET}, place | {"text": {"field": "text"}})


def _dots(drawing: Drawing, values: Sequence[dict[str, Any]]) -> Iterator[Layer]:
    """A dot for what counts in full, a faint band to an open dot for what may: on this scale lengths mean nothing.

    Nothing has no place on it: where the lower end is zero the band comes from the edge, where all is, words say so.
    """
    first = drawing.domain[0]
    label = {"description": {"field": "label"}}
    band = [v | {"start": max(v["low"], first), "end": v["high"]} for v in values if v["high"] > max(v["low"], 0)]
    if band:
        mark = {"type": "bar", "opacity": FAINT, "size": 8, **QUIET}
        yield _layer(band, mark, _place(drawing, "start", "end"))
    open_dot = _open_dot(drawing)
    upper = [value for value in band if value["low"] > 0]
    only_upper = [value for value in band if value["low"] <= 0]
    lower = [value for value in values if value["low"] > 0]
    yield _layer(upper, open_dot | QUIET, _place(drawing, "high"))
    yield _layer(only_upper, open_dot, _place(drawing, "high") | label)
    yield _layer(lower, {"type": "point", "filled": True, "size": 90, "opacity": 1}, _place(drawing, "low") | label)
    yield from _nothing(drawing, values)
    if not drawing.choice.over_time:
        ends = [v | {"end": max(v["low"], v["high"])} for v in values if max(v["low"], v["high"]) > 0]
        yield _text(drawing, ends, "end")


def _open_dot(drawing: Drawing) -> dict[str, Any]:
    return {"type": "point", "filled": False, "fill": drawing.palette.ground, "size": 55, "opacity": 1}


def _nothing(drawing: Drawing, values: Sequence[dict[str, Any]]) -> Iterator[Layer]:
    """Amounts of zero, below it, or not stated, in words at the edge of a logarithmic scale."""
    short = {"not stated": "?"} if drawing.choice.over_time else {}
    rows = [
        value | {"end": drawing.domain[0], "text": short.get(value["text"], value["text"])}
        for value in values
        if max(value["low"], value["high"]) <= 0
    ]
    if rows:
        across = {"dx": 6, "align": "left"} if not drawing.choice.over_time else {"dy": -8, "align": "center"}
        mark = {"type": "text", "color": drawing.palette.soft, "fontSize": TEXT - 1, "baseline": "middle", **across}
        place = {channel: what for channel, what in _place(drawing, "end").items() if channel != "color"}
        yield _layer(rows, mark, place | {"text": {"field": "text"}, "description": {"field": "label"}})


def _lines(drawing: Drawing, values: Sequence[dict[str, Any]]) -> Iterator[Layer]:
    """A line through what counts in full, and faint bands to what may; it breaks where there is no row, or no place."""
    log = drawing.choice.scale is Scale.LOG
    first = drawing.domain[0]
    shown = [value for value in values if not log or value["low"] > 0]
    there = {(value["name"], value["series"]): value for value in shown}
    path = [
        there.get((name, series), {"name": name, "series": series, "low": None})
        for series in drawing.figure.series
        for name in drawing.figure.axis
        if name.isdigit()
    ]
    band = [
        value | {"start": max(value["low"], first) if log else value["low"]}
        for value in values
        if value["high"] > value["low"] and (not log or value["high"] > 0)
    ]
    if band:
        mark = {"type": "bar", "opacity": FAINT, "size": 3 if drawing.figure.several else 8, **QUIET}
        yield _layer(band, mark, _place(drawing, "start", "high"))
    yield _layer(path, {"type": "line", "strokeWidth": 2, **QUIET}, _place(drawing, "low"))
    mark = {"type": "point", "filled": True, "size": 36, "opacity": 1}
    yield _layer(shown, mark, _place(drawing, "low") | {"description": {"field": "label"}})
    if log:
        only_upper = [value for value in band if value["low"] <= 0]
        mark = _open_dot(drawing) | {"size": 25}
        yield _layer(only_upper, mark, _place(drawing, "high") | {"description": {"field": "label"}})
        yield from _nothing(drawing, values)


def _layer(rows: Sequence[dict[str, Any]], mark: dict[str, Any], encoding: dict[str, Any]) -> Layer:
    return {"data": {"values": list(rows)}, "mark": mark, "encoding": encoding}
