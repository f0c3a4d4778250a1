"""Words: one screen, exact, and within each receiver's limit."""

from __future__ import annotations

import re

import pytest

from orchestration.alerting import messages
from orchestration.alerting.messages import Alert, TooLongError, policy, render

RULE = {
    "type": "rule", "rule": "budget_composition", "status": "inconsistent", "place": "raw/2024/a.csv F20", "duty": "",
    "statement": "表3 第17行：预算资金 929.20 万元，上年结转＋年初预算＋本年调整 929.69 万元，相差 -0.49 万元，"
    "四舍五入只能解释 0.02 万元",
}  # fmt: skip
SUSPECT = {
    "type": "suspect", "address": "2024/project_expenditure/17/adjustment", "place": "raw/2024/a.csv E20",
    "duty": "规划财务处",
    "statement": "表3 第17行 本年调整 列示为 -362.20 万元，应在 -362.71 与 -362.67 之间；表2 第5行 列示为 -362.69",
}  # fmt: skip


def alert(kind: str = "blocked", found: list[dict[str, str]] | None = None, **facts: str) -> Alert:
    return Alert("0123456789ab", 2024, kind, "error",  # type: ignore[arg-type]
                 {"headline": "2 条规则不成立", "findings": [RULE, SUSPECT] if found is None else found,
                  "since": "2025-04-18 09:30", "version": "v", "due": "2025-03-01", **facts},
                 "2025-04-18T01:30:00Z", "http://127.0.0.1:3000/runs/abc")  # fmt: skip


def test_a_blocked_year_says_all_that_somebody_needs_to_mend_it() -> None:
    text = render(alert()).text
    for part in ("2024 年度", "budget_composition", "929.20 万元", "929.69 万元", "相差 -0.49 万元",
                 "只能解释 0.02 万元", "本年调整 列示为 -362.20 万元", "应在 -362.71 与 -362.67 之间",
                 "表2 第5行 列示为 -362.69", "raw/2024/a.csv E20", "请 规划财务处 核对",
                 "/runs/abc", "0123456789ab"):  # fmt: skip
        assert part in text
    assert len(text.splitlines()) <= 8


@pytest.mark.parametrize("kind", ["blocked", "bad_input", "crashed", "notice", "due", "reminder", "resolved"])
def test_every_kind_has_a_message_of_its_own(kind: str) -> None:
    assert {"blocked": "未发布", "bad_input": "读不了", "crashed": "运行出错", "notice": "提示", "due": "催账",
            "reminder": "仍未解决", "resolved": "已解决"}[kind] in render(alert(kind)).title  # fmt: skip


@pytest.mark.parametrize("limit", [2048, 1000, 600, 400])
def test_what_is_too_long_lists_fewer_items_and_never_cuts_a_figure(limit: int) -> None:
    many = [{**RULE, "statement": f"{RULE['statement']}（第 {n} 处）"} for n in range(1, 101)]
    text = render(alert(found=many), limit).text
    assert len(text.encode()) <= limit
    listed = re.findall(r"（第 (\d+) 处）", text)
    assert listed == [str(n) for n in range(1, len(listed) + 1)]
    assert f"另有 {100 - len(listed)} 项" in text
    assert text.count("929.20 万元") == text.count("0.02 万元") == len(listed) <= policy().items


def test_what_does_not_fit_at_all_is_an_error_and_not_a_piece() -> None:
    with pytest.raises(TooLongError):
        render(alert(), 50)


def test_a_broken_template_keeps_no_alert_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from jinja2 import DictLoader, Environment

    broken = Environment(loader=DictLoader({"blocked.txt.j2": "{{ alert.year "}), autoescape=False)
    monkeypatch.setattr(messages, "_TEMPLATES", broken)
    text = render(alert()).text
    assert "2024 年度" in text and "-362.20 万元" in text and "模板" in text and "0123456789ab" in text


def test_whoever_asks_for_english_is_alerted_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert "【未发布】" in render(alert()).text  # the locale is that of whoever runs, not of whoever is told
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    assert render(alert()).text.splitlines() == [
        "[Not published] 2024: 2 rules do not hold",
        "Does not hold: 表3 第17行: 预算资金 929.20 万元; 上年结转＋年初预算＋本年调整 929.69 万元; they differ by "
        "-0.49 万元, rounding explains only 0.02 万元 (rule budget_composition)",
        "Suspect: 表3 第17行 本年调整 is printed -362.20 万元, should be between -362.71 and -362.67; "
        "表2 第5行 is printed -362.69  raw/2024/a.csv E20  规划财务处, please check",
        "The published versions are as they were. Once the ledgers are mended, or corrections.csv has the correction, "
        "they are checked again.",
        "Run: http://127.0.0.1:3000/runs/abc",
        "Ledgergate  2025-04-18 09:30 Beijing time  number 0123456789ab",
    ]


@pytest.mark.parametrize("kind", ["bad_input", "crashed", "notice", "due", "reminder", "resolved", "test"])
def test_every_kind_speaks_english(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    found = [{"type": "problem", "place": "a.csv E20", "found": "空白", "expected": "一个数，如 9.7万人", "duty": ""}]
    text = render(alert(kind, found=found)).text
    assert not re.search("[\u3400-\u9fff]", text.replace("9.7万人", ""))
