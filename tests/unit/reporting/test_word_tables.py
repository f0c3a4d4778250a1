"""Tables in the document: no column is narrower than its longest figure, whatever the form asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.reporting.figures import ReportFigure
from orchestration.reporting.forms import Form, FormCell, FormRow
from orchestration.reporting.word_tables import column_widths, fitted, text_width

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
