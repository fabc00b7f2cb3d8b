"""Keys: who may write. What is stored of one opens nothing."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from models.types import Code
from models.vocabulary import Scope


class ApiKey(SQLModel, table=True):
    """A key. `prefix` is the part of the token that may be shown; `token_sha256` the hash of all of it."""

    __tablename__ = "api_key"

    key_id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=Code, unique=True)
    prefix: str = Field(sa_type=Code, unique=True)
    token_sha256: str
    scopes: list[Scope] = Field(default_factory=list, sa_type=JSON)
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
