"""Settings, all from the environment, with defaults that serve a newcomer."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "data"


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
    worldbank_documents_url: str = Field(
        default="https://search.worldbank.org/api/v3/wds",
        pattern=r"^https?://",
        description="Address of the World Bank's Documents API.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    files_dir: Path = Field(default=ROOT / "var" / "files", description="Folder in which bulk files are kept.")


@lru_cache
def get_settings() -> Settings:
    """Read the environment once."""
    return Settings()
