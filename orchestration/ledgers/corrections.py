"""Corrections: explicit rows beside the ledgers, never silent edits of them. Reads ``raw/<year>/corrections.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orchestration.ledgers.cell import InputError, Problem
from orchestration.ledgers.money import FigureError, parse_figure, squeeze
from orchestration.ledgers.reader import Year
from orchestration.ledgers.spreadsheet import read_grids, reference

#: Columns of corrections.csv: name in code -> header.
HEADERS = {
    "address": "地址",
    "printed": "印出数",
    "corrected": "更正数",
    "reason": "理由",
    "evidence": "证据",
    "basis": "依据",
    "confirmed_by": "确认人",
}
BASES = ("derived", "confirmed")


@dataclass(frozen=True, slots=True)
class Correction:
    """One corrected cell. ``value`` and ``half_width`` in the cell's base unit (fen for money)."""

    fiscal_year: int
    address: str
    printed: str
    corrected: str
    value: Decimal
    half_width: Decimal
    reason: str
    evidence: str
    basis: str  # derived from the figures | confirmed by somebody
    confirmed_by: str


def read_corrections(path: Path, year: Year) -> list[Correction]:
    """The corrections of a year; none where the file is not there.

    Raises ``InputError`` with every wrong row: an address that no cell has, a printed value that no longer stands in
    the ledger (the correction is stale), a value that can't be read, a missing reason, evidence or basis.
    """
    if not path.is_file():
        return []
    (grid,) = read_grids(path, str(path))
    header = [squeeze(text) for text in grid.rows[0]] if grid.rows else []
    if set(header) != set(HEADERS.values()):
        raise InputError([Problem(str(path), "", "第1行", "、".join(header) or "空表", "、".join(HEADERS.values()))])
    column = {name: header.index(text) for name, text in HEADERS.items()}
    cells = {cell.address: cell for cell in year.cells}
    corrections: dict[str, Correction] = {}
    problems: list[Problem] = []
    for r, row in enumerate(grid.rows[1:], 1):
        if not any(squeeze(text) for text in row):
            continue
        field = {name: row[c].strip() if c < len(row) else "" for name, c in column.items()}

        def bad(name: str, expected: str, at: int = r, found: dict[str, str] = field) -> None:
            problems.append(Problem(str(path), "", reference(at, column[name]), found[name] or "空白", expected))

        before = len(problems)
        problems.extend(  # a comma that stands without quotes would cut the evidence short
            Problem(str(path), "", reference(r, c), text, "表头之内的列")
            for c, text in enumerate(row)
            if c >= len(header) and text.strip()
        )
        for name in ("reason", "evidence"):
            if not field[name]:
                bad(name, f"写明{HEADERS[name]}")
        if field["basis"] not in BASES:
            bad("basis", " 或 ".join(BASES))
        elif field["basis"] == "confirmed" and not field["confirmed_by"]:
            bad("confirmed_by", "确认人（basis 为 confirmed）")
        cell = cells.get(field["address"])
        if cell is None or cell.value is None:
            bad("address", f"{year.year} 年某个数字单元格的地址（年/账/行/栏）")
            continue
        if squeeze(field["printed"]) != cell.text:
            bad("printed", f"账上现印 {cell.text or '空白'}（更正已过时：{cell.file} {cell.sheet} {cell.cell}）")
        if cell.address in corrections:
            bad("address", "每个单元格一条更正")
        contract = year.ledgers[cell.ledger].contract
        measure = contract.measure(cell.measure)
        try:
            figure = parse_figure(field["corrected"], measure.kind if measure else "number", cell.printed_unit)
        except FigureError as error:
            bad("corrected", str(error))
            continue
        if figure.unit != cell.unit:
            bad("corrected", f"与原数同类的数（{cell.printed_unit}）")
        if len(problems) == before:
            corrections[cell.address] = Correction(
                fiscal_year=year.year, value=figure.value, half_width=figure.half_width, **field
            )
    if problems:
        raise InputError(problems)
    return list(corrections.values())
