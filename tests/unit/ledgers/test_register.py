"""The register of names: one thing, whatever a table calls it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import read_paths, read_year
from orchestration.ledgers.register import read_register
from tests.unit.ledgers.conftest import problems_of

CASE = Path(__file__).parent / "cases" / "short-unit-names" / "unit_project_expenditure.csv"


def test_short_names_are_the_units_that_the_report_says_they_are(
    contracts: dict[str, Contract], tmp_path: Path
) -> None:
    folder = tmp_path / "2024"
    shutil.copytree(ROOT / "raw" / "2024" / "hunan_hrss", folder)
    printed = read_year(folder, 2024, contracts).ledgers["unit_project_expenditure"].cells
    shutil.copy(CASE, folder)
    read = read_year(folder, 2024, contracts).ledgers["unit_project_expenditure"].cells
    assert {(c.address, c.value, c.row_label) for c in read} == {(c.address, c.value, c.row_label) for c in printed}


def test_without_a_register_they_are_rows_of_their_own(contracts: dict[str, Contract]) -> None:
    year = read_paths([CASE], 2024, contracts)
    assert {"厅机关", "省社保中心"} <= {cell.row_key for cell in year.cells}


def test_a_unit_under_both_of_its_names_is_told_twice(contracts: dict[str, Contract], tmp_path: Path) -> None:
    text = CASE.read_text("utf-8")
    path = tmp_path / "unit_project_expenditure.csv"
    path.write_text(text.replace("省社保中心", "湖南省人力资源和社会保障厅（本级）"), "utf-8")
    shutil.copy(ROOT / "raw" / "2024" / "hunan_hrss" / "names.csv", tmp_path)
    (problem,) = problems_of(read_paths, [path], 2024, contracts)
    assert (problem.cell, problem.found) == ("A5", "第二个 湖南省人力资源和社会保障厅（本级）")


@pytest.mark.parametrize(
    ("rows", "cell", "found"),
    [
        ("甲中心,中心\n乙中心,中心\n", "B3", "中心（甲中心）"),
        ("甲中心,甲中心\n", "B2", "甲中心（甲中心）"),
        ("甲中心,\n", "B2", "空白"),
        ("甲中心,乙中心\n乙中心,乙\n", "B2", "乙中心"),
    ],
)
def test_a_name_that_would_be_two_things_is_refused(tmp_path: Path, rows: str, cell: str, found: str) -> None:
    path = tmp_path / "names.csv"
    path.write_text(f"名称,又称\n{rows}", "utf-8")
    assert (cell, found) in [(problem.cell, problem.found) for problem in problems_of(read_register, path)]
