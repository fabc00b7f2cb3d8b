"""Colours and letters. The series are Paul Tol's "bright" scheme, safe for colour-blind eyes: https://personal.sron.nl/~pault/."""

from dataclasses import dataclass

from api.charts.choice import Theme

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The first comes with the renderer, so a PNG has letters on a machine without fonts; a browser without it has its like."""

TITLE, TEXT, SMALL = 16, 12, 10.5
"""Sizes of letters in pixels: of the title; of labels; of what stands beside axes and below."""

FAINT = 0.35
"""How much colour money has of which an unknown part counts."""

_NARROW, _WIDE, _UPPER = "iljtfrI.,:;'|!()[]/ ", "mwMW%@—", 0.69


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours on one ground."""

    ground: str
    ink: str
    soft: str
    grid: str
    series: tuple[str, ...]
    others: str


PALETTES = {
    Theme.LIGHT: Palette(
        ground="#ffffff",
        ink="#1a1a1a",
        soft="#595959",
        grid="#e2e2e2",
        series=("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377"),
        others="#BBBBBB",
    ),
    Theme.DARK: Palette(
        ground="#16191d",
        ink="#f0f0f0",
        soft="#b4b9bf",
        grid="#343a41",
        series=("#6699CC", "#EE6677", "#44AA66", "#CCBB44", "#66CCEE", "#CC77AA"),
        others="#888D93",
    ),
}


def width_of(text: str, size: float) -> float:
    """About how many pixels a text takes in a letter size; rather more than less."""
    ems = sum(
        0.3 if letter in _NARROW else 0.86 if letter in _WIDE else _UPPER if letter.isupper() else 0.56
        for letter in text
    )
    return ems * size
