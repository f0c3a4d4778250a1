"""A glance at a report, as Markdown with a chart in it: what the Dagster UI shows beside the files."""

from __future__ import annotations

import base64

from orchestration.reporting.fields import Fields
from orchestration.reporting.report import Report

_COLUMNS = ("资金总额", "决算支出", "执行率")


def preview(report: Report) -> str:
    """Score, execution by kind, the outline, and the execution rate of each unit as a picture."""
    from orchestration.reporting.drawing import MissingFontError, png
    from orchestration.reporting.rate_charts import unit_execution

    fields = Fields(report.version)
    lines = [
        "**{{ 年度 }} 年度 {{ 部门 }}** 自评 {{ 得分.合计.得分 }} 分，{{ 得分.合计.等级 }}", "",
        "| 支出 | 预算 | 决算 | 执行率 |", "|---|--:|--:|--:|",
        *(
            f"| {kind} | " + " | ".join(f"{{{{ 部门总数.{kind}.{column} }}}}" for column in _COLUMNS) + " |"
            for kind in ("基本支出", "项目支出", "合计")
        ),
        "",
    ]  # fmt: skip
    lines = [fields.plain_text(line) for line in lines]
    chart = unit_execution(fields)
    try:
        picture = base64.b64encode(png(chart, scale=1)).decode() if chart.rows else ""
        lines += [f"![各单位预算执行率](data:image/png;base64,{picture})", ""] if picture else []
    except MissingFontError as error:
        lines += [str(error), ""]
    lines += [f"{'  ' * (level - 1)}- {text}" for level, text in report.outline if level < 3]
    return "\n".join(lines)
