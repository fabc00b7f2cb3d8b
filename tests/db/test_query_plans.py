"""Where a narrow filter is given no statement reads a large table from end to end, on either database."""

import re

import pytest
from sqlalchemy import event, select, text

from bench.synthetic import fill
from db import tables
from db.engine import make_engine, reading, writing
from db.migrate import upgrade
from db.queries.components import count_components, list_components
from db.queries.projects import count_projects, list_projects
from db.queries.spend.spend import spend, spend_rows
from db.queries.spend.warnings import gap_warnings, spend_warnings
from db.queries.statements import asking, prepared
from db.queries.why import get_component
from models.filters import STATUSES, Dimension, Filters, SortKey, SpendQuery
from models.search import parse_query
from models.vocabulary import Basis, Lender, Measure, YearBasis
from tests.conftest import DATABASES, let_go

LARGE = ("spend_fact", "listed_row", "component", "classification", "search_text", "project_amount")

NARROW = {
    "country": Filters(countries=("JOR",)),
    "countries": Filters(countries=("JOR", "LBN")),
    "category": Filters(categories=("remittances", "diaspora")),
    "categories in countries": Filters(countries=("JOR", "LBN"), categories=("remittances", "diaspora")),
    "year": Filters(year_from=2016, year_to=2016),
    "fiscal year": Filters(year_from=2016, year_to=2016, year_basis=YearBasis.FISCAL),
    "project": Filters(projects=("P174085",), statuses=STATUSES),
    "words": Filters(search=parse_query("refugees")),
}

ASKED = {
    "components": lambda c, filters: list(list_components(c, filters, limit=10)),
    "projects": lambda c, filters: list(list_projects(c, filters, limit=10)),
    "counts": lambda c, filters: (count_components(c, filters), count_projects(c, filters)),
    "spend": lambda c, filters: spend(c, SpendQuery(filters, (Dimension.CATEGORY, Dimension.INCOME_GROUP))),
    "whole projects": lambda c, filters: spend(c, SpendQuery(filters, (Dimension.YEAR,), Basis.PROJECT)),
}


OF_FEW = ("ix_spend_fact_(?:spread|aim_unmet|beyond)", "ix_listed_row_elsewhere", "ix_order_listed_row_")
"""Indexes of few rows, or of rows in an order of which a page takes the first."""


def plans(engine, ask, steered=True, explain="EXPLAIN "):
    """Run something, and return how the database runs each of its statements; `explain`: how PostgreSQL is asked."""
    seen = []

    def listen(_connection, _cursor, statement, parameters, _context, _many):
        if statement.lstrip("( \n").startswith(("SELECT", "WITH")):
            seen.append((statement, parameters))

    with reading(engine) as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        if steered and not on_sqlite:  # on so few rows it would read tables through, although it need not
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        event.listen(engine, "before_cursor_execute", listen)
        ask(connection)
        event.remove(engine, "before_cursor_execute", listen)
        explain = "EXPLAIN QUERY PLAN " if on_sqlite else explain
        return [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))
            for statement, parameters in seen
        ]


def read_through(plan):
    """Name the large tables that a plan reads from end to end."""
    found = re.findall(rf"SCAN (\w+)(?! USING INDEX (?:{'|'.join(OF_FEW)}))|Seq Scan on (\w+)", plan)
    return {name for pair in found for name in pair if name in LARGE}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("narrow", NARROW)
def test_a_narrow_filter_is_found_by_an_index(loaded, narrow, asked):
    found = plans(loaded, lambda connection: ASKED[asked](connection, NARROW[narrow]))
    assert found
    assert {plan for plan in found if read_through(plan)} == set()


@pytest.mark.parametrize("component_id", ["P126263-whole", "P147689-remainder"])
def test_what_a_verdict_is_derived_from_is_found_by_an_index(loaded, component_id):
    found = plans(loaded, lambda connection: get_component(connection, component_id, Filters()))
    assert found
    assert {plan for plan in found if read_through(plan)} == set()


def test_reading_through_is_seen(loaded):
    found = plans(loaded, lambda c: c.execute(text("SELECT count(*) FROM spend_fact WHERE row_cents = 1")).all())
    assert [read_through(plan) for plan in found] == [{"spend_fact"}]


def test_a_page_of_all_that_is_common_is_found_by_walking_the_list(loaded):
    everything = Filters(relevance=())
    for ask, name in ((list_components, "listed_row"), (list_projects, "project")):
        found = plans(loaded, lambda c, ask=ask: list(ask(c, everything, limit=10)))
        walked = rf"SCAN {name}( USING (COVERING )?INDEX .*)?$|Index.*Scan using \w+ on {name}\b"
        assert any(re.search(walked, plan, re.MULTILINE) for plan in found)
        assert all("SCAN spend_fact" not in plan for plan in found)


@pytest.mark.parametrize("limit", [None, 10])
def test_lists_are_not_compiled(loaded, limit):
    if loaded.dialect.name == "sqlite":
        pytest.skip("only PostgreSQL compiles")
    with reading(loaded) as connection:
        connection.execute(text("SET LOCAL jit = on"))
        assert list(list_components(connection, Filters(), limit=limit))
        assert connection.scalar(text("SHOW jit")) == "off"


def test_a_list_in_its_own_order_needs_no_sorting(loaded):
    found = plans(loaded, lambda c: list(list_components(c, Filters(relevance=()))))
    assert any("listed_row" in plan for plan in found)
    if loaded.dialect.name == "sqlite":  # PostgreSQL may sort where rows are few
        assert all("TEMP B-TREE FOR ORDER BY" not in plan for plan in found)


def test_the_place_to_go_on_from_is_found_by_an_index(loaded):
    after = ["P174085", 3]
    found = plans(loaded, lambda c: list(list_components(c, Filters(relevance=()), after=after, limit=10)))
    searched = r"SEARCH listed_row USING PRIMARY KEY|Index Cond: \(.*project_id.*>="
    assert any(re.search(searched, plan) for plan in found)


@pytest.mark.parametrize("group_by", [(), ("category", "year"), ("category", "country"), ("country",), ("set",)])
def test_usual_questions_are_answered_from_the_cells_of_one_grouping(loaded, group_by):
    query = SpendQuery(group_by=tuple(map(Dimension, group_by)))
    for plan in plans(loaded, lambda connection: spend(connection, query)):
        assert not read_through(plan)
        assert "SCAN spend_summary" not in plan
        assert "Seq Scan on spend_summary" not in plan


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(countries=("JOR",)), "country"),
        (Filters(countries=("JOR",), categories=("remittances",)), "category"),
        (Filters(countries=("JOR", "LBN"), categories=("remittances",)), "category"),
        (Filters(categories=("remittances",)), "category"),
    ],
)
def test_cells_of_a_country_or_a_category_are_found_by_their_index(loaded, filters, index):
    if loaded.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks at the data to choose")
    found = plans(loaded, lambda connection: spend(connection, SpendQuery(filters, (Dimension.YEAR,))))
    assert any(f"spend_summary USING INDEX ix_spend_summary_{index} (" in plan for plan in found)
    assert all("spend_summary USING PRIMARY KEY (grouping=? AND measure=? AND scope=?)" not in plan for plan in found)


@pytest.mark.parametrize("countries", [("JOR",), ("JOR", "LBN")])
def test_cells_by_touch_of_a_country_are_read_side_by_side(loaded, countries):
    if loaded.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks at the data to choose")
    filters = Filters(countries=countries, categories=("remittances", "diaspora"))
    found = plans(loaded, lambda connection: spend(connection, SpendQuery(filters, (Dimension.YEAR,))))
    key = "spend_summary USING PRIMARY KEY (grouping=? AND measure=? AND scope=? AND cell>? AND cell<?)"
    assert sum(key in plan for plan in found) == 3  # rows, totals and a warning


def test_facts_of_projects_in_several_places_are_found_by_their_mark(loaded):
    filters = Filters(countries=("JOR", "LBN"), categories=("remittances", "diaspora"))
    found = plans(loaded, lambda connection: spend(connection, SpendQuery(filters, (Dimension.YEAR,))))
    assert any("ix_spend_fact_several_places" in plan for plan in found)
    if loaded.dialect.name == "sqlite":  # PostgreSQL looks at the data to choose
        assert all("ix_spend_fact_category" not in plan for plan in found)


def test_facts_of_a_category_in_a_country_are_found_by_both(loaded):
    if loaded.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks at the data to choose")
    filters = Filters(countries=("JOR", "LBN"), categories=("remittances", "diaspora"), min_cents=0)
    found = plans(loaded, lambda connection: spend(connection, SpendQuery(filters, (Dimension.YEAR,))))
    assert any("spend_fact USING INDEX ix_spend_fact_category_country (category=? AND country=?" in p for p in found)


@pytest.mark.parametrize("dimension", [Dimension.YEAR, Dimension.CATEGORY, Dimension.COUNTRY])
def test_facts_that_no_index_finds_are_not_read_in_the_order_of_one_to_be_grouped(loaded, dimension):
    if loaded.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks at the data to choose")
    query = SpendQuery(Filters(min_cents=0), (dimension,))
    found = plans(loaded, lambda connection: list(spend_rows(connection, query)))
    assert any("SCAN spend_fact" in plan for plan in found)
    assert all("SCAN spend_fact USING INDEX" not in plan for plan in found)


def test_facts_of_a_project_are_found_by_it_whatever_else_is_asked_for(loaded):
    if loaded.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks at the data to choose")
    filters = Filters(projects=("P174085",), countries=("JOR",), categories=("remittances",), year_from=2016)
    found = plans(loaded, lambda c: (spend(c, SpendQuery(filters)), list(list_components(c, filters))))
    looked_by = {name for plan in found for name in re.findall(r"spend_fact USING INDEX ix_spend_fact_(\w+)", plan)}
    assert "project_id" in looked_by
    assert looked_by.isdisjoint({"country", "year", "category_country"})


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(year_from=2016, year_to=2016),
        Filters(year_from=2012),
        Filters(lenders=(Lender.GRANT,)),
        Filters(measure=Measure.COST),
        Filters(measure=Measure.DISBURSEMENT),
        Filters(year_from=1900, year_to=1901),
    ],
    ids=str,
)
def test_a_list_of_any_length_is_read_in_pieces(loaded, monkeypatch, filters):
    for module in (asking, prepared):
        monkeypatch.setattr(module, "CHUNK", 100)
    monkeypatch.setattr(prepared, "LOT", 50)
    with reading(loaded) as connection:
        for ask in (list_components, list_projects):
            whole = list(ask(connection, filters))
            for limit in (10_000, 150, 7):
                assert list(ask(connection, filters, limit=limit)) == whole[:limit]
            for row in whole[:40:13]:
                following = whole[whole.index(row) + 1 :]
                assert list(ask(connection, filters, after=row["position"], limit=7)) == following[:7]


@pytest.mark.parametrize("filters", [Filters(countries=("JOR",)), Filters(year_from=2016)])
def test_what_warnings_look_for_is_found_by_what_is_rare_of_it(loaded, filters):
    """Whatever else is asked for: a country or a year may hold a great part of all facts."""
    (plan,) = (
        p for p in plans(loaded, lambda c: spend_warnings(c, SpendQuery(filters))) if "project" in p and "fact" in p
    )
    if loaded.dialect.name == "sqlite":  # PostgreSQL counts, and takes for so few rows what it likes
        looked_by = re.findall(r"spend_fact USING INDEX ix_spend_fact_(\w+)", plan)
        buckets = ["country"] * bool(filters.countries)
        assert looked_by == ["category", *buckets, "project_id", "beyond", "aim_unmet"]
        assert "project USING INDEX ix_project_financing (additional_financing=? AND parent_project_id=?)" in plan


@pytest.fixture(scope="module", params=DATABASES)
def many(request, new_database):
    """So many facts that no database reads them all without need: one country has a fifteenth of them."""
    engine = make_engine(new_database(request.param))
    upgrade(engine)
    fill(engine, 10_000)
    if request.param == "postgresql":
        with writing(engine) as connection:
            connection.execute(text("ANALYZE"))
    yield engine
    let_go(engine)


OFTEN = 12
"""After so many times PostgreSQL has made up its mind whether to plan a statement anew for each value."""


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(year_from=2010),
        Filters(countries=("JOR",)),
        Filters(countries=("JOR",), year_from=2010, year_to=2012),
        Filters(countries=("JOR",), categories=("remittances",)),
        Filters(regions=("MNA",)),
        Filters(income_groups=("low",)),
        Filters(lenders=(Lender.IBRD,)),
        Filters(categories=("remittances",)),
    ],
    ids=str,
)
def test_warnings_read_no_facts_that_are_common(many, filters):
    query = SpendQuery(filters, (Dimension.YEAR,))

    def often(connection):
        return [
            (spend_warnings(connection, query), gap_warnings(connection, filters, of_rows=True)) for _ in range(OFTEN)
        ]

    asked = plans(many, often, steered=False)
    assert {plan for plan in asked if "spend_fact" in plan}
    assert {plan for plan in asked if read_through(plan)} == set()


@pytest.mark.parametrize(
    ("filters", "right"),
    [
        (Filters(), "walk"),
        (Filters(year_from=2010), "walk"),
        (Filters(relevance=(), statuses=STATUSES), "walk"),
        (Filters(year_from=2010, year_to=2010), "list"),
        (Filters(lenders=(Lender.IBRD,), year_from=2010, year_to=2011), "list"),
        (Filters(measure=Measure.COST), "list"),
        (Filters(year_from=1900, year_to=1901), "list"),
    ],
    ids=str,
)
@pytest.mark.parametrize("ask", [list_components, list_projects])
def test_a_server_that_is_asked_both_ways_to_a_page_begins_one(many, ask, filters, right):
    if many.dialect.name == "sqlite":
        pytest.skip("a file is asked which is the right one")
    asked = plans(many, lambda c: list(ask(c, filters, limit=101)), steered=False, explain="EXPLAIN ANALYZE ")
    ways = {way[1]: plan for plan in asked if (way := re.search(r"One-Time Filter: .*current_setting.*'(\w+)'", plan))}
    assert ways.keys() == {"walk", "list"}
    for way, plan in ways.items():
        begun = [line for line in plan.splitlines() if re.search(r" on \w+", line) and "never executed" not in line]
        assert bool(begun) is (way == right), plan


@pytest.mark.parametrize(
    ("asked", "column"),
    [
        (Filters(), "amount"),
        (Filters(year_from=2010), "amount"),
        (Filters(statuses=("Closed",)), "amount"),
        (Filters(), "year"),
        (Filters(year_from=2010), "year"),
    ],
)
def test_a_page_of_the_largest_or_latest_rows_goes_along_their_index(many, asked, column):
    keys = [SortKey("amount_usd" if column == "amount" else column, descending=True)]
    found = plans(many, lambda c: list(list_components(c, asked, keys, limit=10)), steered=False)
    (plan,) = (plan for plan in found if "listed_row" in plan)
    index = f"ix_order_listed_row_{column}"
    assert re.search(rf"(SCAN|SEARCH) listed_row USING INDEX {index}\b|Index Scan using {index}\b", plan)
    assert "ix_listed_row_elsewhere" in plan
    assert not read_through(plan)


def test_the_largest_of_a_few_years_are_found_by_their_years(many):
    if many.dialect.name != "sqlite":
        pytest.skip("PostgreSQL looks at the data to choose")
    keys = [SortKey("amount_usd", descending=True)]
    found = plans(many, lambda c: list(list_components(c, Filters(year_from=2010, year_to=2010), keys, limit=10)))
    (plan,) = (plan for plan in found if "listed_row" in plan)
    assert "SEARCH listed_row USING INDEX ix_order_listed_row_year" in plan


@pytest.mark.parametrize(("column", "name"), [("approval_date", "approval_date"), ("commitment_usd", "commitment")])
def test_a_page_of_the_latest_or_largest_projects_goes_along_their_index(many, column, name):
    keys = [SortKey(column, descending=True)]
    found = plans(many, lambda c: list(list_projects(c, Filters(), keys, limit=10)), steered=False)
    index = f"ix_order_project_{name}"
    along = rf"SCAN project USING (COVERING )?INDEX {index}\b|Index (Only )?Scan using {index}\b"
    assert any(re.search(along, plan) for plan in found)
    assert all("SCAN spend_fact" not in plan for plan in found)


def _titled(*words):
    return select(tables.component.c.number).where(tables.component.c.title.in_(words))


@pytest.mark.parametrize(
    ("words", "stand_in_it"),
    [(("plain words", "3A", "a_b-c.d", ""), True), (("o'hara",), False), (("100%", "plain"), False), (("a\\",), False)],
)
def test_plain_words_stand_in_a_statement_and_all_others_are_bound(loaded, words, stand_in_it):
    text_of = prepared.Question(_titled, words).prepared(loaded.dialect).text
    assert all((f"'{word}'" in text_of) is stand_in_it for word in words)
    with reading(loaded) as connection:
        assert asking.ask(connection, prepared.Question(_titled, words)) == []
        title = connection.scalar(select(tables.component.c.title).limit(1))
        assert asking.ask(connection, prepared.Question(_titled, (*words, title)))
