"""Candidate quotients and relative changes of one line: ``a = b / c`` and ``a = (c - b) / b``, as a fraction or in
percent. Each pair of figures gives its quotient once; whether a figure of the line shows it is looked up, not searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.drafting.lines import Candidate, Line, near

#: Up to so many figures of a line every pair is tried; beyond, those that stand so near to each other.
_ALL_PAIRS, _REACH = 36, 10
#: Bits that a figure has at least, to be taken for a quotient.
_TELLING = 4


def quotients(line: Line, one: int) -> Iterator[Candidate]:
    """Each figure that is the quotient, or the relative change, of two others of the line."""
    filled = [p for p in line.filled if line.values[p]]
    everything = len(filled) <= _ALL_PAIRS
    if len(filled) < 3:
        return
    ordered = sorted((line.values[p] or 0, p) for p in line.telling(_TELLING))
    for at, b in enumerate(filled):
        others = filled if everything else filled[max(0, at - _REACH) : at + _REACH + 1]
        tried = 2 * len(others).bit_length() + 1
        for c in others:
            if b != c:
                yield from _shown(line, ordered, b, c, one, tried)


def _shown(line: Line, ordered: Sequence[tuple[int, int]], b: int, c: int, one: int, cost: int) -> Iterator[Candidate]:
    above, below = line.values[b], line.values[c]
    assert above and below
    if abs(above) == abs(below):
        return
    for factor in (1, 100):
        shown = above * one * factor // below
        for p in _at(line, ordered, shown):
            if p not in (b, c):
                yield Candidate("Division", p, (b, c), cost, factor)
        change = shown - one * factor
        for p in _at(line, ordered, change):
            if p not in (b, c):
                yield Candidate("RelativeChange", p, (c, b), cost, factor)


def _at(line: Line, ordered: Sequence[tuple[int, int]], shown: int) -> Iterator[int]:
    """Figures that this value rounds to: the sorted list is entered with the widest half, then each has its own."""
    widest = max(line.halves)
    for p in near(ordered, shown - widest, shown + widest):
        if abs((line.values[p] or 0) - shown) <= line.halves[p] + 1:
            yield p
