"""A drafted rule with its evidence, and the places that break it. How rules are found is in ``within`` and ``across``;
how they are written out in ``writing``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from orchestration.drafting.columns import DraftColumn
from orchestration.drafting.figures import Figures
from orchestration.drafting.tables import DraftTable
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.money import MONEY_UNITS, FigureError, is_dash, parse_figure
from orchestration.ledgers.precision import by_column
from orchestration.ledgers.spreadsheet import reference

#: A relation is drafted where at least so many lines keep it for each that breaks it: six of seven.
KEPT_FOR_ONE_BREAK = 6
#: Words that state a zero; a draft says that it took them so.
ZERO_WORDS = ("未支出", "未发生", "不变", "无", "零")


#: Measures of a known ledger that hold a condition or a day, and no figure.
_NO_FIGURES = ("target", "outcome", "date")
#: Measures that can be added.
SUMMED = ("money", "person", "count", "point")


@dataclass(frozen=True)
class Break:
    """A place where a relation does not hold that nearly all others keep."""

    file: str
    sheet: str
    cell: str
    found: str
    expected: str
    rule: str = ""
    place: str = ""  # page and box, table or line, where the file is a document


@dataclass(frozen=True)
class DraftRule:
    """One rule in the project's grammar, with what speaks for it."""

    id: str
    title: str
    check: str
    kept: int
    tried: int
    breaks: tuple[Break, ...] = ()
    variables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    when_printed: str = ""
    severity: Literal["error", "warning"] = "error"
    operands: tuple[tuple[str, int, int], ...] = ()  # (table, row or -1, column): what the page colours


@dataclass(frozen=True)
class Amounts:
    """The figures of a table in whole numbers of one scale: a row for each data row, a column for each measure."""

    figures: Figures
    unread: tuple[Break, ...]  # cells under a measure that hold something else


def amounts_of(table: DraftTable) -> Amounts:
    """Every figure of a table, read as the reader will read it: to the last place that its column shows."""
    cells, zeros, unread = _read_cells(table)
    settled, _ = by_column(list(cells.values()), _contract(table), table.grid)
    read = {
        at: (cell.value, cell.half_width) for at, cell in zip(cells, settled, strict=True) if cell.value is not None
    }
    places = max((_places(x) for pair in read.values() for x in pair), default=0)
    size = range(len(table.rows)), range(len(table.measures))
    values: list[list[int | None]] = [
        [_whole(read[i, m][0], places) if (i, m) in read else 0 if (i, m) in zeros else None for m in size[1]]
        for i in size[0]
    ]
    halves = [[_whole(read[i, m][1], places) if (i, m) in read else 0 for m in size[1]] for i in size[0]]
    return Amounts(Figures(values, halves, places), tuple(unread))


def _read_cells(table: DraftTable) -> tuple[dict[tuple[int, int], Cell], set[tuple[int, int]], list[Break]]:
    """By row and measure: what stands there as a figure, what states a zero in words, and what is neither."""
    cells: dict[tuple[int, int], Cell] = {}
    zeros: set[tuple[int, int]] = set()
    unread: list[Break] = []
    for i, r in enumerate(table.rows):
        for m, column in enumerate(table.measures):
            text = table.text(r, column)
            if column.kind in _NO_FIGURES:
                continue
            if text in ZERO_WORDS:
                zeros.add((i, m))
            elif text and not is_dash(text):
                try:
                    cells[i, m] = _cell(table, r, column, text)
                except FigureError as error:
                    place = reference(r, column.at)
                    unread.append(Break(table.grid.file, table.grid.sheet, place, text, str(error)))
    return cells, zeros, unread


def _cell(table: DraftTable, r: int, column: DraftColumn, text: str) -> Cell:
    figure = parse_figure(text, column.kind, unit_of(table, column))
    return Cell(
        fiscal_year=0, ledger=table.name, row_key=str(r), row_kind="detail", row_label="", measure=column.name,
        text=text, value=figure.value, unit=figure.unit, half_width=figure.half_width,
        printed_unit=figure.printed_unit, file=table.grid.file, sheet=table.grid.sheet, cell=reference(r, column.at),
    )  # fmt: skip


def _contract(table: DraftTable) -> Contract:
    """As much of a contract as says how fine the columns are."""
    measures = [{"name": c.name, "header": c.header, "kind": c.kind, "unit": c.unit} for c in table.measures]
    row = {"name": "drafted_row", "header": "行"}
    return Contract.model_validate(
        {"ledger": table.name, "title": table.title, "short": table.title, "keys": [row], "measures": measures}
    )


def zero_words(table: DraftTable, column: DraftColumn) -> list[str]:
    """Words under a measure that state a zero."""
    return [word for word in ZERO_WORDS if any(table.text(r, column) == word for r in table.rows)]


def unit_of(table: DraftTable, column: DraftColumn) -> str:
    """The unit that a measure's figures count in where the cell prints none."""
    if column.unit or column.kind != "money":
        return column.unit
    return table.unit or assumed_unit(table)


def assumed_unit(table: DraftTable) -> str:
    """Where a table of amounts names no unit: 元, or 万元 if its figures are finer than the fen."""
    places = max(
        (len(text.rpartition(".")[2].rstrip("%％)")) for r in table.rows for c in table.measures
         if c.kind == "money" and "." in (text := table.text(r, c))),
        default=0,
    )  # fmt: skip
    return "元" if places <= 2 else "万元" if places <= 6 else "亿元"


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _whole(value: Decimal, places: int) -> int:
    return int(value.scaleb(places))


def shown(table: DraftTable, column: DraftColumn, value: int, scale: int, like: str = "") -> str:
    """A computed figure as the table would print it, to as many places as ``like`` has."""
    exact = Decimal(value).scaleb(-scale)
    if column.kind == "money":
        exact = exact / MONEY_UNITS[unit_of(table, column)]
    percent = column.kind == "ratio" and like.endswith(("%", "％"))
    exact = (exact * 100 if percent else exact).normalize()
    places = len(re.sub(r"[^0-9]", "", like.partition(".")[2]))
    if places > _places(exact):
        exact = exact.quantize(Decimal(1).scaleb(-places))
    return f"{exact:,f}" + ("%" if percent else "")


def break_at(table: DraftTable, r: int, column: DraftColumn, expected: str) -> Break:
    return Break(table.grid.file, table.grid.sheet, reference(r, column.at), table.text(r, column), expected)


def quoted(key: Sequence[str]) -> str:
    """A row's key as a check writes it: names in quotes where spaces or brackets would part them."""
    return joined([f'"{part}"' if set("() ") & set(part) else part for part in key])


def readable(table: DraftTable) -> DraftTable:
    """The table without the columns of which the reader can't read most figures; each is told once."""
    _, _, unread = _read_cells(table)
    counts = Counter(each.cell.rstrip("0123456789") for each in unread)
    first = {each.cell.rstrip("0123456789"): each for each in reversed(unread)}
    columns, told = [], []
    for column in table.columns:
        name = reference(0, column.at)[:-1]
        filled = [text for r in table.rows if (text := table.text(r, column)) and not is_dash(text)]
        if column.role == "measure" and counts[name] * 2 > len(filled):
            told.append(f"第 {column.at + 1} 列：{first[name].found} 读不了（{first[name].expected}），未读")
            column = replace(column, role="ignored")
        columns.append(column)
    return replace(table, columns=tuple(columns), undecided=(*table.undecided, *told)) if told else table


def believed(kept: int, broken: int) -> bool:
    """Whether a relation is drafted: nearly all lines that say anything keep it."""
    return kept > 0 and broken * KEPT_FOR_ONE_BREAK <= kept


def joined(parts: Sequence[str]) -> str:
    return ":".join(parts)
