"""Every sentence has its English: the catalogue against the code, and sentences against their English.

What does not belong here: what a whole screen or page looks like in English (``tests/unit/cli``, ``tests/pipeline``).
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
import yaml

from orchestration.base.language import catalogue, in_english, screen_language, sent_language, sentences_of
from orchestration.base.settings import ROOT
from orchestration.ledgers.money import FigureError, parse_figure
from tests.sentences import CHINESE, FILES, in_python, in_rules, in_sql, known_of

_NOT_SAID = yaml.safe_load((Path(__file__).parent / "not_said.yml").read_text(encoding="utf-8"))
_RUN = re.compile("[\u3400-\u9fff]+")
_REMARKS = re.compile(r"\{#.*?#\}|^\s*//.*?$|<style>.*?</style>", re.DOTALL | re.MULTILINE)
_MACHINE = re.compile(r"\\[ds]|\(\?|\[[^\]]*[\u3400-\u9fff]|<[^>]*>$")  # a pattern, which reads and does not speak


@cache
def _all_chinese() -> str:
    return "\n".join(each.chinese for each in catalogue())


@cache
def _all_code() -> str:
    texts = [
        path.read_text(encoding="utf-8")
        for room in ("orchestration", "expectations", "dbt_project/macros", "dbt_project/models")
        for ending in ("py", "sql", "yml", "j2", "js")
        for path in (ROOT / room).rglob(f"*.{ending}")
        if "english" not in path.parts
    ]
    return "\n".join(texts)


def _has_english(sentence: str) -> bool:
    """The sentence is read whole; or it is a part of sentences that the catalogue has whole."""
    if not CHINESE.search(in_english(known_of(sentence))):
        return True
    return all(run in _all_chinese() for run in _RUN.findall(re.sub(r"\{[^{}]*\}", " ", sentence)))


def _missing(found: list[tuple[str, int, str]]) -> list[str]:
    words = set(_NOT_SAID["words"])
    return [
        f"{path}:{line} {text}"
        for path, line, text in found
        if not any(path.startswith(skipped) for skipped in _NOT_SAID["files"])
        and text not in words
        and not _MACHINE.search(text)
        and not text.startswith(("Example:", "Examples:"))  # of calls, in the help
        and not _has_english(text)
    ]


def test_every_sentence_of_the_code_has_its_english() -> None:
    found = [(str(path.relative_to(ROOT)), *each) for path in FILES for each in in_python(path)]
    assert len(found) > 1500
    assert not _missing(found)


def test_every_sentence_of_a_rule_or_model_has_its_english() -> None:
    rules = [(path.name, *each) for path in (ROOT / "expectations/rules").glob("*.yml") for each in in_rules(path)]
    macros = [ROOT / "dbt_project/macros/statements.sql", ROOT / "dbt_project/models/reconciliation/reconciliation.sql"]
    macros.append(ROOT / "dbt_project/models/reconciliation/rule_summary.sql")
    models = [*macros, ROOT / "dbt_project/models/intermediate/int_indicator_computed.sql"]
    sentences = [(path.name, *each) for path in models for each in in_sql(path)]
    assert len(rules) > 80 and len(sentences) > 25
    assert not _missing(rules) and not _missing(sentences)


@pytest.mark.parametrize("room", ["reporting", "publication", "alerting"])
def test_every_word_of_a_page_or_alert_has_its_english(room: str) -> None:
    known = _all_chinese() + "\n".join(sentences_of("words/page.yml"))
    files = [
        path
        for path in (ROOT / "orchestration" / room / "templates").iterdir()
        if path.suffix == ".js" or path.name.endswith((".html.j2", ".txt.j2", "_parts.j2"))
    ]
    missing = [
        f"{path.name} {run}"
        for path in files
        for run in _RUN.findall(_REMARKS.sub("", path.read_text(encoding="utf-8")))
        if run not in known
    ]
    assert files and not missing


def test_a_sentence_that_nobody_put_into_english_is_found() -> None:
    assert _missing([("orchestration/cli/main.py", 1, "此句无人译过：{}")])
    assert not _missing([("orchestration/cli/main.py", 1, "{} 年度还没有发布过")])


def _filled(template: str) -> str:
    """The template with a name or a number in each of its places."""
    text = ""
    for n, (literal, name, spec, _) in enumerate(Formatter().parse(template)):
        text += literal + (("-1,2.5" if spec == "d" else f"Name{n}") if name else "")
    return text


def _without_names(text: str) -> str:
    """Names that stand beside each other without anything between can be told apart by no reader."""
    return re.sub(r"(Name\d\s*)+", "Name ", text).replace(" ", "")


def test_each_entry_reads_its_own_sentence_and_no_other_entry_takes_it() -> None:
    wrong = []
    for each in catalogue():
        sentence = _filled(each.chinese)
        own = each.read(sentence)
        if own is None or _without_names(in_english(sentence)) != _without_names(own):
            wrong.append((each.chinese, own, in_english(sentence)))
    assert not wrong


def test_both_sides_of_an_entry_have_the_same_parts() -> None:
    for each in catalogue():
        named = [{name for _, name, _, _ in Formatter().parse(side) if name} for side in (each.chinese, each.english)]
        assert named[0] == named[1], each.chinese


def test_no_sentence_has_two_english_ones() -> None:
    """提示 said warns on a page and Warning on a screen, and the one that was read last won."""
    assert [text for text, n in Counter(each.chinese for each in catalogue()).items() if n > 1] == []
    shapes = Counter(re.sub(r"\{\w*", "{", each.chinese) for each in catalogue())
    assert [text for text, n in shapes.items() if n > 1] == []


def test_no_entry_outlives_its_sentence() -> None:
    code = _all_code()

    def said(run: str) -> bool:
        return run in code or any(run[:n] in code and run[n:] in code for n in range(1, len(run)))

    stale = [each.chinese for each in catalogue() for part in each.fixed for run in _RUN.findall(part) if not said(run)]
    assert not stale


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        (
            "表3 第17行 档案（专项）：预算资金 929.20 万元，上年结转＋本年调整 929.69 万元，相差 -0.49 万元，"
            "四舍五入只能解释 0.02 万元",
            "表3 第17行 档案（专项）: 预算资金 929.20 万元; 上年结转＋本年调整 929.69 万元; they differ by -0.49 万元, "
            "rounding explains only 0.02 万元",
        ),
        (
            "表3 第17行 本年调整 列示为 -362.20 万元，应在 -362.71 与 -362.67 之间；表2 第5行 本年调整 列示为 -362.69",
            "表3 第17行 本年调整 is printed -362.20 万元, should be between -362.71 and -362.67; "
            "表2 第5行 本年调整 is printed -362.69",
        ),
        (
            "（第 2 种改法，3 格须同时改）表3 第1行 年初预算 列示为 3 万元，应不低于 4；疑为漏一位数字（34）",
            "(solution 2: 3 cells change together) 表3 第1行 年初预算 is printed 3 万元, should be at least 4; "
            "looks like a digit left out (34)",
        ),
        (
            "4 条规则不成立；像是表3 年初预算 与 本年调整 两栏互换；若不是，改动最少的答案有 3 种，"
            "单凭数字分不出是哪一种",
            "4 rules do not hold; it looks as if the columns 年初预算 与 本年调整 of 表3 were exchanged; "
            "if not so, there are 3 minimal solutions; the figures alone cannot tell which",
        ),
        (
            "时限内未能判定，只知应不高于 3 万元",
            "not decided in the time given; known is only that it should be at most 3 万元",
        ),
        ("湖南省就业服务中心", "湖南省就业服务中心"),
        ("表3（甲）、表2（乙）", "表3（甲）、表2（乙）"),
    ],
)
def test_a_sentence_of_several_parts_is_read(chinese: str, english: str) -> None:
    assert in_english(chinese) == english


def test_figures_and_names_are_never_lost() -> None:
    text = "基金收支 失业保险支出 合计：实际数 40.51 亿元 超过 预算数 35.17 亿元，超出 5.34 亿元"
    for kept in ("基金收支 失业保险支出 合计", "实际数 40.51 亿元", "预算数 35.17 亿元", "5.34 亿元"):
        assert kept in in_english(text)


@pytest.mark.parametrize(
    ("environment", "screen", "sent"),
    [
        ({}, "zh", "zh"),
        ({"LANG": "C.UTF-8"}, "zh", "zh"),
        ({"LANG": "POSIX"}, "zh", "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh", "zh"),
        ({"LANG": "en_US.UTF-8"}, "en", "zh"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "zh", "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB"}, "en", "zh"),
        ({"LANG": "en_US.UTF-8", "LEDGERGATE_LANG": "zh"}, "zh", "zh"),
        ({"LANG": "zh_CN.UTF-8", "LEDGERGATE_LANG": "en"}, "en", "en"),
    ],
)
def test_the_setting_speaks_to_all_and_the_locale_to_the_screen(
    environment: dict[str, str], screen: str, sent: str
) -> None:
    assert screen_language(environment) == screen
    assert sent_language(environment) == sent


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        *(("x", kind, "万元") for kind in
          ("money", "person", "count", "point", "ratio", "target", "number", "outcome", "date")),
        ("1 1", "money", "万元"), ("1¹", "money", "万元"), ("9" * 30, "money", "元"), ("0.001", "money", "元"),
        ("1.5", "person", ""), ("5", "money", ""),
    ],
)  # fmt: skip
def test_what_a_figure_should_be_is_said_in_english(text: str, kind: str, unit: str) -> None:
    with pytest.raises(FigureError) as error:
        parse_figure(text, kind, unit)
    as_written = "[千万亿]?[元人个件]|[年月日]"  # units and days
    assert not CHINESE.search(re.sub(as_written, "", in_english(str(error.value))))
