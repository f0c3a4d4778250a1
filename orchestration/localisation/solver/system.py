"""The network compiled for solving: cells as numbers with boxes, relations as rows of coefficients; and the time limit.

What does not belong here: solving anything (``simplex``, ``region``), searching answers (``search``).
"""

from __future__ import annotations

import resource
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from orchestration.ledgers.rounding import WHOLE_UNITS
from orchestration.localisation.solver.exact import Bound, Number, exact
from orchestration.localisation.solver.network import Quantity, Relation


class Clock:
    """The time limit, in seconds of processor time of this process and the processes that it has started and ended: the
    same ledger gets as far on a busy machine as on an idle one. ``check`` raises ``TimeoutError`` once it has passed.
    """

    def __init__(self, seconds: float):
        self.end = _spent() + seconds
        self._earliest = 0.0  # on the wall's clock
        self.undecided = False  # a region's whole numbers were left to the real relaxation

    def check(self) -> None:
        # Asked at every step. What the process has used costs eight times as much to read as the time of day, and can't
        # grow faster while one thread works.
        if time.monotonic() < self._earliest:
            return
        left = self.end - _spent()
        if left < 0:
            raise TimeoutError("time limit of the error localisation reached")
        self._earliest = time.monotonic() + left

    def left(self) -> float:
        return max(0.0, self.end - _spent())

    def share(self, parts: int) -> Clock:
        return Clock(self.left() / parts)


def _spent() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


@dataclass(frozen=True, slots=True)
class Inequality:
    """``low <= sum(coefficient * x) <= high``: one side of a rate, or a whole linear relation."""

    relation: int
    terms: tuple[tuple[int, Number], ...]
    low: Bound
    high: Bound
    rate: int | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """At least one of ``cells`` must change (none: nothing helps), by the ``relations`` of the certificate."""

    cells: frozenset[int]
    relations: frozenset[int]


Point = list[Number]


@dataclass(slots=True)
class System:
    quantities: Sequence[Quantity]
    relations: Sequence[Relation]
    index: dict[str, int]
    low: list[Number]
    high: list[Number]
    whole: list[bool]
    cost: list[Number]
    rows: list[Inequality]
    rows_of: list[list[int]] = field(default_factory=list)  # by cell: rows that it is a term of
    rated_by: dict[int, list[int]] = field(default_factory=dict)  # by rate cell: rows that it bounds

    @classmethod
    def build(
        cls, quantities: Sequence[Quantity], relations: Sequence[Relation], weights: Mapping[str, Decimal]
    ) -> System:
        index = {q.address: i for i, q in enumerate(quantities)}
        if len(index) != len(quantities):
            raise ValueError("an address occurs twice among the quantities")
        if any(weight <= 0 for weight in weights.values()):
            raise ValueError("reliability weights must be positive")
        rows = [row for i, relation in enumerate(relations) for row in _rows(i, relation, index, quantities)]
        system = cls(
            quantities,
            relations,
            index,
            [exact(q.low) for q in quantities],
            [exact(q.high) for q in quantities],
            [q.unit in WHOLE_UNITS for q in quantities],
            [exact(weights.get(q.ledger, Decimal(1))) for q in quantities],
            rows,
        )
        system._index_rows()
        return system

    def _index_rows(self) -> None:
        self.rows_of = [[] for _ in self.quantities]
        self.rated_by = {}
        for k, row in enumerate(self.rows):
            for cell, _ in row.terms:
                self.rows_of[cell].append(k)
            if row.rate is not None:
                self.rated_by.setdefault(row.rate, []).append(k)

    def leave_out(self, relations: Collection[int]) -> None:
        """Let relations bind nothing from here on; rows keep their numbers."""
        nothing = {k: Inequality(row.relation, (), None, None, None) for k, row in enumerate(self.rows)}
        self.rows = [nothing[k] if row.relation in relations else row for k, row in enumerate(self.rows)]
        self._index_rows()

    def printed(self) -> Point:
        return [exact(q.value) for q in self.quantities]

    def broken_rows(self) -> list[int]:
        """Rows that no choice of values within the printed intervals satisfies."""
        return [k for k, row in enumerate(self.rows) if self._broken(row)]

    def _broken(self, row: Inequality) -> bool:
        least = sum(c * (self.low[i] if c > 0 else self.high[i]) for i, c in row.terms)
        most = sum(c * (self.high[i] if c > 0 else self.low[i]) for i, c in row.terms)
        return (row.high is not None and least > row.high) or (row.low is not None and most < row.low)

    def violated(self, k: int, point: Point) -> bool:
        row = self.rows[k]
        value = sum(c * point[i] for i, c in row.terms)
        return (row.low is not None and value < row.low) or (row.high is not None and value > row.high)

    def active(self, k: int, free: Collection[int]) -> bool:
        """A relation whose rate cell is suspected binds nothing."""
        return self.rows[k].rate is None or self.rows[k].rate not in free

    def conflict_of(self, k: int) -> Conflict:
        row = self.rows[k]
        cells = {i for i, _ in row.terms} | ({row.rate} if row.rate is not None else set())
        return Conflict(frozenset(cells), frozenset({row.relation}))

    def outside(self, cell: int, value: Number) -> bool:
        return not self.low[cell] <= value <= self.high[cell]

    def touching(self, cells: Iterable[int]) -> list[int]:
        """Rows that the cells are terms or rates of, in network order."""
        return sorted({k for i in cells for k in (*self.rows_of[i], *self.rated_by.get(i, ()))})


def _rows(
    number: int, relation: Relation, index: Mapping[str, int], quantities: Sequence[Quantity]
) -> list[Inequality]:
    """The linear rows of one relation: one, or for a rate the pair ``lo*b <= a <= hi*b``."""
    named = [address for address, _ in (*relation.terms, *relation.denominator)]
    unknown = [a for a in (*named, *([relation.rate] if relation.rate else ())) if a not in index]
    if unknown:
        raise ValueError(f"{relation.name}: no such cell: {', '.join(unknown)}")
    if relation.operator not in ("=", "<=", ">="):
        raise ValueError(f"{relation.name}: unknown operator {relation.operator!r}")
    below, above = relation.operator in ("=", "<="), relation.operator in ("=", ">=")
    side = -exact(relation.constant)
    if relation.rate is None:
        terms = collect((index[a], exact(w)) for a, w in relation.terms)
        return [Inequality(number, terms, side if above else None, side if below else None, None)]
    rate = index[relation.rate]

    def against(edge: Decimal) -> tuple[tuple[int, Number], ...]:
        numerator = [(index[a], exact(w)) for a, w in relation.terms]
        return collect([*numerator, *((index[a], -exact(edge) * exact(w)) for a, w in relation.denominator)])

    floor = Inequality(number, against(quantities[rate].low), side, None, rate)
    ceiling = Inequality(number, against(quantities[rate].high), None, side, rate)
    return [floor] * above + [ceiling] * below


def collect(terms: Iterable[tuple[int, Number]]) -> tuple[tuple[int, Number], ...]:
    """Terms with one coefficient a cell and no zeros."""
    total: dict[int, Number] = {}
    for cell, coefficient in terms:
        total[cell] = total.get(cell, 0) + coefficient
    return tuple((cell, coefficient) for cell, coefficient in total.items() if coefficient != 0)
