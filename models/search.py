"""Full-text search: what a text's words are, and what a query of words and phrases asks for.

Words are folded (case and accents go) and cut to their English stem here, once for both databases, so that a query finds
the same rows on SQLite and PostgreSQL; each database's own full-text engine keeps the index, matches and ranks.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import Stemmer
from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from models.classification.text import fold
from models.types import Code

MAX_QUERY = 200
"""Characters of a query."""

BYTES = "zq"
"""What the digits of a word's bytes begin with."""

LETTERS = 200
"""Letters of a word that are kept where they are not of ASCII: PostgreSQL takes no word of more than 2,046 bytes."""

_WORD = re.compile(r"[^\W_]+")
_MINUS = re.compile(r'(?<![^\s"])[-\u2212]+"?[^\W_]')
_PHRASE_OR_WORDS = re.compile(r'"([^"]*)"|([^"]+)')


class SearchText(SQLModel, table=True):
    """The words of a row of money: of its project's name and objective, and of its own title."""

    __tablename__ = "search_text"

    component_id: str = Field(sa_type=Code, primary_key=True, foreign_key="component.component_id")
    project_id: str = Field(sa_type=Code, foreign_key="project.project_id", index=True)
    name: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    objective: str = Field(sa_type=Text)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Phrases that must all occur, each in one field; most are a single word. `text` is what was typed, for people to read:
    queries of the same phrases are equal."""

    phrases: tuple[tuple[str, ...], ...]
    text: str = field(default="", compare=False)


_STEMMER = Stemmer.Stemmer("english", 0)  # it need not remember words: `_stem` does


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """Cut a word to its stem, written so that every database takes it for one word.

    What is a letter beyond ASCII, and which of them are the same, differs between databases and their locales: such a word is
    kept as the digits of its bytes. PostgreSQL's parser takes "7e0e7" for a number and a word; with a letter before it, it
    stays one.
    """
    stem: str = _STEMMER.stemWord(word)
    if not stem.isascii():
        return f"{BYTES}{stem.casefold()[:LETTERS].encode().hex()}"
    return f"n{stem}" if stem[0].isdigit() else stem


def words(text: str) -> list[str]:
    """Return the stems of a text's words, in their order: letters and digits of ASCII."""
    return [_stem(word) for word in _WORD.findall(fold(text).folded)]


def parse_query(text: str) -> SearchQuery:
    """Read a query: words, all of which must occur, and "phrases" in double quotes, whose words must stand in a row.

    Raises:
        ValueError: if there is no word in it, or one begins with a minus, which elsewhere leaves out what holds the word.
    """
    if _MINUS.search(text):
        raise ValueError("a word begins with a minus, which leaves nothing out here: all words have to occur")
    phrases: list[tuple[str, ...]] = []
    for quoted, plain in _PHRASE_OR_WORDS.findall(text):
        phrases += [tuple(words(quoted))] if quoted else [(word,) for word in words(plain)]
    found = tuple(dict.fromkeys(phrase for phrase in phrases if phrase))
    if not found:
        raise ValueError("holds no word to search for")
    return SearchQuery(found, " ".join(text.split()))
