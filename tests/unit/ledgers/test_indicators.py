"""Targets and outcomes as forms print them, each with the right reading beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledgers.indicators import corrected_reading, read_outcome, read_target
from orchestration.ledgers.money import FigureError, day_number

DAY = {text: str(day_number(date.fromisoformat(text))) for text in
       ("2024-03-31", "2024-04-30", "2024-06-30", "2024-09-30", "2024-12-01", "2024-12-20", "2024-12-31", "2025-06-30",
        "2024-01-01", "2025-01-05")}  # fmt: skip

# target, how it compares, lower end, upper end ("" where they are one), unit; words have none
TARGETS = [
    ("≥95%", ">=", "0.95", "", "ratio"),
    (">=95%", ">=", "0.95", "", "ratio"),
    ("≧95%", ">=", "0.95", "", "ratio"),
    ("≥９５％", ">=", "0.95", "", "ratio"),
    ("≥ 95 %", ">=", "0.95", "", "ratio"),
    ("不低于95%", ">=", "0.95", "", "ratio"),
    ("不少于20场", ">=", "20", "", "count"),
    ("不小于3", ">=", "3", "", "count"),
    ("大于等于95%", ">=", "0.95", "", "ratio"),
    ("大于或等于95%", ">=", "0.95", "", "ratio"),
    ("至少12场", ">=", "12", "", "count"),
    ("95%以上", ">=", "0.95", "", "ratio"),
    ("95%及以上", ">=", "0.95", "", "ratio"),
    ("95%（含）以上", ">=", "0.95", "", "ratio"),
    ("500人次以上（含）", ">=", "500", "", "count"),
    ("达到95%以上", ">=", "0.95", "", "ratio"),
    ("保持在98%以上", ">=", "0.98", "", "ratio"),
    ("≥95%以上", ">=", "0.95", "", "ratio"),
    ("大于5%", ">", "0.05", "", "ratio"),
    ("超过10万人", ">", "100000", "", "person"),
    ("10余万人", ">", "100000", "", "person"),
    ("2000余名", ">", "2000", "", "person"),
    ("≤5%", "<=", "0.05", "", "ratio"),
    ("不超过5次", "<=", "5", "", "count"),
    ("不高于3%", "<=", "0.03", "", "ratio"),
    ("不多于2起", "<=", "2", "", "count"),
    ("5次以内", "<=", "5", "", "count"),
    ("5次（含）以内", "<=", "5", "", "count"),
    ("3%以下", "<=", "0.03", "", "ratio"),
    ("控制在5%以内", "<=", "0.05", "", "ratio"),
    ("控制在100万元", "<=", "100000000", "", "yuan"),
    ("小于等于30天", "<=", "30", "", "count"),
    ("≤3个工作日", "<=", "3", "", "count"),
    ("少于10次", "<", "10", "", "count"),
    ("100%", "=", "1", "", "ratio"),
    ("=100%", "=", "1", "", "ratio"),
    ("等于100%", "=", "1", "", "ratio"),
    ("100%完成", "=", "1", "", "ratio"),
    ("50", "=", "50", "", "count"),
    ("0起", "=", "0", "", "count"),
    ("完成12项", "=", "12", "", "count"),
    ("开展6期", "=", "6", "", "count"),
    ("≥100百分比", ">=", "1", "", "ratio"),
    ("百分之95", "=", "0.95", "", "ratio"),
    ("5个百分点", "=", "0.05", "", "ratio"),
    ("≥5‰", ">=", "0.005", "", "ratio"),
    ("≥-5%", ">=", "-0.05", "", "ratio"),
    ("≥98.5分", ">=", "98.5", "", "point"),
    ("≥10万人", ">=", "100000", "", "person"),
    ("≥4,000万元", ">=", "4000000000", "", "yuan"),
    ("1.5亿元", "=", "15000000000", "", "yuan"),
    ("≥1500元/人·月", ">=", "1500", "", "count"),
    ("0.5万元/人", "=", "5000", "", "count"),
    ("≥3次/年", ">=", "3", "", "count"),
    ("每季度1次", "=", "1", "", "count"),
    ("2.5小时", "=", "2.5", "", "count"),
    ("≥1.2倍", ">=", "1.2", "", "count"),
    ("1000平方米", "=", "1000", "", "count"),
    ("≥1000㎡", ">=", "1000", "", "count"),
    ("约10万人", "~", "100000", "", "person"),
    ("10万人左右", "~", "100000", "", "person"),
    ("约95%左右", "~", "0.95", "", "ratio"),
    ("90%-95%", "range", "0.9", "0.95", "ratio"),
    ("90-95%", "range", "0.9", "0.95", "ratio"),
    ("90%～95%", "range", "0.9", "0.95", "ratio"),
    ("90%—95%", "range", "0.9", "0.95", "ratio"),
    ("90%至95%", "range", "0.9", "0.95", "ratio"),
    ("[90%,95%]", "range", "0.9", "0.95", "ratio"),
    ("10-12万人", "range", "100000", "120000", "person"),
    ("3-5个", "range", "3", "5", "count"),
    ("≥95%且≤100%", "range", "0.95", "1", "ratio"),
    ("≤100%，≥95%", "range", "0.95", "1", "ratio"),
    ("95%≤满意率≤100%", "range", "0.95", "1", "ratio"),
    ("不低于95%且不高于100%", "range", "0.95", "1", "ratio"),
    ("5±10%", "range", "4.5", "5.5", "count"),
    ("100±5个", "range", "95", "105", "count"),
    ("50%±2%", "range", "0.48", "0.52", "ratio"),
    ("2024年12月底前", "<=", DAY["2024-12-31"], "", "date"),
    ("12月底前完成", "<=", DAY["2024-12-31"], "", "date"),
    ("4月30日前", "<=", DAY["2024-04-30"], "", "date"),
    ("不晚于2024年4月30日", "<=", DAY["2024-04-30"], "", "date"),
    ("2024/12/31", "<=", DAY["2024-12-31"], "", "date"),
    ("2024年12月", "<=", DAY["2024-12-31"], "", "date"),
    ("2024年底前", "<=", DAY["2024-12-31"], "", "date"),
    ("2024年1月-12月", "<=", DAY["2024-12-31"], "", "date"),
    ("2024年上半年", "<=", DAY["2024-06-30"], "", "date"),
    ("2024年第3季度", "<=", DAY["2024-09-30"], "", "date"),
    ("2025年6月30日前", "<=", DAY["2025-06-30"], "", "date"),
    ("逐步提升", "qualitative", "", "", ""),
    ("完成工程", "qualitative", "", "", ""),
    ("达标", "qualitative", "", "", ""),
    ("N/A", "qualitative", "", "", ""),
    ("年底前", "qualitative", "", "", ""),
    ("百分之九十", "qualitative", "", "", ""),
]
# What has digits and is no number: words, and why.
UNREAD = [
    ("完成3个项目的验收", "读不成一个数"),
    ("1:1", "读不成一个数"),
    ("2024-2025年", "读不成一个数"),
    ("增长5%以上", "读不成一个数"),
    ("≥上年度95%", "读不成一个数"),
    ("12月前", "是否含当月"),
    ("2024年13月底前", "不是一个日期"),
    ("2024年2月30日前", "不是一个日期"),
    ("0000年第一季度", "不是一个日期"),
    ("100%-90%", "下限大于上限"),
    ("90%-95人", "单位不同"),
    ("大于95%小于100%", "开区间"),
    ("≥95%以内", "比较方向不一致"),
    ("95%，合格", "读不成一个数"),
]
# target, outcome, lower and upper end of the outcome, what is said
OUTCOMES = [
    ("≥10万人", "9.7万人", "97000", "", ""),
    ("≥10万人", "97000人", "97000", "", ""),
    ("≥10万人", "9.7", "97000", "", ""),
    ("≥10万人", "约9.7万人", "97000", "", ""),
    ("≥10万人", "10余万人", "100000", "", ""),
    ("≥12万人", "10余万人", "100000", "", "只写了界限"),
    ("≥10万人", "97000", "", "", "没有单位，未必以“万人”计"),
    ("≥4000万元", "0.39亿元", "3900000000", "", ""),
    ("≥4000万元", "3,791.22", "3791220000", "", ""),
    ("≥100百分比", "100", "1", "", ""),
    ("≥95%", "96.2", "0.962", "", ""),
    ("≥95%", "0.96", "", "", "没有单位，未必以“%”计"),
    ("≥95%", "95%-97%", "0.95", "0.97", ""),
    ("≥95%", "95%以上", "0.95", "", ""),
    ("≥98%", "95%以上", "0.95", "", "只写了界限"),
    ("≥95%", "达到96%", "0.96", "", ""),
    ("≥5‰", "5", "0.005", "", ""),
    ("≥5%", "-3", "-0.03", "", ""),
    ("≥90%", "达标", "", "", ""),
    ("50", "50个", "50", "", ""),
    ("10个", "15", "15", "", ""),
    ("5次", "3场", "3", "", "单位不同（次、场）"),
    ("5次", "60%", "0.6", "", "单位不同"),
    ("≥3次/年", "4次", "4", "", ""),
    ("≥500元/人", "0.06万元/人", "600", "", ""),
    ("≥2.5小时", "3.5", "3.5", "", ""),
    ("12月底前", "2024年12月20日", DAY["2024-12-20"], "", ""),
    ("12月底前", "12月20日完成", DAY["2024-12-20"], "", ""),
    ("12月底前", "2025年1月5日", DAY["2025-01-05"], "", ""),
    ("12月底前", "2024年12月", DAY["2024-12-01"], DAY["2024-12-31"], ""),
    ("12月底前", "全年", "", "", ""),
    ("12月底前", "3次", "", "", "读不成一个数"),
    ("逐步提升", "基本达成", "", "", ""),
    ("逐步提升", "5%", "0.05", "", "指标值是定性目标"),
    ("完成3个项目的验收", "完成3个项目的验收", "", "", "读不成一个数"),
]


def test_the_table_holds_at_least_eighty_forms() -> None:
    assert len({text for text, *_ in TARGETS} | {text for text, _ in UNREAD}) >= 80


@pytest.mark.parametrize(("text", "direction", "low", "high", "unit"), TARGETS)
def test_a_target_is_read_as_it_is_meant(text: str, direction: str, low: str, high: str, unit: str) -> None:
    found = read_target(text, 2024)
    assert (found.direction, found.note) == (direction, "")
    if not low:
        assert found.low is None and found.high is None
        return
    assert found.low is not None and found.high is not None
    assert (found.low.value, found.high.value) == (Decimal(low), Decimal(high or low))
    assert (found.low.unit, found.low.half_width) == (unit, 0)


@pytest.mark.parametrize(("text", "why"), UNREAD)
def test_what_is_no_number_stays_words_and_says_why(text: str, why: str) -> None:
    found = read_target(text, 2024)
    assert (found.direction, found.low) == ("qualitative", None)
    assert text in found.note and why in found.note


@pytest.mark.parametrize(("target", "text", "low", "high", "why"), OUTCOMES)
def test_an_outcome_is_read_beside_its_target(target: str, text: str, low: str, high: str, why: str) -> None:
    found = read_outcome(text, 2024, read_target(target, 2024))
    assert (why in found.note) if why else found.note == ""
    assert (found.low is None) == (low == "")
    if found.low is not None and found.high is not None:
        assert (found.low.value, found.high.value) == (Decimal(low), Decimal(high or low))


def test_an_outcome_is_as_fine_as_it_is_printed() -> None:
    found = read_outcome("9.7", 2024, read_target("≥10万人", 2024))
    assert found.low is not None and (found.low.half_width, found.low.printed_unit) == (500, "万人")


def test_a_correction_is_one_number_in_the_cell_s_unit() -> None:
    assert corrected_reading("≥12万人", "target", "万人", 2024).value == 120_000
    assert corrected_reading("9.8", "outcome", "万人", 2024).value == 98_000
    assert corrected_reading("不低于96%", "target", "%", 2024).value == Decimal("0.96")
    for kind in ("target", "outcome"):
        with pytest.raises(FigureError):
            corrected_reading("达标", kind, "%", 2024)


@pytest.mark.parametrize("text", ["9" * 30, "≥" + "9" * 19 + "个", "0." + "1" * 12 + "倍", "3.12345678±0.001%"])
def test_a_number_that_no_column_holds_stays_words(text: str) -> None:
    assert read_target(text, 2024).low is None


@given(st.text("≥≤<>=~约不低于超过以上内至-%‰万人元/月日年底前0123456789.,（）[]±且", max_size=14))
def test_no_text_is_refused(text: str) -> None:
    target = read_target(text, 2024)
    outcome = read_outcome(text, 2024, target)
    for reading in (target, outcome):
        assert (reading.low is None) == (reading.high is None)
        for end in filter(None, (reading.low, reading.high)):
            assert max(abs(end.value), end.half_width) < 10**18 and end.value == end.value.quantize(Decimal("1e-9"))
