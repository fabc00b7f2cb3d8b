"""Full-text search by the database's own engine: FTS5 on SQLite, tsvector on PostgreSQL."""

from typing import Any

from sqlalchemy import Float, Select, String, TableValuedAlias, column, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.search import SearchQuery


class search_hits(FunctionElement[Any]):  # noqa: N801  # named as it reads in SQL
    """The rows of `search_text` that a query finds, with their rank, higher for better.

    Its arguments are the query in FTS5's language; in that of tsquery; and its phrases of several words as patterns, which only
    PostgreSQL needs, for a tsvector holds no more than 256 places of a word. Each database compiles its own.
    """

    name = "search_hits"
    inherit_cache = True


@compiles(search_hits, "sqlite")
def _fts5(element: search_hits, compiler: SQLCompiler, **options: Any) -> str:
    query = compiler.process(next(iter(element.clauses)), **options)
    # The limit keeps SQLite from merging this into the query around it, where bm25 is not allowed.
    return (
        "(SELECT t.component_id AS component_id, round(-bm25(search_text_index, 10.0, 5.0, 1.0), 12) AS rank "  # noqa: S608  # parameters are bound
        "FROM search_text_index JOIN search_text t ON t.rowid = search_text_index.rowid "
        f"WHERE search_text_index MATCH {query} LIMIT -1)"
    )


@compiles(search_hits, "postgresql")
def _tsvector(element: search_hits, compiler: SQLCompiler, **options: Any) -> str:
    query, phrases = (compiler.process(clause, **options) for clause in list(element.clauses)[1:])
    vector = "search_vector(name, title, objective)"
    # No word holds the mark between the fields, so no phrase runs from one into the next.
    texts = "' ' || name || ' | ' || title || ' | ' || objective || ' '"
    return (
        f"(SELECT component_id, round(ts_rank({vector}, CAST({query} AS tsquery))::numeric, 12)::float8 AS rank "  # noqa: S608  # parameters are bound
        f"FROM search_text WHERE {vector} @@ CAST({query} AS tsquery) AND {texts} LIKE ALL (CAST({phrases} AS text[])))"
    )


def hits(search: SearchQuery) -> TableValuedAlias:
    """Return the rows that a query finds, as a table of `component_id` and `rank`.

    The words of a query hold letters and digits of ASCII only (see `models.search`), so nothing in them is an operator.
    """
    fts5 = " AND ".join(f'"{" ".join(phrase)}"' for phrase in search.phrases)
    tsquery = " & ".join(word for phrase in search.phrases for word in phrase)
    patterns = ",".join(f'"% {" ".join(phrase)} %"' for phrase in search.phrases if len(phrase) > 1)
    found = search_hits(literal(fts5, String), literal(tsquery, String), literal(f"{{{patterns}}}", String))
    return found.table_valued(column("component_id", String), column("rank", Float))


def found_by(search: SearchQuery) -> Select[tuple[str]]:
    """Select the ids of the rows that a query finds."""
    return select(hits(search).c.component_id)
