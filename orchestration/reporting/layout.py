"""What document, workbook and page share beside their forms: the reconciliation annex, and the index of figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from orchestration.base.wording import STATUSES as WORDS
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import ReportFigure
from orchestration.reporting.forms import Form
from orchestration.reporting.prose import different_rates

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
            [44, 12, 8, 8, 10, 12, 10, 8, 12, 8],
            summary, sheet="核对汇总",
        ),
        TextTable("未按列示数直接相等的各条", ["结果", "性质", "说明"], [14, 12, 100], told, sheet="核对明细"),
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


INDEX = ("报告位置", "列示为", "发布表", "行", "栏", "来源单元格")


def index_rows(fields: Fields, printed: Iterable[PlacedFigure]) -> list[list[str]]:
    """One line a figure: place, text, published table, row, column, and the printed cells behind it."""
    return [
        [each.place, each.figure.text, *each.figure.place, sources(fields, each.figure.addresses)] for each in printed
    ]


def index_by_row(fields: Fields, forms: Sequence[Form]) -> list[list[str]]:
    """The same for forms, shorter: one line for the figures that one row of a form takes from one published row."""
    lines = []
    for form in forms:
        for (r, table, row), found in groupby(form.figures(), lambda each: (each[0], *each[2].place[:2])):
            each = list(found)
            first, last = form.place(r, each[0][1]), form.place(r, each[-1][1]).partition("!")[2]
            place = first if len(each) == 1 else f"{first}:{last}"
            addresses = dict.fromkeys(address for _, _, figure in each for address in figure.addresses)
            lines.append([
                place, " ".join(figure.text for _, _, figure in each), table, row,
                "、".join(figure.place[2] for _, _, figure in each), sources(fields, list(addresses)),
            ])  # fmt: skip
    return lines


def sources(fields: Fields, addresses: Sequence[str]) -> str:
    """Files with the cells in each."""
    by_file: dict[str, list[str]] = {}
    for address in addresses:
        by_file.setdefault(_file(fields.cells[address]), []).append(fields.cells[address]["cell"])
    return "；".join(f"{file} {'、'.join(cells)}" for file, cells in by_file.items())


def _file(cell: Mapping[str, Any]) -> str:
    return " ".join(part for part in (cell["file"], cell["sheet"]) if part)
