"""A figure and its specification, for rows that the bundled data do not have: hostile names, negative, huge, none."""

import socket
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from api.answers.negotiation import Picture
from api.charts.choice import Chart, Choice, Scale, Theme, Wishes
from api.charts.figure import Amount, Figure, figure_of
from api.charts.frame import Words
from api.charts.picture import cleaned
from api.charts.render import render
from api.charts.spec import spec_of
from api.charts.theme import width_of
from api.charts.words import clean, dollars, unit_of, wrapped
from models.filters import Dimension
from tests.data.charts import aloud, marks, texts

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><svg onload='alert(1)'>",
    "&lt;b&gt; &amp; ]]> <!-- -->",
    "datum.value + 'x'",
    "{{7*7}} ${7*7}",
    "\u202etxet",
    "a\x00b\x1bc\ud800d",
    "x" * 500,
    "",
    "null",
    "__proto__",
]

SHOWN = {"": "Not stated", "null": "Null", "x" * 500: f"X{'x' * 499}"}


def row(name: str | int | None, low: int, more: int = 0, unknown: int = 0, **others: Any) -> dict[str, Any]:
    return {
        "instrument": name,
        "amount_usd": low,
        "partial_usd": more,
        "components_without_amount": unknown,
        **others,
    }


def choice_of(chart: Chart = Chart.BAR, scale: Scale = Scale.LINEAR, axis: Any = Dimension.INSTRUMENT) -> Choice:
    return Choice(chart, scale, Theme.LIGHT, axis, None)


def drawn(figure: Figure, choice: Choice) -> tuple[dict[str, Any], str]:
    words = Words("Synthetic", "Synthetic subtitle", "", [], "Source: synthetic")
    spec = spec_of(figure, choice, Wishes(), words, unit_of(figure.cells.values()))
    return spec, render(spec, Picture.SVG).decode()


@pytest.mark.parametrize("scale", Scale)
def test_hostile_names_stay_texts(scale):
    rows = [cleaned(row(name, 100_00 * (number + 1))) for number, name in enumerate(HOSTILE)]
    choice = choice_of(scale=scale)
    _, svg = drawn(figure_of(rows, choice, True, True), choice)
    tree = fromstring(svg)
    assert {element.tag.rpartition("}")[2] for element in tree.iter()} <= {
        "svg",
        "g",
        "path",
        "rect",
        "line",
        "text",
        "tspan",
    }
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    assert "<script" not in svg
    assert [label.rpartition(": ")[0] for label in marks(tree)] == [SHOWN.get(name, clean(name)) for name in HOSTILE]


ROWS = [row("A", 123_456_789_01, 55), row("B", 0, 7_00), row("C", 0), row("D", 0, 0, 3), row("E", -5_000_00)]
HUGE = [row("A", 9 * 10**14 - 1, 10**14), row("B", 1)]


@pytest.mark.parametrize(
    "rows", [ROWS, HUGE, ROWS[:1], ROWS[2:4], ROWS[4:]], ids=["mixed", "huge", "one", "none", "below"]
)
@pytest.mark.parametrize("scale", Scale)
@pytest.mark.parametrize("chart", [Chart.BAR, Chart.LINE])
def test_the_numbers_of_the_specification_are_those_of_the_rows(rows, scale, chart):
    axis = Dimension.YEAR if chart is Chart.LINE else Dimension.INSTRUMENT
    rows = [one | {"year": 2000 + number} for number, one in enumerate(rows)]
    choice = choice_of(chart, scale, axis)
    figure = figure_of(rows, choice, True, True)
    if scale is Scale.LOG and not figure.positive:
        return  # `picture` says so in words in its place
    spec, svg = drawn(figure, choice)
    values = [value for layer in spec["layer"] for value in layer["data"]["values"] if value.get("label")]
    found = {value["name"]: (Decimal(str(value["low"])), Decimal(str(value["high"]))) for value in values}
    expected = {
        str(one[axis]): (Decimal(one["amount_usd"]) / 100, Decimal(one["amount_usd"] + one["partial_usd"]) / 100)
        for one in rows
    }
    assert found == expected
    assert aloud(fromstring(svg)) == expected


def test_a_bar_of_the_specification_goes_from_zero_to_its_ends():
    choice = choice_of()
    spec, _ = drawn(figure_of(ROWS, choice, True, True), choice)
    solid, faint = (layer["data"]["values"] for layer in spec["layer"][:2])
    assert [(value["start"], value["end"]) for value in solid] == [
        (0, 123456789.01),
        (0, 0),
        (0, 0),
        (0, 0),
        (0, -5000),
    ]
    assert [(value["start"], value["end"]) for value in faint] == [(123456789.01, 123456789.56), (0, 7)]


def test_a_stack_adds_up_in_full_first_and_then_in_part():
    choice = Choice(Chart.STACKED, Scale.LINEAR, Theme.LIGHT, Dimension.INSTRUMENT, Dimension.LENDER)
    rows = [
        row("A", 300, 50, lender="ida"),
        row("A", 200, 25, lender="ibrd"),
        row("A", -100, lender="grant"),
    ]
    spec, svg = drawn(figure_of(rows, choice, True, True), choice)
    solid, faint = (
        {value["series"]: (value["start"], value["end"]) for value in layer["data"]["values"]}
        for layer in spec["layer"][:2]
    )
    assert solid == {"IDA": (0, 3), "IBRD": (3, 5), "Grant": (0, -1)}
    assert faint == {"IDA": (5, 5.5), "IBRD": (5.5, 5.75)}
    assert "4 – 4.75" in texts(fromstring(svg))


def test_zero_and_what_is_not_stated_have_no_dot_on_a_logarithmic_scale():
    choice = choice_of(scale=Scale.LOG)
    _, svg = drawn(figure_of(ROWS, choice, True, True), choice)
    tree = fromstring(svg)
    kinds = {
        element.get("aria-label"): element.get("aria-roledescription")
        for element in tree.iter()
        if element.get("role") == "graphics-symbol"
    }
    assert kinds["A: $123,456,789.01 to $123,456,789.56"] == "point"
    assert kinds["B: $0 to $7"] == "point"
    assert {kinds["C: $0"], kinds["D: not stated"], kinds["E: -$5,000"]} == {"text mark"}
    assert {"0", "not stated"} <= set(texts(tree))


def test_a_power_of_ten_is_drawn_above_the_foot_of_a_logarithmic_scale():
    choice = choice_of(Chart.LINE, Scale.LOG, Dimension.YEAR)
    rows = [row("A", 10**9, year=2001), row("A", 0, year=2002), row("A", 5 * 10**9, year=2003)]
    spec, _ = drawn(figure_of(rows, choice, True, True), choice)
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [10.0**6, 10.0**8]


def test_years_without_rows_keep_their_place_and_break_a_line():
    choice = choice_of(Chart.LINE, axis=Dimension.YEAR)
    rows = [row("A", 100, year=2001), row("A", 200, year=2004), row("A", 300, year=None)]
    figure = figure_of(rows, choice, True, False)
    assert figure.axis == ["2001", "2002", "2003", "2004", "No date"]
    spec, _ = drawn(figure, choice)
    path = [value["low"] for value in spec["layer"][0]["data"]["values"]]
    assert path == [1, None, None, 2]


def test_equal_names_of_different_members_are_told_apart():
    choice = choice_of(axis=Dimension.COUNTRY)
    rows = [row("", 100, country=code, country_name="Synthetic land") for code in ("AAA", "BBB")]
    assert figure_of(rows, choice, True, True).axis == ["Synthetic land (AAA)", "Synthetic land (BBB)"]


@pytest.mark.parametrize(
    ("cents", "unit", "short"),
    [
        (35_050_000_00, "US$ million", "35.1"),
        (1_500_000_00, "US$ million", "1.5"),
        (999_999_99, "US$ thousand", "1,000"),
        (12_34, "US$", "12.3"),
        (42_850_000_00, "US$ million", "42.9"),
        (-12_25, "US$", "−12.3"),
        (0, "US$", "0"),
        (250_000_000_000_00, "US$ billion", "250"),
        (-2_500_000_00, "US$ million", "−2.5"),
    ],
)
def test_units_and_short_amounts(cents, unit, short):
    found = unit_of([Amount(cents)])
    assert (found.name, found.short(cents)) == (unit, short)


def test_amounts_that_are_small_in_their_unit_are_not_written_as_zero():
    assert unit_of([Amount(10**12)]).short(1) == "0.00000001"


@pytest.mark.parametrize(("cents", "text"), [(0, "$0"), (125, "$1.25"), (125_000_000, "$1,250,000"), (-1, "-$0.01")])
def test_dollars_are_exact(cents, text):
    assert dollars(cents) == text


def test_long_words_are_broken_and_nothing_is_lost():
    text = f"{'x' * 300} and {'y' * 300}"
    lines = wrapped(text, 300, 12)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(width_of(line, 12) for line in lines) <= 300


def test_no_address_is_asked():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/synthetic.csv"
        with pytest.raises(ValueError, match="not allowed"):
            render({"description": "x", "data": {"url": url}, "mark": "point"}, Picture.SVG)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_no_file_is_read(write):
    url = write("synthetic.csv", "a\n1\n").as_uri()
    encoding = {"x": {"field": "a", "type": "quantitative"}}
    spec = {"description": "x", "data": {"url": url}, "mark": "point", "encoding": encoding}
    assert 'aria-roledescription="point"' not in render(spec, Picture.SVG).decode()
