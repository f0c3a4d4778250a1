"""Charts of rates: how far each unit, project, category and fund used its budget.

What does not belong here: how any chart looks and becomes a picture (``drawing``), other charts (``charts``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt

from orchestration.reporting.drawing import (
    BLUE,
    INK,
    LINE,
    LINE_HEIGHT,
    PURPLE,
    SOFT,
    VERMILLION,
    Chart,
    Datum,
    Drawing,
    common_unit,
    figure_of,
    finished,
    heading,
    low_execution,
    table_rows,
)
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import ReportFigure, ReportRow, amount, plain

#: The right edge of a rate chart: amount and rate in print.
_RATE_COLUMN, _SERIES_COLUMN = 54, 34
_EXECUTION = ("total_budget", "final_expenditure", "execution_rate")


@dataclass(frozen=True)
class _Rate:
    """A mark: how far ``whole`` (a budget) was used. ``series``: what stands before it, and gives colour and shape."""

    series: str
    whole: ReportFigure
    part: ReportFigure
    rate: ReportFigure


def unit_execution(fields: Fields) -> Chart:
    """Each unit's execution rate, of basic and of project expenditure; the lowest project rate first."""
    kinds = {"basic": "基本", "project": "项目"}
    by_unit: dict[str, dict[str, _Rate]] = {}
    table = []
    for row in table_rows(fields, "unit_expenditure"):
        unit, kind = str(row.published["unit_name"]), kinds[str(row.published["expenditure_kind"])]
        budget, spent, rate = (figure_of(row, column) for column in _EXECUTION)
        table.append((unit, f"{kind}支出", budget, spent, rate))
        if isinstance(budget, ReportFigure) and isinstance(spent, ReportFigure) and isinstance(rate, ReportFigure):
            by_unit.setdefault(unit, {})[kind] = _Rate(kind, budget, spent, rate)
    groups = [(unit, [rates[kind] for kind in kinds.values() if kind in rates]) for unit, rates in by_unit.items()]
    groups.sort(key=lambda group: group[1][-1].rate.value)  # the project's, where there is one
    order = {unit: place for place, (unit, _) in enumerate(groups)}
    table.sort(key=lambda line: order.get(line[0], len(order)))
    return Chart(
        "unit_execution",
        "各单位预算执行率",
        "点的大小是全年预算；项目支出执行率低的在前。",
        ("单位", "支出", "全年预算", "决算支出", "执行率"),
        tuple(table),
        _rate_chart(
            groups,
            {"基本": (BLUE, "circle"), "项目": (VERMILLION, "diamond")},
            "全年预算",
            "执行率",
            mark=low_execution(fields),
        ),
        _lines(groups),
    )


def project_execution(fields: Fields) -> Chart:
    """Each project's execution rate, the lowest first."""
    # A figure space is as wide as a digit: names begin at one line.
    named = [
        (f"{row.published['project_no']:\u2007<2}　{row.published['project_name']}", row)
        for row in table_rows(fields, "project_expenditure")
    ]
    return _banded(fields, "project_execution", "项目", "预算资金", named)


def category_execution(fields: Fields) -> Chart:
    """The execution rate of each category of project expenditure, the lowest first."""
    named = [(row.label, row) for row in table_rows(fields, "category_expenditure")]
    return _banded(fields, "category_execution", "类别", "预算资金", named)


def _banded(fields: Fields, chart: str, of: str, whole: str, named: Sequence[tuple[str, ReportRow]]) -> Chart:
    """Execution rates, one mark a name, whose colour and shape say whether it is low, or above the budget."""
    low = low_execution(fields)
    groups, table = [], []
    for name, row in named:
        budget, spent, rate = (figure_of(row, column) for column in _EXECUTION)
        table.append((name, budget, spent, rate))
        if isinstance(budget, ReportFigure) and isinstance(spent, ReportFigure) and isinstance(rate, ReportFigure):
            band = "低" if rate.value < low else "超" if spent.value > budget.value else "达到"
            groups.append((name, [_Rate(band, budget, spent, rate)]))
    groups.sort(key=lambda group: (group[1][0].rate.value, -group[1][0].whole.value))
    order = {name: place for place, (name, _) in enumerate(groups)}
    table.sort(key=lambda line: order.get(line[0], len(order)))
    looks = {"低": (VERMILLION, "diamond"), "达到": (BLUE, "circle"), "超": (PURPLE, "triangle-up")}
    return Chart(
        chart,
        f"各{of}预算执行率",
        f"点的大小是预算；低的在前。菱形低于 {plain(low * 100).removesuffix('.00')}%（虚线），三角超过预算。",
        (of, whole, "决算支出", "执行率"),
        tuple(table),
        _rate_chart(groups, looks, whole, "执行率", mark=low, named=False),
        _lines(groups),
    )


def funds(fields: Fields) -> Chart:
    """Income and expenditure of each social-insurance fund against its budget."""
    sides = {"income": "收入", "expenditure": "支出"}
    groups: dict[str, list[_Rate]] = {}
    table = []
    for row in table_rows(fields, "fund_statement"):
        if row.published["item"] != "total":
            continue
        fund = _fund_name(row)
        side = sides[str(row.published["side"])]
        budget, actual, rate = (figure_of(row, name) for name in ("budget", "actual", "completion_rate"))
        table.append((fund, side, budget, actual, rate))
        groups.setdefault(fund, [])
        if isinstance(budget, ReportFigure) and isinstance(actual, ReportFigure) and isinstance(rate, ReportFigure):
            groups[fund].append(_Rate(side, budget, actual, rate))
    drawn = [(fund, rates) for fund, rates in groups.items() if rates]
    return Chart(
        "funds",
        "社会保险基金收支完成预算情况",
        "虚线处收支与预算相等；点的大小是预算数。省级统筹与省本级不相加。",
        ("基金", "收支", "预算数", "实际数", "完成率"),
        tuple(table),
        _rate_chart(
            drawn,
            {"收入": (BLUE, "circle"), "支出": (VERMILLION, "diamond")},
            "预算数",
            "完成率",
            mark=Decimal(1),
        ),
        _lines(drawn),
    )


def _lines(groups: Sequence[tuple[str, Sequence[_Rate]]]) -> int:
    """The height of a line for each name and each mark."""
    return LINE_HEIGHT * sum(1 + len(rates) for _, rates in groups)


def _rate_chart(
    groups: Sequence[tuple[str, Sequence[_Rate]]],
    series: Mapping[str, tuple[str, str]],
    whole: str,
    share: str,
    *,
    mark: Decimal,
    named: bool = True,
) -> Drawing:
    """Names on lines of their own, beneath each its marks: a stem from zero to the rate, a point as large as the
    budget, and both in print at the right. ``mark``: where the dashed line stands. ``named``: series stand in print."""
    unit = common_unit([rate.whole for _, rates in groups for rate in rates])
    data = _rate_data(groups, unit)
    # Characters are 10 pixels wide at the size of a heading, digits 6.
    amounts = 28 + max([10 * (len(whole) + 4), *(6 * len(str(datum.get("amount", ""))) for datum in data)])
    x = _rate_axis(data, mark, left=_SERIES_COLUMN if named else 6, right=_RATE_COLUMN + amounts)
    y = alt.Y("line:N", sort="ascending", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0.2))
    names, looks = list(series), list(series.values())
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=[look[0] for look in looks]), legend=None)
    shape = alt.Shape("series:N", scale=alt.Scale(domain=names, range=[look[1] for look in looks]), legend=None)
    size = alt.Size("size:Q", scale=alt.Scale(range=[16, 300], zero=True), legend=None)
    titles = {"预算": whole, "实际": "决算支出" if share == "执行率" else "实际数", "比率": share}
    tooltip = [alt.Tooltip(f"{name}:N", title=titles.get(name, name)) for name in ("名称", *titles, "地址")]
    base = alt.Chart(alt.InlineData(values=tuple(data)))  # Altair copies a list with each change of a chart
    marks, names_on = (base.transform_filter(test) for test in ("isValid(datum.rate)", "!isValid(datum.rate)"))
    # On a phone a long name gets smaller letters, and an ellipsis past that: the table beneath has it whole.
    letters: dict[str, Any] = {"align": "left", "dy": 1, "limit": alt.expr("width")}
    letters["fontSize"] = alt.expr("width < 420 ? 10 : 11.5")
    at_amount, at_end = alt.value(alt.expr(f"width - {_RATE_COLUMN}")), alt.value("width")

    def text(source: Drawing, field: str, x: Any, **looks: Any) -> Drawing:
        return source.mark_text(**looks).encode(y=y, x=x, text=f"{field}:N")

    layers = [
        alt.Chart(alt.InlineData(values=[{"rate": float(mark)}])).mark_rule(strokeDash=[3, 3], stroke=SOFT).encode(x=x),
        # A white edge beneath the names, so that no grid line runs through them.
        text(names_on, "name", alt.value(0), **letters, color="white", stroke="white", strokeWidth=4),
        marks.mark_rule(strokeWidth=2, opacity=0.55).encode(y=y, x=x, x2=alt.X2Datum(0), color=colour),
        marks.mark_point(filled=True, opacity=0.9).encode(
            y=y, x=x, color=colour, shape=shape, size=size, tooltip=tooltip
        ),
        text(names_on, "name", alt.value(0), **letters, color=INK),
        text(marks, "amount", at_amount, align="right", color=SOFT).encode(tooltip=tooltip),
        text(marks, "percent", at_end, align="right", fontWeight="bold", color=INK).encode(tooltip=tooltip),
        heading(f"{whole}（{unit}）", at_amount),
        heading(share, at_end),
    ]
    if named:
        layers.append(text(marks, "series", alt.value(0), align="left", color=SOFT).encode(tooltip=tooltip))
    return finished(alt.layer(*layers))


def _rate_data(groups: Sequence[tuple[str, Sequence[_Rate]]], unit: str) -> list[Datum]:
    """One line for each name and each mark, numbered from the top."""
    data: list[Datum] = []
    for name, rates in groups:
        data.append({"line": f"{len(data):05}", "name": name})
        data += [_rate_datum(f"{len(data) + n:05}", name, rate, unit) for n, rate in enumerate(rates)]
    return data


def _rate_axis(data: Sequence[Datum], mark: Decimal, *, left: int, right: int) -> Any:
    """From zero to the greatest rate, 100% at the least; ``left`` and ``right``: pixels kept for print."""
    most = max([1.0, *(float(datum["rate"] or 0) for datum in data if "rate" in datum)])
    every = max(1, round(most / 4))
    axis = alt.Axis(
        orient="top", format=".0%", values=sorted({0, float(mark), *range(1, int(most) + 1, every)}),
        title=None, labelFlush=False, labelOverlap=False, domain=False, ticks=False, gridColor=LINE,
    )  # fmt: skip
    # What was paid back beyond what was spent stands at zero; its text says how much.
    scale = alt.Scale(domain=[0, most], range=[left, alt.expr(f"width - {right}")], nice=False, clamp=True)
    return alt.X("rate:Q", scale=scale, axis=axis)


def _rate_datum(line: str, name: str, rate: _Rate, unit: str) -> Datum:
    return {
        "line": line,
        "series": rate.series,
        "rate": float(rate.rate.value),
        "size": float(max(rate.whole.value, Decimal(0))),
        "amount": amount(rate.whole.value, unit),
        "percent": rate.rate.text,
        "名称": f"{name} {rate.series}",
        "预算": rate.whole.text,
        "实际": rate.part.text,
        "比率": rate.rate.text,
        "地址": "、".join(rate.rate.addresses),
    }


def _fund_name(row: ReportRow) -> str:
    """企业职工基本养老保险（省级统筹）."""
    level = {"provincial_pool": "省级统筹", "provincial_own": "省本级"}[str(row.published["pooling_level"])]
    return f"{row.label.split(' ')[0].removesuffix('收入').removesuffix('支出')}（{level}）"
