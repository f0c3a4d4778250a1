"""Rows that are not details: totals by any name, subtotals, of-which rows, numbering, continuations; and half names."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Ledger, read_paths
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.table import Table, read_table
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rulebook, read_rules
from tests.unit.ledgers.conftest import TABLE, cells_of, contract, problems_of, refused

CASES = Path(__file__).parent / "cases"
HEADER = ["单位名称", "预算数", "决算数"]
NUMBERED = """
ledger: projects
title: 项目表
short: 项目表
unit: 万元
keys: [{name: project_no, header: 序号, type: integer}]
texts: [{name: project_name, header: 项目明细}]
measures: [{name: budget, header: 预算资金}]
label: 第{project_no}行 {project_name}
"""
SIDES = """
ledger: sides
title: 收支表
short: 收支表
unit: 万元
keys: [{name: side, header: 收支, values: {收入: income, 支出: expenditure}}, {name: item, header: 项目}]
measures: [{name: budget, header: 预算数}]
"""


def ledger_of(contracts: dict[str, Contract], *parts: str) -> Ledger:
    (ledger,) = read_paths([CASES.joinpath(*parts)], 2024, contracts).ledgers.values()
    return ledger


def rows_of(ledger: Ledger) -> list[tuple[str, str, str]]:
    return [(c.row_key, c.row_kind, c.parent) for c in ledger.cells if c.measure == "carryover"]


def table(rows: list[list[str]], by: Contract | None = None) -> Table:
    return read_table(Grid("账.csv", "", rows), by or contract(), 2024)


def kinds(rows: list[list[str]], by: Contract | None = None) -> dict[str, str]:
    return {cell.row_key: cell.row_kind for cell in table(rows, by).cells}


def rules_of(ledger: Ledger) -> Rulebook:
    rules = read_rules(ROOT / "expectations" / "rules" / "structure.yml")
    return compile_rules(rules, {ledger.contract.ledger: ledger.contract}, 2024, cells=ledger.cells)


# --- totals


@pytest.mark.parametrize("name", [f"{n:02}.xlsx" for n in range(14)])
def test_a_total_is_known_by_any_name_that_offices_give_it(contracts: dict[str, Contract], name: str) -> None:
    rows = rows_of(ledger_of(contracts, "total-row-names", name))
    assert rows[-1] == ("total", "total", "")
    assert [kind for _, kind, _ in rows] == ["detail", "detail", "detail", "total"]


@pytest.mark.parametrize("name", ["总 计：", "各单位合计", "TOTAL", "Grand Total", "合计（元）", "本年合计"])
def test_names_of_totals_nobody_listed_are_totals(name: str) -> None:
    assert kinds([HEADER, ["甲", "1", "1"], [name, "1", "1"]])["total"] == "total"


def test_a_total_is_compared_as_cells_are_and_shown_as_printed() -> None:
    by = contract(TABLE, total=["Total (€)"], memo=["of which  abroad"])
    rows = [HEADER, ["City  of\nBonn", "1", "1"], ["total（€）", "1", "1"], ["Of Which Abroad", "1", "1"]]
    assert kinds(rows, by) == {"CityofBonn": "detail", "total": "total", "OfWhichAbroad": "memo"}
    assert cells_of(rows, by)["CityofBonn/budget"].row_label == "City of Bonn"


def test_a_unit_whose_name_begins_like_a_total_is_a_detail() -> None:
    assert kinds([HEADER, ["合计处", "1", "1"], ["总计划处", "1", "1"]]) == {"合计处": "detail", "总计划处": "detail"}


def test_a_contract_may_say_that_a_row_is_another_thing_here() -> None:
    by = contract(total=["总计"], row_kinds={"合 计": "detail"})
    assert kinds([HEADER, ["合计", "1", "1"], ["总计", "1", "1"]], by) == {"合计": "detail", "total": "total"}


# --- subtotals and of-which rows


def test_a_subtotal_is_kept_apart_and_bound_to_its_rows(contracts: dict[str, Contract]) -> None:
    ledger = ledger_of(contracts, "subtotal-row")
    assert rows_of(ledger) == [
        ("甲中心", "detail", "subtotal_1"),
        ("乙中心", "detail", "subtotal_1"),
        ("subtotal_1", "subtotal", ""),
        ("丙学校", "detail", ""),
        ("total", "total", ""),
    ]
    terms = {s.key_1: s.side for s in rules_of(ledger).selectors if s.measure == "carryover"}
    assert terms == {"subtotal_1": "left", "甲中心": "right", "乙中心": "right"}


def test_subtotals_that_stand_above_their_rows_are_bound_to_those_below() -> None:
    rows = [HEADER, ["小计", "3", "3"], ["甲", "1", "1"], ["乙", "2", "2"], ["小计", "4", "4"], ["丙", "4", "4"]]
    cells = table([*rows, ["合计", "7", "7"]]).cells
    parents = {cell.row_key: cell.parent for cell in cells if cell.row_kind == "detail"}
    assert parents == {"甲": "subtotal_1", "乙": "subtotal_1", "丙": "subtotal_2"}


def test_a_subtotal_of_each_side_is_the_total_of_that_side() -> None:
    rows = [
        ["收支", "项目", "预算数"],
        ["收入", "甲", "1"],
        ["收入", "小计", "1"],
        ["支出", "乙", "2"],
        ["支出", "小计", "2"],
    ]
    assert set(kinds(rows, contract(SIDES))) == {"income:甲", "income:total", "expenditure:乙", "expenditure:total"}


def test_an_of_which_row_is_part_of_the_row_above_and_of_no_sum(contracts: dict[str, Contract]) -> None:
    ledger = ledger_of(contracts, "of-which-row")
    assert rows_of(ledger)[2:] == [
        ("丙学校", "detail", ""),
        ("丙学校·其中：丙学校附属园", "of_which", "丙学校"),
        ("total", "total", ""),
    ]
    measures = {s.measure for s in rules_of(ledger).selectors}
    assert measures == {"carryover", "initial_budget", "total_budget", "final_expenditure", "balance"}
    assert "adjustment" not in measures  # a part of a sum with negative terms may be more than the whole


def test_the_same_of_which_row_under_two_rows_is_two_rows() -> None:
    rows = [
        ["序号", "项目明细", "预算资金"],
        ["1", "甲", "3"],
        ["", "其中：人员", "1"],
        ["2", "乙", "3"],
        ["", "其中：人员", "2"],
    ]
    assert set(kinds(rows, contract(NUMBERED))) == {"1", "1·其中：人员", "2", "2·其中：人员"}


def test_an_of_which_row_under_nothing_is_refused() -> None:
    assert refused([HEADER, ["其中：甲", "1", "1"]]) == [("A2", "其中：甲")]


# --- rows without figures


def test_a_row_of_column_numbers_is_left_out_and_counted(contracts: dict[str, Contract]) -> None:
    ledger = ledger_of(contracts, "column-number-row")
    assert [(each.kind, each.cell, each.text) for each in ledger.left_out] == [("numbering", "A4", "栏次")]
    assert len(rows_of(ledger)) == 4


@pytest.mark.parametrize("row", [["甲", "1", "2"], ["栏 次", "1", "2=1+3"], ["1", "2", "3"], ["行次", "５", "６"]])
def test_columns_are_numbered_in_several_ways(row: list[str]) -> None:
    (left,) = table([HEADER, row, ["甲中心", "1", "2"]]).left_out
    assert left.kind == "numbering"


def test_a_row_that_looks_like_numbers_is_a_row_anywhere_but_under_the_header() -> None:
    assert set(kinds([HEADER, ["甲中心", "1", "2"], ["甲", "1", "2"]])) == {"甲中心", "甲"}


def test_a_title_printed_again_is_left_out_and_counted(contracts: dict[str, Contract]) -> None:
    ledger = ledger_of(contracts, "continued-title")
    assert [each.kind for each in ledger.left_out] == ["continuation", "header", "header"]
    assert [key for key, _, _ in rows_of(ledger)] == ["甲中心", "乙中心", "丙学校", "total"]


@pytest.mark.parametrize("row", [["续表", "", "单位：万元"], ["支出表(续 2)"], ["接上页"], ["第2页，共3页"]])
def test_continuations_are_printed_in_several_ways(row: list[str]) -> None:
    rows = [["支出表", "", "单位：万元"], ["单位：万元"], HEADER, ["甲", "1", "1"], row, ["乙", "1", "1"]]
    assert [each.kind for each in table(rows).left_out] == ["continuation"]


def test_another_unit_on_the_next_page_is_never_passed_over() -> None:
    rows = [["单位：万元"], HEADER, ["甲", "1", "1"], ["续表", "单位：元", ""], ["乙", "1", "1"]]
    assert [cell for cell, _ in refused(rows)] == ["B4"]


def test_a_name_without_a_figure_is_refused_with_the_row_above(contracts: dict[str, Contract]) -> None:
    (problem,) = problems_of(read_paths, [CASES / "name-over-two-rows"], 2024, contracts)
    assert (problem.cell, problem.found) == ("B6", "心，有名称，没有一个数")
    assert "第2行 乙中" in problem.expected


def test_a_heading_between_rows_is_refused_and_a_row_of_dashes_is_not() -> None:
    assert refused([HEADER, ["一、机关", "", ""], ["甲", "1", "1"]]) == [("A2", "一、机关，有名称，没有一个数")]
    assert kinds([HEADER, ["甲", "-", "-"]]) == {"甲": "detail"}


# --- what was not read


def test_files_that_are_no_tables_are_listed_and_not_passed_over(
    tmp_path: Path, contracts: dict[str, Contract]
) -> None:
    (tmp_path / "参保人数表.csv").write_text("险种,参保人数,同比增加\n失业保险,750.7万人,10.27万\n", encoding="utf-8")
    (tmp_path / "表1.docx").write_bytes(b"PK")
    (tmp_path / "附件").mkdir()
    (tmp_path / "corrections.csv").write_text("", encoding="utf-8")
    (tmp_path / "~$表1.xlsx").write_bytes(b"")
    not_read = read_paths([tmp_path], 2024, contracts).not_read
    assert {(each.kind, Path(each.file).name, each.found) for each in not_read} == {
        ("file", "表1.docx", ".docx"),
        ("file", "附件", "文件夹"),
    }


def test_rows_that_carry_no_figures_are_listed_with_what_they_are(contracts: dict[str, Contract]) -> None:
    year = read_paths([CASES / "continued-title" / "表1.xlsx"], 2024, contracts)
    assert [(each.kind, each.cell, each.reason) for each in year.not_read] == [
        ("row", "A6", "续表"),
        ("row", "A7", "重复的表头"),
        ("row", "A8", "重复的表头"),
    ]
