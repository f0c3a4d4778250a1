"""Workbooks whose parts are records of numbers (.xlsb): the same sheets, texts and styles as those of XML.

By [MS-XLSB]. A formula whose result was never saved can't be told from its zero here: Excel itself always saves one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from orchestration.base.runs import PLAIN, RunStyle, in_runs
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.grid import Grid, reference, refused
from orchestration.ledgers.grids.ooxml.cells import SheetCells
from orchestration.ledgers.grids.ooxml.package import ListedSheet, Workbook
from orchestration.ledgers.grids.ooxml.records import compact, records, text, values, whole
from orchestration.ledgers.grids.ooxml.styles import Styles, styles_of
from orchestration.ledgers.grids.ooxml.texts import bounded
from orchestration.ledgers.grids.ooxml.workbook import read_as

#: Numbers of the records that are read ([MS-XLSB] 2.3.1).
_ROW, _FIRST_CELL, _SHARED_TEXT, _FONT, _FORMAT, _STYLE, _COLUMNS = 0, 1, 19, 43, 44, 47, 60
_BOOK, _SHEET, _MERGED, _CELL_STYLES, _END_CELL_STYLES = 153, 156, 176, 617, 618
_STRUCK, _HIDDEN_ROW, _HIDDEN_COLUMN, _FROM_1904 = 0x08, 0x10, 0x01, 0x01
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!",
           0x2A: "#N/A", 0x2B: "#GETTING_DATA"}  # fmt: skip


def read_workbook(path: Path, name: str) -> list[Grid]:
    """The visible sheets of a workbook. Raises ``InputError`` where it can't be opened or asks for too much."""
    return read_as(BinaryWorkbook, path, name)


class BinaryWorkbook(Workbook):
    kind, ending = "xlsb", "bin"

    def listed(self, main: str) -> Iterator[tuple[str, str, bool]]:
        for kind, content in records(self.chunks(main)):
            if kind == _BOOK:
                self.from_1904 = bool(whole("I", content) & _FROM_1904)
            elif kind == _SHEET:
                identity, end = text(content, 8)
                yield text(content, end)[0], identity, whole("I", content) != 0

    def strings(self, part: str, styles: Styles) -> list[str]:
        found = (content for kind, content in records(self.chunks(part)) if kind == _SHARED_TEXT)
        return [bounded(_rich(content, 0, styles), self.name) for content in found]

    def styles(self, part: str) -> Styles:
        custom: dict[int, str] = {}
        fonts: list[RunStyle] = []
        cells: list[tuple[int, int]] = []
        indents: dict[int, int] = {}
        of_cells = False
        for kind, content in records(self.chunks(part)):
            if kind == _FORMAT:
                custom[whole("H", content)] = text(content, 2)[0]
            elif kind == _FONT:
                place = whole("H", content, 6)
                fonts.append(RunStyle(place == 1, place == 2, bool(whole("H", content, 2) & _STRUCK)))
            elif kind in (_CELL_STYLES, _END_CELL_STYLES):
                of_cells = kind == _CELL_STYLES
            elif kind == _STYLE and of_cells:
                indents[len(cells)] = whole("B", content, 11)
                cells.append((whole("H", content, 2), whole("H", content, 4)))
        return replace(styles_of(custom, [font.struck for font in fonts], cells, indents), runs=fonts)

    def sheet(self, entry: ListedSheet, strings: list[str], styles: Styles) -> Grid:
        sheet = BinarySheet(self.name, entry.name, strings, styles, self.from_1904)
        for kind, content in records(self.chunks(entry.part, bounds.MOST_EXPANDED)):
            sheet.record(kind, content)
        return sheet.grid()


class BinarySheet(SheetCells):
    """A sheet, record by record."""

    row = -1
    column = -1

    def record(self, kind: int, content: bytes) -> None:
        reader = _CELLS.get(kind)
        if reader is not None:
            self._cell(kind, content, reader)
        elif kind == _ROW:
            self.row, self.column = whole("I", content), -1
            self.begin_row(self.row, f"{self.row + 1:,}", hidden=bool(whole("B", content, 11) & _HIDDEN_ROW))
        elif kind == _COLUMNS and whole("H", content, 16) & _HIDDEN_COLUMN:
            self.hidden_columns.append((whole("I", content), whole("I", content, 4)))
        elif kind == _MERGED:
            top, bottom, first, last = (int(each) for each in values("IIII", content))
            if not (top <= bottom < bounds.MOST_ROWS and first <= last < bounds.MOST_COLUMNS):
                self.problem("", f"合并区域 第 {top + 1:,} 至 {bottom + 1:,} 行", "A1:B2 这样的区域")
                return
            self.ranges.append((top, first, bottom, last))

    def _cell(self, kind: int, content: bytes, reader: _CellReader) -> None:
        """A cell; of the short records, right of the one before it."""
        is_short = kind in _SHORT
        self.column = self.column + 1 if is_short else whole("I", content)
        begin = 0 if is_short else 4
        style = whole("I", content, begin) & 0xFFFFFF
        if not (self.row >= 0 and self.column < bounds.MOST_COLUMNS):
            found = f"第 {self.row + 1:,} 行第 {self.column + 1:,} 列的单元格"
            raise refused(self.file, found, "A1 至 XFD1048576", self.sheet)
        at = reference(self.row, self.column)
        shown = reader(self, at, style, content, begin + 4)
        if shown:
            self.keep(self.row, self.column, style, shown)

    def _blank(self, at: str, style: int, content: bytes, begin: int) -> str:
        return ""

    def _compact(self, at: str, style: int, content: bytes, begin: int) -> str:
        return self.number(at, repr(compact(whole("I", content, begin))), style)

    def _real(self, at: str, style: int, content: bytes, begin: int) -> str:
        return self.number(at, repr(values("d", content, begin)[0]), style)

    def _error(self, at: str, style: int, content: bytes, begin: int) -> str:
        self.problem(at, _ERRORS.get(whole("B", content, begin), "错误值"), "数，而不是公式错误")
        return ""

    def _truth(self, at: str, style: int, content: bytes, begin: int) -> str:
        return "TRUE" if whole("B", content, begin) else "FALSE"

    def _text(self, at: str, style: int, content: bytes, begin: int) -> str:
        return bounded(text(content, begin)[0], self.file, self.sheet, at)

    def _rich_text(self, at: str, style: int, content: bytes, begin: int) -> str:
        return bounded(_rich(content, begin, self.styles), self.file, self.sheet, at)

    def _shared_text(self, at: str, style: int, content: bytes, begin: int) -> str:
        number = whole("I", content, begin)
        return self.shared(at, number, f"{number}")


def _rich(content: bytes, at: int, styles: Styles) -> str:
    """A text behind a byte that says whether the places follow from which on its parts have other fonts."""
    found, end = text(content, at + 1)
    if not whole("B", content, at) & 1:
        return found
    runs = (values("HH", content, end + 4 + 4 * n) for n in range(whole("I", content, end)))
    return in_runs(found, ((int(at), styles.runs[int(n)] if n < len(styles.runs) else PLAIN) for at, n in runs))


_CellReader = Callable[[BinarySheet, str, int, bytes, int], str]
#: Blank, compact number, error, truth, number, text, text by number; formulas whose result is a text, number, truth,
#: error; and the first seven again without their column. A text with runs of its own fonts stands apart, without its
#: column and with it.
_KINDS: tuple[_CellReader, ...] = (
    BinarySheet._blank, BinarySheet._compact, BinarySheet._error, BinarySheet._truth, BinarySheet._real,
    BinarySheet._text, BinarySheet._shared_text,
)  # fmt: skip
_FORMULAS: tuple[_CellReader, ...] = (BinarySheet._text, BinarySheet._real, BinarySheet._truth, BinarySheet._error)
_FIRST_SHORT, _SHORT_RICH, _RICH = _FIRST_CELL + len(_KINDS) + len(_FORMULAS), 61, 62
_SHORT = frozenset((*range(_FIRST_SHORT, _FIRST_SHORT + len(_KINDS)), _SHORT_RICH))
_CELLS: dict[int, _CellReader] = {
    **dict(enumerate((*_KINDS, *_FORMULAS, *_KINDS), _FIRST_CELL)),
    _SHORT_RICH: BinarySheet._rich_text,
    _RICH: BinarySheet._rich_text,
}
