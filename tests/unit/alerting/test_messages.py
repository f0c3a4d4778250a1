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


def digest(count: int) -> Alert:
    kinds = ("blocked", "bad_input", "crashed", "due")
    items = [
        {"type": "department", "department": f"d{n}", "kind": kinds[n % 4], "headline": "2 条规则不成立",
         "first": SUSPECT if n % 4 < 2 else None}
        for n in range(count)
    ]  # fmt: skip
    facts = {"headline": "100 个部门：已发布 88，未发布 10，读不了 2", "findings": items, "noticed": 3,
             "recovered": ["民政厅", "rst"], "page": "http://127.0.0.1:3000/pages/2024/province"}  # fmt: skip
    return Alert("0123456789ab", 2024, "digest", "error", facts, "2025-04-18T01:30:00Z")


def test_a_digest_is_one_message_with_a_suspect_cell_for_each_department(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = render(digest(4)).text.splitlines()
    assert lines[:4] == [
        "【汇总】2024 年度 100 个部门：已发布 88，未发布 10，读不了 2", "已恢复：民政厅、rst",
        "未发布　d0：2 条规则不成立", f"疑点：{SUSPECT['statement']}　{SUSPECT['place']}　请 规划财务处 核对",
    ]  # fmt: skip
    assert render(digest(99)).text.count("条规则不成立") == policy().digest_items
    assert len(render(digest(99), 2048).text.encode()) <= 2048
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    english = render(digest(4)).text.splitlines()
    assert english[0] == "[Digest] 2024: 100 departments: published 88, held back 10, cannot be read 2"
    assert english[2] == "Held back  d0: 2 rules do not hold"
    names = re.compile("[\u3400-\u9fff]")
    assert not [line for line in english if names.search(line.replace("民政厅", "")) and not line.startswith("Suspect")]


@pytest.mark.parametrize("kind", ["bad_input", "crashed", "notice", "due", "reminder", "resolved", "test"])
def test_every_kind_speaks_english(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_LANG", "en")
    found = [{"type": "problem", "place": "a.csv E20", "found": "空白", "expected": "一个数，如 9.7万人", "duty": ""}]
    text = render(alert(kind, found=found)).text
    assert not re.search("[\u3400-\u9fff]", text.replace("9.7万人", ""))
