"""One table: from a grid to cells, with every problem of it at once. Knows one ledger at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.header import find_header
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.precision import by_column
from orchestration.ledgers.row_kinds import left_out_as
from orchestration.ledgers.rows import Row, RowReader
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.texts import shown
from orchestration.ledgers.unit_notes import money_unit_above, other_currencies


@dataclass(frozen=True)
class LeftOut:
    """A row that stands among the figures and carries none."""

    kind: str  # note | header | continuation | numbering
    cell: str  # where it begins
    text: str  # its first text


@dataclass(frozen=True)
class Table:
    """What one sheet holds."""

    cells: list[Cell]
    left_out: list[LeftOut]


def read_grid(grid: Grid, contract: Contract, year: int, unit: str = "") -> list[Cell]:
    """The cells of one sheet alone."""
    return read_table(grid, contract, year, unit).cells


def read_table(grid: Grid, contract: Contract, year: int, unit: str = "") -> Table:
    """One sheet. ``unit``: the money unit that the sources give the file; a 单位：… note beats it."""
    problems = list(grid.problems)
    header = find_header(grid, contract)
    unit, wrong = money_unit_above(grid, header.first, unit or contract.unit, contract.currency)
    problems += wrong
    reader = RowReader(grid, contract, header, year, unit)
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    below_header = True
    for r in range(header.last + 1, len(grid.rows)):
        row = grid.rows[r]
        if not any(squeeze(text) for text in row):
            continue
        kind = left_out_as(row, header, below_header=below_header)
        below_header = kind in ("header", "numbering")
        if kind:
            c = next(c for c, text in enumerate(row) if squeeze(text))
            left_out.append(LeftOut(kind, reference(r, c), shown(row[c])))
            continue
        try:
            rows.append(reader.read(r))
        except InputError as error:
            problems += error.problems
    rows = _with_parents(_with_totals(rows))
    problems += _twice(rows, grid)
    if not rows and not problems:
        problems.append(Problem(grid.file, grid.sheet, "", "表头下没有数据行", contract.title))
    cells = [cell for row in rows for cell in row.cells]
    problems += other_currencies(cells, contract.currency) + _merged_figures(cells, grid)
    if problems:
        raise InputError(problems)
    settled, notices = by_column(cells, contract, grid)
    grid.notices.extend(notices)
    return Table(settled, left_out)


def _twice(rows: list[Row], grid: Grid) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for row in rows:
        if row.key in seen:
            yield Problem(grid.file, grid.sheet, row.at, f"第二个 {row.key}", f"每行一次（已在 {seen[row.key]}）")
        seen[row.key] = row.at


def _with_totals(rows: list[Row]) -> list[Row]:
    """Some offices call the total 小计: the one subtotal of a group that has no total, where it stands at its end."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups[row.group].append(i)
    rows = list(rows)
    for group, places in groups.items():
        kinds = [rows[i].kind for i in places]
        if "total" in kinds or kinds.count("subtotal") != 1 or kinds[-1] != "subtotal":
            continue
        last = rows[places[-1]]
        parts = (*group, "total")
        cells = [
            replace(cell, row_key=":".join(parts), row_kind="total", row_label=cell.row_label.removesuffix("（第1个）"))
            for cell in last.cells
        ]
        rows[places[-1]] = replace(last, parts=parts, kind="total", cells=cells)
    return rows


def _with_parents(rows: list[Row]) -> list[Row]:
    """Each detail with the subtotal that it is part of: the next one below it in its group, or the last one above it
    where the group begins with a subtotal.
    """
    placed = list(rows)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row.kind in ("detail", "subtotal"):
            groups[row.group].append(i)
    for places in groups.values():
        leads = rows[places[0]].kind == "subtotal"
        parent = ""
        for i in places if leads else reversed(places):
            row = rows[i]
            if row.kind == "subtotal":
                parent = row.key
            elif parent:
                placed[i] = replace(row, parent=parent, cells=[replace(cell, parent=parent) for cell in row.cells])
    return placed


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
