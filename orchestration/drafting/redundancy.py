"""Of the relations that lines keep, those that say something new: what follows from simpler ones is left out, and of
two that explain the same figure from the same parts the better one stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from orchestration.drafting.lines import Candidate, Lines


@dataclass(frozen=True)
class KeptRelation:
    """A relation that a stretch of lines keeps."""

    columns: bool  # within columns (from row to row) rather than within rows
    candidate: Candidate
    kept: tuple[int, ...]  # lines
    broken: tuple[int, ...]
    bits: int


@dataclass
class _Equation:
    """A linear relation in reduced form, and the lines that it holds in."""

    weights: dict[int, Fraction]
    lines: frozenset[int]


def settle(accepted: Sequence[KeptRelation], lines: Lines) -> list[KeptRelation]:
    """What is left of the accepted relations of one direction."""
    sums = [each for each in accepted if each.candidate.operator == "Sum"]
    means = [each for each in accepted if each.candidate.operator == "Average"]
    ratios = [each for each in accepted if each.candidate.operator in ("Division", "RelativeChange")]
    found = _without_rivals(_independent(without_echoes(sums, lines), lines), lines)
    means = _counting_once(_without_rivals(means, lines), found)
    return found + means + _one_ratio(_unexplained(ratios, [*found, *means]), lines)


def without_echoes(sums: Sequence[KeptRelation], lines: Lines) -> list[KeptRelation]:
    """Sums without those that hold only where two figures are alike: another one keeps every line with the one figure,
    and what breaks it is right by a sum of its own with the other.
    """
    whole = [each for each in sums if not each.broken]
    return [each for each in sums if not each.broken or not any(_echoes(each, other, whole, lines) for other in whole)]


def _echoes(broken: KeptRelation, other: KeptRelation, whole: Sequence[KeptRelation], lines: Lines) -> bool:
    mine, others = set(_positions(broken)), set(_positions(other))
    if len(mine - others) != 1 or len(others - mine) != 1 or not set(broken.broken) <= set(other.kept):
        return False
    (p,), (q,) = mine - others, others - mine
    if (p == broken.candidate.result) != (q == other.candidate.result):
        return False
    right = any(p in _positions(each) and set(broken.broken) <= set(each.kept) for each in whole)
    return right and all(lines.lines[n].values[p] == lines.lines[n].values[q] for n in broken.kept)


def _unexplained(ratios: Sequence[KeptRelation], found: Sequence[KeptRelation]) -> list[KeptRelation]:
    """Quotients of figures that no total or mean explains at least as well: a figure is computed once, and of a total
    there is always some figure that it is a round multiple of.
    """
    explained: dict[tuple[int, int], int] = defaultdict(int)
    for each in found:
        for n in each.kept:
            key = (n, each.candidate.result)
            explained[key] = max(explained[key], each.bits)
    left = (
        replace(each, kept=tuple(n for n in each.kept if explained[n, each.candidate.result] < each.bits))
        for each in ratios
    )
    return [each for each in left if each.kept]


def _counting_once(means: Sequence[KeptRelation], sums: Sequence[KeptRelation]) -> list[KeptRelation]:
    """Means that are not mostly of a total and its parts: such a one is a mean by chance."""
    settled = []
    for mean in means:
        parts = set(mean.candidate.operands)
        totals = (
            each for each in sums if parts.issuperset(_positions(each)) and 2 * len(_positions(each)) > len(parts)
        )
        twice = {n for each in totals for n in each.kept}
        if kept := tuple(n for n in mean.kept if n not in twice):
            settled.append(replace(mean, kept=kept))
    return settled


def _positions(relation: KeptRelation) -> tuple[int, ...]:
    return (relation.candidate.result, *relation.candidate.operands)


def _one_ratio(ratios: Sequence[KeptRelation], lines: Lines) -> list[KeptRelation]:
    """Each figure is one quotient, and of ``a = b / c``, ``c = b / a`` one is meant: the plainest of those that have
    most of the evidence, line by line.
    """
    best: dict[int, int] = defaultdict(int)
    for each in ratios:
        best[each.candidate.result] = max(best[each.candidate.result], each.bits)
    # A quotient is printed finer than what it is of, and is the smaller figure.
    fineness = {p: _fineness(p, lines) for p in best}
    size = {p: max(abs(line.values[p] or 0) for line in lines.lines) for p in best}

    def order(relation: KeptRelation) -> tuple[int, ...]:
        result, operands = relation.candidate.result, relation.candidate.operands
        weak = relation.bits * 10 < best[result] * 8
        return (weak, fineness[result], result < max(operands), size[result].bit_length(), *_plainness(relation))

    results: set[tuple[int, int]] = set()
    triples: set[tuple[int, frozenset[int]]] = set()
    settled = []
    for relation in sorted(ratios, key=order):
        result, triple = relation.candidate.result, frozenset(_positions(relation))
        kept = [n for n in relation.kept if (n, result) not in results and (n, triple) not in triples]
        results |= {(n, result) for n in kept}
        triples |= {(n, triple) for n in kept}
        if kept:
            settled.append(replace(relation, kept=tuple(kept)))
    return settled


def _fineness(p: int, lines: Lines) -> int:
    """The mean digits of the last place that a position's figures count in, in eighths: less is finer."""
    shown = [len(str(line.powers[p])) for line in lines.lines if line.powers[p]]
    return 8 * sum(shown) // max(len(shown), 1)


def _plainness(relation: KeptRelation) -> tuple[int, ...]:
    """What a person would rather have meant: beside each other, few parts, close by."""
    candidate = relation.candidate
    positions = _positions(relation)
    return (candidate.cost, len(candidate.operands), max(positions) - min(positions), -relation.bits)


def _independent(sums: Sequence[KeptRelation], lines: Lines) -> list[KeptRelation]:
    """Sums, plainest first, without those that follow from the ones before them and from figures that stand twice."""
    basis: dict[int, list[_Equation]] = defaultdict(list)
    for one, two, where in _doubles(lines):
        _reduce({one: Fraction(1), two: Fraction(-1)}, where, basis)
    found = []
    for relation in sorted(sums, key=_plainness):
        weights = {relation.candidate.result: Fraction(-1)}
        for p in relation.candidate.operands:
            weights[p] = weights.get(p, Fraction(0)) + 1
        if _reduce(weights, frozenset(relation.kept), basis):
            found.append(relation)
    return found


def _reduce(weights: dict[int, Fraction], where: frozenset[int], basis: dict[int, list[_Equation]]) -> bool:
    """Whether an equation says something new; then it joins the basis."""
    weights = dict(weights)
    lines = where
    done: set[int] = set()
    while left := [p for p in weights if p not in done]:
        pivot = min(left)
        known = next((e for e in basis[pivot] if len(e.lines & where) * 10 >= len(where) * 9), None)
        if known is None:
            done.add(pivot)
            continue
        factor = weights[pivot] / known.weights[pivot]
        for p, weight in known.weights.items():
            weights[p] = weights.get(p, Fraction(0)) - factor * weight
            if not weights[p]:
                del weights[p]
        lines = lines & known.lines
    if not weights:
        return False
    basis[min(weights)].append(_Equation(weights, lines))
    return True


def _doubles(lines: Lines) -> list[tuple[int, int, frozenset[int]]]:
    """Positions that show the same figures, as pairs, with the lines: one fact that stands twice."""
    columns: dict[tuple[int | None, ...], list[int]] = defaultdict(list)
    for p in lines.positions:
        columns[tuple(lines.lines[i].values[p] for i in lines.used)].append(p)
    return [
        (positions[0], other, frozenset(lines.used))
        for shown, positions in columns.items()
        if len({v for v in shown if v}) > 1
        for other in positions[1:]
    ]


def _without_rivals(accepted: Sequence[KeptRelation], lines: Lines) -> list[KeptRelation]:
    """Of relations that explain the same figure from the same parts, the plainest that has at least half of the
    evidence of the strongest, line by line.
    """
    taken: dict[tuple[int, int], list[frozenset[int]]] = defaultdict(list)
    settled: list[KeptRelation] = []
    best: dict[int, int] = defaultdict(int)
    for each in accepted:
        best[each.candidate.result] = max(best[each.candidate.result], each.bits)
    for relation in sorted(accepted, key=lambda r: (r.bits * 2 < best[r.candidate.result], _plainness(r))):
        candidate = relation.candidate
        kept = []
        for number in relation.kept:
            parts = frozenset(p for p in candidate.operands if lines.lines[number].values[p])
            others = taken[number, candidate.result]
            if any(parts & other for other in others) or (others and len(parts) < 2):
                continue
            others.append(parts)
            kept.append(number)
        if kept:
            settled.append(replace(relation, kept=tuple(kept)))
    return settled
