"""A request with the data that it reads: what every answer says of them, and where it leads on."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fastapi import Request

from api.answers.negotiation import MEDIA_TYPES, PICTURE_TYPES, Format, Picture
from api.answers.pagination import query_of
from api.answers.terms import licence_of
from api.deps import Snapshot
from api.freshness import staleness
from api.http.base import address_of, base_of
from db.queries.prices import load_price_index
from models.filters import Filters, SpendQuery
from models.release import Release
from models.versions import present_versions

ALL_TYPES = {str(form): media_type for types in (MEDIA_TYPES, PICTURE_TYPES) for form, media_type in types.items()}
IN_OTHER_FORMATS = tuple(form.value for form in Format if form is not Format.JSON)
IN_PAGES = ("cursor", "limit")
OF_PICTURES = ("chart", "scale", "width", "height", "theme")
"""Parameters that only pictures have."""

LONGEST_LINK = 1000  # beyond it the other forms are named in the body only: servers between limit their headers


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with the state of the data that it reads."""

    request: Request
    snapshot: Snapshot

    def meta(
        self, filters: Filters | None = None, query: SpendQuery | None = None, warnings: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Describe what an answer rests on."""
        release = self.snapshot.release
        meta = {**_of_release(release)}
        if filters is not None:
            meta |= {"measure": filters.measure.value} | _prices(filters)
        if query is not None:
            grouped = [dimension.value for dimension in query.group_by]
            meta |= {"basis": query.basis.value, "additive": query.additive, "group_by": grouped}
        stale = getattr(self.request.state, "stale", False)
        late = [staleness(release.checked_at)] if stale and release.checked_at else []
        return meta | {"stale": stale, "warnings": [*late, *_aged(release), *warnings]}

    def links(
        self,
        next_page: str | None = None,
        formats: Iterable[str] = IN_OTHER_FORMATS,
        in_pages: bool = True,
        drawn: bool = False,
    ) -> dict[str, Any]:
        """Link an answer to itself, the next page and its other forms, which hold all pages where there are any.

        `drawn`: the answer can be seen as a picture too, which has no columns to choose.
        """
        asked = address_of(self.request.scope)
        links: dict[str, Any] = {"self": asked, "next": next_page}
        address, sent = asked.partition("?")[0], self.request.query_params.multi_items()
        left_out = {"format", *(IN_PAGES if in_pages else ())}
        rows = _linked(address, sent, {*left_out, *OF_PICTURES})
        links |= {name: rows + name for name in formats}
        if drawn:
            seen = _linked(address, sent, {*left_out, "fields"})
            links |= {name.value: seen + name.value for name in Picture}
        return links | {"licence": licence_of(self.snapshot, base_of(self.request.scope))}


@lru_cache(16)
def _of_release(release: Release) -> dict[str, Any]:
    """What every answer from a release says of it, unless it says otherwise; nobody may change it."""
    return {
        "release": release.release_id,
        "as_of": release.as_of,
        "taxonomy_version": release.taxonomy_version,
        "rules_version": release.rules_version,
        "method_version": release.method_version,
        "currency": "USD",
        "prices": "current",
    }


@lru_cache(16)
def _aged(release: Release) -> Sequence[str]:
    """Warn of figures that were made with other versions."""
    old = release.versions != present_versions()
    return ["computed by an older version of this program: see `python -m api reclassify`"] if old else []


def _linked(address: str, sent: Sequence[tuple[str, str]], left_out: Set[str]) -> str:
    """The address with what was sent, but for some of it, up to the name of a format."""
    kept = query_of((name, value) for name, value in sent if name not in left_out)
    return f"{address}?{kept}&format=" if kept else f"{address}?format="


def _prices(filters: Filters) -> dict[str, Any]:
    if filters.base_year is None:
        return {}
    index = load_price_index()
    return {"prices": "constant", "base_year": filters.base_year, "price_index": f"{index.name}; {index.source}"}


def link_header(links: Mapping[str, Any]) -> dict[str, str]:
    """The links that programs look for in the header."""
    shown = [f'<{links["self"]}>; rel="self"']
    shown += [f'<{links["next"]}>; rel="next"'] if links["next"] else []
    shown += [
        f'<{address}>; rel="alternate"; type="{ALL_TYPES[name]}"'
        for name, address in links.items()
        if name in ALL_TYPES and len(address) <= LONGEST_LINK
    ]
    return {"Link": ", ".join(shown)}
