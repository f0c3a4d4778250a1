"""Excel's files of before 2007 (.xls): values as stored, with formats, hidden rows and merged ranges.

A formula whose result was never saved can't be told from its zero here: Excel itself always saves one.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from orchestration.base.problems import Problem
from orchestration.base.runs import PLAIN, RunStyle, in_runs
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.formats import FormatError, day_of_serial, decimals, is_date, printed
from orchestration.ledgers.grids.grid import Grid, reference, refused
from orchestration.ledgers.grids.sheet import SheetParts

_MOST_BYTES = 64 * 2**20


def read_workbook(path: Path, name: str) -> list[Grid]:
    """The visible sheets of a workbook. Raises ``InputError`` where it can't be opened or asks for too much."""
    import xlrd

    if path.stat().st_size > _MOST_BYTES:
        raise refused(
            name, f"{path.stat().st_size / 2**20:,.0f} MiB", f"不超过 {_MOST_BYTES // 2**20} MiB 的 xls；另存为 xlsx"
        )
    try:
        book = xlrd.open_workbook(str(path), logfile=io.StringIO(), formatting_info=True, ragged_rows=True)
        sheets = book.sheets()
    except Exception as error:  # the library raises many kinds for a damaged file; the message keeps the cause
        found = f"打不开的工作簿（{' '.join(str(error).split())[:200] or type(error).__name__}）"
        raise refused(name, found, "未加密、完整的 xls，或另存为 xlsx") from error
    grids = [_grid(book, sheet, name) for sheet in sheets if sheet.visibility == 0]
    hidden = "、".join(sheet.name for sheet in sheets if sheet.visibility != 0)
    if hidden and grids:
        grids[0].notices.append(Problem(name, hidden, "", "隐藏的工作表", "未读；要计入请取消隐藏"))
    return grids


def _grid(book: Any, sheet: Any, name: str) -> Grid:
    parts = SheetParts(name, sheet.name)
    parts.hidden_rows = {row for row, info in sheet.rowinfo_map.items() if info.hidden}
    parts.hidden_columns = [(column, column) for column, info in sheet.colinfo_map.items() if info.hidden]
    parts.ranges = [(top, first, bottom - 1, last - 1) for top, bottom, first, last in sheet.merged_cells]
    formats = [_format(book, style) for style in book.xf_list]
    fonts = _fonts(book)
    struck, indents = _struck(book, fonts), _indents(book)
    for r in range(sheet.nrows):
        for c, cell in enumerate(sheet.row(r)):
            at = reference(r, c)
            text = _text(parts, at, cell, formats, book.datemode == 1)
            if runs := sheet.rich_text_runlist_map.get((r, c)):
                text = in_runs(text, [(begin, fonts[n] if n < len(fonts) else PLAIN) for begin, n in runs])
            if text:
                parts.cells.setdefault(r, {})[c] = text
                if cell.xf_index in struck:
                    parts.struck.append(at)
                if cell.xf_index in indents:
                    parts.indents[at] = indents[cell.xf_index]
    return parts.grid()


def _fonts(book: Any) -> list[RunStyle]:
    """By number, how text in a font stands beside other text."""
    return [RunStyle(font.escapement == 1, font.escapement == 2, bool(font.struck_out)) for font in book.font_list]


def _struck(book: Any, fonts: list[RunStyle]) -> set[int]:
    """Styles whose font is struck out."""
    numbers = [style.font_index for style in book.xf_list]
    return {n for n, font in enumerate(numbers) if font < len(fonts) and fonts[font].struck}


def _indents(book: Any) -> dict[int, int]:
    """Styles that set their text in, with how many steps."""
    levels = {n: style.alignment.indent_level for n, style in enumerate(book.xf_list)}
    return {n: steps for n, steps in levels.items() if steps}


def _format(book: Any, style: Any) -> str | None:
    """The code of a style's format; None where the file has none of that number."""
    known = book.format_map.get(style.format_key)
    return None if known is None else str(known.format_str)


def _text(parts: SheetParts, at: str, cell: Any, formats: list[str | None], from_1904: bool) -> str:
    """What one cell prints; a problem where it prints nothing that can be trusted."""
    import xlrd

    if cell.ctype == xlrd.XL_CELL_TEXT:
        if len(cell.value) > bounds.MOST_TEXT:
            raise refused(
                parts.file, f"{len(cell.value):,} 个字的一格", f"不超过 {bounds.MOST_TEXT:,} 个字", parts.sheet, at
            )
        return str(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        parts.problem(at, xlrd.error_text_from_code.get(cell.value, "错误值"), "数，而不是公式错误")
    if cell.ctype not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return ""
    try:
        text, places = _number(cell, formats, from_1904)
    except FormatError as error:
        parts.problem(at, str(error), "常规、定点、千分位、百分比、会计或日期格式")
        return ""
    if places != _A_DAY:
        parts.places[at] = places
    return text


_A_DAY = -1


def _number(cell: Any, formats: list[str | None], from_1904: bool) -> tuple[str, int | None]:
    """What a number shows, and its decimals. Raises ``FormatError``."""
    known = cell.xf_index is not None and 0 <= cell.xf_index < len(formats)
    number_format = formats[cell.xf_index] if known else None
    if number_format is None:
        raise FormatError(f"没有第 {cell.xf_index} 号格式")
    if is_date(number_format):
        return printed(day_of_serial(cell.value, from_1904), ""), _A_DAY
    return printed(cell.value, number_format), decimals(cell.value, number_format)
