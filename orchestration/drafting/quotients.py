"""Candidate quotients and relative changes of one line: ``a = b / c`` and ``a = (c - b) / b``, as a fraction or in
percent. Each pair of figures gives its quotient once; whether a figure of the line shows it is looked up, not searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.drafting.lines import Candidate, Line, Ordered

#: Up to so many figures of a line every pair is tried; beyond, those that stand so near to each other.
_ALL_PAIRS, _REACH = 36, 10
#: Bits that a figure has at least, to be taken for a quotient.
_TELLING = 4


def quotients(line: Line, one: int) -> Iterator[Candidate]:
    """Each figure that is the quotient, or the relative change, of two others of the line."""
    filled = [p for p in line.filled if line.values[p]]
    if len(filled) < 3:
        return
    shown = Ordered((line.numbers[p], p) for p in line.telling(_TELLING))
    everything = len(filled) <= _ALL_PAIRS
    for at, b in enumerate(filled):
        others = filled if everything else filled[max(0, at - _REACH) : at + _REACH + 1]
        yield from _with_dividend(line, shown, b, others, one)


def _with_dividend(line: Line, shown: Ordered, b: int, others: Sequence[int], one: int) -> Iterator[Candidate]:
    """Figures that show ``b / c``, or the change from ``c`` to ``b``, for one ``b``."""
    above, wide, between = line.numbers[b], line.widest, shown.between
    cost = 2 * len(others).bit_length() + 1
    factors = [(factor, one * factor, above * one * factor) for factor in (1, 100)]
    for c in others:
        below = line.numbers[c]
        if abs(below) == abs(above):  # also b itself
            continue
        for factor, unit, scaled in factors:
            quotient = scaled // below
            for p in between(quotient - wide, quotient + wide):
                if p not in (b, c) and _rounds_to(line, p, quotient):
                    yield Candidate("Division", p, (b, c), cost, factor)
            change = quotient - unit
            for p in between(change - wide, change + wide):
                if p not in (b, c) and _rounds_to(line, p, change):
                    yield Candidate("RelativeChange", p, (c, b), cost, factor)


def _rounds_to(line: Line, p: int, value: int) -> bool:
    """The sorted figures are entered with the widest half; each has its own."""
    return abs(line.numbers[p] - value) <= line.halves[p] + 1
