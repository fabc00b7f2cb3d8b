"""A spend query in, a picture out: reads the rows, draws them, and says what they are."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from api.answers.labels import labels_of
from api.answers.negotiation import Picture
from api.answers.tables import with_labels
from api.answers.terms import in_words
from api.charts.choice import Choice, Wishes, choose
from api.charts.figure import figure_of
from api.charts.frame import Words
from api.charts.render import render
from api.charts.spec import empty_spec, spec_of
from api.charts.words import clean, filters_of, named_gaps, notes_of, subtitle_of, title_of, unit_of
from api.deps import Snapshot
from api.problems.kinds import BadParameterError, ProblemItem
from db.queries.sources import sources_of, sources_question
from db.queries.spend.spend import spend_questions, spend_rows, spend_totals
from db.queries.spend.warnings import spend_warnings
from db.queries.statements.asking import ask_ahead
from models.filters import SpendQuery
from models.release import Release
from models.source import Source

MOST_ROWS = 20_000
"""Rows that are folded into one picture."""


def picture_of(snapshot: Snapshot, query: SpendQuery, wishes: Wishes, form: Picture) -> bytes:
    """Draw the answer to a query.

    Raises:
        BadParameterError: if it cannot be drawn, or not honestly.
        PricesMissingError: if constant prices are asked for over years that have no index.
        RendererBusyError: if too many pictures are wanted at once.
    """
    spec = chart_of(snapshot, query, wishes)
    return render(spec, form)


def chart_of(snapshot: Snapshot, query: SpendQuery, wishes: Wishes) -> dict[str, Any]:
    """Write the Vega-Lite specification of the answer to a query; raises as `picture_of`."""
    choice = choose(query, wishes)
    ask_ahead(snapshot.connection, [*spend_questions(snapshot.connection, query), sources_question(query.filters)])
    rows = list(islice(spend_rows(snapshot.connection, query), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise _too_many(query)
    labelled = (cleaned(row | labels) for row, labels in with_labels(snapshot, query, rows))
    figure = figure_of(labelled, choice, query.additive, bool(query.sort))
    warnings = named_gaps(spend_warnings(snapshot.connection, query), labels_of(snapshot))
    if not any(row["projects"] for row in rows):
        words = _words(snapshot, query, choice, "", [])
        return empty_spec(choice, wishes, words, _reason(warnings))
    unit = unit_of(figure.cells.values())
    totals = spend_totals(snapshot.connection, query)
    notes = notes_of(query, figure, totals, warnings)
    words = _words(snapshot, query, choice, subtitle_of(query, choice, figure, unit), notes, unit.name)
    if choice.scale == "log" and not figure.positive:
        return empty_spec(choice, wishes, words, "Nothing above zero is stated, and a logarithmic scale has no zero.")
    return spec_of(figure, choice, wishes, words, unit)


def cleaned(row: dict[str, Any]) -> dict[str, Any]:
    """Replace what a picture cannot hold in the texts of a row."""
    return {name: clean(value) if isinstance(value, str) else value for name, value in row.items()}


def _words(
    snapshot: Snapshot,
    query: SpendQuery,
    choice: Choice,
    subtitle: str,
    notes: Sequence[str],
    unit: str = "",
) -> Words:
    sources = sources_of(snapshot.connection, query.filters)
    return Words(
        title_of(query, choice),
        subtitle,
        clean(filters_of(query.filters, labels_of(snapshot))),
        [clean(note) for note in notes],
        clean(_source(snapshot.release, sources)),
        unit,
    )


def _source(release: Release, sources: Sequence[Source]) -> str:
    named = "; ".join(dict.fromkeys(source.attribution for source in sources))
    source = f"Source: {named}. " if named else ""
    dated = f", data as of {release.as_of}" if release.as_of else ""
    return f"{source}Migration Finance API, release {release.release_id}{dated}. Licence: {in_words(sources)}."


def _reason(warnings: Sequence[str]) -> str:
    gaps = [warning for warning in warnings if warning.startswith("no ")]
    return f"Nothing to draw: {'; '.join(gaps)}." if gaps else "Nothing to draw: no money matches these filters."


def _too_many(query: SpendQuery) -> BadParameterError:
    message = f"group_by: a picture is made of at most {MOST_ROWS:,} rows; take fewer dimensions, or filter"
    return BadParameterError(
        ProblemItem(parameter="group_by", value=",".join(query.group_by), message=message, suggestion=query.group_by[0])
    )
