"""From files to cells: finds each ledger's table, reads every figure exactly, and reports every bad cell of every file
at once. Knows contracts and grids; knows nothing of rules, DuckDB or Dagster.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Column, Contract, Key, Measure, validation_problems
from orchestration.ledgers.indicators import indicator_cells
from orchestration.ledgers.money import MONEY_UNITS, FigureError, is_dash, parse_figure, squeeze
from orchestration.ledgers.spreadsheet import SUFFIXES, Grid, read_grids, reference

#: Files of a year that are not ledgers.
COMPANIONS = frozenset({"sources.yml", "corrections.csv", "exceptions.csv", "narrative.yml"})
# The colon tells a note from a row whose name begins with the same word (审核备案数).
_NOTE = re.compile(r"(?:注\d*|备注|说明|资料来源|(?:填表|填报|制表|编制|审核|复核)(?:人|单位|日期|时间)?)[：:]")
_UNIT_NOTE = re.compile(
    r"(?<![\u4e00-\u9fff])(?:金额|货币|计量)?单\s*位\s*[：:]\s*(?:人民币)?\s*([\u4e00-\u9fff]{0,2}[元圆])"
    r"|[（(]((?:千|万|百万|亿)?元)[）)](?!\S)"
)
_HEADER_UNIT = re.compile(r"[（(]((?:千|万|百万|亿)?元|%|％|人|万人|个|分)[）)]$")
_HEADER_DEPTH = 2
_TITLE_LINES = 30


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(_Model):
    """A published document that ledgers were taken from. ``sha256`` is of the document itself."""

    title: str
    publisher: str = ""
    sha256: str = ""


class Source(_Model):
    """Where one ledger file comes from."""

    file: str
    ledger: str
    sheet: str = ""
    document: str = ""
    section: Annotated[str, BeforeValidator(str)] = ""
    unit: str = ""
    note: str = ""


class EntrySource(_Model):
    """Where the files of one ledger of entries are: files, folders or addresses, relative to the year's folder; and how
    many bad lines the year may have before it stops.
    """

    ledger: str
    paths: Annotated[tuple[str, ...], Field(min_length=1)]
    bad_lines: Annotated[int, Field(ge=0)] = 0


class Sources(_Model):
    """``raw/<year>/sources.yml``."""

    year: int
    department: str = ""
    documents: dict[str, Document] = {}
    files: tuple[Source, ...] = ()
    entries: tuple[EntrySource, ...] = ()


@dataclass(frozen=True)
class Ledger:
    """One ledger of one year as read: its cells, and the file that they came from."""

    contract: Contract
    source: Source
    sha256: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Year:
    """All ledgers of one year."""

    year: int
    sources: Sources
    ledgers: dict[str, Ledger]

    @property
    def cells(self) -> list[Cell]:
        return [cell for ledger in self.ledgers.values() for cell in ledger.cells]

    @property
    def contracts(self) -> dict[str, Contract]:
        return {name: ledger.contract for name, ledger in self.ledgers.items()}


def read_year(folder: Path, year: int, contracts: dict[str, Contract]) -> Year:
    """The ledgers under ``raw/<year>/``, each named by the folder's ``sources.yml``.

    Raises ``InputError`` with every problem of every file; then nothing has been read.
    """
    required = {name: contract for name, contract in contracts.items() if contract.required}
    if not folder.is_dir() or not any(path.suffix.lower() in SUFFIXES for path in folder.iterdir()):
        raise InputError(
            [
                Problem(f"{folder}/{name}.csv", "", "", "没有这本账", f"{contract.title}（csv 或 xlsx）")
                for name, contract in (required or contracts).items()
            ]
        )
    sources, problems = _read_sources(folder, year)
    listed = {source.file for source in sources.files}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in listed | COMPANIONS and not path.name.startswith((".", "~$")):
            problems.append(
                Problem(str(path), "", "", "没有登记的文件", f"在 {folder / 'sources.yml'} 的 files 里登记")
            )
    ledgers: dict[str, Ledger] = {}
    claimed: set[str] = set()
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
            if not path.is_file():
                raise InputError([Problem(str(path), "", "", "没有这个文件", contracts[source.ledger].title)])
            cells = _read_source(path, source, contracts[source.ledger], year)
        except InputError as error:
            problems += error.problems
            continue
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        ledgers[source.ledger] = Ledger(contracts[source.ledger], source, sha256, tuple(cells))
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
    grids: list[tuple[Path, Grid]] = []
    for path in paths:
        if not path.exists():
            problems.append(Problem(str(path), "", "", "没有这个文件或文件夹", "账表文件（csv、xlsx）或其文件夹"))
            continue
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            if path.is_dir() and (
                file.suffix.lower() not in SUFFIXES or file.name in COMPANIONS or file.name.startswith((".", "~$"))
            ):
                continue
            try:
                grids += [(file, grid) for grid in read_grids(file, str(file))]
            except InputError as error:
                problems += error.problems
    matched = [(file, grid, forced or _match(file, grid, contracts)) for file, grid in grids]
    found_year = year or _year_of(paths, [_title_of(grid, contract) for _, grid, contract in matched if contract])
    if found_year is None and not problems:
        problems.append(Problem(str(paths[0]), "", "", "看不出年度", "文件夹名或标题里有年度，或用 --year 指明"))
    ledgers: dict[str, Ledger] = {}
    for file, grid, contract in matched:
        if contract is None:
            if any(any(row) for row in grid.rows):
                names = "、".join(contract.short for contract in contracts.values())
                problems.append(Problem(grid.file, grid.sheet, "", "认不出是哪本账", f"文件名、表名或标题为：{names}"))
            continue
        if contract.ledger in ledgers:
            problems.append(Problem(grid.file, grid.sheet, "", f"第二份{contract.short}", "每本账一张表"))
            continue
        try:
            cells = read_grid(grid, contract, found_year or 0)
        except InputError as error:
            problems += error.problems
            continue
        source = Source(file=grid.file, ledger=contract.ledger, sheet=grid.sheet)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        ledgers[contract.ledger] = Ledger(contract, source, sha256, tuple(cells))
    if not ledgers and not problems:
        problems.append(Problem(str(paths[0]), "", "", "没有账表", "csv 或 xlsx 文件"))
    if problems or found_year is None:
        raise InputError(problems)
    return Year(found_year, Sources(year=found_year), ledgers)


def read_grid(grid: Grid, contract: Contract, year: int, unit: str = "") -> list[Cell]:
    """The cells of one sheet. ``unit``: the money unit that the sources give the file; a 单位：… note beats it."""
    problems = list(grid.problems)
    header = _find_header(grid, contract)
    for row in grid.rows[: header.first]:
        note = " ".join(text for text in row if text)
        if match := _UNIT_NOTE.search(note):
            unit = match[1] or match[2]
            if unit not in MONEY_UNITS:
                problems.append(Problem(grid.file, grid.sheet, "", match[0], f"单位：{'/'.join(MONEY_UNITS)}"))
    cells: list[Cell] = []
    seen: dict[str, str] = {}
    for r in range(header.last + 1, len(grid.rows)):
        row = grid.rows[r]
        if not any(squeeze(text) for text in row) or _is_note(row) or header.repeats(row):
            continue
        try:
            read = _read_row(grid, r, contract, header, year, unit)
        except InputError as error:
            problems += error.problems
            continue
        row_key, at = read.key, reference(r, min(header.columns.values()))
        if row_key in seen:
            problems.append(
                Problem(grid.file, grid.sheet, at, f"第二个 {row_key}", f"每行一次（已在 {seen[row_key]}）")
            )
        seen[row_key] = at
        cells += read.cells
    if not seen and not problems:
        problems.append(Problem(grid.file, grid.sheet, "", "表头下没有数据行", contract.title))
    if problems:
        raise InputError(problems)
    return cells


@dataclass(frozen=True)
class _Header:
    """Where the header stands and which column is which."""

    first: int
    last: int
    columns: dict[str, int]  # column name -> zero-based position
    units: dict[str, str]  # column name -> unit printed in its header
    width: int
    lines: frozenset[tuple[str, ...]]  # the header's rows and what stands above them

    def repeats(self, row: list[str]) -> bool:
        """A line of the header, or of the title above it, printed again at a page break."""
        return _line(row) in self.lines


@dataclass(frozen=True)
class _Row:
    key: str
    cells: list[Cell]


def _read_sources(folder: Path, year: int) -> tuple[Sources, list[Problem]]:
    path = folder / "sources.yml"
    if not path.is_file():
        raise InputError(
            [Problem(str(path), "", "", "没有这个文件", "登记每个账表文件的 ledger、document、section、unit")]
        )
    try:
        sources = Sources.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise InputError(validation_problems(path, error)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), "", "", " ".join(str(error).split()), "YAML")]) from None
    problems = []
    if sources.year != year:
        problems.append(Problem(str(path), "", "year", str(sources.year), str(year)))
    for source in sources.files:
        if source.document and source.document not in sources.documents:
            problems.append(Problem(str(path), "", source.file, source.document, "documents 里的一个名字"))
        if source.unit and source.unit not in MONEY_UNITS:
            problems.append(Problem(str(path), "", source.file, source.unit, "/".join(MONEY_UNITS)))
    return sources, problems


def _read_source(path: Path, source: Source, contract: Contract, year: int) -> list[Cell]:
    # Cells name their file as raw/<year>/…, so that the same ledgers give the same bytes wherever they lie.
    grids = read_grids(path, f"raw/{year}/{source.file}")
    wanted = [grid for grid in grids if not source.sheet or grid.sheet == source.sheet]
    if not wanted or (len(wanted) > 1 and not source.sheet):
        names = "、".join(grid.sheet for grid in grids)
        raise InputError(
            [Problem(str(path), source.sheet, "", f"工作表：{names}", "sources.yml 的 sheet 指明其中一张")]
        )
    return read_grid(wanted[0], contract, year, source.unit)


def _match(file: Path, grid: Grid, contracts: dict[str, Contract]) -> Contract | None:
    names = [squeeze(file.stem), squeeze(grid.sheet)]
    names += [squeeze(text) for row in grid.rows[:_TITLE_LINES] for text in row[:3] if text]
    for name in names:
        for contract in contracts.values():
            if name in contract.known_titles:
                return contract
    return None


def _title_of(grid: Grid, contract: Contract) -> list[str]:
    """What stands above the header, and the sheet's name. Rows don't count: a project's name may hold a year."""
    try:
        above = grid.rows[: _find_header(grid, contract).first]
    except InputError:
        above = []
    return [grid.sheet, *(text for row in above for text in row)]


def _year_of(paths: Iterable[Path], titles: Iterable[list[str]]) -> int | None:
    names = [part for path in paths for part in reversed(path.resolve().parts)]
    names += [text for title in titles for text in title]
    for name in names:
        if match := re.fullmatch(r"(20\d\d)|.*?(20\d\d)\s*年.*", name, re.DOTALL):
            return int(match[1] or match[2])
    return None


def _labels(grid: Grid, first: int, depth: int) -> list[list[str]]:
    """For each column, what its header may be called: joined rows first, then the lowest row alone."""
    rows = [[squeeze(text) for text in grid.rows[first + d]] for d in range(depth)]
    width = max(len(row) for row in rows)
    for row in rows:
        row += [""] * (width - len(row))
    if depth == 1:
        return [[text] for text in rows[0]]
    above, below = rows
    carried, labels = "", []
    for c in range(width):
        carried = above[c] or (carried if below[c] else "")
        same = carried == below[c]
        labels.append([carried if same else carried + below[c], below[c]])
    return labels


def _line(row: list[str]) -> tuple[str, ...]:
    texts = [squeeze(text) for text in row]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _find_header(grid: Grid, contract: Contract) -> _Header:
    free = [text for text in contract.texts if not text.required]
    needed = [column for column in contract.columns if not column.optional and column not in free]
    best: list[Column] = needed
    best_row = 0
    unknown: list[Problem] = []
    # One row is tried everywhere before two: a title line would pass for the upper half of a two-row header.
    for depth in range(1, _HEADER_DEPTH + 1):
        for first in range(min(len(grid.rows) - depth + 1, _TITLE_LINES)):
            labels = _labels(grid, first, depth)
            columns, units = _assign(labels, contract)
            missing = [column for column in needed if column.name not in columns]
            if not missing:
                last = first + depth - 1
                problems = _unknown_columns(grid, first, depth, labels, columns, contract)
                if not problems:
                    lines = frozenset(_line(row) for row in grid.rows[: last + 1])
                    group_units = _group_units(grid, last, columns, contract)
                    return _Header(first, last, columns, group_units | units, len(labels), lines)
                unknown = unknown or problems
            elif len(missing) < len(best):
                best, best_row = missing, first
    if unknown:
        raise InputError(unknown)
    found = "、".join(text for text in map(squeeze, grid.rows[best_row] if grid.rows else []) if text) or "空表"
    raise InputError(
        [
            Problem(
                grid.file,
                grid.sheet,
                f"第{best_row + 1}行" if grid.rows else "",
                found,
                f"{contract.title}的表头，缺：{'、'.join(column.header for column in best)}",
            )
        ]
    )


def _assign(labels: list[list[str]], contract: Contract) -> tuple[dict[str, int], dict[str, str]]:
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    for c, variants in enumerate(labels):
        for variant in variants:
            unit = _HEADER_UNIT.search(variant)
            names = {variant, variant[: unit.start()] if unit else variant}
            column = next((x for x in contract.columns if x.headers & names and x.name not in columns), None)
            if column:
                columns[column.name] = c
                if unit:
                    units[column.name] = unit[1].replace("％", "%")
                break
    return columns, units


def _group_units(grid: Grid, last: int, columns: dict[str, int], contract: Contract) -> dict[str, str]:
    """Money units printed over groups of columns, in the row above the lowest header row: 预算（万元）, 决算（元）."""
    if last == 0:
        return {}
    above = [squeeze(text) for text in grid.rows[last - 1]]
    units = {}
    for measure in contract.measures:
        c = columns.get(measure.name)
        if c is None or measure.kind != "money":
            continue
        group = next((text for text in reversed(above[: c + 1]) if text), "")
        if (match := _HEADER_UNIT.search(group)) and match[1] in MONEY_UNITS:
            units[measure.name] = match[1]
    return units


def _unknown_columns(
    grid: Grid, first: int, depth: int, labels: list[list[str]], columns: dict[str, int], contract: Contract
) -> list[Problem]:
    """A column that no contract column claims, and that holds something, would be lost in silence: an error."""
    expected = "、".join(column.header for column in contract.columns)
    return [
        Problem(grid.file, grid.sheet, reference(first, c), label[0] or "没有表头的一列", f"契约里的列：{expected}")
        for c, label in enumerate(labels)
        if c not in columns.values()
        and label[0] not in contract.ignored
        and (label[0] or any(squeeze(row[c]) for row in grid.rows[first + depth :] if c < len(row)))
    ]


def _is_note(row: list[str]) -> bool:
    texts = [squeeze(text) for text in row if squeeze(text)]
    notes = [bool(_NOTE.match(text)) for text in texts]
    return bool(texts) and notes[0] and (len(set(texts)) <= 2 or all(notes))


def _read_row(grid: Grid, r: int, contract: Contract, header: _Header, year: int, unit: str) -> _Row:
    row = grid.rows[r]
    problems: list[Problem] = []

    def text_of(column: Column) -> str:
        c = header.columns.get(column.name)
        return row[c] if c is not None and c < len(row) else ""

    def at(column: Column) -> str:
        return reference(r, header.columns[column.name])

    def bad(column: Column, found: str, expected: str) -> None:
        problems.append(Problem(grid.file, grid.sheet, at(column), found, expected))

    beyond = [c for c in range(header.width, len(row)) if squeeze(row[c])]
    problems += [Problem(grid.file, grid.sheet, reference(r, c), row[c], "表头之内的列") for c in beyond]
    names = {column.name: squeeze(text_of(column)) for column in (*contract.keys, *contract.texts)}
    is_total = any(name in contract.total for name in names.values())
    is_memo = any(name in contract.memo for name in names.values())
    parts: list[str] = []
    for key in contract.keys:
        last = key is contract.keys[-1]
        name = names[key.name]
        if is_total and last:
            parts.append("total")
        elif key.values and name not in key.values:
            bad(key, name or "空白", f"{'、'.join(key.values)}{'、' + contract.total[0] if last else ''}")
        elif not name:
            bad(key, "空白", f"{key.header}（或 {contract.total[0]}）")
        elif key.type == "integer" and not name.isdecimal():
            bad(key, name, f"{key.header}：整数")
        else:
            part = key.values.get(name, str(int(name)) if key.type == "integer" else name)
            parts.append(part.replace("/", "／").replace(":", "："))
    for column in contract.texts:
        if column.allowed and column.name in header.columns and names[column.name] not in column.allowed:
            bad(column, names[column.name] or "空白", " 或 ".join(column.allowed))
        elif column.required and not names[column.name]:
            bad(column, "空白", column.header)
    row_key = ":".join(parts)
    single_total = is_total and len(contract.keys) == 1
    label = contract.total[0] if single_total else contract.label.format(**names).strip() or "，".join(names.values())
    blueprint = Cell(
        fiscal_year=year, ledger=contract.ledger, row_key=row_key,
        row_kind="total" if is_total else "memo" if is_memo else "detail", row_label=label,
        measure="", text="", value=None, unit="text", half_width=Decimal(0), printed_unit="",
        file=grid.file, sheet=grid.sheet, cell="",
    )  # fmt: skip
    cells = [
        replace(blueprint, measure=column.name, text=names[column.name], cell=at(column))
        for column in contract.texts
        if names[column.name] and column.name in header.columns
    ]
    for measure in contract.measures:
        if measure.name not in header.columns:
            continue
        try:
            cells += _read_figure(
                text_of(measure),
                measure,
                contract,
                header.units.get(measure.name)
                or measure.unit
                or (unit or contract.unit if measure.kind == "money" else ""),
                replace(blueprint, measure=measure.name, cell=at(measure)),
                "".join(text_of(column) for column in contract.measures if column.kind == "target"),
            )
        except FigureError as error:
            bad(measure, text_of(measure) or "空白", str(error))
    if not contract.measures:
        cells.append(replace(blueprint, measure=contract.keys[-1].name, text=names[contract.keys[-1].name],
                             cell=at(contract.keys[-1])))  # fmt: skip
    if problems:
        raise InputError(problems)
    return _Row(row_key, cells)


def _read_figure(
    text: str, measure: Measure, contract: Contract, unit: str, blank: Cell, target: str = ""
) -> list[Cell]:
    """The cell of one printed figure; none where the contract says that a blank is not printed; several for a target
    or an outcome (``indicators``). ``target``: what stands in the row's target column.
    """
    stripped = squeeze(text)
    kind_unit = {"money": "yuan", "number": "count", "target": "count", "outcome": "count"}.get(
        measure.kind, measure.kind
    )
    zero_unit = "%" if measure.kind == "ratio" else unit
    zero = replace(blank, text=stripped, value=Decimal(0), unit=kind_unit, printed_unit=zero_unit)
    if stripped in measure.zero_words:
        return [zero]
    if not stripped or is_dash(stripped):
        return [zero] if (measure.blank or contract.blank) == "zero" else []
    if measure.kind in ("target", "outcome"):
        return indicator_cells(text, measure.kind, blank, target)
    figure = parse_figure(text, measure.kind, unit)
    return [
        replace(
            blank, text=stripped, value=figure.value, unit=figure.unit, half_width=figure.half_width,
            printed_unit=figure.printed_unit,
        )
    ]  # fmt: skip


__all__ = ["Document", "Key", "Ledger", "Source", "Sources", "Year", "read_grid", "read_paths", "read_year"]
