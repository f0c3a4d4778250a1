"""How wide the interval of a reported figure is."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from orchestration.ledgers.rounding import half_of_last_place


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
