"""The report's pictures, drawn from the figures of one published version: for the page as Vega-Lite, for the document
as PNG.

Every chart carries the figures that it draws, so that whoever shows it can print them beneath. Money is exact until the
last step, where Vega is handed numbers to place marks with; each number that a reader sees is the figure's own text.
Which charts stand where belongs to ``page`` and to the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import altair as alt

from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.drawing import (
    BLUE,
    INK,
    LINE,
    ORANGE,
    SKY,
    SOFT,
    TRACK,
    Chart,
    Datum,
    Drawing,
    figure_of,
    finished,
    table_rows,
)
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import ReportFigure, ReportRow, amount
from orchestration.reporting.rate_charts import category_execution, funds, project_execution, unit_execution


def all_charts(fields: Fields) -> tuple[Chart, ...]:
    """Every chart that there is, in the order of the report; one without rows has nothing to draw this year."""
    drawn = (unit_execution, project_execution, budget_flow, funds, category_execution, scores)
    return tuple(draw(fields) for draw in drawn)


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


def _steps(row: ReportRow) -> Iterator[Datum]:
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


def _flow_chart(steps: Sequence[Datum]) -> Drawing:
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
    return finished(
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


def _score_datum(row: ReportRow) -> Datum:
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


def _score_chart(data: Sequence[Datum]) -> Drawing:
    base = alt.Chart(alt.InlineData(values=list(data)))
    names = alt.Axis(domain=False, ticks=False, labelFontSize=12, labelColor=INK)
    y = alt.Y("section:N", sort=None, title=None, axis=names, scale=alt.Scale(paddingInner=0.5))
    scale = alt.Scale(domainMin=0, range=[0, alt.expr("width - 110")], nice=False)
    axis = alt.Axis(domain=False, ticks=False, gridColor=LINE, tickCount=5, title="分")
    tooltip = [alt.Tooltip("section:N", title="部分"), *(alt.Tooltip(f"{name}:N") for name in ("得分", "分值", "地址"))]
    return finished(
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


def _handed(yuan: Decimal) -> float:
    """Yuan as a number of 万元 to place a mark by: the last step, exact until here."""
    return float(yuan * 100 / MONEY_UNITS["万元"])
