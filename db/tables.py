"""The tables, as SQLAlchemy Core sees them."""

from typing import cast

from sqlalchemy import Table
from sqlmodel import SQLModel

from models.api_key import ApiKey
from models.category import Category
from models.component import Component, ListedRow
from models.country import Country
from models.ingest_run import IngestRun, RejectedRecord, Submission
from models.project import Project, ProjectAmount, ProjectCountry, ProjectStatement
from models.release import ProjectHash, Release, ReleaseChange
from models.search import SearchText
from models.source import Source
from models.spend import SpendFact
from models.summary import SpendSummary
from models.verdict import Classification, Review

metadata = SQLModel.metadata


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]  # SQLModel sets it on table models only


api_key = _table(ApiKey)
category = _table(Category)
classification = _table(Classification)
component = _table(Component)
country = _table(Country)
ingest_run = _table(IngestRun)
listed_row = _table(ListedRow)
project = _table(Project)
project_amount = _table(ProjectAmount)
project_country = _table(ProjectCountry)
project_hash = _table(ProjectHash)
project_statement = _table(ProjectStatement)
rejected_record = _table(RejectedRecord)
release = _table(Release)
release_change = _table(ReleaseChange)
review = _table(Review)
search_text = _table(SearchText)
source = _table(Source)
spend_fact = _table(SpendFact)
spend_summary = _table(SpendSummary)
submission = _table(Submission)
