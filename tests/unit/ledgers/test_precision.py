"""How fine figures are: what their column prints, what a format rounds to, what a workbook stores, what is stated."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import read_grid
from orchestration.ledgers.spreadsheet import Grid, read_grids
from orchestration.ledgers.table import read_table
from tests.unit.ledgers.conftest import TABLE, cells_of, contract, workbook

HEADER = ["单位名称", "预算数", "决算数"]


def halves(cells: dict[str, Cell], measure: str = "budget") -> list[Decimal]:
    return [cell.half_width for address, cell in cells.items() if address.endswith(f"/{measure}")]


def of_workbook(tmp_path: Path, rows: list[list[Any]], by: Contract | None = None) -> dict[str, Cell]:
    (grid,) = read_grids(workbook(tmp_path / "账.xlsx", {"一": rows}), "账.xlsx")
    return {f"{cell.row_key}/{cell.measure}": cell for cell in read_grid(grid, by or contract(), 2024)}


def test_the_finest_figure_of_a_column_gives_the_last_place_of_all() -> None:
    cells = cells_of([HEADER, ["甲", "100", "7"], ["乙", "200.5", "8"], ["丙", "50.25", "9"], ["合计", "351", "24"]])
    assert halves(cells) == [5000] * 4  # 0.005 万元
    assert halves(cells, "actual") == [5000] * 4  # amounts of one table and unit are printed alike


def test_columns_in_other_units_and_of_other_kinds_are_on_their_own() -> None:
    by = contract(TABLE.replace("header: 决算数,", "header: 决算数, kind: person, unit: 万人,"))
    cells = cells_of([["单位名称", "预算数", "决算数"], ["甲", "50.25", "7"], ["乙", "1", "8.5"]], by)
    assert halves(cells, "actual") == [500, 500]
    rows = [["单位名称", "预算数（元）", "决算数（万元）"], ["甲", "50.25", "7"], ["乙", "1", "8.5"]]
    assert halves(cells_of(rows), "actual") == [50_000, 50_000]


def test_a_figure_too_small_for_the_usual_place_does_not_make_the_others_finer() -> None:
    cells = cells_of([HEADER, ["甲", "35.17", ""], ["乙", "0.001", ""], ["丙", "10.7", ""]])
    assert halves(cells) == [5000, 500, 5000]
    assert halves(cells_of([HEADER, ["甲", "35.17", ""], ["乙", "1.001", ""]])) == [500, 500]


def test_blanks_and_dashes_are_exact_zeros_and_a_printed_zero_is_not() -> None:
    cells = cells_of([HEADER, ["甲", "", "-"], ["乙", "0", "1"], ["丙", "1.25", "1"]])
    assert halves(cells) == [0, 5000, 5000]
    assert halves(cells, "actual") == [0, 5000, 5000]


def test_yuan_printed_to_the_fen_anywhere_in_a_column_are_exact_everywhere_in_it() -> None:
    assert halves(cells_of([["单位：元"], HEADER, ["甲", "100", "1"], ["乙", "0.25", "1"]])) == [0, 0]


def test_a_figure_with_a_unit_of_its_own_stands_for_itself() -> None:
    rows = [["单位名称", "预算数", "决算数"], ["甲", "1.25", "1"], ["乙", "3亿元", "1"], ["丙", "2", "1"]]
    assert halves(cells_of(rows)) == [5000, Decimal(10**10) / 2, 5000]


def test_a_column_of_mixed_decimals_is_told_once_with_places() -> None:
    grid = Grid("账.csv", "", [HEADER, ["甲", "100", ""], ["乙", "2.25", ""], ["丙", "3", ""]])
    (notice,) = read_table(grid, contract(), 2024).notices
    assert (notice.file, notice.cell) == ("账.csv", "B2")
    assert notice.found == "万元：3 个数中 2 个小数位数较少（B2 100、B4 3）"


def test_an_unformatted_number_of_a_workbook_is_what_is_stored(tmp_path: Path) -> None:
    cells = of_workbook(tmp_path, [HEADER, ["甲", 100, 1], ["乙", 50.25, 2], ["合计", 351, 3]])
    assert halves(cells) + halves(cells, "actual") == [0] * 6


@pytest.mark.parametrize(
    ("number_format", "half"),
    [("0", 500_000), ("#,##0.00", 5000), ("0.00##", 50), ("0.##", 5000), ("#.##", 5000), ("0.0_);(0.0)", 50_000)],
)
def test_a_format_says_how_fine_its_numbers_are_whatever_zeros_it_drops(
    tmp_path: Path, number_format: str, half: int
) -> None:
    cells = of_workbook(tmp_path, [HEADER, ["甲", (100, number_format), 1], ["乙", (-50.25, number_format), 1]])
    assert halves(cells) == [half, half]


def test_a_number_rounded_by_its_format_stays_rounded_beside_finer_ones(tmp_path: Path) -> None:
    cells = of_workbook(tmp_path, [HEADER, ["甲", (1.4, "0"), 1], ["乙", (2.25, "0.00"), 1], ["丙", "7.125", 1]])
    assert halves(cells) == [500_000, 5000, 500]


def test_an_unformatted_rate_is_as_fine_as_its_digits(tmp_path: Path) -> None:
    by = contract(TABLE.replace("header: 决算数,", "header: 决算数, kind: ratio,"))
    cells = of_workbook(tmp_path, [HEADER, ["甲", 1, 0.9494], ["乙", 1, 0.5]], by)
    assert halves(cells, "actual") == [Decimal("0.00005")] * 2


@pytest.mark.parametrize(
    ("precision", "half"),
    [("exact", 0), ("{rounded_to: 100000}", 50_000 * 10**6), ("{rounded_to: 0.1}", 50_000), ("printed", 500_000)],
)
def test_a_contract_may_say_how_fine_a_measure_is(tmp_path: Path, precision: str, half: int) -> None:
    by = contract(TABLE.replace("header: 预算数,", f"header: 预算数, precision: {precision},"))
    assert halves(cells_of([HEADER, ["甲", "100", "1"], ["乙", "", "1"]], by)) == [half, 0]
    assert halves(of_workbook(tmp_path, [HEADER, ["甲", 100, 1]], by)) == [half]


@pytest.mark.parametrize("precision", ["{rounded_to: 0}", "{rounded_to: -1}", "rounded", "{places: 2}"])
def test_any_other_precision_is_refused(precision: str) -> None:
    with pytest.raises(ValueError, match="precision"):
        contract(TABLE.replace("header: 预算数,", f"header: 预算数, precision: {precision},"))
