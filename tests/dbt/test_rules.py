"""Every rule is seen to fail, for its own reason: ledgers altered so that it breaks and, where the arithmetic allows,
no other error does. All alterations are judged by one build.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orchestration.warehouse.build import Build
from tests.variants import FIRST_YEAR, Edits, broken, judge, published

T1, T2, T3 = "unit_basic_expenditure", "unit_project_expenditure", "project_expenditure"
SCHOOL, EXAM = "湖南省人民武装学校", "湖南省人事考试院"
JOBS, FEES, BUYING = "output:就业困难人员就业人数", "output:专业技术人员职业资格考试非税收入", "output:政府采购执行率"
QUALITATIVE = "output:政策满意情况"


def qualitative(outcome: str, score: str, deduction: str, section: str, section_deduction: str, total: str) -> Edits:
    """An indicator judged in words, worth 2 points, and section and total that agree with its score."""
    return {
        f"indicator/{QUALITATIVE}/actual": outcome,
        f"indicator/{QUALITATIVE}/direction": "qualitative",
        f"indicator/{QUALITATIVE}/weight": "2",
        f"indicator/{QUALITATIVE}/score": score,
        f"indicator/{QUALITATIVE}/deduction": deduction,
        f"indicator/{QUALITATIVE}/disclosure": "披露",
        "score_section/output/score": section,
        "score_section/output/deduction": section_deduction,
        "score_section/total/score": total,
    }


BUDGET = ("carryover", "initial_budget", "adjustment", "total_budget", "final_expenditure", "balance")
#: One unit under its short name in table 2.
RENAMED: Edits = {f"{T2}/{SCHOOL}/{measure}": None for measure in BUDGET} | {
    f"{T2}/省武装学校/{measure}": text
    for measure, text in zip(BUDGET, ("38.78", "177.09", "52.11", "267.98", "242.57", "25.41"), strict=True)
}

#: rule -> how to break it, and the other errors that the arithmetic makes unavoidable.
BREAKS: dict[str, tuple[Edits, set[str]]] = {
    # Two opposite slips in one column leave the column's total as it is.
    "budget_composition": ({f"{T1}/{SCHOOL}/carryover": "30.76", f"{T1}/{EXAM}/carryover": "105.75"}, set()),
    "unit_balance": ({f"{T1}/{SCHOOL}/balance": "1.01", f"{T1}/{EXAM}/balance": "257.61"}, set()),
    # The text's balance is table 1's balance, whose own row holds.
    "department_balance": ({"department_summary/basic/balance": "411.68"}, {"basic_restates_table_1"}),
    "unit_column_total": (
        {
            f"{T1}/{SCHOOL}/carryover": "30.76",
            f"{T1}/{SCHOOL}/total_budget": "892.66",
            f"{T1}/{SCHOOL}/balance": "1.01",
        },
        set(),
    ),
    "units_in_both_tables": (RENAMED, set()),
    "project_column_total": ({f"{T3}/2/carryover": "5.48", f"{T3}/2/total_budget": "3,133.63"}, set()),
    "department_is_basic_and_project": (
        {"department_summary/total/carryover": "2,735.71", "department_summary/total/initial_budget": "24,938.80"},
        set(),
    ),
    "basic_restates_table_1": (
        {"department_summary/basic/carryover": "137.69", "department_summary/basic/initial_budget": "14,500.63"},
        set(),
    ),
    "project_restates_table_2": (
        {"department_summary/project/carryover": "2,599.02", "department_summary/project/initial_budget": "10,437.17"},
        set(),
    ),
    "project_tables_agree": (
        {
            f"{T3}/total/carryover": "2,599.03",
            f"{T3}/total/initial_budget": "10,437.17",
            f"{T3}/2/carryover": "5.48",
            f"{T3}/2/initial_budget": "2,125.81",
        },
        set(),
    ),
    "category_total": (
        {
            "category_expenditure/operations/carryover": "561.35",
            "category_expenditure/operations/initial_budget": "4,875.30",
        },
        set(),
    ),
    "department_execution_rate": (
        {
            "department_summary/total/execution_rate": "86.70%",
            "restatement/预算执行率（七（三））/value": "86.70%",
            "restatement/预算执行率（八（二））/value": "86.70%",
        },
        set(),
    ),
    "category_execution_rate": ({"category_expenditure/operations/execution_rate": "86.69%"}, set()),
    "department_share": ({"department_summary/basic/share": "43.49%"}, set()),
    "operating_cost_rate": ({"operating_cost/public_funds/completion_rate": "94.84%"}, set()),
    "operating_cost_change_rate": ({"operating_cost/three_public/change_rate": "14.93%"}, set()),
    "fund_side_total": ({"fund_statement/enterprise_pension:income:利息收入/budget": "30.65"}, set()),
    "fund_completion_rate": ({"fund_statement/enterprise_pension:income:total/completion_rate": "98.42%"}, set()),
    "fund_surplus": ({"fund_balance/enterprise_pension/surplus": "12.21"}, set()),
    "fund_closing": ({"fund_balance/institution_pension/closing": "15.81"}, set()),
    "establishment_total": ({"establishment/行政编制/quota": "122"}, set()),
    "control_rate": (
        {"establishment/total/control_rate": "91.45%", "restatement/占编制数（三（三））/value": "91.45%"},
        set(),
    ),
    "stated_count": ({"stated_count/annex/number": "15"}, set()),
    "accounting_units_in_tables": (
        {"stated_count/accounting_unit/number": "9个", "organisation/accounting_unit:第九单位/entry": "第九单位"},
        set(),
    ),
    "score_weights": (
        {"score_section/satisfaction/weight": "11", "score_section/satisfaction/deduction": "3.00"},
        set(),
    ),
    # The computed total is the sum of the sections, which agree with the printed ones.
    "score_total": ({"score_section/total/score": "96.58"}, {"section_score_as_computed"}),
    "score_deduction": ({"score_section/satisfaction/deduction": "2.10"}, set()),
    # A section's computed score is its weight less these very deductions.
    "indicator_deductions": ({f"indicator/{BUYING}/deduction": "0.11"}, {"section_score_as_computed"}),
    "indicator_completion_rate": ({f"indicator/{JOBS}/completion_rate": "99%"}, set()),
    "indicator_deduction_as_computed": (
        {f"indicator/{JOBS}/deduction": "0.04", f"indicator/{FEES}/deduction": "0.04"},
        set(),
    ),
    "indicator_score_as_computed": ({f"indicator/{JOBS}/score": "0.96"}, set()),
    "qualitative_score_not_below_band": (
        qualitative("达成", "1.50", "0.50", "49.32", "0.68", "95.98"),
        set(),
    ),
    "qualitative_score_not_above_weight": (
        qualitative("达成", "2.50", "-0.50", "50.32", "-0.32", "96.98"),
        set(),
    ),
    "qualitative_score_below_next_band": (
        qualitative("部分达成", "1.70", "0.30", "49.52", "0.48", "96.18"),
        set(),
    ),
    "section_score_as_computed": (
        {
            "score_section/execution/score": "8.76",
            "score_section/execution/deduction": "1.24",
            "score_section/total/score": "96.58",
        },
        set(),
    ),
    # Without the line for the undisclosed rest, neither weight nor score of the section can be computed.
    "section_weight_as_computed": ({"indicator/benefit:其余指标/disclosure": None}, {"section_score_as_computed"}),
    "restated_fact": ({"restatement/一般公共预算总金额（三（一））/value": "30,997.40万元"}, set()),
    "performance_fact_restated": ({"performance_fact/企业博士后创新项目资助经费/value": "565万元"}, set()),
    "petition_resolution_rate": ({"performance_fact/信访现场化解率/value": "58.7%"}, set()),
}

#: A year before that agrees with 2024 in everything that rules across years compare.
AGREEING_PRIOR: Edits = {
    "fund_balance/institution_pension/closing": "11.87",
    "fund_balance/unemployment/closing": "108.86",
    "insured/pension/persons": "5431.40万人",
    "insured/work_injury/persons": "994.47万人",
    "insured/unemployment/persons": "740.43万人",
    "operating_cost/three_public/actual": "159.32",
} | {
    # carryover at most the prior balance
    f"{T1}/湖南省就业服务中心/balance": "25.53",
    f"{T1}/{SCHOOL}/balance": "29.76",
    f"{T1}/{EXAM}/balance": "258.61",
    f"{T1}/total/balance": "410.68",
    f"{T2}/湖南省人力资源服务中心/balance": "569.69",
    f"{T2}/湖南省就业服务中心/balance": "255.71",
    f"{T2}/{SCHOOL}/balance": "38.78",
    f"{T2}/湖南省社会保险服务中心/balance": "25.56",
}
ACROSS: dict[str, Edits] = {
    "fund_opening_is_prior_closing": {"fund_balance/institution_pension/closing": "11.97"},
    "insured_change": {"insured/pension/persons": "5432.40万人"},
    "operating_cost_change": {"operating_cost/three_public/actual": "160.32"},
    "operating_budget_change": {"operating_cost/three_public/budget": "230.50"},
}

OVERSPENT_BASIC: Edits = {
    f"{T1}/湖南省人力资源和社会保障厅（本级）/final_expenditure": "7,271.24",
    f"{T1}/湖南省人力资源和社会保障厅（本级）/balance": "-479.24",
    f"{T1}/total/final_expenditure": "13,537.52",
    f"{T1}/total/balance": "-89.32",
    "department_summary/basic/final_expenditure": "13,537.52",
    "department_summary/basic/balance": "-89.32",
    "department_summary/basic/execution_rate": "100.66%",
    "department_summary/total/final_expenditure": "27,342.05",
    "department_summary/total/execution_rate": "88.21%",
    "restatement/一般公共预算决算支出（七（三））/value": "27,342.05万元",
    "restatement/预算执行率（七（三））/value": "88.21%",
    "restatement/预算执行率（八（二））/value": "88.21%",
    "restatement/基本支出决算（三）/value": "13,537.52万元",
    "restatement/基本支出执行率（八（二））/value": "100.66%",
    "score_section/execution/score": "8.82",
    "score_section/execution/deduction": "1.18",
    "score_section/total/score": "96.64",
}
WARNINGS: dict[str, Edits] = {
    "department_overspend": OVERSPENT_BASIC,
    "unit_overspend": {
        f"{T1}/{SCHOOL}/final_expenditure": "901.65",
        f"{T1}/{SCHOOL}/balance": "-9.99",
        f"{T1}/{EXAM}/final_expenditure": "1,172.19",
        f"{T1}/{EXAM}/balance": "268.61",
    },
    "project_overspend": {f"{T3}/8/final_expenditure": "155.00", f"{T3}/2/final_expenditure": "2,999.20"},
    "category_overspend": {},
    "category_rate_hides_overspend": {},
    "fund_overspend": {},
    "fund_rate_hides_overspend": {
        "fund_statement/institution_pension:expenditure:total/budget": "104.30",
        "fund_statement/institution_pension:expenditure:total/completion_rate": "100%",
    },
    "project_has_expenditure": {},
    "adjustment_share": {},
    # The same totals of initial budget and adjustment, spread otherwise.
    "adjustment_cut_share": {
        "category_expenditure/maintenance/initial_budget": "1,638.76",
        "category_expenditure/maintenance/adjustment": "-610.98",
        "category_expenditure/special/initial_budget": "357.00",
        "category_expenditure/special/adjustment": "2,227.37",
    },
    "project_has_initial_budget": {},
    "project_execution_low": {},
    "fund_income_above_budget": {},
    "fund_income_below_budget": {
        "fund_statement/enterprise_pension:income:利息收入/actual": "19.07",
        "fund_statement/enterprise_pension:income:基本养老保险保费收入/actual": "1,090.08",
    },
    "accounting_units_and_institutions": {},
    "nothing_after_signature": {},
    "notice_before_evaluation": {"report_date/notice_issued/day": "2025年3月26日"},
    "evaluation_before_units_finish": {"report_date/units_finished/day": "2025年3月20日"},
    "units_finish_before_submission": {"report_date/report_submitted/day": "2025年3月30日"},
    "prior_year_published": {},
}


def _twins() -> dict[str, Edits]:
    """For each rule on one fact printed twice at the same precision: its restated figure one last place off, which is
    within rounding and yet other digits. Exact figures (counts) have no such room.
    """
    year, rulebook, _ = published()
    cells = {cell.address.removeprefix("2024/hunan_hrss/"): cell for cell in year.cells}
    edits: dict[str, Edits] = {}
    for twin, rule in rulebook.companions.items():
        for left in (s for s in rulebook.selectors if s.rule_id == rule and s.side == "left"):
            key = ":".join(part for part in (left.key_1, left.key_2, left.key_3) if part)
            place = f"{left.ledger}/{key}/{left.measure}"
            cell = cells[place]
            right = next(
                s for s in rulebook.selectors if s.rule_id == rule and s.variant == left.variant and s.side == "right"
            )
            other = cells[
                f"{right.ledger}/{':'.join(p for p in (right.key_1, right.key_2, right.key_3) if p)}/{right.measure}"
            ]
            if cell.half_width and cell.half_width == other.half_width and cell.value == other.value:
                edits[twin] = {place: _bumped(cell.text)}
                break
    return edits


def _bumped(text: str) -> str:
    """The text with its last digit one more (or one less, where it is a 9)."""
    at = max(i for i, c in enumerate(text) if c.isdigit())
    digit = int(text[at])
    return text[:at] + str(digit + 1 if digit < 9 else digit - 1) + text[at + 1 :]


CASES: list[tuple[str, Edits]] = [
    ("as it stands", {}),
    *((rule, edits) for rule, (edits, _) in BREAKS.items()),
    *WARNINGS.items(),
    *_twins().items(),
]
POSITION = {name: position for position, (name, _) in enumerate(CASES)}
ACROSS_CASES = [("agreeing", {}), *ACROSS.items(), ("unit_carryover_within_prior_balance", {})]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[dict[str, Any]]]:
    return judge(tmp_path_factory.mktemp("rules"), [edits for _, edits in CASES])


@pytest.fixture(scope="module")
def judged_across(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    prior = {i: {**AGREEING_PRIOR, **edits} for i, (_, edits) in enumerate(ACROSS_CASES)}
    last = len(ACROSS_CASES) - 1
    prior[last] = {**prior[last], f"{T1}/{SCHOOL}/balance": "29.00"}
    found = judge(tmp_path_factory.mktemp("across"), [{} for _ in ACROSS_CASES], prior=prior)
    return {name: found[i] for i, (name, _) in enumerate(ACROSS_CASES)}


def test_every_rule_has_a_case() -> None:
    _, rulebook, _ = published()
    # Printed in whole 万元 on one side and to the fen on the other: digits are never compared.
    uneven = {"performance_fact_restated_digits"}
    cases = {*BREAKS, *WARNINGS, *_twins(), *ACROSS, "unit_carryover_within_prior_balance"}
    assert {rule.id for rule in rulebook.rules} - cases == uneven


def test_nothing_is_broken_as_the_ledgers_stand_with_their_correction(judged: dict[int, Any]) -> None:
    assert broken(judged[0]) == set()


@pytest.mark.parametrize("rule", BREAKS)
def test_rule_breaks_and_no_other_error_does(rule: str, judged: dict[int, Any]) -> None:
    _, unavoidable = BREAKS[rule]
    assert broken(judged[POSITION[rule]]) == {rule} | unavoidable


@pytest.mark.parametrize("rule", [*WARNINGS, *_twins()])
def test_warning_is_found_and_no_error_is(rule: str, judged: dict[int, Any]) -> None:
    rows = judged[POSITION[rule]]
    assert rule in broken(rows, "warning")
    assert broken(rows) == set()


def test_years_that_agree_break_nothing_across_them(judged_across: dict[str, Any]) -> None:
    rows = judged_across["agreeing"]
    assert broken(rows) == set()
    assert "prior_year_published" not in broken(rows, "warning")
    assert "unit_carryover_within_prior_balance" not in broken(rows, "warning")
    assert {"fund_opening_is_prior_closing", "insured_change"} <= {row["rule_id"] for row in rows}


@pytest.mark.parametrize("rule", ACROSS)
def test_rule_across_years_breaks_alone(rule: str, judged_across: dict[str, Any]) -> None:
    assert broken(judged_across[rule]) == {rule}


def test_carryover_beyond_the_prior_balance_is_a_warning(judged_across: dict[str, Any]) -> None:
    rows = judged_across["unit_carryover_within_prior_balance"]
    assert "unit_carryover_within_prior_balance" in broken(rows, "warning")
    assert broken(rows) == set()


def test_as_published_exactly_two_error_instances_are_inconsistent(tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = judge(tmp_path_factory.mktemp("published"), [{}], correct=False)[0]
    found = {(r["rule_id"], r["instance"]): r for r in rows if r["severity"] == "error"}
    assert {key for key, r in found.items() if r["status"] == "inconsistent"} == {
        ("budget_composition", "project_expenditure/17"),
        ("project_column_total", "adjustment"),
    }
    assert {r["status"] for r in found.values()} == {"consistent", "rounding", "inconsistent"}
    row = found["budget_composition", "project_expenditure/17"]
    assert (row["left_value"], row["right_value"]) == (Decimal(9292000), Decimal(9296900))
    assert (row["difference"], row["allowed"], row["unit"]) == (Decimal(-4900), Decimal(200), "yuan")
    assert "表3 第17行" in row["statement"] and "相差 -0.49 万元" in row["statement"]


def test_the_correction_turns_both_to_corrected(judged: dict[int, Any]) -> None:
    corrected = {(r["rule_id"], r["instance"]) for r in judged[0] if r["status"] == "corrected"}
    assert corrected == {("budget_composition", "project_expenditure/17"), ("project_column_total", "adjustment")}


def test_the_warnings_of_2024_are_these(judged: dict[int, Any]) -> None:
    warnings = [r for r in judged[0] if r["severity"] == "warning" and r["status"] in ("inconsistent", "missing")]
    found = {(r["rule_id"], r["instance"]) for r in warnings}
    items = [
        "失业保险金支出",
        "基本医疗保险费支出",
        "稳定岗位补贴支出",
        "技能提升补贴支出",
        "其他支出",
        "转移支出",
        "补助下级支出",
    ]
    income = ["enterprise_pension/委托投资收益", "enterprise_pension/其他收入", "resident_pension/委托投资收益"]
    income += ["resident_pension/total", "work_injury/其他收入", "unemployment/其他收入"]
    low = [1, 4, 5, 7, 9, 10, 11, 12, 13, 17, 18, 22, 23, 24, 32, 33, 36]
    assert found == {
        ("adjustment_share", "department_summary/project"),
        ("adjustment_share", "category_expenditure/development"),
        ("adjustment_share", "category_expenditure/special"),
        *(("fund_income_above_budget", place) for place in income),
        *(("project_execution_low", str(row)) for row in low),
        *(("project_has_initial_budget", str(row)) for row in (4, 6, 7, 15, 24, 36, 37)),
        ("category_overspend", "maintenance"),
        ("category_rate_hides_overspend", "maintenance"),
        ("fund_overspend", "institution_pension/total"),
        ("fund_overspend", "unemployment/total"),
        *(("fund_overspend", f"unemployment/{item}") for item in items),
        ("project_has_expenditure", "10"),
        ("project_has_expenditure", "32"),
        ("project_tables_agree_digits", "carryover"),
        ("restated_fact_digits", "失业保险基金支出完成预算（六（五））"),
        ("nothing_after_signature", "report_submitted"),
        ("accounting_units_and_institutions", "all"),
        ("prior_year_published", "2999"),  # the copy is landed as fiscal year 3000
    }


def test_a_bound_that_people_set_is_told_with_the_share_that_it_is(judged: dict[int, Any]) -> None:
    found = {(r["rule_id"], r["instance"]): r for r in judged[0]}
    adjusted = found["adjustment_share", "department_summary/project"]
    assert adjusted["statement"] == (
        "部门总数 项目支出：本年调整 4512.02 万元 超过 年初预算的30% 3131.451 万元，实为 43.23%"
    )
    assert (adjusted["left_value"], adjusted["right_value"]) == (Decimal("45120200"), Decimal("31314510"))
    assert found["fund_income_above_budget", "resident_pension/total"]["statement"].endswith("实为 234.30%")
    assert found["project_execution_low", "5"]["statement"].endswith("实为 74.71%")


def test_one_line_a_kind_with_how_many_and_the_gravest(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kinds")
    # 80 % of 3,132.63 is 2,506.104: 2,506.10 may be that, within what printing implies.
    edges = [{}, *({f"{T3}/2/final_expenditure": text} for text in ("2,506.11", "2,506.10", "2,506.09"))]
    judged = judge(folder, edges, built=("reconciliation", "rule_summary"))
    place = ("project_execution_low", "2")
    second = [next(r["status"] for r in rows if (r["rule_id"], r["instance"]) == place) for rows in judged.values()]
    assert second == ["consistent", "consistent", "rounding", "inconsistent"]
    rows = {
        row["rule_id"]: row
        for row in Build(FIRST_YEAR, folder).rows("from rule_summary where fiscal_year = ?", FIRST_YEAR)
    }
    low, funds = rows["project_execution_low"], rows["fund_overspend"]
    assert (low["judged"], low["broken"], low["beyond"]) == (37, 17, None)
    assert low["statement"].startswith("项目执行率不低于 80%：37 处中 17 处不符；差额最大的：表3 第11行 ")
    assert (low["counts"], low["gravest"]) == tuple(low["statement"].split("；差额最大的："))
    assert (funds["broken"], funds["beyond"]) == (9, 8)
    assert "20 处中 9 处不符，其中相差 10% 以上的 8 处；差额最大的：基金收支 失业保险支出 合计" in funds["statement"]
    assert rows["category_overspend"]["statement"].startswith("项目支出分类 运行维护经费：决算支出 1061.91 万元")
    assert rows["category_overspend"]["gravest"] == rows["category_overspend"]["statement"]
    assert rows["category_overspend"]["counts"] is None
    held = rows["unit_balance"]
    assert (held["broken"], held["counts"], held["gravest"], held["statement"]) == (0, None, None, None)
    assert all(row["advice"] for row in rows.values() if row["broken"] and row["severity"] == "warning"), "what to do"


def test_the_overspent_category_is_told_though_no_unit_and_no_project_overspends(judged: dict[int, Any]) -> None:
    (row,) = [r for r in judged[0] if (r["rule_id"], r["instance"]) == ("category_overspend", "maintenance")]
    assert "超出 3.45 万元" in row["statement"]
    assert row["statement"].endswith("但没有一个单位、也没有一个项目超支")
    overspent = judged[POSITION["unit_overspend"]]
    (row,) = [r for r in overspent if (r["rule_id"], r["instance"]) == ("category_overspend", "maintenance")]
    assert "没有一个单位" not in row["statement"]


def test_a_total_row_that_vanished_is_missing_not_passed(tmp_path_factory: pytest.TempPathFactory) -> None:
    gone: Edits = {f"{T3}/total/adjustment": None}
    rows = judge(tmp_path_factory.mktemp("gone"), [gone])[0]
    missing = {(r["rule_id"], r["instance"]) for r in rows if r["status"] == "missing" and r["severity"] == "error"}
    assert missing == {
        ("project_column_total", "adjustment"),
        ("project_tables_agree", "adjustment"),
        ("budget_composition", "project_expenditure/total"),
    }
