"""The Vega-Lite specification of a picture: the one definition of how spend is drawn, for files, reports and pages alike.

Plain dictionaries, because what is here is Vega-Lite's own language, and a second one on top would have to be learnt too.
"""

import math
from collections.abc import Iterator
from typing import Any

from api.charts.choice import Chart, Choice, Scale, Wishes
from api.charts.figure import NO_DATE, Figure
from api.charts.frame import NAME_LINE, Frame, Words, colours_of, frame_of, name_room
from api.charts.marks import Drawing, Layer, end_texts, layers_of, values_of
from api.charts.theme import FONT, PALETTES, SMALL, TEXT, Palette
from api.charts.words import Unit, wrapped

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
TICKS = 5


def spec_of(figure: Figure, choice: Choice, wishes: Wishes, words: Words, unit: Unit) -> dict[str, Any]:
    """Write the specification. Amounts in its data are dollars."""
    palette = PALETTES[choice.theme]
    domain = _domain(figure, choice)
    drawing = Drawing(figure, choice, unit, palette, domain)
    values = values_of(drawing)
    texts = list(end_texts(drawing, values).values())
    frame = frame_of(figure, choice, wishes, words, palette, texts)
    layers = [_scaled(layer, drawing) for layer in layers_of(drawing, values)]
    return _whole(frame, palette, [*layers, *_beside(drawing, frame), *_around(frame, palette)], words)


def empty_spec(choice: Choice, wishes: Wishes, words: Words, reason: str) -> dict[str, Any]:
    """The specification of a picture that says why there is nothing in it."""
    palette = PALETTES[choice.theme]
    frame = frame_of(Figure(), choice, wishes, words, palette, [])
    mark = {
        "type": "text",
        "align": "left",
        "baseline": "top",
        "fontSize": TEXT + 2,
        "color": palette.ink,
        "aria": False,
    }
    pixels = {"scale": None, "type": "quantitative"}
    lines = wrapped(reason, frame.width - 32, TEXT + 2)
    rows = [{"text": line, "x": 16 - frame.left, "y": 8 + 20 * number} for number, line in enumerate(lines)]
    encoding = {"x": {"field": "x", **pixels}, "y": {"field": "y", **pixels}, "text": {"field": "text"}}
    layer = {"data": {"values": rows}, "mark": mark, "encoding": encoding}
    return _whole(frame, palette, [layer, *_around(frame, palette)], words)


def _whole(frame: Frame, palette: Palette, layers: list[Layer], words: Words) -> dict[str, Any]:
    width, height = frame.plot
    return {
        "$schema": SCHEMA,
        "description": words.title,
        "background": palette.ground,
        "width": width,
        "height": height,
        "autosize": "none",
        "padding": {"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
        "layer": layers,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": palette.ink,
                "titleColor": palette.soft,
                "titleFontWeight": "normal",
                "titleFontSize": SMALL,
                "domainColor": palette.soft,
                "tickColor": palette.soft,
                "gridColor": palette.grid,
                "labelFontSize": TEXT - 1,
            },
        },
    }


def _domain(figure: Figure, choice: Choice) -> tuple[float, float]:
    """The amounts at the two ends of the scale, in dollars. A logarithmic one begins below the least, where nothing is drawn."""
    if choice.scale is Scale.LOG:
        ends = [c / 100 for amount in figure.cells.values() for c in (amount.low, amount.high) if c > 0]
        first, last = math.ceil(math.log10(min(ends))) - 1, math.ceil(math.log10(max(ends)))
        return 10.0**first, 10.0 ** max(last, first + 1)
    ends = [0.0]
    if choice.chart is Chart.STACKED:
        sums: dict[tuple[str, bool], int] = {}
        for (axis, _), amount in figure.cells.items():
            for part in (amount.low, amount.more):
                sums[axis, part < 0] = sums.get((axis, part < 0), 0) + part
        ends += [cents / 100 for cents in sums.values()]
    else:
        ends += [cents / 100 for amount in figure.cells.values() for cents in (amount.low, amount.high)]
    step = _step(max(ends) - min(ends))
    return math.floor(min(ends) / step) * step, max(math.ceil(max(ends) / step), 1) * step


def _step(span: float) -> float:
    """A round number that goes into a span about five times."""
    if span <= 0:
        return 1.0
    rough = span / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if rough <= power * factor)


def _ticks(domain: tuple[float, float], choice: Choice) -> list[float]:
    first, last = domain
    if choice.scale is Scale.LOG:
        powers = range(round(math.log10(first)), round(math.log10(last)) + 1)
        return [10.0**power for power in powers]
    step = _step(last - first)
    return [first + step * number for number in range(round((last - first) / step) + 1)]


def _scaled(layer: Layer, drawing: Drawing) -> Layer:
    """Give a layer its scales and axes; equal ones of all layers are drawn once."""
    amount, name = drawing.channels
    figure, palette = drawing.figure, drawing.palette
    encoding = {channel: dict(what) for channel, what in layer["encoding"].items()}
    encoding[amount] |= {"type": "quantitative", "scale": _amount_scale(drawing), "axis": _amount_axis(drawing)}
    encoding[name] |= _named(drawing)
    if "color" in encoding:
        colours = {"domain": figure.series, "range": colours_of(figure, palette)}
        encoding["color"] |= {"type": "nominal", "scale": colours, "legend": None}
    if f"{name}Offset" in encoding:
        encoding[f"{name}Offset"] |= {"type": "nominal", "sort": None, "scale": {"domain": figure.series}}
    return layer | {"encoding": encoding}


def _amount_scale(drawing: Drawing) -> dict[str, Any]:
    kind = "log" if drawing.choice.scale is Scale.LOG else "linear"
    return {"type": kind, "domain": list(drawing.domain), "nice": False, "zero": False}


def _named(drawing: Drawing) -> dict[str, Any]:
    return {"type": "nominal", "sort": None, "axis": _name_axis(drawing), "scale": _name_scale(drawing)}


def _name_scale(drawing: Drawing) -> dict[str, Any]:
    return {"type": "band", "domain": drawing.figure.axis, "paddingInner": 0.3, "paddingOuter": 0.15}


def _amount_axis(drawing: Drawing) -> dict[str, Any]:
    log = drawing.choice.scale is Scale.LOG
    over_time = drawing.choice.over_time
    title = drawing.unit.name + (", logarithmic scale" if log else "")
    return {
        "values": _ticks(drawing.domain, drawing.choice),
        "labelExpr": f"replace(format(datum.value / {drawing.unit.dollars}, ',.8~f'), '-', '−')",
        "grid": True,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "labelSeparation": 6,
        "title": None if over_time else title,  # over years it stands above the axis: see `Frame`
        "titleAnchor": "start",
        "titlePadding": 6,
        "orient": "left" if over_time else "bottom",
    }


def _name_axis(drawing: Drawing) -> dict[str, Any]:
    shared = {"title": None, "ticks": False, "labelPadding": 6}
    if drawing.choice.over_time:
        words = f"datum.value === '{NO_DATE}' ? split(datum.value, ' ') : datum.value"
        labels = {"labelExpr": words, "labelAngle": 0, "labelOverlap": "parity", "labelSeparation": 6}
        return {**shared, **labels, "orient": "bottom"}
    dots = drawing.choice.scale is Scale.LOG
    return {
        **shared,
        "labels": False,
        "domain": not dots,
    }  # an axis cannot centre labels of several lines: see `_beside`


def _beside(drawing: Drawing, frame: Frame) -> Iterator[Layer]:
    """The names beside bars, those of one line and those of several, each centred on its bar."""
    for count in sorted({len(lines) for lines in frame.names.values()}):
        mark = {
            "type": "text",
            "align": "right",
            "baseline": "middle",
            "dx": -6,
            "dy": (1 - count) * NAME_LINE / 2,
            "lineBreak": "\n",
            "lineHeight": NAME_LINE,
            "limit": name_room(frame.left),
            "fontSize": TEXT,
            "color": drawing.palette.ink,
            "aria": False,
        }
        rows = [{"name": name, "text": "\n".join(lines)} for name, lines in frame.names.items() if len(lines) == count]
        place = {"x": {"value": 0}, "y": {"field": "name"} | _named(drawing), "text": {"field": "text"}}
        yield {"data": {"values": rows}, "mark": mark, "encoding": place}


def _around(frame: Frame, palette: Palette) -> list[Layer]:
    """The texts above and below the plot, and the key to its colours."""
    pixels = {"scale": None, "type": "quantitative"}
    place = {"x": {"field": "x", **pixels}, "y": {"field": "y", **pixels}}
    found = []
    for line in frame.lines:
        mark = {
            "type": "text",
            "align": "left",
            "baseline": "alphabetic",
            "fontSize": line.size,
            "fontWeight": line.weight,
            "color": line.colour,
            "aria": False,
        }
        rows = [{"text": line.text, "x": line.x, "y": line.y}]
        found.append({"data": {"values": rows}, "mark": mark, "encoding": place | {"text": {"field": "text"}}})
    for key in frame.keys:
        square = {"type": "square", "filled": True, "opacity": 1, "size": 110, "color": key["colour"], "aria": False}
        text = {
            "type": "text",
            "align": "left",
            "baseline": "middle",
            "fontSize": TEXT,
            "color": palette.ink,
            "aria": False,
        }
        row = {"text": key["text"], "x": key["x"] + 5, "y": key["y"]}
        beside = row | {"x": key["x"] + 16}
        found.append({"data": {"values": [row]}, "mark": square, "encoding": place})
        found.append({"data": {"values": [beside]}, "mark": text, "encoding": place | {"text": {"field": "text"}}})
    return found
