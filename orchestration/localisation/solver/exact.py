"""Exact numbers for the simplex: integers where they can be, fractions where they must.

What does not belong here: money and printed figures (``orchestration.ledgers.money``).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

#: An exact number. Plain integers are kept as ``int`` because they are ten times faster than ``Fraction``.
Number = int | Fraction
Bound = int | Fraction | None  # None: unbounded


def exact(value: Decimal) -> Number:
    top, bottom = value.as_integer_ratio()
    return top if bottom == 1 else Fraction(top, bottom)


def divide(top: Number, bottom: Number) -> Number:
    if isinstance(top, int) and isinstance(bottom, int) and top % bottom == 0:
        return top // bottom
    quotient = Fraction(top) / bottom
    return quotient.numerator if quotient.denominator == 1 else quotient


def magnitude(value: Number) -> Number:
    return value if value >= 0 else -value


def is_whole(value: Number) -> bool:
    return isinstance(value, int) or value.denominator == 1


def plain(value: Number) -> Number:
    return value.numerator if value.denominator == 1 else value
