"""Which candidates are believed: each is tried on every line; lines that keep it speak for it by how unlikely that is,
lines that break it against it, and only stretches of lines in which the sum of both convinces count.

Whole numbers throughout; evidence is counted in bits. What a relation means for a contract is decided elsewhere.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from orchestration.drafting.figures import Figures
from orchestration.drafting.labels import Labels
from orchestration.drafting.lines import Candidate, Line, Lines
from orchestration.drafting.means import means_anywhere, means_beside, means_of
from orchestration.drafting.quotients import quotients
from orchestration.drafting.redundancy import KeptRelation, settle
from orchestration.drafting.sums import (
    Outline,
    far_sums,
    outline_sums,
    pair_sums,
    sought,
    strided_sums,
    sums_of,
    window_sums,
)  # fmt: skip
from orchestration.drafting.trials import Trial, try_line

#: Bits that a line which breaks a relation takes away: one in 64 lines of a true relation is wrong or different.
_BREAK = 6
#: Bits that convince: a chance of one in 2**12 that the stretch is a coincidence.
_CONVINCES = 10
#: Candidates of one figure that are tried on all lines.
_RIVALS = 8
_LEVELS = 4
#: Proportions that agree to one part in so many are the same.
_SAME = 500


@dataclass
class Relations:
    """All that was found; ``partial`` says what was left out for want of time."""

    found: list[KeptRelation] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)


def find_relations(
    figures: Figures,
    seconds: float | None = None,
    directions: Sequence[bool] = (False, True),
    labels: Mapping[bool, Labels] | None = None,
) -> Relations:
    """The relations of a table, within its rows (False) and within its columns (True).

    ``labels``: what words say of the positions of each direction.
    """
    until = None if seconds is None else time.monotonic() + seconds
    relations = Relations()
    for columns in directions:
        words = (labels or {}).get(columns, Labels())
        _Finder(Lines(figures, columns=columns), words, relations, until).run()
    return relations


def verdicts(lines: Lines, candidate: Candidate, *, complete: bool = False) -> list[bool | None]:
    """What each line says to a relation: it keeps it, breaks it, or says nothing (a figure that it needs is not there,
    or a denominator is zero). ``complete``: a line that lacks any of the figures says nothing.
    """
    needed = (candidate.result, *candidate.operands)
    return [
        None if complete and any(line.values[p] is None for p in needed) else try_line(line, candidate, lines.one).kept
        for line in lines.lines
    ]


class _Finder:
    def __init__(self, lines: Lines, labels: Labels, relations: Relations, until: float | None):
        self.lines = lines
        self.labels = labels
        self.relations = relations
        self.until = until
        self.tried: set[tuple[str, int, tuple[int, ...], int]] = set()
        self.accepted: list[KeptRelation] = []

    def run(self) -> None:
        sequence = self.lines.positions
        if len(sequence) < 3 or not self.lines.used:
            return
        sample = self.lines.sample()
        everything = self.lines.used
        self._try("sums", everything, lambda line: window_sums(line, sequence))
        for _ in range(_LEVELS):
            before = len(self.accepted)
            outline = Outline.of(self._strongest())
            self._try("totals of subtotals", everything, partial(outline_sums, sequence=sequence, outline=outline))
            if len(self.accepted) == before:
                break
        totals = {each.result for each in self._sums()}
        without_totals = [p for p in sequence if p not in totals]
        self._try("sums without subtotals", everything, lambda line: window_sums(line, without_totals))
        for heads in self._heads() - {tuple(sequence), tuple(without_totals)}:
            self._try("totals of totals", everything, partial(window_sums, sequence=heads))
        self._try("far sums", sample, lambda line: far_sums(line, sequence, sought(line, sequence)))
        self._try("far totals", sample, lambda line: far_sums(line, without_totals, sought(line, sequence)))
        self._try("strided sums", sample, lambda line: strided_sums(line, sequence))
        self._try("pairs", sample, lambda line: pair_sums(line, sequence))
        groups = self._groups()
        if groups:
            self._try("sums of one name", sample, partial(sums_of, groups=groups))
        self._means(sample, sequence, without_totals)
        self._try("quotients", sample, lambda line: quotients(line, self.lines.one))
        self.relations.found += settle(self.accepted, self.lines)

    def _heads(self) -> set[tuple[int, ...]]:
        """Positions without the parts of any total, of those that stand before their parts, of those behind them."""
        sums = self._sums()
        headings = [each for each in sums if each.result < min(each.operands)]
        endings = [each for each in sums if each.result > max(each.operands)]
        parts = ({p for each in chosen for p in each.operands} for chosen in (sums, headings, endings))
        return {tuple(p for p in self.lines.positions if p not in each) for each in parts}

    def _groups(self) -> list[tuple[int, ...]]:
        """Positions with figures that bear one name."""
        known = set(self.lines.positions)
        groups = (tuple(p for p in group if p in known) for group in self.labels.groups)
        return list(dict.fromkeys(group for group in groups if len(group) > 1))

    def _means(self, sample: Sequence[int], sequence: Sequence[int], without_totals: Sequence[int]) -> None:
        for each in {tuple(sequence), tuple(without_totals)}:
            self._try("means", sample, partial(means_beside, sequence=each))
        if called := sorted(self.labels.means & set(sequence)):
            self._try("means by name", sample, partial(means_anywhere, sequence=sequence, results=called))
        if groups := list(dict.fromkeys([*(each.operands for each in self._sums()), *self._groups()])):
            self._try("means of totals", sample, partial(means_of, groups=groups))

    def _sums(self) -> list[Candidate]:
        return [each.candidate for each in self.accepted if each.candidate.operator == "Sum"]

    def _strongest(self) -> list[Candidate]:
        """For each figure and side, the sum that has most evidence: one that a single line keeps may reach too far."""
        best: dict[tuple[int, bool], KeptRelation] = {}
        for each in self.accepted:
            side = (each.candidate.result, each.candidate.result < min(each.candidate.operands))
            if each.candidate.operator == "Sum" and (side not in best or each.bits > best[side].bits):
                best[side] = each
        return [each.candidate for each in best.values()]

    def _try(self, what: str, numbers: Sequence[int], propose: Callable[[Line], Iterable[Candidate]]) -> None:
        """Candidates of the lines with these numbers; those with most evidence are tried on all lines."""
        votes: dict[Candidate, int] = defaultdict(int)
        for number in numbers:
            if self.until is not None and time.monotonic() > self.until:
                self.relations.partial.append(what)
                break
            line = self.lines.lines[number]
            for candidate in dict.fromkeys(propose(line)):
                votes[candidate] += try_line(line, candidate, self.lines.one).bits
        rivals: dict[int, list[tuple[int, Candidate]]] = defaultdict(list)
        for candidate, bits in votes.items():
            if bits >= 4:
                rivals[candidate.result].append((bits, candidate))
        for each in rivals.values():
            each.sort(key=lambda pair: (-pair[0], pair[1].operands))
            for _, candidate in each[:_RIVALS]:
                self._judge(candidate)

    def _judge(self, candidate: Candidate) -> None:
        key = (candidate.operator, candidate.result, candidate.operands, candidate.factor)
        if key in self.tried:
            return
        self.tried.add(key)
        of_two = candidate.operator == "Average" and len(candidate.operands) == 2
        if of_two and candidate.result < min(candidate.operands):
            return  # a figure before two others amid which it lies is an estimate with its bounds, and not their mean
        trials = [try_line(self.lines.lines[i], candidate, self.lines.one) for i in self.lines.used]
        scores, least = self._scores(candidate, trials), self._least(candidate)
        if of_two and sum(scores) < least:
            return  # part of the lines may keep it where the weights of a weighted mean happen to be equal
        for low, high, bits in convincing(scores, least):
            inside = [(self.lines.used[i], trials[i]) for i in _widened(trials, low, high)]
            kept = tuple(i for i, t in inside if t.kept)
            broken = tuple(i for i, t in inside if t.kept is False)
            self.accepted.append(KeptRelation(self.lines.columns, candidate, kept, broken, bits))

    def _least(self, candidate: Candidate) -> int:
        """Bits that convince. What is rare in tables has to convince against every figure and stretch that it might be;
        what is called a mean, against every stretch.
        """
        positions, used = len(self.lines.positions).bit_length(), len(self.lines.used).bit_length()
        if candidate.operator == "Average" and candidate.result in self.labels.means:
            return _CONVINCES + candidate.cost - positions
        return _CONVINCES + candidate.cost + (positions + used if candidate.cost else 0)

    def _scores(self, candidate: Candidate, trials: Sequence[Trial]) -> list[int]:
        """What each line adds or takes away. Lines whose figures stand in the same proportion (the same amounts every
        month, a count and its share) say the same thing once.
        """
        seen: set[tuple[int, ...]] = set()
        scores = []
        for number, trial in zip(self.lines.used, trials, strict=True):
            score = 0 if trial.kept is None else trial.bits if trial.kept else -_BREAK
            if score > 0:
                values = self.lines.lines[number].values
                whole = abs(values[candidate.result] or 0) or 1
                shape = tuple((2 * (values[p] or 0) * _SAME + whole) // (2 * whole) for p in candidate.operands)
                score = 0 if shape in seen else score
                seen.add(shape)
            scores.append(score)
        return scores


def convincing(scores: Sequence[int], least: int) -> Iterator[tuple[int, int, int]]:
    """All maximal stretches of at least so much, as (first, last, sum): Ruzzo and Tompa 1999."""
    stack: list[tuple[int, int, int, int]] = []  # first, last, sum before it, sum up to its end
    total = 0
    for at, score in enumerate(scores):
        before, total = total, total + score
        if score <= 0:
            continue
        entry = (at, at, before, total)
        while True:
            below = next((k for k in range(len(stack) - 1, -1, -1) if stack[k][2] < entry[2]), None)
            if below is None or stack[below][3] >= entry[3]:
                stack.append(entry)
                break
            entry = (stack[below][0], entry[1], stack[below][2], entry[3])
            del stack[below:]
    for first, last, before, after in stack:
        if after - before >= least:
            yield first, last, after - before


def _widened(trials: Sequence[Trial], low: int, high: int) -> range:
    """A stretch with the lines at its ends that keep the relation without surprise (zeros)."""
    while low > 0 and trials[low - 1].kept is not False:
        low -= 1
    while high + 1 < len(trials) and trials[high + 1].kept is not False:
        high += 1
    return range(low, high + 1)


def instances(relation: KeptRelation) -> Iterator[tuple[tuple[int, int], list[tuple[int, int]]]]:
    """The relation's figures, line by line: (row, column) of the result and of the operands."""
    for number in relation.kept:
        places = [
            (p, number) if relation.columns else (number, p)
            for p in chain((relation.candidate.result,), relation.candidate.operands)
        ]
        yield places[0], places[1:]
