"""What a contract can say of a table's layout: joined and missing keys, headers of several rows, parts of a sheet,
totals told in a column of their own, hierarchies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import read_paths
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.table import Table, read_table
from tests.unit.ledgers.conftest import contract, problems_of, refused

MONEY = "measures: [{name: budget, header: 预算数}]"
CODES = f"""
ledger: functions
title: 功能分类支出表
short: 功能分类
unit: 万元
keys: [{{name: code, columns: [类, 款, 项], joined_by: ""}}]
texts: [{{name: item, header: 科目名称}}]
blank_key: carry
hierarchy: {{key: code, prefixes: [3, 5, 7]}}
{MONEY}
label: "{{code}} {{item}}"
"""
THREE_PUBLIC = """
ledger: three_public
title: 三公经费支出决算表
short: 三公
unit: 万元
header: {rows: 3}
keys: [{name: unit_name, header: 单位名称}]
measures:
  - {name: budget, header: 预算数/合计}
  - {name: budget_cars, header: 预算数/公务用车购置及运行维护费/小计}
  - {name: budget_runs, header: 预算数/公务用车购置及运行维护费/运行费}
  - {name: actual, header: 决算数/合计}
  - {name: actual_cars, header: 决算数/公务用车购置及运行维护费/小计}
  - {name: actual_runs, header: 决算数/公务用车购置及运行维护费/运行费}
"""


def read(by: Contract, *rows: list[str]) -> Table:
    return read_table(Grid("账.csv", "", [list(row) for row in rows]), by, 2024)


def figures(table: Table, measure: str = "budget") -> dict[str, tuple[str, str, str]]:
    """Row key -> kind, row that it is part of, text."""
    return {c.row_key: (c.row_kind, c.parent, c.text) for c in table.cells if c.measure == measure}


def test_columns_joined_to_one_key_carry_what_the_row_above_says() -> None:
    table = read(
        contract(CODES),
        ["类", "款", "项", "科目名称", "预算数"],
        ["208", "", "", "社会保障和就业支出", "10"],
        ["", "01", "", "人力资源和社会保障管理事务", "7"],
        ["", "", "01", "行政运行", "4"],
        ["", "", "06", "就业管理事务", "3"],
        ["", "05", "", "行政事业单位养老支出", "3"],
        ["", "", "05", "养老保险缴费支出", "3"],
        ["合计", "", "", "", "10"],
    )
    assert figures(table) == {
        "208": ("group", "", "10"),
        "20801": ("group", "208", "7"),
        "2080101": ("detail", "20801", "4"),
        "2080106": ("detail", "20801", "3"),
        "20805": ("group", "208", "3"),
        "2080505": ("detail", "20805", "3"),
        "total": ("total", "", "10"),
    }


def test_a_code_merged_over_the_columns_of_its_key_is_read_once() -> None:
    grid = Grid(
        "账.xlsx", "Z01", [["类", "款", "项", "科目名称", "预算数"], ["20801", "20801", "20801", "管理事务", "7"]],
        merged={"A2": "A2:C2", "B2": "A2:C2", "C2": "A2:C2"},
    )  # fmt: skip
    assert list(figures(read_table(grid, contract(CODES), 2024))) == ["20801"]


def test_a_code_of_another_length_is_told_at_its_cell() -> None:
    rows = [["类", "款", "项", "科目名称", "预算数"], ["208", "1", "", "管理事务", "7"]]
    assert refused(rows, contract(CODES)) == [("A2", "2081（4 位）")]


def test_rows_without_a_key_of_their_own_are_numbered_within_their_group() -> None:
    by = contract(
        "{ledger: l, title: 表, short: 表, unit: 万元, keys: [{name: unit_name, header: 单位名称}, "
        "{name: line, number: rows}], measures: [{name: budget, header: 预算数}]}",
        texts=[{"name": "item", "header": "项目"}],
    )
    table = read(
        by, ["单位名称", "项目", "预算数"], ["甲", "办公费", "1"], ["甲", "印刷费", "2"], ["甲", "小计", "3"],
        ["乙", "办公费", "4"], ["合计", "", "7"],
    )  # fmt: skip
    assert {key: kind for key, (kind, _, _) in figures(table).items()} == {
        "甲:1": "detail", "甲:2": "detail", "甲:total": "total", "乙:1": "detail", "合计:total": "total",
    }  # fmt: skip


def test_a_total_below_rows_that_no_column_names_is_a_total() -> None:
    by = contract(
        "{ledger: l, title: 表, short: 表, unit: 万元, keys: [{name: line, number: rows}], "
        "measures: [{name: budget, header: 预算数}]}",
        texts=[{"name": "item", "header": "项目"}],
    )
    table = read(by, ["项目", "预算数"], ["办公费", "1"], ["印刷费", "2"], ["合计", "3"])
    assert {key: kind for key, (kind, _, _) in figures(table).items()} == {
        "1": "detail", "2": "detail", "total": "total",
    }  # fmt: skip


def test_a_header_of_three_rows_is_named_by_its_paths() -> None:
    table = read(
        contract(THREE_PUBLIC),
        ["三公经费支出决算表"],
        ["单位名称", "预算数", "", "", "决算数", "", ""],
        ["", "合计", "公务用车购置及运行维护费", "", "合计", "公务用车购置及运行维护费", ""],
        ["", "", "小计", "运行费", "", "小计", "运行费"],
        ["甲", "9", "6", "5", "8", "4", "3"],
    )  # fmt: skip
    assert {cell.measure: (cell.text, cell.cell) for cell in table.cells} == {
        "budget": ("9", "B5"), "budget_cars": ("6", "C5"), "budget_runs": ("5", "D5"),
        "actual": ("8", "E5"), "actual_cars": ("4", "F5"), "actual_runs": ("3", "G5"),
    }  # fmt: skip


def test_a_column_that_no_contract_names_is_an_error_unless_others_are_ignored() -> None:
    rows = [["单位名称", "预算数", "决算数", "说明"], ["甲", "1", "2", "x"]]
    assert refused(rows) == [("D1", "说明")]
    assert figures(read(contract(others="ignore"), *rows)) == {"甲": ("detail", "", "1")}


def test_half_a_header_that_fits_two_columns_is_told_where_others_are_ignored() -> None:
    by = contract(others="ignore", measures=[{"name": "budget", "header": "小计"}])
    rows = [["单位名称", "预算数", "决算数"], ["", "小计", "小计"], ["甲", "1", "2"]]
    assert refused(rows, by) == [("C1", "决算数小计")]


SIDE = """
ledger: {ledger}
title: 收入支出决算总表
short: {short}
unit: 万元
others: ignore
blank_key: skip
keys: [{{name: item, header: "{item}"}}]
measures: [{{name: budget, header: "{amount}"}}]
"""


def test_two_contracts_read_the_halves_of_one_sheet(tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    path = tmp_path / "2024" / "收入支出决算总表.csv"
    path.write_text("项目,金额,项目,金额\n拨款,7,人员,4\n其他,1,公用,3\n,,项目支出,1\n合计,8,合计,8\n", "utf-8")
    halves = {
        "income": contract(SIDE.format(ledger="income", short="收入", item="项目", amount="金额")),
        "spending": contract(SIDE.format(ledger="spending", short="支出", item="项目#2", amount="金额#2")),
    }
    year = read_paths([path], None, halves)
    found = {(cell.ledger, cell.row_key): (cell.text, cell.cell) for cell in year.cells}
    assert found["income", "total"] == ("8", "B5")
    assert found["spending", "项目支出"] == ("1", "D4")
    assert [(each.kind, each.reason) for each in year.not_read] == [("row", "不属于本表的行")]  # no column is left over


def test_figures_without_a_key_are_told_though_the_shorter_half_may_end() -> None:
    by = contract(SIDE.format(ledger="income", short="收入", item="项目", amount="金额"))
    rows = [["项目", "金额", "项目", "金额"], ["拨款", "7", "人员", "4"], ["", "5", "公用", "3"]]
    assert refused(rows, by) == [("A3", "空白")]


BLOCK = """
ledger: {ledger}
title: {title}
short: {title}
unit: 万元
region: {{from: {title}, until: {until}}}
keys: [{{name: item, header: 项目}}]
measures: [{{name: budget, header: 预算数}}]
"""


def blocks() -> dict[str, Contract]:
    said = {
        "a": ("甲表", "[乙表, 丙表]"), "b": ("乙表", "[丙表]"), "c": ("丙表", "[丁表]"), "d": ("丁表", "[填表说明]"),
    }  # fmt: skip
    return {name: contract(BLOCK.format(ledger=name, title=t, until=u)) for name, (t, u) in said.items()}


def test_four_blocks_of_one_sheet_are_four_ledgers(tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    path = tmp_path / "2024" / "总表.csv"
    path.write_text(
        "年度表,,,,\n单位：元,,,,\n甲表,,,乙表,\n项目,预算数,,项目,预算数\n一,1,,一,2\n二,3,,,\n丙表,,,,\n项目,预算数,,,\n一,5,,,\n"
        "丁表,,,,\n项目,预算数,,,\n一,6,,,\n填表说明,,,,\n",
        "utf-8",
    )
    year = read_paths([path], None, blocks())
    found = {(c.ledger, c.row_key): (c.text, c.cell, c.printed_unit) for c in year.cells}
    assert found == {
        ("a", "一"): ("1", "B5", "元"), ("a", "二"): ("3", "B6", "元"), ("b", "一"): ("2", "E5", "元"),
        ("c", "一"): ("5", "B9", "元"), ("d", "一"): ("6", "B12", "元"),
    }  # fmt: skip


def test_a_region_that_does_not_begin_or_end_is_told() -> None:
    assert refused([["乙表"], ["项目", "预算数"], ["一", "1"]], blocks()["a"]) == [("", "没有写着“甲表”的一格")]
    rows = [["乙表"], ["项目", "预算数"], ["一", "1"]]
    assert refused(rows, blocks()["b"]) == [("", "“乙表”之后没有写着“丙表”的一格")]


def test_a_total_is_told_in_a_column_of_its_own() -> None:
    by = contract(total={"column": "Tipo de registro", "words": ["Total"]})
    rows = [
        ["单位名称", "Tipo de registro", "预算数", "决算数"],
        ["合计处", "Programa", "1", "2"],
        ["甲", "Total", "1", "2"],
    ]
    assert figures(read(by, *rows)) == {"合计处": ("detail", "", "1"), "total": ("total", "", "1")}


def test_a_total_printed_again_is_an_error_unless_it_may_be() -> None:
    rows = [["单位名称", "预算数", "决算数"], ["本级", "1", "2"], ["合计", "1", "2"], ["合计", "1", "2"]]
    assert refused(rows) == [("A4", "第二个 total")]
    by = contract(total={"words": ["合计"], "repeated": "same"})
    assert [row.kind for row in read(by, *rows).left_out] == ["repeated"]
    assert refused([*rows[:3], ["合计", "1", "3"]], by) == [("A4", "第二个 total")]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (
            "numbering",
            ["一、期初余额", "二、收入合计", "（一）收入小计", "1.缴费收入", "2.利息收入", "（二）上级补助收入"],
        ),
        ("indent", ["期初余额", "收入", "　缴费", "　　单位", "　　个人", "　补助"]),
    ],
)
def test_numbers_and_indents_tell_which_row_is_part_of_which(by: str, names: list[str]) -> None:
    told = contract(hierarchy={"key": "unit_name", "by": by})
    table = read(told, ["单位名称", "预算数", "决算数"], *([name, "1", "2"] for name in names))
    found = list(figures(table).values())
    keys = list(figures(table))
    assert [kind for kind, _, _ in found] == ["detail", "group", "group", "detail", "detail", "detail"]
    assert [parent for _, parent, _ in found] == ["", "", keys[1], keys[2], keys[2], keys[1]]


def test_words_that_stand_for_no_figure_make_no_cell() -> None:
    by = contract(not_printed_words=["N/R", "n/a"])
    table = read(by, ["单位名称", "预算数", "决算数"], ["甲", "1", "N/A"], ["乙", "n/r", "0"])
    assert {(c.row_key, c.measure) for c in table.cells} == {("甲", "budget"), ("乙", "actual")}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"keys": [{"name": "k"}]}, "header、columns、number、sheet、left_of 之一"),
        ({"keys": [{"name": "k", "number": "rows", "columns": ["b"]}]}, "header、columns、number、sheet、left_of 之一"),
        ({"keys": [{"name": "k", "number": "rows"}, {"name": "l", "header": "a"}], "label": ""}, "只有最后一个键"),
        ({"hierarchy": {"key": "other", "by": "indent"}}, "hierarchy.key 为"),
        ({"hierarchy": {"key": "unit_name"}}, "prefixes、by 之一"),
        ({"hierarchy": {"key": "unit_name", "prefixes": [5, 3]}}, "prefixes 由短到长"),
        ({"total": {"words": ["合计"], "repeat": "error"}}, "total.repeat"),
    ],
)
def test_what_a_contract_cannot_say_is_told(changes: dict[str, Any], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        contract(**changes)


def with_semicolons(tmp_path: Path, *rows: str, decimal: str | None = None) -> dict[str, str]:
    """The budgets of a file parted by semicolons, by unit: exact values in 万元."""
    path = tmp_path / "支出表.csv"
    path.write_text("\n".join(["单位名称;预算数;决算数", *rows]) + "\n", encoding="utf-8")
    year = read_paths([path], 2024, {"spending": contract(decimal=decimal)})
    return {c.row_key: f"{c.value / 10**6:f}" for c in year.cells if c.measure == "budget" and c.value is not None}


def test_a_column_that_proves_its_decimal_comma_is_read_by_it(tmp_path: Path) -> None:
    rows = ("一处;1.234,56;1", "二处;7,5;1", "三处;1,234;1")
    assert with_semicolons(tmp_path, *rows) == {"一处": "1234.56", "二处": "7.5", "三处": "1.234"}


def test_a_column_that_proves_its_thousands_is_read_by_them(tmp_path: Path) -> None:
    assert with_semicolons(tmp_path, "一处;1,234.56;1", "二处;1,234;1") == {"一处": "1234.56", "二处": "1234"}


@pytest.mark.parametrize("figures", [("1,234", "5"), ("1,5", "1,234.56"), ("-1,234", "2,345")])
def test_a_comma_that_nothing_proves_is_told_at_its_cell(tmp_path: Path, figures: tuple[str, str]) -> None:
    rows = [f"{name};{figure};1" for name, figure in zip(("一处", "二处"), figures, strict=True)]
    (first, *_) = problems_of(with_semicolons, tmp_path, *rows)
    assert (first.cell, first.found) == ("B2", figures[0]) and "不明" in first.expected


def test_a_stated_decimal_comma_holds_for_every_text(tmp_path: Path) -> None:
    assert with_semicolons(tmp_path, "一处;1,234;1", "二处;1.234;1", decimal="comma") == {
        "一处": "1.234",
        "二处": "1234",
    }
    (problem,) = problems_of(with_semicolons, tmp_path, "一处;12.5;1", decimal="comma")
    assert (problem.cell, problem.found) == ("B2", "12.5")
