"""Candidate sums of one line: windows that end or begin beside the result, windows elsewhere, every n-th figure, pairs,
and figures of the same name. Found by prefix sums and sorted keys, never by trying all windows against all figures.

A *sequence* is the positions that take part: all of them, or those that are no totals. An *outline* knows which stretch
an accepted total already stands for; a walk over it goes from subtotal to subtotal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from operator import gt, lt

from orchestration.drafting.lines import Candidate, Line, Ordered

#: Keys looked at on each side of the one sought: bounds the work where thousands lie within rounding.
_WALK = 12
#: Positions up to which windows that do not touch the result are looked for (the work is quadratic in them).
FAR_LIMIT = 90
PAIR_LIMIT = 60
#: Subtotals that one total is followed over.
_WALK_LIMIT = 60
#: Beyond ``PAIR_LIMIT`` figures only pairs that stand this close are tried.
_PAIR_REACH = 10
#: Bits of a figure that is looked for as a sum which does not stand beside it.
_TELLING = 6
_STRIDES = range(2, 13)


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
    values, prefix, spread, weight = prefixes(line, sequence)
    ordered = Ordered((total, i) for i, total in enumerate(prefix))
    for q, value in enumerate(values):
        if not value:
            continue
        half = line.halves[sequence[q]]
        for i in _closest(ordered, prefix[q] - value, partial(gt, q - 1)):
            if abs(prefix[q] - prefix[i] - value) <= half + spread[q] - spread[i] and weight[q] - weight[i] > 1:
                yield Candidate("Sum", sequence[q], tuple(sequence[i:q]))
        for j in _closest(ordered, prefix[q + 1] + value, partial(lt, q + 2)):
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


def far_sums(line: Line, sequence: Sequence[int], sought: Ordered, extra: int = 0) -> Iterator[Candidate]:
    """Each figure of ``sought`` that is the sum of a window of ``sequence`` elsewhere."""
    n = len(sequence)
    if not 2 <= n <= FAR_LIMIT or not sought.keys:
        return
    _, prefix, spread, weight = prefixes(line, sequence)
    between, widest = sought.between, line.widest
    cost = 2 * n.bit_length() + extra
    for i in range(n - 1):
        before, narrow, light = prefix[i], spread[i] - widest, weight[i] + 2
        for j in range(i + 2, n + 1):
            if weight[j] < light:
                continue
            total, most = prefix[j] - before, spread[j] - narrow
            for p in between(total - most, total + most):
                if abs(total - line.numbers[p]) <= most - widest + line.halves[p] and p not in sequence[i:j]:
                    yield Candidate("Sum", p, tuple(sequence[i:j]), cost)


def strided_sums(line: Line, sequence: Sequence[int]) -> Iterator[Candidate]:
    """Each figure that is the sum of every n-th figure of a stretch."""
    results = sought(line, sequence)
    for stride in _STRIDES:
        if len(sequence) < 2 * stride or len(sequence) > 3 * FAR_LIMIT:
            return
        for first in range(stride):
            yield from far_sums(line, sequence[first::stride], results, stride.bit_length())


def pair_sums(line: Line, sequence: Sequence[int]) -> Iterator[Candidate]:
    """Each figure that is the sum of two others, wherever they stand."""
    filled = [p for p in sequence if line.values[p]]
    if len(filled) < 3:
        return
    results = sought(line, filled)
    if not results.keys:
        return
    order = {p: i for i, p in enumerate(filled)}
    reach = len(filled) if len(filled) <= PAIR_LIMIT else _PAIR_REACH
    cost = 2 * min(len(filled), 2 * reach).bit_length()
    for at, b, c in _pairs(filled, reach):
        total = line.numbers[b] + line.numbers[c]
        wide = line.halves[b] + line.halves[c]
        for p in results.between(total - wide - line.widest, total + wide + line.widest):
            fits = abs(total - line.numbers[p]) <= wide + line.halves[p]
            if fits and p not in (b, c) and abs(at - order[p]) <= reach:
                yield Candidate("Sum", p, (b, c), cost)


def sums_of(line: Line, groups: Sequence[tuple[int, ...]]) -> Iterator[Candidate]:
    """Each figure that is the sum of one of these groups of figures."""
    results = sought(line, range(len(line.values)))
    cost = len(groups).bit_length()
    for group in groups if results.keys else ():
        total, wide = sum(line.numbers[p] for p in group), sum(line.halves[p] for p in group)
        for p in results.between(total - wide - line.widest, total + wide + line.widest):
            if abs(total - line.numbers[p]) <= wide + line.halves[p] and p not in group:
                yield Candidate("Sum", p, group, cost)


def _pairs(positions: Sequence[int], reach: int) -> Iterator[tuple[int, int, int]]:
    """Two positions that stand no farther apart than ``reach``, and the place of the first among all."""
    for at, first in enumerate(positions):
        for second in positions[at + 1 : at + 1 + reach]:
            yield at, first, second


def sought(line: Line, positions: Sequence[int]) -> Ordered:
    """Figures that can convince as results of a rare kind of sum, by value."""
    wanted = set(positions)
    return Ordered((line.numbers[p], p) for p in line.telling(_TELLING) if p in wanted)


def prefixes(line: Line, sequence: Sequence[int]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Values, and their running sums, half-widths and number of those that are not zero."""
    values = [line.values[p] or 0 for p in sequence]
    return (
        values,
        [0, *accumulate(values)],
        [0, *accumulate(line.halves[p] for p in sequence)],
        [0, *accumulate(int(value != 0) for value in values)],
    )


def _closest(ordered: Ordered, key: int, allowed: Callable[[int], bool]) -> Iterator[int]:
    """The allowed entries nearest to a key, and of those that are equal to the nearest the first and the last."""
    at = bisect_left(ordered.keys, key)
    low, high = max(0, at - _WALK), at + _WALK
    found = [
        (abs(total - key), i)
        for total, i in zip(ordered.keys[low:high], ordered.places[low:high], strict=True)
        if allowed(i)
    ]
    if not found:
        return
    found.sort()
    best = found[0][0]
    ties = [i for distance, i in found if distance == best]
    yield from {ties[0], ties[-1]}
    yield from (i for distance, i in found[:4] if distance != best)
