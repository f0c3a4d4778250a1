"""Excel's own files since 2007 (.xlsx, .xlsm), read as a stream of their XML: values as stored, with the format, the
hidden rows and the merged ranges that say how they print. Macros, external links and drawings are never opened.

One pass and no object a cell, and every part is bounded before it is unpacked. What a format shows is ``formats``.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.parsers import expat

from orchestration.base.problems import Problem
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.formats import FormatError, day_of_serial, decimals, is_date, number_of, printed
from orchestration.ledgers.grids.grid import Grid, position, reference, refused
from orchestration.ledgers.grids.sheet import SheetParts

_WHOLE = "未加密、完整的 xlsx"
_CHUNK = 1 << 16
#: Formats that have a number and no text in the file (ECMA-376, 18.8.30); dates by any of their forms.
_BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "#,##0", 6: "#,##0", 7: "#,##0.00", 8: "#,##0.00",
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 18: "h:mm", 19: "h:mm", 20: "h:mm", 21: "h:mm:ss",
    37: "#,##0_);(#,##0)", 38: "#,##0_);(#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);(#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', 42: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)', 44: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    45: "mm:ss", 46: "h:mm:ss", 47: "mm:ss", 48: "##0.0E+0", 49: "@",
} | dict.fromkeys((14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)), "yyyy-mm-dd")  # fmt: skip
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EXPECTED_FORMAT = "常规、定点、千分位、百分比、会计或日期格式"


def read_workbook(path: Path, name: str) -> list[Grid]:
    """The visible sheets of a workbook. Raises ``InputError`` where it can't be opened or asks for too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            return list(_Workbook(archive, name).grids())
    # What the archive, the parser, and attributes that are missing or no numbers raise; the cause is kept. Anything
    # else is ours and ends as an internal error.
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
            KeyError, expat.ExpatError, UnicodeDecodeError, OverflowError, _zlib_error()) as error:  # fmt: skip
        raise refused(name, f"打不开的工作簿（{' '.join(str(error).split())[:200]}）", _WHOLE) from error


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


@dataclass
class _Styles:
    """What a cell's style number means: number format, and whether its font is struck out."""

    formats: list[str] = field(default_factory=lambda: ["General"])
    struck: frozenset[int] = frozenset()
    dates: frozenset[int] = frozenset()


@dataclass
class _Entry:
    """One sheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile, name: str):
        self.archive = archive
        self.name = name
        self.parts = {info.filename.lstrip("/").lower(): info for info in archive.infolist()}
        self.from_1904 = False

    def grids(self) -> Iterator[Grid]:
        entries = self._entries()
        strings = self._strings()
        styles = self._styles()
        left_out = [entry.name for entry in entries if entry.hidden]
        shown = [entry for entry in entries if not entry.hidden]
        for n, entry in enumerate(shown):
            sheet = _Sheet(self.name, entry.name, strings, styles, self.from_1904)
            self._parse(entry.part, sheet.start, sheet.end, sheet.text, bounds.MOST_EXPANDED)
            grid = sheet.grid()
            if n == 0 and left_out:
                grid.notices.append(
                    Problem(self.name, "、".join(left_out), "", "隐藏的工作表", "未读；要计入请取消隐藏")
                )
            yield grid

    def _entries(self) -> list[_Entry]:
        main = next((t for kind, t in self._relations("").values() if kind == "officeDocument"), "xl/workbook.xml")
        listed: list[dict[str, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                listed.append(attributes)
            elif tag == "workbookPr":
                self.from_1904 = attributes.get("date1904", "0") in ("1", "true")

        self._parse(main, start)
        relations = self._relations(main)
        entries = []
        for attributes in listed:
            identity = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            kind, part = relations.get(identity, ("worksheet", ""))
            if kind == "worksheet":  # and not a chart sheet
                if part.lower() not in self.parts:
                    raise refused(self.name, f"缺少工作表 {attributes.get('name', '')} 的内容", _WHOLE)
                hidden = attributes.get("state", "visible") != "visible"
                entries.append(_Entry(attributes.get("name", ""), part, hidden))
        return entries

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Of a part's relations, kind and target; those that lead out of the file are left out."""
        folder, _, file = part.rpartition("/")
        relations: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else _joined(folder, target)
                relations[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], path)

        name = f"{folder}/_rels/{file}.rels".lstrip("/") if part else "_rels/.rels"
        if name.lower() in self.parts:
            self._parse(name, start)
        return relations

    def _strings(self) -> list[str]:
        part = next((p for p in self.parts if p.endswith("sharedstrings.xml")), "")
        reader = _Strings(self.name)
        if part:
            self._parse(part, reader.start, reader.end, reader.text, bounds.MOST_STRINGS)
        return reader.strings

    def _styles(self) -> _Styles:
        part = next((p for p in self.parts if p.endswith("styles.xml") and "/worksheets" not in p), "")
        reader = _StyleReader()
        if part:
            self._parse(part, reader.start, reader.end)
        return reader.styles()

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        most: int = bounds.MOST_STRINGS,
    ) -> None:
        info = self.parts[part.lower()]
        if info.flag_bits & 1:
            raise refused(self.name, "加密的工作簿", "去掉密码后另存的 xlsx")
        if info.file_size > most:
            found = f"{part} 展开后 {info.file_size / 2**20:,.0f} MiB"
            raise refused(self.name, found, f"每个部分展开后不超过 {most // 2**20} MiB；删去多余内容后另存")
        with self.archive.open(info) as stream:
            _parse_xml(stream, self.name, part, start, end, text)


def _parse_xml(
    stream: IO[bytes],
    name: str,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None,
    text: Callable[[str], None] | None,
) -> None:
    """Feed a part to handlers, by local names. No part of a workbook has a document type, so none is taken: no
    entities, nothing from outside.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local: dict[str, str] = {}

    def started(tag: str, attributes: dict[str, str]) -> None:
        start(local.get(tag) or local.setdefault(tag, tag.rpartition(":")[2]), attributes)

    def ended(tag: str) -> None:
        if end is not None:
            end(local[tag])

    def doctype(*_: object) -> None:
        raise refused(name, f"{part} 带有 DOCTYPE", "表格软件保存的 xlsx")

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.StartDoctypeDeclHandler = doctype
    if text is not None:
        parser.CharacterDataHandler = text
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _joined(folder: str, target: str) -> str:
    parts = folder.split("/") if folder else []
    for step in target.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class _Strings:
    """The table of texts, without the readings printed above characters."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.strings: list[str] = []
        self.parts: list[str] = []
        self.inside = False
        self.phonetic = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "si":
            self.parts = []
        elif tag == "rPh":
            self.phonetic = True
        elif tag == "t":
            self.inside = not self.phonetic

    def text(self, data: str) -> None:
        if self.inside:
            self.parts.append(data)

    def end(self, tag: str) -> None:
        if tag == "t":
            self.inside = False
        elif tag == "rPh":
            self.phonetic = False
        elif tag == "si":
            self.strings.append(_bounded(_unescaped("".join(self.parts)), self.name))


def _bounded(text: str, name: str, sheet: str = "", cell: str = "") -> str:
    if len(text) > bounds.MOST_TEXT:
        raise refused(
            name, f"{len(text):,} 个字的一格（{text[:20]}…）", f"不超过 {bounds.MOST_TEXT:,} 个字", sheet, cell
        )
    return text


class _StyleReader:
    def __init__(self) -> None:
        self.path: list[str] = []
        self.custom: dict[int, str] = {}
        self.fonts: list[bool] = []
        self.cells: list[tuple[int, int]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        above = self.path[-1] if self.path else ""
        self.path.append(tag)
        if tag == "numFmt" and above == "numFmts":
            self.custom[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag == "font" and above == "fonts":
            self.fonts.append(False)
        elif tag == "strike" and above == "font" and len(self.path) == 4:
            self.fonts[-1] = attributes.get("val", "1") not in ("0", "false")
        elif tag == "xf" and above == "cellXfs":
            self.cells.append((int(attributes.get("numFmtId", "0")), int(attributes.get("fontId", "0"))))

    def end(self, tag: str) -> None:
        self.path.pop()

    def styles(self) -> _Styles:
        formats = [self.custom.get(number) or _BUILT_IN.get(number, "General") for number, _ in self.cells]
        struck = frozenset(n for n, (_, font) in enumerate(self.cells) if font < len(self.fonts) and self.fonts[font])
        dates = frozenset(n for n, each in enumerate(formats) if is_date(each))
        return _Styles(formats or ["General"], struck, dates)


class _Sheet(SheetParts):
    """One sheet, row by row."""

    def __init__(self, file: str, sheet: str, strings: list[str], styles: _Styles, from_1904: bool):
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
        self.style = int(attributes.get("s", "0"))
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
                self.problem(at, f"没有第 {raw[:20]} 条文字", _WHOLE)
                return ""
            return self.strings[number]
        if self.type in ("str", "inlineStr"):
            return _bounded(_unescaped(raw), self.file, self.sheet, at)
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


_NO_NUMBER = -1
