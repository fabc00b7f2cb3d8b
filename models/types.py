"""Column types that mean the same on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine


class Code(TypeDecorator[str]):
    """Text that is compared and sorted byte by byte on every database, whatever the server's language.

    Identifiers, codes and names that answers are ordered by use it: two databases then give the same order.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give PostgreSQL the "C" collation; SQLite compares bytes already."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(String(collation="C"))
        return dialect.type_descriptor(String())
