"""A grid of text as exact integers of one scale, with the half-width that each figure's last place implies.

Relations are looked for in whole numbers: ``1,234.50`` in a grid whose finest figure has two places becomes 1234500
(one place more than printed, so that half of a last place is whole too). What is no figure is None. Text that is blank
or a dash counts as nothing in a sum. Units, contracts and what a column means do not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

#: Finer than this no ledger prints; binary floats shown in full (0.30000000000000004) are cut to it.
_MOST_PLACES = 15
#: No amount has more digits before its fraction.
_MOST_DIGITS = 28
#: So many different figures must share a factor before it is taken for a rounding base (chance at most 3**-24).
_ENOUGH_TO_SHARE = 24
_BASES = (3, 5)
_SPACES = str.maketrans({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}) | str.maketrans(
    "", "", " \u00a0\u2009\u202f\u3000\t\n\r"
)
_FIGURE = re.compile(
    r"(?P<open>\()?(?P<sign>[-+−–])?[$€£¥￥]?(?P<sign2>-)?(?P<whole>\d*)(?:\.(?P<fraction>\d*))?(?:[eE](?P<power>[-+]?\d{1,2}))?"
    r"(?P<percent>[%％])?(?P<close>\))?(?P<percent2>%)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Notation:
    """How figures are written: what stands between thousands and what before the fraction."""

    thousands: str = ","
    point: str = "."


@dataclass(frozen=True)
class Figures:
    """``values[r][c]``: the figure times ``10**scale``, or None; ``halves[r][c]``: half of its last place, likewise."""

    values: list[list[int | None]]
    halves: list[list[int]]
    scale: int

    @property
    def one(self) -> int:
        return int(10**self.scale)


def read_figure(text: str, notation: Notation) -> tuple[int, int] | None:
    """A printed figure as ``(digits, places)``: the value is ``digits / 10**places``. None where it is none."""
    match = _parts(text, notation)
    if match is None:
        return None
    fraction = match["fraction"] or ""
    places = len(fraction) - int(match["power"] or 0) + (2 if match["percent"] or match["percent2"] else 0)
    digits = int((match["whole"] or "0") + fraction)
    if places > _MOST_PLACES:
        digits, places = digits // 10 ** (places - _MOST_PLACES), _MOST_PLACES
    if places < 0:
        digits, places = digits * 10**-places, 0
    negative = bool(match["open"]) or (match["sign"] or match["sign2"] or "+") != "+"
    return (-digits if negative else digits), places


def _parts(text: str, notation: Notation) -> re.Match[str] | None:
    """Sign, digits and percent sign of a printed figure; None where it is none, or one that nobody prints."""
    plain = text.translate(_SPACES)
    if not plain or not any("0" <= c <= "9" for c in plain):
        return None
    if notation.thousands.strip():
        plain = plain.replace(notation.thousands, "")
    if notation.point != ".":
        plain = plain.replace(notation.point, ".")
    match = _FIGURE.fullmatch(plain)
    if not match or bool(match["open"]) != bool(match["close"]) or not (match["whole"] or match["fraction"]):
        return None
    return match if len(match["whole"]) <= _MOST_DIGITS else None


def read_figures(rows: Sequence[Sequence[str]], notation: Notation = Notation()) -> Figures:
    """The grid's figures at one scale. Rows may be of unequal length; the result's are not."""
    width = max((len(row) for row in rows), default=0)
    read = [[read_figure(text, notation) for text in row] + [None] * (width - len(row)) for row in rows]
    places = max((found[1] for row in read for found in row if found), default=0)
    scale = places + 1
    values: list[list[int | None]] = []
    halves: list[list[int]] = []
    for row in read:
        values.append([found[0] * 10 ** (scale - found[1]) if found else None for found in row])
        halves.append([10 ** (scale - found[1]) // 2 if found else 0 for found in row])
    base = rounding_base(values, 10**scale)
    if base > 1:
        # Offices that protect persons round to a base, up or down: a figure is off by less than the base.
        halves = _at_least((base - 1) * 10**scale, halves)
    return Figures(values, halves, scale)


def _at_least(wide: int, halves: Sequence[Sequence[int]]) -> list[list[int]]:
    """Half-widths of figures, none less than ``wide``; what is no figure has none."""
    return [[max(half, wide) if half else 0 for half in row] for row in halves]


def rounding_base(values: Sequence[Sequence[int | None]], one: int) -> int:
    """The base that all of a grid's counts are multiples of (3 or 5, as statistics of persons are rounded), or 1."""
    seen = {abs(value) for row in values for value in row if value and not 1900 * one <= abs(value) <= 2100 * one}
    if len(seen) < _ENOUGH_TO_SHARE:
        return 1
    shared = gcd(*seen)
    if shared % one or shared % (10 * one) == 0:
        return 1
    return next((base for base in _BASES if shared == base * one), 1)
