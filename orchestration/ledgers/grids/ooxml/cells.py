"""What the cells of a sheet show: texts by their number, numbers by the number of their style; each cell once."""

from __future__ import annotations

from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.formats import FormatError, day_of_serial, decimals, number_of, printed
from orchestration.ledgers.grids.grid import reference, refused
from orchestration.ledgers.grids.ooxml.styles import Styles
from orchestration.ledgers.grids.sheet import SheetParts

_EXPECTED_FORMAT = "常规、定点、千分位、百分比、会计或日期格式"
_NO_NUMBER = -1
_REMEMBERED = 100_000


class SheetCells(SheetParts):
    """One sheet while it is read, whatever its parts are written in."""

    def __init__(self, file: str, sheet: str, strings: list[str], styles: Styles, from_1904: bool):
        super().__init__(file, sheet)
        self.strings, self.styles, self.from_1904 = strings, styles, from_1904
        self.shown: dict[tuple[str, int], tuple[str, int | None]] = {}
        self.count = 0

    def keep(self, row: int, column: int, style: int, text: str) -> None:
        """Take a cell in. Raises ``InputError`` where there are too many."""
        at = reference(row, column)
        self.count += 1
        if self.count > bounds.MOST_PLACES:
            raise refused(self.file, "单元格太多", f"每张表不超过 {bounds.MOST_PLACES:,} 格", self.sheet, at)
        cells = self.cells.setdefault(row, {})
        if column in cells:
            self.problem(at, f"第二个 {at}（{text}）", "每格一次；用表格软件打开后另存")
        cells[column] = text
        if style in self.styles.struck:
            self.struck.append(at)
        if style in self.styles.indents:
            self.indents[at] = self.styles.indents[style]

    def begin_row(self, row: int, shown: str, *, hidden: bool) -> None:
        """Go on to a row; ``shown``: as the file counts it."""
        if not 0 <= row < bounds.MOST_ROWS:
            raise refused(self.file, f"第 {shown} 行", f"不超过 {bounds.MOST_ROWS:,} 行", self.sheet)
        if hidden:
            self.hidden_rows.add(row)

    def shared(self, at: str, number: int, shown: str) -> str:
        """A text by its number; a problem where there is none."""
        if not 0 <= number < len(self.strings):
            self.problem(at, f"没有第 {shown[:20]} 条文字", "完整的工作簿")
            return ""
        return self.strings[number]

    def number(self, at: str, raw: str, style: int) -> str:
        """What a number shows, of which the text is stored; a problem where it shows nothing that can be trusted."""
        known = self.shown.get((raw, style))
        if known is None:
            try:
                known = self._shown(raw, style)
            except FormatError as error:
                self.problem(at, str(error), _EXPECTED_FORMAT)
                return ""
            if len(self.shown) < _REMEMBERED:
                self.shown[(raw, style)] = known
        text, places = known
        if places != _NO_NUMBER and text:
            self.places[at] = places
        return text

    def _shown(self, raw: str, style: int) -> tuple[str, int | None]:
        """What a stored number shows under a style, and its decimals (``_NO_NUMBER`` for a day)."""
        if len(raw) > 400:
            raise FormatError(f"数 {raw[:20]}…")
        value = number_of(raw)
        if not 0 <= style < len(self.styles.formats):
            raise FormatError(f"没有第 {style} 号格式")
        number_format = self.styles.formats[style]
        if style in self.styles.dates:
            if value < 0 or value == int(value) or value >= 1:
                return printed(day_of_serial(value, self.from_1904), ""), _NO_NUMBER
            seconds = round(value * 86_400)
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}", _NO_NUMBER
        return printed(value, number_format), decimals(value, number_format)
