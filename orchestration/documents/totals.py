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

#: What the rows still open must bring to a column's total, and how far printing lets it be off.
Left = tuple[Decimal, Decimal]


def solve_by_totals(
    solved: Sequence[Solved], totals: Sequence[bool], names: Sequence[str], summed: Set[str]
) -> list[Solved]:
    """The rows, those decided which the totals leave one reading. ``summed``: measures whose details sum to a total."""
    at = _row_of_totals(solved, totals)
    open_rows = [i for i, each in enumerate(solved) if len(each.readings) > 1]
    if at is None or math.prod(len(solved[i].readings) for i in open_rows) > _MOST_COMBINATIONS:
        return list(solved)
    columns = [c for c, name in enumerate(names) if name in summed]
    details = [each for i, each in enumerate(solved) if i != at]
    left = [_left_to_open_rows(solved[at], details, c) for c in columns]
    fitting = list(_fitting([_options(solved[i], columns) for i in open_rows], left))
    decided = list(solved)
    for k, i in enumerate(open_rows):
        readings = {combination[k] for combination in fitting}
        if len(readings) == 1:
            decided[i] = replace(solved[i], readings=tuple(readings), by="totals")
    return decided


def _row_of_totals(solved: Sequence[Solved], totals: Sequence[bool]) -> int | None:
    """The one row of totals, where it is read in one way and every other row in some way."""
    at = [i for i, is_total in enumerate(totals) if is_total]
    if len(at) != 1 or len(solved[at[0]].readings) != 1 or not all(each.readings for each in solved):
        return None
    return at[0]


def _left_to_open_rows(total: Solved, details: Sequence[Solved], column: int) -> Left:
    """A column's total less what the rows hold that are read in one way."""
    value, half = _figure(total, total.readings[0], column)
    fixed = [_figure(each, each.readings[0], column)[0] for each in details if len(each.readings) == 1]
    finest = max((value_of(text)[1] for each in details for text in each.texts), default=Decimal(0))
    return value - sum(fixed, Decimal(0)), half + finest * len(details)


def _options(row: Solved, columns: Sequence[int]) -> list[tuple[Reading, list[Decimal]]]:
    """Each reading of a row, with what it puts into the columns."""
    return [(reading, [_figure(row, reading, c)[0] for c in columns]) for reading in row.readings]


def _figure(row: Solved, reading: Reading, column: int) -> tuple[Decimal, Decimal]:
    at = reading[column]
    return (Decimal(0), Decimal(0)) if at is None else value_of(row.texts[at])


def _fitting(
    options: Sequence[Sequence[tuple[Reading, list[Decimal]]]], left: Sequence[Left]
) -> Iterator[tuple[Reading, ...]]:
    """Every choice of one reading a row whose columns meet their totals."""
    if not options:
        if all(abs(rest) <= slack for rest, slack in left):
            yield ()
        return
    for reading, figures in options[0]:
        after = [(rest - figure, slack) for (rest, slack), figure in zip(left, figures, strict=True)]
        for others in _fitting(options[1:], after):
            yield (reading, *others)
