"""A peer: the application that FastAPI's and SQLModel's tutorials lead to, on the same rows (BENCH_ROWS, an SQLite file)."""

import os
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from sqlmodel import Field, Session, SQLModel, create_engine, func, select

engine = create_engine(
    f"sqlite:///{os.environ.get('BENCH_ROWS', ':memory:')}", connect_args={"check_same_thread": False}
)


class Component(SQLModel, table=True):
    """A row, with the columns that our list of components has."""

    __tablename__ = "components"
    component_id: str = Field(primary_key=True)
    project_id: str
    project_name: str
    title: str
    granularity: str
    category: str
    relevance: str
    amount_usd: float | None
    partial_usd: float | None
    stated_usd: float | None
    countries: str
    year: int | None
    method: str
    confidence: float
    source_id: str
    source_url: str | None
    as_of: str | None


class SpendRow(SQLModel):
    """Money of a category in a year."""

    category: str
    year: int | None
    amount_usd: float | None


def get_session() -> Iterator[Session]:
    """Open a session for a request."""
    with Session(engine) as session:
        yield session


Database = Annotated[Session, Depends(get_session)]
app = FastAPI()


@app.get("/components/{component_id}", response_model=Component)
def read_component(component_id: str, session: Database) -> Component:
    """One row."""
    component = session.get(Component, component_id)
    if component is None:
        raise HTTPException(404, "Component not found")
    return component


@app.get("/components", response_model=list[Component])
def read_components(session: Database, offset: int = 0, limit: Annotated[int, Query(le=100)] = 100) -> list[Component]:
    """A page."""
    statement = select(Component).order_by(Component.component_id).offset(offset).limit(limit)
    return list(session.exec(statement).all())


@app.get("/spend", response_model=list[SpendRow])
def read_spend(session: Database) -> list[SpendRow]:
    """Category × year."""
    amount = func.sum(Component.amount_usd)
    rows = session.exec(select(Component.category, Component.year, amount).group_by(Component.category, Component.year))
    return [SpendRow(category=category, year=year, amount_usd=total) for category, year, total in rows]
