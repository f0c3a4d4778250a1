"""How the gate page writes what a gate saw."""

from __future__ import annotations

import pytest

from orchestration.publication.gates_page import separated


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("预算资金 13448.19 万元，相差 -4512.02 万元", "预算资金 13,448.19 万元，相差 -4,512.02 万元"),
        ("实际数 1806 亿元", "实际数 1,806 亿元"),
        ("1234567.8 元", "1,234,567.8 元"),
        ("13,448.19 万元", "13,448.19 万元"),
        ("0.12345 万元", "0.12345 万元"),
        ("2024 年度，12345 人，编号 20241231", "2024 年度，12345 人，编号 20241231"),
    ],
)
def test_amounts_have_separators_and_nothing_else_has(text: str, shown: str) -> None:
    assert separated(text) == shown
