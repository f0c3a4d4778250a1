"""One candidate on one line: whether the line keeps it, and how surprising that would be by chance. In whole numbers,
by the closed intervals of all figures; how lines add up to belief is in ``relations``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from orchestration.drafting.lines import Candidate, Line, surprise

#: The weights of a mean of two parts (men and women) differ by about one in so many.
_WEIGHTS_APART = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """One line under one candidate: None for "says nothing", else whether it keeps it, and with how many bits."""

    kept: bool | None
    bits: int = 0


def try_line(line: Line, candidate: Candidate, one: int) -> Trial:
    """A relation on one line."""
    value = line.values[candidate.result]
    if value is None:
        return Trial(None)
    if candidate.operator in ("Sum", "Average"):
        return _try_sum(line, candidate, value)
    return _try_quotient(line, candidate, value, one)


def _try_sum(line: Line, candidate: Candidate, value: int) -> Trial:
    operands = candidate.operands
    total = sum(map(line.numbers.__getitem__, operands))
    wide = sum(map(line.halves.__getitem__, operands))
    factor = 1
    if candidate.operator == "Average":
        factor = _terms(line, candidate, total, wide)
    difference = abs(total - value * factor)
    if difference > wide + line.halves[candidate.result] * factor or not factor:
        absent = all(line.values[p] is None for p in operands)
        return Trial(None if absent else False)
    terms = [p for p in operands if line.values[p] is not None]
    if not terms:  # a zero is the sum of blanks; a mean of none there is not
        return Trial(True if value == 0 and candidate.operator == "Sum" else None)
    return Trial(True, _surprise(line, candidate, terms, difference))


def _surprise(line: Line, candidate: Candidate, terms: Sequence[int], difference: int) -> int:
    """Bits that a sum or mean says of its line."""
    value = line.numbers[candidate.result]
    weighty = [p for p in terms if line.values[p]]
    if len(weighty) < 2 or value == 0:
        return 0
    unit = min(line.powers[p] for p in weighty)
    size = value // len(weighty) if candidate.operator == "Sum" else _scatter(line, terms, value)
    return surprise(size, difference, unit)


def _terms(line: Line, mean: Candidate, total: int, wide: int) -> int:
    """By how many a mean divides: blanks are left out, or count as nothing where only that holds."""
    terms = len(mean.operands)
    present = terms - list(map(line.values.__getitem__, mean.operands)).count(None)
    off = abs(total - line.numbers[mean.result] * present)
    return present if off <= wide + line.halves[mean.result] * present else terms


def _scatter(line: Line, terms: Sequence[int], mean: int) -> int:
    """A mean lies among its figures, whichever they are: what surprises is how exactly, beside how far they scatter.
    Between two figures a weighted mean is as near the middle as its weights are near each other, which is often.
    """
    if len(terms) == 2:
        return abs((line.values[terms[0]] or 0) - mean) // _WEIGHTS_APART
    return sum(abs((line.values[p] or 0) - mean) for p in terms) // len(terms) * isqrt(len(terms))


def _try_quotient(line: Line, candidate: Candidate, value: int, one: int) -> Trial:
    b, c = candidate.operands
    first, second = line.values[b], line.values[c]
    if first is None or second is None:
        return Trial(None)
    half = line.halves[candidate.result]
    numerator, denominator = (first, second) if candidate.operator == "Division" else (second - first, first)
    spread = line.halves[b] if candidate.operator == "Division" else line.halves[b] + line.halves[c]
    below = line.halves[c] if candidate.operator == "Division" else line.halves[b]
    if denominator == 0:
        return Trial(None)
    difference = abs(value * denominator - numerator * one * candidate.factor)
    if difference > half * abs(denominator) + spread * one * candidate.factor + below * abs(value):
        return Trial(False)
    if value in (0, one * candidate.factor, -one * candidate.factor) or numerator == 0:
        return Trial(True)
    off = max(0, difference // abs(denominator) - half)
    # A quotient of two small whole numbers has few digits of its own, however many are printed.
    known = sum((abs(line.values[p] or 0) // (line.powers[p] or 1)).bit_length() for p in (b, c))
    return Trial(True, min(known, surprise(value, off, line.powers[candidate.result])))
