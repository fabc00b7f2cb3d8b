"""Answers for the bundled data set that were worked out by hand from its files."""

import csv
from collections import defaultdict

from db.engine import reading
from db.queries.headline import figure_queries, headline
from db.queries.spend.spend import spend
from db.queries.vocabulary import vocabulary
from db.settings import DATA_DIR
from models.classification import load_taxonomy
from models.filters import Dimension, Filters, SpendQuery
from models.vocabulary import Basis, Relevance
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, take

MILLION = 100_000_000  # cents


def by_category(engine, query):
    with reading(engine) as connection:
        rows = spend(connection, query).rows
    return {row["category"]: (row["amount_usd"] / MILLION, row["partial_usd"] / MILLION) for row in rows}


def test_worker_mobility_in_the_study_s_window(loaded):
    """Worked out from data/, in millions.

    worker_mobility: P150064 (no component amounts: whole, direct, counted 3.05) and P174594 (whole, direct, 32.0) make
    35.05; P171924's third component 2.3 of 10 is partial; P171071's whole 5.5 is partial: 7.8.
    mobility_skills is all partial: P161541 whole 25.603224 (its counted amount), P163018's 54, P167506's 192 (320 × 300/500),
    P171924's 4.2, P178878's 19.96, P179024 whole 25.3.
    """
    query = figure_queries(load_taxonomy())["worker_mobility_total"]
    found = by_category(loaded, SpendQuery(query.filters, (Dimension.CATEGORY,)))
    with (DATA_DIR / "projects.csv").open(encoding="utf-8") as file:
        counted = {row["project_id"]: int(row["counted_usd"] or 0) / 1e6 for row in csv.DictReader(file)}
    direct = counted["P150064"] + counted["P174594"]
    assert found["worker_mobility"] == (round(direct, 6), round(2.3 + counted["P171071"], 6))
    skills = counted["P161541"] + 54 + 192 + 4.2 + 19.96 + counted["P179024"]
    assert found["mobility_skills"] == (0, round(skills, 6))


def test_whole_commitments_of_the_coded_projects_are_their_counted_amounts(loaded):
    """Project by project, the money on rows of the 132 coded projects is what data/projects.csv counts.

    Except: P179363's list passes its total by 0.01 m (59.81 of 59.8), and is kept as stated.
    """
    with (DATA_DIR / "projects.csv").open(encoding="utf-8") as file:
        expected = {
            row["project_id"]: int(row["counted_usd"]) * 100 for row in csv.DictReader(file) if row["counted_usd"]
        }
    assert len(expected) == 132
    assert sum(expected.values()) == 1_437_478_502_900
    found = {}
    with reading(loaded) as connection:
        for project_id in expected:
            filters = Filters(projects=(project_id,), relevance=tuple(Relevance))
            totals = spend(connection, SpendQuery(filters)).totals
            found[project_id] = totals["amount_usd"] + totals["partial_usd"]
    assert found.pop("P179363") == 5_981_000_000
    assert expected.pop("P179363") == 5_980_000_000
    assert found == expected


def test_projects_without_component_amounts_count_with_their_reviewed_verdict(loaded):
    """Summed by hand over the two files: counted amounts of coded projects that list no amount, by category."""
    with (DATA_DIR / "components.csv").open(encoding="utf-8") as file:
        listed = {row["project_id"] for row in csv.DictReader(file) if row["amount_usd"]}
    spread = {"P178070", "P161465", "P161982"}  # covered by their parents' lists
    with (DATA_DIR / "projects.csv").open(encoding="utf-8") as file:
        counted = {
            row["project_id"]: int(row["counted_usd"]) * 100 for row in csv.DictReader(file) if row["counted_usd"]
        }
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    with (DATA_DIR / "reviews.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            project_id = row["subject_id"]
            if project_id in counted and project_id not in listed | spread and row["relevance"] != "none":
                expected[row["category"]][row["relevance"] == "partial"] += counted[project_id]
    projects = tuple(p for p in counted if p not in listed | spread)
    with reading(loaded) as connection:
        rows = spend(connection, SpendQuery(Filters(projects=projects), (Dimension.CATEGORY,))).rows
    money = {row["category"]: [row["amount_usd"], row["partial_usd"]] for row in rows}
    assert {category: amounts for category, amounts in money.items() if any(amounts)} == dict(expected)


def test_the_headline_says_what_it_rests_on(loaded):
    with reading(loaded) as connection:
        found = headline(connection, load_taxonomy(), vocabulary(connection).sources_of_projects)
    figures = {figure.key: figure for figure in found.figures}
    assert figures["countries_without"].totals is None
    stated = figures["component_total"].stated_components
    assert stated["whole_project_usd"] == stated["remainder_usd"] == 0
    assert 0 < found.coverage["projects_with_component_amounts"] < found.coverage["projects"]
    assert figures["project_total"].query.basis is Basis.PROJECT


def test_the_headline_is_about_operations_of_the_world_bank(engine, write):
    """The published figures are: rows of users, and of other publishers, are in no figure that stands beside one."""
    bank = PROJECT | {"name": "Support to refugees", "source": "worldbank-projects"}
    others = bank | {"project_id": "X2", "source": "user-records", "commitment_usd": "7000000"}
    take(engine, write("both.csv", csv_text(bank, others)))
    ask = client_of(engine)
    answer = ask("/v1/headline").json()
    figures = {figure["key"]: figure for figure in answer["data"]}
    assert figures["projects"]["value"] == answer["coverage"]["projects"] == 1
    assert figures["project_total"]["value"] == figures["refugee_response"]["high"] == 5_000_000
    queries = [figure["query"] for figure in figures.values() if figure["query"]]
    assert len(queries) == 8
    assert all("source=worldbank-projects" in query and "approved_from=2014-01-01" in query for query in queries)
    assert ask(figures["projects"]["query"]).json()["totals"]["projects"] == 1
    page = ask("/").text
    assert "1 World Bank projects of these years are loaded with money for migration" in " ".join(page.split())


def test_reviewed_secondary_categories_carry_no_money(loaded):
    """P150064 is worker_mobility with mobility_skills as a secondary category: all its money is under the first."""
    found = by_category(loaded, SpendQuery(Filters(projects=("P150064",)), (Dimension.CATEGORY,)))
    assert list(found) == ["worker_mobility"]
