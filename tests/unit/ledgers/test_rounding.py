"""How wide the interval of a reported figure is."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledgers.rounding import Rounding, half_of_last_place, interval, last_place_of, spread


@pytest.mark.parametrize(
    ("last_place", "unit", "half"),
    [
        ("10000", "yuan", "5000"),  # 929.20 万元: a hundredth of it is 10,000 fen
        ("100", "yuan", "50"),  # 35 元
        ("1", "yuan", "0"),  # 35.17 元: to the fen
        ("0.1", "yuan", "0"),
        ("100", "person", "50"),  # 1027.03万人
        ("1", "person", "0"),
        ("1", "count", "0"),
        ("0.0001", "ratio", "0.00005"),  # 86.60%
        ("1", "point", "0.5"),  # a point is no whole thing; who prints points exactly says so before
    ],
)
def test_the_interval_is_half_the_last_place_unless_that_is_one_whole(last_place: str, unit: str, half: str) -> None:
    assert half_of_last_place(Decimal(last_place), unit) == Decimal(half)
    assert half_of_last_place(Fraction(last_place), unit) == Fraction(half)


@pytest.mark.parametrize(
    ("value", "last_place", "unit", "rounding", "low", "high"),
    [
        ("9292000", "10000", "yuan", "half_up", "9287000", "9297000"),
        ("9292000", "10000", "yuan", "cut", "9292000", "9301999"),  # 9.2920 万元 up to a fen before 9.30
        ("-9292000", "10000", "yuan", "cut", "-9301999", "-9292000"),  # away from zero
        ("0", "10000", "yuan", "cut", "-9999", "9999"),  # 0.00 is left of either sign
        ("0", "10000", "yuan", "half_up", "-5000", "5000"),
        ("35", "1", "yuan", "cut", "35", "35"),  # to the fen: there is nothing to cut
        ("35", "0", "yuan", "cut", "35", "35"),  # exact
        ("97000", "1000", "person", "cut", "97000", "97999"),  # 9.7万人
        ("12", "1", "count", "cut", "12", "12"),
        ("0.8660", "0.0001", "ratio", "half_up", "0.86595", "0.86605"),
        ("0.8660", "0.0001", "ratio", "cut", "0.8660", "0.866099998"),
        ("-0.8660", "0.0001", "ratio", "cut", "-0.866099998", "-0.8660"),
        ("0", "0.0001", "ratio", "cut", "-0.000099998", "0.000099998"),
        ("12300000000", "1000000000", "yuan", "cut", "12300000000", "13299999999"),  # rounded to 1,000 万元
    ],
)
def test_a_cut_figure_lies_before_the_next_one_away_from_zero(
    value: str, last_place: str, unit: str, rounding: Rounding, low: str, high: str
) -> None:
    for number in (Decimal, Fraction):
        found = interval(number(value), number(last_place), unit, rounding)
        assert found == (number(low), number(high))
    held = spread(Decimal(value), Decimal(last_place), unit, rounding)
    middle = Decimal(value) + held.skew
    assert (middle - held.half_width, middle + held.half_width) == (Decimal(low), Decimal(high))
    if held.half_width:
        assert last_place_of(held.half_width, held.skew, unit, rounding) == Decimal(last_place)


@given(
    st.integers(-(10**14), 10**14),
    st.sampled_from([("yuan", 10), ("yuan", 100), ("yuan", 10**6), ("person", 10**4), ("count", 1000)]),
    st.sampled_from([("half_up", ROUND_HALF_UP), ("cut", ROUND_DOWN)]),
)
def test_the_true_value_lies_in_the_interval_of_what_was_made_of_it(
    true: int, place: tuple[str, int], way: tuple[Rounding, str]
) -> None:
    """Whatever is reported by a way of rounding; and with a cut, the next figure's interval does not hold it."""
    unit, last = place
    reported = (Decimal(true) / last).quantize(Decimal(1), rounding=way[1]) * last
    low, high = interval(reported, Decimal(last), unit, way[0])
    assert low <= true <= high
    if way[0] == "cut":
        further = reported + (last if true >= 0 else -last)
        low, high = interval(further, Decimal(last), unit, "cut")
        assert not low <= true <= high
