"""The first page: the imbalance in figures, the chart builder, and the published figures beside ours."""

import re
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api.deps import Snapshot, reads
from api.explorer.form import filter_choices
from api.explorer.pages import PageRoute, page, root_of
from api.explorer.snippets import ROWS, snippets
from api.http.base import base_of
from api.params.filters import ASK_FOR_ALL
from api.params.values import TAXONOMY
from api.routers.headline import figure_rows, query_address
from db.queries.headline import WINDOW, headline
from db.queries.spend.spend import SpendResult, spend, spend_questions
from models.dimensions import MEANING
from models.filters import Dimension, Filters, SpendQuery
from models.vocabulary import Measure

router = APIRouter(route_class=PageRoute)
FIRST = SpendQuery(Filters(approved_from=WINDOW[0], approved_to=WINDOW[1]), (Dimension.CATEGORY,))
"""The first question that is shown: all that is loaded of the years of the study, from whatever source."""

PICTURE = {"chart": "bar", "scale": "log"}
"""How the first view is drawn: on a plain scale the small side would not be seen."""

OF_TRACKERS = re.compile(r"utm_.*|fbclid|gclid")
"""Parameters that social media and mail add to links that are shared."""


@router.get("/", include_in_schema=False)
@reads
def home(request: Request, snapshot: Snapshot) -> Response:
    """Show the headline and the first view; a question in the address is answered by the page's script."""
    root, base = root_of(request), base_of(request.scope)
    beside = spend_questions(snapshot.connection, FIRST)
    result = headline(snapshot.connection, TAXONOMY, snapshot.known.sources_of_projects, beside)
    answer = spend(snapshot.connection, FIRST)
    first = f"{query_address('', FIRST)}&sort=-amount_usd"
    question = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in PICTURE and not OF_TRACKERS.fullmatch(name)
    ]
    return page(
        request,
        "home.html",
        figures={row["key"]: row for row in figure_rows(root, result)},
        coverage=result.coverage,
        warnings=answer.warnings,
        release=snapshot.release,
        rows=category_rows(answer),
        first=first,
        first_view=f"{first.partition('?')[2]}&{urlencode(PICTURE)}",
        asked=f"{root}/v1/spend?{urlencode(question, safe=',')}" if question else None,
        code=snippets(ROWS, f"{base}{first}"),
        dimensions=MEANING,
        filters=filter_choices(),
        for_all=urlencode(ASK_FOR_ALL),
        measures=list(Measure),
    )


def category_rows(answer: SpendResult) -> list[dict[str, Any]]:
    """The spend of each category, in cents, the largest first."""
    rows = [
        row
        | {
            "label": TAXONOMY.by_code[row["category"]].label,
            "group": TAXONOMY.by_code[row["category"]].group,
            "high": row["amount_usd"] + row["partial_usd"],
        }
        for row in answer.rows
    ]
    return sorted(rows, key=lambda row: (-row["amount_usd"], -row["high"]))
