"""Files as grids of printed text: what a person sees in each cell, and nothing of what it means.

CSV is text already. A workbook holds numbers as binary floats with a number format; what was *published* is what the
format shows, so that is what we take (``8055.004`` shown as ``8,055.00`` is 8,055.00).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from orchestration.ledgers.cell import InputError, Problem

SUFFIXES = (".csv", ".xlsx", ".xlsm")


@dataclass(frozen=True)
class Grid:
    """One sheet. ``rows[r][c]`` is the printed text of row r + 1, column c + 1 (``""`` where blank)."""

    file: str
    sheet: str  # "" for CSV
    rows: list[list[str]]
    problems: list[Problem] = field(default_factory=list)  # cells that print nothing that can be trusted


def reference(row: int, column: int) -> str:
    """The A1 reference of a zero-based row and column."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def read_grids(path: Path, name: str) -> list[Grid]:
    """All sheets of a file; ``name`` is what messages call the file. Raises ``InputError`` where it can't be opened."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return [_read_csv(path, name)]
    if suffix in SUFFIXES:
        return list(_read_workbook(path, name))
    raise InputError([Problem(name, "", "", f"{suffix or '没有扩展名'} 文件", "csv（UTF-8 或 GB18030）或 xlsx")])


def _read_csv(path: Path, name: str) -> Grid:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputError([Problem(name, "", "", "无法解码的字节", "UTF-8 或 GB18030 文本")])
    if "\0" in text:
        raise InputError([Problem(name, "", "", "含 NUL 字节（可能是 UTF-16）", "UTF-8 或 GB18030 文本")])
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise InputError([Problem(name, "", "", f"CSV 引号不成对（{error}）", "完整的 CSV")]) from None
    return Grid(name, "", rows)


def _read_workbook(path: Path, name: str) -> Iterator[Grid]:
    import openpyxl
    import python_calamine

    try:
        values = python_calamine.load_workbook(str(path))
        formats = openpyxl.load_workbook(path, data_only=False)
    except Exception as error:  # both libraries raise many kinds for a damaged file; the message keeps the cause
        raise InputError([Problem(name, "", "", f"打不开的工作簿（{error}）", "未加密、完整的 xlsx")]) from error
    for sheet_name in values.sheet_names:
        if sheet_name not in formats.sheetnames or not hasattr(formats[sheet_name], "cell"):
            continue  # a chart sheet
        if formats[sheet_name].sheet_state != "visible":
            continue
        sheet = values.get_sheet_by_name(sheet_name)
        rows: list[list[str]] = []
        problems: list[Problem] = []
        for r, row in enumerate(sheet.to_python(skip_empty_area=False)):
            texts = []
            for c, value in enumerate(row):
                styled = formats[sheet_name].cell(r + 1, c + 1)
                if value == "" and styled.data_type == "f":
                    problems.append(
                        Problem(name, sheet_name, reference(r, c), "公式没有保存结果", "在表格软件中重新计算并保存")
                    )
                if styled.data_type == "e":
                    problems.append(Problem(name, sheet_name, reference(r, c), str(styled.value), "数，而不是公式错误"))
                texts.append(printed(value, styled.number_format))
            rows.append(texts)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            for r in range(top, min(bottom + 1, len(rows))):
                for c in range(left, min(right + 1, len(rows[r]))):
                    if not rows[r][c]:
                        rows[r][c] = rows[top][left]
        yield Grid(name, sheet_name, rows, problems)


def printed(value: object, number_format: str) -> str:
    """What a spreadsheet shows for a value under a number format.

    Covers what ledgers use: General, fixed decimals with or without grouping, percent, thousands scaling (``0.0,``),
    accounting dashes for zero, dates, text. A binary float is first taken at its shortest decimal form.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, time | timedelta):
        return str(value)
    if not isinstance(value, int | float):
        return str(value)
    exact = Decimal(repr(value))
    sections = _sections(number_format)
    if exact == 0 and len(sections) > 2 and not re.search(r"[0#?]", _bare(sections[2])):
        return _literals(sections[2])  # an accounting format that shows a dash for zero
    pattern = _bare(sections[0])
    if pattern.lower() in ("general", "@", "") or not re.search(r"[0#?]", pattern):
        shown = Decimal(f"{value:.11g}")
        return f"{shown.normalize() + 0:f}"
    digits = re.search(r"[0#?,.]*[0#?][0#?,.]*", pattern)
    body = digits.group() if digits else "0"
    whole, _, fraction = body.partition(".")
    scaling = len(body) - len(body.rstrip(","))
    places = len(fraction.rstrip(","))
    percent = "%" in pattern
    number = exact.scaleb(2 if percent else 0).scaleb(-3 * scaling)
    number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    optional = len(fraction) - len(fraction.rstrip("#"))
    text = f"{abs(number):{',' if ',' in whole.rstrip(',') else ''}f}"
    if optional and "." in text:
        kept = len(text) - optional
        text = text[:kept] + text[kept:].rstrip("0")
        text = text.rstrip(".")
    return f"{'-' if number < 0 else ''}{text}{'%' if percent else ''}"


def _sections(number_format: str) -> list[str]:
    """The format's sections (positive; negative; zero; text), quoted semicolons left alone."""
    return re.findall(r'((?:"[^"]*"|\\.|[^;"\\])*)(?:;|$)', number_format or "General")[:4] or ["General"]


def _bare(section: str) -> str:
    """A section without literals, padding, colours and conditions."""
    return re.sub(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', "", section).strip()


def _literals(section: str) -> str:
    return "".join(re.findall(r'"([^"]*)"', section)).strip() or _bare(section).replace("?", "").strip()
