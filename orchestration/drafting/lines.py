"""A table seen as parallel lines: its rows, or its columns. A relation is looked for *within* a line and believed
because *many* lines keep it; so rows and columns are one problem, turned.

Holds the lines, the candidate relations and how surprising it is that one line keeps one. Which candidates there are is
in ``sums`` and ``quotients``; which are believed is in ``relations``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestration.drafting.figures import Figures

Operator = Literal["Sum", "Average", "Division", "RelativeChange"]
#: No single line convinces by itself beyond this: one line may keep a relation for a reason of its own.
MOST_BITS = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """One relation within a line: the figure at ``result`` is ``operator`` of those at ``operands``.

    ``cost``: in bits, how many others were tried for the same result, and how rarely tables have one of this shape.
    """

    operator: Operator
    result: int
    operands: tuple[int, ...]
    cost: int = 0
    factor: int = 1  # 100 where a quotient is printed in percent without the sign


@dataclass(frozen=True, slots=True)
class Line:
    """One row (or column): figures by position, their half-widths, and the power of ten that each counts in."""

    values: tuple[int | None, ...]
    halves: tuple[int, ...]
    powers: tuple[int, ...]  # 0 for zero and for what is no figure
    numbers: tuple[int, ...]  # the values, zero for what is no figure
    widest: int  # the greatest half-width
    bits: tuple[int, ...]  # of each figure's own digits, without the zeros behind them

    @classmethod
    def of(cls, values: Sequence[int | None], halves: Sequence[int]) -> Line:
        powers = tuple(map(_power, values))
        bits = tuple((abs(v) // power).bit_length() if v else 0 for v, power in zip(values, powers, strict=True))
        return cls(tuple(values), tuple(halves), powers, tuple(v or 0 for v in values), max(halves, default=0), bits)

    def telling(self, bits: int) -> list[int]:
        """Positions of figures that have at least so many bits of their own: small and round ones meet by chance."""
        return [p for p, own in enumerate(self.bits) if own >= bits]

    @property
    def filled(self) -> tuple[int, ...]:
        return tuple(i for i, value in enumerate(self.values) if value is not None)


class Lines:
    """All lines of one direction."""

    def __init__(self, figures: Figures, *, columns: bool):
        values: Sequence[Sequence[int | None]] = figures.values
        halves: Sequence[Sequence[int]] = figures.halves
        if columns:
            values, halves = list(zip(*values, strict=True)), list(zip(*halves, strict=True))
        self.columns = columns
        self.one = figures.one
        self.lines = [Line.of(v, h) for v, h in zip(values, halves, strict=True)]
        self.width = len(values[0]) if values else 0
        self.used = [i for i, line in enumerate(self.lines) if sum(v is not None for v in line.values) >= 2]
        self.positions = sorted({p for i in self.used for p, v in enumerate(self.lines[i].values) if v is not None})

    def sample(self, groups: int = 8, each: int = 2) -> list[int]:
        """Lines to look for candidates in: from each stretch of the table those with the most different digits."""
        if len(self.used) <= groups * each:
            return self.used
        step = -(-len(self.used) // groups)
        chosen: list[int] = []
        for start in range(0, len(self.used), step):
            stretch = self.used[start : start + step]
            chosen += sorted(stretch, key=lambda i: -_content(self.lines[i]))[:each]
        return sorted(chosen)


def _power(value: int | None) -> int:
    """The greatest power of ten that divides a figure."""
    if not value:
        return 0
    digits = str(value)
    return int(10 ** (len(digits) - len(digits.rstrip("0"))))


def _content(line: Line) -> int:
    return sum(bits for _, bits in set(zip(line.values, line.bits, strict=True)))


def surprise(size: int, difference: int, unit: int) -> int:
    """Bits: how unlikely it is that a figure of this size meets a computed one this closely by chance."""
    return min(MOST_BITS, (abs(size) // (2 * difference + max(unit, 1))).bit_length())


class Ordered:
    """Places by a key, to be looked up by what the key lies between."""

    __slots__ = ("keys", "places")

    def __init__(self, pairs: Iterable[tuple[int, int]]):
        ordered = sorted(pairs)
        self.keys = [key for key, _ in ordered]
        self.places = [place for _, place in ordered]

    def between(self, low: int, high: int) -> Sequence[int]:
        """The places whose keys lie from ``low`` to ``high``."""
        at = bisect_left(self.keys, low)
        if at == len(self.keys) or self.keys[at] > high:
            return ()
        return self.places[at : bisect_right(self.keys, high, at)]
