"""How a score is explained: each formula in words with its parameter, the figures it takes, and what it gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orchestration.base.settings import ROOT
from orchestration.explanation.scoring import FORMULAS, formula_text

SCORE: dict[str, Any] = {
    "target_text": "≥12场", "actual_text": "11场", "weight": Decimal("10.00"), "formula": "proportional",
    "formula_parameter": None, "not_judged": None, "computed_score": Decimal("9.17"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "实际÷指标×分值，达到指标值得满分；指标值 ≥12场，实际 11场，分值 10.00：9.17 分（proportional）"),
        (
            {"formula": "reverse_linear", "formula_parameter": Decimal("2.0000"), "target_text": "≤5次",
             "actual_text": "6次", "computed_score": Decimal("8.00")},
            "不超过指标值得满分，超出的按（指标×2.00－实际）÷（指标×2.00－指标）×分值；"
            "指标值 ≤5次，实际 6次，分值 10.00：8.00 分（reverse_linear）",
        ),
        ({"not_judged": "没有列分值"}, "未评：没有列分值"),
        ({"formula": None, "computed_score": None}, ""),  # judged in words, by its band
    ],
)  # fmt: skip
def test_a_formula_is_said_with_its_parameter_and_figures(changes: dict[str, Any], text: str) -> None:
    assert formula_text({**SCORE, **changes}) == text


def test_every_formula_that_a_province_may_name_has_its_words() -> None:
    model = (ROOT / "dbt_project/models/intermediate/int_indicator_computed.sql").read_text("utf-8")
    assert all(f"'{name}'" in model for name in FORMULAS)
    seeds = (ROOT / "dbt_project/seeds/score_formula.csv").read_text("utf-8").splitlines()[1:]
    assert {line.split(",")[5] for line in seeds} <= FORMULAS.keys()
