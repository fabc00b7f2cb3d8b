"""The cases that the method was argued on, seen through the API, on both databases."""

from tests.conftest import Get


def spend(get: Get, query: str) -> dict:
    response = get(f"/v1/spend?{query}")
    assert response.status_code == 200, response.text
    return response.json()


def test_cost_based_components_are_scaled_to_the_commitment(get):
    """P174085: 49.53 m of 300.3 m cost, commitment 200 m: 49.53 × 200 / 300.3 = 32.987012987… m, to the cent."""
    answer = spend(get, "project=P174085&group_by=category")
    assert [(row["category"], row["amount_usd"], row["partial_usd"]) for row in answer["data"]] == [
        ("worker_return", 32987012.99, 0)
    ]
    everything = spend(get, "project=P174085&relevance=direct,partial,none")["totals"]
    assert everything["amount_usd"] == 200_000_000
    assert everything["components"] == 5
    assert spend(get, "project=P174085&measure=cost")["totals"]["amount_usd"] == 49_530_000
    whole = spend(get, "project=P174085&basis=project")["totals"]
    assert (whole["amount_usd"], whole["partial_usd"]) == (200_000_000, 0)


def test_a_partial_component_with_an_unknown_share_stays_out_of_the_amount(get):
    """P167506: 320 m of 500 m cost, commitment 300 m: 192 m at most; the whole project is partial too."""
    answer = spend(get, "project=P167506&group_by=category")
    assert [(row["category"], row["amount_usd"], row["partial_usd"]) for row in answer["data"]] == [
        ("mobility_skills", 0, 192_000_000)
    ]
    whole = spend(get, "project=P167506&basis=project")["totals"]
    assert (whole["amount_usd"], whole["partial_usd"]) == (0, 300_000_000)


def test_a_parent_does_not_count_what_counts_in_its_additional_financing(get):
    """P164130's stated 84.411 m holds 20 m of P176273 and 4.411 m approved after the window: 60 + 20."""
    answer = spend(get, "project=P164130,P176273&group_by=year")
    assert [(row["year"], row["amount_usd"]) for row in answer["data"]] == [(2019, 60_000_000), (2021, 20_000_000)]
    project = get("/v1/projects/P164130").json()["data"]
    assert (project["commitment_usd"], project["counted_usd"]) == (84_411_000, 60_000_000)
    assert "P176273" in project["counted_note"]


def test_a_project_of_several_countries_counts_in_its_region_only(get):
    """P152822: five titled components without amounts, three countries without shares: 175 m in the region's bucket."""
    answer = spend(get, "project=P152822&group_by=category,country")
    money = [(row["category"], row["country"], row["amount_usd"]) for row in answer["data"] if row["amount_usd"]]
    assert money == [("host_communities", "AFE", 175_000_000)]
    assert answer["totals"]["whole_project_usd"] == 175_000_000
    rows = get("/v1/projects/P152822/components").json()["data"]
    assert [row["amount_usd"] for row in rows] == [175_000_000, None, None, None, None, None]
    in_uganda = spend(get, "project=P152822&country=UGA,DJI,ETH")
    assert in_uganda["totals"]["amount_usd"] == 0
    assert any("175,000,000.00" in warning for warning in in_uganda["meta"]["warnings"])


def test_a_list_that_covers_a_family_is_spread_over_it(get):
    """P176157's list is 200 m over 100 + 100 m: each component in halves, 191 m of them direct."""
    for project in ("P176157", "P178070"):
        assert spend(get, f"project={project}")["totals"]["amount_usd"] == 95_500_000
        rows = get(f"/v1/projects/{project}/components").json()["data"]
        assert [row["amount_usd"] for row in rows] == [6_500_000, 19_150_000, 69_850_000, 4_500_000]
        assert all(row["scaled"] for row in rows)
    assert spend(get, "project=P176157,P178070")["totals"]["amount_usd"] == 191_000_000
    first = get("/v1/components/P176157-1").json()["data"]
    assert (first["amount_usd"], first["stated_usd"]) == (13_000_000, 13_000_000)


def test_components_beyond_the_total_are_kept_and_flagged(get):
    """P090644 lists 340 m on a commitment of 200 m: kept, flagged, and no negative remainder."""
    answer = spend(get, "project=P090644&relevance=none&category=not_migration")
    assert answer["totals"]["amount_usd"] == 340_000_000
    rows = get("/v1/projects/P090644/components").json()["data"]
    assert [row["granularity"] for row in rows] == ["component"] * 4
    assert all(row["exceeds_total"] for row in rows)


def test_what_the_listed_amounts_leave_is_a_remainder_with_a_verdict(get):
    """P164563: 80 m, one direct component of 43.5 m, two without amounts: 36.5 m left, direct, the project's category."""
    rows = get("/v1/projects/P164563/components").json()["data"]
    rest = rows[-1]
    assert (rest["component_id"], rest["granularity"]) == ("P164563-remainder", "remainder")
    assert (rest["amount_usd"], rest["relevance"], rest["category"]) == (36_500_000, "direct", "refugee_general")
    # P160223 on cost: 178 m partial and 4.5 m none of 200 m: the rest is partial.
    totals = spend(get, "project=P160223&measure=cost&granularity=remainder")["totals"]
    assert (totals["amount_usd"], totals["partial_usd"]) == (0, 17_500_000)
    # P149242 on cost: 14 m none, and of 96.2 m the rest is with aid for hosts, whose amount is not stated, and management.
    totals = spend(get, "project=P149242&measure=cost")["totals"]
    assert (totals["amount_usd"], totals["partial_usd"], totals["remainder_partial_usd"]) == (0, 82_200_000, 82_200_000)
    # On commitment the list of P160223 (182.5 m) does not fit its cost (200 m), so it is not scaled: one whole-project row.
    totals = spend(get, "project=P160223")["totals"]
    assert (totals["partial_usd"], totals["whole_project_partial_usd"]) == (154_600_000, 154_600_000)


def test_a_list_that_holds_included_financings_is_spread_over_them(get):
    """P147689: its stated 93.51 m holds P161465's 10.8 m and P161982's 21.12 m; the list of 93.5 m covers all three."""
    projects = {p: get(f"/v1/projects/{p}").json()["data"]["counted_usd"] for p in ("P147689", "P161465", "P161982")}
    assert projects == {"P147689": 61_590_000, "P161465": 10_800_000, "P161982": 21_120_000}
    totals = spend(get, "project=P147689,P161465,P161982&relevance=direct,partial,none")["totals"]
    assert (totals["amount_usd"], totals["partial_usd"]) == (93_500_000, 10_000)  # the list, and what it leaves


def test_aims_that_no_component_meets_are_told_where_their_category_is_asked_for(get):
    """139.4 m of two projects aim at refugees: that is left out of all, and of nothing that is asked for economic migration."""

    def told(query: str) -> bool:
        return any("whose aim is about migration" in warning for warning in spend(get, query)["meta"]["warnings"])

    asked = ("", "group=forced_displacement", "group=economic_migration", "set=brief_economic_migration")
    assert [told(query) for query in asked] == [True, True, False, False]
