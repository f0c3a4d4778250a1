"""What document, workbook and page share beside their forms: the reconciliation annex, and the index of figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from orchestration.base.wording import STATUSES as WORDS
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import ReportFigure
from orchestration.reporting.forms import Form
from orchestration.reporting.prose import different_rates

_FIGURE = re.compile(r"-?[\d,]+(\.\d+)?%?")
#: 状态 of a rule instance, in the order in which people ask.
STATUSES = {
    status: WORDS[status][0]
    for status in ("inconsistent", "missing", "corrected", "accepted", "undefined", "rounding", "consistent")
}
SEVERITIES = {"error": "必须成立", "warning": "提示"}


@dataclass(frozen=True)
class TextTable:
    """A plain table: titles of its columns, their widths (relative), and rows of text."""

    title: str
    columns: Sequence[str]
    widths: Sequence[int]
    rows: Sequence[Sequence[str]]
    empty: str = "没有"
    sheet: str = ""  # its sheet in the workbook

    def figures(self) -> list[bool]:
        """Of each column, whether it holds figures and nothing else."""
        held = [[text for text in column if text] for column in zip(*self.rows, strict=True)] or [[]] * len(
            self.columns
        )
        return [bool(column) and all(_FIGURE.fullmatch(text) for text in column) for column in held]


@dataclass(frozen=True)
class PlacedFigure:
    """One figure at one place of the report: 三（二）#4, 表3!E19."""

    place: str
    figure: ReportFigure


@dataclass(frozen=True)
class TextBlock:
    """One piece of the text, for who shows it elsewhere: a heading of its level, a paragraph (0), or a form by name.

    ``parts``: words, and figures with their place and how they are written there.
    """

    level: int
    parts: tuple[str | tuple[PlacedFigure, str], ...]
    form: str = ""

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part[1] for part in self.parts)


def reconciliation_tables(fields: Fields) -> list[TextTable]:
    """Rules by status; what does not hold as it was printed; corrections and exceptions with their evidence."""
    tables = fields.version.tables
    judged = sorted(tables["reconciliation"], key=lambda row: (row["severity"], row["rule_id"], row["instance"]))
    by_rule: dict[tuple[str, str, str], list[str]] = {}
    for row in judged:
        by_rule.setdefault((row["severity"], row["rule_id"], row["title"]), []).append(row["status"])
    summary = [
        [title, SEVERITIES[severity], str(len(found)), *(str(found.count(status) or "") for status in STATUSES)]
        for (severity, _, title), found in by_rule.items()
    ]
    told = [
        [STATUSES[row["status"]], SEVERITIES[row["severity"]], row["statement"]]
        for status in ("inconsistent", "missing", "corrected", "accepted", "undefined", "rounding")
        for row in judged if row["status"] == status
    ]  # fmt: skip
    corrections = [
        [fields.labels.get(row["address"], row["address"]), row["printed"], row["corrected"], row["reason"],
         row["evidence"], row["confirmed_by"] or "依勾稽关系推定"]
        for row in tables["correction"]
    ]  # fmt: skip
    exceptions = [
        [row["rule_id"], row["instance"], f"{row['difference']:f}", row["reason"], row["evidence"], row["confirmed_by"]]
        for row in tables["accepted_exception"]
    ]
    rates = [[label, said, again] for label, said, again in different_rates(fields)]
    return [
        TextTable(
            "各条规则的核对结果",
            ["规则", "性质", "条数", *STATUSES.values()],
            [44, 14, 8, 8, 13, 13, 11, 11, 13, 8],
            summary, sheet="核对汇总",
        ),
        TextTable("未按列示数直接相等的各条", ["结果", "性质", "说明"], [18, 13, 97], told, sheet="核对明细"),
        TextTable("列示的比率与重算不同", ["单元格", "列示为", "按金额重算"], [60, 20, 20], rates, sheet="比率重算"),
        TextTable(
            "更正", ["单元格", "原列示", "更正为", "理由", "证据", "确认"], [26, 12, 12, 24, 40, 12], corrections,
            sheet="更正",
        ),
        TextTable(
            "已确认的例外事项", ["规则", "所在", "差额", "理由", "证据", "确认"], [20, 20, 14, 24, 34, 12], exceptions,
            sheet="例外",
        ),
    ]  # fmt: skip


def printed_in_forms(forms: Sequence[Form]) -> list[PlacedFigure]:
    """Every figure of the forms with its place."""
    return [PlacedFigure(form.place(r, c), figure) for form in forms for r, c, figure in form.figures()]


INDEX = ("报告位置", "列示为", "所取的数", "来源单元格")
#: What the workbook's index says besides, for who goes on to work with the published tables.
PUBLISHED = ("发布表", "行", "栏")


def index_rows(fields: Fields, printed: Iterable[PlacedFigure], *, published: bool = False) -> list[list[str]]:
    """One line a figure: place, text, what it is called in the ledgers, the printed cells behind it."""
    return [
        [each.place, each.figure.text, called(fields, [each.figure]), sources(fields, each.figure.addresses)]
        + list(each.figure.place) * published
        for each in printed
    ]


def index_by_row(fields: Fields, forms: Sequence[Form]) -> list[list[str]]:
    """The same for forms, shorter: one line for the figures that one row of a form takes from one published row."""
    lines = []
    for form in forms:
        for (r, _, _), found in groupby(form.figures(), lambda each: (each[0], *each[2].place[:2])):
            each = list(found)
            figures = [figure for _, _, figure in each]
            first, last = form.place(r, each[0][1]), form.place(r, each[-1][1]).partition("!")[2]
            place = first if len(each) == 1 else f"{first}:{last}"
            addresses = dict.fromkeys(address for figure in figures for address in figure.addresses)
            lines.append([
                place, " ".join(figure.text for figure in figures), called(fields, figures),
                sources(fields, list(addresses)),
            ])  # fmt: skip
    return lines


def called(fields: Fields, figures: Sequence[ReportFigure]) -> str:
    """What people call the figures of one row: 表3 第17行 … 本年调整、决算支出. Of those that no ledger prints, what
    ``fields.yml`` calls them."""
    rows: dict[str, list[str]] = {}
    for figure in figures:
        for row, column in _names(fields, figure):
            rows.setdefault(row, []).append(column)
    return "；".join(f"{row} {'、'.join(dict.fromkeys(columns))}".strip() for row, columns in rows.items())


def _names(fields: Fields, figure: ReportFigure) -> list[tuple[str, str]]:
    if figure.addresses:
        cells = [fields.cells[address] for address in figure.addresses]
        return [
            (" ".join(filter(None, (cell["ledger_label"], cell["row_label"]))), cell["header"] or cell["measure"])
            for cell in cells
        ]
    table, row, column = figure.place
    for name, known in fields.known["tables"].items():
        if known["table"] == table:
            of_row = known.get("rows", {}).get(row, row.rpartition(":")[2])
            return [(f"{name} {of_row}", known["columns"].get(column, {}).get("name", column))]
    return [(row, column)]


def sources(fields: Fields, addresses: Sequence[str]) -> str:
    """Files with the cells in each."""
    by_file: dict[str, list[str]] = {}
    for address in addresses:
        by_file.setdefault(_file(fields.cells[address]), []).append(fields.cells[address]["cell"])
    return "；".join(f"{file} {'、'.join(cells)}" for file, cells in by_file.items())


def _file(cell: Mapping[str, Any]) -> str:
    return " ".join(part for part in (cell["file"], cell["sheet"]) if part)
