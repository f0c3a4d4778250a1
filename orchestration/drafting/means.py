"""Candidate means of one line: of the figures beside the result, of those that a total is of or that bear one name, and
where a label says that it is a mean of any stretch. Found like sums; judged in ``relations``. The mean of any two
figures is not looked for: two rates and that of both together, a weighted mean, look the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from orchestration.drafting.lines import Candidate, Line, Ordered
from orchestration.drafting.sums import FAR_LIMIT, prefixes

#: Bits of a figure that is looked for as a mean.
_TELLING = 6
#: Terms of the longest mean beside its figures.
_LIMIT = 400
#: Terms of a mean that may begin anywhere: quarters and months.
_NEAR = 12
#: Positions at either end of a line that may hold something else than what a mean is of.
_HEAD = 4


def means_beside(line: Line, sequence: Sequence[int]) -> Iterator[Candidate]:
    """Each figure that is the mean of the figures just before it, or just behind it, as far as an edge: where figures
    begin or end, or near the end of the line (numbers and dates may stand before the first); or of a year's months.
    """
    values, prefix, spread, _ = prefixes(line, sequence)
    count = _counts(line, sequence)
    edges = _edges(line, sequence)
    telling = set(line.telling(_TELLING))
    for q, value in enumerate(values):
        if sequence[q] not in telling:
            continue
        half = line.halves[sequence[q]]
        begins = {*(i for i in edges if q - _LIMIT < i <= q - 2), *range(max(0, q - _NEAR), q - 1)}
        ends = {*(i for i in edges if q + 3 <= i <= q + _LIMIT), *range(q + 3, min(len(values), q + 1 + _NEAR) + 1)}
        windows = [*((i, q) for i in sorted(begins)), *((q + 1, i) for i in sorted(ends))]
        for i, j in windows:
            terms = count[j] - count[i]
            if terms > 1 and abs(prefix[j] - prefix[i] - value * terms) <= half * terms + spread[j] - spread[i]:
                yield Candidate("Average", sequence[q], tuple(sequence[i:j]), len(values).bit_length())


def means_anywhere(line: Line, sequence: Sequence[int], results: Sequence[int]) -> Iterator[Candidate]:
    """Each figure of ``results`` (those that are called a mean) that is the mean of any stretch of figures."""
    n = len(sequence)
    if not 2 <= n <= FAR_LIMIT:
        return
    _, prefix, spread, _ = prefixes(line, sequence)
    count = _counts(line, sequence)
    for p in results:
        value, half = line.numbers[p], line.halves[p]
        for i, j in _stretches(n) if value else ():
            terms = count[j] - count[i]
            if abs(prefix[j] - prefix[i] - value * terms) > half * terms + spread[j] - spread[i] or terms < 2:
                continue
            if p not in sequence[i:j]:
                yield Candidate("Average", p, tuple(sequence[i:j]), 2 * n.bit_length())


def _stretches(n: int) -> Iterator[tuple[int, int]]:
    for i in range(n - 1):
        for j in range(i + 2, n + 1):
            yield i, j


def means_of(line: Line, groups: Sequence[tuple[int, ...]]) -> Iterator[Candidate]:
    """Each figure that is the mean of one of these groups of figures. A blank is left out or counts as nothing."""
    shown = Ordered((line.numbers[p], p) for p in line.telling(_TELLING))
    cost = len(groups).bit_length()
    for group in groups if shown.keys else ():
        total, wide = sum(line.numbers[p] for p in group), sum(line.halves[p] for p in group)
        for terms in {len(group), sum(line.values[p] is not None for p in group)} - {0, 1}:
            near = wide // terms + line.widest + 1
            for p in shown.between(total // terms - near, total // terms + near):
                if abs(total - line.numbers[p] * terms) <= wide + line.halves[p] * terms and p not in group:
                    yield Candidate("Average", p, group, cost)


def _counts(line: Line, sequence: Sequence[int]) -> list[int]:
    """How many figures stand before each place of a sequence."""
    return [0, *accumulate(int(line.values[p] is not None) for p in sequence)]


def _edges(line: Line, sequence: Sequence[int]) -> list[int]:
    """Where a stretch of figures begins or ends, and the places near both ends of the line."""
    present = [line.values[p] is not None for p in sequence]
    n = len(sequence)
    return [
        i for i in range(n + 1)
        if i <= _HEAD or i >= n - _HEAD or present[i - 1] != present[i] or sequence[i] - sequence[i - 1] > 1
    ]  # fmt: skip
