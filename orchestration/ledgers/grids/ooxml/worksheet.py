"""One sheet, row by row: what each cell shows, and what the file says of rows, columns and merged ranges."""

from __future__ import annotations

import re

from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.formats import FormatError, day_of_serial, decimals, number_of, printed
from orchestration.ledgers.grids.grid import position, reference, refused
from orchestration.ledgers.grids.ooxml.styles import Styles
from orchestration.ledgers.grids.ooxml.texts import bounded, unescaped
from orchestration.ledgers.grids.sheet import SheetParts

WHOLE = "未加密、完整的 xlsx"
_EXPECTED_FORMAT = "常规、定点、千分位、百分比、会计或日期格式"
_NO_NUMBER = -1


class Worksheet(SheetParts):
    def __init__(self, file: str, sheet: str, strings: list[str], styles: Styles, from_1904: bool):
        super().__init__(file, sheet)
        self.strings, self.styles, self.from_1904 = strings, styles, from_1904
        self.shown: dict[tuple[str, int], tuple[str, int | None]] = {}
        self.count = 0
        self.row = -1
        self.column = -1
        self.style = 0
        self.type = "n"
        self.formula = False
        self.value: list[str] | None = None
        self.collecting = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "v" or tag == "t":
            self.collecting = self.row >= 0
            if self.value is None:
                self.value = []
        elif tag == "rPh":
            self.type = "phonetic"
        elif tag == "f":
            self.formula = True
        elif tag == "row":
            self._start_row(attributes)
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            self.hidden_columns.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))

    def text(self, data: str) -> None:
        if self.collecting and self.value is not None and self.type != "phonetic":
            self.value.append(data)

    def end(self, tag: str) -> None:
        if tag == "v" or tag == "t":
            self.collecting = False
        elif tag == "c":
            self._end_cell()
        elif tag == "rPh":
            self.type = "inlineStr"

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r")
        self.row = int(number) - 1 if number else self.row + 1
        self.column = -1
        if not 0 <= self.row < bounds.MOST_ROWS:
            raise refused(self.file, f"第 {number} 行", f"不超过 {bounds.MOST_ROWS:,} 行", self.sheet)
        if attributes.get("hidden") in ("1", "true"):
            self.hidden_rows.add(self.row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place:
            at = position(place)
            if at is None:
                raise refused(self.file, f"单元格 {place[:20]}", "A1 至 XFD1048576", self.sheet)
            self.row, self.column = at
        else:
            self.column += 1
        style = attributes.get("s", "0")
        self.style = int(style) if style.isascii() and style.isdigit() else -1  # told where the cell is read
        self.type = attributes.get("t", "n")
        self.formula = False
        self.value = None

    def _end_cell(self) -> None:
        at = reference(self.row, self.column)
        if self.value is None:
            if self.formula and self.type not in ("s", "str", "inlineStr"):
                self.problem(at, "公式没有保存结果", "在表格软件中重新计算并保存")
            return
        raw = "".join(self.value)
        text = self._read(at, raw)
        if not text and not self.formula:
            return
        self.count += 1
        if self.count > bounds.MOST_PLACES:
            raise refused(self.file, "单元格太多", f"每张表不超过 {bounds.MOST_PLACES:,} 格", self.sheet, at)
        row = self.cells.setdefault(self.row, {})
        if self.column in row:
            self.problem(at, f"第二个 {at}（{text}）", "每格一次；用表格软件打开后另存")
        row[self.column] = text
        if self.style in self.styles.struck:
            self.struck.append(at)

    def _read(self, at: str, raw: str) -> str:
        if self.type == "n":
            return self._number(at, raw.strip())
        if self.type == "s":
            number = int(raw) if raw.strip().isdecimal() else -1
            if not 0 <= number < len(self.strings):
                self.problem(at, f"没有第 {raw[:20]} 条文字", WHOLE)
                return ""
            return self.strings[number]
        if self.type in ("str", "inlineStr"):
            return bounded(unescaped(raw), self.file, self.sheet, at)
        if self.type == "b":
            return "TRUE" if raw.strip() in ("1", "true") else "FALSE"
        if self.type == "e":
            self.problem(at, raw[:40] or "错误值", "数，而不是公式错误")
            return ""
        if self.type == "d":
            match = re.match(r"(\d{4})-(\d\d)-(\d\d)", raw)
            if match:
                return f"{int(match[1])}年{int(match[2])}月{int(match[3])}日"
        self.problem(at, f"{self.type[:20]} 类的单元格", "数、文字或日期")
        return ""

    def _number(self, at: str, raw: str) -> str:
        if not raw:
            if self.formula:
                self.problem(at, "公式没有保存结果", "在表格软件中重新计算并保存")
            return ""
        known = self.shown.get((raw, self.style))
        if known is None:
            try:
                known = self._shown(raw)
            except FormatError as error:
                self.problem(at, str(error), _EXPECTED_FORMAT)
                return ""
            if len(self.shown) < 100_000:
                self.shown[(raw, self.style)] = known
        text, places = known
        if places != _NO_NUMBER and text:
            self.places[at] = places
        return text

    def _shown(self, raw: str) -> tuple[str, int | None]:
        """What a stored number shows under its style, and its decimals (``_NO_NUMBER`` for a day)."""
        if len(raw) > 400:
            raise FormatError(f"数 {raw[:20]}…")
        value = number_of(raw)
        if not 0 <= self.style < len(self.styles.formats):
            raise FormatError(f"没有第 {self.style} 号格式")
        number_format = self.styles.formats[self.style]
        if self.style in self.styles.dates:
            if value == int(value) or value >= 1:
                return printed(day_of_serial(value, self.from_1904), ""), _NO_NUMBER
            seconds = round(value * 86_400)
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}", _NO_NUMBER
        return printed(value, number_format), decimals(value, number_format)

    def _merge(self, name: str) -> None:
        first, _, last = name.partition(":")
        top_left, bottom_right = position(first), position(last or first)
        if top_left is None or bottom_right is None:
            self.problem("", f"合并区域 {name[:40]}", "A1:B2 这样的区域")
            return
        self.ranges.append((top_left[0], top_left[1], bottom_right[0], bottom_right[1]))
