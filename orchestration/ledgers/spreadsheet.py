"""Files as grids of printed text: what a person sees in each cell, and nothing of what it means.

CSV is text already. A workbook holds numbers as binary floats with a number format; what was *published* is what the
format shows, so that is what we take (``8055.004`` shown as ``8,055.00`` is 8,055.00);
where no format rounds it, what is stored.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.money import squeeze

SUFFIXES = (".csv", ".xlsx", ".xlsm")


@dataclass(frozen=True)
class Grid:
    """One sheet. ``rows[r][c]`` is the printed text of row r + 1, column c + 1 (``""`` where blank)."""

    file: str
    sheet: str  # "" for CSV
    rows: list[list[str]]
    problems: list[Problem] = field(default_factory=list)  # cells that print nothing that can be trusted
    #: Where a workbook holds a number (A1): the decimals that its format rounds to, None where none does.
    places: dict[str, int | None] = field(default_factory=dict)
    notices: list[Problem] = field(default_factory=list)  # what was read, but should be looked at


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


def read_list(
    path: Path, headers: Mapping[str, str]
) -> tuple[list[tuple[dict[str, str], dict[str, str]]], list[Problem]]:
    """A list that is kept beside the ledgers, under exactly these headers (name in code -> header).

    Of each row that holds text, its fields by name and the cell that each stands in; and what stands outside the
    headers (a comma without quotes would cut a text short). None where there is no file. Raises ``InputError`` where
    the headers are others.
    """
    if not path.is_file():
        return [], []
    (grid,) = read_grids(path, str(path))
    header = [squeeze(text) for text in grid.rows[0]] if grid.rows else []
    if set(header) != set(headers.values()):
        raise InputError([Problem(str(path), "", "第1行", "、".join(header) or "空表", "、".join(headers.values()))])
    column = {name: header.index(text) for name, text in headers.items()}
    rows = [(r, row) for r, row in enumerate(grid.rows[1:], 1) if any(squeeze(text) for text in row)]
    found = [
        (
            {name: row[c].strip() if c < len(row) else "" for name, c in column.items()},
            {name: reference(r, c) for name, c in column.items()},
        )
        for r, row in rows
    ]
    outside = [
        Problem(str(path), "", reference(r, c), text, "表头之内的列")
        for r, row in rows for c, text in enumerate(row) if c >= len(header) and text.strip()
    ]  # fmt: skip
    return found, outside


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
    results: Any = None
    for sheet_name in values.sheet_names:
        if sheet_name not in formats.sheetnames or not hasattr(formats[sheet_name], "cell"):
            continue  # a chart sheet
        if formats[sheet_name].sheet_state != "visible":
            continue
        sheet = values.get_sheet_by_name(sheet_name)
        rows: list[list[str]] = []
        problems: list[Problem] = []
        places: dict[str, int | None] = {}
        for r, row in enumerate(sheet.to_python(skip_empty_area=False)):
            texts = []
            for c, value in enumerate(row):
                styled = formats[sheet_name].cell(r + 1, c + 1)
                try:
                    texts.append(printed(value, styled.number_format))
                    if isinstance(value, int | float) and not isinstance(value, bool) and texts[-1]:
                        places[reference(r, c)] = decimals(value, styled.number_format)
                except FormatError as error:
                    place = reference(r, c)
                    problems.append(
                        Problem(name, sheet_name, place, str(error), "常规、定点、千分位、百分比、会计或日期格式")
                    )
                    texts.append("")
            rows.append(texts)
        for formula in _blank_formulas(formats[sheet_name], rows):
            # Only openpyxl's other reading tells an error and an empty text from a result that was never saved.
            results = results or openpyxl.load_workbook(path, data_only=True)
            result = results[sheet_name][formula]
            if result.data_type == "e":
                problems.append(Problem(name, sheet_name, formula, str(result.value), "数，而不是公式错误"))
            elif result.value is None and result.data_type not in ("s", "str"):
                problems.append(Problem(name, sheet_name, formula, "公式没有保存结果", "在表格软件中重新计算并保存"))
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            for r in range(top, min(bottom + 1, len(rows))):
                for c in range(left, min(right + 1, len(rows[r]))):
                    if not rows[r][c]:
                        rows[r][c] = rows[top][left]
        yield Grid(name, sheet_name, rows, problems, places)


def _blank_formulas(sheet: Any, rows: list[list[str]]) -> list[str]:
    """Where a formula (or a typed error) stands and nothing was read, or nothing so far to the right or below."""
    return [
        str(cell.coordinate)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type in ("f", "e")
        and not (
            cell.row <= len(rows) and cell.column <= len(rows[cell.row - 1]) and rows[cell.row - 1][cell.column - 1]
        )
    ]


class FormatError(ValueError):
    """A number format whose display we can't give exactly. ``str(error)`` says what was found."""


def printed(value: object, number_format: str) -> str:
    """What a spreadsheet shows for a value under a number format.

    Covers what ledgers use: General, fixed decimals with or without grouping, percent, thousands scaling (``0.0,``),
    negatives in brackets, accounting dashes for zero, a unit behind the number (``0.00"万元"``), dates, text. General
    rounds for the width of a column only, so there the stored decimal is what counts. Raises ``FormatError`` for any
    other format: what it shows has another value or precision than the cell.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, time | timedelta):
        return str(value)
    if not isinstance(value, int | float):
        return str(value)
    exact = stored(value)
    sections = _sections(number_format)
    zero = exact == 0 and len(sections) > 2
    section = sections[2 if zero else 1 if exact < 0 and len(sections) > 1 else 0]
    if _CONDITION.search(section):
        raise FormatError(f"数字格式 {number_format}")
    characters = _characters(section)
    bare = "".join(text if plain else "\0" for plain, text in characters)
    words = "".join(text for plain, text in characters if not (plain and text in "0#?.,")).strip()
    if zero and "0" not in bare and not _GENERAL.fullmatch(bare):
        return words  # an accounting format that shows a dash for zero
    if _GENERAL.fullmatch(bare):
        shown, percent, behind = exact, False, bare.lower().find("l") + 1
        text = f"{exact.copy_abs().normalize(_PRECISE):f}"
    else:
        body = re.search(r"[0#?.,](?:.*[0#?.,])?", bare, re.DOTALL)
        if not body or not _DIGITS.fullmatch(body.group()):
            raise FormatError(f"数字格式 {number_format}")
        percent, behind = "%" in bare, body.end()
        shown, text = _fixed(exact.scaleb(2 if percent else 0), body.group())
    unit = "".join(text for _, text in characters[behind:] if "\u4e00" <= text[:1] <= "\u9fff")
    text = f"{text}{'%' if percent else ''}{'' if bare.lower().startswith('g/') else unit}"
    if shown < 0:
        return f"({text})" if "(" in words and ")" in words else f"-{text}"
    return text


def decimals(value: float, number_format: str) -> int | None:
    """How many decimals of what is shown a number format rounds to; None where it rounds nothing (General)."""
    sections = _sections(number_format)
    exact = stored(value)
    section = sections[2 if exact == 0 and len(sections) > 2 else 1 if exact < 0 and len(sections) > 1 else 0]
    bare = "".join(text if plain else "\0" for plain, text in _characters(section))
    if _GENERAL.fullmatch(bare):
        return None
    return len(re.sub(r"[^0#?]", "", bare.partition(".")[2]))


def stored(value: float) -> Decimal:
    """The decimal that a workbook stores as a binary float: its shortest one, digit by digit.

    A formula's result may lie a few binary steps beside the decimal that it stands for (0.1 + 0.2 is stored as
    0.30000000000000004). A double holds any decimal of 15 digits, so a neighbour of at most 15 digits is taken where
    the shortest form has more; from 10^13 on, where a step is no longer small beside 0.01, nothing is.
    """
    exact = Decimal(repr(value))
    if len(exact.as_tuple().digits) > _SURE_DIGITS and abs(exact) < _FINE:
        near = Decimal(f"{value:.{_SURE_DIGITS}g}")
        if abs(near - exact) <= _STEPS * Decimal(math.ulp(value)):
            return near
    return exact


_SURE_DIGITS, _STEPS, _FINE = 15, 4, 10**13
_GENERAL = re.compile(r"[\0\s]*(?:general|g/通用格式|@)[\0\s]*", re.IGNORECASE)
_DIGITS = re.compile(r"[0#?,]*[0#?][0#?,]*(?:\.[0#?]*)?,*|\.[0#?]+,*")
_CONDITION = re.compile(r"\[(?:[<>=]|DBNum)")
_PRECISE = Context(prec=400)  # any float, to any number of places


def _fixed(number: Decimal, body: str) -> tuple[Decimal, str]:
    """A number at the places that ``#,##0.00`` and the like give it, and its digits without a sign."""
    whole, _, fraction = body.partition(".")
    scaling = len(body) - len(body.rstrip(","))
    fraction = fraction.rstrip(",")
    shown = number.scaleb(-3 * scaling).quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP, _PRECISE)
    text = f"{shown.copy_abs():{',' if ',' in whole.rstrip(',') else ''}f}"
    if optional := len(fraction) - len(fraction.rstrip("#?")):
        text = (text[:-optional] + text[-optional:].rstrip("0")).rstrip(".")
    return shown, text


def _sections(number_format: str) -> list[str]:
    """The format's sections (positive; negative; zero; text), quoted semicolons left alone."""
    return re.findall(r'((?:"[^"]*"|\\.|[^;"\\])*);', f"{number_format or 'General'};")[:4] or ["General"]


def _characters(section: str) -> list[tuple[bool, str]]:
    """A section without padding, colours and conditions: plain characters, and literals as ``(False, text)``."""
    tokens = re.findall(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]|(.)', section, re.DOTALL)
    return [(bool(plain), "".join(token)) for token in tokens if (plain := token[2]) or any(token)]
