"""The words that only the data know: places, and the instruments and sources that rows name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Connection, select

from db import tables
from db.queries.releases import NEWEST
from db.queries.sources import all_sources, loaded_sources
from db.queries.spend.buckets import PLACES
from db.queries.spend.missing import years_question
from db.queries.spend.summaries import known_members, projects_question, rows_question
from db.queries.statements.asking import Standing, ask
from db.queries.statements.prepared import Question
from db.queries.statements.walking import EVERYTHING
from models.country import Country, PlaceIndex
from models.filters import Dimension
from models.source import Source, are_open
from models.vocabulary import PlaceKind


@dataclass(frozen=True)
class Vocabulary:
    """Closed lists that filters are checked against, as of one release."""

    places: PlaceIndex
    instruments: tuple[str, ...]
    sources: Mapping[str, Source]
    standing: Standing = field(default_factory=Standing)
    loaded_places: frozenset[str] = frozenset()
    """Codes of the places that any row of money is in."""
    loaded_sources: tuple[Source, ...] = ()
    """The sources of which anything is loaded."""
    sources_of_projects: frozenset[str] = frozenset()
    """Codes of those that projects with rows of money come from."""

    @cached_property
    def open_terms(self) -> bool:
        """Whether all that is loaded is under the licence of this service's own data."""
        return are_open(self.loaded_sources)

    @cached_property
    def regions(self) -> dict[str, str]:
        """Codes and names of the regions that places lie in. The world's bucket lies in none."""
        return {place.code: place.name for place in self.places.by_code.values() if place.kind == PlaceKind.REGION}

    @cached_property
    def place_names(self) -> dict[str, str]:
        """Codes and names of all places."""
        return {place.code: place.name for place in self.places.by_code.values()}


def vocabulary(connection: Connection) -> Vocabulary:
    """Read the words of the present state of the data."""
    country, project = tables.country, tables.project
    rows = connection.execute(select(country)).mappings()
    place, cells = known_members(Dimension.COUNTRY)
    source, of_sources = known_members(Dimension.SOURCE)
    instruments = select(project.c.instrument).where(project.c.instrument.is_not(None)).distinct()
    return Vocabulary(
        places=PlaceIndex(Country.model_validate(dict(row)) for row in rows),
        instruments=tuple(connection.scalars(instruments.order_by(project.c.instrument))),
        sources={source.source_id: source for source in all_sources(connection)},
        standing=Standing({question.key: ask(connection, question) for question in _standing(connection)}),
        loaded_places=frozenset(connection.scalars(select(place).where(*cells).distinct())),
        loaded_sources=tuple(loaded_sources(connection)),
        sources_of_projects=frozenset(connection.scalars(select(source).where(*of_sources).distinct())),
    )


def _standing(connection: Connection) -> Iterator[Question]:
    yield from (NEWEST, PLACES, years_question(Dimension.YEAR), years_question(Dimension.FISCAL_YEAR))
    for everything in EVERYTHING.values():
        for counting in (rows_question, projects_question):
            if found := counting(connection, everything):
                yield found
