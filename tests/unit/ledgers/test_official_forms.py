"""Forms as offices publish them, transcribed cell by cell: names with numbers before them, rows that say /, a target
over three columns, several forms on one sheet, and the basic data with its years, blocks and merged pairs.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Year, read_paths
from tests.forms import Form, Sheet, lines, write_csv, write_sheets
from tests.forms.department import basic_data, fund_sheets
from tests.unit.ledgers.conftest import problems_of

FUNDING = (("年度资金总额：", 880, 880, 792, 10, "90%", 9), ("其中：本年财政拨款", 880, 880, 792, "-", None, "-"))
#: As the Ministry's form is filled: numbered names, rows not needed, what is said in the target's own words.
MINISTRY = Form(
    "项目支出绩效自评表",
    FUNDING,
    ("完成年度防汛工作。", "完成年度目标。"),
    (
        ("产出指标（50分）", "数量指标", "指标1：节水改造项目数量", "1", "1", 20, 20, None),
        (None, None, "指标2：水价改革项目", "1个", "1个", 20, 20, None),
        (None, None, "……", None, None, None, None, None),
        (None, "质量指标", "指标1：工程质量", "合格", "合格", 10, 10, None),
        ("效益指标（30分）", "生态效益指标", "指标1：/", "/", "/", "/", "/", None),
        (None, "社会效益指标", "指标1：全市安全度汛", "有保障", "达成预期指标", 30, 30, None),
        ("满意度指标（10分）", "服务对象满意度指标", "服务对象满意度", "90%", "100%", 10, 10, None),
    ),
    (100, 99),
    named="水旱灾害防御经费",
)
#: Where a province parts the target: comparator, number, unit.
THREE_COLUMNS: list[list[Any]] = [
    ["部门预算项目支出绩效自评表（2024年度）"],
    ["项目名称", None, "安可替代补助资金项目"],
    ["预算执行情况（10分）", "年度预算数（万元）", "年初预算", "调整后预算数", "预算执行数", "预算执行率",
     "权重", "得分", "原因"],
    [None, "总额", 0, 3.36, 3.36, "100.00%", 10, 10, None],
    [None, "其中：财政资金", 0, 3.36, 3.36, "100.00%", "/", "/", None],
    ["绩效指标（90分）", "一级指标", "二级指标", "三级指标", "指标性质", "指标值", "度量单位", "完成值",
     "权重", "得分", "未完成原因分析"],
    [None, "产出指标", "数量指标", "购买电脑", "≥", "13", "台", "13", 40, 40, None],
    [None, "产出指标", "质量指标", "支付比率", "＝", "100", "%", "100", 10, 10, None],
    [None, "产出指标", "成本指标", "成本控制数", "≤", "30", "万元", "29.5", 10, 10, None],
    [None, "产出指标", "时效指标", "按期完成", "定性", "优", "/", "优", 10, 10, None],
    [None, "满意度指标", "满意度指标", "群众满意度", "≥", "≥95%", "%", "96", 20, 20, None],
    ["合计", None, None, None, None, None, None, None, 100, 100, None],
    ["评价结论", "好"],
]  # fmt: skip


def read(*paths: Path, contracts: dict[str, Contract]) -> Year:
    return read_paths(paths, 2024, contracts)


def said(year: Year, ledger: str, measure: str) -> dict[str, object]:
    """Row key behind the form -> text or value."""
    return {
        cell.row_key.split(":", 1)[-1]: cell.text if cell.value is None else cell.value
        for cell in year.cells
        if (cell.ledger, cell.measure) == (ledger, measure)
    }


def test_a_number_before_an_indicators_name_is_none_of_it(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    year = read(write_csv(tmp_path / "表.csv", MINISTRY), contracts=contracts)
    assert said(year, "evaluation_indicator", "target") == {
        "output:节水改造项目数量": 1, "output:水价改革项目": 1, "output:工程质量": "合格",
        "benefit:全市安全度汛": "有保障", "satisfaction:服务对象满意度": Decimal("0.9"),
    }  # fmt: skip
    # What a form provides for and an office does not need is told, and no figure.
    assert [each.found for each in year.not_read if each.kind == "row"] == ["……", "/"]


def test_a_total_with_a_colon_behind_it_is_the_total(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    year = read(write_csv(tmp_path / "表.csv", MINISTRY), contracts=contracts)
    kinds = {cell.row_key.split(":")[-1]: cell.row_kind for cell in year.cells if cell.ledger == "evaluation_funding"}
    assert kinds == {"total": "total", "appropriation": "detail"}


def test_a_target_over_three_columns_is_one(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    merged = ["A1:K1", "A3:A5", "A6:A11", "B7:B10"]
    year = read(write_sheets(tmp_path / "a.xlsx", [Sheet("表", THREE_COLUMNS, merged)]), contracts=contracts)
    assert said(year, "evaluation_indicator", "target") == {
        "output:购买电脑": 13, "output:支付比率": 1, "output:成本控制数": 30_000_000, "output:按期完成": "优",
        "satisfaction:群众满意度": Decimal("0.95"),
    }  # fmt: skip
    assert said(year, "evaluation_indicator", "direction") == {
        "output:购买电脑": ">=", "output:支付比率": "=", "output:成本控制数": "<=", "output:按期完成": "qualitative",
        "satisfaction:群众满意度": ">=",
    }  # fmt: skip
    assert said(year, "evaluation_indicator", "actual")["output:成本控制数"] == 29_500_000
    assert said(year, "evaluation_funding", "total_budget") == {"total": 3_360_000, "appropriation": 3_360_000}


@pytest.mark.parametrize("named", ["第二个项目", "水旱灾害防御经费"])
def test_forms_below_each_other_on_one_sheet_are_each_a_form(
    tmp_path: Path, contracts: dict[str, Contract], named: str
) -> None:
    rows = [row for form in (MINISTRY, dataclasses.replace(MINISTRY, named=named)) for row in lines(form)[0]]
    path = write_sheets(tmp_path / "a.xlsx", [Sheet("全部", rows, [])])
    if named == MINISTRY.named:  # the same form twice, and nothing but the place tells them apart
        problems = problems_of(read, path, contracts=contracts)
        assert {problem.cell for problem in problems} == {"D23", "B26", "C28"}
        return
    year = read(path, contracts=contracts)
    forms = [cell.row_key for cell in year.cells if cell.measure == "final_expenditure" and cell.row_kind == "total"]
    assert forms == [f"{MINISTRY.named}:total", f"{named}:total"]


def test_basic_data_is_read_by_its_blocks(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    year = read(write_sheets(tmp_path / "附件1.xlsx", [basic_data()]), contracts=contracts)
    assert {name: len(ledger.cells) for name, ledger in year.ledgers.items()} == {
        "basic_staff": 3, "basic_cost": 46, "basic_building": 6,
    }  # fmt: skip
    found = {cell.address.removeprefix("2024/"): (cell.value, cell.cell) for cell in year.cells}
    assert {name: found[f"basic_{name}"] for name in (
        "staff/all/headcount", "cost/vehicle/prior_actual", "cost/vehicle_upkeep/actual", "cost/abroad/budget",
        "cost/development/actual", "cost/procurement/budget", "building/1/approved_area", "building/1/investment",
    )} == {
        "staff/all/headcount": (136, "E4"), "cost/vehicle/prior_actual": (11_860_000, "C7"),
        "cost/vehicle_upkeep/actual": (9_840_000, "G9"), "cost/abroad/budget": (0, "E10"),
        "cost/development/actual": (207_000_000, "G15"), "cost/procurement/budget": (130_660_000, "E20"),
        "building/1/approved_area": (Decimal("1250.5"), "B23"), "building/1/investment": (472_800_000, "F23"),
    }  # fmt: skip
    assert "basic_cost/procurement/prior_actual" not in found  # —— is no figure
    assert [(each.kind, each.found) for each in year.not_read] == [("row", "填表人：某甲")]


def test_a_years_name_in_a_header_says_this_year_or_the_one_before(
    tmp_path: Path, contracts: dict[str, Contract]
) -> None:
    sheet = basic_data()
    wrong = [[str(cell).replace("2023年", "2022年") if cell else cell for cell in row] for row in sheet.rows]
    path = write_sheets(tmp_path / "附件1.xlsx", [dataclasses.replace(sheet, rows=wrong)])
    problems = problems_of(read, path, contracts=contracts)
    assert any("上年决算数" in problem.expected for problem in problems)


def test_basic_data_without_a_block_is_read_without_it(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    sheet = basic_data()
    rows = sheet.rows[:21]
    merged = [place for place in sheet.merged if not place.startswith("A22")]
    year = read(write_sheets(tmp_path / "附件1.xlsx", [Sheet("附件1", rows, merged)]), contracts=contracts)
    assert set(year.ledgers) == {"basic_staff", "basic_cost"}


def test_buildings_that_there_are_none_of_are_zero(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    sheet = basic_data()
    rows = [*sheet.rows[:22], [None, *["无"] * 6]]
    year = read(write_sheets(tmp_path / "附件1.xlsx", [dataclasses.replace(sheet, rows=rows)]), contracts=contracts)
    assert {cell.value for cell in year.cells if cell.ledger == "basic_building"} == {0}


def test_a_funds_own_form_is_read_with_its_totals(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    sheets = fund_sheets()
    for each in sheets:
        each.merged.append("A5:D5")  # a heading over the whole row holds no figure
    year = read(write_sheets(tmp_path / "基金.xlsx", sheets), contracts=contracts)
    found = {cell.row_key: cell.value for cell in year.cells if cell.measure == "actual"}
    assert (
        found["unemployment:closing"] == 1_670_000_000_00 and found["unemployment:expenditure_total"] == 720_000_000_00
    )
    assert len({key.split(":")[0] for key in found}) == 4
