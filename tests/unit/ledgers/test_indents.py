"""How far a workbook's own style sets a text in tells the rows of a hierarchy, in each format."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Alignment

from orchestration.ledgers.reader import read_paths
from tests import xlsb
from tests.unit.ledgers.conftest import contract
from tests.unit.ledgers.test_ods import HEAD, number, ods

ROWS = [("收入", 0, 9.0), ("缴费", 1, 5.0), ("单位", 2, 3.0), ("个人", 2, 2.0), ("补助", 1, 4.0), ("期初", 0, 1.0)]
HEADER = ("单位名称", "预算数", "决算数")


def as_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    for r, (name, steps, amount) in enumerate(ROWS, 2):
        sheet.append([name, amount, amount])
        sheet.cell(r, 1).alignment = Alignment(indent=steps)
    book.save(path)


def as_xlsb(path: Path) -> None:
    rows = [xlsb.row(1, *(xlsb.cell(n, xlsb.inline(text)) for n, text in enumerate(HEADER)))]
    for r, (name, steps, amount) in enumerate(ROWS, 2):
        made = [xlsb.cell(n, xlsb.real(amount)) for n in (1, 2)]
        rows.append(xlsb.row(r, xlsb.cell(0, xlsb.inline(name), steps), *made))
    look = xlsb.styles([0, 0, 0], indents={1: 1, 2: 3})
    xlsb.write(path, xlsb.parts({"支出表": xlsb.sheet(*rows)}, look=look))


def as_ods(path: Path) -> None:
    styles = {0: "", 1: ' table:style-name="in1"', 2: ' table:style-name="in2"'}
    rows = []
    for name, steps, amount in ROWS:
        first = (
            f'<table:table-cell{styles[steps]} office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        )
        rows.append(f"<table:table-row>{first}{number(f'{amount}')}{number(f'{amount}')}</table:table-row>")
    ods(path, HEAD, *rows)


@pytest.mark.parametrize("kind", ["xlsx", "xlsb", "ods"])
def test_indents_of_styles_tell_which_row_is_part_of_which(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"支出表.{kind}"
    {"xlsx": as_xlsx, "xlsb": as_xlsb, "ods": as_ods}[kind](path)
    told = contract(titles=["支出表"], hierarchy={"key": "unit_name", "by": "indent"})
    cells = [cell for cell in read_paths([path], 2024, {"spending": told}).cells if cell.measure == "budget"]
    assert [(cell.row_key, cell.row_kind, cell.parent) for cell in cells] == [
        ("收入", "group", ""), ("缴费", "group", "收入"), ("单位", "detail", "缴费"), ("个人", "detail", "缴费"),
        ("补助", "detail", "收入"), ("期初", "detail", ""),
    ]  # fmt: skip
