"""Sheets of cells that a document states, under a contract's headers: what tables and sentences both become, so that
the one reader of ledgers reads them. Every cell keeps its place in the document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from orchestration.base.problems import InputError, Problem
from orchestration.documents.lines import Place
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.grids.grid import Grid, reference
from orchestration.ledgers.table import LeftOut, Table, read_table

_A1 = re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,3}\d{1,7}(?![A-Za-z0-9])")
_UNITS = ("亿元", "万元", "千元", "元")


@dataclass
class Sheet:
    """Rows of texts with their places. ``rows[r][c]`` stands at ``places[r][c]``."""

    contract: Contract
    name: str  # 表1, 正文
    rows: list[list[str]]
    places: list[list[Place]]
    notices: list[Problem] = field(default_factory=list)
    merged: dict[tuple[int, int], str] = field(default_factory=dict)
    stated: bool = False  # by sentences: what is blank is not said, and no zero

    def place_of(self, r: int, c: int) -> str:
        if r < len(self.places) and self.places[r]:
            return str(self.places[r][min(c, len(self.places[r]) - 1)])
        return ""

    def read(self, file: str, year: int) -> Table:
        """The cells, each at its place in the document. Raises ``InputError`` with places of the document."""
        merged = {reference(r, c): name for (r, c), name in self.merged.items()}
        grid = Grid(file, self.name, [list(row) for row in self.rows], merged=merged)
        at = {
            reference(r, c): str(place)
            for r, (row, places) in enumerate(zip(self.rows, self.places, strict=False))
            for c, place in zip(range(len(row)), [*places, *places[-1:] * len(row)], strict=False)
        }
        try:
            table = read_table(grid, _blank_is_unsaid(self.contract) if self.stated else self.contract, year)
        except InputError as error:
            raise InputError([_moved(problem, at) for problem in error.problems]) from None
        notices = [_moved(notice, at) for notice in table.notices]
        cells: list[Cell] = [replace(cell, cell=at.get(cell.cell, cell.cell)) for cell in table.cells]
        left_out = [LeftOut(row.kind, at.get(row.cell, row.cell), row.text) for row in table.left_out]
        return Table(cells, left_out, notices)


def _moved(problem: Problem, at: dict[str, str]) -> Problem:
    """A problem at its place in the document, which knows no rows and columns of a sheet."""
    found = _A1.sub(lambda match: at.get(match[0], match[0]), problem.found)
    return replace(problem, cell=at.get(problem.cell, problem.cell), found=found)


@dataclass
class StatedRows:
    """Rows that sentences state, one after the other, in the columns that they need."""

    contract: Contract
    rows: dict[tuple[tuple[str, str], ...], dict[str, tuple[str, Place]]] = field(default_factory=dict)
    texts: dict[tuple[tuple[str, str], ...], dict[str, str]] = field(default_factory=dict)

    def put(self, row: tuple[tuple[str, str], ...], measure: str, text: str, place: Place) -> None:
        self.rows.setdefault(row, {})[measure] = (text, place)

    def say(self, row: tuple[tuple[str, str], ...], name: str, text: str) -> None:
        self.rows.setdefault(row, {})
        self.texts.setdefault(row, {})[name] = text

    def sheet(self, name: str) -> Sheet:
        contract = self.contract
        columns = [*contract.keys, *contract.texts, *contract.measures]
        rows: list[list[str]] = []
        places: list[list[Place]] = []
        first = next((place for cells in self.rows.values() for _, place in cells.values()), Place(0, 0))
        if contract.unit:
            rows.append([f"单位：{contract.unit}"])
            places.append([first])
        rows.append([column.header for column in columns])
        places.append([first] * len(columns))
        for key, cells in self.rows.items():
            at = next((place for _, place in cells.values()), first)
            named = {**dict(key), **self.texts.get(key, {})}
            texts = [cells.get(column.name, (named.get(column.name, ""), at)) for column in columns]
            rows.append([bare(text, contract.unit) for text, _ in texts])
            places.append([place for _, place in texts])
        return Sheet(contract, name, rows, places, stated=True)


@dataclass
class UniqueNames:
    """Names for rows, each told from the ones before it that are called the same."""

    taken: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def unique(self, name: str) -> str:
        candidate = name
        while candidate in self.taken:
            self.counts[name] += 1
            candidate = f"{name}（第{self.counts[name] + 1}处）"
        self.taken.add(candidate)
        return candidate


def _blank_is_unsaid(contract: Contract) -> Contract:
    measures = tuple(measure.model_copy(update={"blank": None}) for measure in contract.measures)
    return contract.model_copy(update={"blank": "not_printed", "measures": measures, "rows": "any"})


def bare(text: str, unit: str) -> str:
    """An amount without the unit that its ledger states anyway."""
    cut = text.removesuffix(unit) if unit in _UNITS else text
    return cut if cut[-1:].isdigit() else text


def csv_rows(sheet: Sheet, drop: Sequence[str] = ()) -> list[list[str]]:
    """The rows as a file of their own: without columns that hold nothing, which no contract may need."""
    header = next(n for n, row in enumerate(sheet.rows) if len(row) > 1)
    width = len(sheet.rows[header])
    optional = {column.header for column in sheet.contract.texts if not column.required} | set(drop)
    kept = [
        c
        for c in range(width)
        if sheet.rows[header][c] not in optional or any(c < len(row) and row[c] for row in sheet.rows[header + 1 :])
    ]
    return [row if len(row) == 1 else [row[c] if c < len(row) else "" for c in kept] for row in sheet.rows]
