"""How far rounding may have moved a reported figure: the one rule by which intervals are made of printed digits.

Rounded half up, 929.20 万元 lies between 929.195 and 929.205, both ends included (the closed interval of XBRL
Calculations 1.1). Cut off behind its last place, 929.20 lies from 929.20 up to, not including, 929.21; -929.20 down to,
not including, -929.21; and 0.00 between both -0.01 and 0.01. What does not belong here: which place is a figure's last
one (``money`` by its own digits, ``precision`` by its column or number format), what a contract states instead (there
too), comparing intervals (``dbt_project/macros/judge.sql``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeVar

#: How a table makes figures of fewer digits: the nearest one, or the digits that are left.
Rounding = Literal["half_up", "cut"]
#: Units whose base is counted and not divided: fen, persons, things.
WHOLE_UNITS = frozenset({"yuan", "person", "count"})
#: Twice the finest step in which a value of another unit is held, so that the half of an interval is held too.
_FINEST = "2e-9"
_Number = TypeVar("_Number", Decimal, Fraction)


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the true value lies about a reported one: ``value + skew`` give or take ``half_width``."""

    half_width: Decimal
    skew: Decimal = Decimal(0)


def half_of_last_place(last_place: _Number, unit: str) -> _Number:
    """Half of a figure's last place; nothing where that place is one whole fen, person or thing, or less.

    ``last_place``: in base units of ``unit`` (fen for ``yuan``).
    """
    if unit in WHOLE_UNITS and last_place <= 1:
        return last_place * 0
    return last_place / 2


def interval(value: _Number, last_place: _Number, unit: str, rounding: Rounding) -> tuple[_Number, _Number]:
    """The closed interval in which the true value lies, of which ``value`` is reported, in base units.

    ``last_place``: 0 where it is exact. A cut figure lies before the next one, which a closed interval can say too: up
    to the last value that there is before it, a fen, a person or a thing less; of rates, 2e-9. A zero may be what is
    left of either sign.
    """
    half = half_of_last_place(last_place, unit)
    if rounding == "half_up" or half == 0:
        return value - half, value + half
    reach = last_place - _step(last_place, unit)
    return value - (reach if value <= 0 else 0), value + (reach if value >= 0 else 0)


def spread(value: Decimal, last_place: Decimal, unit: str, rounding: Rounding) -> Spread:
    """``interval`` as cells hold it."""
    half = half_of_last_place(last_place, unit)
    if rounding == "half_up" or half == 0:
        return Spread(half)  # as it stands: no digit of a long value may be lost on the way
    low, high = interval(value, last_place, unit, rounding)
    return Spread((high - low) / 2, (high + low) / 2 - value)


def last_place_of(half_width: _Number, skew: _Number, unit: str, rounding: Rounding) -> _Number:
    """The last place that an interval was made of; 0 of an exact figure."""
    if rounding == "half_up" or half_width == 0:
        return 2 * half_width
    reach = half_width + abs(skew)
    return reach + _step(reach, unit)


def _step(like: _Number, unit: str) -> _Number:
    """By how much one value of a unit differs from the next."""
    return type(like)(1) if unit in WHOLE_UNITS else type(like)(_FINEST)
