"""The taxonomy of migration finance: groups, categories and named sets, read from taxonomy.toml."""

from collections.abc import Collection
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.checked import read_checked

NOT_MIGRATION = "not_migration"
_FILE = Path(__file__).with_name("taxonomy.toml")
_CODE = r"^[a-z][a-z_]*[a-z]$"


class Category(BaseModel):
    """One category: what belongs to it, what does not, and its counterparts in other systems."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=_CODE)
    group: str
    label: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    mappings: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Group(BaseModel):
    """A family of categories."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=_CODE)
    label: str = Field(min_length=1)
    definition: str = Field(min_length=1)


class CategorySet(BaseModel):
    """A named selection of categories that a query can use like one; sets may overlap."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=_CODE)
    label: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    categories: tuple[str, ...] = Field(min_length=1)


class Taxonomy(BaseModel):
    """All groups, categories and sets of one version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    groups: tuple[Group, ...]
    categories: tuple[Category, ...]
    sets: tuple[CategorySet, ...]

    @model_validator(mode="after")
    def _consistent(self) -> "Taxonomy":
        codes = [group.code for group in self.groups] + [category.code for category in self.categories]
        codes += [item.code for item in self.sets]
        doubled = sorted({code for code in codes if codes.count(code) > 1})
        if doubled:
            raise ValueError(f"codes must be unique: {', '.join(doubled)}")
        groups = {group.code for group in self.groups}
        stray = sorted(category.code for category in self.categories if category.group not in groups)
        if stray:
            raise ValueError(f"categories of an unknown group: {', '.join(stray)}")
        known = {category.code for category in self.categories}
        unknown = sorted({code for item in self.sets for code in item.categories if code not in known})
        if unknown:
            raise ValueError(f"sets refer to unknown categories: {', '.join(unknown)}")
        return self

    @cached_property
    def by_code(self) -> dict[str, Category]:
        """Every category under its code."""
        return {category.code: category for category in self.categories}

    def group_of(self, code: str) -> str:
        """Code of the group that a category belongs to."""
        return self.by_code[code].group

    def categories_in(self, categories: Collection[str], groups: Collection[str]) -> tuple[str, ...]:
        """Codes of the categories that are among some and in one of some groups; what is empty does not limit."""
        return tuple(
            category.code
            for category in self.categories
            if (not categories or category.code in categories) and (not groups or category.group in groups)
        )

    def categories_of_set(self, code: str) -> tuple[str, ...]:
        """Codes of the categories that a named set holds."""
        for item in self.sets:
            if item.code == code:
                return item.categories
        raise KeyError(code)


@lru_cache(maxsize=1)
def load_taxonomy() -> Taxonomy:
    """Read and check the taxonomy that lies beside this file."""
    return read_checked(Taxonomy, _FILE)
