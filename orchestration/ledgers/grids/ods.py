"""OpenDocument spreadsheets (.ods) as LibreOffice and WPS save them: values as stored, shown by their formats, with
hidden rows, hidden sheets and merged ranges. Scripts, links and drawings are never opened.

A format without decimal places is General. What a format shows is ``formats``, by the code that Excel has for it.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from orchestration.base.archives import DamagedError, opened, unpacked
from orchestration.base.problems import Problem
from orchestration.base.runs import PLAIN, RunStyle
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.formats import FormatError, decimals, number_of, printed
from orchestration.ledgers.grids.grid import Grid, reference, refused
from orchestration.ledgers.grids.ods_styles import OdsStyles
from orchestration.ledgers.grids.sheet import SheetParts
from orchestration.ledgers.grids.xml import parse_xml, whole

_WHOLE = "未加密、完整的 ods，或另存为 xlsx"
_CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
_NUMBERS = ("float", "percentage", "currency")


def read_workbook(path: Path, name: str) -> list[Grid]:
    """The visible sheets of a workbook. Raises ``InputError`` where it can't be opened or asks for too much."""
    try:
        with opened(path) as archive:
            return _read(archive, name)
    except DamagedError as error:
        raise refused(name, f"打不开的工作簿（{' '.join(str(error).split())[:200]}）", _WHOLE) from error


def _read(archive: zipfile.ZipFile, name: str) -> list[Grid]:
    parts = {info.filename: info for info in archive.infolist()}
    if _CONTENT not in parts:
        raise refused(name, "打不开的工作簿（内容不是 ods）", "扩展名与内容相符的 ods，或另存为 xlsx")
    styles = OdsStyles()
    book = _Book(name, styles)
    for part, reader in ((_MANIFEST, _Manifest(name)), (_STYLES, styles), (_CONTENT, book)):
        info = parts.get(part)
        if info is None:
            continue
        if info.flag_bits & 1:
            raise refused(name, "加密的工作簿", "去掉密码后另存的 ods 或 xlsx")
        most = bounds.MOST_EXPANDED if part == _CONTENT else bounds.MOST_STRINGS
        if info.file_size > most:
            found = f"{part} 展开后 {info.file_size / 2**20:,.0f} MiB"
            raise refused(name, found, f"每个部分展开后不超过 {most // 2**20} MiB；删去多余内容后另存")
        parse_xml(unpacked(archive, info), name, part, reader.start, reader.end, reader.text)
    grids = [sheet.grid() for sheet, hidden in book.sheets if not hidden]
    hidden = "、".join(sheet.sheet for sheet, hidden in book.sheets if hidden)
    if hidden and grids:
        grids[0].notices.append(Problem(name, hidden, "", "隐藏的工作表", "未读；要计入请取消隐藏"))
    return grids


class _Manifest:
    """What a workbook says of its parts: whether they are encrypted."""

    def __init__(self, name: str) -> None:
        self.name = name

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "encryption-data":
            raise refused(self.name, "加密的工作簿", "去掉密码后另存的 ods 或 xlsx")

    def end(self, tag: str) -> None: ...

    def text(self, data: str) -> None: ...


class _Book:
    """The sheets, row by row. What is repeated is written out where it holds something."""

    def __init__(self, name: str, styles: OdsStyles) -> None:
        self.name, self.styles = name, styles
        self.sheets: list[tuple[SheetParts, bool]] = []
        self._sheet: SheetParts | None = None
        self._depth = 0  # of tables within tables
        self._row, self._column = 0, 0
        self._row_again = 1
        self._row_cells: list[_OdsCell] = []
        self._cell: _OdsCell | None = None
        self._columns: list[tuple[int, str]] = []  # up to which column, which style
        self._row_style = ""
        self._runs: list[RunStyle] = []  # of the parts of a text, one within the other
        self._aside = 0  # within an annotation or a drawing
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("annotation", "shapes", "frame", "custom-shape", "control") or self._aside:
            self._aside += 1
            return
        if self._depth == 0 and tag not in ("table", "spreadsheet", "body"):
            self.styles.start(tag, attributes)
            return
        named = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if tag == "table":
            self._start_table(named)
        elif self._depth == 1 and self._sheet is not None:
            self._part_of_a_table(self._sheet, tag, named)

    def _start_table(self, named: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self._sheet = SheetParts(self.name, named.get("name", ""))
            self.sheets.append((self._sheet, named.get("style-name", "") in self.styles.hidden_tables))
            self._row, self._columns = 0, []

    def _part_of_a_table(self, sheet: SheetParts, tag: str, named: dict[str, str]) -> None:
        if tag == "table-column":
            self._start_column(sheet, named)
        elif tag == "table-row":
            self._row_again = _repeated(named, "number-rows-repeated", bounds.MOST_ROWS)
            self._row_style = named.get("default-cell-style-name", "")
            self._column, self._row_cells = 0, []
            if named.get("visibility", "visible") != "visible" and self._row_again < bounds.MOST_TEXT:
                sheet.hidden_rows |= set(range(self._row, self._row + self._row_again))
        elif tag in ("table-cell", "covered-table-cell"):
            again = _repeated(named, "number-columns-repeated", bounds.MOST_COLUMNS)
            self._cell = _OdsCell(self._column, again, named, covered=tag == "covered-table-cell")
            self._column += again
        elif self._cell is not None and tag == "s":
            self._cell.add(" " * _repeated(named, "c", bounds.MOST_TEXT))
        elif self._cell is not None and tag in ("tab", "line-break"):
            self._cell.add("\n" if tag == "line-break" else "\t")
        elif self._cell is not None and tag == "p":
            self._cell.new_line()
        elif tag == "span":
            self._runs.append(self.styles.runs.get(named.get("style-name", ""), PLAIN))

    def _start_column(self, sheet: SheetParts, named: dict[str, str]) -> None:
        first = self._columns[-1][0] if self._columns else 0
        last = first + _repeated(named, "number-columns-repeated", bounds.MOST_COLUMNS)
        self._columns.append((last, named.get("default-cell-style-name", "")))
        if named.get("visibility", "visible") != "visible":
            sheet.hidden_columns.append((first, last - 1))

    def text(self, data: str) -> None:
        if self._aside:
            return
        if self._depth == 0:
            self.styles.text(data)
        elif self._cell is not None:
            self._cell.add(self._runs[-1].shown(data) if self._runs else data)

    def end(self, tag: str) -> None:
        if self._aside:
            self._aside -= 1
            return
        if self._depth == 0:
            self.styles.end(tag)
        elif tag == "table":
            self._depth -= 1
            self._sheet = self._sheet if self._depth else None
        elif tag == "span" and self._runs:
            self._runs.pop()
        elif tag in ("table-cell", "covered-table-cell") and self._depth == 1 and self._cell is not None:
            if not self._cell.is_empty:
                self._row_cells.append(self._cell)
            self._cell = None
        elif tag == "table-row" and self._depth == 1 and self._sheet is not None:
            self._end_row(self._sheet)

    def _end_row(self, sheet: SheetParts) -> None:
        again = self._row_again if self._row_cells else 0
        self._count += again * sum(cell.again for cell in self._row_cells)
        if self._count > bounds.MOST_PLACES:
            expected = f"每个文件不超过 {bounds.MOST_PLACES:,} 格"
            at = reference(self._row, self._row_cells[0].column)
            raise refused(self.name, "单元格太多", expected, sheet.sheet, at)
        for r in range(self._row, self._row + again):
            for cell in self._row_cells:
                for c in range(cell.column, cell.column + cell.again):
                    self._put(sheet, r, c, cell)
        self._row += self._row_again
        if self._row > bounds.MOST_ROWS:
            raise refused(self.name, f"第 {self._row:,} 行", f"不超过 {bounds.MOST_ROWS:,} 行", sheet.sheet)

    def _put(self, sheet: SheetParts, r: int, c: int, cell: _OdsCell) -> None:
        at = reference(r, c)
        style = cell.style or self._row_style or self._style_of_column(c)
        code, struck = self.styles.of_cell(style)
        text, places = cell.shown(sheet, at, code)
        if cell.span != (1, 1):
            sheet.ranges.append((r, c, r + cell.span[0] - 1, c + cell.span[1] - 1))
        if not text:
            return
        sheet.cells.setdefault(r, {})[c] = text
        if cell.kind in _NUMBERS:
            sheet.places[at] = places
        if struck:
            sheet.struck.append(at)
        if indent := self.styles.indent(style):
            sheet.indents[at] = indent

    def _style_of_column(self, c: int) -> str:
        return next((style for last, style in self._columns if c < last), "")


class _OdsCell:
    """One cell while it is read: its type, its value, and the lines that it shows."""

    def __init__(self, column: int, again: int, named: dict[str, str], *, covered: bool) -> None:
        self.column, self.again, self.covered = column, again, covered
        self.kind = "error" if named.get("formula") and named.get("value-type") is None else named.get("value-type", "")
        self.value = named.get("value", "")
        self.date = named.get("date-value", "")
        self.truth = named.get("boolean-value", "")
        self.style = named.get("style-name", "")
        rows, columns = whole(named, "number-rows-spanned", "1"), whole(named, "number-columns-spanned", "1")
        self.span = (min(rows, bounds.MOST_ROWS), min(columns, bounds.MOST_COLUMNS))
        self.lines: list[str] = []
        self.length = 0

    @property
    def is_empty(self) -> bool:
        return self.covered or (not self.kind and not any(self.lines))

    def new_line(self) -> None:
        self.lines.append("")

    def add(self, data: str) -> None:
        self.length += len(data)
        if self.lines and self.length <= 4 * bounds.MOST_TEXT:
            self.lines[-1] += data

    def shown(self, sheet: SheetParts, at: str, code: str) -> tuple[str, int | None]:
        """What the cell prints, and of a number its decimals; a problem where it prints nothing that can be trusted."""
        text = "\n".join(self.lines)
        if self.length > bounds.MOST_TEXT:
            found = f"{self.length:,} 个字的一格（{text[:20]}…）"
            raise refused(sheet.file, found, f"不超过 {bounds.MOST_TEXT:,} 个字", sheet.sheet, at)
        if self.kind in _NUMBERS:
            return self._number(sheet, at, code)
        if self.kind == "date" and (match := re.match(r"(\d{4})-(\d\d)-(\d\d)", self.date)):
            return f"{int(match[1])}年{int(match[2])}月{int(match[3])}日", None
        if self.kind == "boolean":
            return self.truth.upper(), None
        if self.kind == "error" or (self.kind == "string" and _ERROR.fullmatch(text)):
            sheet.problem(at, text[:40] or "公式没有保存结果", "数，而不是公式错误；在表格软件中重新计算并保存")
            return "", None
        return text, None

    def _number(self, sheet: SheetParts, at: str, code: str) -> tuple[str, int | None]:
        try:
            value = number_of(self.value)
            if self.kind == "percentage" and code == "General":
                code = "0%"
            return printed(value, code), decimals(value, code)
        except FormatError as error:
            sheet.problem(at, str(error), "常规、定点、千分位、百分比或会计格式")
            return "", None


_ERROR = re.compile(r"#[A-Z/0-9]+[!?]|#N/A|Err:\d{3}")


def _repeated(named: dict[str, str], name: str, most: int) -> int:
    times = whole(named, name, "1")
    if not 1 <= times <= most:
        raise DamagedError(f"{name} {times}")
    return times
