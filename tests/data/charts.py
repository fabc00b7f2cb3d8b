"""Reads a picture back: what is said of its marks, and its texts."""

import re
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import httpx

plain = {"chart", "scale", "width", "height", "theme"}
"""Parameters that only pictures have."""

SAID = re.compile(r"(?P<name>.*): (?P<low>-?\$[\d,.]+)(?: to (?P<high>-?\$[\d,.]+))?", re.S)


def svg_of(response: httpx.Response) -> Element:
    """The picture that an answer holds."""
    assert response.status_code == 200, response.text
    return fromstring(response.content)


def marks(svg: Element) -> list[str]:
    """What is read aloud of each mark."""
    roles = {"axis", "title", "subtitle", "legend"}
    found = [e for e in svg.iter() if e.get("role") == "graphics-symbol" and e.get("aria-roledescription") not in roles]
    return [element.get("aria-label", "") for element in found]


def aloud(svg: Element) -> dict[str, tuple[Decimal, Decimal]]:
    """The range that is read aloud of each mark, by its name; what is not stated is nothing."""
    found = {}
    for label in marks(svg):
        said = SAID.fullmatch(label)
        if said is None:
            assert label.endswith(": not stated"), label
            name, low, high = label.removesuffix(": not stated"), Decimal(0), Decimal(0)
        else:
            low = _dollars(said["low"])
            name, high = said["name"], low if said["high"] is None else _dollars(said["high"])
        assert name not in found
        found[name] = (low, high)
    return found


def amounts(row: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """The range of a row of spend."""
    low = Decimal(str(row["amount_usd"]))
    return low, low + Decimal(str(row["partial_usd"]))


def texts(svg: Element) -> list[str]:
    """All texts, in the order in which they stand in the file; lines of one are parted by a blank."""
    return [" ".join(element.itertext()) for element in svg.iter("{http://www.w3.org/2000/svg}text")]


def _dollars(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace(",", ""))
