"""One table: from a grid to cells, with every problem of it at once. Knows one ledger at a time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from orchestration.base.problems import InputError, Problem
from orchestration.base.wording import NOT_PROVIDED
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.grids.grid import position
from orchestration.ledgers.header import Header, filled_columns, find_header
from orchestration.ledgers.hierarchy import with_hierarchy
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.precision import by_column
from orchestration.ledgers.regions import begins_at, cut, sheet_name, title_lines, unit_of_part
from orchestration.ledgers.register import Register
from orchestration.ledgers.row_kinds import DETAIL, UNPROVED, left_out_as, numbering_or_detail
from orchestration.ledgers.rows import Row, RowReader
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.texts import fold, shown
from orchestration.ledgers.unit_notes import money_unit_above, other_currencies, place_of_unit, unit_given


@dataclass(frozen=True)
class LeftOut:
    """A row that stands among the figures and carries none; or a column that the contract leaves alone."""

    kind: str  # note | header | continuation | numbering | blank | empty | repeated | column
    cell: str  # where it begins
    text: str  # its first text

    @property
    def column(self) -> int:
        at = position(self.cell)
        return at[1] if at else -1


@dataclass(frozen=True)
class Table:
    """What one sheet holds."""

    cells: list[Cell]
    left_out: list[LeftOut]
    notices: list[Problem]  # what was read, but should be looked at
    columns: frozenset[int] = frozenset()  # zero-based columns that were read


def read_grid(grid: Grid, contract: Contract, year: int, unit: str = "") -> list[Cell]:
    """The cells of one sheet alone."""
    return read_table(grid, contract, year, unit).cells


def read_table(
    grid: Grid, contract: Contract, year: int, unit: str = "", register: Register | None = None, department: str = ""
) -> Table:
    """One sheet. ``unit``: the money unit that the sources give the file; a 单位：… note beats it. ``register``: what
    else names may be called. ``department``: the code of the one whose ledger it is.
    """
    part = cut(grid, contract.region)
    header = find_header(part, contract, year)
    unit, wrong_units, overruled = _unit_of(grid, part, header, contract, unit)
    reader = RowReader(
        part, contract, header, year, unit, register or Register(), _sheet_names(grid, contract), department
    )
    read = _read_rows(part, header, reader)
    rows, wrong_places = with_hierarchy(_with_totals(read.rows), contract)
    rows, again = _once(_with_parents(rows), contract)
    problems = [*part.problems, *wrong_units, *read.problems]
    problems += [Problem(part.file, part.sheet, *wrong_place) for wrong_place in wrong_places]
    problems += _twice(rows, part)
    if not problems:  # a row that was refused is there
        problems += _lost(rows, contract, part)
    if not rows and not problems:
        problems.append(Problem(part.file, part.sheet, "", "表头下没有数据行", contract.title))
    cells = [cell for row in rows for cell in row.cells]
    behind = {column.points for column in contract.naming}
    columns = [cell for cell in cells if cell.measure not in behind]
    problems += other_currencies(cells, contract.currency) + _merged_figures(columns, part, header)
    if problems:
        raise InputError(problems)
    settled, notices = by_column(cells, contract, part)
    settled = [replace(cell, mark=part.marks[cell.cell]) if cell.cell in part.marks else cell for cell in settled]
    left_out = [*_columns_left_alone(part, header, contract), *read.left_out, *again]
    notices = [*grid.notices, *overruled, *notices, *read.notices, *_not_provided(part, header, contract)]
    return Table(settled, left_out, notices, frozenset(header.columns.values()))


def _not_provided(grid: Grid, header: Header, contract: Contract) -> Iterator[Problem]:
    """Figures in whose place 未提供 stands, where the contract does not expect it: read as none, and told."""
    columns = {header.columns[measure.name] for measure in contract.measures if measure.name in header.columns}
    places = [
        reference(r, c)
        for r, row in enumerate(grid.rows[header.last + 1 :], header.last + 1)
        for c, text in enumerate(row)
        if c in columns and squeeze(text) == NOT_PROVIDED
    ]
    if places and NOT_PROVIDED not in contract.not_printed_words:
        found = f"{len(places)} 格写着“{NOT_PROVIDED}”"
        yield Problem(grid.file, grid.sheet, places[0], found, "按没有数读取；有数的请填上")


def _sheet_names(grid: Grid, contract: Contract) -> dict[str, str]:
    """What the keys of the whole sheet say. Raises ``InputError`` where nothing on it says it."""
    names = {key.name: (sheet_name(grid, key.sheet), key) for key in contract.keys if key.sheet}
    for name, key in names.values():
        if not name and key.sheet:
            labels = "”“".join(key.sheet.beside)
            expected = f"标题写明，或写在“{labels}”右边的一格" if labels else "标题写明"
            raise InputError([Problem(grid.file, grid.sheet, "", f"看不出是哪一张{key.header}", expected)])
    return {name: said for name, (said, _) in names.items()}


def _columns_left_alone(grid: Grid, header: Header, contract: Contract) -> list[LeftOut]:
    """Columns of figures or texts that the contract does not list and allows to stand there."""
    if not contract.others:
        return []
    beside = filled_columns(grid, header.last + 1) - frozenset(header.columns.values())
    first: dict[int, LeftOut] = {}
    for r, row in enumerate(grid.rows[header.first :], header.first):
        for c, text in enumerate(row):
            if c in beside and c not in first and squeeze(text):
                first[c] = LeftOut("column", reference(r, c), shown(text))
    return [first[c] for c in sorted(first)]


def _unit_of(
    sheet: Grid, part: Grid, header: Header, contract: Contract, given: str
) -> tuple[str, list[Problem], list[Problem]]:
    """The table's money unit: as stated above its own header, else above all parts of the sheet, else by the sources,
    else by the contract. What is wrong with the statements; and a notice where the table overrules the sources.
    """
    above = title_lines(sheet, part) if contract.region else Grid(part.file, part.sheet, [])
    unit, wrong_given = unit_given(part, given, contract.unit, contract.currency)
    unit, wrong = money_unit_above(above, len(above.rows), unit, contract.currency)
    unit, wrong_here = money_unit_above(part, header.first, unit, contract.currency)
    unit = unit_of_part(sheet, contract.region) or unit
    problems = wrong_given + wrong + wrong_here
    if problems or not given or unit == given:
        return unit, problems, []
    at = place_of_unit(part, header.first, unit) or place_of_unit(above, len(above.rows), unit)
    begun = begins_at(sheet, contract.region) if contract.region and not at else None
    at = reference(*begun) if begun else at
    return unit, [], [Problem(part.file, part.sheet, at, unit, f"sources.yml 写的 {given}；按表上印的读")]


@dataclass(frozen=True)
class _ReadRows:
    """The rows below the header: those with figures, those without, and what is wrong or to be looked at in any."""

    rows: list[Row] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)


def _read_rows(grid: Grid, header: Header, reader: RowReader) -> _ReadRows:
    read = _ReadRows()
    below_header = True
    for r, row in enumerate(grid.rows[header.last + 1 :], header.last + 1):
        first = next((c for c, text in enumerate(row) if squeeze(text)), None)
        if first is None or (not reader.contract.measures and _is_row_above(grid, r)):
            continue
        kind = left_out_as(row, header, below_header=below_header) or reader.other_kind(r)
        below_header = kind in ("header", "numbering")
        if kind == "numbering":
            taken_for = numbering_or_detail(row, grid.rows[r + 1 :], reader.contract)
            kind = "" if taken_for == DETAIL else kind
            if taken_for == UNPROVED:
                read.notices.append(_unproved(grid, r, first))
        if kind:
            said = next(filter(fold, reversed(row))) if kind == "empty" else row[first]
            read.left_out.append(LeftOut(kind, reference(r, first), shown(said)))
            continue
        try:
            read.rows.append(reader.read(r))
        except InputError as error:
            read.problems.extend(error.problems)
    return read


def _is_row_above(grid: Grid, r: int) -> bool:
    """Whether all that a row prints is merged down from the row above it: a text that takes several rows."""
    places = [reference(r, c) for c, text in enumerate(grid.rows[r]) if squeeze(text)]
    return all(
        grid.merged.get(place) in {grid.merged.get(reference(r - 1, c)) for c in range(len(grid.rows[r]))} - {None}
        for place in places
    )


def _unproved(grid: Grid, r: int, c: int) -> Problem:
    texts = " ".join(shown(text) for text in grid.rows[r] if squeeze(text))
    name = shown(grid.rows[r][c])
    expected = f"按栏次读，没有计入；若是一行数，在契约的 row_kinds 写 {name}: detail"
    return Problem(grid.file, grid.sheet, reference(r, c), f"表头下的 {texts}，不能断定是栏次", expected)


def _lost(rows: list[Row], contract: Contract, grid: Grid) -> Iterator[Problem]:
    """Rows that must be there, by the values of the contract's keys, and are not."""
    if contract.rows == "any" or not rows:
        return
    found = {row.parts for row in rows}
    for named in itertools.product(*(key.values.items() for key in contract.keys)):
        if tuple(code for _, code in named) not in found:
            lost = "、".join(name for name, _ in named)
            yield Problem(
                grid.file, grid.sheet, "", f"没有“{lost}”这一行", f"这一行：契约要求{contract.title}各行都列出"
            )


def _once(rows: list[Row], contract: Contract) -> tuple[list[Row], list[LeftOut]]:
    """The rows without totals that are printed again with the same figures, where the contract allows it."""
    kept: list[Row] = []
    again: list[LeftOut] = []
    totals: dict[str, list[tuple[str, Decimal | None]]] = {}
    for row in rows:
        figures = [(cell.measure, cell.value) for cell in row.cells]
        if row.kind == "total" and contract.total.repeated == "same" and totals.get(row.key) == figures:
            again.append(LeftOut("repeated", row.at, contract.total.name))
            continue
        if row.kind == "total":
            totals[row.key] = figures
        kept.append(row)
    return kept, again


def _twice(rows: list[Row], grid: Grid) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for row in rows:
        if row.key in seen:
            yield Problem(grid.file, grid.sheet, row.at, f"第二个 {row.key}", f"每行一次（已在 {seen[row.key]}）")
        seen[row.key] = row.at


def _with_totals(rows: list[Row]) -> list[Row]:
    """Some offices call the total 小计: the one subtotal of a group that has no total, where it stands at its end."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups[row.group].append(i)
    rows = list(rows)
    for group, places in groups.items():
        kinds = [rows[i].kind for i in places]
        if "total" in kinds or kinds.count("subtotal") != 1 or kinds[-1] != "subtotal":
            continue
        last = rows[places[-1]]
        parts = (*group, "total")
        cells = [
            replace(cell, row_key=":".join(parts), row_kind="total", row_label=cell.row_label.removesuffix("（第1个）"))
            for cell in last.cells
        ]
        rows[places[-1]] = replace(last, parts=parts, kind="total", cells=cells)
    return rows


def _with_parents(rows: list[Row]) -> list[Row]:
    """Each row that is part of no other, with the subtotal that it is part of: the next one below it in its group, or
    the last one above it where the group begins with a subtotal.
    """
    placed = list(rows)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row.kind in ("detail", "group", "subtotal") and not row.parent:
            groups[row.group].append(i)
    for places in groups.values():
        leads = rows[places[0]].kind == "subtotal"
        parent = ""
        for i in places if leads else reversed(places):
            row = rows[i]
            if row.kind == "subtotal":
                parent = row.key
            elif parent:
                placed[i] = replace(row, parent=parent, cells=[replace(cell, parent=parent) for cell in row.cells])
    return placed


def _merged_figures(cells: list[Cell], grid: Grid, header: Header) -> list[Problem]:
    """Figures that were printed once over several cells: each of these would take the whole of it. A cell that is
    merged no further than the header of its column is one cell.
    """
    ranges: dict[str, Cell] = {}
    for cell in cells:
        name = grid.merged.get(cell.cell, "")
        if cell.value and name and not _is_one_column(name, cell.cell, grid, header):
            ranges.setdefault(name, cell)
    expected = "每格各列示一个数；取消合并后分别填列"
    return [
        Problem(grid.file, grid.sheet, place, f"{cell.text}（合并单元格，只列示一次）", expected)
        for place, cell in ranges.items()
    ]


def _is_one_column(name: str, cell: str, grid: Grid, header: Header) -> bool:
    """Whether a merged range is one row high and its header is merged over the same columns."""
    first, last = (position(corner) for corner in name.split(":"))
    at = position(cell)
    if first is None or last is None or at is None or first[0] != last[0]:
        return False
    heads = {grid.merged.get(reference(header.last, c)) for c in range(first[1], last[1] + 1)}
    return len(heads) == 1 and heads != {None}
