"""How fine each figure of a table was printed: a property of its column, or what the workbook stores.

Cells arrive with the half-width of their own last place. Spreadsheets and CSV drop trailing zeros, so 100 beside
50.25 is 100.00. What does not belong here: values, and how one text is read (``money``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from orchestration.base.problems import Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, Measure
from orchestration.ledgers.money import DASHES, unit_kind
from orchestration.ledgers.rounding import half_of_last_place, spread
from orchestration.ledgers.spreadsheet import Grid

#: Kinds whose figures share the column's unit. Those of the others each bring their own: 9.7万人 beside 86.60%.
_OF_A_COLUMN = frozenset({"money", "person", "count", "ratio"})
_OWN_UNIT = re.compile(r"[%％‰\u4e00-\u9fff]")
_PLACES_SHOWN = 3


def by_column(cells: Sequence[Cell], contract: Contract, grid: Grid) -> tuple[list[Cell], list[Problem]]:
    """The cells with the half-widths that their columns give them, and a notice for each column of mixed decimals.

    A measure's ``precision`` in the contract beats all. A workbook's number is as fine as its format shows it, and
    exact where nothing formats it (but a rate, which no finite number of digits holds, is as fine as its column). Of
    figures that are text (CSV), the last place is that of the finest one of the column, and of all columns of amounts
    in one unit; a figure that prints a unit of its own (100%, 1027万人) stands for itself. Blanks and dashes are exact.
    """
    measures = {measure.name: measure for measure in contract.measures if measure.kind in _OF_A_COLUMN}
    columns: dict[str, list[int]] = defaultdict(list)
    settled = list(cells)
    for n, cell in enumerate(cells):
        measure = measures.get(cell.measure)
        if measure is None or not _prints_digits(cell):
            continue
        half_width = _of_itself(cell, measure, grid)
        if half_width is not None:
            settled[n] = replace(cell, half_width=half_width)
        else:
            # A table prints its amounts alike: whole numbers in one column are 100.00 where the next shows 50.25.
            columns[cell.printed_unit if measure.kind == "money" else measure.header].append(n)
    notices = []
    for name, column in columns.items():
        finest = _last_place([settled[n] for n in column])
        coarser = [n for n in column if settled[n].half_width > finest]
        for n in coarser:
            settled[n] = replace(settled[n], half_width=finest)
        if coarser:
            notices.append(_mixed(name, [settled[n] for n in coarser], len(column), grid))
    return _rounded(settled, contract), notices


def _rounded(cells: Sequence[Cell], contract: Contract) -> list[Cell]:
    """Cells with the intervals that the contract's way of rounding gives them."""
    cut = {measure.name for measure in contract.measures if contract.rounding_of(measure.name) == "cut"}
    return [_cut(cell) if cell.measure in cut else cell for cell in cells]


def _cut(cell: Cell) -> Cell:
    """A cell whose digits behind the last place were left away. What is exact stays so."""
    if cell.value is None or cell.half_width == 0:
        return cell
    found = spread(cell.value, 2 * cell.half_width, cell.unit, "cut")
    return replace(cell, half_width=found.half_width, skew=found.skew)


def _of_itself(cell: Cell, measure: Measure, grid: Grid) -> Decimal | None:
    """The half-width that a figure has without its column: as its contract states, as its format shows, or as it prints
    with a unit of its own. None where its column says.
    """
    if measure.precision is not None and measure.precision != "printed":
        return _stated(measure, cell)
    if cell.cell in grid.places:
        places = grid.places[cell.cell]
        if places is not None or not (measure.precision or measure.kind == "ratio"):
            return _as_formatted(cell, places)
    return cell.half_width if _OWN_UNIT.search(cell.text) else None


def _last_place(column: list[Cell]) -> Decimal:
    """The half-width of the finest figure. A single digit that the next coarser place would show as zero doesn't count:
    0.001 beside 0.14 and 35.17 is printed finer by need, and says nothing of the others.
    """
    places = sorted({cell.half_width for cell in column})
    for finer, coarser in pairwise(places):
        if any(not _fine_by_need(cell, coarser) for cell in column if cell.half_width == finer):
            return finer
    return places[-1]


def _fine_by_need(cell: Cell, coarser: Decimal) -> bool:
    value = abs(cell.value or Decimal(0))
    return value < coarser and len(value.normalize().as_tuple().digits) == 1


def _prints_digits(cell: Cell) -> bool:
    return cell.value is not None and any(c not in DASHES for c in cell.text) and any(c.isdigit() for c in cell.text)


def _one(cell: Cell) -> Decimal:
    """Base units in one printed unit."""
    known = unit_kind(cell.printed_unit) if cell.printed_unit else None
    return known[1] if known else Decimal(1)


def _stated(measure: Measure, cell: Cell) -> Decimal:
    stated = measure.precision
    if stated is None or isinstance(stated, str):  # exact
        return Decimal(0)
    return stated.rounded_to * _one(cell) / 2


def _as_formatted(cell: Cell, places: int | None) -> Decimal:
    """Half the last place that a number format rounds to; whole fen and ones print all there is."""
    if places is None:
        return Decimal(0)
    return half_of_last_place(_one(cell).scaleb(-places), cell.unit)


def _mixed(name: str, coarser: list[Cell], figures: int, grid: Grid) -> Problem:
    shown = "、".join(f"{cell.cell} {cell.text}" for cell in coarser[:_PLACES_SHOWN])
    more = " 等" if len(coarser) > _PLACES_SHOWN else ""
    return Problem(
        grid.file, grid.sheet, coarser[0].cell,
        f"{name or '金额'}：{figures} 个数中 {len(coarser)} 个小数位数较少（{shown}{more}）",
        "小数位数一致；已按最细的一位读取",
    )  # fmt: skip
