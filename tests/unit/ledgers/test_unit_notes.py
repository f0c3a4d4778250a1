"""Lines above a header that state the money unit, in every way that offices write them; and those that state none."""

from __future__ import annotations

import pytest

from orchestration.ledgers.contract import Contract
from orchestration.ledgers.money import MONEY_UNITS, currency_of
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.table import read_table
from orchestration.ledgers.unit_notes import unit_note
from tests.unit.ledgers.conftest import TABLE, cells_of, contract, problems_of, refused

HEADER = ["单位名称", "预算数", "决算数"]


@pytest.mark.parametrize(
    ("note", "unit"),
    [
        ("单位：万元", "万元"),
        ("单位 万元", "万元"),
        ("单位：人、万元", "万元"),
        ("单位：万元、人", "万元"),
        ("金额单位：人民币元", "元"),
        ("单位：元", "元"),
        ("单位 元", "元"),
        ("单位：人/元", "元"),
        ("单位：元/人", "元"),
        ("（单位：元）", "元"),
        ("计量单位：人民币元", "元"),
        ("单位：辆、人、元", "元"),
        ("货币单位：人民币，元", "元"),
        ("金额：元", "元"),
        ("Unit: yuan", "元"),
        ("单位：\u3000万\u3000元", "万元"),
        ("单位万元", "万元"),
        ("金额单位人民币万元", "万元"),
        ("单位：万元人民币", "万元"),
        ("单位：RMB万元", "万元"),
        ("单位：人民币 千元", "千元"),
        ("单位：元（人民币）", "元"),
        ("币种：人民币  单位：万元", "万元"),
        ("单位：万元 第1页 共2页", "万元"),
        ("单位：万元  2024年12月31日", "万元"),
        ("编制单位：某厅 单位：元", "元"),
        ("本表金额单位：元", "元"),
        ("本表以千元为单位", "千元"),
        ("支出表（百万元）", "百万元"),
        ("单位：万元、%", "万元"),
        ("单位：千万元", "千万元"),
        ("Unit: RMB 10,000", "万元"),
        ("(in thousands of yuan)", "千元"),
        ("Amounts in RMB million", "百万元"),
        ("单位：万美元", "万美元"),
    ],
)
def test_a_note_states_its_unit(note: str, unit: str) -> None:
    read = unit_note([note])
    assert read is not None and (read.unit, read.wrong) == (unit, "")


@pytest.mark.parametrize(
    "note",
    [
        "单位：万圆",
        "单位：元角",
        "单位：万元、元",
        "单位：",
        "金额单位：",
        "单位：人民币",
        "货币单位：人民币",
        "单位 千圆",
        "Unit: pesos",
        "Unit: thousand",
        "金额：百",
        "以万圆为单位",
        "单位：元 或 万元",
    ],
)
def test_a_note_that_is_not_wholly_understood_is_wrong_and_never_passed_over(note: str) -> None:
    read = unit_note([note])
    assert read is not None and read.wrong
    assert refused([[note], HEADER, ["考试院", "1", "1"]])[0][0] == "A1"


@pytest.mark.parametrize(
    "line",
    [
        "表1 基本支出资金明细表",
        "编制单位：某厅",
        "填报单位：广元市某局",
        "单位：广元市某局",
        "单位名称：某厅",
        "单位负责人：某甲",
        "单位（公章）：某厅",
        "单 位 名 称：某厅",
        "2024年度决算金额汇总",
        "支出表（补充）",
        "单位：湖南省人力资源和社会保障厅（本级）",
    ],
)
def test_a_line_about_something_else_states_nothing(line: str) -> None:
    assert unit_note([line]) is None


def test_a_unit_of_persons_is_understood_and_leaves_money_to_the_contract() -> None:
    cells = cells_of([["单位：人"], HEADER, ["考试院", "1", "1"]])
    assert cells["考试院/budget"].value == 10**6


def test_two_notes_that_disagree_are_refused() -> None:
    assert refused([["单位：元"], ["金额单位：万元"], HEADER, ["考试院", "1", "1"]]) == [("A2", "万元")]


@pytest.mark.parametrize(
    ("unit", "hundredths", "currency"),
    [
        ("元", 100, "CNY"),
        ("亿元", 10**10, "CNY"),
        ("千万元", 10**9, "CNY"),
        ("MXN", 100, "MXN"),
        ("千MXN", 10**5, "MXN"),
        ("万美元", 10**6, "USD"),
    ],
)
def test_money_units_of_any_currency_are_known(unit: str, hundredths: int, currency: str) -> None:
    assert (MONEY_UNITS[unit], currency_of(unit)) == (hundredths, currency)


@pytest.mark.parametrize("unit", ["", "人", "圆", "万万元", "mxn", "pesos", "万"])
def test_other_words_are_no_money_unit(unit: str) -> None:
    assert unit not in MONEY_UNITS


def test_amounts_of_another_currency_keep_its_name() -> None:
    by = contract(currency="MXN", unit="MXN")
    cell = cells_of([HEADER, ["考试院", "1,234.5", "1"]], by)["考试院/budget"]
    assert (cell.value, cell.printed_unit) == (123450, "MXN")
    assert cells_of([["单位：千MXN"], HEADER, ["考试院", "1", "1"]], by)["考试院/budget"].printed_unit == "千MXN"


@pytest.mark.parametrize(
    "rows",
    [
        [["单位：元"], HEADER, ["考试院", "1", "1"]],
        [HEADER, ["考试院", "1万元", "1"]],
        [["单位名称", "预算数（元）", "决算数"], ["考试院", "1", "1"]],
    ],
)
def test_a_ledger_in_another_currency_never_takes_yuan(rows: list[list[str]]) -> None:
    assert problems_of(cells_of, rows, contract(currency="MXN", unit="MXN"))


def test_a_yuan_ledger_refuses_another_currency() -> None:
    assert refused([["单位：万美元"], HEADER, ["考试院", "1", "1"]]) == [("A1", "万美元")]


THREE = [["考试院", "1.23", "2.35"], ["就业中心", "3.45", "4.57"], ["人才市场", "5.67", "6.79"]]


def test_a_unit_of_another_currency_in_the_sources_is_told_once_and_not_of_each_figure() -> None:
    (problem,) = problems_of(cells_of, [HEADER, *THREE], None, "美元")
    assert (problem.cell, problem.found, problem.expected) == ("", "美元", "以契约的币种 CNY 计的单位")


def test_the_unit_of_a_contract_is_of_its_currency() -> None:
    with pytest.raises(ValueError, match="以 MXN 计的单位"):
        contract(TABLE, currency="MXN")


@pytest.mark.parametrize(
    ("rows", "by", "at"),
    [
        ([["单位：元"], HEADER, ["考试院", "1", "1"]], contract(), "A1"),
        ([["收支", "", ""], ["支出（元）", "", ""], HEADER, ["考试院", "1", "1"]],
         contract(region={"from": "支出"}), "A2"),
    ],
)  # fmt: skip
def test_a_unit_on_the_table_that_overrules_the_sources_is_told(rows: list[list[str]], by: Contract, at: str) -> None:
    grid = Grid("账.csv", "", rows)
    read = read_table(grid, by, 2024, "亿元")
    assert {cell.printed_unit for cell in read.cells if cell.value is not None} == {"元"}
    assert [(each.cell, each.found, each.expected) for each in read.notices if "sources.yml" in each.expected] == [
        (at, "元", "sources.yml 写的 亿元；按表上印的读")
    ]
    assert not any("sources.yml" in each.expected for each in read_table(grid, by, 2024, "元").notices)
