"""Candidate sums and averages of one line: windows that end or begin beside the result, windows elsewhere, every n-th
figure, and pairs. Found by prefix sums and sorted keys, never by trying all windows against all figures.

A *sequence* is the positions that take part: all of them, or those that are no totals. An *outline* knows which stretch
an accepted total already stands for; a walk over it goes from subtotal to subtotal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from orchestration.drafting.lines import Candidate, Line, near

#: Keys looked at on each side of the one sought: bounds the work where thousands lie within rounding.
_WALK = 12
#: Positions up to which windows that do not touch the result are looked for (the work is quadratic in them).
FAR_LIMIT = 90
PAIR_LIMIT = 60
#: Subtotals that one total is followed over.
_WALK_LIMIT = 60
#: Beyond ``PAIR_LIMIT`` figures only pairs that stand this close are tried.
_PAIR_REACH = 10
#: Bits of a figure that is looked for as a sum which does not stand beside it, and as a mean.
_TELLING = 6
_STRIDES = range(2, 13)
#: Terms of the longest average, and how far an average stands behind the figures that it is of.
_AVERAGE_LIMIT = 400
#: Positions at either end of a line that may hold something else than what is averaged.
_HEAD = 4


@dataclass(frozen=True)
class Outline:
    """For each total, the farthest position that it already stands for: behind it, and before it."""

    behind: dict[int, int]
    before: dict[int, int]

    @classmethod
    def of(cls, sums: Iterable[Candidate]) -> Outline:
        behind: dict[int, int] = {}
        before: dict[int, int] = {}
        for each in sums:
            low, high = min(each.operands), max(each.operands)
            if low > each.result:
                behind[each.result] = max(high, behind.get(each.result, high))
            elif high < each.result:
                before[each.result] = min(low, before.get(each.result, low))
        return cls(behind, before)


def window_sums(line: Line, sequence: Sequence[int]) -> Iterator[Candidate]:
    """Each figure that is the sum of the figures just before it, or just behind it."""
    values, prefix, spread, weight = _prefixes(line, sequence)
    ordered = sorted((total, i) for i, total in enumerate(prefix))
    for q, value in enumerate(values):
        if not value:
            continue
        half = line.halves[sequence[q]]
        for i in _closest(ordered, prefix[q] - value, lambda i, q=q: i < q - 1):
            if abs(prefix[q] - prefix[i] - value) <= half + spread[q] - spread[i] and weight[q] - weight[i] > 1:
                yield Candidate("Sum", sequence[q], tuple(sequence[i:q]))
        for j in _closest(ordered, prefix[q + 1] + value, lambda j, q=q: j > q + 2):
            if (
                abs(prefix[j] - prefix[q + 1] - value) <= half + spread[j] - spread[q + 1]
                and weight[j] - weight[q + 1] > 1
            ):
                yield Candidate("Sum", sequence[q], tuple(sequence[q + 1 : j]))


def outline_sums(line: Line, sequence: Sequence[int], outline: Outline) -> Iterator[Candidate]:
    """Each figure that is the sum of the figures before it, or behind it; the parts of a subtotal are passed over."""
    at = {p: i for i, p in enumerate(sequence)}
    for q, p in enumerate(sequence):
        value = line.values[p]
        if not value:
            continue
        for step, passed in ((1, outline.behind), (-1, outline.before)):
            total, wide, jumped, i = 0, line.halves[p], False, q + step
            terms: list[int] = []
            while 0 <= i < len(sequence) and len(terms) < _WALK_LIMIT:
                part = sequence[i]
                total += line.values[part] or 0
                wide += line.halves[part]
                terms.append(part)
                if part in passed:
                    jumped, i = True, at[passed[part]]
                i += step
                if jumped and len(terms) > 1 and abs(total - value) <= wide and line.values[part]:
                    yield Candidate("Sum", p, tuple(sorted(terms)))


def far_sums(line: Line, sequence: Sequence[int], results: Sequence[int], extra: int = 0) -> Iterator[Candidate]:
    """Each figure of ``results`` that is the sum of a window of ``sequence`` elsewhere."""
    n = len(sequence)
    if not 2 <= n <= FAR_LIMIT:
        return
    _, prefix, spread, weight = _prefixes(line, sequence)
    ordered = _sought(line, results)
    if not ordered:
        return
    widest = max((line.halves[p] for p in results), default=0)
    cost = 2 * n.bit_length() + extra
    for i in range(n - 1):
        for j in range(i + 2, n + 1):
            if weight[j] - weight[i] < 2:
                continue
            total, wide = prefix[j] - prefix[i], spread[j] - spread[i]
            for p in near(ordered, total - wide - widest, total + wide + widest):
                if abs(total - (line.values[p] or 0)) <= wide + line.halves[p] and p not in sequence[i:j]:
                    yield Candidate("Sum", p, tuple(sequence[i:j]), cost)


def strided_sums(line: Line, sequence: Sequence[int]) -> Iterator[Candidate]:
    """Each figure that is the sum of every n-th figure of a stretch."""
    for stride in _STRIDES:
        if len(sequence) < 2 * stride or len(sequence) > 3 * FAR_LIMIT:
            return
        for first in range(stride):
            yield from far_sums(line, sequence[first::stride], sequence, stride.bit_length())


def pair_sums(line: Line, sequence: Sequence[int]) -> Iterator[Candidate]:
    """Each figure that is the sum of two others, wherever they stand."""
    filled = [p for p in sequence if line.values[p]]
    if len(filled) < 3:
        return
    ordered = _sought(line, filled)
    if not ordered:
        return
    widest = max(line.halves[p] for p in filled)
    order = {p: i for i, p in enumerate(filled)}
    reach = len(filled) if len(filled) <= PAIR_LIMIT else _PAIR_REACH
    cost = 2 * min(len(filled), 2 * reach).bit_length()
    for at, b, c in _pairs(filled, reach):
        total = line.numbers[b] + line.numbers[c]
        wide = line.halves[b] + line.halves[c]
        for p in near(ordered, total - wide - widest, total + wide + widest):
            fits = abs(total - line.numbers[p]) <= wide + line.halves[p]
            if fits and p not in (b, c) and abs(at - order[p]) <= reach:
                yield Candidate("Sum", p, (b, c), cost)


def _pairs(positions: Sequence[int], reach: int) -> Iterator[tuple[int, int, int]]:
    """Two positions that stand no farther apart than ``reach``, and the place of the first among all."""
    for at, first in enumerate(positions):
        for second in positions[at + 1 : at + 1 + reach]:
            yield at, first, second


def _sought(line: Line, positions: Sequence[int]) -> list[tuple[int, int]]:
    """Figures that can convince as results of a rare kind of sum, by value."""
    wanted = set(positions)
    return sorted((line.values[p] or 0, p) for p in line.telling(_TELLING) if p in wanted)


def averages(line: Line, sequence: Sequence[int]) -> Iterator[Candidate]:
    """Each figure that is the mean of the figures just before it, or just behind it, as far as an edge: where figures
    begin or end, or near the end of the line (numbers and dates may stand before the first).
    """
    values, prefix, spread, _ = _prefixes(line, sequence)
    count = [0, *accumulate(int(line.values[p] is not None) for p in sequence)]
    edges = _edges(line, sequence)
    telling = set(line.telling(_TELLING))
    for q, value in enumerate(values):
        if sequence[q] not in telling:
            continue
        half = line.halves[sequence[q]]
        windows = [(i, q) for i in edges if max(-1, q - _AVERAGE_LIMIT) < i <= q - 2]
        windows += [(q + 1, i) for i in edges if q + 3 <= i <= q + _AVERAGE_LIMIT]
        for i, j in windows:
            terms = count[j] - count[i]
            if terms > 1 and abs(prefix[j] - prefix[i] - value * terms) <= half * terms + spread[j] - spread[i]:
                yield Candidate("Average", sequence[q], tuple(sequence[i:j]), len(values).bit_length())


def _edges(line: Line, sequence: Sequence[int]) -> list[int]:
    """Where a stretch of figures begins or ends, and the places near both ends of the line."""
    present = [line.values[p] is not None for p in sequence]
    n = len(sequence)
    return [
        i for i in range(n + 1)
        if i <= _HEAD or i >= n - _HEAD or present[i - 1] != present[i] or sequence[i] - sequence[i - 1] > 1
    ]  # fmt: skip


def _prefixes(line: Line, sequence: Sequence[int]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Values, and their running sums, half-widths and number of those that are not zero."""
    values = [line.values[p] or 0 for p in sequence]
    return (
        values,
        [0, *accumulate(values)],
        [0, *accumulate(line.halves[p] for p in sequence)],
        [0, *accumulate(int(value != 0) for value in values)],
    )


def _closest(ordered: Sequence[tuple[int, int]], key: int, allowed: object) -> Iterator[int]:
    """The allowed entries nearest to a key, and of those that are equal to the nearest the first and the last."""
    assert callable(allowed)
    at = bisect_left(ordered, (key, -1))
    found = [(abs(total - key), i) for total, i in ordered[max(0, at - _WALK) : at + _WALK] if allowed(i)]
    if not found:
        return
    found.sort()
    best = found[0][0]
    ties = [i for distance, i in found if distance == best]
    yield from {ties[0], ties[-1]}
    yield from (i for distance, i in found[:4] if distance != best)
