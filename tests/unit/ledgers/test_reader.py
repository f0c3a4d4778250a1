"""From files to cells: headers, units, rows, years, and every problem of every file at once."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Year, read_paths, read_year
from tests.conftest import edit
from tests.unit.ledgers.conftest import TABLE, cells_of, contract, problems_of, refused, workbook

HEADER = ["单位名称", "预算数", "决算数"]
ROW = ["人事考试院", "1,334.05", "1,182.19"]
PROJECTS = """
ledger: projects
title: 项目表
short: 项目表
unit: 万元
keys: [{name: project_no, header: 序号, type: integer}]
texts: [{name: project_name, header: 项目明细}]
measures: [{name: budget, header: 预算资金}, {name: actual, header: 决算支出}]
label: 第{project_no}行 {project_name}
"""
FUNDS = """
ledger: funds
title: 基金表
short: 基金表
unit: 亿元
keys:
  - {name: fund, header: 险种, values: {工伤保险: work_injury, 失业保险: unemployment}}
  - {name: side, header: 收支, values: {收入: income, 支出: expenditure}}
  - {name: item, header: 项目}
measures:
  - {name: budget, header: 预算数}
  - {name: rate, header: 完成预算, kind: ratio}
blank: not_printed
label: "{fund}{side} {item}"
"""
FUND_HEADER = ["险种", "收支", "项目", "预算数", "完成预算"]
PEOPLE = """
ledger: people
title: 人员表
short: 人员表
keys: [{name: kind, header: 人员类别}]
measures: [{name: headcount, header: 人数, kind: person}, {name: rate, header: 控制率, kind: ratio}]
memo: [离休人员]
"""


def money(rows: list[list[str]], at: str = "人事考试院/budget", by: Contract | None = None, unit: str = "") -> Decimal:
    """The fen of one cell of a grid."""
    value = cells_of(rows, by, unit)[at].value
    assert value is not None
    return value


# --- a cell


def test_a_figure_becomes_a_cell_with_its_value_precision_and_place() -> None:
    cell = cells_of([["支出表"], ["单位：万元"], HEADER, ROW])["人事考试院/budget"]
    assert (cell.value, cell.half_width, cell.unit, cell.printed_unit) == (1_334_050_000, 5_000, "yuan", "万元")
    assert (cell.text, cell.file, cell.sheet, cell.cell) == ("1,334.05", "账.csv", "", "B4")
    assert cell.address == "2024/spending/人事考试院/budget"
    assert (cell.row_kind, cell.row_label) == ("detail", "人事考试院")


def test_blank_and_dash_are_exact_zeros_and_printed_zeros_are_rounded() -> None:
    for text in ("", "-", "—", "－", " \u3000"):
        cell = cells_of([HEADER, ["考试院", text, "1"]])["考试院/budget"]
        assert (cell.value, cell.half_width, cell.unit) == (0, 0, "yuan"), text
    cell = cells_of([HEADER, ["考试院", "0.00", "1"]])["考试院/budget"]
    assert (cell.value, cell.half_width) == (0, 5_000)


def test_blank_and_dash_are_no_cells_where_the_contract_says_that_they_are_not_printed() -> None:
    for text in ("", "-", "—"):
        assert set(cells_of([HEADER, ["考试院", text, "1"]], contract(blank="not_printed"))) == {"考试院/actual"}
    cell = cells_of([HEADER, ["考试院", "0.00", "1"]], contract(blank="not_printed"))["考试院/budget"]
    assert (cell.value, cell.half_width) == (0, 5_000)


def test_a_column_may_mean_another_thing_by_blank_than_its_ledger() -> None:
    by = contract(TABLE.replace("header: 预算数,", "header: 预算数, blank: not_printed,"))
    assert set(cells_of([HEADER, ["考试院", "", "-"]], by)) == {"考试院/actual"}


def test_words_that_state_a_zero_are_exact_zeros() -> None:
    by = contract(TABLE.replace("header: 预算数,", "header: 预算数, zero_words: [不变],"), blank="not_printed")
    cell = cells_of([HEADER, ["考试院", "不 变", "1"]], by)["考试院/budget"]
    assert (cell.text, cell.value, cell.half_width) == ("不变", 0, 0)
    assert refused([HEADER, ["考试院", "未变", "1"]], by) == [("B2", "未变")]


@pytest.mark.parametrize(
    "text", ["（1,263.00）", "(1,263.00)", "-1,263.00", "－１，２６３．００", "-1,263.00万元", "-0.1263 亿元"]
)
def test_a_negative_reads_alike_however_it_is_printed(text: str) -> None:
    assert money([HEADER, ["人事考试院", text, "1"]]) == -1_263_000_000


@given(fen=st.integers(-(10**15), 10**15), unit=st.sampled_from([("元", 2), ("千元", 5), ("万元", 6), ("亿元", 10)]))
def test_any_amount_under_any_unit_note_reads_back_to_the_fen(fen: int, unit: tuple[str, int]) -> None:
    name, places = unit
    text = f"{Decimal(fen).scaleb(-places):,f}"
    assert money([[f"单位：{name}"], HEADER, ["人事考试院", text, ""]]) == fen


# --- header


def test_the_header_is_found_under_title_lines() -> None:
    titles = [["2024年度支出表", "", ""], [], ["编制单位：某厅", "", "单位：万元"]]
    assert cells_of([*titles, HEADER, ROW])["人事考试院/actual"].cell == "C5"


def test_aliases_spaces_and_another_order_of_columns_are_the_same_header() -> None:
    cells = cells_of([["决算 支出", "全年\n预算", "预算单位"], ["1", "2", "考试院"]])
    assert {at: cell.value for at, cell in cells.items()} == {"考试院/actual": 10**6, "考试院/budget": 2 * 10**6}


def test_two_row_headers_are_joined() -> None:
    by = contract(TABLE.replace("header: 预算数, aliases: [全年预算]", "header: 项目支出预算数"))
    by = contract(yaml.safe_dump(by.model_dump(mode="json"), allow_unicode=True).replace("决算数", "基本支出预算数"))
    rows = [["支出表"], ["单位名称", "项目支出", "基本支出"], ["", "预算数", "预算数"], ["考试院", "1", "2"]]
    assert {at: cell.value for at, cell in cells_of(rows, by).items()} == {
        "考试院/budget": 10**6,
        "考试院/actual": 2 * 10**6,
    }


def test_a_two_row_header_may_name_its_columns_in_the_lower_row_alone() -> None:
    rows = [["支出表"], ["单位名称", "项目支出", ""], ["", "预算数", "决算数"], ["考试院", "1", "2"]]
    assert cells_of(rows)["考试院/actual"].cell == "C4"


def test_merged_two_row_headers_of_a_workbook_are_joined(tmp_path: Path) -> None:
    rows = [
        ["2024年度支出表", None, None],
        ["单位：元", None, None],
        ["单位名称", "项目支出", None],
        [None, "预算数", "决算数"],
        ["考试院", (8055, "#,##0.00"), (-1263, "#,##0.00;(#,##0.00)")],
        ["就业中心", (0, "0.00"), (0, '0.00;-0.00;"-"')],
    ]
    path = workbook(tmp_path / "支出表.xlsx", {"一": rows}, merged=["A1:C1", "A3:A4", "B3:C3"])
    cells = {(c.row_key, c.measure): c for c in read_paths([path], None, {"spending": contract()}).cells}
    assert [cell.value for cell in cells.values()] == [805_500, -126_300, 0, 0]
    assert [cell.half_width for cell in cells.values()] == [0, 0, 0, 0]
    assert cells["考试院", "actual"].text == "(1,263.00)"
    assert (cells["考试院", "actual"].sheet, cells["考试院", "actual"].cell) == ("一", "C5")


def test_a_title_line_is_not_taken_for_the_upper_half_of_the_header() -> None:
    rows = [["单位：元"], [*HEADER, "备注"], [*ROW, "无"]]
    assert money(rows) == 133_405


def test_an_ignored_column_and_an_empty_column_hold_no_figures() -> None:
    rows = [[*HEADER, "", "备注"], ["考试院", "1", "2", "", "见附件3"]]
    assert set(cells_of(rows)) == {"考试院/budget", "考试院/actual"}


def test_an_unknown_column_is_refused_rather_than_lost() -> None:
    (problem,) = problems_of(cells_of, [["单位名称", "预算数", "追加数", "决算数"], ["考试院", "1", "2", "3"]])
    assert (problem.cell, problem.found) == ("C1", "追加数")
    assert problem.expected == "契约里的列：单位名称、预算数、决算数"


def test_a_column_printed_twice_is_refused() -> None:
    assert refused([[*HEADER, "预算数"], [*ROW, "5"]]) == [("D1", "预算数")]


def test_figures_without_a_header_are_refused() -> None:
    assert refused([[*HEADER, ""], [*ROW, "5"]]) == [("D1", "没有表头的一列")]
    assert refused([HEADER, [*ROW, "", "5"]]) == [("E2", "5")]


def test_a_missing_column_is_named() -> None:
    (problem,) = problems_of(cells_of, [["支出表"], ["单位名称", "预算数"], ["考试院", "1"]])
    assert (problem.cell, problem.found) == ("第2行", "单位名称、预算数")
    assert problem.expected == "支出表的表头，缺：决算数"


def test_an_optional_column_may_be_missing() -> None:
    by = contract(TABLE.replace("header: 决算数,", "header: 决算数, optional: true,"))
    assert set(cells_of([["单位名称", "预算数"], ["考试院", "1"]], by)) == {"考试院/budget"}


@pytest.mark.parametrize("rows", [[], [[]], [HEADER], [HEADER, ["", "", ""]]])
def test_a_table_without_rows_is_refused(rows: list[list[str]]) -> None:
    (problem,) = problems_of(cells_of, rows)
    assert problem.file == "账.csv"
    assert problem.found in ("空表", "表头下没有数据行")


# --- units


@pytest.mark.parametrize(("unit", "fen"), [("元", 100), ("千元", 10**5), ("万元", 10**6), ("亿元", 10**10)])
@pytest.mark.parametrize(
    "note",
    ["单位：{}", "金额单位：{}", "单位:{}", "（单位：{}）", "单位： {}", "单 位：{}", "单位：人民币{}",
     "2024年  单位：{}", "编制单位：某厅 单位：{}", "支出表（{}）"],
)  # fmt: skip
def test_a_unit_note_above_the_table_is_understood(note: str, unit: str, fen: int) -> None:
    assert money([["支出表"], [note.format(unit)], HEADER, ["人事考试院", "1", ""]], unit="百万元") == fen


def test_a_unit_note_may_stand_in_two_cells() -> None:
    assert money([["", "单位：", "元"], HEADER, ["人事考试院", "1", ""]]) == 100


@pytest.mark.parametrize("note", ["单位：万圆", "单位：美元"])
def test_a_unit_note_in_another_unit_is_refused(note: str) -> None:
    ((place, found),) = refused([[note], HEADER, ROW])
    assert place == "A1"  # the line itself
    assert found in note


def test_a_note_of_who_filled_in_the_table_is_no_unit() -> None:
    assert money([["填报单位：广元市某局"], HEADER, ["人事考试院", "1", ""]]) == 10**6


def test_cell_beats_column_beats_note_beats_sources_beats_contract() -> None:
    header = ["单位名称", "预算数（亿元）", "决算数"]
    by = contract()
    assert money([HEADER, ["人事考试院", "1", ""]], by=by) == 10**6
    assert money([HEADER, ["人事考试院", "1", ""]], by=by, unit="千元") == 10**5
    assert money([["单位：元"], HEADER, ["人事考试院", "1", ""]], by=by, unit="千元") == 100
    cells = cells_of([["单位：元"], header, ["人事考试院", "1", "1"]], by, "千元")
    assert (cells["人事考试院/budget"].value, cells["人事考试院/actual"].value) == (10**10, 100)
    assert cells["人事考试院/budget"].printed_unit == "亿元"
    assert money([["单位：元"], header, ["人事考试院", "10万元", ""]], by=by, unit="千元") == 10**7


def test_a_unit_that_the_contract_gives_a_column_beats_the_note() -> None:
    by = contract(TABLE.replace("header: 预算数,", "header: 预算数, unit: 亿元,"))
    assert money([["单位：元"], HEADER, ["人事考试院", "1", ""]], by=by) == 10**10


def test_a_unit_printed_in_a_header_counts_where_the_contract_spells_it_out_too() -> None:
    by = contract(TABLE.replace("header: 预算数,", "header: 预算数（亿元）,"))
    assert money([["单位名称", "预算数（亿元）", "决算数"], ["人事考试院", "1", ""]], by=by) == 10**10


def test_a_unit_over_a_group_of_columns_is_theirs() -> None:
    rows = [["支出表"], ["单位名称", "预算（元）", "决算（亿元）"], ["", "预算数", "决算数"], ["考试院", "1", "1"]]
    assert [cell.value for cell in cells_of(rows).values()] == [100, 10**10]


def test_persons_and_rates_take_the_unit_of_their_header_and_never_the_money_unit() -> None:
    rows = [["单位：万元"], ["人员类别", "人数（万人）", "控制率（%）"], ["参保", "1,027", "91.35"]]
    cells = cells_of(rows, contract(PEOPLE))
    assert (cells["参保/headcount"].value, cells["参保/headcount"].half_width) == (10_270_000, 5_000)
    assert (cells["参保/rate"].value, cells["参保/rate"].half_width) == (Decimal("0.9135"), Decimal("0.00005"))
    rows = [["单位：万元"], ["人员类别", "人数", "控制率"], ["编内", "338", "91.35%"]]
    cells = cells_of(rows, contract(PEOPLE))
    assert (cells["编内/headcount"].value, cells["编内/headcount"].half_width) == (338, 0)
    assert cells["编内/rate"].value == Decimal("0.9135")


def test_a_permille_column_is_read_in_permille() -> None:
    by = contract(PEOPLE.replace("kind: ratio", "kind: ratio, unit: ‰"))
    assert cells_of([["人员类别", "人数", "控制率"], ["编内", "1", "15"]], by)["编内/rate"].value == Decimal("0.015")


def test_money_without_any_unit_is_refused() -> None:
    assert refused([HEADER, ["考试院", "1", ""]], contract(unit="")) == [("B2", "1")]


# --- rows


def test_names_lose_spaces_and_line_breaks_and_keep_their_brackets() -> None:
    cells = cells_of([HEADER, ["湖南省人力资源\n和社会保障厅 （本级）", "1", "2"]])
    assert "湖南省人力资源和社会保障厅（本级）/budget" in cells
    rows = [["序号", "项目明细", "预算资金", "决算支出"], ["3", "2023年省政府 特殊津贴(2023结转）", "1", "2"]]
    cells = cells_of(rows, contract(PROJECTS))
    assert cells["3/project_name"].text == "2023年省政府特殊津贴(2023结转）"
    assert cells["3/budget"].row_label == "第3行 2023年省政府特殊津贴(2023结转）"


def test_a_name_with_a_slash_or_colon_still_gives_an_address_of_four_parts() -> None:
    (cell, _) = cells_of([HEADER, ["甲/乙:丙", "1", "2"]]).values()
    assert cell.address == "2024/spending/甲／乙：丙/budget"


def test_numbered_rows_are_keyed_by_their_number() -> None:
    header = ["序号", "项目明细", "预算资金", "决算支出"]
    assert "17/budget" in cells_of([header, ["１７", "甲", "1", "2"]], contract(PROJECTS))
    assert "17/budget" in cells_of([header, ["017", "甲", "1", "2"]], contract(PROJECTS))
    for wrong in ("一七", "17.5", "②", "-1"):
        assert refused([header, [wrong, "甲", "1", "2"]], contract(PROJECTS)) == [("A2", wrong)]


@pytest.mark.parametrize("name", ["合计", "总 计", "合\u3000计"])
def test_a_total_row_is_told_from_the_rows_that_it_adds_up(name: str) -> None:
    cells = cells_of([HEADER, ["考试院", "1", "2"], [name, "1", "2"]])
    assert (cells["考试院/budget"].row_kind, cells["total/budget"].row_kind) == ("detail", "total")
    assert cells["total/budget"].row_label == "合计"


def test_a_total_may_be_named_in_a_text_column_and_leave_the_number_blank() -> None:
    rows = [["序号", "项目明细", "预算资金", "决算支出"], ["1", "甲", "1", "2"], ["", "合计", "1", "2"]]
    assert cells_of(rows, contract(PROJECTS))["total/budget"].row_kind == "total"


def test_a_total_within_a_group_is_keyed_by_its_group() -> None:
    rows = [FUND_HEADER, ["工伤保险", "收入", "利息收入", "1", ""], ["工伤保险", "收入", "合计", "1.5", "98.3%"]]
    cells = cells_of(rows, contract(FUNDS))
    assert set(cells) == {
        "work_injury:income:利息收入/budget",
        "work_injury:income:total/budget",
        "work_injury:income:total/rate",
    }
    assert cells["work_injury:income:total/budget"].row_label == "工伤保险收入 合计"


def test_a_memo_row_stands_beside_the_total() -> None:
    rows = [["人员类别", "人数", "控制率"], ["行政", "5", ""], ["离休人员", "2", ""], ["合计", "5", ""]]
    kinds = {cell.row_key: cell.row_kind for cell in cells_of(rows, contract(PEOPLE)).values()}
    assert kinds == {"行政": "detail", "离休人员": "memo", "total": "total"}


def test_printed_codes_are_mapped_and_an_unknown_fund_is_refused() -> None:
    rows = [FUND_HEADER, ["工伤保险", "收入", "利息", "1", ""], ["生育保险", "收入", "利息", "1", ""]]
    (problem,) = problems_of(cells_of, rows, contract(FUNDS))
    assert (problem.cell, problem.found, problem.expected) == ("A3", "生育保险", "工伤保险、失业保险")
    assert refused([FUND_HEADER, ["工伤保险", "", "利息", "1", ""]], contract(FUNDS)) == [("B2", "空白")]


def test_a_row_without_its_key_is_refused() -> None:
    assert refused([HEADER, ["", "1", "2"]]) == [("A2", "空白")]


def test_a_key_printed_twice_is_refused_with_both_places() -> None:
    (problem,) = problems_of(cells_of, [HEADER, ROW, ["就业中心", "1", "2"], ["人事 考试院", "3", "4"]])
    assert (problem.cell, problem.found, problem.expected) == ("A4", "第二个 人事考试院", "每行一次（已在 A2）")


def test_blank_lines_and_notes_under_the_table_are_no_rows() -> None:
    notes = [
        [],
        ["", "", ""],
        ["注：本表不含涉密项目", "", ""],
        ["注1：同上"],
        ["备注：", "本表以万元为单位", ""],
        ["制表人：某甲", "审核人：某乙", "填表日期：2025年4月1日"],
        ["资料来源：决算"],
    ]
    assert set(cells_of([HEADER, ROW, *notes])) == {"人事考试院/budget", "人事考试院/actual"}


def test_a_row_whose_name_begins_like_a_note_is_still_a_row() -> None:
    by = contract(blank="not_printed")
    cells = cells_of([HEADER, ["审核中心", "1", ""], ["说明书印刷", "2", ""], ["制表厂", "3", ""]], by)
    assert set(cells) == {"审核中心/budget", "说明书印刷/budget", "制表厂/budget"}


def test_a_header_repeated_at_a_page_break_is_no_row() -> None:
    top = [["支出表"], ["单位：万元"], ["单位名称", "项目支出", ""], ["", "预算数", "决算数"]]
    cells = cells_of([*top, ROW, *top, ["就业中心", "1", "2"]])
    assert [cell.cell for cell in cells.values()] == ["B5", "C5", "B10", "C10"]


def test_a_table_that_goes_on_in_another_unit_is_refused() -> None:
    found = refused([["单位：万元"], HEADER, ROW, ["单位：元", "", ""], ["单位名称", "预算数（元）", "决算数"]])
    assert ("B5", "预算数（元）") in found


def test_a_ledger_of_names_has_a_cell_for_each_name() -> None:
    by = contract(
        "{ledger: names, title: 名录, short: 名录, keys: [{name: list, header: 类别}, {name: entry, header: 名称}]}"
    )
    (cell,) = cells_of([["类别", "名称"], ["附件", "附件 1"]], by).values()
    assert (cell.measure, cell.text, cell.value, cell.unit) == ("entry", "附件 1", None, "text")
    assert cell.address == "2024/names/附件:附件1/entry"


def test_a_target_gives_its_value_and_its_direction() -> None:
    by = contract(
        """{ledger: aims, title: 指标, short: 指标, keys: [{name: aim, header: 指标}], blank: not_printed, measures:
        [{name: target, header: 指标值, kind: target}, {name: actual, header: 完成值, kind: outcome}]}"""
    )
    rows = [
        ["指标", "指标值", "完成值"],
        ["就业", "≥10万人", "9.7万人"],
        ["服务", "稳步提升", "已提升"],
        ["数", "5", ""],
    ]
    cells = cells_of(rows, by)
    assert {at: (cell.text, cell.value, cell.half_width) for at, cell in cells.items()} == {
        "就业/target": ("≥10万人", 100_000, 0),
        "就业/direction": (">=", None, 0),
        "就业/actual": ("9.7万人", 97_000, 500),
        "服务/target": ("稳步提升", None, 0),
        "服务/direction": ("qualitative", None, 0),
        "服务/actual": ("已提升", None, 0),
        "数/target": ("5", 5, 0),
        "数/direction": ("=", None, 0),
    }


def test_every_bad_cell_of_a_table_is_listed_with_what_was_expected() -> None:
    problems = problems_of(
        cells_of, [HEADER, ["甲", "1.2.3", "12,34.00"], ["乙", "0.0000001", "=A1"], ["丙", "1", "2"]]
    )
    money_like = "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"
    assert [(p.file, p.sheet, p.cell, p.found, p.expected) for p in problems] == [
        ("账.csv", "", "B2", "1.2.3", money_like),
        ("账.csv", "", "C2", "12,34.00", money_like),
        ("账.csv", "", "B3", "0.0000001", "最多精确到分（0.01 元）的数"),
        ("账.csv", "", "C3", "=A1", money_like),
    ]
    assert str(problems[0]) == f"账.csv B2：读到 1.2.3；应为 {money_like}"


# --- a year's folder


def test_the_real_2024_ledgers_give_every_printed_cell(real: Year) -> None:
    assert (real.year, len(real.cells)) == (2024, 921)
    assert Counter(cell.ledger for cell in real.cells) == {
        "budget_scope": 12, "category_expenditure": 24, "department_summary": 22, "establishment": 9,
        "fund_balance": 16, "fund_statement": 140, "indicator": 22, "insured": 6, "operating_cost": 9,
        "organisation": 53, "performance_fact": 161, "project_expenditure": 227, "report_date": 12, "restatement": 57,
        "score_section": 13, "stated_count": 12, "unit_basic_expenditure": 63, "unit_project_expenditure": 63,
    }  # fmt: skip
    assert len({cell.address for cell in real.cells}) == 921


@pytest.mark.parametrize(
    ("address", "text", "value", "half", "place"),
    [
        ("unit_basic_expenditure/湖南省人力资源和社会保障厅（本级）/initial_budget",
         "8,055.00", "8055000000", "5000", "D4"),
        ("unit_basic_expenditure/湖南省人力资源和社会保障厅（本级）/carryover", "-", "0", "0", "C4"),
        ("unit_basic_expenditure/湖南省社会保险服务中心/carryover", "", "0", "0", "C5"),
        ("unit_basic_expenditure/total/adjustment", "-1,190.12", "-1190120000", "5000", "E12"),
        ("project_expenditure/17/adjustment", "-362.20", "-362200000", "5000", "E20"),
        ("department_summary/total/execution_rate", "86.60%", "0.8660", "0.00005", "H3"),
        ("fund_balance/enterprise_pension/closing", "1806.43", "18064300000000", "50000000", "E3"),
        ("insured/pension/persons", "5458.08万人", "54580800", "50", "B2"),
        ("insured/pension/change", "26.68万", "266800", "50", "C2"),
        ("establishment/total/headcount", "338", "338", "0", "C6"),
        ("score_section/execution/score", "8.66", "8.66", "0", "C2"),
        ("operating_cost/three_public/budget_change", "不变", "0", "0", "E4"),
        ("stated_count/fund/number", "五", "5", "0", "B6"),
        ("report_date/report_signed/day", "2025年4月18日", "20196", "0", "B7"),
    ],
)  # fmt: skip
def test_a_real_cell_has_its_exact_value_and_place(
    real: Year, address: str, text: str, value: str, half: str, place: str
) -> None:
    cell = next(cell for cell in real.cells if cell.address == f"2024/hunan_hrss/{address}")
    assert (cell.text, cell.value, cell.half_width, cell.cell) == (text, Decimal(value), Decimal(half), place)
    assert cell.file == f"raw/2024/hunan_hrss/{address.partition('/')[0]}.csv"


def test_the_ten_wan_yuan_inside_the_list_of_yi_yuan_keeps_its_own_unit(real: Year) -> None:
    own = [cell for cell in real.ledgers["fund_statement"].cells if cell.printed_unit == "万元"]
    assert [(cell.text, cell.value) for cell in own] == [("10万元", 10_000_000)]


def test_a_ledger_carries_its_source_and_the_hash_of_its_file(real: Year) -> None:
    ledger = real.ledgers["project_expenditure"]
    content = (ROOT / "raw" / "2024" / "hunan_hrss" / "project_expenditure.csv").read_bytes()
    assert ledger.sha256 == hashlib.sha256(content).hexdigest()
    assert (ledger.source.section, ledger.source.document, ledger.source.unit) == ("三（二）表3", "report", "万元")
    assert len(real.sources.documents["report"].sha256) == 64


def test_the_same_ledgers_give_the_same_cells_wherever_they_lie(
    raw: Path, real: Year, contracts: dict[str, Contract]
) -> None:
    assert read_year(raw / "2024" / "hunan_hrss", 2024, contracts).cells == real.cells


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_the_real_ledgers_read_alike_in_another_encoding(
    raw: Path, real: Year, contracts: dict[str, Contract], encoding: str
) -> None:
    for path in (raw / "2024" / "hunan_hrss").glob("*.csv"):
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert read_year(raw / "2024" / "hunan_hrss", 2024, contracts).cells == real.cells


def test_all_bad_cells_of_all_files_are_listed_at_once_and_no_others(raw: Path, contracts: dict[str, Contract]) -> None:
    folder = raw / "2024" / "hunan_hrss"
    edit(folder / "project_expenditure.csv", '"4,641.52"', '"4,6415.2"')
    edit(folder / "project_expenditure.csv", ",965.86", ",965.8.6")
    edit(folder / "insured.csv", "1027万人", "1027万元")
    problems = problems_of(read_year, folder, 2024, contracts)
    assert [(p.file, p.sheet, p.cell, p.found) for p in problems] == [
        ("raw/2024/hunan_hrss/project_expenditure.csv", "", "G8", "4,6415.2"),
        ("raw/2024/hunan_hrss/project_expenditure.csv", "", "G18", "965.8.6"),
        ("raw/2024/hunan_hrss/insured.csv", "", "B3", "1027万元"),
    ]
    assert [p.expected.partition("，")[0] for p in problems] == ["金额（单位 万元）", "金额（单位 万元）", "人数"]


def test_bad_cells_missing_files_and_unlisted_files_are_reported_together(
    raw: Path, contracts: dict[str, Contract]
) -> None:
    folder = raw / "2024" / "hunan_hrss"
    edit(folder / "insured.csv", "1027万人", "许多")
    (folder / "fund_balance.csv").unlink()
    (folder / "extra.csv").write_text("a,b\n", encoding="utf-8")
    (folder / "~$lock.xlsx").write_text("x", encoding="utf-8")
    problems = problems_of(read_year, folder, 2024, contracts)
    assert [(p.file, p.found) for p in problems] == [
        (str(folder / "extra.csv"), "没有登记的文件"),
        (str(folder / "fund_balance.csv"), "没有这个文件"),
        ("raw/2024/hunan_hrss/insured.csv", "许多"),
    ]


def test_a_missing_year_says_what_is_expected_where(raw: Path, contracts: dict[str, Contract]) -> None:
    problems = problems_of(read_year, raw / "2025" / "hunan_hrss", 2025, contracts)
    required = [name for name, each in contracts.items() if each.required]
    assert [p.file for p in problems] == [f"{raw / '2025' / 'hunan_hrss'}/{name}.csv" for name in required]
    assert ("表3 项目支出明细表（csv 或 xlsx）", "没有这本账") in {(p.expected, p.found) for p in problems}


def test_a_year_folder_without_ledgers_is_a_missing_year_even_where_none_is_required(
    raw: Path, contracts: dict[str, Contract]
) -> None:
    (raw / "2025" / "hunan_hrss").mkdir(parents=True)
    optional = {"budget_scope": contracts["budget_scope"]}
    assert [p.found for p in problems_of(read_year, raw / "2025" / "hunan_hrss", 2025, optional)] == ["没有这本账"]


def test_missing_sources_are_asked_for(raw: Path, contracts: dict[str, Contract]) -> None:
    path = raw / "2024" / "hunan_hrss" / "sources.yml"
    path.unlink()
    (problem,) = problems_of(read_year, raw / "2024" / "hunan_hrss", 2024, contracts)
    assert (problem.file, problem.found) == (str(path), "没有这个文件")


@pytest.mark.parametrize(
    ("before", "after", "cell", "found"),
    [
        ("year: 2024", "year: 2023", "year", "2023"),
        ("year: 2024", "year: 2024\nyears: 3", "years", "3"),
        ("file: insured.csv, ledger: insured, document: report", "file: insured.csv, ledger: insured, document: letter",
         "insured.csv", "letter"),
        ("file: fund_balance.csv, ledger: fund_balance, document: report, section: 六, unit: 亿元",
         "file: fund_balance.csv, ledger: fund_balance, document: report, section: 六, unit: 亿圆",
         "fund_balance.csv", "亿圆"),
        ("file: report_date.csv, ledger: report_date", "file: report_date.csv, ledger: report_days",
         "report_date.csv", "report_days"),
    ],
)  # fmt: skip
def test_wrong_sources_are_refused_with_their_key(
    raw: Path, contracts: dict[str, Contract], before: str, after: str, cell: str, found: str
) -> None:
    path = raw / "2024" / "hunan_hrss" / "sources.yml"
    edit(path, before, after)
    (problem,) = problems_of(read_year, raw / "2024" / "hunan_hrss", 2024, contracts)
    assert (problem.file, problem.cell, problem.found) == (str(path), cell, found)


@pytest.mark.parametrize(
    ("line", "found"),
    [("转移支出,10万元,0.02,\n", "43 行"), ("", "44 行")],
    ids=["a row is lost", "the count is wrong"],
)
def test_a_ledger_has_as_many_rows_as_the_sources_count(
    raw: Path, contracts: dict[str, Contract], line: str, found: str
) -> None:
    folder = raw / "2024" / "hunan_hrss"
    if line:  # of 0.02 in 40.51: no sum sees that it has gone
        edit(folder / "fund_statement.csv", f"失业保险,省本级,支出,{line}", "")
    else:
        edit(folder / "sources.yml", "rows: 44", "rows: 45")
    (problem,) = problems_of(read_year, folder, 2024, contracts)
    assert (problem.file, problem.found) == (str(folder / "fund_statement.csv"), found)
    assert problem.expected.startswith("45 行" if not line else "44 行")


@pytest.mark.parametrize("content", [b"year: [", b"year: \xff", b""])
def test_sources_that_are_no_yaml_are_refused_with_their_name(
    raw: Path, contracts: dict[str, Contract], content: bytes
) -> None:
    path = raw / "2024" / "hunan_hrss" / "sources.yml"
    path.write_bytes(content)
    (problem,) = problems_of(read_year, raw / "2024" / "hunan_hrss", 2024, contracts)
    assert problem.file == str(path)


def test_a_department_says_which_of_its_offices_mends_a_ledger(raw: Path, contracts: dict[str, Contract]) -> None:
    folder = raw / "2024" / "hunan_hrss"
    edit(folder / "sources.yml", "year: 2024\n", "year: 2024\non_duty: 财务处\n")
    edit(folder / "sources.yml", "{file: insured.csv,", "{file: insured.csv, on_duty: 信息中心,")
    year = read_year(folder, 2024, contracts)
    of = {name: year.on_duty(ledger) for name, ledger in year.ledgers.items()}
    assert of.pop("insured") == "信息中心" and {*of.values()} == {"财务处"}


def test_a_required_ledger_that_the_sources_do_not_list_is_missed(raw: Path, contracts: dict[str, Contract]) -> None:
    folder = raw / "2024" / "hunan_hrss"
    edit(
        folder / "sources.yml",
        "  - {file: score_section.csv, ledger: score_section, document: report, section: 七（三）}\n",
        "",
    )
    (folder / "score_section.csv").unlink()
    (problem,) = problems_of(read_year, folder, 2024, contracts)
    assert (problem.file, problem.found) == (str(folder / "score_section.csv"), "没有这本账")
    assert problem.expected == "绩效自评得分表，并在 sources.yml 登记"


def test_an_optional_ledger_may_be_left_out(raw: Path, contracts: dict[str, Contract]) -> None:
    folder = raw / "2024" / "hunan_hrss"
    edit(
        folder / "sources.yml",
        "  - {file: budget_scope.csv, ledger: budget_scope, document: report, section: 三至六}\n",
        "",
    )
    (folder / "budget_scope.csv").unlink()
    assert "budget_scope" not in read_year(folder, 2024, contracts).ledgers


def test_a_second_file_for_a_ledger_is_refused_and_its_bad_cells_are_listed_too(
    raw: Path, contracts: dict[str, Contract]
) -> None:
    folder = raw / "2024" / "hunan_hrss"
    edit(folder / "insured.csv", "1027万人", "许多")
    shutil.copy(folder / "insured.csv", folder / "insured_2.csv")
    edit(
        folder / "sources.yml",
        "  - {file: score_section",
        "  - {file: insured_2.csv, ledger: insured}\n  - {file: score_section",
    )
    problems = problems_of(read_year, folder, 2024, contracts)
    assert [(p.file, p.cell, p.found) for p in problems] == [
        ("raw/2024/hunan_hrss/insured.csv", "B3", "许多"),
        (str(folder / "insured_2.csv"), "", "第二份 insured"),
        ("raw/2024/hunan_hrss/insured_2.csv", "B3", "许多"),
    ]


def _year_in_one_workbook(folder: Path, sources: str, **sheets: list[list[str]]) -> Path:
    folder.mkdir()
    workbook(folder / "决算.xlsx", sheets)
    (folder / "sources.yml").write_text(f"year: 2024\nfiles:\n{sources}", encoding="utf-8")
    return folder


def test_several_ledgers_of_one_workbook_are_told_apart_by_sheet(tmp_path: Path) -> None:
    folder = _year_in_one_workbook(
        tmp_path / "2024",
        "  - {file: 决算.xlsx, ledger: spending, sheet: 支出}\n  - {file: 决算.xlsx, ledger: people, sheet: 人员}\n",
        支出=[HEADER, ROW],
        人员=[["人员类别", "人数", "控制率"], ["行政", "5", ""]],
    )
    year = read_year(folder, 2024, {"spending": contract(), "people": contract(PEOPLE, blank="not_printed")})
    assert [(c.address, c.file, c.sheet, c.cell) for c in year.cells] == [
        ("2024/spending/人事考试院/budget", "raw/2024/决算.xlsx", "支出", "B2"),
        ("2024/spending/人事考试院/actual", "raw/2024/决算.xlsx", "支出", "C2"),
        ("2024/people/行政/headcount", "raw/2024/决算.xlsx", "人员", "B2"),
    ]


@pytest.mark.parametrize("sheet", ["", ", sheet: 第三张"])
def test_a_workbook_of_several_sheets_needs_the_name_of_one_of_them(tmp_path: Path, sheet: str) -> None:
    folder = _year_in_one_workbook(
        tmp_path / "2024", f"  - {{file: 决算.xlsx, ledger: spending{sheet}}}\n", 支出=[HEADER, ROW], 人员=[["x"]]
    )
    (problem,) = problems_of(read_year, folder, 2024, {"spending": contract()})
    assert (problem.found, problem.expected) == ("工作表：支出、人员", "sources.yml 的 sheet 指明其中一张")


def test_bad_cells_of_a_workbook_name_their_sheet(tmp_path: Path) -> None:
    rows = [
        HEADER,
        ["甲", "1.2.3", {"formula": "=1/0", "value": "#DIV/0!"}],
        ["乙", (1, "0.00E+00"), {"formula": "=1"}],
    ]
    folder = _year_in_one_workbook(tmp_path / "2024", "  - {file: 决算.xlsx, ledger: spending}\n", 支出=rows)
    problems = problems_of(read_year, folder, 2024, {"spending": contract()})
    assert [(p.file, p.sheet, p.cell, p.found) for p in problems] == [
        ("raw/2024/决算.xlsx", "支出", "C2", "#DIV/0!"),
        ("raw/2024/决算.xlsx", "支出", "B3", "数字格式 0.00E+00"),
        ("raw/2024/决算.xlsx", "支出", "C3", "公式没有保存结果"),
        ("raw/2024/决算.xlsx", "支出", "B2", "1.2.3"),
    ]


# --- any files, for `check`


def _csv(path: Path, *rows: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    return path


PLAIN = ["考试院", "1", "2"]


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("spending.csv", []),
        ("支出表.csv", []),
        ("附件5.csv", [["支出表"]]),
        ("附件5.csv", [["附件5"], ["", "支 出 表"]]),
    ],
)
def test_a_file_is_matched_by_its_name_or_the_title_above_the_table(
    tmp_path: Path, name: str, titles: list[list[str]]
) -> None:
    path = _csv(tmp_path / name, *titles, HEADER, PLAIN)
    year = read_paths([path], 2024, {"people": contract(PEOPLE), "spending": contract()})
    assert list(year.ledgers) == ["spending"]
    assert year.ledgers["spending"].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_sheets_are_matched_by_their_names_and_blank_or_hidden_ones_left_alone(tmp_path: Path) -> None:
    sheets = {
        "人员表": [["人员类别", "人数", "控制率"], ["行政", "5", ""]],
        "Sheet2": [],
        "草稿": [["什么"]],
        "支出表": [HEADER, PLAIN],
    }
    path = workbook(tmp_path / "决算.xlsx", sheets, hidden=["草稿"])
    year = read_paths([path], 2024, {"people": contract(PEOPLE), "spending": contract()})
    assert [(name, ledger.source.sheet) for name, ledger in year.ledgers.items()] == [
        ("people", "人员表"),
        ("spending", "支出表"),
    ]


def test_a_table_that_no_contract_knows_is_refused(tmp_path: Path) -> None:
    path = _csv(tmp_path / "附件5.csv", HEADER, PLAIN)
    (problem,) = problems_of(read_paths, [path], 2024, {"spending": contract()})
    assert (problem.file, problem.found) == (str(path), "认不出是哪本账")
    assert problem.expected == "文件名、表名或标题为：支出表"


def test_a_forced_contract_reads_a_table_of_any_name(tmp_path: Path) -> None:
    path = _csv(tmp_path / "附件5.csv", HEADER, PLAIN)
    assert list(read_paths([path], 2024, {}, forced=contract()).ledgers) == ["spending"]


def test_a_folder_is_read_without_its_companions_and_lock_files(
    raw: Path, real: Year, contracts: dict[str, Contract]
) -> None:
    (raw / "2024" / "hunan_hrss" / "~$决算.xlsx").write_bytes(b"lock")
    year = read_paths([raw / "2024" / "hunan_hrss"], None, contracts)
    assert year.year == 2024
    assert [(c.ledger, c.row_key, c.measure, c.value) for c in year.cells] == [
        (c.ledger, c.row_key, c.measure, c.value) for name in year.ledgers for c in real.ledgers[name].cells
    ]
    assert year.ledgers.keys() == real.ledgers.keys()


def test_all_problems_of_all_paths_are_listed_at_once(tmp_path: Path) -> None:
    bad = _csv(tmp_path / "a" / "spending.csv", HEADER, ["考试院", "1.2.3", "x"])
    other = _csv(tmp_path / "a" / "people.csv", ["人员类别", "人数", "控制率"], ["行政", "半个", ""])
    torn = _csv(tmp_path / "a" / "torn.csv", ['"a'])
    nowhere = tmp_path / "nowhere.csv"
    known = {"spending": contract(), "people": contract(PEOPLE)}
    problems = problems_of(read_paths, [tmp_path / "a", nowhere], 2024, known)
    assert {(p.file, p.cell) for p in problems} == {
        (str(bad), "B2"), (str(bad), "C2"), (str(other), "B2"), (str(torn), ""), (str(nowhere), ""),
    }  # fmt: skip


def test_a_second_table_for_a_ledger_is_refused(tmp_path: Path) -> None:
    paths = [_csv(tmp_path / "spending.csv", HEADER, PLAIN), _csv(tmp_path / "支出表.csv", HEADER, PLAIN)]
    (problem,) = problems_of(read_paths, paths, 2024, {"spending": contract()})
    assert (problem.file, problem.found) == (str(paths[1]), "第二份支出表")


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (problem,) = problems_of(read_paths, [tmp_path / "empty"], 2024, {"spending": contract()})
    assert problem.found == "没有账表"


@pytest.mark.parametrize(
    ("name", "title", "given_year", "year"),
    [
        ("2023/spending.csv", ["2022年度支出表"], None, 2023),
        ("某厅2023年决算/spending.csv", ["支出表"], None, 2023),
        ("x/spending.csv", ["2022年度部门支出"], None, 2022),
        ("x/spending.csv", ["某厅 2022 年支出"], None, 2022),
        ("2023/spending.csv", ["2022年度支出表"], 2021, 2021),
    ],
)
def test_the_year_is_the_callers_or_the_folders_or_the_titles(
    tmp_path: Path, name: str, title: list[str], given_year: int | None, year: int
) -> None:
    path = _csv(tmp_path / name, title, HEADER, PLAIN)
    read = read_paths([path], given_year, {"spending": contract()})
    assert read.year == year
    assert {cell.fiscal_year for cell in read.cells} == {year}


def test_a_year_in_a_rows_name_is_not_the_tables_year(tmp_path: Path) -> None:
    path = _csv(tmp_path / "spending.csv", HEADER, ["2023年省政府特殊津贴", "1", "2"])
    (problem,) = problems_of(read_paths, [path], None, {"spending": contract()})
    assert (problem.file, problem.found) == (str(path), "看不出年度")


def test_the_sources_may_say_which_ledgers_a_department_must_bring(raw: Path, contracts: dict[str, Contract]) -> None:
    folder = raw / "2024" / "hunan_hrss"
    for path in folder.glob("*.csv"):
        if path.name != "insured.csv":
            path.unlink()
    sources = "year: 2024\nrequired: {required}\nfiles:\n  - {{file: insured.csv, ledger: insured}}\n"
    (folder / "sources.yml").write_text(sources.format(required="[]"), encoding="utf-8")
    assert set(read_year(folder, 2024, contracts).ledgers) == {"insured"}
    (folder / "sources.yml").write_text(sources.format(required="[fund_balance, nonsense]"), encoding="utf-8")
    found = [(Path(p.file).name, p.found) for p in problems_of(read_year, folder, 2024, contracts)]
    assert found == [("sources.yml", "nonsense"), ("fund_balance.csv", "没有这本账")]


def test_a_unit_that_is_none_in_the_sources_is_told_once_and_not_of_each_figure(
    raw: Path, contracts: dict[str, Contract]
) -> None:
    """It was 136 messages, 135 of them consequences."""
    edit(raw / "2024" / "hunan_hrss" / "project_expenditure.csv", "单位：万元\n", "")
    unit = "ledger: project_expenditure, document: report, section: 三（二）表3, unit: 万元"
    edit(raw / "2024" / "hunan_hrss" / "sources.yml", unit, unit.replace("万元", "石"))
    (problem,) = problems_of(read_year, raw / "2024" / "hunan_hrss", 2024, contracts)
    assert (problem.file, problem.cell, problem.found) == (
        str(raw / "2024" / "hunan_hrss" / "sources.yml"), "project_expenditure.csv", "石",
    )  # fmt: skip
