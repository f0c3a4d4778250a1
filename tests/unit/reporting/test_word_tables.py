"""Tables in the document: no column is narrower than its longest figure, whatever the form asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from orchestration.reporting.figures import MissingFigure, ReportFigure
from orchestration.reporting.forms import Form, FormCell, FormRow, alignment
from orchestration.reporting.layout import TextTable
from orchestration.reporting.word_tables import column_widths, fitted, form_heights, form_tables, text_width

WIDTH, SIZE = 8845, 9.0  # the text of an A4 page in twentieths of a point, letters in points


def form(figures: list[str], widths: list[int]) -> Form:
    cells = [FormCell(ReportFigure(Decimal(0), "yuan", ("t", "r", "c"), (), text), text) for text in figures]
    return Form("表1", "", "万元", "万元", widths, [FormRow("row", [FormCell("单位名称", "单位名称"), *cells])])


@pytest.mark.parametrize("asked", [[60, 1, 1], [1, 1, 1], [10, 10, 0]])
def test_a_column_is_as_wide_as_its_longest_figure(asked: list[int]) -> None:
    figures = ["-1,234,567.89", "100.00%"]
    widths = column_widths(form(figures, asked), WIDTH, SIZE)
    assert sum(widths) <= WIDTH
    for figure, width in zip(figures, widths[1:], strict=True):
        assert width >= text_width(figure, SIZE) + 2 * 57  # the margins of a cell


def test_a_mark_beside_a_figure_has_room_too() -> None:
    plain, marked = (
        column_widths(
            Form("表1", "", "", "万元", [50, 0], [FormRow("row", [FormCell("", ""), FormCell(figure, figure.text)])]),
            WIDTH,
            SIZE,
        )[1]
        for figure in (
            ReportFigure(Decimal(0), "yuan", ("t", "r", "c"), (), "14,501.63"),
            ReportFigure(Decimal(0), "yuan", ("t", "r", "c"), (), "14,501.63", basis="derived"),
        )
    )
    assert marked > plain


def test_widths_that_suffice_are_those_that_were_asked_for() -> None:
    assert fitted([100, 200, 300], [50, 100, 200], 600) == [100, 200, 300]


def test_what_is_too_narrow_takes_from_those_that_have_more() -> None:
    widths = fitted([10, 500, 90], [60, 100, 80], 600)
    assert widths[0] == 60 and sum(widths) == 600 and widths[2] >= 80


def test_a_head_is_broken_between_its_words_alone() -> None:
    head = FormRow("head", [FormCell("项目", "项目"), FormCell("执行率（B/A）", "执行率（B/A）")])
    widths = column_widths(Form("附件2", "", "万元", "万元", [50, 1], [head]), WIDTH, SIZE)
    assert widths[1] >= text_width("（B/A）", SIZE) + 2 * 57


def parted() -> Form:
    """A form of two parts: two heads that follow one another, then another head."""
    kinds = ["head", "head", "row", "row", "head", *["row"] * 6]
    rows = [FormRow(kind, [FormCell(f"{kind}{r}", f"{kind}{r}")]) for r, kind in enumerate(kinds)]
    return Form("附件2", "", "万元", "万元", [100], rows)


def test_each_part_of_a_form_is_a_table_that_repeats_its_own_head() -> None:
    """Word and LibreOffice print again only the first rows of a table."""
    tables = [parse_xml(table) for table in form_tables(parted(), WIDTH, "TableText", SIZE)]
    repeated = [[row.find(f".//{qn('w:tblHeader')}") is not None for row in table.iter(qn("w:tr"))] for table in tables]
    assert repeated == [[True, True, False, False], [True, *[False] * 6]]
    said = [text.text for table in tables for text in table.iter(qn("w:t"))]
    assert said == [row.cells[0].text for row in parted().rows]


def test_the_height_of_a_form_counts_the_heads_that_are_printed_again() -> None:
    row, above, below = 10 + 1.1, 40.0, 12.0
    whole = above + 11 * row + 1 + below
    assert form_heights(parted(), WIDTH, SIZE, 10, (above, below), (whole, 600)) == [pytest.approx(whole)]
    first, second = form_heights(parted(), WIDTH, SIZE, 10, (above, below), (above + 8 * row + 1, 600))
    assert first == pytest.approx(above + 8 * row + 1)
    assert second == pytest.approx(row + 3 * row + below)  # the second part's head, and what is left of it


def test_a_head_does_not_stand_alone_at_the_foot_of_a_page() -> None:
    row = 10 + 1.1
    first, second = form_heights(parted(), WIDTH, SIZE, 10, (0.0, 0.0), (5.5 * row, 600))
    assert first == pytest.approx(4 * row + 1) and second == pytest.approx(7 * row)


@pytest.mark.parametrize(
    ("kind", "column", "value", "columns", "side"),
    [
        ("row", 0, "12", 1, "center"),  # a row's number
        ("row", 0, "　分项", 1, "left"),  # set in below its section
        ("row", 0, "年度资金总额", 2, "left"),
        ("section", 0, "二、本年收入", 4, "left"),
        ("total", 0, "总分", 5, "center"),
        ("head", 1, "得分", 1, "center"),
        ("row", 1, MissingFigure(""), 1, "center"),
        ("row", 5, "—", 1, "center"),  # no figure is asked for
        ("row", 1, ReportFigure(Decimal(1), "yuan", ("t", "r", "c"), (), "1.00"), 1, "right"),
    ],
)
def test_document_and_workbook_lay_a_cell_the_same_way(
    kind: str, column: int, value: str | ReportFigure | MissingFigure, columns: int, side: str
) -> None:
    cell = FormCell(value, value if isinstance(value, str) else "未提供", columns=columns)
    assert alignment(FormRow(kind, [cell]), cell, column) == side


def test_a_column_of_figures_alone_is_set_at_the_right() -> None:
    table = TextTable("", ("规则", "条数", "列示为"), [1, 1, 1], [["甲", "2", "26 个"], ["乙", "", "86.60%"]])
    assert table.figures() == [False, True, False]
    assert TextTable("", ("规则", "条数"), [1, 1], []).figures() == [False, False]
