"""From files to ledgers: which files a year or a folder holds, which contract each is read by, and every problem of
every file at once. Knows nothing of rules, DuckDB or Dagster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.base.departments import department_of
from orchestration.base.files import is_there
from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import folder_of
from orchestration.ledgers.contract import Contract, Key
from orchestration.ledgers.ledger import Ledger, Year, as_read, joined, twice_on_sheets
from orchestration.ledgers.matching import contracts_of, stands_on, title_of, year_of
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.ledgers.not_read import (
    NotRead,
    empty_sheet,
    folders_not_named,
    parts_not_read,
    sheet_of_checks,
    sheets_not_named,
)
from orchestration.ledgers.regions import forms_on
from orchestration.ledgers.register import Register, read_register
from orchestration.ledgers.sources import (
    CHECKS,
    COMPANIONS,
    NAMES,
    EntrySource,
    Source,
    SourceDocument,
    Sources,
    read_sources,
)
from orchestration.ledgers.spreadsheet import SUFFIXES, Grid, read_grids
from orchestration.ledgers.table import Table, read_grid, read_table


def read_year(folder: Path, year: int, contracts: dict[str, Contract]) -> Year:
    """The ledgers under ``raw/<year>/<department>/``, each named by the folder's ``sources.yml``. Those of a folder
    that lies elsewhere are no department's.

    Raises ``InputError`` with every problem of every file; then nothing has been read.
    """
    shared = {name: contract for name, contract in contracts.items() if contract.required}
    if not folder.is_dir() or not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        raise InputError(_missing(folder, shared or contracts, "（csv 或 xlsx）"))
    sources, problems = read_sources(folder, year)
    said = sources.required
    required = shared if said is None else {name: contracts[name] for name in said if name in contracts}
    problems += _required_without_contract(folder, sources, contracts)
    problems += _not_registered(folder, sources)
    register, wrong = _register_of(folder)
    problems += wrong
    year_folder = _YearFolder(folder, year, contracts, register)
    ledgers, wrong = year_folder.ledgers(sources)
    problems += wrong
    listed = {source.ledger for source in sources.files}
    not_listed = {name: contract for name, contract in required.items() if name not in listed}
    problems += _missing(folder, not_listed, "，并在 sources.yml 登记")
    if problems:
        raise InputError(problems)
    return Year(year, sources, ledgers, tuple(year_folder.passed_over(sources)), year_folder.department)


def _missing(folder: Path, contracts: dict[str, Contract], how: str) -> list[Problem]:
    """Ledgers that are not there. ``how`` they are to be brought."""
    return [
        Problem(str(folder / f"{name}.csv"), "", "", "没有这本账", f"{contract.title}{how}")
        for name, contract in contracts.items()
    ]


def _required_without_contract(folder: Path, sources: Sources, contracts: dict[str, Contract]) -> list[Problem]:
    return [
        Problem(str(folder / "sources.yml"), "", "required", name, f"契约之一：{'、'.join(contracts)}")
        for name in sources.required or ()
        if name not in contracts
    ]


def _not_registered(folder: Path, sources: Sources) -> list[Problem]:
    """Files that lie in a year's folder and that its ``sources.yml`` does not list."""
    known = {source.file for source in sources.files} | COMPANIONS
    return [
        Problem(str(path), "", "", "没有登记的文件", f"在 {folder / 'sources.yml'} 的 files 里登记")
        for path in sorted(folder.iterdir())
        if not path.is_dir() and path.name not in known and not _is_in_passing(path)
    ]


def _is_in_passing(path: Path) -> bool:
    """Whether a name is one that systems and spreadsheets leave behind: .DS_Store, ~$表3.xlsx."""
    return path.name.startswith((".", "~$"))


def _register_of(folder: Path) -> tuple[Register, list[Problem]]:
    try:
        return read_register(folder / NAMES), []
    except InputError as error:
        return Register(), error.problems


@dataclass(frozen=True)
class _YearFolder:
    """A year's folder while its ledgers are read."""

    folder: Path
    year: int
    contracts: dict[str, Contract]
    register: Register
    _opened: dict[str, list[Grid]] = field(default_factory=dict)  # a workbook of many ledgers is opened once
    _forms: dict[int, list[Grid]] = field(default_factory=dict)  # of each sheet the forms that stand on it
    _read: list[tuple[Grid, Contract]] = field(default_factory=list)

    @property
    def department(self) -> str:
        """Its code: the name of its folder beside the year's others."""
        return department_of(self.folder, self.year)

    def ledgers(self, sources: Sources) -> tuple[dict[str, Ledger], list[Problem]]:
        """Each ledger that is listed, by name, and what is wrong with any."""
        ledgers: dict[str, Ledger] = {}
        parts: dict[str, list[Ledger]] = {}
        problems: list[Problem] = []
        for source in sources.files:
            contract = self.contracts.get(source.ledger)
            if contract is None:
                known = f"契约之一：{'、'.join(self.contracts)}"
                problems.append(Problem(str(self.folder / "sources.yml"), "", source.file, source.ledger, known))
                continue
            path = self.folder / source.file
            if source.ledger in parts and not contract.is_of_sheets:
                problems.append(Problem(str(path), "", "", f"第二份 {source.ledger}", "每本账一个文件"))
            found, wrong = self._parts(path, source, contract)
            parts.setdefault(source.ledger, []).extend(found)
            problems += wrong
        for name, read in parts.items():
            problems += twice_on_sheets(read)
            if read:
                ledgers[name] = joined(read)
        return ledgers, problems

    def _parts(self, path: Path, source: Source, contract: Contract) -> tuple[list[Ledger], list[Problem]]:
        """The ledger, or its part on each sheet that it stands on; and what is wrong."""
        found: list[Ledger] = []
        problems: list[Problem] = []
        try:
            grids = self._grids(path, source, contract)
        except InputError as error:
            return [], error.problems
        for grid in grids:
            try:
                table = self._table(grid, source, contract)
            except InputError as error:
                problems += error.problems
                continue
            problems += miscounted(path, source, table)
            found.append(as_read(table, contract, source, path))
        return found, problems

    def _grids(self, path: Path, source: Source, contract: Contract) -> list[Grid]:
        if not is_there(path):
            raise InputError([Problem(str(path), "", "", "没有这个文件", contract.title)])
        if source.file not in self._opened:
            # Cells name their file as raw/<year>/…: the same ledgers give the same bytes wherever they lie.
            place = f"raw/{self.year}/{folder_of(self.department)}{source.file}"
            self._opened[source.file] = read_grids(path, place)
        grids = self._opened[source.file]
        if not contract.is_of_sheets:
            return [_grid_of(path, source, grids)]
        forms = [form for grid in grids if source.sheet in ("", grid.sheet) for form in self._forms_on(grid)]
        with_table = [form for form in forms if stands_on(form, contract)]
        # Of a single sheet the reader says what is missing.
        return with_table or [_grid_of(path, source, grids) if source.sheet else grids[0]]

    def _forms_on(self, grid: Grid) -> list[Grid]:
        """The forms of a sheet, the same for all ledgers that are read from them."""
        return self._forms.setdefault(id(grid), forms_on(grid, _form_titles(self.contracts)))

    def _table(self, grid: Grid, source: Source, contract: Contract) -> Table:
        self._read.append((grid, contract))
        unit = source.unit if source.unit in MONEY_UNITS else ""  # what it is instead, is told of sources.yml
        return read_table(grid, contract, self.year, unit, self.register, self.department)

    def passed_over(self, sources: Sources) -> list[NotRead]:
        """What lies in the folder and no ledger was read from."""
        sheets = sheets_not_named(sources, self._opened, {(grid.file, grid.sheet) for grid, _ in self._read})
        return [*folders_not_named(self.folder, sources), *sheets, *parts_not_read(self._read)]


def read_paths(
    paths: Sequence[Path], year: int | None, contracts: dict[str, Contract], forced: Contract | None = None
) -> Year:
    """Any files or folders, for ``ledgergate check``: each sheet is matched to a contract by file name, sheet name or
    the title above the table (or read with ``forced``). The year is the caller's, or the one that a folder or title
    names.
    """
    loose = _LooseFiles(contracts)
    for path in paths:
        loose.open(path)
    sheets = loose.matched(forced)
    problems = loose.problems
    found_year = year or year_of(paths, [title_of(each.grid, each.contract) for each in sheets if each.contract])
    if found_year is None and not problems:
        problems.append(Problem(str(paths[0]), "", "", "看不出年度", "文件夹名或标题里有年度，或用 --year 指明"))
    registers: dict[Path, Register] = {}
    for folder in dict.fromkeys(sheet.file.parent for sheet in sheets):
        registers[folder], wrong = _register_of(folder)
        problems += wrong
    for sheet in sheets:
        loose.read(sheet, found_year or 0, registers[sheet.file.parent])
    loose.passed_over += _parts_of(sheets)
    if not loose.ledgers and not problems:
        problems.append(Problem(str(paths[0]), "", "", "没有账表", "csv 或 xlsx 文件"))
    if problems or found_year is None:
        raise InputError(problems)
    return Year(found_year, Sources(year=found_year), loose.ledgers, tuple(loose.passed_over))


@dataclass(frozen=True)
class _LooseSheet:
    """A sheet of a loose file, and the contract that it is read by; None where it goes by no ledger's name."""

    file: Path
    grid: Grid
    contract: Contract | None


def _parts_of(sheets: Sequence[_LooseSheet]) -> list[NotRead]:
    return parts_not_read((sheet.grid, sheet.contract) for sheet in sheets if sheet.contract)


@dataclass
class _LooseFiles:
    """Files that no ``sources.yml`` lists, while they are read."""

    contracts: dict[str, Contract]
    problems: list[Problem] = field(default_factory=list)
    passed_over: list[NotRead] = field(default_factory=list)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    _grids: list[tuple[Path, Grid]] = field(default_factory=list)

    def open(self, path: Path) -> None:
        """A file, whatever it is; or the ledger files of a folder."""
        if not path.exists():
            self.problems.append(Problem(str(path), "", "", "没有这个文件或文件夹", "账表文件（csv、xlsx）或其文件夹"))
            return
        for file in self._of_folder(path) if path.is_dir() else [path]:
            try:
                self._grids += [(file, grid) for grid in read_grids(file, str(file))]
            except InputError as error:
                self.problems += error.problems

    def _of_folder(self, folder: Path) -> Iterator[Path]:
        for file in sorted(folder.iterdir()):
            if file.name in COMPANIONS or _is_in_passing(file):
                continue
            if file.suffix.lower() in SUFFIXES:
                yield file
                continue
            found = file.suffix.lower() if file.is_file() else "文件夹"
            self.passed_over.append(
                NotRead("file", str(file), "", "", found or "没有扩展名", f"只读 {'、'.join(SUFFIXES)}")
            )

    def matched(self, forced: Contract | None) -> list[_LooseSheet]:
        """Every sheet, once for each ledger that is read from it."""
        return [
            _LooseSheet(file, grid, contract)
            for file, sheet in self._grids
            for grid in forms_on(sheet, _form_titles(self.contracts))
            for contract in self._read_by(file, grid, forced)
        ]

    def _read_by(self, file: Path, grid: Grid, forced: Contract | None) -> Sequence[Contract | None]:
        return [forced] if forced else contracts_of(file, grid, self.contracts) or [None]

    def read(self, sheet: _LooseSheet, year: int, register: Register) -> None:
        grid, contract = sheet.grid, sheet.contract
        if contract is None:
            self._pass_over(grid)
            return
        before = self.ledgers.get(contract.ledger)
        if before and not contract.is_of_sheets:
            self.problems.append(Problem(grid.file, grid.sheet, "", f"第二份{contract.short}", "每本账一张表"))
            return
        try:
            table = read_table(grid, contract, year, register=register)
        except InputError as error:
            self.problems += error.problems
            return
        source = Source(file=grid.file, ledger=contract.ledger, sheet=grid.sheet)
        parts = [*((before.sheets or (before,)) if before else ()), as_read(table, contract, source, sheet.file)]
        self.problems += twice_on_sheets(parts)
        self.ledgers[contract.ledger] = joined(parts)

    def _pass_over(self, grid: Grid) -> None:
        """A sheet that goes by no ledger's name: passed over where it is empty or of checks, else a problem."""
        if grid.sheet == CHECKS:
            self.passed_over.append(sheet_of_checks(grid))
        elif any(any(row) for row in grid.rows):
            names = "、".join(contract.short for contract in self.contracts.values())
            self.problems.append(Problem(grid.file, grid.sheet, "", "认不出是哪本账", f"文件名、表名或标题为：{names}"))
        else:
            self.passed_over.append(empty_sheet(grid))


def _form_titles(contracts: dict[str, Contract]) -> list[str]:
    return [title for contract in contracts.values() for title in contract.form_titles]


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


__all__ = [
    "EntrySource", "Key", "Ledger", "Source", "SourceDocument", "Sources", "Year", "read_grid", "read_paths",
    "read_year",
]  # fmt: skip
