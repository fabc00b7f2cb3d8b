"""Questions about runs: on which terms records are taken in, and what became of them."""

from pydantic import BaseModel, ConfigDict, Field

from api.params.lists import PageParams
from api.params.values import Codes, Truth, fields_of
from models.ingest_run import RunErrorPublic, RunPublic
from models.vocabulary import OnError


class SendParams(BaseModel):
    """On which terms records are taken in."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Truth = Field(
        default=False, description="Say what would happen, and store nothing but that report.", examples=[True]
    )
    on_error: OnError = Field(
        default=OnError.ACCEPT_GOOD,
        description="Where some records are bad: `accept_good` takes the others in, `reject_all` takes none.",
        examples=["reject_all"],
    )


class RunsParams(PageParams):
    """Which runs to list."""

    fields: Codes = fields_of(RunPublic)


class ErrorsParams(PageParams):
    """Which errors to list."""

    fields: Codes = fields_of(RunErrorPublic)
