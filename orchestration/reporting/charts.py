"""The report's pictures, drawn from the figures of one published version: for the page as Vega-Lite, for the document
as PNG.

Every chart carries the figures that it draws, so that whoever shows it can print them beneath. Money is exact until the
last step, where Vega is handed numbers to place marks with; each number that a reader sees is the figure's own text.
Which charts stand where belongs to ``page`` and to the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias

import altair as alt
import vl_convert

from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import MissingFigure, ReportFigure, ReportLedger, ReportRow, amount, plain

FONT = "Noto Sans CJK SC"
#: What a browser may use where that font is not installed.
FONTS = f'"{FONT}", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
#: The version of Vega-Lite that Altair writes for.
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
#: Okabe and Ito's palette, which holds for the colour-blind. Shape or text always says the same as the colour.
BLUE, ORANGE, VERMILLION, PURPLE, SKY = "#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#56B4E9"
INK, SOFT, LINE, TRACK = "#1b1f24", "#57606a", "#d0d7de", "#e6eaef"
#: Pixels to the 15 cm of a page's text, and to its greatest height. Letters keep their size: 11 px is 8 pt.
PRINT_WIDTH, PRINT_HEIGHT = 560, 800
#: The right edge of a rate chart: amount and rate in print.
_RATE_COLUMN, _SERIES_COLUMN = 54, 34
_LINE = 17
_PRINT_CLOSER = 0.75  # lines of print stand closer than those of a screen
_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
    f'<text x="4" y="30" font-size="24" font-family="{FONT}">{{}}</text></svg>'
)

CellValue: TypeAlias = str | ReportFigure | MissingFigure
#: Altair's charts, whose calls are typed too loosely to name.
Drawing: TypeAlias = Any
_Datum: TypeAlias = dict[str, str | float | None]


class MissingFontError(Exception):
    """No font with Chinese characters is installed: a chart would show boxes."""

    def __init__(self) -> None:
        super().__init__(f"画图需要中文字体，没有找到：在 Debian 上安装 fonts-noto-cjk（{FONT}）后再试")


@dataclass(frozen=True)
class Chart:
    """One chart. ``headers`` and ``rows``: the figures that it draws, in its order."""

    id: str
    title: str
    note: str  # how to read it
    headers: tuple[str, ...]
    rows: tuple[tuple[CellValue, ...], ...]
    drawing: Drawing
    height: int  # in pixels, as it is comfortable to read

    def spec(self, width: int | None = None, height: int | None = None) -> dict[str, Any]:
        """As Vega-Lite. ``width``: as wide as where it is put unless given; ``height``: its greatest."""
        high = min(self.height, height or self.height)
        drawing = self.drawing.properties(width=width or "container", height=high)
        made: dict[str, Any] = drawing.to_dict()
        made.pop("$schema")  # an address, and whoever draws knows the version
        return made


def charts(fields: Fields) -> dict[str, Chart]:
    """All charts that the version has figures for, by id, in the order of the report."""
    return {chart.id: chart for chart in all_charts(fields) if chart.rows}


def all_charts(fields: Fields) -> tuple[Chart, ...]:
    """Every chart that there is; one without rows has nothing to draw this year."""
    drawn = (unit_execution, project_execution, budget_flow, funds, category_execution, scores)
    return tuple(draw(fields) for draw in drawn)


def png(chart: Chart, *, width: int = PRINT_WIDTH, scale: float = 2.5) -> bytes:
    """The chart as it stands in a document. The same version gives the same bytes. Raises ``MissingFontError``."""
    if not draws("预算"):
        raise MissingFontError
    spec = chart.spec(width, min(PRINT_HEIGHT, round(chart.height * _PRINT_CLOSER)))
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=scale, ppi=72))


@cache
def draws(two: str) -> bool:
    """Whether the fonts that are installed have these two characters: without, both come out as the same box.

    Asked of the renderer itself, since it alone knows where it looks.
    """
    first, second = (vl_convert.svg_to_png(_PROBE.format(character)) for character in two)
    return bool(first != second)


# --- execution and completion rates ---------------------------------------------------------------------------------

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
            groups, {"基本": (BLUE, "circle"), "项目": (VERMILLION, "diamond")}, "全年预算", "执行率", mark=_low(fields)
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
    low = _low(fields)
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
    return _LINE * sum(1 + len(rates) for _, rates in groups)


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
    unit = _common_unit([rate.whole for _, rates in groups for rate in rates])
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
    base = alt.Chart(alt.InlineData(values=data))
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
        _heading(f"{whole}（{unit}）", at_amount),
        _heading(share, at_end),
    ]
    if named:
        layers.append(text(marks, "series", alt.value(0), align="left", color=SOFT).encode(tooltip=tooltip))
    return _finished(alt.layer(*layers))


def _rate_data(groups: Sequence[tuple[str, Sequence[_Rate]]], unit: str) -> list[_Datum]:
    """One line for each name and each mark, numbered from the top."""
    data: list[_Datum] = []
    for name, rates in groups:
        data.append({"line": f"{len(data):05}", "name": name})
        data += [_rate_datum(f"{len(data) + n:05}", name, rate, unit) for n, rate in enumerate(rates)]
    return data


def _rate_axis(data: Sequence[_Datum], mark: Decimal, *, left: int, right: int) -> Any:
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


def _rate_datum(line: str, name: str, rate: _Rate, unit: str) -> _Datum:
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


# --- flow and score -------------------------------------------------------------------------------------------------

#: The steps of the budget flow: published column, name, and what it does to what has come so far.
_FLOW = (
    ("carryover", "上年结转", "增"),
    ("initial_budget", "年初预算", "增"),
    ("adjustment", "本年调整", "增"),
    ("total_budget", "全年预算", "计"),
    ("final_expenditure", "决算支出", "减"),
    ("balance", "结转结余", "计"),
)


def budget_flow(fields: Fields) -> Chart:
    """From carryover to what is left, as steps; the department's total."""
    kinds = {"total": "合计", "basic": "基本支出", "project": "项目支出"}
    rows = {str(row.published["expenditure_kind"]): row for row in table_rows(fields, "department_summary")}
    table = tuple(
        (name, *(figure_of(rows[kind], column) for column, _, _ in _FLOW))
        for kind, name in kinds.items()
        if kind in rows
    )
    steps = list(_steps(rows["total"])) if "total" in rows else []
    return Chart(
        "budget_flow",
        "预算资金流向",
        "上年结转、年初预算、本年调整合为全年预算，减决算支出为结转结余（万元）。",
        ("支出", *(name for _, name, _ in _FLOW)),
        table,
        _flow_chart(steps),
        300,
    )


def _steps(row: ReportRow) -> Iterator[_Datum]:
    """Where each bar begins and ends, in 万元. A total starts from zero: as printed, so rounding may leave a hair."""
    so_far = Decimal(0)
    for column, name, effect in _FLOW:
        figure = figure_of(row, column)
        if not isinstance(figure, ReportFigure):
            continue
        begin = Decimal(0) if effect == "计" else so_far
        end = {"增": so_far + figure.value, "减": so_far - figure.value, "计": figure.value}[effect]
        kind = effect if effect == "计" else "增" if end >= begin else "减"
        sign = {"增": "+", "减": "−", "计": ""}[kind]
        yield {
            "step": name,
            "kind": {"增": "增加", "减": "减少", "计": "结果"}[kind],
            "begin": _handed(begin),
            "end": _handed(end),
            "top": _handed(max(begin, end)),
            "printed": f"{sign}{amount(abs(figure.value) if kind != '计' else figure.value, '万元')}",
            "金额": figure.text,
            "地址": "、".join(figure.addresses),
        }
        so_far = end


def _flow_chart(steps: Sequence[_Datum]) -> Drawing:
    base = alt.Chart(alt.InlineData(values=list(steps)))
    names = [str(step["step"]) for step in steps]
    # The scale names the steps in order: layers that each sort for themselves would fall back on the alphabet.
    scale = alt.Scale(domain=names, paddingInner=0.28, paddingOuter=0.1)
    axis = alt.Axis(
        labelAngle=0, labelAlign="center", ticks=False, domainColor=SOFT, labelPadding=8, labelFontSize=11.5
    )
    x = alt.X("step:N", title=None, axis=axis, scale=scale)
    y = alt.Y(
        "begin:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=4, domain=False, ticks=False, gridColor=LINE)
    )
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=["结果", "增加", "减少"], range=[BLUE, SKY, ORANGE]),
        legend=alt.Legend(orient="top", title=None, symbolType="square"),
    )  # fmt: skip
    tooltip = [alt.Tooltip("step:N", title="名称"), alt.Tooltip("金额:N"), alt.Tooltip("地址:N")]
    joins = [{"from": one["step"], "to": other["step"], "level": one["end"]} for one, other in pairwise(steps)]
    links = alt.Chart(alt.InlineData(values=joins)).mark_rule(stroke=SOFT, strokeDash=[2, 2])
    return _finished(
        alt.layer(
            links.encode(x=alt.X("from:N", title=None, axis=axis, scale=scale), x2="to:N", y="level:Q"),
            base.mark_bar().encode(x=x, y=y, y2="end:Q", color=colour, tooltip=tooltip),
            base.mark_text(baseline="bottom", dy=-4, fontSize=alt.expr("width < 420 ? 9 : 11"), color=INK).encode(
                x=x, y="top:Q", text="printed:N", tooltip=tooltip
            ),
        )
    )


def scores(fields: Fields) -> Chart:
    """The score of each section of its weight."""
    sections = [row for row in table_rows(fields, "score_summary") if isinstance(figure_of(row, "score"), ReportFigure)]
    total = next((row for row in sections if row.published["section"] == "total"), None)
    data = [_score_datum(row) for row in sections if row is not total]
    grade = f"，{total.published['grade']}" if total and total.published["grade"] else ""
    said = f"总分 {figure_of(total, 'score').text} 分{grade}。" if total else ""
    return Chart(
        "scores",
        "绩效自评得分",
        f"{said}灰条是分值，蓝条是得分。",
        ("部分", "分值", "得分"),
        tuple((row.label, figure_of(row, "weight"), figure_of(row, "score")) for row in sections),
        _score_chart(data),
        38 * len(data),
    )


def _score_datum(row: ReportRow) -> _Datum:
    weight, score = figure_of(row, "weight"), figure_of(row, "score")
    lost = weight.value - score.value
    return {
        "section": row.label,
        "weight": float(weight.value),
        "score": float(score.value),
        "printed": f"{score.text} / {weight.text}" + (f"　扣 {lost.normalize():f}" if lost else ""),
        "得分": score.text,
        "分值": weight.text,
        "地址": "、".join(score.addresses) or "按评分规则算出",
    }


def _score_chart(data: Sequence[_Datum]) -> Drawing:
    base = alt.Chart(alt.InlineData(values=list(data)))
    names = alt.Axis(domain=False, ticks=False, labelFontSize=12, labelColor=INK)
    y = alt.Y("section:N", sort=None, title=None, axis=names, scale=alt.Scale(paddingInner=0.5))
    scale = alt.Scale(domainMin=0, range=[0, alt.expr("width - 110")], nice=False)
    axis = alt.Axis(domain=False, ticks=False, gridColor=LINE, tickCount=5, title="分")
    tooltip = [alt.Tooltip("section:N", title="部分"), *(alt.Tooltip(f"{name}:N") for name in ("得分", "分值", "地址"))]
    return _finished(
        alt.layer(
            base.mark_bar(color=TRACK).encode(y=y, x=alt.X("weight:Q", scale=scale, axis=axis), tooltip=tooltip),
            base.mark_bar(color=BLUE, height={"band": 0.55}).encode(
                y=y, x=alt.X("score:Q", scale=scale), tooltip=tooltip
            ),
            base.mark_text(align="left", dx=8, color=INK).encode(
                y=y, x=alt.X("weight:Q", scale=scale), text="printed:N", tooltip=tooltip
            ),
        )
    )


# --- shared ---------------------------------------------------------------------------------------------------------


def table_rows(fields: Fields, table: str) -> list[ReportRow]:
    """The rows of a published table, by whatever ledger prints them, in printed order."""
    return [
        row
        for ledger in fields.context.values()
        if isinstance(ledger, ReportLedger)
        for row in ledger.rows
        if any(isinstance(value, ReportFigure) and value.place[0] == table for value in row.values.values())
    ]


def figure_of(row: ReportRow, column: str) -> Any:
    """A row's figure by its published column, a rate as it was reported; missing where the version has none."""
    found = (
        value
        for value in row.values.values()
        if isinstance(value, ReportFigure)
        and (value.place[0] != "cell" or value.unit == "ratio")
        and value.place[2] == column
    )
    return next(found, MissingFigure(f"{row.name}.{column}"))


def _low(fields: Fields) -> Decimal:
    return Decimal(fields.known["thresholds"]["low_execution"])


def _fund_name(row: ReportRow) -> str:
    """企业职工基本养老保险（省级统筹）."""
    level = {"provincial_pool": "省级统筹", "provincial_own": "省本级"}[str(row.published["pooling_level"])]
    return f"{row.label.split(' ')[0].removesuffix('收入').removesuffix('支出')}（{level}）"


def _common_unit(figures: Sequence[ReportFigure]) -> str:
    """The unit in which all these are printed; the smallest where they differ."""
    return min((figure.money_unit for figure in figures), key=lambda unit: MONEY_UNITS[unit], default="万元")


def _handed(yuan: Decimal) -> float:
    """Yuan as a number of 万元 to place a mark by: the last step, exact until here."""
    return float(yuan * 100 / MONEY_UNITS["万元"])


def _heading(text: str, x: Any) -> Drawing:
    return (
        alt.Chart(alt.InlineData(values=[{"heading": text}]))
        .mark_text(align="right", baseline="bottom", color=SOFT, fontSize=10)
        .encode(x=x, y=alt.value(-4), text="heading:N")
    )


def _finished(chart: Drawing) -> Drawing:
    """One look for all: fits the width it is given, no frame, the house's font."""
    return (
        chart.properties(
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            padding={"left": 4, "right": 4, "top": 8, "bottom": 4},
        )
        .configure(font=FONTS, background="#ffffff")
        .configure_view(stroke=None)
        .configure_axis(labelColor=SOFT, titleColor=SOFT, labelFontSize=11, titleFontWeight="normal")
        .configure_text(fontSize=11)
        .configure_legend(labelColor=SOFT, labelFontSize=11)
    )
