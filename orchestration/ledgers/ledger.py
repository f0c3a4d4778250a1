"""What is read: one ledger of one year, on one sheet or on several, and all ledgers of the year. Opens no file but to
take its hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.files import read_file
from orchestration.base.problems import Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.not_read import NotRead
from orchestration.ledgers.row_kinds import LEFT_OUT
from orchestration.ledgers.sources import Source, Sources
from orchestration.ledgers.table import LeftOut, Table


@dataclass(frozen=True)
class Ledger:
    """One ledger of one year as read: its cells, and the file, or files, that they came from."""

    contract: Contract
    source: Source
    sha256: str
    cells: tuple[Cell, ...]
    notices: tuple[Problem, ...] = ()  # what was read, but should be looked at
    left_out: tuple[LeftOut, ...] = ()  # rows among the figures that carry none, and columns that are left alone
    columns: frozenset[int] = frozenset()  # zero-based columns of the sheet that were read
    sheets: tuple[Ledger, ...] = ()  # of a ledger whose parts stand on sheets of their own: each of these

    @property
    def sheet(self) -> tuple[str, str]:
        """File and sheet as cells name them."""
        return self.cells[0].file, self.cells[0].sheet


@dataclass(frozen=True)
class Year:
    """All ledgers of a department's year."""

    year: int
    sources: Sources
    ledgers: dict[str, Ledger]
    passed_over: tuple[NotRead, ...] = ()  # files, sheets and parts of sheets
    department: str = ""  # its code; empty where the ledgers lie in no department's folder
    told: tuple[Problem, ...] = ()  # what should be looked at of a document, whether or not a ledger was read from it

    def on_duty(self, ledger: Ledger) -> str:
        """Who mends a ledger of this department."""
        return ledger.source.on_duty or self.sources.on_duty or ledger.contract.on_duty

    @property
    def not_read(self) -> list[NotRead]:
        """Files, sheets and parts of sheets that no ledger was read from; of the ledgers that were read, rows without
        figures and columns that are left alone.
        """
        read: dict[tuple[str, str], frozenset[int]] = {}
        parts = [part for ledger in self.ledgers.values() for part in ledger.sheets or (ledger,)]
        for ledger in parts:
            if ledger.left_out:
                read[ledger.sheet] = read.get(ledger.sheet, frozenset()) | ledger.columns
        rows = [
            NotRead("column" if row.kind == "column" else "row", *ledger.sheet, row.cell, row.text, LEFT_OUT[row.kind])
            for ledger in parts
            for row in ledger.left_out
            if row.kind != "column" or row.column not in read[ledger.sheet]  # another ledger of the sheet reads it
        ]
        return [*self.passed_over, *rows]

    @property
    def cells(self) -> list[Cell]:
        return [cell for ledger in self.ledgers.values() for cell in ledger.cells]

    @property
    def notices(self) -> list[Problem]:
        """Each once: what is told of a sheet holds for every ledger on it."""
        of_ledgers = (notice for ledger in self.ledgers.values() for notice in ledger.notices)
        return list(dict.fromkeys((*self.told, *of_ledgers)))

    @property
    def contracts(self) -> dict[str, Contract]:
        return {name: ledger.contract for name, ledger in self.ledgers.items()}


def as_read(table: Table, contract: Contract, source: Source, path: Path) -> Ledger:
    sha256 = hashlib.sha256(read_file(path)).hexdigest()
    return Ledger(
        contract, source, sha256, tuple(table.cells), tuple(table.notices), tuple(table.left_out), table.columns
    )


def joined(parts: Sequence[Ledger]) -> Ledger:
    """A ledger of which each part stands on a sheet of its own."""
    if len(parts) == 1:
        return parts[0]
    files = list(dict.fromkeys(part.source.file for part in parts))
    hashes = list(dict.fromkeys(part.sha256 for part in parts))
    sha256 = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    return Ledger(
        parts[0].contract, parts[0].source.model_copy(update={"file": "、".join(files), "sheet": ""}), sha256,
        tuple(cell for part in parts for cell in part.cells), tuple(each for part in parts for each in part.notices),
        sheets=tuple(parts),
    )  # fmt: skip


def twice_on_sheets(parts: Sequence[Ledger]) -> list[Problem]:
    """Rows that stand in two parts of a ledger: the same form twice. One row says it for the part."""
    seen: dict[str, tuple[int, Cell]] = {}
    problems: dict[tuple[int, int], Problem] = {}
    for number, part in enumerate(parts):
        for cell in part.cells:
            before, first = seen.setdefault(cell.row_key, (number, cell))
            if before != number:
                place = f"{first.file} {first.sheet} {first.cell}"
                problem = Problem(
                    cell.file, cell.sheet, cell.cell, f"第二个 {cell.row_label}", f"每行一次（已在 {place}）"
                )
                problems.setdefault((number, before), problem)
    return list(problems.values())
