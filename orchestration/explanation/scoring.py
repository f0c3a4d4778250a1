"""How the indicator that a figure belongs to is scored: its formula with its parameter, and the points that it gives.
The models compute them; here they are looked up and said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.base.wording import decimal_text
from orchestration.explanation.source import TableSource

#: The tables of points, and the column in which each holds what the formula gives.
_SCORES = {
    "indicator_score": "case when formula is not null then score end",
    "form_indicator_score": "computed_score",
}
_SCORED = ("target", "actual", "weight", "score", "deduction")
#: How points follow from target and actual, by the formula's name in the seed ``score_formula``.
FORMULAS = {
    "proportional": "实际÷指标×分值，达到指标值得满分",
    "reverse_linear": "不超过指标值得满分，超出的按（指标×{parameter}－实际）÷（指标×{parameter}－指标）×分值",
    "reverse_quotient": "不超过指标值得满分，超出的按 指标÷实际×分值",
    "all_or_nothing": "达到指标值得满分，否则不得分",
    "range": "在指标区间之内得满分",
    "day_late": "按期得满分，每晚一天扣分值的 {parameter}",
    "stepwise": "按完成率分档得分（score_step）",
    "over_stepped": "实际÷指标×分值，达到指标值得满分，超出很多的按档折减（score_step）",
}


def score_of(source: TableSource, cell: Mapping[str, Any]) -> dict[str, Any] | None:
    """Target, outcome, weight, formula and points of the indicator that a cell belongs to, where it belongs to one."""
    if cell["measure"] not in _SCORED:
        return None
    row = cell["address"].rsplit("/", 1)[0]
    for table in sorted(_SCORES.keys() & source.tables):
        query = f"""
            select target_text, actual_text, weight, formula, formula_parameter, not_judged,
                   {_SCORES[table]} as computed_score
            from {table} where fiscal_year = ? and row_address = ?
        """
        if found := source.rows(query, source.year, row):
            return found[0]
    return None


def formula_text(score: Mapping[str, Any]) -> str:
    """How an indicator is scored: its formula with its parameter and the points that it gives, or why it gives none."""
    if score["not_judged"]:
        return f"未评：{score['not_judged']}"
    if score["formula"] not in FORMULAS or score["computed_score"] is None:
        return ""
    parameter = score["formula_parameter"]
    said = FORMULAS[score["formula"]].format(parameter="未定" if parameter is None else decimal_text(parameter))
    figures = f"指标值 {score['target_text']}，实际 {score['actual_text']}，分值 {decimal_text(score['weight'])}"
    return f"{said}；{figures}：{decimal_text(score['computed_score'])} 分（{score['formula']}）"
