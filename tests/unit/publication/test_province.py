"""The province's tables: what is added, compared and ranked, and what became of those that have published nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.base.problems import InputError
from orchestration.ledgers.contract import read_model
from orchestration.publication.province.build import ProvinceBuild, build_province
from orchestration.publication.province.policy import (
    POLICY_FILE,
    AcrossDepartments,
    AcrossYears,
    Outlier,
    ProvincePolicy,
    policy,
)
from tests.province_home import Home, cell, rule


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path)


def built(home: Home, year: int = 2024) -> ProvinceBuild:
    return build_province(home.settings, year)


def test_totals_are_of_what_is_published_and_rates_are_of_sums(home: Home) -> None:
    home.publish("甲", budget=1000, spent=1000)
    home.publish("乙", budget=3000, spent=1000)
    home.hold_back("丙")
    (total,) = built(home).rows("from province_total")
    assert (total["departments"], total["total_budget"], total["balance"]) == (2, 4000, 2000)
    assert total["execution_rate"] == Decimal("0.500000"), "2,000 of 4,000; the mean of both rates is another figure"


def test_a_rate_is_rounded_once_half_up_from_whole_fen(home: Home) -> None:
    home.publish("甲", budget=3_000_000_000_000, spent=2_000_000_000_001)
    home.publish("乙", budget=8_000_000, spent=4)  # 0.0000005
    rates = {row["department"]: row["execution_rate"] for row in built(home).rows("from province_department")}
    assert rates == {"甲": Decimal("0.666667"), "乙": Decimal("0.000001")}


def test_pooling_levels_are_never_added_and_what_is_not_printed_has_no_sum(home: Home) -> None:
    def fund(level: str, closing: int, opening: int | None = 5) -> dict[str, object]:
        return {"fund": "work_injury", "pooling_level": level, "opening": opening, "closing": closing}

    home.publish("甲", funds=[fund("provincial_pool", 10), fund("provincial_own", 1)])
    home.publish("乙", funds=[fund("provincial_pool", 20, None)])
    rows = built(home).rows("from province_fund order by pooling_level")
    assert [(row["pooling_level"], row["closing"], row["opening"], row["departments"]) for row in rows] == [
        ("provincial_own", 1, 5, 1),
        ("provincial_pool", 30, None, 2),
    ]


def test_who_is_held_back_stands_there_with_the_cell_that_did_it(home: Home) -> None:
    home.publish("甲")
    home.hold_back("乙")
    found = {row["department"]: row for row in built(home).rows("from department_state")}
    assert (found["甲"]["state"], found["乙"]["state"]) == ("published", "blocked")
    assert found["乙"]["said"] == "表 第1行 列示为 2.00，应为 1.00"
    assert (found["乙"]["place"], found["乙"]["address"]) == ("raw/2024/乙/表.csv E3", "2024/乙/表/1/栏")
    assert (found["乙"]["broken"], found["乙"]["version"]) == (2, None)


def test_a_new_input_that_is_held_back_is_judged_while_readers_keep_their_version(home: Home) -> None:
    home.publish("甲", rules=[rule("budget_composition", "all", "consistent")])
    home.hold_back("甲")
    province = built(home)
    (state,) = province.rows("from department_state")
    assert state["state"] == "blocked" and state["version"], "the last good version is still what readers see"
    (tile,) = province.rows("from province_wall")
    assert (tile["state"], tile["errors"], tile["is_held_back"]) == ("error", 2, True)
    (department,) = province.rows("from province_department")
    assert department["total_budget"] == 1000


def test_who_cannot_be_read_stands_there_with_the_place(home: Home) -> None:
    home.refuse("甲")
    (found,) = built(home).rows("from department_state")
    assert (found["state"], found["department_name"]) == ("refused", "读不了的部门")
    assert "raw/2024/甲/" in found["place"] and found["said"].startswith("读到 ")


def test_a_folder_that_nobody_has_run_is_no_published_department(home: Home) -> None:
    home.publish("甲")
    folder = home.settings.of("乙").ledgers(2024)
    folder.mkdir()
    (folder / "sources.yml").write_text("department: 乙局\n", encoding="utf-8")
    states = {row["department"]: row["state"] for row in built(home).rows("from department_state")}
    assert states == {"甲": "published", "乙": "not_run"}


def test_a_year_of_which_nothing_is_published_has_states_and_no_figures(home: Home) -> None:
    home.refuse("甲")
    province = built(home)
    assert province.rows("from province_total") == [] and province.rows("from province_trend") == []


def test_the_wall_tells_the_worst_of_each_family_and_the_gravest_place(home: Home) -> None:
    home.publish(
        "甲",
        rules=[
            rule("budget_composition", "1", "consistent"),
            rule("budget_composition_digits", "2", "inconsistent", "warning", 3),
            rule("budget_composition_digits", "3", "inconsistent", "warning", 9),
            rule("own_rule", "1", "corrected"),
        ],
    )
    tiles = {row["family"]: row for row in built(home).rows("from province_wall")}
    assert tiles.keys() == {"budget", "own"}, "a companion is of its rule's family; a rule in no shared file is its own"
    assert (tiles["budget"]["state"], tiles["budget"]["warnings"], tiles["budget"]["instance"]) == ("warning", 2, "3")
    assert (tiles["own"]["state"], tiles["own"]["mended"]) == ("mended", 1)


def test_findings_are_counted_by_kind_over_departments(home: Home) -> None:
    home.publish("甲", rules=[rule("overspent", "1", "inconsistent", "warning")])
    home.publish("乙", rules=[rule("overspent", str(n), "inconsistent", "warning") for n in (1, 2)])
    home.publish("丙", rules=[rule("overspent", "1", "consistent", "warning")])
    (found,) = built(home).rows("from province_finding")
    assert (found["departments"], found["judged_departments"], found["places"]) == (2, 3, 3)
    assert (found["most_department"], found["most_places"]) == ("乙", 2)


def test_peers_are_the_departments_beside_it_by_budget(home: Home) -> None:
    for n in range(1, 13):  # budgets 1,000 to 12,000; the larger, the less of it is spent
        home.publish(f"{n:02d}", budget=1000 * n, spent=1000 * n - 50 * n * n)
    found = {row["department"]: row for row in built(home).rows("from province_department")}
    assert (found["06"]["peers"], found["12"]["peers"]) == (10, 5)
    # Of 12 those are 07 to 11, with rates 0.65 to 0.45; itself is no peer of its own.
    assert found["12"]["peer_execution_rate"] == Decimal("0.550000")
    assert [found[code]["execution_rank"] for code in ("01", "12")] == [1, 12]
    assert [found[code]["budget_rank"] for code in ("01", "12")] == [12, 1]


def test_a_department_beyond_a_bound_stands_out_and_one_at_it_does_not(home: Home) -> None:
    home.publish("甲", budget=1000, spent=700)
    home.publish("乙", budget=1000, spent=699)
    rows = built(home).rows("from province_outlier where rule_id = 'low_execution'")
    assert [(row["department"], row["value"], row["bound"]) for row in rows] == [
        ("乙", Decimal("0.699"), Decimal("0.7"))
    ]


def test_fences_find_the_one_that_is_far_from_the_rest(home: Home) -> None:
    for n in range(8):
        home.publish(f"{n}", budget=1000, carryover=10 + n)
    home.publish("远", budget=1000, carryover=100)
    rows = built(home).rows("from province_outlier where rule_id = 'unusual_carryover'")
    # Quarters 0.012 and 0.016: the fence is 0.016 + 1.5 x 0.004.
    assert [(row["department"], row["upper_fence"]) for row in rows] == [("远", Decimal("0.022"))]


def test_years_are_compared_and_a_year_that_is_missing_breaks_a_row(home: Home) -> None:
    for year, spent in ((2021, 500), (2023, 500), (2024, 700)):
        home.publish("甲", year, budget=1000, spent=spent)
    for year in (2023, 2024):
        home.publish("乙", year, budget=1000, spent=790)
    home.publish("丙", 2024, budget=1000, spent=100)  # low, for the first time
    home.publish("丁", 2023, budget=1000, spent=100)
    home.publish("丁", 2024, budget=1000, spent=900)  # no more
    province = built(home)
    low = province.rows("from province_year_finding where rule_id = 'execution_low_again' order by department")
    assert [(row["department"], row["years"]) for row in low] == [("乙", 2), ("甲", 2)]
    changed = province.rows("from province_year_finding where rule_id = 'expenditure_changed' order by department")
    assert [(row["department"], row["prior"], row["change_rate"]) for row in changed] == [
        ("丁", 100, Decimal("8.000000")),
        ("甲", 500, Decimal("0.400000")),
    ]
    (whole,) = province.rows(
        "from province_trend where department = '' and measure = 'execution_rate' and fiscal_year = 2024"
    )
    assert whole["value"] == Decimal("0.6225"), "all departments' expenditure of all departments' budget"


def test_last_year_as_this_years_report_tells_it_stands_in_where_none_is_published(home: Home) -> None:
    home.publish("甲", three_public=(120, 100))
    (found,) = built(home).rows("from province_year_finding where rule_id = 'three_public_rose'")
    assert (found["prior"], found["change_rate"]) == (100, Decimal("0.200000"))


def test_later_years_are_not_looked_at(home: Home) -> None:
    home.publish("甲", 2024)
    home.publish("甲", 2025)
    assert {row["fiscal_year"] for row in built(home).rows("from province_trend")} == {2024}


def test_a_rule_has_one_kind_of_bound_and_its_title_says_it() -> None:
    known = {"id": "x", "advice": "看"}
    with pytest.raises(ValidationError, match="写一种界限：below、above、below_peers"):
        Outlier.model_validate({**known, "title": "低", "column": "score", "below": 80, "above": 90})
    with pytest.raises(ValidationError, match="写一种界限：change、rise、below、above"):
        AcrossYears.model_validate({**known, "title": "低", "measure": "score"})
    said = Outlier.model_validate({**known, "title": "低于 {bound}（{points}）", "column": "score", "below": "7.50%"})
    assert said.said == "低于 7.5%（7.5）" and said.bounds == {"below": Decimal("0.075")}
    assert all("{" not in each.said for each in (*policy().outliers, *policy().years))


@pytest.mark.parametrize("bound", ["八成", "70％", "nan", "1e400", "70%%"])
def test_a_bound_that_is_no_number_is_told_with_its_key(bound: str, tmp_path: Path) -> None:
    text = POLICY_FILE.read_text(encoding="utf-8")
    written = next(line for line in text.splitlines() if line.strip().startswith("below: "))
    (tmp_path / "province.yml").write_text(text.replace(written, f"    below: {bound}", 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_model(tmp_path / "province.yml", ProvincePolicy)
    (problem,) = [each for each in caught.value.problems if "below" in each.cell]
    assert problem.file.endswith("province.yml") and bound in problem.found and "70%" in problem.expected


GIVEN = "unemployment:expenditure:补助下级支出", "unemployment:income:上级补助收入"


def given(yuan: int | None) -> dict[str, object]:
    return cell("fund_statement", GIVEN[0], "actual", yuan)


def received(yuan: int | None) -> dict[str, object]:
    return cell("fund_statement", GIVEN[1], "actual", yuan)


def across(home: Home) -> list[tuple[object, ...]]:
    rows = built(home).rows("from province_across order by rule_place, department, other, bound")
    return [(row["rule_id"], row["department"], row["status"], row["difference"]) for row in rows]


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((3000, 7000), "consistent"),
        ((3100, 7050), "rounding"),
        ((3100, 7051), "inconsistent"),
        ((3000,), "inconsistent"),
    ],
)
def test_subsidies_given_are_those_received_as_far_as_printing_says(
    parts: tuple[int, ...], status: str, home: Home
) -> None:
    home.publish("省", cells=[given(10_000)])
    for n, part in enumerate(parts):
        home.publish(f"市{n}", superior="省", cells=[received(part)])
    home.publish("无关", cells=[received(99)], superior="中央")
    (other, (rule_id, whose, found, difference)) = across(home)
    assert (rule_id, whose, found, difference) == ("subsidies_received", "省", status, 10_000 - sum(parts))
    assert other == ("subsidies_received", "中央", "missing", None), "received, and nobody here has given it"
    cells = built(home).rows("from province_across_cell where subject = '省' order by side, department")
    assert [(row["side"], row["department"], row["value"]) for row in cells] == [
        ("left", "省", 10_000), *(("right", f"市{n}", part) for n, part in enumerate(parts)),
    ]  # fmt: skip


def test_who_has_published_nothing_is_missing_and_makes_no_sum_smaller(home: Home) -> None:
    home.publish("省", cells=[given(10_000)])
    home.publish("市0", superior="省", cells=[received(10_000)])
    home.hold_back("市1")
    home.folder("市1", superior="省")
    (row,) = built(home).rows("from province_across")
    assert (row["status"], row["absent"]) == ("missing", ["市1"])


def test_a_figure_that_is_not_printed_on_one_side_is_missing(home: Home) -> None:
    home.publish("省", cells=[])
    home.publish("市0", superior="省", cells=[received(10_000)])
    home.publish("厅", cells=[given(5)])
    home.publish("市1", superior="厅", cells=[received(None)])
    assert across(home) == [
        ("subsidies_received", "厅", "missing", None),
        ("subsidies_received", "省", "missing", None),
    ]


def test_a_superior_of_nobody_and_a_department_without_one_are_not_judged_and_not_passed(home: Home) -> None:
    home.publish("省", cells=[given(10_000)])
    home.publish("市", cells=[received(10_000)])
    assert [status for *_, status, _ in across(home)] == ["unpaired", "unpaired"]


def test_what_is_transferred_is_what_the_other_prints_by_code_or_by_name(home: Home) -> None:
    def moved(whom: str, way: str, yuan: int) -> dict[str, object]:
        return cell("transfer", f"{whom}:{way}", "amount", yuan)

    home.publish("甲", cells=[moved("乙局", "out", 500), moved("丙", "out", 700), moved("别处", "out", 1)])
    home.publish("乙", cells=[moved("甲", "in", 500), moved("甲 局", "out", 4)])
    home.publish("丙", cells=[moved("甲局", "in", 100_000)])
    rows = built(home).rows("from province_across order by department, other")
    assert [(row["department"], row["other"], row["status"]) for row in rows] == [
        ("乙", "甲", "missing"), ("甲", "丙", "inconsistent"), ("甲", "乙", "consistent"), ("甲", "别处", "unpaired"),
    ]  # fmt: skip


def test_a_printed_total_is_held_against_all_other_departments_and_rates_are_never_added(home: Home) -> None:
    rate = {"unit": "ratio", "value": 1}
    total = [cell("department_total", "total", "total_budget", 3000),
             cell("department_total", "total", "execution_rate", 1, **rate)]  # fmt: skip
    for code, yuan in (("甲", 1000), ("乙", 1000)):
        home.publish(code, cells=[cell("department_summary", "total", "total_budget", yuan),
                                  cell("department_summary", "total", "balance", yuan),
                                  cell("department_summary", "total", "execution_rate", 1, **rate)])  # fmt: skip
    home.publish("总", cells=total)
    (row,) = built(home).rows("from province_across")
    assert (row["rule_id"], row["status"], row["difference"]) == ("departments_sum_to_total", "inconsistent", 1000)
    home.hold_back("丙")
    (row,) = built(home).rows("from province_across")
    assert (row["status"], row["absent"]) == ("missing", ["丙"])


def test_pooling_levels_are_not_added_across_departments(home: Home) -> None:
    def level(word: str) -> dict[str, object]:
        return cell("fund_statement", GIVEN[1], "pooling_level", None, unit="text", text=word)

    home.publish("省", cells=[given(20_000)])
    home.publish("市0", superior="省", cells=[received(10_000), level("省级统筹")])
    home.publish("市1", superior="省", cells=[received(10_000), level("省本级")])
    (row,) = built(home).rows("from province_across")
    assert (row["status"], row["levels"]) == ("mixed", ["省本级", "省级统筹"])


def target(value: int, text: str = "", direction: str = ">=", name: str = "培训人次") -> dict[str, object]:
    return {"section": "output", "level3": name, "target": value, "target_text": text or f"{value}人次",
            "unit": "person", "direction": direction, "actual": 100, "actual_text": "100"}  # fmt: skip


def test_targets_that_are_made_easier_from_year_to_year_are_found_in_either_direction(home: Home) -> None:
    def year(of: int, *targets: dict[str, object]) -> None:
        home.publish("甲", year=of, indicators=targets)

    fewer, more, date = ("培训人次", ">="), ("投诉件数", "<="), {"unit": "date"}
    for of, (up, down) in {2022: (100, 10), 2023: (98, 10), 2024: (97, 11)}.items():
        year(of, target(up, name=fewer[0]), target(down, direction=more[1], name=more[0]),
             {**target(of, name="完成时间"), **date}, target(of, name="同名"), target(1, name="同名"))  # fmt: skip
    rows = built(home).rows("from province_target_finding order by rule_id, level3")
    assert [(row["rule_id"], row["level3"], row["loosened"], row["years"]) for row in rows] == [
        ("target_loosened", "投诉件数", Decimal("0.100000"), 1),
        ("target_loosened_again", "培训人次", Decimal("0.010204"), 2),
    ]
    assert built(home, 2023).rows("from province_target_finding") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"left": "fund_statement/actual"}, "写作 账/行键/栏"),
        ({"right": "fund_statement/{scheme}:x/actual"}, "同样的变量"),
        ({"over": "counterpart"}, "counterpart"),
        ({"over": "everybody"}, "over"),
    ],
)
def test_a_relation_between_departments_that_nobody_could_judge_is_refused(change: dict[str, str], said: str) -> None:
    whole = {"id": "a", "title": "t", "left": "fund_statement/{fund}:y/actual", "over": "subordinates", "advice": "b",
             "right": "fund_statement/{fund}:x/actual"}  # fmt: skip
    AcrossDepartments.model_validate(whole)
    with pytest.raises(ValidationError, match=said):
        AcrossDepartments.model_validate({**whole, **change})
