"""The tables of a published document as the sheets of a workbook, to be drafted from, and where each of their cells
stands in the document. Drafts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.documents.loose import LooseTable, named_apart
from orchestration.documents.reader import open_document, tables_of
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.grids.grid import Grid, reference
from orchestration.rules.model import Rule

#: Sheet and cell, as in a workbook -> where it stands in the document.
Places = Mapping[tuple[str, str], str]
_SHOWN = 5


@dataclass(frozen=True)
class DocumentGrids:
    """A document's tables as sheets; ``unread``: what stands in tables and is in none of them."""

    grids: list[Grid]
    places: Places
    unread: list[str]


def read_document_grids(path: Path, contracts: Mapping[str, Contract], rules: Sequence[Rule]) -> DocumentGrids:
    """Every table of a document, also those that a contract knows: in plain text it is the contract that tells where a
    blank is. Raises ``InputError`` where the file can't be read or holds no table.
    """
    document = open_document(path)
    found = tables_of(document, dict(contracts), rules, 0)
    problems = [*found.untold, *(problem for table in found.known for problem in table.problems)]
    known = [LooseTable(table.title, table.rows, table.places, table.merged) for table in found.known]
    tables = named_apart([*known, *found.loose])
    unread = [f"{problem.cell} {problem.found}（应为 {problem.expected}）" for problem in problems]
    unread += [f"{each.place} {each.text}（{each.around}）：看不出是哪一栏，未读" for each in found.unplaced]
    if not tables:
        raise InputError(problems or [Problem(document.name, "", "", "没有找到表格", "表头之下有数的表")])
    grids = [grid_of(table, document.name) for table in tables]
    return DocumentGrids(grids, dict(_places(tables)), _shortened(unread))


def grid_of(table: LooseTable, file: str) -> Grid:
    """A table as the sheet of a workbook that its draft is made from."""
    merged = {reference(r, c): name for (r, c), name in table.merged.items()}
    return Grid(file, table.title, [list(row) for row in table.rows], merged=merged)


def _places(tables: Sequence[LooseTable]) -> Iterator[tuple[tuple[str, str], str]]:
    for table in tables:
        for r, row in enumerate(table.places):
            for c, place in enumerate(row):
                yield (table.title, reference(r, c)), str(place)


def _shortened(unread: Sequence[str]) -> list[str]:
    more = len(unread) - _SHOWN
    return [*unread[:_SHOWN], *([f"另有 {more} 处未读，见 check --json"] if more > 0 else [])]
