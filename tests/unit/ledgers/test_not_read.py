"""What lies among the ledgers and is read by none is listed, with its place: sheets, parts of sheets, columns, folders;
and a row that may number the columns or be a unit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Year, read_paths, read_year
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.table import read_table
from tests.unit.ledgers.conftest import TABLE, contract, workbook

REGION = contract(region={"from": "单位名称", "until": ["附表"]})
BLOCKS: list[list[Any]] = [
    ["支出表（2024年）"],
    ["单位：万元"],
    ["单位名称", "预算数", "决算数"],
    ["财政局", 10, 20],
    [],
    ["附表", "人数"],
    ["在职", 7],
    [],
    ["补助", 3],
]


def not_read(year: Year) -> list[tuple[str, str, str, str, str]]:
    return [(each.kind, each.sheet, each.cell, each.found, each.reason) for each in year.not_read]


def test_what_stands_outside_every_region_is_listed_block_by_block(tmp_path: Path) -> None:
    path = workbook(tmp_path / "支出表.xlsx", {"一": BLOCKS})
    outside = "不在任何一本账的区域之内"
    assert not_read(read_paths([path], 2024, {"spending": REGION})) == [
        ("part", "一", "A6:B7", "附表", outside),
        ("part", "一", "A9:B9", "补助", outside),
    ]


def test_a_block_above_the_first_region_is_no_title(tmp_path: Path) -> None:
    rows = [["支出表"], ["2024"], ["在职", 7], *BLOCKS[1:4]]
    whole = contract(region={"from": "单位名称"})
    year = read_paths([workbook(tmp_path / "支出表.xlsx", {"一": rows})], 2024, {"spending": whole})
    assert [(cell, text) for _, _, cell, text, _ in not_read(year)] == [("A3:B4", "在职")]


def test_a_sheet_that_two_contracts_read_whole_has_nothing_left(tmp_path: Path) -> None:
    other = contract(
        TABLE, ledger="staff", short="附表", titles=["附表"], region={"from": "附表"}, others="ignore",
        keys=[{"name": "kind", "header": "附表"}], measures=[{"name": "persons", "header": "人数", "kind": "person"}],
        label="{kind}",
    )  # fmt: skip
    rows = [row for row in BLOCKS if row]
    year = read_paths([workbook(tmp_path / "支出表.xlsx", {"一": rows})], 2024, {"spending": REGION, "staff": other})
    assert set(year.ledgers) == {"spending", "staff"} and not_read(year) == []


def test_a_column_that_is_left_alone_is_listed(tmp_path: Path) -> None:
    rows = [["单位名称", "预算数", "决算数", "执行率"], ["财政局", 10, 20, 200]]
    year = read_paths([workbook(tmp_path / "支出表.xlsx", {"一": rows})], 2024, {"s": contract(others="ignore")})
    assert not_read(year) == [("column", "一", "D1", "执行率", "契约没有列出的栏")]


def test_sheets_and_folders_that_no_source_names_are_listed(tmp_path: Path) -> None:
    table = BLOCKS[2:4]
    workbook(tmp_path / "账.xlsx", {"一": table, "二": table, "空": []})
    (tmp_path / "去年").mkdir()
    (tmp_path / "contracts").mkdir()
    (tmp_path / "sources.yml").write_text(
        "year: 2024\nfiles: [{file: 账.xlsx, ledger: spending, sheet: 一}]\n", "utf-8"
    )
    assert not_read(read_year(tmp_path, 2024, {"spending": contract()})) == [
        ("file", "", "", "文件夹", "sources.yml 没有登记其中的文件"),
        ("sheet", "二", "", "单位名称", "sources.yml 没有登记这张工作表"),
        ("sheet", "空", "", "空表", "没有内容"),
    ]


# --- a row under the header that may number the columns ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "names", "read", "told"),
    [
        (["栏次", "1", "2"], ["乙", "丙"], False, False),
        (["甲", "1", "2=1"], ["乙", "丙"], False, False),
        (["甲", "1", "2"], ["甲", "乙"], False, False),  # it stands again as a name
        (["甲", "1", "2"], ["乙", "丙"], True, False),  # the names go on from it
        (["甲", "1", "2"], ["财政局"], False, True),
        (["1", "2", "3"], ["财政局"], False, False),  # no name is a number
        (["1", "2", "3"], ["1", "2"], False, False),
        (["1", "2", "3"], ["2", "3"], True, False),
        (["1", "2", "3"], ["201", "202"], False, True),
    ],
)
def test_a_row_that_may_number_the_columns_is_decided_or_told(
    row: list[str], names: list[str], *, read: bool, told: bool
) -> None:
    rows = [["单位名称", "预算数", "决算数"], row, *([name, "5", "6"] for name in names)]
    table = read_table(Grid("账.csv", "", rows), contract(), 2024)
    assert (table.cells[0].cell == "B2") is read
    assert [notice.cell for notice in table.notices] == (["A2"] if told else [])
    assert [each.kind for each in table.left_out] == ([] if read else ["numbering"])


def test_a_contract_may_say_that_the_row_is_a_unit() -> None:
    rows = [["单位名称", "预算数", "决算数"], ["甲", "1", "2"], ["财政局", "5", "6"]]
    by: Contract = contract(row_kinds={"甲": "detail"})
    table = read_table(Grid("账.csv", "", rows), by, 2024)
    assert [cell.row_key for cell in table.cells] == ["甲", "甲", "财政局", "财政局"] and not table.notices


def test_a_figure_that_is_not_provided_is_none_and_told() -> None:
    rows = [["单位名称", "预算数", "决算数"], ["甲", "未提供", "1.00"], ["乙", "2.00", "未提供"]]
    table = read_table(Grid("账.csv", "", rows), contract(), 2024)
    assert [(cell.row_key, cell.measure) for cell in table.cells] == [("甲", "actual"), ("乙", "budget")]
    assert [(each.cell, each.found) for each in table.notices] == [("B2", "2 格写着“未提供”")]
    expected = contract(not_printed_words=["未提供"])
    assert read_table(Grid("账.csv", "", rows), expected, 2024).notices == []
