"""汇总表.xlsx: the province as a workbook, a sheet a question, numbers as numbers. What it says is ``view``'s."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import xlsxwriter

from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.province.across import ACROSS, Row, printed
from orchestration.reporting.province.view import COUNTS, KINDS, MONEY, NAMES, POINTS, STATES, ProvinceView

_FONT = "宋体"
_AMOUNT, _RATE, _POINT, _COUNT = "#,##0.00", "0.00%", "0.00", "0"


@dataclass(frozen=True)
class Number:
    """A figure as Excel holds it."""

    value: Decimal | int | None
    look: str


Value: TypeAlias = str | Number


@dataclass(frozen=True)
class SummarySheet:
    """One table: what it is called, its heads with their widths, its rows."""

    name: str
    note: str
    heads: tuple[tuple[str, int], ...]
    rows: Sequence[Sequence[Value]]


def write_province_workbook(view: ProvinceView) -> bytes:
    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(output, options)
    book.set_properties({"title": f"{view.year}年度各部门支出绩效汇总表"})
    for sheet in sheets(view):
        _write(book, view, sheet)
    book.close()
    return output.getvalue()


def sheets(view: ProvinceView) -> list[SummarySheet]:
    """Every sheet that has rows, the summary first."""
    found = [
        _summary(view),
        _departments(view),
        _open(view),
        _across(view),
        _outliers(view),
        _findings(view),
        _funds(view),
        _years(view),
    ]
    return [sheet for sheet in found if sheet.rows]


def figure(column: str, value: Decimal | int | None) -> Number:
    """A figure of a column: money in 万元."""
    if column in MONEY:
        return Number(None if value is None else Decimal(value) * 100 / MONEY_UNITS["万元"], _AMOUNT)
    return Number(value, _POINT if column in POINTS else _COUNT if column in COUNTS else _RATE)


def _summary(view: ProvinceView) -> SummarySheet:
    columns = ("initial_budget", "carryover", "adjustment", "total_budget", "final_expenditure", "balance")
    rows: list[list[Value]] = [
        [KINDS[kind], Number(row["departments"], _COUNT), *(figure(name, row[name]) for name in columns),
         figure("execution_rate", row["execution_rate"])]
        for kind, row in view.totals.items()
    ]  # fmt: skip
    heads = (("支出性质", 12), ("部门数", 8), *((NAMES[name], 18) for name in columns), ("预算执行率", 12))
    counts = "，".join(f"{name} {view.counts[state]} 个" for state, name in STATES.items() if view.counts[state])
    return SummarySheet("汇总", f"{counts}；只合计已发布的部门，金额万元", heads, rows)


def _departments(view: ProvinceView) -> SummarySheet:
    money = ("total_budget", "initial_budget", "carryover", "adjustment", "final_expenditure", "balance")
    rows: list[list[Value]] = [
        [each.name, each.code, STATES[each.state["state"]], *(figure(name, each.row[name]) for name in money),
         *(Number(each.row[name], look) for name, look in _RANKED),
         each.row["grade"] or "", Number(each.row["warnings"], _COUNT), Number(each.row["warning_places"], _COUNT),
         each.row["version"] or ""]
        for each in view.departments
    ]  # fmt: skip
    heads = (
        ("部门", 34), ("代码", 16), ("状态", 8), *((NAMES[name], 16) for name in money), ("执行率", 9),
        ("执行率名次", 10), ("同规模执行率", 12), ("得分", 8), ("得分名次", 9), ("同规模得分", 10), ("等级", 6),
        ("提示种类", 9), ("提示处数", 9), ("版本", 28),
    )  # fmt: skip
    return SummarySheet("部门", "按全年预算从大到小，金额万元", heads, rows)


_RANKED = (
    ("execution_rate", _RATE), ("execution_rank", _COUNT), ("peer_execution_rate", _RATE), ("score", _POINT),
    ("score_rank", _COUNT), ("peer_score", _POINT),
)  # fmt: skip


def _open(view: ProvinceView) -> SummarySheet:
    rows: list[list[Value]] = [
        [STATES[each.state["state"]], each.name, each.code, each.state["said"], each.state["place"],
         each.state["address"], Number(each.state["broken"], _COUNT), each.row["version"] or ""]
        for each in view.open_cases
    ]  # fmt: skip
    heads = (
        ("状态", 8), ("部门", 34), ("代码", 16), ("原因或疑点", 70), ("所在", 48), ("地址", 48), ("不成立", 8),
        ("读者看到的版本", 28),
    )  # fmt: skip
    return SummarySheet("未发布", "最近一次运行没有发布的部门", heads, rows)


#: Of so many cells of a side a workbook's row names the first ones; the page has them all.
_MOST_CELLS = 20


def _across(view: ProvinceView) -> SummarySheet:
    rows: list[list[Value]] = [
        [ACROSS[place.row["status"]], rule.title, str(view.names.get(place.row["department"], place.row["department"])),
         place.said, _listed(view, place.left), _listed(view, place.right), rule.advice]
        for rule in view.across
        for place in rule.places
    ]  # fmt: skip
    heads = (
        ("结果", 12), ("规则", 34), ("部门", 34), ("说明", 70), ("本部门的单元格", 48), ("对方的单元格", 60),
        ("办法", 40),
    )  # fmt: skip
    return SummarySheet("部门之间", "按列示的数的区间判断；没有发布的部门写明缺哪个", heads, rows)


def _listed(view: ProvinceView, cells: Sequence[Row]) -> str:
    """Whose cells, with figure and place, as far as a row can name them."""
    said = [
        f"{view.names.get(cell['department'], cell['department'])} {printed(cell['value'], cell['printed_unit'])} "
        f"{cell['file']} {cell['cell']}"
        for cell in cells[:_MOST_CELLS]
    ]
    more = [f"另有 {len(cells) - _MOST_CELLS} 格"] if len(cells) > _MOST_CELLS else []
    return "；".join(said + more)


def _outliers(view: ProvinceView) -> SummarySheet:
    rows: list[list[Value]] = [
        [row["title"], view.names[row["department"]], row["department"], row["reason"], row["advice"]]
        for row in (*view.outliers, *view.year_findings)
    ]
    return SummarySheet(
        "异常",
        "规则与界限见 province.yml",
        (("规则", 34), ("部门", 34), ("代码", 16), ("原因", 70), ("办法", 50)),
        rows,
    )


def _findings(view: ProvinceView) -> SummarySheet:
    rows: list[list[Value]] = [
        ["必须成立" if row["severity"] == "error" else "提示", row["title"], view.families[row["family"]],
         Number(row["departments"], _COUNT), Number(row["judged_departments"], _COUNT), Number(row["places"], _COUNT),
         view.names[row["most_department"]], Number(row["most_places"], _COUNT), row["statement"] or ""]
        for row in view.findings
    ]  # fmt: skip
    heads = (
        ("级别", 9), ("规则", 44), ("类别", 14), ("部门", 7), ("核对的部门", 10), ("处", 7), ("最多的部门", 34),
        ("其处数", 8), ("例", 80),
    )  # fmt: skip
    return SummarySheet("问题", "一条规则一行", heads, rows)


def _funds(view: ProvinceView) -> SummarySheet:
    columns = ("opening", "income", "expenditure", "surplus", "closing")
    rows: list[list[Value]] = [
        [row["name"], row["level"], Number(row["departments"], _COUNT),
         *(Number(None if row[name] is None else row[name] * 100 / MONEY_UNITS["亿元"], _AMOUNT) for name in columns)]
        for row in view.funds
    ]  # fmt: skip
    heads = (
        ("险种", 26), ("统筹层次", 10), ("部门数", 8), ("期初结余", 16), ("收入", 16), ("支出", 16), ("收支结余", 16),
        ("期末滚存结余", 16),
    )  # fmt: skip
    return SummarySheet("基金", "亿元；省级统筹与省本级口径不同，不相加；有部门没有列示的没有合计", heads, rows)


def _years(view: ProvinceView) -> SummarySheet:
    rows: list[list[Value]] = [
        [view.names.get(code, code) if code else "各部门合计", NAMES[measure], Number(row["fiscal_year"], _COUNT),
         figure(measure, row["value"]), figure(measure, row["prior"]), Number(row["change_rate"], _RATE)]
        for code, measures in view.trends.items()
        for measure, years in measures.items()
        for row in years
    ]  # fmt: skip
    heads = (("部门", 34), ("栏", 20), ("年度", 8), ("数值", 18), ("上年", 18), ("增减率", 10))
    return SummarySheet("跨年", "已发布的各年；金额万元", heads, rows)


def _write(book: xlsxwriter.Workbook, view: ProvinceView, sheet: SummarySheet) -> None:
    page = book.add_worksheet(sheet.name)
    plain = {"font_name": _FONT, "font_size": 10, "valign": "vcenter", "border": 1, "border_color": "#5B6770"}
    head = book.add_format({**plain, "bold": True, "bg_color": "#E7EDF3", "align": "center", "text_wrap": True})
    text = book.add_format({**plain, "text_wrap": True})
    looks = {
        look: book.add_format({**plain, "num_format": look, "align": "right"})
        for look in (_AMOUNT, _RATE, _POINT, _COUNT)
    }
    last = len(sheet.heads) - 1
    title = book.add_format({"font_name": "黑体", "font_size": 14, "bold": True, "align": "center"})
    page.merge_range(0, 0, 0, last, f"{view.year}年度各部门支出绩效汇总表　{sheet.name}", title)
    page.set_row(0, 26)
    page.merge_range(1, 0, 1, last, sheet.note, book.add_format({"font_name": _FONT, "font_size": 10}))
    for column, (name, width) in enumerate(sheet.heads):
        page.set_column(column, column, width)
        page.write_string(2, column, name, head)
    for r, row in enumerate(sheet.rows, start=3):
        for c, value in enumerate(row):
            if isinstance(value, str):
                page.write_string(r, c, value, text)
            elif value.value is None:
                page.write_blank(r, c, None, looks[value.look])
            else:
                page.write_number(r, c, float(value.value), looks[value.look])
        page.set_row(r, 15.0 * _lines(sheet, row) + 1)
    page.freeze_panes(3, 1)
    page.autofilter(2, 0, 2 + len(sheet.rows), last)
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0, 2)
    page.hide_gridlines(2)
    page.set_footer(f'&C&"{_FONT},Regular"&P / &N')


def _lines(sheet: SummarySheet, row: Iterable[Value]) -> int:
    """How many lines the longest text of a row takes; a Chinese letter is nearly two wide."""
    found = 1
    for value, (_, width) in zip(row, sheet.heads, strict=True):
        if isinstance(value, str):
            letters = sum(9 if ord(letter) > 255 else 5 for letter in value) // 5
            found = max(found, -(-letters // width))
    return min(found, 8)
