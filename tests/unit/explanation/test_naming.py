"""One way to name a cell: the same cell by its address, by what a message prints, and by where it stands in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.base.settings import Settings
from orchestration.explanation.lookup import find_cell, known_years, year_taken
from orchestration.explanation.source import UnknownAddressError, open_source
from orchestration.ledgers.cell_names import cell_named, is_address, is_file_cell, year_of
from orchestration.ledgers.spreadsheet import SUFFIXES


def cell(address: str, ledger: str, row: str, header: str, at: str, file: str = "", sheet: str = "") -> dict[str, Any]:
    name = address.split("/")[-3]
    return {
        "address": address, "ledger_label": ledger, "row_label": row, "header": header, "cell": at,
        "file": file or f"raw/2024/hunan_hrss/{name}.csv", "sheet": sheet,
    }  # fmt: skip


SUSPECT = "2024/hunan_hrss/project_expenditure/17/adjustment"
ROW = "第17行 流动人员人事档案管理基本公共服务专项"
BOOK = "raw/2024/hunan_hrss/书.xlsx"
CELLS = [
    cell(SUSPECT, "表3", ROW, "本年调整", "E20"),
    cell("2024/hunan_hrss/project_expenditure/17/carryover", "表3", ROW, "上年结转", "C20"),
    cell("2024/hunan_hrss/project_expenditure/18/adjustment", "表3", "第18行 甲项目", "本年调整", "E21"),
    cell("2024/hunan_hrss/unit_project_expenditure/甲单位/adjustment", "表2", "甲单位", "本年调整", "D6", BOOK, "表2"),
    cell("2024/hunan_hrss/unit_project_expenditure/total/adjustment", "表2", "合计", "本年调整", "D6", BOOK, "表2之二"),
]  # fmt: skip


#: Whatever somebody has at hand of that cell.
NAMES = [
    SUSPECT,
    "表3 第17行 本年调整",
    "表3第17行本年调整",
    "2024年度 表3 第17行 本年调整",
    "2024/表3 第17行 本年调整",
    "表3 第17行 流动人员人事档案管理基本公共服务专项 本年调整",
    "raw/2024/hunan_hrss/project_expenditure.csv E20",
    "raw/2024/hunan_hrss/project_expenditure.csv　E20",
    "project_expenditure.csv!E20",
    "/somewhere/raw/2024/hunan_hrss/project_expenditure.csv $e$20",
]


@pytest.mark.parametrize("text", NAMES)
def test_whatever_is_at_hand_names_the_cell(text: str) -> None:
    assert cell_named(text, CELLS).address == SUSPECT


@pytest.mark.parametrize("ending", SUFFIXES)
def test_a_cell_of_any_file_that_is_read_can_be_named(ending: str) -> None:
    here = cell(SUSPECT, "表3", ROW, "本年调整", "E20", f"raw/2024/hunan_hrss/账{ending}", "表3")
    assert is_file_cell(f"账{ending} E20") and cell_named(f"账{ending} 表3!E20", [here]).address == SUSPECT


def test_years_that_were_built_are_known_whatever_their_century(tmp_path: Path) -> None:
    for name in ("1998/a", "2024/a-as-published", "2023/b", "1066/a", "notes/a"):
        (tmp_path / "home" / "build" / name).mkdir(parents=True)
        (tmp_path / "home" / "build" / name / "warehouse.duckdb").touch()
    (tmp_path / "home" / "build" / "2022").mkdir()
    (tmp_path / "home" / "build" / "2022" / ".a.lock").touch()  # somebody asked whether it runs
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path / "raw")
    assert known_years(settings) == [2024, 2023, 1998]


def test_a_sheet_tells_two_cells_of_a_workbook_apart() -> None:
    assert cell_named("书.xlsx 表2!D6", CELLS).address == "2024/hunan_hrss/unit_project_expenditure/甲单位/adjustment"
    assert (
        cell_named("书.xlsx 表2之二 D6", CELLS).address == "2024/hunan_hrss/unit_project_expenditure/total/adjustment"
    )
    both = cell_named("书.xlsx D6", CELLS)
    assert both.address is None and len(both.addresses) == 2


def test_the_nearest_are_offered_for_what_names_nothing() -> None:
    assert cell_named("表3 第19行 本年调整", CELLS).nearest[0] in {
        SUSPECT,
        "2024/hunan_hrss/project_expenditure/18/adjustment",
    }
    assert cell_named("2024/hunan_hrss/project_expenditure/17/adjusment", CELLS).nearest[0] == SUSPECT
    assert cell_named("project_expenditure.csv E22", CELLS).nearest != ()
    assert cell_named("无关", CELLS) == cell_named("无关", [])


def test_the_year_is_read_from_the_name_or_the_folder() -> None:
    assert [year_of(text) for text in (SUSPECT, "2025年度表3 第17行 本年调整", "raw/2023/h/a.csv E2", "a.csv E2")] == [
        2024, 2025, 2023, None,
    ]  # fmt: skip
    assert is_address(SUSPECT) and not is_address("2024/表3!E20") and not is_address("表3 第17行 本年调整")
    assert is_file_cell("a.csv E2") and is_file_cell("书.xlsx 表2!D6") and not is_file_cell("2024/表3!E20")


def test_a_build_that_has_only_been_landed_is_no_source(settings: Settings) -> None:
    """`explain` beside a run ended with an internal error: raw.cell was taken for cell."""
    warehouse = settings.build(2024) / "warehouse.duckdb"
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema raw")
        for table in ("cell", "correction", "reconciliation"):
            connection.execute(f"create table raw.{table} (fiscal_year integer)")
    assert open_source(settings, 2024) is None
    with duckdb.connect(str(warehouse)) as connection:
        for table in ("cell", "correction", "reconciliation"):
            connection.execute(f"create table {table} (fiscal_year integer)")
    source = open_source(settings, 2024)
    assert source is not None and source.kind == "build"


def built(settings: Settings, year: int, *rows: str) -> None:
    """A build of a year that holds the cells of these rows of table 3 and nothing else."""
    warehouse = settings.build(year) / "warehouse.duckdb"
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        for table in ("correction", "reconciliation"):
            connection.execute(f"create table {table} (fiscal_year integer)")
        connection.execute(
            "create table cell (fiscal_year integer, address text, ledger_label text, row_label text, header text, "
            "file text, sheet text, cell text)"
        )
        for row in rows:
            connection.execute(
                "insert into cell values (?, ?, '表3', ?, '本年调整', ?, '', ?)",
                [year, f"{year}/hunan_hrss/project_expenditure/{row}/adjustment", f"第{row}行 项目{row}",
                 f"raw/{year}/hunan_hrss/表3.csv",
                 f"E{int(row) + 3}"],
            )  # fmt: skip


def test_without_a_year_the_newest_that_has_such_a_cell_is_meant(settings: Settings) -> None:
    """What a run of 2025 had just printed was not understood, since 2024 was there too."""
    built(settings, 2024, "17", "18")
    built(settings, 2025, "17")
    assert find_cell(settings, "表3 第17行 本年调整") == "2025/hunan_hrss/project_expenditure/17/adjustment"
    assert find_cell(settings, "2024 表3 第17行 本年调整") == "2024/hunan_hrss/project_expenditure/17/adjustment"
    assert find_cell(settings, "表3 第18行 本年调整") == "2024/hunan_hrss/project_expenditure/18/adjustment"
    assert find_cell(settings, "表3.csv E20") == "2025/hunan_hrss/project_expenditure/17/adjustment"
    assert find_cell(settings, "表3 第17行 本年调整", 2024) == "2024/hunan_hrss/project_expenditure/17/adjustment"
    with pytest.raises(UnknownAddressError) as unknown:
        find_cell(settings, "表3 第19行 本年调整")
    assert unknown.value.nearest[0] == "2025/hunan_hrss/project_expenditure/17/adjustment"
    address = "2025/hunan_hrss/project_expenditure/17/adjustment"
    assert year_taken(settings, "表3 第17行 本年调整", address) == "没有写年度，取最近的 2025 年度；另有 2024 年度"
    assert year_taken(settings, address, address) is None
