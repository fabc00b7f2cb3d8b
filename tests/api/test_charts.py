"""A picture shows the rows of the same question, to the cent where it is read aloud, and says what it cannot show."""

import re
import struct
import zlib
from enum import StrEnum
from itertools import pairwise

import pytest

from api.charts.choice import Theme
from api.charts.figure import Figure
from api.charts.frame import colours_of
from api.charts.theme import PALETTES, width_of
from api.charts.words import _by
from api.main import create_app
from models.classification import load_taxonomy
from models.filters import Filters
from tests.conftest import client_of
from tests.data.charts import aloud, amounts, marks, plain, svg_of, texts

SVG = "{http://www.w3.org/2000/svg}"
ONE = [
    "group_by=category",
    "group_by=category&scale=log",
    "group_by=group&sort=group",
    "group_by=set",
    "group_by=year",
    "group_by=year&chart=line",
    "group_by=year&scale=log&chart=line",
    "group_by=year&scale=log",
    "group_by=fiscal_year&fill=fiscal_year",
    "group_by=lender&measure=commitment",
    "group_by=income_group&measure=cost",
    "group_by=category&basis=project",
    "group_by=region&prices=constant&base_year=2024&status=Active,Closed",
    "group_by=status&relevance=none,direct,partial",
    "group_by=instrument&theme=dark&width=500&height=400",
]
TWO = [
    "group_by=group,year",
    "group_by=year,group&chart=line",
    "group_by=year,group&chart=bar",
    "group_by=year,group&scale=log",
    "group_by=year,group&scale=log&chart=bar",
    "group_by=region,group",
    "group_by=region,group&chart=bar",
    "group_by=region,group&scale=log",
    "group_by=group,set&basis=project",
    "group_by=group,year&fill=year&chart=line",
]


@pytest.mark.parametrize("query", ONE + TWO)
def test_every_amount_of_the_rows_is_read_aloud(query, get):
    """Where all members are drawn, the marks and the rows tell the same ranges, each once."""
    shared = "&".join(part for part in query.split("&") if part.split("=")[0] not in plain)
    rows = get(f"/v1/spend?{shared}").json()["data"]
    svg = svg_of(get(f"/v1/spend?{query}&format=svg"))
    assert sorted(aloud(svg).values()) == sorted(amounts(row) for row in rows)
    assert len(aloud(svg)) == len(rows) > 1


def test_marks_say_what_they_are(get):
    labels = aloud(svg_of(get("/v1/spend?group_by=category,year&format=svg&category=refugee_education&year_from=2016")))
    rows = get("/v1/spend?group_by=category,year&category=refugee_education&year_from=2016").json()["data"]
    assert labels == {f"Refugee education, {row['year']}": amounts(row) for row in rows}


def test_what_is_too_small_is_drawn_as_one_with_the_exact_sum(get):
    rows = get("/v1/spend?group_by=country").json()["data"]
    labels = aloud(svg_of(get("/v1/spend?group_by=country&format=svg")))
    (name,) = [name for name in labels if name.startswith("Other (")]
    assert len(labels) == 26
    assert name == f"Other ({len(rows) - 25})"
    for end in (0, 1):
        assert sum(pair[end] for pair in labels.values()) == sum(amounts(row)[end] for row in rows)


def test_a_second_dimension_is_folded_with_exact_sums_too(get):
    rows = get("/v1/spend?group_by=year,category").json()["data"]
    labels = aloud(svg_of(get("/v1/spend?group_by=year,category&format=svg")))
    for year in {row["year"] for row in rows} - {None}:
        drawn = [pair for name, pair in labels.items() if name.endswith(f", {year}")]
        for end in (0, 1):
            assert sum(pair[end] for pair in drawn) == sum(amounts(row)[end] for row in rows if row["year"] == year)


def test_rows_that_do_not_add_up_are_never_summed(get):
    svg = svg_of(get("/v1/spend?group_by=country,category&basis=project&chart=bar&format=svg"))
    assert not [name for name in aloud(svg) if "Other (" in name]
    said = " ".join(texts(svg))
    assert "Rows overlap and do not add up to a total." in said
    assert "smaller of country not drawn" in said
    assert "smaller of category not drawn" in said


@pytest.mark.parametrize("query", ONE + TWO)
@pytest.mark.parametrize("form", ["svg", "png"])
def test_both_databases_draw_the_same_bytes_each_time(query, form, loaded_engines):
    path = f"/v1/spend?{query}&format={form}"
    first, second = (client_of(engine)(path) for engine in loaded_engines.values())
    assert first.status_code == 200, first.text
    assert first.content == second.content
    assert first.content == client_of(loaded_engines["sqlite"])(path).content


def test_a_picture_is_cached_like_any_answer(get):
    path = "/v1/spend?group_by=category&format=svg"
    first = get(path)
    assert first.headers["etag"].startswith('"')
    assert get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert get(f"{path}&theme=dark").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(("width", "height"), [(800, 480), (320, 240), (1234, 2400)])
def test_a_picture_is_as_large_as_asked_for(width, height, get):
    path = f"/v1/spend?group_by=year,category&width={width}&height={height}"
    png = get(f"{path}&format=png").content
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack_from(">II", png, 16) == (2 * width, 2 * height)
    svg = svg_of(get(f"{path}&format=svg"))
    assert (svg.get("width"), svg.get("height")) == (str(width), str(height))
    assert any(text.endswith("/v1/sources.") for text in texts(svg))


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize(("dimension", "name"), [("category", "category_label"), ("country", "country_name")])
def test_names_beside_bars_are_whole_on_a_phone(dimension, name, scale, get):
    rows = get(f"/v1/spend?group_by={dimension}").json()["data"]
    svg = svg_of(get(f"/v1/spend?group_by={dimension}&scale={scale}&format=svg&width=320"))
    names = {label.rpartition(": ")[0] for label in marks(svg)}
    assert len({row[name] for row in rows} & names) > 15
    assert names <= set(texts(svg))


@pytest.mark.parametrize("years", [8, 9, 10, 11, 20])
def test_years_stand_apart_on_a_phone(years, get):
    query = f"group_by=year&fill=year&year_from=2005&year_to={2004 + years}"
    svg = svg_of(get(f"/v1/spend?{query}&format=svg&width=360"))
    shown = [
        one
        for one in svg.iter(f"{SVG}text")
        if re.fullmatch("20[0-9]{2}", one.text or "") and one.get("opacity") == "1"
    ]
    places = [float(re.findall(r"[\d.]+", one.get("transform"))[0]) for one in shown]
    assert len(places) >= 4
    assert min(after - before for before, after in pairwise(places)) >= width_of("2005", 11) + 5


def test_names_are_cut_where_a_height_leaves_no_room(get):
    path = "/v1/spend?group_by=category&format=svg&width=320"
    assert "Refugee employment and livelihoods" in texts(svg_of(get(path)))
    low = texts(svg_of(get(f"{path}&height=500")))
    assert "Refugee employment and livelihoods" not in low
    assert any(text.startswith("Refugee employm") and text.endswith("…") for text in low)


def test_letters_of_a_png_are_really_drawn(get):
    """Of a picture without data all that differs from the ground is letters."""
    png = get("/v1/spend?group_by=category&country=USA&format=png").content
    width, height = struct.unpack_from(">II", png, 16)
    place, packed = 8, b""
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        packed += png[place + 8 : place + 8 + length] if png[place + 4 : place + 8] == b"IDAT" else b""
        place += length + 12
    pixels = zlib.decompress(packed)
    rows = [pixels[number * (4 * width + 1) + 1 : (number + 1) * (4 * width + 1)] for number in range(height)]
    drawn = [number for number, row in enumerate(rows) if any(row[4:])]  # a row like the one above it is all zeros
    title = [number for number in drawn if number < 100]
    assert len(title) > 20
    assert max(drawn) > height - 80


@pytest.mark.parametrize("query", ONE + TWO)
def test_a_picture_can_stand_on_a_strict_page(query, get):
    response = get(f"/v1/spend?{query}&format=svg")
    assert response.headers["content-type"].startswith("image/svg+xml")
    svg = svg_of(response)
    assert svg.get("role") == "graphics-document"
    assert svg.get("aria-label", "").startswith(("Commitments", "Project costs"))
    for element in svg.iter():
        assert element.tag.rpartition("}")[2] in {"svg", "g", "path", "rect", "line", "text", "tspan"}
        assert not [name for name in element.attrib if name == "style" or "href" in name or name.startswith("on")]
    assert "url(" not in response.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("group_by=year", "US$ million, current prices"),
        ("group_by=year&prices=constant&base_year=2020&status=Closed", "US$ million in constant 2020 US dollars"),
        ("group_by=year&country=JOR,LBN&year_from=2016", "Country: Jordan, Lebanon. Years from 2016"),
        ("group_by=year&min_amount=1000000", "Amounts of rows from $1,000,000"),
        ("group_by=year&q=Refugees", "Words: Refugees"),
        ("group_by=year&q=refugee", "Words: refugee"),
        ("group_by=year&country=JOR&q=%22host+communities%22", 'Country: Jordan. Words: "host communities"'),
        (f"group_by=year&q=refugee{'+refugees' * 20}", f"Words: refugee{' refugees' * 5} refugee…"),
        ("group_by=category&scale=log", "US$ million, logarithmic scale"),
        ("group_by=year&scale=log", "US$ million, logarithmic scale"),
        (
            "group_by=category",
            "Source: World Bank, Documents & Reports; World Bank, Projects & Operations; Secondary copies, each by the",
        ),
        (
            "group_by=category&granularity=project",
            "Source: World Bank, Projects & Operations. Migration Finance API, release 1,",
        ),
        (
            "group_by=category&approved_from=2014-01-01&approved_to=2024-03-31",
            "Leaves out 139,400,000 US dollars of 2 projects",
        ),
        (
            "group_by=category&income_group=low",
            "ncome group leaves out 541,250,000 US dollars of 7 multi-country projects",
        ),
        ("group_by=category&region=MEA", "egion leaves out 175,000,000 US dollars of 1 multi-country project"),
        ("group_by=year&fill=year&country=KEN", "o row loaded of country Kenya in 2019-2022: zeros"),
        ("group_by=category&granularity=project", "Licence: CC BY 4.0."),
        ("group_by=category", "Licence: CC BY 4.0; terms of other sources: /v1/sources."),
        ("group_by=category", "in rows read from secondary copies"),
        ("group_by=category", "rests on doubtful classifications"),
        ("group_by=category", "stands on whole projects"),
        ("group_by=lender", "IBRD"),
        ("group_by=year", "No date"),
        ("group_by=category&category=host_communities&country=CMR&scale=log", "Nothing above zero is stated"),
    ],
)
def test_the_words_around_a_picture(query, said, get):
    assert said in " ".join(texts(svg_of(get(f"/v1/spend?{query}&format=svg"))))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("group_by=category&country=USA", "no row loaded has country United States: "),
        ("group_by=category&income_group=high", "no row loaded has income group High: "),
        ("group_by=year&measure=disbursement", "no source loaded states any disbursement"),
        ("q=xyzzy", "no row loaded holds the words of q"),
        ("q=remittances&min_confidence=1&min_amount=999999999999", "no money matches these filters"),
        ("group_by=year,category&min_amount=999999999999&scale=log", "no money matches these filters"),
    ],
)
def test_an_empty_picture_says_why(query, reason, get):
    for form in ("svg", "png"):
        response = get(f"/v1/spend?{query}&format={form}")
        assert response.status_code == 200
    svg = svg_of(get(f"/v1/spend?{query}&format=svg"))
    assert reason in " ".join(texts(svg))
    assert marks(svg) == []


@pytest.mark.parametrize(
    ("query", "parameter", "suggestion"),
    [
        ("group_by=category,year,country&format=svg", "group_by", "category,year"),
        ("group_by=category&format=svg&chart=line", "chart", "bar"),
        ("group_by=set&format=png&chart=stacked", "chart", "bar"),
        ("group_by=year,category&format=png&chart=stacked&basis=project", "chart", "line"),
        ("group_by=year,category&format=svg&chart=stacked&scale=log", "chart", "line"),
        ("group_by=category&format=svg&limit=5", "limit", None),
        ("group_by=category&format=svg&fields=share", "fields", None),
        ("group_by=category&format=csv&chart=bar", "chart", "format=svg"),
        ("group_by=category&theme=dark", "theme", "format=svg"),
        ("group_by=category&format=svg&width=10", "width", "320"),
        ("group_by=category&format=svg&height=99999", "height", "2400"),
        ("group_by=category&format=svg&chart=pie", "chart", None),
        ("group_by=category&format=svgz", "format", "svg"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(query, parameter, suggestion, get):
    response = get(f"/v1/spend?{query}")
    assert response.status_code == 422
    item = response.json()["errors"][0]
    assert (item["parameter"], item.get("suggestion")) == (parameter, suggestion)
    assert item["message"].startswith(parameter)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("image/svg+xml", "image/svg+xml"),
        ("image/png", "image/png"),
        ("image/*", "image/svg+xml"),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/svg+xml"),
        ("image/png;q=0.5, application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "application/json"),
    ],
)
def test_the_header_accept_asks_for_a_picture(accept, media_type, get):
    response = get("/v1/spend?group_by=year", headers={"accept": accept})
    assert response.headers["content-type"].startswith(media_type)


def test_answers_link_to_their_picture_and_back(get):
    links = get("/v1/spend?group_by=category&limit=2&fields=share").json()["links"]
    for form in ("svg", "png"):
        picture = get(links[form])
        assert picture.status_code == 200
        assert picture.links["alternate"]["url"]
    drawn = get("/v1/spend?group_by=category&format=svg&theme=dark")
    rows = next(link for link in drawn.headers["link"].split(", ") if 'type="text/csv"' in link).partition(">")[0][1:]
    assert get(rows).status_code == 200
    assert "svg" not in get("/v1/spend?group_by=category,year,country").json()["links"]
    assert "svg" not in get("/v1/projects").json()["links"]


def test_only_spend_is_drawn(get):
    item = get("/v1/projects?format=svg").json()["errors"][0]
    assert "svg" not in item["allowed"]
    assert get("/v1/projects", headers={"accept": "image/svg+xml"}).status_code == 406


def test_a_renderer_that_is_busy_says_when_to_come_again(loaded_engines, monkeypatch):
    monkeypatch.setattr("api.charts.render._room", type("Full", (), {"acquire": lambda *_, **__: False})())
    response = client_of(loaded_engines["sqlite"], create_app(loaded_engines["sqlite"]))(
        "/v1/spend?group_by=category&format=svg&width=777"
    )
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert response.json()["type"].endswith("/problems/busy")


@pytest.mark.parametrize("largest", ["forced_displacement", "economic_migration"])
def test_groups_keep_their_colours_whichever_is_the_largest(largest):
    names = {group.code: group.label for group in load_taxonomy().groups}
    order = sorted(names.values(), key=lambda name: name != names[largest])
    figure = Figure(axis=["2020"], series=order)
    palette = PALETTES[Theme.LIGHT]
    assert dict(zip(order, colours_of(figure, palette), strict=True)) == dict(
        zip(names.values(), palette.series, strict=False)
    )


@pytest.mark.parametrize("theme", PALETTES)
def test_sets_have_the_colours_of_their_groups_and_what_is_in_none_is_grey(theme):
    names = {one.code: one.label for one in [*load_taxonomy().groups, *load_taxonomy().sets]}
    groups, sets = [one.label for one in load_taxonomy().groups], [one.label for one in load_taxonomy().sets]
    palette = PALETTES[theme]
    of_groups = dict(zip(groups, colours_of(Figure(series=groups), palette), strict=True))
    for order in ([*sets, "In no set"], ["In no set", *reversed(sets)]):
        colours = dict(zip(order, colours_of(Figure(series=order), palette), strict=True))
        for one, group in (("economic_migration", "economic_migration"), ("refugee_response", "forced_displacement")):
            assert colours[names[f"brief_{one}"]] == of_groups[names[group]]
        assert colours["In no set"] == palette.others
        assert colours[names["brief_worker_mobility"]] not in {*of_groups.values(), palette.others}


def test_a_dimension_without_words_of_its_own_is_named_in_words():
    assert _by(StrEnum("New", {"ONE": "kind_of_row"}).ONE, Filters()) == "kind of row"
