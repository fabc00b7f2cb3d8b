"""Settings, all from the environment, with defaults that serve a newcomer."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "data"


def _parted(value: object) -> object:
    """Take a list of words parted by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class SyncSource(StrEnum):
    """The live sources that `sync` can ask."""

    WORLDBANK = "worldbank"
    WORLDBANK_DOCUMENTS = "worldbank-documents"


class Settings(BaseSettings):
    """What can be set from outside."""

    model_config = SettingsConfigDict(env_file=None, frozen=True)

    database_url: str = Field(
        default=f"sqlite:///{ROOT / 'var' / 'migration-finance.db'}",
        description="SQLite file (`sqlite:///path`) or PostgreSQL (`postgresql://user:password@host/name`).",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    spool_dir: Path = Field(
        default=ROOT / "var" / "spool",
        description="Folder in which answers of sources are kept until they are taken in.",
    )
    worldbank_api_url: str = Field(
        default="https://search.worldbank.org/api/v3/projects",
        pattern=r"^https?://",
        description="Address of the World Bank's Projects API.",
    )
    sync_sources: Annotated[tuple[SyncSource, ...], NoDecode, BeforeValidator(_parted)] = Field(
        default=tuple(SyncSource), description="What `python -m api sync` asks, in this order, parted by commas."
    )
    stale_after_days: int = Field(
        default=45,
        ge=0,
        description="Days without a completed run after which answers and /readyz say that the data are stale; 0: never.",
    )
    worldbank_documents_url: str = Field(
        default="https://search.worldbank.org/api/v3/wds",
        pattern=r"^https?://",
        description="Address of the World Bank's Documents API.",
    )
    max_upload_mb: int = Field(
        default=50, ge=1, description="Megabytes of one upload at most, unpacked; a megabyte is a million bytes."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    answers_mb: int = Field(
        default=64, ge=0, description="Megabytes of answers that each process keeps in memory to send again; 0: none."
    )
    files_dir: Path = Field(default=ROOT / "var" / "files", description="Folder in which bulk files are kept.")


@lru_cache
def get_settings() -> Settings:
    """Read the environment once."""
    return Settings()
