"""The page that a browser gets: the imbalance in numbers and a picture, without a script, each with its query."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from api.deps import CurrentSnapshot
from api.params.values import TAXONOMY
from api.routers.headline import figure_rows, query_address
from db.queries.headline import Headline, headline

router = APIRouter()
pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "pages"), autoescape=select_autoescape(), trim_blocks=True
)
DECADES = {5: "$0.1 m", 6: "$1 m", 7: "$10 m", 8: "$100 m", 9: "$1 bn", 10: "$10 bn"}
"""The picture's scale is logarithmic, from 10^5 to 10^10 dollars: on a plain one the small side would not be seen."""


@router.get("/", include_in_schema=False)
def home(request: Request, snapshot: CurrentSnapshot) -> Response:
    """Show the headline, a bar for each category, and where to go next."""
    base = str(request.base_url).rstrip("/")
    result = headline(snapshot.connection, TAXONOMY)
    text = pages.get_template("home.html").render(
        base=base,
        release=snapshot.release,
        figures={row["key"]: row for row in figure_rows(base, result)},
        coverage=result.coverage,
        bars=bars(base, result),
        chart_query=query_address(base, result.query_by_category),
        ticks=[{"label": label, "left": _position(10**power * 100)} for power, label in DECADES.items()],
        warnings=result.warnings,
        short=lambda dollars: _short(int(dollars * 100)),
    )
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"}
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def bars(base: str, result: Headline) -> list[dict[str, Any]]:
    """One bar for each category with projects, largest first within its group: where it starts to be partial and ends."""
    found = []
    for row in result.by_category:
        category = TAXONOMY.by_code[row["category"]]
        low, high = row["amount_usd"], row["amount_usd"] + row["partial_usd"]
        query = replace(result.query_by_category, group_by=())
        filters = replace(query.filters, categories=(category.code,))
        found.append(
            {
                "label": category.label,
                "group": category.group,
                "low": _position(low),
                "width": max(_position(high) - _position(low), 0),
                "text": f"{_short(low)} to {_short(high)}" if high > low else _short(low),
                "projects": row["projects"],
                "high": high,
                "query": query_address(base, replace(query, filters=filters)),
            }
        )
    groups = [group.code for group in TAXONOMY.groups]
    return sorted(found, key=lambda bar: (groups.index(bar["group"]), -bar["high"]))


def _position(cents: int) -> float:
    """Where an amount stands on the scale, in percent of its length; below the scale's start is 0."""
    dollars = cents / 100  # a position on the screen, not an amount
    first, last = min(DECADES), max(DECADES)
    if dollars < 10**first:
        return 0.0
    return round(100 * (math.log10(dollars) - first) / (last - first), 2)


def _short(cents: int) -> str:
    """Write an amount for the eye: $12.9 bn, $110 m, $0."""
    millions = cents / 100 / 1e6  # rounded for reading; the figures themselves are in the table and the API
    if millions >= 1000:
        return f"${millions / 1000:,.2f} bn"
    return f"${millions:,.1f} m" if cents else "$0"
