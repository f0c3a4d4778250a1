"""Corrections: explicit rows beside the ledgers, never silent edits of them. Reads ``raw/<year>/corrections.csv``, and
says what the file would be with one row more; writes nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell, folder_of
from orchestration.ledgers.indicators import corrected_reading
from orchestration.ledgers.money import Figure, FigureError, is_dash, parse_figure, squeeze
from orchestration.ledgers.reader import Year
from orchestration.ledgers.rounding import Rounding, last_place_of, spread
from orchestration.ledgers.spreadsheet import read_list

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
    skew: Decimal
    reason: str
    evidence: str
    basis: str  # derived from the figures | confirmed by somebody
    confirmed_by: str


@dataclass(frozen=True)
class _CorrectionRow:
    """One row of corrections.csv: its fields, and the cell that each stands in, by name."""

    path: Path
    fields: dict[str, str]
    places: dict[str, str]

    def problem(self, name: str, expected: str) -> Problem:
        return Problem(str(self.path), "", self.places[name], self.fields[name] or "空白", expected)


def read_corrections(path: Path, year: Year) -> list[Correction]:
    """The corrections of a year; none where the file is not there.

    Raises ``InputError`` with every wrong row: an address that no cell has, a printed value that no longer stands in
    the ledger (the correction is stale), a value that can't be read, a missing reason, evidence or basis.
    """
    rows, problems = read_list(path, HEADERS)
    cells = {cell.address: cell for cell in year.cells}
    corrections: dict[str, Correction] = {}
    for row in (_CorrectionRow(path, *each) for each in rows):
        wrong = list(_unexplained(row))
        figure = None
        cell = cells.get(_full(row.fields["address"], year))
        if cell is None or cell.value is None:
            wrong.append(row.problem("address", f"{year.year} 年某个数字单元格的地址（年/部门/账/行/栏，部门可不写）"))
        else:
            wrong += _misplaced(row, cell, year, corrections)
            try:
                figure = corrected_figure(year, cell, row.fields["corrected"])
            except FigureError as error:
                wrong.append(row.problem("corrected", str(error)))
        if cell and figure and not wrong:
            found = spread(figure.value, 2 * figure.half_width, cell.unit, _rounding(year, cell))
            corrections[cell.address] = Correction(
                fiscal_year=year.year,
                value=figure.value,
                half_width=found.half_width,
                skew=found.skew,
                **{**row.fields, "address": cell.address},
            )
        problems += wrong
    if problems:
        raise InputError(problems)
    return list(corrections.values())


def _full(address: str, year: Year) -> str:
    """An address with its department, which it may leave out: the file lies in that department's folder."""
    said, _, rest = address.partition("/")
    return f"{said}/{folder_of(year.department)}{rest}" if rest.count("/") == 2 else address


def _unexplained(row: _CorrectionRow) -> Iterator[Problem]:
    """What a correction does not say of itself: why, on what evidence, on whose word."""
    for name in ("reason", "evidence"):
        if not row.fields[name]:
            yield row.problem(name, f"写明{HEADERS[name]}")
    if row.fields["basis"] not in BASES:
        yield row.problem("basis", " 或 ".join(BASES))
    elif row.fields["basis"] == "confirmed" and not row.fields["confirmed_by"]:
        yield row.problem("confirmed_by", "确认人（basis 为 confirmed）")


def _misplaced(row: _CorrectionRow, cell: Cell, year: Year, before: Container[str]) -> Iterator[Problem]:
    """A correction of what the cell no longer prints, or of a cell that a row ``before`` corrects."""
    if not _still_stands(year, cell, row.fields["printed"]):
        stale = f"（更正已过时：{cell.file} {cell.sheet} {cell.cell}）"
        yield row.problem("printed", f"账上现印 {cell.text or '空白'}{stale}")
    if cell.address in before:
        yield row.problem("address", "每个单元格一条更正")


def corrected_figure(year: Year, cell: Cell, text: str) -> Figure:
    """The figure that would stand in a cell. Raises ``FigureError`` where it isn't of the cell's kind, isn't one figure
    (362余, ≥362), or says less exactly than the cell what it is: a correction may not make rules hold by blurring. In
    place of an exact cell it is exact."""
    kind = _kind(year, cell)
    judged = kind in ("target", "outcome")
    figure = (
        corrected_reading(text, kind, cell.printed_unit, year.year)
        if judged
        else parse_figure(text, kind, cell.printed_unit)
    )
    if figure.unit != cell.unit:
        raise FigureError(f"与原数同类的数（{cell.printed_unit}）")
    if not judged and _VAGUE.search(text):
        raise FigureError("一个确定的数，不带 余、多、以上 和 ≥ ≤")
    fineness = _fineness(year, cell)
    if 0 < fineness < figure.half_width:
        raise FigureError(f"不比原数粗的数（原数 {cell.text or '空白'}，所在栏的数精确到同样的位数）")
    return replace(figure, half_width=min(fineness, figure.half_width))


_VAGUE = re.compile("[余多以≥≤<>＜＞=＝]")


def _kind(year: Year, cell: Cell) -> str:
    measure = year.ledgers[cell.ledger].contract.measure(cell.measure)
    return measure.kind if measure else "number"


def _rounding(year: Year, cell: Cell) -> Rounding:
    return year.ledgers[cell.ledger].contract.rounding_of(cell.measure)


def _half(year: Year, cell: Cell) -> Decimal:
    """Half of a cell's last place, as figures are read before anything is known of their table."""
    return last_place_of(cell.half_width, cell.skew, cell.unit, _rounding(year, cell)) / 2


def _fineness(year: Year, cell: Cell) -> Decimal:
    """Half of the last place that a correction may have: the cell's. Blank and - have none: the column's."""
    if cell.text and not is_dash(cell.text):
        return _half(year, cell)
    column = [_half(year, other) for other in year.ledgers[cell.ledger].cells if other.measure == cell.measure]
    return max(column, default=Decimal(0))


def _still_stands(year: Year, cell: Cell, printed: str) -> bool:
    """Whether the ledger still says what the correction says it does: the same text, or the same value to the same
    precision (-362.20, which an unformatted workbook cell shows as -362.2)."""
    if squeeze(printed) == cell.text:
        return True
    if not printed or not cell.text:
        return False
    try:
        figure, shown = (parse_figure(text, _kind(year, cell), cell.printed_unit) for text in (printed, cell.text))
    except FigureError:
        return False
    half = _half(year, cell)
    by_its_text = shown.half_width == half  # else its column or its workbook say how fine it is
    same = (figure.value, figure.unit) == (cell.value, cell.unit)
    return same and (figure.half_width == half or not by_its_text)


def with_row(content: bytes | None, row: Mapping[str, str]) -> bytes:
    """The bytes of a corrections file with one row more: what stands there stays byte for byte, and the row follows in
    the file's own encoding (UTF-8 with or without a mark, GB18030), line ends and order of columns.

    ``content``: the file as it is, one that ``read_corrections`` can read; None where there is none yet (the result is
    UTF-8). ``row``: a text for each of ``HEADERS``, written as it is: = + - @ begin amounts here, and no spreadsheet
    opens this file by itself. A line break within a text becomes a space. Raises ``UnicodeEncodeError`` for what no
    encoding holds (half a surrogate pair).
    """
    if content is None:
        content = _line(list(HEADERS.values()), "\n").encode()
    encoding = _encoding(content)
    text = content.decode(encoding)
    found = _LINE_END.search(text)
    end = found.group() if found else "\n"
    names = {header: name for name, header in HEADERS.items()}
    columns = [squeeze(header) for header in next(csv.reader(io.StringIO(text, newline="")))]
    line = _line([_BREAKS.sub(" ", row[names[column]].strip()) for column in columns], end)
    if not text.endswith(("\n", "\r")):
        line = end + line
    return content + line.encode("utf-8" if encoding == "utf-8-sig" else encoding)


_LINE_END = re.compile(r"\r\n|\n|\r")
_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


def _encoding(content: bytes) -> str:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _line(fields: list[str], end: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator=end).writerow(fields)
    return line.getvalue()
