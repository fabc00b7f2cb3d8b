"""Questions about releases: the list, one, and what it changed."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Snapshot
from api.params.filters import FormatParams
from api.params.known import known_projects
from api.params.lists import PageParams
from api.params.values import CATEGORIES, SPLIT, Codes, Identifiers, fields_of, listed, one_of
from db.queries.releases import ChangeFilter
from models.release import Change, ReleaseChangePublic, ReleaseDetail, ReleasePublic
from models.vocabulary import Measure

ReleaseId = Annotated[
    str,
    Path(
        description="Number of a release, or `latest`.",
        pattern=r"^(latest|[1-9][0-9]{0,8})$",
        examples=["latest", "1"],
    ),
]

FileName = Annotated[
    Literal[
        "projects.csv",
        "projects.jsonl",
        "projects.parquet",
        "components.csv",
        "components.jsonl",
        "components.parquet",
        "spend.csv",
        "spend.jsonl",
        "spend.parquet",
    ],
    Path(description="Name of a file: a table and a format.", examples=["components.parquet"]),
]


class NoParams(BaseModel):
    """Nothing can be asked for beyond the path."""

    model_config = ConfigDict(extra="forbid")


class ReleaseParams(FormatParams):
    """How a release is shown."""

    fields: Codes = fields_of(ReleaseDetail)


class ReleasesParams(PageParams):
    """Which releases to list."""

    fields: Codes = fields_of(ReleasePublic)


class ChangesParams(PageParams):
    """Which changes of a release to list."""

    fields: Codes = fields_of(ReleaseChangePublic)
    change: Annotated[
        list[str],
        SPLIT,
        one_of("change", list(Change)),
        listed("What the release did to the row.", "added,removed", list(Change)),
    ]
    measure: Measure = Field(
        default=Measure.COMMITMENT, description="What the amounts measure; never mixed.", examples=["cost"]
    )
    project: Identifiers = listed("Project id.", "P174085")
    category: Annotated[
        list[str],
        SPLIT,
        one_of("category", CATEGORIES),
        listed(
            "Category that the money left, came into or stayed in. A row that moves has a line for each of the two.",
            "worker_mobility",
            CATEGORIES,
        ),
    ]

    def to_filter(self, snapshot: Snapshot) -> ChangeFilter:
        """Check what only the data know.

        Raises:
            BadParameterError: for a project that is not there.
        """
        return ChangeFilter(
            changes=tuple(Change(value) for value in self.change),
            measure=self.measure,
            projects=known_projects(self.project, snapshot),
            categories=tuple(self.category),
        )
