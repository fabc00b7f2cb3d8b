"""The code lists of the IATI activity standard, read from codes.toml beside this file."""

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from models.checked import read_checked

_FILE = Path(__file__).with_name("codes.toml")


class _Codes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    codes: frozenset[str]


class IatiCodes(BaseModel):
    """What the codes of an activity are here; see codes.toml for each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    transactions: dict[str, str]
    incoming: dict[str, str]
    uncounted: _Codes
    dates: dict[str, str]
    statuses: dict[str, str]
    sector_vocabularies: dict[str, str]
    withdrawn_finance_types: _Codes
    regions: dict[str, str]
    countries: dict[str, str]


@lru_cache(maxsize=1)
def load_iati_codes() -> IatiCodes:
    """Read and check the code lists."""
    return read_checked(IatiCodes, _FILE)
