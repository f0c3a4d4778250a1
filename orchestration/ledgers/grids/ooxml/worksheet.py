"""One sheet of XML, row by row: what each cell shows, and what the file says of rows, columns and merged ranges."""

from __future__ import annotations

import re

from orchestration.base.runs import PLAIN
from orchestration.ledgers.grids.grid import position, reference, refused
from orchestration.ledgers.grids.ooxml.cells import SheetCells
from orchestration.ledgers.grids.ooxml.styles import Styles
from orchestration.ledgers.grids.ooxml.texts import bounded, styled, unescaped
from orchestration.ledgers.grids.xml import whole, whole_number


class Worksheet(SheetCells):
    def __init__(self, file: str, sheet: str, strings: list[str], styles: Styles, from_1904: bool):
        super().__init__(file, sheet, strings, styles, from_1904)
        self.row = -1
        self.column = -1
        self.style = 0
        self.type = "n"
        self.formula = False
        self.value: list[str] | None = None
        self.collecting = False
        self.run = PLAIN

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
            self.hidden_columns.append((whole(attributes, "min") - 1, whole(attributes, "max") - 1))
        else:
            self.run = styled(self.run, tag, attributes)

    def text(self, data: str) -> None:
        if self.collecting and self.value is not None and self.type != "phonetic":
            self.value.append(self.run.shown(data))

    def end(self, tag: str) -> None:
        if tag == "v" or tag == "t":
            self.collecting = False
        elif tag == "c":
            self._end_cell()
        elif tag == "r":
            self.run = PLAIN
        elif tag == "rPh":
            self.type = "inlineStr"

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r")
        self.row = whole_number(number, "r") - 1 if number else self.row + 1
        self.column = -1
        self.begin_row(self.row, number or f"{self.row + 1}", hidden=attributes.get("hidden") in ("1", "true"))

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
        # told where the cell is read
        self.style = int(style) if style.isascii() and style.isdigit() and len(style) < 10 else -1
        self.type = attributes.get("t", "n")
        self.formula = False
        self.value = None

    def _end_cell(self) -> None:
        at = reference(self.row, self.column)
        if self.value is None:
            if self.formula and self.type not in ("s", "str", "inlineStr"):
                self.problem(at, "公式没有保存结果", "在表格软件中重新计算并保存")
            return
        text = self._read(at, "".join(self.value))
        if text or self.formula:
            self.keep(self.row, self.column, self.style, text)

    def _read(self, at: str, raw: str) -> str:
        if self.type == "n":
            return self._number(at, raw.strip())
        if self.type == "s":
            number = raw.strip()
            known = number.isascii() and number.isdigit() and len(number) < 10
            return self.shared(at, int(number) if known else -1, raw)
        if self.type in ("str", "inlineStr"):
            return bounded(unescaped(raw), self.file, self.sheet, at)
        if self.type == "b":
            return "TRUE" if raw.strip() in ("1", "true") else "FALSE"
        if self.type == "e":
            self.problem(at, raw[:40] or "错误值", "数，而不是公式错误")
            return ""
        if self.type == "d":
            match = re.match(r"(\d{4})-(\d\d)-(\d\d)", raw, re.ASCII)
            if match:
                return f"{int(match[1])}年{int(match[2])}月{int(match[3])}日"
        self.problem(at, f"{self.type[:20]} 类的单元格", "数、文字或日期")
        return ""

    def _number(self, at: str, raw: str) -> str:
        if raw:
            return self.number(at, raw, self.style)
        if self.formula:
            self.problem(at, "公式没有保存结果", "在表格软件中重新计算并保存")
        return ""

    def _merge(self, name: str) -> None:
        first, _, last = name.partition(":")
        top_left, bottom_right = position(first), position(last or first)
        if top_left is None or bottom_right is None:
            self.problem("", f"合并区域 {name[:40]}", "A1:B2 这样的区域")
            return
        self.ranges.append((top_left[0], top_left[1], bottom_right[0], bottom_right[1]))
