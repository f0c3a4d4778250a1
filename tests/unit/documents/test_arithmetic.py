"""What sentences state that can be worked out is read as its examples say; nothing else is."""

from __future__ import annotations

import pytest

from orchestration.documents.arithmetic import arithmetic_patterns, read_arithmetic
from orchestration.documents.bindings import Example
from orchestration.documents.paragraphs import paragraphs_of
from tests.unit.documents.test_patterns import lines


def said(*texts: str) -> list[str]:
    found = read_arithmetic(paragraphs_of(lines(*texts)))
    return [each.said for each in (*found.quotients, *found.sums)]


@pytest.mark.parametrize("example", arithmetic_patterns().examples, ids=lambda example: example.text[:12])
def test_arithmetic_reads_its_example(example: Example) -> None:
    assert said(example.text) == list(example.reads)


@pytest.mark.parametrize("text", arithmetic_patterns().counter_examples)
def test_arithmetic_reads_nothing_of_its_counter_example(text: str) -> None:
    assert said(text) == []


def test_a_list_below_a_colon_holds_the_parts_of_what_stands_above_it() -> None:
    texts = ("全年支出400.00万元，主要用于以下方面：", "1.“甲”300.00万元，占75.00%；", "2.“乙”100.00万元，占25.00%。")
    assert said(*texts)[-1] == "全年支出 400.00万元 = 300.00万元 + 100.00万元"


def test_parts_that_miss_their_whole_are_a_sum_where_their_shares_make_a_hundred() -> None:
    wrong = "本年支出合计400.00万元，其中：基本支出310.00万元，占75.00%；项目支出100.00万元，占25.00%。"
    assert "本年支出 400.00万元 = 310.00万元 + 100.00万元" in said(wrong)


def test_a_few_parts_are_no_sum() -> None:
    assert said("全年支出400.00万元，其中：甲100.00万元，乙200.00万元。") == []


def test_parts_of_a_part_are_no_parts_of_the_whole() -> None:
    text = "三公经费决算30.00万元，其中：接待费10.00万元，公车费20.00万元，其中：购置费5.00万元，运行费15.00万元。"
    assert said(text) == []
