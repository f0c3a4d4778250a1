"""The report's free text: what it may hold. Nothing of it is run when it is read."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from orchestration.base.problems import InputError
from orchestration.ledgers.narrative import Piece, read_narrative


def read(folder: Path, text: str, names: list[str] | None = None) -> list[Piece]:
    path = folder / "narrative.yml"
    content = {"主要职能": ["第一段", text]} | ({"专有名称": names} if names else {})
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return read_narrative(path)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ 表1.明细.__func__.__globals__ }}",
        "{{ lipsum(9) }}",
        "{{ '%s'|format(1) ~ 'x' }}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '三' * 10000000000 }}",
        "{% set a = 表1 %}{{ a }}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as x %}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% for a in 表1.明细() recursive %}{{ loop(a) }}{% endfor %}",
        "{{ 表1.明细(**表1) }}",
        "{{ " + "(" * 5000,
        "{{ 表1" + ".行" * 9000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "字" * 20_001,
    ],
)
def test_a_text_that_computes_calls_or_never_ends_is_refused_by_file_and_paragraph(attack: str, tmp_path: Path) -> None:
    before = time.process_time()
    with pytest.raises(InputError) as caught:
        read(tmp_path, attack)
    (problem,) = caught.value.problems
    assert problem.file.endswith("narrative.yml") and problem.cell == "主要职能 第 2 段"
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("共٣٥٨个", "٣٥٨"),
        ("共③⑤⑧个", "③⑤⑧"),
        ("共叁佰伍拾捌", "叁佰伍拾捌"),
        ("共三百五十八", "三百五十八"),
        ("约𝟑𝟓𝟖个", "𝟑𝟓𝟖"),
        ("占½以上", "½"),
        ("共{{ '358' }}个", "358"),
        ("共{{ 358 }}个", "358"),
        ("{% for 行 in ['358'] %}{{ 行 }}{% endfor %}", "358"),
        ("{{ '358' if 表1 else '' }}", "358"),
        ("{{ '{{' }}358", "358"),
        ("{% raw %}358{% endraw %}", "358"),
    ],
)
def test_a_figure_is_typed_in_whatever_digits_and_behind_whatever_braces(text: str, typed: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert [problem.found for problem in caught.value.problems] == [typed]


def test_a_name_may_hold_digits_but_a_bare_figure_is_no_name(tmp_path: Path) -> None:
    assert read(tmp_path, "12333热线", ["12333热线"])[1].text == "12333热线"
    with pytest.raises(InputError) as caught:
        read(tmp_path, "共358", ["358"])
    assert ("专有名称", "358") in [(problem.cell, problem.found) for problem in caught.value.problems]


def test_references_choices_and_rows_are_what_a_text_may_hold(tmp_path: Path) -> None:
    text = (
        "{{ 表3.第17行.本年调整|万元 }}{% if 表1['合计'].执行率 > 80 %}较高{% endif %}"
        "{% for 行 in 表3.明细(category='special') %}{{ 行.名称 }}；{% endfor %}队伍、收拾、万一"
    )
    assert [piece.text for piece in read(tmp_path, text)] == ["第一段", text]
