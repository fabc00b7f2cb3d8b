"""Money of dropped projects is shown, and told to be in no total."""

import json

import pytest

from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, take
from tests.explorer.reading import Page


@pytest.fixture(scope="module")
def of_dropped(shared, tmp_path_factory):
    """A dropped project, of which 2 million of 5 serve migration, one that was not dropped, and a dropped one without any."""
    records = [
        {"type": "project", **PROJECT, "project_id": name, "commitment_usd": 5000000, "status": status}
        for name, status in (("D1", "Dropped"), ("D2", "Active"), ("D3", "Dropped"))
    ]
    for ordinal, (title, amount) in enumerate((("Support to refugees", 2000000), ("Roads", 3000000)), start=1):
        part = {"type": "component", "project_id": "D1", "ordinal": ordinal, "title": title}
        records.append(part | {"amount_usd": amount, "amount_basis": "commitment"})
    path = tmp_path_factory.mktemp("dropped") / "dropped.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    engine = shared()
    take(engine, path)
    return client_of(engine)


WITHOUT = "leaves out {},000,000.00 US dollars of 1 dropped project: status=Dropped asks for it"
WITH = "includes 5,000,000.00 US dollars of 1 dropped project, which no total holds unless status=Dropped asks for it"
OF_ONE = "the project was dropped: no total holds its money unless status=Dropped asks for it"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("spend?project=D1", [WITHOUT.format(2)]),
        ("spend?project=D1,D2&basis=project", [WITHOUT.format(5)]),
        ("projects?project=d1", [WITHOUT.format(2)]),
        ("components?project=D1&relevance=none", [WITHOUT.format(3)]),
        ("components?project=D1&category=diaspora&include_secondary=true", []),
        ("spend?project=D1&status=Dropped", []),
        ("spend?project=D1&status=Active", []),
        ("spend?project=D1&status=Active,Closed,Pipeline", [WITHOUT.format(2)]),
        ("spend?project=D1&status=Closed,Active,Pipeline", [WITHOUT.format(2)]),
        ("projects?project=D1&status=Pipeline,Closed,Active", [WITHOUT.format(2)]),
        ("components?project=D1&status=Closed,Active,Pipeline", [WITHOUT.format(2)]),
        ("spend?project=D1&status=Active,Closed,Pipeline,Dropped", []),
        ("spend?project=D1&status=Dropped,Active,Closed,Pipeline", []),
        ("projects?project=D1&status=Active,Closed,Pipeline,Dropped", []),
        ("components?project=D1&status=Active,Closed,Pipeline,Dropped", []),
        ("spend?project=D2", []),
        ("spend", []),
        ("projects/D1/components", [WITH]),
        ("projects/D1/components?status=Active,Closed,Pipeline,Dropped", []),
        ("projects/D1/components?status=Closed,Active,Pipeline", [WITHOUT.format(5)]),
        ("availability?project=D1", [WITH]),
        ("availability?project=D1&status=Active,Closed,Pipeline,Dropped", []),
        ("projects/D2/components", []),
        ("projects/D1", [OF_ONE]),
        ("projects/D2", []),
        ("components/D1-1", [OF_ONE]),
        ("components/D1-2", [OF_ONE]),
        ("components/D2-whole", []),
    ],
)
def test_a_project_that_is_named_is_told_to_be_dropped(of_dropped, path, said):
    told = of_dropped(f"/v1/{path}").json()["meta"]["warnings"]
    assert [one for one in told if "dropped" in one] == said


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("projects/D1", "would count for migration of the $5.0 m of its commitment that would count here"),
        ("projects/D2", "counted for migration of the $5.0 m of its commitment that count here"),
        (
            "projects/D3",
            "No money for migration of the $5.0 m of its commitment that would count here; as a whole: Not",
        ),
        ("components/D1-1", "would count in full as Refugee response, not split, had its project not been dropped;"),
        ("components/D1-2", "counts not at all as Not migration;"),
        ("components/D2-whole", "counts not at all as Not migration;"),
    ],
)
def test_a_page_says_that_a_project_was_dropped(of_dropped, path, said):
    text = " ".join(Page.of(of_dropped(f"/{path}").text).all("main")[0].text.split())
    assert said in text
    assert (f"T{OF_ONE[1:]}." in text) == ("D2" not in path)


@pytest.fixture(scope="module")
def of_families(shared, tmp_path_factory):
    """Of each family the parent was dropped: the list of DP1 is of its own 10 million and of its financing's 6,
    that of EP1, which is of nothing itself, of its financing's alone."""
    records = []
    for family, own, amounts in (("DP", 10000000, (9000000, 7000000)), ("EP", 0, (4000000, 2000000))):
        whole = {"type": "project", **PROJECT, "project_id": f"{family}1", "commitment_usd": own, "status": "Dropped"}
        more = {"project_id": f"{family}2", "parent_project_id": f"{family}1", "included_in_parent": "no"}
        records += [whole, {**whole, **more, "commitment_usd": 6000000, "status": "Active"}]
        for ordinal, amount in enumerate(amounts, start=1):
            part = {"type": "component", "project_id": f"{family}1", "ordinal": ordinal, "title": "Support to refugees"}
            records.append(part | {"amount_usd": amount, "amount_basis": "commitment"})
    path = tmp_path_factory.mktemp("families") / "families.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    engine = shared()
    take(engine, path)
    return client_of(engine)


OF_A_PART = "under commitment {} US dollars of it are of a dropped project: no total holds them unless status=Dropped asks for it"


@pytest.mark.parametrize(
    ("component", "dropped"),
    [("DP1-1", "5,625,000.00"), ("DP1-2", "4,375,000.00"), ("EP1-1", None), ("EP1-2", None)],
)
def test_of_a_row_that_a_family_pays_for_only_what_is_of_a_dropped_project_is_told(of_families, component, dropped):
    said = [OF_A_PART.format(dropped)] if dropped else []
    assert of_families(f"/v1/components/{component}").json()["meta"]["warnings"] == said
    text = " ".join(Page.of(of_families(f"/components/{component}").text).all("main")[0].text.split())
    assert "counts in full as Refugee response" in text
    assert "had its project not been dropped" not in text
    assert all(f"U{one[1:]}." in text for one in said)


@pytest.mark.parametrize("family", ["DP", "EP"])
def test_money_of_a_financing_counts_by_its_own_status(of_families, family):
    assert of_families(f"/v1/spend?project={family}1,{family}2").json()["totals"]["amount_usd"] == 6_000_000
    rows = of_families(f"/v1/components?project={family}2").json()["data"]
    assert {row["status"] for row in rows} == {"Dropped"}
    assert sum(row["amount_usd"] for row in rows) == 6_000_000
    amounts = of_families(f"/v1/components/{family}1-1").json()["data"]["amounts"]
    assert {line["status"] for line in amounts if line["project_id"] == f"{family}2"} == {"Active"}
