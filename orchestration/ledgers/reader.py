"""From files to ledgers: which files a year or a folder holds, which contract each is read by, and every problem of
every file at once. Knows nothing of rules, DuckDB or Dagster.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.files import is_there, read_file
from orchestration.base.problems import InputError, Problem
from orchestration.base.years import fiscal_year
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, Key
from orchestration.ledgers.header import TITLE_LINES, find_header
from orchestration.ledgers.regions import cut
from orchestration.ledgers.register import Register, read_register
from orchestration.ledgers.row_kinds import LEFT_OUT
from orchestration.ledgers.sources import COMPANIONS, NAMES, EntrySource, Source, SourceDocument, Sources, read_sources
from orchestration.ledgers.spreadsheet import SUFFIXES, Grid, read_grids
from orchestration.ledgers.table import LeftOut, Table, read_grid, read_table
from orchestration.ledgers.texts import fold


@dataclass(frozen=True)
class Ledger:
    """One ledger of one year as read: its cells, and the file that they came from."""

    contract: Contract
    source: Source
    sha256: str
    cells: tuple[Cell, ...]
    notices: tuple[Problem, ...] = ()  # what was read, but should be looked at
    left_out: tuple[LeftOut, ...] = ()  # rows among the figures that carry none


@dataclass(frozen=True)
class NotRead:
    """Something that lay among the ledgers and was not read as figures, and why."""

    kind: str  # file | sheet | row
    file: str
    sheet: str
    cell: str
    found: str
    reason: str


@dataclass(frozen=True)
class Year:
    """All ledgers of one year."""

    year: int
    sources: Sources
    ledgers: dict[str, Ledger]
    passed_over: tuple[NotRead, ...] = ()  # files and sheets

    @property
    def not_read(self) -> list[NotRead]:
        """Files and sheets that no ledger was read from, and rows without figures of the ledgers that were read."""
        rows = [
            NotRead("row", ledger.cells[0].file, ledger.cells[0].sheet, row.cell, row.text, LEFT_OUT[row.kind])
            for ledger in self.ledgers.values()
            for row in ledger.left_out
        ]
        return [*self.passed_over, *rows]

    @property
    def cells(self) -> list[Cell]:
        return [cell for ledger in self.ledgers.values() for cell in ledger.cells]

    @property
    def notices(self) -> list[Problem]:
        """Each once: what is told of a sheet holds for every ledger on it."""
        return list(dict.fromkeys(notice for ledger in self.ledgers.values() for notice in ledger.notices))

    @property
    def contracts(self) -> dict[str, Contract]:
        return {name: ledger.contract for name, ledger in self.ledgers.items()}


def read_year(folder: Path, year: int, contracts: dict[str, Contract]) -> Year:
    """The ledgers under ``raw/<year>/``, each named by the folder's ``sources.yml``.

    Raises ``InputError`` with every problem of every file; then nothing has been read.
    """
    shared = {name: contract for name, contract in contracts.items() if contract.required}
    if not folder.is_dir() or not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        raise InputError(
            [
                Problem(f"{folder}/{name}.csv", "", "", "没有这本账", f"{contract.title}（csv 或 xlsx）")
                for name, contract in (shared or contracts).items()
            ]
        )
    sources, problems = read_sources(folder, year)
    problems += [
        Problem(str(folder / "sources.yml"), "", "required", name, f"契约之一：{'、'.join(contracts)}")
        for name in sources.required or ()
        if name not in contracts
    ]
    said = sources.required
    required = shared if said is None else {name: contracts[name] for name in said if name in contracts}
    listed = {source.file for source in sources.files}
    for path in sorted(folder.iterdir()):
        if not path.is_dir() and path.name not in listed | COMPANIONS and not path.name.startswith((".", "~$")):
            problems.append(
                Problem(str(path), "", "", "没有登记的文件", f"在 {folder / 'sources.yml'} 的 files 里登记")
            )
    try:
        register = read_register(folder / NAMES)
    except InputError as error:
        register, problems = Register(), [*problems, *error.problems]
    ledgers: dict[str, Ledger] = {}
    claimed: set[str] = set()
    opened: dict[str, list[Grid]] = {}  # a workbook of many ledgers is opened once
    for source in sources.files:
        if source.ledger not in contracts:
            problems.append(
                Problem(
                    str(folder / "sources.yml"), "", source.file, source.ledger, f"契约之一：{'、'.join(contracts)}"
                )
            )
            continue
        path = folder / source.file
        if source.ledger in claimed:
            problems.append(Problem(str(path), "", "", f"第二份 {source.ledger}", "每本账一个文件"))
        claimed.add(source.ledger)
        try:
            if not is_there(path):
                raise InputError([Problem(str(path), "", "", "没有这个文件", contracts[source.ledger].title)])
            if source.file not in opened:
                # Cells name their file as raw/<year>/…: the same ledgers give the same bytes wherever they lie.
                opened[source.file] = read_grids(path, f"raw/{year}/{source.file}")
            grid = _grid_of(path, source, opened[source.file])
            table = read_table(grid, contracts[source.ledger], year, source.unit, register)
        except InputError as error:
            problems += error.problems
            continue
        problems += miscounted(path, source, table)
        sha256 = hashlib.sha256(read_file(path)).hexdigest()
        ledgers[source.ledger] = Ledger(
            contracts[source.ledger], source, sha256, tuple(table.cells), tuple(table.notices), tuple(table.left_out)
        )
    problems += [
        Problem(str(folder / f"{name}.csv"), "", "", "没有这本账", f"{contract.title}，并在 sources.yml 登记")
        for name, contract in required.items()
        if name not in claimed
    ]
    if problems:
        raise InputError(problems)
    return Year(year, sources, ledgers)


def read_paths(
    paths: Sequence[Path], year: int | None, contracts: dict[str, Contract], forced: Contract | None = None
) -> Year:
    """Any files or folders, for ``ledgergate check``: each sheet is matched to a contract by file name, sheet name or
    the title above the table (or read with ``forced``). The year is the caller's, or the one that a folder or title
    names.
    """
    problems: list[Problem] = []
    passed_over: list[NotRead] = []
    grids: list[tuple[Path, Grid]] = []
    for path in paths:
        if not path.exists():
            problems.append(Problem(str(path), "", "", "没有这个文件或文件夹", "账表文件（csv、xlsx）或其文件夹"))
            continue
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            if path.is_dir() and (file.name in COMPANIONS or file.name.startswith((".", "~$"))):
                continue
            if path.is_dir() and file.suffix.lower() not in SUFFIXES:
                found = file.suffix.lower() if file.is_file() else "文件夹"
                passed_over.append(
                    NotRead("file", str(file), "", "", found or "没有扩展名", f"只读 {'、'.join(SUFFIXES)}")
                )
                continue
            try:
                grids += [(file, grid) for grid in read_grids(file, str(file))]
            except InputError as error:
                problems += error.problems
    matched: list[tuple[Path, Grid, Contract | None]] = [
        (file, grid, contract) for file, grid in grids for contract in _read_by(file, grid, contracts, forced)
    ]
    found_year = year or _year_of(paths, [_title_of(grid, contract) for _, grid, contract in matched if contract])
    if found_year is None and not problems:
        problems.append(Problem(str(paths[0]), "", "", "看不出年度", "文件夹名或标题里有年度，或用 --year 指明"))
    registers: dict[Path, Register] = {}
    for place in {file.parent for file, _, _ in matched}:
        try:
            registers[place] = read_register(place / NAMES)
        except InputError as error:
            problems += error.problems
    ledgers: dict[str, Ledger] = {}
    for file, grid, contract in matched:
        if contract is None:
            if any(any(row) for row in grid.rows):
                names = "、".join(contract.short for contract in contracts.values())
                problems.append(Problem(grid.file, grid.sheet, "", "认不出是哪本账", f"文件名、表名或标题为：{names}"))
            else:
                passed_over.append(NotRead("sheet", grid.file, grid.sheet, "", "空表", "没有内容"))
            continue
        if contract.ledger in ledgers:
            problems.append(Problem(grid.file, grid.sheet, "", f"第二份{contract.short}", "每本账一张表"))
            continue
        try:
            table = read_table(grid, contract, found_year or 0, register=registers.get(file.parent))
        except InputError as error:
            problems += error.problems
            continue
        source = Source(file=grid.file, ledger=contract.ledger, sheet=grid.sheet)
        sha256 = hashlib.sha256(read_file(file)).hexdigest()
        ledgers[contract.ledger] = Ledger(
            contract, source, sha256, tuple(table.cells), tuple(table.notices), tuple(table.left_out)
        )
    if not ledgers and not problems:
        problems.append(Problem(str(paths[0]), "", "", "没有账表", "csv 或 xlsx 文件"))
    if problems or found_year is None:
        raise InputError(problems)
    return Year(found_year, Sources(year=found_year), ledgers, tuple(passed_over))


def miscounted(path: Path, source: Source, table: Table) -> list[Problem]:
    """The control count: a row that is lost, or there once too often, shows even where no rule would see it."""
    rows = len({cell.row_key for cell in table.cells})
    if source.rows in (None, rows):
        return []
    return [Problem(str(path), source.sheet, "", f"{rows} 行", f"{source.rows} 行（sources.yml 的 rows，连同合计行）")]


def _grid_of(path: Path, source: Source, grids: list[Grid]) -> Grid:
    wanted = [grid for grid in grids if not source.sheet or grid.sheet == source.sheet]
    if not wanted or (len(wanted) > 1 and not source.sheet):
        names = "、".join(grid.sheet for grid in grids)
        raise InputError(
            [Problem(str(path), source.sheet, "", f"工作表：{names}", "sources.yml 的 sheet 指明其中一张")]
        )
    return wanted[0]


def _match(file: Path, grid: Grid, contracts: dict[str, Contract]) -> list[Contract]:
    """The contracts that a sheet is read by: those that bear the first name which any bears, and those of a part of a
    sheet whose title stands anywhere on it.
    """
    names = [fold(file.stem), fold(grid.sheet)]
    names += [fold(text) for row in grid.rows[:TITLE_LINES] for text in row[:3] if text]
    named = next((found for name in names if (found := _titled({name}, contracts.values()))), [])
    parts = [contract for contract in contracts.values() if contract.region and contract not in named]
    texts = {fold(text) for row in grid.rows for text in row if text} if parts else set()
    return [*named, *_titled(texts, parts)]


def _read_by(
    file: Path, grid: Grid, contracts: dict[str, Contract], forced: Contract | None
) -> Sequence[Contract | None]:
    return [forced] if forced else _match(file, grid, contracts) or [None]


def _titled(texts: set[str], contracts: Iterable[Contract]) -> list[Contract]:
    return [contract for contract in contracts if contract.known_titles & texts]


def _title_of(grid: Grid, contract: Contract) -> list[str]:
    """What stands above the header, and the sheet's name. Rows don't count: a project's name may hold a year."""
    try:
        part = cut(grid, contract.region)
        above = grid.rows[: find_header(part, contract).first]
    except InputError:
        above = []
    return [grid.sheet, *(text for row in above for text in row)]


def _year_of(paths: Iterable[Path], titles: Iterable[list[str]]) -> int | None:
    names = [part for path in paths for part in reversed(path.resolve().parts)]
    names += [text for title in titles for text in title]
    for name in names:
        stated = [name, *re.findall(r"(?<!\d)(\d{4})\s*年", name, re.ASCII)]
        if year := next(filter(None, map(fiscal_year, stated)), None):
            return year
    return None


__all__ = [
    "EntrySource", "Key", "Ledger", "Source", "SourceDocument", "Sources", "Year", "read_grid", "read_paths",
    "read_year",
]  # fmt: skip
