"""Settings, all from the environment, with defaults that serve a newcomer."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "data"


SQLITE = "sqlite"
KINDS = (SQLITE, "postgresql", "postgresql+psycopg", "postgres")
FILES = "sqlite:///path"
ADDRESSES = f"{FILES} or postgresql://user:password@host/name"


def _parted(value: object) -> object:
    """Take a list of words parted by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _require_options(address: URL) -> None:
    """Refuse options that PostgreSQL's client does not know, which would otherwise come out where it first connects."""
    from psycopg import ProgrammingError  # not at the start: an SQLite file needs no driver
    from psycopg.conninfo import conninfo_to_dict, make_conninfo, timeout_from_conninfo

    options = {name: value if isinstance(value, str) else value[-1] for name, value in address.query.items()}
    try:
        timeout_from_conninfo(conninfo_to_dict(make_conninfo(**options)))
    except ProgrammingError as error:
        raise ValueError(f"has an option that PostgreSQL's client does not take: {error}".strip()) from None


def _require_file(address: URL) -> None:
    """Refuse an SQLite address that is more or less than the path of a file.

    What is in memory each connection would have for itself, and nothing of it would stay. Of options the driver passes over
    those that it does not know, so that who gives `mode=ro` would believe in what is not so.
    """
    if address.query:
        options = f"option{'s' * (len(address.query) > 1)} {', '.join(map(repr, address.query))}"
        raise ValueError(f"has the {options}: an SQLite file takes none, give {FILES}")
    if address.host or address.port or address.username or address.password:
        what = f"a host ({address.host!r})" if address.host else "a port" if address.port else "a user"
        raise ValueError(f"has {what}, which no file has: give {FILES}, with three strokes before the path")
    if not address.database:
        raise ValueError(f"names no file: give {FILES}")
    if address.database.startswith((":memory:", "file:")):
        raise ValueError(f"names {address.database!r}, which is no file that stays: give {FILES}")


class SyncSource(StrEnum):
    """The live sources that `sync` can ask."""

    WORLDBANK = "worldbank"
    WORLDBANK_DOCUMENTS = "worldbank-documents"


class LogFormat(StrEnum):
    """How logs are written; `auto` is text at a terminal and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """From which level on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """What can be set from outside."""

    model_config = SettingsConfigDict(env_file=None, frozen=True)

    database_url: str = Field(
        default=f"sqlite:///{ROOT / 'var' / 'migration-finance.db'}",
        description="SQLite file (`sqlite:///path`) or PostgreSQL (`postgresql://user:password@host/name`).",
    )
    database_read_url: str | None = Field(
        default=None, description="A streaming replica of `DATABASE_URL` that answers are read from (docs/scaling.md)."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
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
    workers: int = Field(default=1, ge=1, le=256, description="Processes that answer, all on the one port.")
    exports_at_once: int = Field(default=8, ge=1, le=12, description="Files of rows that each process sends at a time.")
    answers_mb: int = Field(
        default=64, ge=0, description="Megabytes of answers that each process keeps in memory to send again; 0: none."
    )
    rate_limit: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Requests a minute that each process answers a client; 0: as many as it asks.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO, description="`json`, `text`, or `auto`: text at a terminal, JSON elsewhere."
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="`debug`, `info`, `warning` or `error`.")
    access_log: bool = Field(default=True, description="A line for each request: `on` or `off`.")
    metrics: bool = Field(default=True, description="Figures for operators at /metrics: `on` or `off`.")
    files_dir: Path = Field(default=ROOT / "var" / "files", description="Folder in which bulk files are kept.")

    @property
    def reading_url(self) -> str:
        """Where answers are read from: the replica where there is one."""
        return self.database_read_url or self.database_url

    @field_validator("database_url", "database_read_url")
    @classmethod
    def _is_address(cls, url: str | None) -> str | None:
        """Refuse what is no address of a database, without showing it: there may be a password in it."""
        try:
            address = None if url is None else make_url(url)
        except (ArgumentError, ValueError):
            raise ValueError(f"is no address of a database: give {ADDRESSES}") from None
        if address is not None and address.drivername not in KINDS:
            raise ValueError(f"is of kind {address.drivername[:20]!r}: give {ADDRESSES}")
        if address is not None and "@" in (address.host or ""):
            raise ValueError("has an @ in its password: write it as %40")
        if address is not None:
            (_require_file if address.get_backend_name() == SQLITE else _require_options)(address)
        return url

    @model_validator(mode="after")
    def _replicas_are_of_postgresql(self) -> "Settings":
        urls = {"DATABASE_URL": self.database_url, "DATABASE_READ_URL": self.database_read_url}
        for name, url in urls.items() if self.database_read_url is not None else ():
            if not (url or "").startswith(tuple(f"{kind}:" for kind in KINDS if kind != SQLITE)):
                kind = (url or "").partition(":")[0][:20]
                raise ValueError(
                    f"{name} is of kind {kind!r}, but DATABASE_READ_URL names a streaming replica, which only PostgreSQL "
                    "has: give both as postgresql://…, or leave DATABASE_READ_URL away"
                )
        return self


@lru_cache
def get_settings() -> Settings:
    """Read the environment once."""
    return Settings()
