"""How far rounding may have moved a reported figure: the one rule by which intervals are made of printed digits.

Printed 929.20 万元 lies between 929.195 and 929.205, both ends included (the closed interval of XBRL Calculations 1.1).
What does not belong here: which place is a figure's last one (``money`` by its own digits, ``precision`` by its column
or number format), what a contract states instead (there too), comparing intervals (``dbt_project/macros/judge.sql``).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

#: Units whose base is counted and not divided: fen, persons, things.
WHOLE_UNITS = frozenset({"yuan", "person", "count"})
_Number = TypeVar("_Number", Decimal, Fraction)


def half_of_last_place(last_place: _Number, unit: str) -> _Number:
    """Half of a figure's last place; nothing where that place is one whole fen, person or thing, or less.

    ``last_place``: in base units of ``unit`` (fen for ``yuan``).
    """
    if unit in WHOLE_UNITS and last_place <= 1:
        return last_place * 0
    return last_place / 2
