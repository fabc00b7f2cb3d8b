"""What spend can be grouped by, in words, and how its members and what is known of them are shown."""

from pydantic import BaseModel
from pydantic import Field as Doc

from models.filters import Dimension
from models.money import Usd

MEANING: dict[Dimension, str] = {
    Dimension.CATEGORY: "Category of the taxonomy; each part of a component's money stands in exactly one.",
    Dimension.GROUP: "Group of categories; each category belongs to exactly one.",
    Dimension.SET: "Named set of categories, as the published brief forms them; sets overlap, so rows do not add up. "
    "With `set` only those that it names have rows.",
    Dimension.YEAR: "Calendar year of board approval, or fiscal year with year_basis=fiscal; null: no date of approval.",
    Dimension.FISCAL_YEAR: "World Bank fiscal year of board approval: July to June, named by its end.",
    Dimension.COUNTRY: "Country, or the bucket of its region where no source splits a regional project by country.",
    Dimension.REGION: "World Bank region in which the place lies, as of March 2025.",
    Dimension.INCOME_GROUP: "World Bank income group of the country; buckets have none.",
    Dimension.SOURCE: "Source of the project's record.",
    Dimension.INSTRUMENT: "Lending instrument of the project.",
    Dimension.STATUS: "Status of the project.",
    Dimension.LENDER: "Lender of the commitment, in proportion to the project's stated lenders; costs are not_stated.",
    Dimension.RELEVANCE: "How far the money serves migration.",
}


class DimensionPublic(BaseModel):
    """Something that spend can be grouped by."""

    name: str = Doc(description="Its name in `group_by`.", examples=["category"])
    meaning: str = Doc(description="What its members are.")
    parameter: str | None = Doc(description="The parameter that filters by its members.", examples=["category"])
    members: int = Doc(description="Members that have rows.", examples=[17])
    values_url: str = Doc(description="Address of its members.")


class MemberPublic(BaseModel):
    """A member of a dimension with how much is stored under it, whatever its relevance and status."""

    value: str = Doc(description="The value that filters take.", examples=["worker_mobility"])
    label: str = Doc(description="Its readable name.", examples=["Worker mobility"])
    projects: int = Doc(description="Distinct projects.", examples=[7])
    components: int = Doc(description="Distinct listed components.", examples=[9])


class AvailabilityRow(BaseModel):
    """What is loaded of one place and year from one source. Where there is no row nothing is known, which is not zero."""

    country: str = Doc(description="Place: ISO alpha-3 code or a bucket's code.", examples=["JOR"])
    country_name: str | None = Doc(description="Its readable name.", examples=["Jordan"])
    year: int | None = Doc(
        description="Calendar year of board approval, or fiscal year with `year_basis=fiscal`; null: no date of approval.",
        examples=[2016],
    )
    source: str = Doc(description="Source of the projects' records.", examples=["worldbank-projects"])
    projects: int = Doc(description="Distinct projects.", examples=[3])
    projects_with_component_amounts: int = Doc(description="Those of which a component states an amount.")
    components: int = Doc(description="Distinct listed components.")
    components_with_amount: int = Doc(description="Those that state an amount.")
    total_usd: Usd = Doc(description="All money of the projects counted here under the measure, US dollars.")
    component_usd: Usd = Doc(description="How much of it stands on listed components.")
