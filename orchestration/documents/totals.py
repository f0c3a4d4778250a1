"""Rows that identities and spaces leave open, by the totals of their columns: all readings of all open rows together
under which every total holds. A row is decided where they all read it alike. Exact, and bounded: a table with too many
open rows stays open and is said to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from decimal import Decimal

from orchestration.documents.solve import Reading, Solved, value_of

_MOST_COMBINATIONS = 100_000


def solve_by_totals(
    solved: Sequence[Solved], totals: Sequence[bool], names: Sequence[str], summed: Set[str]
) -> list[Solved]:
    """The rows, those decided which the totals leave one reading. ``summed``: measures whose details sum to a total."""
    at = [i for i, is_total in enumerate(totals) if is_total]
    open_rows = [i for i, each in enumerate(solved) if len(each.readings) > 1]
    columns = [c for c, name in enumerate(names) if name in summed]
    if len(at) != 1 or len(solved[at[0]].readings) != 1 or not all(each.readings for each in solved):
        return list(solved)
    if math.prod(len(solved[i].readings) for i in open_rows) > _MOST_COMBINATIONS:
        return list(solved)
    target, slack = [], []
    for c in columns:
        value, half = _figure(solved[at[0]], solved[at[0]].readings[0], c)
        others = [each for i, each in enumerate(solved) if i != at[0]]
        fixed = [_figure(each, each.readings[0], c) for each in others if len(each.readings) == 1]
        finest = max((value_of(text)[1] for each in others for text in each.texts), default=Decimal(0))
        target.append(value - sum((v for v, _ in fixed), Decimal(0)))
        slack.append(half + finest * len(others))
    options = [[(reading, [_figure(solved[i], reading, c)[0] for c in columns]) for reading in solved[i].readings]
               for i in open_rows]  # fmt: skip
    fitting = list(_fitting(options, target, slack))
    decided = list(solved)
    for k, i in enumerate(open_rows):
        readings = {combination[k] for combination in fitting}
        if len(readings) == 1:
            decided[i] = replace(solved[i], readings=tuple(readings), by="totals")
    return decided


def _figure(row: Solved, reading: Reading, column: int) -> tuple[Decimal, Decimal]:
    at = reading[column]
    return (Decimal(0), Decimal(0)) if at is None else value_of(row.texts[at])


def _fitting(
    options: Sequence[Sequence[tuple[Reading, list[Decimal]]]], target: list[Decimal], slack: list[Decimal]
) -> Iterator[tuple[Reading, ...]]:
    """Every choice of one reading a row whose columns meet their totals."""
    if not options:
        if all(abs(left) <= most for left, most in zip(target, slack, strict=True)):
            yield ()
        return
    for reading, figures in options[0]:
        left = [total - figure for total, figure in zip(target, figures, strict=True)]
        for rest in _fitting(options[1:], left, slack):
            yield (reading, *rest)
