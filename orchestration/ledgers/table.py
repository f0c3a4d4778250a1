"""One table: from a grid to cells, with every problem of it at once. Knows one ledger at a time."""

from __future__ import annotations

import re

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.header import find_header
from orchestration.ledgers.money import MONEY_UNITS, squeeze
from orchestration.ledgers.rows import is_note, read_row
from orchestration.ledgers.spreadsheet import Grid, reference

_UNIT_NOTE = re.compile(
    r"(?<![\u4e00-\u9fff])(?:金额|货币|计量)?单\s*位\s*[：:]\s*(?:人民币)?\s*([\u4e00-\u9fff]{0,2}[元圆])"
    r"|[（(]((?:千|万|百万|亿)?元)[）)](?!\S)"
)


def read_grid(grid: Grid, contract: Contract, year: int, unit: str = "") -> list[Cell]:
    """The cells of one sheet. ``unit``: the money unit that the sources give the file; a 单位：… note beats it."""
    problems = list(grid.problems)
    header = find_header(grid, contract)
    for row in grid.rows[: header.first]:
        note = " ".join(text for text in row if text)
        if match := _UNIT_NOTE.search(note):
            unit = match[1] or match[2]
            if unit not in MONEY_UNITS:
                problems.append(Problem(grid.file, grid.sheet, "", match[0], f"单位：{'/'.join(MONEY_UNITS)}"))
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
    if problems:
        raise InputError(problems)
    return cells
