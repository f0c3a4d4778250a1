"""What lies among the ledgers and no ledger was read from: files, sheets, parts of sheets. Reads no figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.problems import InputError
from orchestration.base.settings import CONTRACTS, RULES
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.regions import outside
from orchestration.ledgers.sources import CHECKS, Sources
from orchestration.ledgers.spreadsheet import Grid


@dataclass(frozen=True)
class NotRead:
    """Something that was not read as figures, and why."""

    kind: str  # file | sheet | part | column | row
    file: str
    sheet: str
    cell: str
    found: str
    reason: str


def empty_sheet(grid: Grid) -> NotRead:
    return NotRead("sheet", grid.file, grid.sheet, "", "空表", "没有内容")


def sheet_of_checks(grid: Grid) -> NotRead:
    return NotRead("sheet", grid.file, grid.sheet, "", CHECKS, "填报时核对用的公式，不是账")


def parts_not_read(read: Iterable[tuple[Grid, Contract]]) -> list[NotRead]:
    """Of each sheet, or each form of a sheet that holds several, what stands outside the regions of all contracts that
    it was read by.
    """
    by_sheet: dict[int, tuple[Grid, list[Contract]]] = {}
    for grid, contract in read:
        by_sheet.setdefault(id(grid), (grid, []))[1].append(contract)
    found: list[NotRead] = []
    for grid, contracts in by_sheet.values():
        regions = [contract.region for contract in contracts if contract.region]
        if len(regions) < len(contracts):
            continue  # one of them reads the whole sheet
        try:
            blocks = outside(grid, regions)
        except InputError:
            continue  # a region that is not there is told where its ledger is read
        found += [NotRead("part", grid.file, grid.sheet, at, text, "不在任何一本账的区域之内") for at, text in blocks]
    return found


def sheets_not_named(sources: Sources, opened: dict[str, list[Grid]], read: Set[tuple[str, str]]) -> list[NotRead]:
    """The sheets of a year's workbooks that no source names and nothing was read from."""
    named: dict[str, set[str]] = {}
    for source in sources.files:
        named.setdefault(source.file, set()).add(source.sheet)
    found = []
    for file, grids in opened.items():
        for grid in grids:
            if grid.sheet in named[file] or len(grids) == 1 or (grid.file, grid.sheet) in read:
                continue
            if not any(any(row) for row in grid.rows):
                found.append(empty_sheet(grid))
                continue
            first = next(text for row in grid.rows for text in row if text)
            reason = "sources.yml 没有登记这张工作表"
            is_checks = grid.sheet == CHECKS
            found.append(
                sheet_of_checks(grid) if is_checks else NotRead("sheet", grid.file, grid.sheet, "", first, reason)
            )
    return found


def folders_not_named(folder: Path, sources: Sources) -> list[NotRead]:
    """Folders beside a year's ledgers that hold neither its contracts, its rules nor entries that a source names."""
    named = {Path(path).parts[0] for entries in sources.entries for path in entries.paths if Path(path).parts}
    known: Sequence[str] = (CONTRACTS, RULES, *named)
    return [
        NotRead("file", str(path), "", "", "文件夹", "sources.yml 没有登记其中的文件")
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name not in known and not path.name.startswith(".")
    ]
