"""The frame of a JSON answer: rows under `data`, then `totals`, `meta` and `links`."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

Row = TypeVar("Row", bound=BaseModel)
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
TERMS = (
    "Terms of use: the licence of this service's own data where all sources that have rows are under it, else the list of "
    "sources, where the terms of each stand. The classification is CC BY 4.0."
)


class Meta(BaseModel):
    """What an answer rests on."""

    release: int = Field(
        description="Release of the data; equal questions of one release have equal answers from one version of the "
        "program, but for `stale` and its warning.",
        examples=[1],
    )
    as_of: str | None = Field(
        description="Newest date on which a source loaded said something.", examples=["2025-03-31"]
    )
    taxonomy_version: str = Field(description="Version of the taxonomy.", examples=["1.0.0"])
    rules_version: str = Field(description="Version of the classification rules.", examples=["1.0.0"])
    method_version: str = Field(description="Version of how rows become money.", examples=["1.1.0"])
    currency: str = Field(default="USD", description="Currency of all amounts.")
    prices: str = Field(default="current", description="Prices of all amounts: `current` or `constant`.")
    base_year: int | None = Field(default=None, description="Year of constant prices.", examples=[2023])
    price_index: str | None = Field(default=None, description="The index that constant prices are made by.")
    measure: str | None = Field(default=None, description="What the amounts measure.", examples=["commitment"])
    basis: str | None = Field(default=None, description="Whether components or whole projects are counted.")
    additive: bool | None = Field(default=None, description="True where the rows sum to the totals.")
    group_by: list[str] | None = Field(default=None, description="What the rows are grouped by.")
    stale: bool = Field(
        default=False, description="True where no run has confirmed the data for longer than the operator allows."
    )
    warnings: list[str] = Field(default_factory=list, description="What to know before using the figures.")


class Links(BaseModel):
    """Where to go from an answer."""

    self: str = Field(description="This answer.")
    next: str | None = Field(default=None, description="The next page; null on the last.")
    jsonl: str | None = Field(default=None, description="The same rows as JSON lines, all pages.")
    csv: str | None = Field(default=None, description="The same rows as CSV, all pages.")
    parquet: str | None = Field(default=None, description="The same rows as Parquet, all pages.")
    xlsx: str | None = Field(default=None, description="The same rows as an Excel workbook, all pages.")
    licence: str = Field(default=LICENCE, description=TERMS)


class DrawnLinks(Links):
    """Where to go from an answer that can be drawn."""

    svg: str | None = Field(default=None, description="The same rows as a picture, of at most two dimensions.")
    png: str | None = Field(default=None, description="The same picture as PNG.")


class RowCount(BaseModel):
    """How many rows the whole filter has."""

    rows: int = Field(description="Rows over all pages.", examples=[42])


class ListAnswer(BaseModel, Generic[Row]):
    """A list, or a page of one."""

    data: list[Row] = Field(description="Flat rows.")
    totals: RowCount = Field(description="Counts over the whole filter, not the page.")
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")


class OneAnswer(BaseModel, Generic[Row]):
    """A single thing."""

    data: Row = Field(description="What was asked for.")
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")
