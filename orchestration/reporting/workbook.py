"""The forms as an Excel workbook: a sheet each, numbers as numbers, sums as live formulas with cached values."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import MissingFigure, ReportFigure
from orchestration.reporting.forms import ABOVE, Form, FormCell, FormRow, Sum, alignment, in_form_unit, number_places
from orchestration.reporting.layout import (
    INDEX,
    PUBLISHED,
    PlacedFigure,
    TextTable,
    index_rows,
    printed_in_forms,
    reconciliation_tables,
)
from orchestration.reporting.word_file import dated

_FONT = "宋体"
_FOOTER = f'&C&"{_FONT},Regular"&P / &N'
#: A4 in points, margins in inches, how wide a letter of a column's width is; the smallest scale that print is read at.
_LONG, _SHORT, _SIDE, _TOP, _LETTER, _LEAST_SCALE = 842, 595, 0.6, 0.7, 5.5, 0.65
_LINE = 15.0  # of letters 10 points high
_WRITTEN = re.compile(r"-?[\d,]+(?:\.(?P<decimals>\d+))?%?$")
_SHADES = {"head": "#E7EDF3", "section": "#F3F5F7", "total": "#F3F5F7"}


def write_workbook(
    fields: Fields, forms: Sequence[Form], text_figures: Sequence[PlacedFigure], edition: Edition = Edition.INTERNAL
) -> bytes:
    """All forms; in the internal edition also the reconciliation annex and the index of figures. ``text_figures``:
    those in the document's text."""
    output = io.BytesIO()
    # Text stays text: what begins with = + - @, or looks like a link or a number, is not turned into one.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(output, options)
    internal = edition is Edition.INTERNAL
    book.set_properties(
        {"title": f"{fields.version.year}年度{fields.version.department}绩效自评表",
         "author": fields.version.department, "comments": f"发布版本 {fields.version.name}" if internal else "",
         "created": dated(fields.version)}
    )  # fmt: skip
    book.set_size(2400, 1600)
    styles = _CellFormats(book)
    for form in forms:
        _sheet(book, styles, form)
    if internal:
        for table in reconciliation_tables(fields):
            _plain(book, styles, table.sheet, table)
        rows = index_rows(fields, [*text_figures, *printed_in_forms(forms)], published=True)
        _plain(book, styles, "数字索引", TextTable("", (*INDEX, *PUBLISHED), [14, 16, 48, 46, 22, 40, 18], rows))
    book.close()
    return output.getvalue()


class _CellFormats:
    """Cell formats, each made once."""

    def __init__(self, book: xlsxwriter.Workbook):
        self.book = book
        self.made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **look: Any) -> Any:
        look = {"font_name": _FONT, "font_size": 10, "valign": "vcenter", **look}
        key = tuple(sorted(look.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(look)
        return self.made[key]


def _sheet(book: xlsxwriter.Workbook, styles: _CellFormats, form: Form) -> None:
    sheet = book.add_worksheet(form.id)
    last = len(form.widths) - 1
    for column, width in enumerate(form.widths):
        sheet.set_column(column, column, width)
    heading = styles(bold=True, font_size=14, align="center", font_name="黑体")
    sheet.merge_range(0, 0, 0, last, f"{form.id}　{form.title}", heading)
    sheet.set_row(0, 26)
    sheet.merge_range(1, 0, 1, last, f"单位：{form.unit}", styles(align="right"))
    for r, row in enumerate(form.rows):
        sheet.set_row(r + ABOVE, _height(form, row))
        for c, cell in enumerate(row.cells):
            if not cell.merged:
                _cell(sheet, styles, form, r, c, row, cell)
    below = len(form.rows) + ABOVE
    for i, note in enumerate(form.remarks):
        sheet.merge_range(below + i, 0, below + i, last, note, styles(text_wrap=True, font_size=9))
        sheet.set_row(below + i, 28)
    heads = [r for r, row in enumerate(form.rows) if row.kind == "head"]
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=_SIDE, right=_SIDE, top=_TOP, bottom=_TOP)
    height = 26 + 15 + sum(_height(form, row) for row in form.rows) + 28 * len(form.remarks)
    orientation = _orientation(sum(form.widths) * _LETTER, height)
    (sheet.set_portrait if orientation == "portrait" else sheet.set_landscape)()
    sheet.fit_to_pages(1, 1 if orientation or len(heads) > 1 else 0)
    sheet.center_horizontally()
    sheet.set_footer(_FOOTER)
    if len(heads) == 1:
        sheet.repeat_rows(0, heads[0] + ABOVE)
        sheet.freeze_panes(heads[0] + ABOVE + 1, 2 if len(form.widths) > 4 else 1)
    sheet.print_area(0, 0, below + max(len(form.remarks) - 1, 0), last)
    sheet.hide_gridlines(2)


def _orientation(width: float, height: float) -> str:
    """How a table of this size (points) lies on one sheet of A4 in letters not much smaller; blank if it does not."""
    for name, across, down in (("landscape", _LONG, _SHORT), ("portrait", _SHORT, _LONG)):
        scale = min(1.0, (across - 2 * _SIDE * 72) / width)
        if scale >= _LEAST_SCALE and height * scale <= down - 2 * _TOP * 72:
            return name
    return ""


def _height(form: Form, row: FormRow) -> float:
    """High enough for the longest text at its column's width, counted in letters; a Chinese one takes nearly two."""
    lines = 1
    for c, cell in enumerate(row.cells):
        if isinstance(cell.value, str) and not cell.merged:
            lines = max(lines, _lines(cell.text, sum(form.widths[c : c + _span(row, c)])))
    return 16.0 * min(lines, 6) + 2


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column this wide, both counted in letters."""
    letters = sum(9 if ord(letter) > 255 else 5 for letter in text) // 5
    return max(1, -(-letters // width))


def _span(row: FormRow, c: int) -> int:
    span = 1
    while c + span < len(row.cells) and row.cells[c + span].merged and row.cells[c + span].value == "<":
        span += 1
    return span


def _cell(sheet: Any, styles: _CellFormats, form: Form, r: int, c: int, row: FormRow, cell: FormCell) -> None:
    look = _look(row, cell)
    at = (r + ABOVE, c)
    span = _span(row, c)
    align = alignment(row, cell, c)
    if span > 1 or cell.rows > 1:
        style = styles(**look, align=align, text_wrap=True)
        sheet.merge_range(*at, at[0] + cell.rows - 1, c + span - 1, "", style)
    value = cell.value
    if isinstance(value, ReportFigure):
        sheet.write_number(*at, *_number(form, styles, look, value))
        remarks = [f"更正：{value.note}"] * bool(value.note) + [f"推定：{value.inferred}"] * bool(value.inferred)
        if remarks:
            sheet.write_comment(*at, "\n".join(remarks), {"x_scale": 2, "y_scale": 1.2, "author": "Ledgergate"})
    elif isinstance(value, Sum):
        number, style = _number(form, styles, look, value)
        sheet.write_formula(*at, _formula(c, value), style, number)
    else:
        sheet.write_string(*at, cell.text, styles(**look, align=align, text_wrap=True))


def _look(row: FormRow, cell: FormCell) -> dict[str, Any]:
    """Border, weight and colours, by the kind of row; whatever it holds."""
    look: dict[str, Any] = {"border": 1, "border_color": "#5B6770", "bold": row.kind in ("head", "section", "total")}
    if row.kind in _SHADES:
        look["bg_color"] = _SHADES[row.kind]
    if row.kind == "check" or isinstance(cell.value, MissingFigure):
        look["font_color"] = "#6B7780"
    return look


def _number(form: Form, styles: _CellFormats, look: dict[str, Any], value: ReportFigure | Sum) -> tuple[float, Any]:
    """A number as Excel holds it, and its style. Two decimals for money, more where the figure needs them."""
    number = in_form_unit(value.value, value.unit, form.money)
    reported = _reported_places(value)
    decimals = number_places(value.value, value.unit, form.money) if reported is None else reported
    digits = "." + "0" * decimals if decimals else ""
    shown = f"0{digits}%" if value.unit == "ratio" else f"#,##0{digits}"
    if form.zero and isinstance(value, ReportFigure) and value.unit == "yuan":
        shown = f'{shown};-{shown};"{form.zero}"'
    if isinstance(value, ReportFigure) and value.mark:
        shown = ";".join(f'{part}"{value.mark}"' for part in shown.split(";"))
    exact = value.exact if isinstance(value, ReportFigure) and value.exact is not None else number
    return float(exact), styles(**look, align="right", num_format=shown)


def _reported_places(value: ReportFigure | Sum) -> int | None:
    """The decimals that a rate or points are written with, as in the document; of other figures the form says."""
    if not isinstance(value, ReportFigure) or value.unit not in ("ratio", "point"):
        return None
    found = _WRITTEN.match(value.text)
    return len(found["decimals"] or "") if found else None


def _formula(column: int, value: Sum) -> str:
    """=ROUND(SUM(E4:E40)-E41,2): rounded, since Excel's own numbers are binary."""
    letter = xl_col_to_name(column)
    rows = [r + ABOVE + 1 for r in value.plus]
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and ranges[-1][-1] == row - 1:
            ranges[-1].append(row)
        else:
            ranges.append([row])
    added = ",".join(f"{letter}{each[0]}:{letter}{each[-1]}" for each in ranges)
    less = f"-{letter}{value.minus + ABOVE + 1}" if value.minus is not None else ""
    return f"=ROUND(SUM({added}){less},6)"


def _plain(book: xlsxwriter.Workbook, styles: _CellFormats, name: str, table: TextTable) -> None:
    sheet = book.add_worksheet(name)
    for column, width in enumerate(table.widths):
        sheet.set_column(column, column, width)
    head = styles(bold=True, border=1, bg_color=_SHADES["head"], align="center")
    bodies = [
        styles(border=1, text_wrap=True, valign="top", align="right" if each else "left") for each in table.figures()
    ]
    for column, title in enumerate(table.columns):
        sheet.write_string(0, column, title, head)
    for r, row in enumerate(table.rows or [[table.empty]], 1):
        sheet.set_row(r, _LINE * max(_lines(text, width) for text, width in zip(row, table.widths, strict=False)) + 2)
        for column, text in enumerate(row):
            sheet.write_string(r, column, text, bodies[column])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
