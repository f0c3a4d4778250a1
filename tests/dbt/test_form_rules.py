"""Every rule on self-evaluation forms is seen to fail, alone: forms of an invented department and the ledgers that they
restate, altered so that one rule breaks and no other. All alterations are judged by one build.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.corrections import Correction
from orchestration.ledgers.reader import Year, read_year
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rulebook, read_rules
from tests.forms import Form, write_workbook
from tests.variants import Edits, broken, judge

FUNDING = (
    ("年度资金总额", 100, 120, 108, 10, "90.00%", 9),
    ("其中：本年财政拨款", 100, 110, 100, "—", "90.91%", "—"),
    ("上年结转资金", 0, 10, 8, "—", "80.00%", "—"),
    ("其他资金", None, None, None, "—", None, "—"),
)
INDICATORS = (
    ("产出指标（50分）", "数量指标（20分）", "培训场次", "≥12场", "11场", 10, 9.17, "一场因汛情取消"),
    (None, None, "发放人数", "≥10万人", "9.7", 10, 9.7, "部分对象已转为其他补贴"),
    (None, "质量指标", "合格率", "≥95%", "96%", 30, 30, None),
    ("效益指标（30分）", "社会效益指标", "服务水平", "逐步提升", "部分达成预期指标", 30, 23, "人手不足，下年补齐"),
    ("满意度指标（10分）", "服务对象满意度指标", "群众满意度", "≥95%", "95%", 10, 10, None),
)
GOAL = ("办好培训。", "办好了。")
DEPARTMENT = Form(
    "部门整体支出绩效自评表",
    (("年度资金总额", 300, 320, 288, 10, "90.00%", 9), ("其中：基本支出", 200, 200, 180, None, "90.00%", None),
     ("项目支出", 100, 120, 108, None, "90.00%", None)),
    GOAL,
    (("产出指标", "数量指标", "培训场次", "≥12场", "11场", 50, 45.83, "一场因汛情取消"),
     ("效益指标", "社会效益指标", "服务面", "≥30个", "30个", 30, 30, None),
     ("满意度指标", "服务对象满意度指标", "满意率", "≥95%", "95%", 10, 10, None)),
    (100, 94.83),
    label="年度预算（万元）",
)  # fmt: skip
CATEGORY = Form("业务工作经费支出绩效自评表", FUNDING, GOAL, INDICATORS, (100, 90.87))
FUND = Form(
    "失业保险基金支出绩效自评表", (("年度资金总额", 11, 12, 10.8, 10, "90.00%", 9),), GOAL, INDICATORS, (100, 90.87),
    label="基金支出（亿元）",
)  # fmt: skip
LEDGERS = {
    "category_expenditure": "单位：万元\n支出类别,预算资金总额,上年结转,年初预算,本年调整,决算支出,预算执行率\n"
    "业务工作经费,120,0,100,20,108,90.00%\n",
    "department_summary": "单位：万元\n支出性质,资金总额,占资金总额比例,上年结转,年初预算,本年调整,决算支出,预算执行率,"
    "结转结余\n"
    "基本支出,200,62.50%,0,200,0,180,90.00%,20\n项目支出,120,37.50%,0,100,20,108,90.00%,12\n"
    "合计,320,,0,300,20,288,90.00%,32\n",
    "fund_statement": "单位：亿元\n险种,收支,项目,统筹层次,预算数,实际数,完成预算\n"
    "失业保险,支出,待遇支出,省本级,12.00,10.80,90.00%\n失业保险,支出,合计,省本级,12.00,10.80,90.00%\n",
}
#: Of the year's start: what the category's form was to reach.
DECLARED = (
    "业务工作经费支出绩效目标申报表\n（2024年度）\n一级指标,二级指标,三级指标,指标值,备注\n"
    "产出指标,数量指标,培训场次,≥12场,\n,,发放人数,≥10万人,\n,质量指标,合格率,≥95%,\n"
    "效益指标,社会效益指标,服务水平,逐步提升,\n满意度指标,服务对象满意度指标,群众满意度,≥95%,\n"
)
LEDGERS["declared_target"] = DECLARED
LEDGERS["project_expenditure"] = (
    "单位：万元\n序号,项目明细,上年结转,年初预算,本年调整,预算资金,决算支出\n"
    "1,数字化平台 建设/一期,0,100,20,120,108\n合计,,0,100,20,120,108\n"
)
#: A project of table 3 with a form of its own.
PROJECT = dataclasses.replace(CATEGORY, title="项目支出绩效自评表", named="数字化平台建设/一期")
PROJECT_ROW = "project_expenditure/1"
IND, F = "evaluation_indicator", "evaluation_funding"
SKILL = "output:培训场次"
#: rule -> how to break it; and the errors that the arithmetic makes unavoidable.
BREAKS: Mapping[str, tuple[Edits, set[str]]] = {
    "form_score_within_weight": (
        {f"{IND}/operations:benefit:服务水平/actual": "明显提升", f"{IND}/operations:benefit:服务水平/score": "31",
         f"{IND}/operations:total:total/score": "98.87"}, set()),
    "form_score_as_computed": (
        {f"{IND}/operations:{SKILL}/score": "9.00", f"{IND}/operations:total:total/score": "90.70"}, set()),
    "form_score_not_below_band": (
        {f"{IND}/operations:benefit:服务水平/score": "17", f"{IND}/operations:total:total/score": "84.87"}, set()),
    "form_score_below_next_band": (
        {f"{IND}/operations:benefit:服务水平/score": "24", f"{IND}/operations:total:total/score": "91.87"}, set()),
    "form_section_weight": ({f"{IND}/operations:{SKILL}/section_weight": "60"}, set()),
    "form_level2_weight": ({f"{IND}/operations:{SKILL}/level2_weight": "25"}, set()),
    "form_total": ({f"{IND}/operations:total:total/score": "90.78"}, set()),
    "form_weights": (
        {f"{IND}/operations:benefit:服务水平/weight": "29", f"{IND}/operations:benefit:服务水平/section_weight": "29",
         f"{IND}/operations:total:total/weight": "99"}, set()),
    "form_funding_rate": ({f"{F}/operations:carryover/execution_rate": "81.00%"}, set()),
    "form_funding_score": (
        {f"{F}/operations:total/score": "9.5", f"{IND}/operations:total:total/score": "91.37"}, set()),
    "form_funding_sources": (
        {f"{F}/operations:appropriation/initial_budget": "101"}, set()),
    "form_funding_kinds": (
        {f"{F}/department:basic/initial_budget": "201", "department_summary/basic/initial_budget": "201",
         "department_summary/basic/carryover": "-1", "department_summary/total/initial_budget": "300"},
        set()),
    "form_department_funding": (
        {"department_summary/total/initial_budget": "301", "department_summary/total/adjustment": "19"}, set()),
    "form_department_kinds": (
        {"department_summary/basic/initial_budget": "201", "department_summary/basic/adjustment": "-1"}, set()),
    "form_category_funding": (
        {"category_expenditure/operations/initial_budget": "99", "category_expenditure/operations/adjustment": "21"},
        set()),
    "form_project_initial_budget": (
        {f"{PROJECT_ROW}/initial_budget": "99", f"{PROJECT_ROW}/adjustment": "21",
         "project_expenditure/total/initial_budget": "99", "project_expenditure/total/adjustment": "21"},
        set()),
    "form_project_budget": (
        {f"{PROJECT_ROW}/total_budget": "121", f"{PROJECT_ROW}/adjustment": "21",
         "project_expenditure/total/total_budget": "121", "project_expenditure/total/adjustment": "21"}, set()),
    "form_project_expenditure": (
        {f"{PROJECT_ROW}/final_expenditure": "107", "project_expenditure/total/final_expenditure": "107"}, set()),
    "form_fund_budget": (
        {"fund_statement/unemployment:expenditure:total/budget": "12.01",
         "fund_statement/unemployment:expenditure:待遇支出/budget": "12.01",
         "fund_statement/unemployment:expenditure:total/completion_rate": "89.93%",
         "fund_statement/unemployment:expenditure:待遇支出/completion_rate": "89.93%"}, set()),
    "form_fund_expenditure": (
        {"fund_statement/unemployment:expenditure:total/actual": "10.81",
         "fund_statement/unemployment:expenditure:待遇支出/actual": "10.81",
         "fund_statement/unemployment:expenditure:total/completion_rate": "90.08%",
         "fund_statement/unemployment:expenditure:待遇支出/completion_rate": "90.08%"}, set()),
}  # fmt: skip
#: warning -> how to bring it about without any error.
WARNINGS: Mapping[str, Edits] = {
    "form_of_category": {f"category_expenditure/maintenance/{measure}": text for measure, text in (
        ("total_budget", "10"), ("carryover", "0"), ("initial_budget", "10"), ("adjustment", "0"),
        ("final_expenditure", "10"), ("execution_rate", "100.00%"))},
    "form_of_fund": {"fund_statement/work_injury:expenditure:total/budget": "1.00",
                     "fund_statement/work_injury:expenditure:total/actual": "1.00"},
    "form_deduction_explained": {f"{IND}/operations:{SKILL}/reason": None},
    "form_low_completion_explained": {
        f"{IND}/operations:{SKILL}/reason": None, f"{IND}/operations:{SKILL}/actual": "9",
        f"{IND}/operations:{SKILL}/score": "7.5", f"{IND}/operations:total:total/score": "89.20"},
    "form_over_completion_explained": {f"{IND}/department:benefit:服务面/actual": "45"},
    # Points moved from one group to another: the total is still 100.
    "form_execution_weight": {
        f"{F}/department:total/weight": "15", f"{F}/department:total/score": "13.5",
        f"{IND}/department:satisfaction:满意率/weight": "5", f"{IND}/department:satisfaction:满意率/score": "5",
        f"{IND}/department:total:total/score": "94.33"},
    "form_output_weight": {
        f"{IND}/department:{SKILL}/weight": "45", f"{IND}/department:{SKILL}/score": "41.25",
        f"{IND}/department:benefit:服务面/weight": "35", f"{IND}/department:benefit:服务面/score": "35",
        f"{IND}/department:total:total/score": "95.25"},
    "form_benefit_weight": (moved := {
        f"{IND}/department:benefit:服务面/weight": "35", f"{IND}/department:benefit:服务面/score": "35",
        f"{IND}/department:satisfaction:满意率/weight": "5", f"{IND}/department:satisfaction:满意率/score": "5"}),
    "form_satisfaction_weight": moved,
    "form_target_kept": {f"declared_target/operations:{SKILL}/direction": "<="},
    "form_target_as_declared": {f"declared_target/operations:{SKILL}/target": "≥15场"},
    "form_agrees_with_department": {
        f"{IND}/operations:{SKILL}/actual": "10", f"{IND}/operations:{SKILL}/score": "8.33",
        f"{IND}/operations:total:total/score": "90.03"},
}  # fmt: skip
#: Targets that are no one number, changed since the year's start; ≥ turned to ≤ is among the warnings.
CHANGED: Mapping[str, Edits] = {
    "words": {f"{IND}/operations:benefit:服务水平/target": "基本稳定"},
    "upper end": {f"{IND}/operations:output:合格率/target_high": "99%"},
}
CASES: list[tuple[str, Edits]] = [
    ("unchanged", {}),
    *((rule, edits) for rule, (edits, _) in BREAKS.items()),
    *WARNINGS.items(),
    *CHANGED.items(),
]
POSITION = {rule: position for position, (rule, _) in enumerate(CASES)}


def forms_year(folder: Path) -> tuple[Year, Rulebook, list[Correction]]:
    """The invented department's year: its forms in one workbook, and the ledgers that they restate."""
    folder.mkdir(parents=True)
    write_workbook(folder / "自评表.xlsx", [DEPARTMENT, CATEGORY, FUND, PROJECT])
    files = [f"  - {{file: 自评表.xlsx, ledger: {name}}}" for name in (IND, F, "evaluation_goal")]
    for name, text in LEDGERS.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
        files.append(f"  - {{file: {name}.csv, ledger: {name}}}")
    (folder / "sources.yml").write_text(
        "year: 2024\ndepartment: 示例厅\nrequired: []\nfiles:\n" + "\n".join(files) + "\n", "utf-8"
    )
    year = read_year(folder, 2024, read_contracts(ROOT / "raw" / "contracts"))
    rules = read_rules(ROOT / "expectations" / "rules")
    return year, compile_rules(rules, year.contracts, 2024, cells=year.cells), []


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("forms")
    of = forms_year(folder / "2024")
    return judge(folder, [edits for _, edits in CASES], of=of)


def test_forms_that_agree_break_nothing(judged: dict[int, list[dict[str, Any]]]) -> None:
    rows = judged[0]
    assert broken(rows) == set() and broken(rows, "warning") == {"prior_year_published"}
    forms = {row["rule_id"] for row in rows if row["rule_id"].startswith("form_")}
    assert forms == {*BREAKS, *WARNINGS}  # each is judged


@pytest.mark.parametrize("rule", BREAKS)
def test_rule_on_forms_breaks_alone(rule: str, judged: dict[int, list[dict[str, Any]]]) -> None:
    assert broken(judged[POSITION[rule]]) == {rule} | BREAKS[rule][1]


@pytest.mark.parametrize("rule", WARNINGS)
def test_warning_on_forms_blocks_nothing(rule: str, judged: dict[int, list[dict[str, Any]]]) -> None:
    rows = judged[POSITION[rule]]
    assert rule in broken(rows, "warning") and broken(rows) == set()


def test_every_rule_on_forms_has_its_case() -> None:
    rules = read_rules(ROOT / "expectations" / "rules")
    assert {rule.id for rule in rules if rule.id.startswith("form_")} == {*BREAKS, *WARNINGS}


def test_a_year_without_forms_judges_none_and_says_so() -> None:
    year = read_year(ROOT / "raw" / "2024" / "hunan_hrss", 2024, read_contracts(ROOT / "raw" / "contracts"))
    book = compile_rules(read_rules(ROOT / "expectations" / "rules"), year.contracts, 2024, cells=year.cells)
    assert {*BREAKS, *WARNINGS} <= book.skipped.keys()
    assert not any(rule.id.startswith("form_") for rule in book.rules)


@pytest.mark.parametrize("change", CHANGED)
def test_a_target_that_is_no_one_number_is_compared_too(change: str, judged: dict[int, list[dict[str, Any]]]) -> None:
    rows = judged[POSITION[change]]
    assert broken(rows, "warning") == {"prior_year_published", "form_target_kept"} and broken(rows) == set()
