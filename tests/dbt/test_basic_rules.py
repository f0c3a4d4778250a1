"""Every rule on basic data (annex 1) and on the funds' own forms (annexes 10-14) is seen to fail, alone: the invented
department's year beside the ledgers that these restate, altered so that one rule breaks and no other error does. All
alterations are judged by one build.
"""

from __future__ import annotations

import re
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
from tests.forms.department import write
from tests.variants import Edits, broken, judge

RULES = ROOT / "expectations" / "rules"
#: What the department keeps besides: the facts of annexes 1 and 10-13 once more.
BESIDE = {
    "operating_cost": "单位：万元\n项目,全年预算,决算支出,执行率,预算比上年增减,决算比上年增减,决算增减率\n"
    "公用经费,160.30,148.04,92.35%,,-4.32,-2.84%\n三公经费,63.46,44.29,69.79%,,15.21,52.30%\n",
    "establishment": "人员类别,编制数,实有人数,控制率\n行政编制,143,136,\n合计,143,136,95.10%\n",
    "fund_balance": "单位：亿元\n险种,统筹层次,期初结余,收支结余,期末滚存结余\n"
    "企业职工基本养老保险,省级统筹,60.00,8.90,68.90\n机关事业单位基本养老保险,省级统筹,12.00,2.20,14.20\n"
    "城乡居民基本养老保险,省本级,,,\n工伤保险,省级统筹,9.00,1.30,10.30\n失业保险,省级统筹,15.00,1.70,16.70\n",
}
C, F, FB = "basic_cost", "fund_form/unemployment", "fund_balance/unemployment"
FS = "fund_statement/unemployment"
#: rule -> how to break it; and the errors that the arithmetic makes unavoidable.
BREAKS: Mapping[str, tuple[Edits, set[str]]] = {
    "basic_three_public": ({f"{C}/reception/prior_actual": "18.22"}, set()),
    "basic_vehicle": ({f"{C}/vehicle_upkeep/prior_actual": "11.96"}, set()),
    "basic_public_funds": ({f"{C}/office/budget": "90.00"}, set()),
    "basic_control_rate": ({"basic_staff/all/control_rate": "96.00%"}, set()),
    "basic_staff_total": (
        {"basic_staff/total/quota": "143", "basic_staff/total/headcount": "137", "establishment/total/headcount": None},
        {"establishment_total", "control_rate"}),
    "basic_area_rate": ({"basic_building/1/area_rate": "99.81%"}, set()),
    "basic_investment_rate": ({"basic_building/1/investment_rate": "98.05%"}, set()),
    "basic_cost_as_operating_cost": ({f"{C}/public_funds/budget": "161.30"}, set()),
    "basic_cost_change": ({f"{C}/public_funds/prior_actual": "152.63"}, set()),
    "basic_staff_as_establishment": (
        {"basic_staff/all/headcount": "135", "basic_staff/all/control_rate": "94.41%"}, set()),
    "basic_project": ({f"{C}/project/actual": "607.00"}, set()),
    "basic_category": ({f"{C}/maintenance/actual": "96.00"}, set()),
    "fund_form_rate": ({f"{F}:保险费收入/completion_rate": "104.00%"}, set()),
    "fund_form_income": ({f"{F}:income_subtotal/budget": "8.70"}, {"fund_form_rate"}),
    "fund_form_expenditure": ({f"{F}:expenditure_subtotal/budget": "8.10"}, {"fund_form_rate"}),
    "fund_form_surplus": ({f"{F}:surplus/budget": "0.70", f"{F}:closing/budget": "15.70"}, set()),
    "fund_form_closing": ({f"{F}:closing/budget": "15.06"}, set()),
    "fund_form_totals": (
        {f"{FS}:expenditure:total/budget": "8.10", f"{FS}:expenditure:待遇支出/budget": "8.10",
         f"{FS}:expenditure:total/completion_rate": "88.89%", f"{FS}:expenditure:待遇支出/completion_rate": "88.89%"},
        {"fund_form_items", "form_fund_budget"}),
    "fund_form_items": ({f"{F}:待遇支出/budget": "8.05", f"{F}:待遇支出/completion_rate": "89.44%"}, set()),
    "fund_form_balance": (
        {f"{FB}/opening": "15.10", f"{FB}/closing": "16.80"}, set()),
}  # fmt: skip
#: warning -> how to bring it about without any error.
WARNINGS: Mapping[str, Edits] = {
    "basic_three_public_within_budget": {
        f"{C}/reception/budget": "4.00", f"{C}/vehicle/budget": "59.46", f"{C}/vehicle_upkeep/budget": "30.00"},
    "basic_staff_within_quota": {
        "basic_staff/all/quota": "130", "basic_staff/all/control_rate": "104.62%",
        "establishment/行政编制/quota": "130",
        "establishment/total/quota": "130", "establishment/total/control_rate": "104.62%"},
    "basic_area_within_approval": {"basic_building/1/actual_area": "1300", "basic_building/1/area_rate": "103.96%"},
    "basic_investment_within_budget": {
        "basic_building/1/investment": "500.00", "basic_building/1/investment_rate": "104.17%"},
    "basic_category_budget": {f"{C}/maintenance/budget": "90.00"},
    "basic_adjustment_from": {f"{C}/adjusted_total/budget": "1101.00"},
    "basic_adjustment_to": {f"{C}/adjusted_total/actual": "1096.00"},
}  # fmt: skip
ACROSS = "basic_prior_actual"
CASES: list[tuple[str, Edits]] = [
    ("unchanged", {}),
    *((rule, edits) for rule, (edits, _) in BREAKS.items()),
    *WARNINGS.items(),
]
POSITION = {rule: position for position, (rule, _) in enumerate(CASES)}


def year_with_basic_data(folder: Path) -> tuple[Year, Rulebook, list[Correction]]:
    folder.mkdir(parents=True)
    write(folder)
    sources = folder / "sources.yml"
    for name, text in BESIDE.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
        sources.write_text(f"{sources.read_text('utf-8')}  - {{file: {name}.csv, ledger: {name}}}\n", "utf-8")
    year = read_year(folder, 2024, read_contracts(ROOT / "raw" / "contracts"))
    return year, compile_rules(read_rules(RULES), year.contracts, 2024, cells=year.cells), []


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("basic")
    return judge(folder, [edits for _, edits in CASES], of=year_with_basic_data(folder / "2024"))


def test_basic_data_that_agrees_breaks_nothing(judged: dict[int, list[dict[str, Any]]]) -> None:
    rows = judged[0]
    assert broken(rows) == set()
    assert {row["rule_id"] for row in rows} >= {*BREAKS, *WARNINGS} - {"basic_staff_total"}  # of kinds of staff alone


@pytest.mark.parametrize("rule", BREAKS)
def test_rule_on_basic_data_breaks_alone(rule: str, judged: dict[int, list[dict[str, Any]]]) -> None:
    assert broken(judged[POSITION[rule]]) == {rule} | BREAKS[rule][1]


@pytest.mark.parametrize("rule", WARNINGS)
def test_warning_on_basic_data_blocks_nothing(rule: str, judged: dict[int, list[dict[str, Any]]]) -> None:
    rows = judged[POSITION[rule]]
    assert rule in broken(rows, "warning") - broken(judged[0], "warning") and broken(rows) == set()


def test_every_rule_on_basic_data_has_its_case() -> None:
    spoken_of = re.compile(r"\b(?:basic_(?:staff|cost|building)|fund_form)/")
    assert {rule.id for rule in read_rules(RULES) if spoken_of.search(rule.check)} == {*BREAKS, *WARNINGS, ACROSS}


def test_last_years_outcome_is_what_last_year_said(tmp_path: Path) -> None:
    year, *_ = of = year_with_basic_data(tmp_path / "2024")
    said = {cell.row_key: cell.text for cell in year.cells if cell.ledger == C and cell.measure == "prior_actual"}
    agreeing = {f"{C}/{item}/actual": text or "0" for item, text in said.items()}
    others = {f"{C}/{item}/actual": None for item in ("procurement", "adjusted_total")}
    prior = {0: agreeing | others, 1: agreeing | others | {f"{C}/office/actual": "24.45"}}
    found = judge(tmp_path, [{}, {}], prior=prior, of=of)
    assert ACROSS in {row["rule_id"] for row in found[0]}
    assert broken(found[1]) - broken(found[0]) == {ACROSS} and ACROSS not in broken(found[0])
