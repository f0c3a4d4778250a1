"""Raised, lowered and struck-out parts of a cell's text: in no format digits of the figure beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from orchestration.base.runs import RunStyle, in_runs
from orchestration.ledgers.reader import read_paths
from orchestration.ledgers.spreadsheet import read_grids
from tests import xlsb as made
from tests.unit.ledgers import test_ods
from tests.unit.ledgers.conftest import contract, problems_of

#: A figure with the number of a note behind it; a figure struck out and the one in its place; one partly in bold.
ROWS = [["单位名称", "预算数"], ["甲", "1,182.19¹"], ["乙", "1̶0̶0̶200"], ["丙", "1,182.19"]]


def in_cells(path: Path) -> Path:
    """A workbook whose texts stand in their cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "支出表"
    raised, struck, bold = InlineFont(vertAlign="superscript"), InlineFont(strike=True), InlineFont(b=True)
    sheet.append(ROWS[0])
    sheet.append(["甲", CellRichText("1,182.19", TextBlock(raised, "1"))])
    sheet.append(["乙", CellRichText(TextBlock(struck, "100"), "200")])
    sheet.append(["丙", CellRichText(TextBlock(bold, "1,182"), ".19")])
    book.save(path)
    return path


def in_a_table(path: Path) -> Path:
    """A workbook whose texts stand in the table that cells share, as Excel writes it."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("支出表")
        raised, struck, bold = (
            book.add_format({"font_script": 1}), book.add_format({"font_strikeout": True}),
            book.add_format({"bold": True}),
        )  # fmt: skip
        for row, name in enumerate(("单位名称", "甲", "乙", "丙")):
            sheet.write(row, 0, name)
        sheet.write(0, 1, "预算数")
        sheet.write_rich_string(1, 1, "1,182.19", raised, "1")
        sheet.write_rich_string(2, 1, struck, "100", "200")
        sheet.write_rich_string(3, 1, bold, "1,182", ".19")
    return path


def of_records(path: Path) -> Path:
    names = made.row(1, made.cell(0, made.inline("单位名称")), made.cell(1, made.inline("预算数")))
    rows = [
        made.row(n, made.cell(0, made.inline(name)), made.cell(1, text))
        for n, (name, text) in enumerate(
            (
                ("甲", made.rich("1,182.191", (8, 2))),
                ("乙", made.rich("100200", (0, 1), (3, 0))),
                ("丙", made.rich("1,182.19", (0, 0), (4, 0))),
            ),
            2,
        )
    ]
    return made.write(path, made.parts({"支出表": made.sheet(names, *rows)}, look=made.styles([0])))


def of_a_document(path: Path) -> Path:
    def row(name: str, text: str) -> str:
        cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
        return f"<table:table-row>{cell.format(name)}{cell.format(text)}</table:table-row>"

    def part(style: str, text: str) -> str:
        return f'<text:span text:style-name="{style}">{text}</text:span>'

    rows = [
        row(*ROWS[0]), row("甲", f"1,182.19{part('up', '1')}"), row("乙", f"{part('gone', '100')}200"),
        row("丙", f"{part('bold', '1,182')}.19"),
    ]  # fmt: skip
    return test_ods.ods(path, *rows)


@pytest.mark.parametrize(
    ("name", "write"),
    [("账.xlsx", in_cells), ("账.xlsx", in_a_table), ("账.xlsb", of_records), ("账.ods", of_a_document)],
)
def test_what_is_raised_or_struck_out_is_no_digit_of_the_figure_beside_it(
    tmp_path: Path, name: str, write: Callable[[Path], Path]
) -> None:
    (found,) = read_grids(write(tmp_path / name), name)
    assert [row[:2] for row in found.rows if row] == ROWS


def test_excel_s_files_of_before_2007_too() -> None:
    """Written by xlwt."""
    path = Path(__file__).parent / "files" / "上标.xls"
    assert read_grids(path, path.name)[0].rows == ROWS[:3]


def test_both_are_told_at_their_cells(tmp_path: Path) -> None:
    path = in_a_table(tmp_path / "支出表.xlsx")
    problems = problems_of(
        read_paths, [path], 2024, {"spending": contract(measures=[{"name": "budget", "header": "预算数"}])}
    )
    assert [(problem.cell, problem.found) for problem in problems] == [("B2", "1,182.19¹"), ("B3", "1̶0̶0̶200")]


def test_styles_hold_from_their_places_on() -> None:
    up, down = RunStyle(raised=True), RunStyle(lowered=True)
    assert in_runs("H2O 10+3", [(1, down), (2, RunStyle()), (6, up)]) == "H₂O 10⁺³"
    assert in_runs("甲", [(0, up), (5, down)]) == "甲"
