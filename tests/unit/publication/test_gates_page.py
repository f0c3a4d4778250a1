"""How the gate page writes what a gate saw."""

from __future__ import annotations

import pytest

from expectations.gate import GateResult
from orchestration.publication.gates_page import render, separated


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


def test_the_page_is_there_in_both_languages_and_english_is_a_click_away() -> None:
    expected = ("是　核对过规则", "否　每条必须成立的规则都成立")
    protects = "每条必须成立的规则，在四舍五入所能解释的范围内都成立。"
    gate = GateResult(
        "rules_hold", "勾稽成立", protects, "error", "failed", 2, expected, 1, ({"说明": "两表都列有此行"},)
    )
    page = render(2024, [gate])
    chinese, english = page.split('<main lang="en">')
    assert "未通过：不发布" in chinese and "Failed: not published." in english
    assert "✗ 每条必须成立的规则都成立" in chinese and "✗ each rule that must hold does" in english
    assert chinese.count('id="rules_hold"') == english.count('id="en-rules_hold"') == 1
    assert english.count('href="#en-rules_hold"') == 1 and "未通过" not in english
