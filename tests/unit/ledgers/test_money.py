"""Printed figures: exact value, half of the last printed place, and what is refused."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledgers.money import (
    MONEY_UNITS,
    FigureError,
    day_of,
    is_dash,
    parse_figure,
    squeeze,
    unit_kind,
)

FULL_WIDTH = {ord(half): chr(ord(half) + 0xFEE0) for half in "0123456789,.-()%"}


def value(text: str, kind: str = "money", unit: str = "万元") -> tuple[Decimal, Decimal]:
    figure = parse_figure(text, kind, unit)
    return figure.value, figure.half_width


@pytest.mark.parametrize(
    ("text", "unit", "fen", "half"),
    [
        ("8,055.00", "万元", 8_055_000_000, 5_000),
        ("8055", "万元", 8_055_000_000, 500_000),
        ("-362.20", "万元", -362_200_000, 5_000),
        ("0.00", "万元", 0, 5_000),
        ("0", "万元", 0, 500_000),
        ("1806.43", "亿元", 18_064_300_000_000, 50_000_000),
        ("2", "亿元", 20_000_000_000, 5_000_000_000),
        ("12.5", "千元", 1_250_000, 5_000),
        ("3.45", "百万元", 345_000_000, 500_000),
        ("1,234", "元", 123_400, 50),
        ("1,234.5", "元", 123_450, 5),
        ("1,234.56", "元", 123_456, 0),
        ("0.000001", "万元", 1, 0),
        ("0.00001", "万元", 10, 5),
    ],
)
def test_money_is_fen_give_or_take_half_its_last_place(text: str, unit: str, fen: int, half: int) -> None:
    figure = parse_figure(text, "money", unit)
    assert (figure.value, figure.half_width, figure.unit, figure.printed_unit) == (fen, half, "yuan", unit)


@pytest.mark.parametrize("text", ["(1,263.00)", "（1,263.00）", "-1,263.00", "－1,263.00", "−1,263.00", "–1,263.00"])
def test_brackets_and_every_minus_mean_negative(text: str) -> None:
    assert value(text) == (-1_263_000_000, 5_000)


@pytest.mark.parametrize("text", ["(5.00%)", "(5.00)%", "-5.00%"])
def test_a_negative_rate_may_close_its_bracket_before_or_behind_the_percent_sign(text: str) -> None:
    assert value(text, "ratio", "") == (Decimal("-0.05"), Decimal("0.00005"))


@pytest.mark.parametrize("text", ["１，２６３．００", "1,263.00", " 1,263.00\n", "1 263.00", "1,\u3000263.00"])
def test_full_width_digits_spaces_and_line_breaks_do_not_change_a_figure(text: str) -> None:
    assert value(text) == (1_263_000_000, 5_000)


@pytest.mark.parametrize(
    "text",
    [
        "1,182.19 1", "1,182.19\n1,128.19", "100\n200", "100\r200", "100\t200", "100  200", "100 200 1", "1,263.0 0",
        "1 2345", "1234 567", "12,345 678", "１ ２",
    ],
)  # fmt: skip
def test_digits_parted_as_no_figure_parts_them_are_several(text: str) -> None:
    with pytest.raises(FigureError, match="一格只写一个数"):
        parse_figure(text, "money", "万元")


@pytest.mark.parametrize(("text", "fen"), [("1 263 500.5", 1_263_500_500_000), ("12\u00a0345", 12_345_000_000)])
def test_spaces_part_thousands(text: str, fen: int) -> None:
    assert value(text)[0] == fen


def test_a_unit_in_the_cell_beats_the_unit_around_it() -> None:
    assert value("10万元", unit="亿元") == (10_000_000, 500_000)
    assert value("10 万元", unit="亿元") == (10_000_000, 500_000)
    assert value("40.82亿元", unit="万元") == (408_200_000_000, 50_000_000)
    assert value("（10万元）", unit="亿元") == (-10_000_000, 500_000)
    assert parse_figure("10万元", "money", "亿元").printed_unit == "万元"


@pytest.mark.parametrize(
    ("text", "persons", "half"),
    [
        ("5458.08万人", 54_580_800, 50),
        ("5,458.08万", 54_580_800, 50),
        ("1027万人", 10_270_000, 5_000),
        ("338", 338, 0),
        ("370人", 370, 0),
        ("9.7万人", 97_000, 500),
        ("10.2345万人", 102_345, 0),
        ("六", 6, 0),
    ],
)
def test_persons_in_ones_are_exact_and_in_wan_are_rounded(text: str, persons: int, half: int) -> None:
    figure = parse_figure(text, "person", "")
    assert (figure.value, figure.half_width, figure.unit) == (persons, half, "person")


@pytest.mark.parametrize(
    ("text", "count"),
    [("26个", 26), ("1,519个", 1519), ("五", 5), ("八", 8), ("十", 10), ("十二", 12), ("二十", 20), ("二十六", 26)],
)
def test_counts_in_ones_and_chinese_numerals_are_exact(text: str, count: int) -> None:
    figure = parse_figure(text, "count", "")
    assert (figure.value, figure.half_width, figure.unit) == (count, 0, "count")


@pytest.mark.parametrize(
    ("text", "ratio", "half"),
    [
        ("86.60%", "0.8660", "0.00005"),
        ("86.6%", "0.866", "0.0005"),
        ("100%", "1", "0.005"),
        ("115.17％", "1.1517", "0.00005"),
        ("0.8660", "0.8660", "0.00005"),
        ("-3.84%", "-0.0384", "0.00005"),
    ],
)
def test_a_rate_is_a_fraction_give_or_take_half_its_last_place(text: str, ratio: str, half: str) -> None:
    figure = parse_figure(text, "ratio", "")
    assert (figure.value, figure.half_width, figure.unit) == (Decimal(ratio), Decimal(half), "ratio")


def test_a_rate_takes_the_percent_or_permille_of_its_column() -> None:
    assert value("86.60", "ratio", "%") == (Decimal("0.8660"), Decimal("0.00005"))
    assert value("1.5", "ratio", "‰") == (Decimal("0.0015"), Decimal("0.00005"))


@pytest.mark.parametrize("text", ["8.66", "8.66分"])
def test_points_are_exact(text: str) -> None:
    figure = parse_figure(text, "point", "")
    assert (figure.value, figure.half_width, figure.unit) == (Decimal("8.66"), 0, "point")


@pytest.mark.parametrize(
    ("text", "target", "unit", "comparator"),
    [
        ("≥10万人", 100_000, "person", ">="),
        (">=10万人", 100_000, "person", ">="),
        ("＞10万人", 100_000, "person", ">"),
        ("≤5个", 5, "count", "<="),
        ("＜5个", 5, "count", "<"),
        ("=0", 0, "count", "="),
        ("≥4,000万元", 4_000_000_000, "yuan", ">="),
        ("95%", Decimal("0.95"), "ratio", ""),
        ("≥90.5%", Decimal("0.905"), "ratio", ">="),
    ],
)
def test_a_target_is_exact_and_keeps_its_comparator(text: str, target: int, unit: str, comparator: str) -> None:
    figure = parse_figure(text, "target", "")
    assert (figure.value, figure.half_width) == (target, 0)
    assert (figure.unit, figure.comparator) == (unit, comparator)


def test_an_outcome_is_rounded_as_printed() -> None:
    assert value("9.7万人", "outcome", "") == (97_000, 500)
    assert value("3,791.22万元", "outcome", "") == (3_791_220_000, 5_000)


@pytest.mark.parametrize(
    ("text", "number", "half", "unit"),
    [
        ("5638.5万件", 56_385_000, 500, "count"),
        ("469.8万", 4_698_000, 500, "count"),
        ("53.7%", Decimal("0.537"), Decimal("0.0005"), "ratio"),
        ("30,996.4万元", 30_996_400_000, 50_000, "yuan"),
        ("9大类", 9, 0, "count"),
        ("八", 8, 0, "count"),
        ("5676万人", 56_760_000, 5_000, "person"),
    ],
)
def test_a_number_says_itself_what_it_counts(text: str, number: Decimal, half: Decimal, unit: str) -> None:
    figure = parse_figure(text, "number", "")
    assert (figure.value, figure.half_width, figure.unit) == (number, half, unit)


@pytest.mark.parametrize("text", ["555.00", "0.1", "2,126.81", "7"])
@pytest.mark.parametrize("kind", ["person", "count"])
def test_a_broken_person_or_thing_is_refused(text: str, kind: str) -> None:
    if Decimal(text.replace(",", "")) % 1:
        with pytest.raises(FigureError, match="最多精确到个位的数"):
            parse_figure(text, kind, "")
    else:
        assert value(text, kind, "") == (Decimal(text), 0)


@pytest.mark.parametrize(
    "text",
    [
        "12,34.00", "1,2345", "1234,567", ",123", "1,,234", "1.2.3", "1.", "1,263.0O", "abc", "约10", "+5",
        "1e5", "(5", "5)", "((5))", "(-5)", "-(5)", "--5", "5-", "≥5", "5%", "5人", "1263²", "①", "٣",
        "10美元", "#REF!",
    ],
)  # fmt: skip
def test_what_is_not_money_is_refused_and_told_what_money_looks_like(text: str) -> None:
    with pytest.raises(FigureError) as caught:
        parse_figure(text, "money", "万元")
    assert (
        re.sub("（此处有 .*）$", "", str(caught.value))
        == "金额（单位 万元），如 1,263.00、-1,263.00、(1,263.00)、10万元"
    )


@pytest.mark.parametrize(
    ("text", "unit"), [("1.234", "元"), ("0.001", "元"), ("1.0000001", "万元"), ("0.12345678901", "亿元")]
)
def test_money_finer_than_a_fen_is_refused(text: str, unit: str) -> None:
    with pytest.raises(FigureError, match=r"最多精确到分（0\.01 元）的数"):
        parse_figure(text, "money", unit)


@pytest.mark.parametrize("places", [28, 40])
def test_no_figure_is_long_enough_to_be_rounded_in_silence(places: int) -> None:
    with pytest.raises(FigureError, match="小数不超过"):
        parse_figure(f"1.{'0' * places}1", "money", "亿元")


@pytest.mark.parametrize(
    ("text", "kind"), [("10,000,000,000,000,000", "money"), ("86.60000001%", "ratio"), ("8.6666666666", "point")]
)
def test_what_the_warehouse_cannot_hold_is_refused(text: str, kind: str) -> None:
    with pytest.raises(FigureError, match="小数不超过 8 位"):
        parse_figure(text, kind, "元" if kind == "money" else "")


def test_money_without_any_unit_is_refused() -> None:
    with pytest.raises(FigureError, match="带单位的金额"):
        parse_figure("8,055.00", "money", "")


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("5%", "person", "人数，如 338"),
        ("5元", "count", "个数，如 26"),
        ("5元", "ratio", "百分比，如 86.60%"),
        ("5%", "point", "分值，如 8.66"),
        ("约五", "target", "指标值，如 ≥10万人"),
        ("≥5", "number", "带单位的数，如 5638.5万件"),
        ("许多", "outcome", "带单位的数，如 9.7万人"),
        ("(≥5)", "target", "指标值，如 ≥10万人"),
    ],
)
def test_each_kind_says_what_it_expected(text: str, kind: str, expected: str) -> None:
    with pytest.raises(FigureError, match=expected):
        parse_figure(text, kind, "")


def test_a_figure_said_to_be_more_or_about_is_not_bound_to_its_last_place() -> None:
    assert value("100余万元", unit="") == (100_000_000, 0)
    assert value("10万元以上", unit="") == (10_000_000, 0)


@pytest.mark.parametrize("text", ["2025年4月18日", "2025-04-18", "2025/4/18", "２０２５年４月１８日"])
def test_a_date_is_exact(text: str) -> None:
    figure = parse_figure(text, "date", "")
    assert (day_of(figure.value), figure.half_width, figure.unit) == (date(2025, 4, 18), 0, "date")


@pytest.mark.parametrize("text", ["2025年2月30日", "4月18日", "2025年4月", "20250418"])
def test_what_is_not_a_day_is_refused(text: str) -> None:
    with pytest.raises(FigureError, match="日期，如 2025年4月18日"):
        parse_figure(text, "date", "")


def test_names_lose_spaces_and_line_breaks_only() -> None:
    assert squeeze(" 湖南省人力资源\n和社会保障厅 （本级）\u3000") == "湖南省人力资源和社会保障厅（本级）"
    assert squeeze("2023年省政府特殊津贴(2023结转）") == "2023年省政府特殊津贴(2023结转）"
    assert squeeze("１号，A-B") == "１号，A-B"


@pytest.mark.parametrize(
    ("text", "dash"), [("-", True), ("—", True), ("——", True), ("－", True), ("", False), ("-5", False)]
)
def test_only_dashes_are_a_dash(text: str, dash: bool) -> None:
    assert is_dash(text) is dash


def test_units_are_known_by_kind_and_size() -> None:
    assert unit_kind("万元") == ("yuan", 10**6)
    assert unit_kind("%") == ("ratio", Decimal("0.01"))
    assert unit_kind("万人") == ("person", 10**4)
    assert unit_kind("千万件") == ("count", 10**7)
    assert unit_kind("") is None


def _printed(fen: int, unit: str, places: int, separators: bool, full_width: bool, brackets: bool) -> str:
    """A whole number of fen as print shows it. ``places``: at least as many as it needs."""
    exponent = len(str(MONEY_UNITS[unit])) - 1
    digits = str(abs(fen)).rjust(exponent + 1, "0")
    whole, fraction = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    while fraction.endswith("0") and len(fraction) > places:
        fraction = fraction[:-1]
    text = f"{int(whole):,}" if separators else whole
    text = f"{text}.{fraction}" if fraction else text
    if fen < 0:
        text = f"({text})" if brackets else f"-{text}"
    return text.translate(FULL_WIDTH) if full_width else text


@given(
    fen=st.integers(-(10**15), 10**15) | st.integers(-(10**9), 10**9).map(lambda n: n * 10**6),
    unit=st.sampled_from(["元", "千元", "万元", "亿元"]),
    places=st.integers(0, 10),
    separators=st.booleans(),
    full_width=st.booleans(),
    brackets=st.booleans(),
)
def test_any_amount_printed_in_any_way_reads_back_to_the_fen(
    fen: int, unit: str, places: int, separators: bool, full_width: bool, brackets: bool
) -> None:
    text = _printed(fen, unit, places, separators, full_width, brackets)
    figure = parse_figure(text, "money", unit)
    assert figure.value == fen
    shown = len(text.translate({ord("．"): "."}).partition(".")[2].rstrip(")）"))
    last_place = Decimal(MONEY_UNITS[unit]).scaleb(-shown)
    assert figure.half_width == (last_place / 2 if last_place > 1 else 0)
    assert parse_figure(text + unit, "money", "亿元") == figure


@given(
    tenths=st.integers(-(10**9), 10**9),
    places=st.integers(0, 6),
)
def test_any_rate_reads_back_exactly(tenths: int, places: int) -> None:
    percent = Decimal(tenths).scaleb(-places)
    assert value(f"{percent:f}%", "ratio", "") == (percent / 100, Decimal("0.005").scaleb(-places))


@given(
    whole=st.from_regex(r"[0-9]{1,7}", fullmatch=True),
    rest=st.lists(st.from_regex(r"[0-9]{1,5}", fullmatch=True), min_size=1, max_size=3),
)
def test_separators_stand_before_groups_of_three_or_the_figure_is_refused(whole: str, rest: list[str]) -> None:
    text = ",".join([whole, *rest])
    if len(whole) <= 3 and all(len(group) == 3 for group in rest):
        assert value(text, unit="元")[0] == int(text.replace(",", "")) * 100
    else:
        with pytest.raises(FigureError, match=r"1,263\.00"):
            parse_figure(text, "money", "元")


@given(st.text(max_size=12))
def test_no_text_makes_the_reader_fail_in_another_way(text: str) -> None:
    for kind in ("money", "person", "count", "point", "ratio", "number", "target", "outcome", "date"):
        try:
            figure = parse_figure(text, kind, "万元" if kind == "money" else "")
        except FigureError as error:
            assert str(error)
        else:
            assert isinstance(figure.value, Decimal)
            assert figure.half_width >= 0


@pytest.mark.parametrize("minus", ["-", "−", "–", "－", "\u2010", "\u2011", "\u2012", "\ufe63"])
def test_every_character_that_prints_as_a_minus_is_one(minus: str) -> None:
    assert parse_figure(f"{minus}1,263.00", "money", "万元").value == -1_263_000_000


@pytest.mark.parametrize("mark", ["\u200b", "\u200e", "\u200f", "\u202f", "\u00a0", "\u2060", "\u00ad", "\u200d"])
def test_marks_that_print_as_nothing_do_not_part_a_figure(mark: str) -> None:
    assert parse_figure(f"{mark}1{mark}263.00", "money", "万元").value == 1_263_000_000


@pytest.mark.parametrize(
    ("text", "code"),
    [("1\u066b5", "U+066B"), ("٣٥", "U+0663"), ("\u202e12", "U+202E"), ("1\u0430", "U+0430"), ("5²", "U+00B2")],
)
def test_a_character_that_only_looks_like_another_is_named_by_its_code(text: str, code: str) -> None:
    with pytest.raises(FigureError, match=re.escape(code)):
        parse_figure(text, "money", "万元")


@pytest.mark.parametrize(("text", "fen"), [(".4", 400_000), ("-.05", -50_000), ("(.25)", -250_000)])
def test_a_point_without_a_digit_before_it_is_a_decimal_point(text: str, fen: int) -> None:
    assert parse_figure(text, "money", "万元").value == fen
