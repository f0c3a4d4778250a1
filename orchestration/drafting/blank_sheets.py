"""The sheets of a year that is to be filled in: their titles, units, headers and the names of their rows, from the
contracts and the year before. Writes nothing, and carries no figure over.
"""

from __future__ import annotations

import itertools
import string
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.ledgers.contract import Column, Contract
from orchestration.ledgers.grids.grid import position
from orchestration.ledgers.header import find_header
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.ledgers.reader import Ledger
from orchestration.ledgers.regions import cut
from orchestration.ledgers.spreadsheet import Grid, read_grids
from orchestration.ledgers.texts import fold

#: Rows to fill in where nothing says how many there will be.
BLANK_ROWS = 20
_MOST_NAMED = 60
_NO_SHEET_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_LONGEST_SHEET_NAME = 31


@dataclass(frozen=True)
class BlankRow:
    """A row to be filled in: what is printed in it already, by column; its key and kind where they are known."""

    texts: Mapping[str, str]
    kind: str = "detail"
    parts: tuple[str, ...] | None = None


@dataclass(frozen=True)
class BlankSheet:
    """One ledger to be filled in. ``lines``: what stands above its rows, the header last."""

    contract: Contract
    name: str
    unit: str
    lines: tuple[tuple[str, ...], ...]
    rows: tuple[BlankRow, ...]
    below: tuple[str, ...] = ()  # texts that end its part of the sheet

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.contract.printed_columns

    @property
    def header_rows(self) -> int:
        return self.contract.header.rows if self.contract.header else 1


def blank_sheet(
    contract: Contract, year: int, before: Ledger | None = None, folder: Path | None = None, *, has_total: bool
) -> BlankSheet:
    """A ledger's sheet. ``before``: the same ledger of an earlier year, read from ``folder``, whose rows it names.
    ``has_total``: a rule asks for its total.
    """
    name = contract.short.translate(_NO_SHEET_NAME)[:_LONGEST_SHEET_NAME]
    has_money = any(measure.kind == "money" for measure in contract.measures)
    unit = ((_unit_of(before) if before else "") or contract.unit) if has_money else ""
    rows = _rows_before(before, folder) if before and folder else _rows_named(contract, has_total=has_total)
    region = contract.region
    return BlankSheet(contract, name, unit, _lines(contract, year, unit), rows, region.until if region else ())


def _unit_of(before: Ledger) -> str:
    """The unit that most of its amounts were printed in."""
    units = Counter(cell.printed_unit for cell in before.cells if cell.printed_unit in MONEY_UNITS)
    return units.most_common(1)[0][0] if units else ""


def _lines(contract: Contract, year: int, unit: str) -> tuple[tuple[str, ...], ...]:
    lines = [(f"{contract.title}（{year}年）",)]
    if unit:
        lines.append((f"单位：{unit}",))
    header = _header(contract)
    texts = {fold(text) for line in header for text in line}
    if contract.region and texts.isdisjoint(map(fold, contract.region.begin)):
        lines.append((contract.region.begin[0],))
    return (*lines, *header)


def _header(contract: Contract) -> list[tuple[str, ...]]:
    """The header's rows from the top down; 决算数/小计 stands in two, 金额#2 is the second 金额."""
    depth = contract.header.rows if contract.header else 1
    paths = [column.header.partition("#")[0].split("/") for column in contract.printed_columns]
    if depth == 1:
        return [tuple("/".join(path) for path in paths)]
    return [tuple(path[min(row, len(path) - 1)] for path in paths) for row in range(depth)]


def _rows_named(contract: Contract, *, has_total: bool) -> tuple[BlankRow, ...]:
    """The rows that the contract's own values name, else blank ones; and the total that a rule asks for."""
    keys = [key for key in contract.keys if key.values and not key.columns]
    named = list(itertools.product(*(key.values.items() for key in keys)))
    if keys and len(keys) == len(contract.keys) and len(named) <= _MOST_NAMED:
        rows = [
            BlankRow(
                {key.name: text for key, (text, _) in zip(keys, values, strict=True)},
                parts=tuple(code for _, code in values),
            )
            for values in named
        ]
    else:
        rows = [BlankRow({})] * BLANK_ROWS
    if has_total:
        rows.append(_total_row(contract))
    return tuple(rows)


def _total_row(contract: Contract) -> BlankRow:
    column = contract.total_column or (contract.key_columns or contract.texts)[-1]
    parts = ("total",) if len(contract.keys) == 1 else None
    return BlankRow({column.name: contract.total.name}, "total", parts)


def _rows_before(before: Ledger, folder: Path) -> tuple[BlankRow, ...]:
    """The rows that an earlier year's table had, by the columns that name them; no figure and no remark."""
    contract = before.contract
    grid = next(grid for grid in read_grids(folder / before.source.file, "") if grid.sheet == before.cells[0].sheet)
    part = cut(grid, contract.region)
    columns = find_header(part, contract, before.cells[0].fiscal_year).columns
    naming = [column.name for column in _naming(contract) if column.name in columns]
    rows: dict[int, BlankRow] = {}
    for cell in before.cells:
        at = position(cell.cell)
        if at is not None and at[0] not in rows:
            texts = {name: _text(part, at[0], columns[name]) for name in naming}
            rows[at[0]] = BlankRow(texts, cell.row_kind, tuple(cell.row_key.split(":")))
    return tuple(rows[r] for r in sorted(rows))


def _naming(contract: Contract) -> Iterable[Column]:
    """The columns that say which row a row is: those of its keys, those of its label, and the one that tells totals."""
    said = {name for _, name, _, _ in string.Formatter().parse(contract.label) if name}
    texts = [text for text in contract.texts if text.name in said]
    told = [contract.total_column] if contract.total_column else []
    return [*contract.key_columns, *texts, *told]


def _text(grid: Grid, r: int, c: int) -> str:
    row = grid.rows[r]
    return row[c] if c < len(row) else ""
