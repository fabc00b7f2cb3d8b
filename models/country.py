"""Countries and the buckets that stand beside them, and how a source's place label is matched to one."""

from collections.abc import Iterable

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from models.types import Code
from models.vocabulary import PlaceKind

WORLD = "WLD"
AFRICA = "AFR"
"""The World Bank's Africa of older records, before it was divided into `OF_AFRICA`."""

OF_AFRICA = ("AFE", "AFW")


class CountryBase(SQLModel):
    """What is known of a place that money can be counted in."""

    code: str = Field(
        sa_type=Code,
        primary_key=True,
        description="ISO 3166-1 alpha-3 code, or the code of a bucket (AFE, WLD …).",
        schema_extra={"examples": ["JOR"]},
    )
    name: str = Field(sa_type=Code, description="Short English name.", schema_extra={"examples": ["Jordan"]})
    kind: PlaceKind = Field(
        sa_type=Code,
        description="`country`, or a bucket for money that no source splits by country: `region`, `global`.",
    )
    region_code: str | None = Field(
        default=None,
        sa_type=Code,
        description="World Bank region (as of March 2025) that the place lies in.",
        schema_extra={"examples": ["MEA"]},
    )
    income_group: str | None = Field(
        default=None,
        sa_type=Code,
        description="World Bank income group: `low`, `lower_middle`, `upper_middle`, `high`; null where not classified.",
    )
    income_as_of: str | None = Field(default=None, description="The vintage of the income group.")


class Country(CountryBase, table=True):
    """A row of the table of places."""

    __tablename__ = "country"

    aliases: list[str] = Field(default_factory=list, sa_type=JSON)


class CountryPublic(BaseModel):
    """A place as the service shows it, with how many projects are counted in it."""

    code: str = Doc(description="ISO 3166-1 alpha-3 code, or a bucket's code.", examples=["JOR"])
    name: str = Doc(description="Short English name.", examples=["Jordan"])
    kind: PlaceKind = Doc(description="`country`, `region` or `global`; the last two are buckets.")
    region_code: str | None = Doc(description="World Bank region that the place lies in, as of March 2025.")
    region: str | None = Doc(description="That region's name.", examples=["Middle East and North Africa"])
    income_group: str | None = Doc(description="World Bank income group, null where not classified.")
    income_as_of: str | None = Doc(description="The vintage of the income group.")
    projects: int = Doc(description="Projects with a commitment counted in this place, whatever their relevance.")


class PlaceIndex:
    """Finds places by exact code, name or alias; it never guesses.

    Fuzzy matching is left out on purpose: it turns "Eastern and Southern Africa" into South Africa.
    """

    def __init__(self, places: Iterable[Country]) -> None:
        self.by_code: dict[str, Country] = {}
        self._by_label: dict[str, Country] = {}
        for place in places:
            self.by_code[place.code] = place
            for label in (place.name, *place.aliases):
                self._by_label[_key(label)] = place

    def find(self, label: str) -> Country | None:
        """Return the place with this name or alias, ignoring case and repeated blanks, or `None`."""
        return self._by_label.get(_key(label))


def around(regions: Iterable[str | None]) -> set[str]:
    """Return the codes of the buckets that can hold money of places in some regions: the region's own, the world's, and all of
    Africa's where one is a part of it. A place without a region lies in the world."""
    own = {region for region in regions if region}
    return own | {WORLD} | ({AFRICA} if own & {*OF_AFRICA} else set())


def _key(label: str) -> str:
    return " ".join(label.replace("\u2019", "'").casefold().split())
