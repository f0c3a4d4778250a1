"""Self-evaluation forms (绩效自评表) as offices make them: the official layout with its merged cells, from plain rows.

What does not belong here: what is read from them, which the tests say.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

WIDTH = 9
FUNDING = ("年初预算数", "全年预算数（A）", "全年执行数（B）", "分值", "执行率（B/A）", "得分")
INDICATORS = ("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施")
Row = Sequence[Any]


@dataclass(frozen=True)
class Form:
    """One form. ``indicators``: a blank level is that of the row above. ``named``: the cell beside 项目支出名称."""

    title: str
    funding: tuple[Row, ...]
    goal: tuple[str, str]
    indicators: tuple[Row, ...]
    total: tuple[Any, Any]
    label: str = "项目资金（万元）"
    named: str = ""
    year: int = 2024

    @property
    def sheet(self) -> str:
        return (self.named or self.title).removesuffix("支出绩效自评表").replace("/", "")[:31]

    def without(self, *level3: str) -> Form:
        return replace(self, indicators=tuple(row for row in self.indicators if row[2] not in level3))


def lines(form: Form) -> tuple[list[list[Any]], list[str]]:
    """The rows of a form's sheet, and the ranges that are merged in it."""
    rows: list[list[Any]] = []
    merged: list[str] = []

    def add(*cells: Any, over: Iterable[tuple[int, int]] = ()) -> None:
        rows.append([*cells, *[None] * (WIDTH - len(cells))])
        merged.extend(_range(len(rows), a, len(rows), b) for a, b in over)

    add(form.title, over=[(1, WIDTH)])
    add(f"（{form.year}年度）", over=[(1, WIDTH)])
    if form.named:
        add("项目支出名称", None, form.named, over=[(1, 2), (3, WIDTH)])
    top = len(rows) + 1
    add(form.label, None, None, *FUNDING, over=[(2, 3)])
    for name, *figures in form.funding:
        add(None, name, None, *figures, over=[(2, 3)])
    merged.append(_range(top, 1, len(rows), 1))
    top = len(rows) + 1
    add("年度总体目标", "预期目标", None, None, None, "实际完成情况", over=[(2, 5), (6, WIDTH)])
    add(None, form.goal[0], None, None, None, form.goal[1], over=[(2, 5), (6, WIDTH)])
    merged.append(_range(top, 1, len(rows), 1))
    top = len(rows) + 1
    add("绩效指标", *INDICATORS)
    for row in form.indicators:
        add(None, *row)
    merged.append(_range(top, 1, len(rows), 1))
    merged.extend(_levels(rows, top + 1))
    add("总分", *[None] * 5, *form.total, over=[(1, 6)])
    add("填表人：某甲", None, None, "填报日期：2025年3月1日")
    return rows, merged


def _levels(rows: list[list[Any]], first: int) -> list[str]:
    """The merged levels: a name and the blanks below it, in the columns of 一级指标 and 二级指标."""
    found = []
    for column in (2, 3):
        begin = first
        for r in range(first + 1, len(rows) + 2):
            if r > len(rows) or rows[r - 1][column - 1] is not None or (column == 3 and rows[r - 1][1] is not None):
                if r - 1 > begin:
                    found.append(_range(begin, column, r - 1, column))
                begin = r
    return found


def _range(top: int, left: int, bottom: int, right: int) -> str:
    return f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom}"


@dataclass(frozen=True)
class Sheet:
    """One sheet as it stands: its rows, and the ranges that are merged in it."""

    name: str
    rows: list[list[Any]]
    merged: list[str]


def form_sheet(form: Form) -> Sheet:
    return Sheet(form.sheet, *lines(form))


def write_workbook(path: Path, forms: Iterable[Form]) -> Path:
    """One workbook, a sheet for each form."""
    return write_sheets(path, map(form_sheet, forms))


def write_sheets(path: Path, sheets: Iterable[Sheet]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for each in sheets:
        sheet: Worksheet = book.create_sheet(each.name)
        for row in each.rows:
            sheet.append(row)
        for cell in (cell for row in sheet for cell in row if isinstance(cell.value, str)):
            cell.data_type = "s"  # =100% is a target, no formula
        for place in each.merged:
            sheet.merge_cells(place)
    book.save(path)
    return path


def write_csv(path: Path, form: Form) -> Path:
    """The form as a file that knows no merged cells: each text once, in its first cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["" if cell is None else cell for cell in row] for row in lines(form)[0]])
    return path
