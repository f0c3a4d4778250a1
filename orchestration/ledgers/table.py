"""One table: from a grid to cells, with every problem of it at once. Knows one ledger at a time."""

from __future__ import annotations

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.header import find_header
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.precision import by_column
from orchestration.ledgers.rows import is_note, read_row
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.unit_notes import money_unit_above, other_currencies


def read_grid(grid: Grid, contract: Contract, year: int, unit: str = "") -> list[Cell]:
    """The cells of one sheet. ``unit``: the money unit that the sources give the file; a 单位：… note beats it."""
    problems = list(grid.problems)
    header = find_header(grid, contract)
    unit, wrong = money_unit_above(grid, header.first, unit or contract.unit, contract.currency)
    problems += wrong
    cells: list[Cell] = []
    seen: dict[str, str] = {}
    for r in range(header.last + 1, len(grid.rows)):
        row = grid.rows[r]
        if not any(squeeze(text) for text in row) or is_note(row) or header.repeats(row):
            continue
        try:
            read = read_row(grid, r, contract, header, year, unit)
        except InputError as error:
            problems += error.problems
            continue
        row_key, at = read.key, reference(r, min(header.columns.values()))
        if row_key in seen:
            problems.append(
                Problem(grid.file, grid.sheet, at, f"第二个 {row_key}", f"每行一次（已在 {seen[row_key]}）")
            )
        seen[row_key] = at
        cells += read.cells
    if not seen and not problems:
        problems.append(Problem(grid.file, grid.sheet, "", "表头下没有数据行", contract.title))
    problems += other_currencies(cells, contract.currency) + _merged_figures(cells, grid)
    if problems:
        raise InputError(problems)
    settled, notices = by_column(cells, contract, grid)
    grid.notices.extend(notices)
    return settled


def _merged_figures(cells: list[Cell], grid: Grid) -> list[Problem]:
    """Figures that were printed once over several cells: each of these would take the whole of it."""
    ranges: dict[str, Cell] = {}
    for cell in cells:
        if cell.value and cell.cell in grid.merged:
            ranges.setdefault(grid.merged[cell.cell], cell)
    expected = "每格各列示一个数；取消合并后分别填列"
    return [
        Problem(grid.file, grid.sheet, place, f"{cell.text}（合并单元格，只列示一次）", expected)
        for place, cell in ranges.items()
    ]
