"""Which cells would have to change so that every relation holds: error localisation, proved in exact arithmetic.

The question is Fellegi and Holt's (1976, JASA 71:17-35): the cheapest set of figures whose change satisfies all edits
at once. Each cell outside the set keeps to the closed interval that its print implies (XBRL Calculations 1.1); a cell
inside it may take any value, a whole one where its unit is whole (fen, persons, counts).

How it is answered:

1. A *conflict* is a set of cells of which at least one must change. A broken relation is one; every other one is read
   off an infeasible simplex row (a Farkas certificate, that is an implied edit: cells that cancel are not in it).
2. An answer hits every conflict. Cheapest hitting sets are enumerated, each is tried, and each failure yields a new
   conflict, until none fails (Reiter 1987; Moreno-Centeno and Karp 2013). Conflicts that share no cell are separate
   faults, so cost follows the damage. The cheapest sets of separate faults add up to a lower bound of the whole, and
   the answers shown are verified together: so the sum is the minimum; every minimal answer is one choice per fault.
3. Whether a set suffices is decided near the fault: starting from a point at which every relation holds, a small
   region is solved by an exact simplex (Dutertre and de Moura 2006) with all cells at its border pinned. The region
   grows only where a pinned cell is to blame; a certificate that blames no pin is valid for the whole network.

Doubles occur in ``_propose`` alone, which offers a starting point; it is rounded, and repaired exactly where it fails.
What does not belong here: reading cells, judging relations (dbt does), ranking answers (``slips``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from orchestration.reconciliation.network import Quantity, Relation

#: Units whose true values are whole (money in fen).
WHOLE_UNITS = frozenset({"yuan", "person", "count"})

#: An exact number. Plain integers are kept as ``int`` because they are ten times faster than ``Fraction``.
Number = int | Fraction
Bound = int | Fraction | None  # None: unbounded


@dataclass(frozen=True, slots=True)
class Change:
    """One cell of an answer. Numbers are in the cell's base unit (fen, ones, fractions).

    ``low``/``high``: the closed interval of all values that the cell can take while every relation holds and only the
    cells of this answer leave their printed intervals; None where unbounded. ``exact`` is False where the time ran
    out (then None means unknown) or where whole-number effects were not resolved (then the interval is the real one).
    ``value``: one value that was verified.
    """

    address: str
    low: Fraction | None
    high: Fraction | None
    value: Fraction
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """Cells whose change lets every relation hold. ``minimal``: proven that no cheaper set of this fault does."""

    changes: tuple[Change, ...]
    cost: Fraction
    minimal: bool

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(change.address for change in self.changes)


@dataclass(frozen=True, slots=True)
class Fault:
    """Relations that must be put right together.

    ``relations``: names of the broken ones; where each holds within rounding, the irreducible set that fails jointly.
    ``answers``: all minimal ones, in network order (ranking is by ``slips``); none where no change of cells can help.
    ``at_least``: proven lower bound of the cost. ``complete``: minimality proven and every minimal answer listed; False
    where the time ran out, or where it was not settled whether an answer listed works in whole numbers (it does in real
    ones; thin cones of printed rates over wide intervals). ``capped``: there are more answers than ``cap``.
    """

    relations: tuple[str, ...]
    answers: tuple[Answer, ...]
    at_least: Fraction
    complete: bool = True
    capped: bool = False

    @property
    def unique(self) -> bool:
        return self.complete and len(self.answers) == 1


@dataclass(frozen=True, slots=True)
class Localisation:
    """All faults of a network. ``complete`` is False where anything was cut short or left unsettled."""

    faults: tuple[Fault, ...]
    complete: bool = True


def localise(
    quantities: Sequence[Quantity],
    relations: Sequence[Relation],
    *,
    time_limit: float = 60,
    cap: int = 100,
    weights: Mapping[str, Decimal] | None = None,
) -> Localisation:
    """Find every cheapest set of cells whose change lets every relation hold, fault by fault.

    ``time_limit`` in seconds; ``cap``: most answers listed for one fault; ``weights``: cost of changing one cell, by
    ledger (1 where not given, must be positive). Raises ``ValueError`` for a relation on an unknown cell, an unknown
    operator, an address given twice or a weight that is not positive.
    """
    return _Localiser(_System.build(quantities, relations, weights or {}), _Clock(time_limit), cap).run()


def joint_conflict(
    quantities: Sequence[Quantity], relations: Sequence[Relation], *, time_limit: float = 60
) -> tuple[str, ...] | None:
    """Names of an irreducible set of relations that each hold within rounding but not together; None if there is none.

    Relations broken by themselves are left out. Irreducible: without any one of its relations, the set holds.
    Raises ``TimeoutError`` where the question is not decided in ``time_limit`` seconds.
    """
    clock = _Clock(time_limit)
    whole = _System.build(quantities, relations, {})
    broken = {whole.rows[k].relation for k in whole.broken_rows()}
    system = _System.build(quantities, [r for i, r in enumerate(relations) if i not in broken], {})
    point = system.printed()
    _propose(system, point, frozenset(), clock)
    conflict = _settle(system, point, frozenset(), range(len(system.rows)), clock)
    return _irreducible(system, conflict.relations, clock) if conflict else None


# --- the network, compiled ----------------------------------------------------------------------------------------


class _Clock:
    """The time limit. ``check`` raises ``TimeoutError`` once it has passed."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds
        self.undecided = False  # a region's whole numbers were left to the real relaxation

    def check(self) -> None:
        if time.monotonic() > self.end:
            raise TimeoutError("time limit of the error localisation reached")

    def left(self) -> float:
        return max(0.0, self.end - time.monotonic())

    def share(self, parts: int) -> _Clock:
        return _Clock(self.left() / parts)


@dataclass(frozen=True, slots=True)
class _Row:
    """``low <= sum(coefficient * x) <= high``: one side of a rate, or a whole linear relation."""

    relation: int
    terms: tuple[tuple[int, Number], ...]
    low: Bound
    high: Bound
    rate: int | None


@dataclass(frozen=True, slots=True)
class _Conflict:
    """At least one of ``cells`` must change (none: nothing helps), by the ``relations`` of the certificate."""

    cells: frozenset[int]
    relations: frozenset[int]


Point = list[Number]


@dataclass(slots=True)
class _System:
    quantities: Sequence[Quantity]
    relations: Sequence[Relation]
    index: dict[str, int]
    low: list[Number]
    high: list[Number]
    whole: list[bool]
    cost: list[Number]
    rows: list[_Row]
    rows_of: list[list[int]] = field(default_factory=list)  # by cell: rows that it is a term of
    rated_by: dict[int, list[int]] = field(default_factory=dict)  # by rate cell: rows that it bounds

    @classmethod
    def build(
        cls, quantities: Sequence[Quantity], relations: Sequence[Relation], weights: Mapping[str, Decimal]
    ) -> _System:
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
            [_number(q.value) - _number(q.half_width) for q in quantities],
            [_number(q.value) + _number(q.half_width) for q in quantities],
            [q.unit in WHOLE_UNITS for q in quantities],
            [_number(weights.get(q.ledger, Decimal(1))) for q in quantities],
            rows,
        )
        system.rows_of = [[] for _ in quantities]
        for k, row in enumerate(rows):
            for cell, _ in row.terms:
                system.rows_of[cell].append(k)
            if row.rate is not None:
                system.rated_by.setdefault(row.rate, []).append(k)
        return system

    def printed(self) -> Point:
        return [_number(q.value) for q in self.quantities]

    def broken_rows(self) -> list[int]:
        """Rows that no choice of values within the printed intervals satisfies."""
        return [k for k, row in enumerate(self.rows) if self._broken(row)]

    def _broken(self, row: _Row) -> bool:
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

    def conflict_of(self, k: int) -> _Conflict:
        row = self.rows[k]
        cells = {i for i, _ in row.terms} | ({row.rate} if row.rate is not None else set())
        return _Conflict(frozenset(cells), frozenset({row.relation}))

    def outside(self, cell: int, value: Number) -> bool:
        return not self.low[cell] <= value <= self.high[cell]

    def touching(self, cells: Iterable[int]) -> list[int]:
        """Rows that the cells are terms or rates of, in network order."""
        return sorted({k for i in cells for k in (*self.rows_of[i], *self.rated_by.get(i, ()))})


def _number(value: Decimal) -> Number:
    top, bottom = value.as_integer_ratio()
    return top if bottom == 1 else Fraction(top, bottom)


def _divide(top: Number, bottom: Number) -> Number:
    if isinstance(top, int) and isinstance(bottom, int) and top % bottom == 0:
        return top // bottom
    quotient = Fraction(top) / bottom
    return quotient.numerator if quotient.denominator == 1 else quotient


def _size(value: Number) -> Number:
    return value if value >= 0 else -value


def _is_whole(value: Number) -> bool:
    return isinstance(value, int) or value.denominator == 1


def _rows(number: int, relation: Relation, index: Mapping[str, int], quantities: Sequence[Quantity]) -> list[_Row]:
    """The linear rows of one relation: one, or for a rate the pair ``lo*b <= a <= hi*b``."""
    named = [address for address, _ in (*relation.terms, *relation.denominator)]
    unknown = [a for a in (*named, *([relation.rate] if relation.rate else ())) if a not in index]
    if unknown:
        raise ValueError(f"{relation.name}: no such cell: {', '.join(unknown)}")
    if relation.operator not in ("=", "<=", ">="):
        raise ValueError(f"{relation.name}: unknown operator {relation.operator!r}")
    below, above = relation.operator in ("=", "<="), relation.operator in ("=", ">=")
    side = -_number(relation.constant)
    if relation.rate is None:
        terms = _collect((index[a], _number(w)) for a, w in relation.terms)
        return [_Row(number, terms, side if above else None, side if below else None, None)]
    rate = index[relation.rate]

    def against(edge: Decimal) -> tuple[tuple[int, Number], ...]:
        numerator = [(index[a], _number(w)) for a, w in relation.terms]
        return _collect([*numerator, *((index[a], -_number(edge) * _number(w)) for a, w in relation.denominator)])

    floor = _Row(number, against(quantities[rate].low), side, None, rate)
    ceiling = _Row(number, against(quantities[rate].high), None, side, rate)
    return [floor] * above + [ceiling] * below


def _collect(terms: Iterable[tuple[int, Number]]) -> tuple[tuple[int, Number], ...]:
    """Terms with one coefficient a cell and no zeros."""
    total: dict[int, Number] = {}
    for cell, coefficient in terms:
        total[cell] = total.get(cell, 0) + coefficient
    return tuple((cell, coefficient) for cell, coefficient in total.items() if coefficient != 0)


# --- the exact simplex --------------------------------------------------------------------------------------------

#: Pivots chosen for sparsity before Bland's rule, which always ends, takes over. Bears on speed only.
_FREE_PIVOTS = 200
#: Pinned cells released at once where an optimum, not an infeasibility, runs into them. Bears on speed only.
_RELEASED_AT_ONCE = 4
#: Branches on whole numbers tried for one region before the real relaxation has to do.
_BRANCHES = 200
#: Whole numbers tried beside the optimum of the real relaxation.
_STEPS = 20


@dataclass(frozen=True, slots=True)
class _Infeasible:
    """A simplex row that cannot reach its bound: each of ``blockers`` moves as far as it may and ``gap`` is left.

    ``blockers``: (variable, gain of the row in its favour when the variable rises by one).
    """

    blockers: tuple[tuple[int, Number], ...]
    gap: Number


class _Tableau:
    """Rational bounded simplex on sparse rows; variables enter at any value within their bounds."""

    def __init__(self, clock: _Clock, cells: int):
        self.clock, self.cells = clock, cells  # variables below ``cells`` are cells, from there on slacks of rows
        self.low: dict[int, Bound] = {}
        self.high: dict[int, Bound] = {}
        self.value: dict[int, Number] = {}
        self.rows: dict[int, dict[int, Number]] = {}  # basic variable -> nonbasic variable -> coefficient
        self.columns: dict[int, set[int]] = {}  # nonbasic variable -> basic variables whose rows contain it
        self.wrong: set[int] = set()  # basic variables outside their bounds

    def add_variable(self, name: int, value: Number, low: Bound, high: Bound) -> None:
        self.value[name], self.low[name], self.high[name] = value, low, high
        self.columns[name] = set()

    def add_row(self, name: int, terms: Iterable[tuple[int, Number]], low: Bound, high: Bound) -> None:
        """Add the basic variable ``name = sum(terms)``."""
        row: dict[int, Number] = {}
        for variable, coefficient in terms:
            for part, factor in self.rows.get(variable, {variable: 1}).items():
                row[part] = row.get(part, 0) + coefficient * factor
        row = {part: factor for part, factor in row.items() if factor != 0}
        for part in row:
            self.columns[part].add(name)
        self.rows[name] = row
        self.value[name] = sum(factor * self.value[part] for part, factor in row.items())
        self.set_bounds(name, low, high)

    def set_bounds(self, name: int, low: Bound, high: Bound) -> None:
        self.low[name], self.high[name] = low, high
        if name in self.rows:
            self._note(name)
        elif low is not None and self.value[name] < low:
            self._move(name, low - self.value[name])
        elif high is not None and self.value[name] > high:
            self._move(name, high - self.value[name])

    def _note(self, basic: int) -> None:
        low, high, value = self.low[basic], self.high[basic], self.value[basic]
        wrong = (low is not None and value < low) or (high is not None and value > high)
        (self.wrong.add if wrong else self.wrong.discard)(basic)

    def _move(self, nonbasic: int, step: Number) -> None:
        self.value[nonbasic] += step
        for basic in self.columns[nonbasic]:
            self.value[basic] += self.rows[basic][nonbasic] * step
            self._note(basic)

    def room(self, name: int, upward: bool) -> Bound:
        """How far a variable may still move; None: without end."""
        edge = self.high[name] if upward else self.low[name]
        return None if edge is None else _size(edge - self.value[name])

    def _pivot(self, leaving: int, entering: int) -> None:
        row = self.rows.pop(leaving)
        factor = row.pop(entering)
        fresh = {part: _divide(-coefficient, factor) for part, coefficient in row.items()}
        fresh[leaving] = _divide(1, factor)
        users = self.columns.pop(entering)
        users.discard(leaving)
        for part in row:
            self.columns[part].discard(leaving)
            self.columns[part].add(entering)
        self.columns[leaving] = {entering}
        for basic in users:
            target = self.rows[basic]
            scale = target.pop(entering)
            for part, coefficient in fresh.items():
                old = target.get(part)
                new = scale * coefficient if old is None else old + scale * coefficient
                if new == 0:
                    del target[part]
                    self.columns[part].discard(basic)
                else:
                    target[part] = new
                    if old is None:
                        self.columns[part].add(basic)
        self.rows[entering] = fresh
        self.wrong.discard(leaving)
        self._note(entering)

    def check(self) -> _Infeasible | None:
        """Bring every variable within its bounds, or say which row cannot be."""
        pivots = 0
        while self.wrong:
            self.clock.check()
            pivots += 1
            basic = min(self.wrong)
            low = self.low[basic]
            upward = low is not None and self.value[basic] < low
            target = low if upward else self.high[basic]
            assert target is not None
            row = self.rows[basic]
            movable = [j for j, a in row.items() if self.room(j, (a > 0) == upward) != 0]
            if not movable:
                blockers = ((j, a if upward else -a) for j, a in row.items())
                return _Infeasible((*blockers, (basic, -1 if upward else 1)), _size(target - self.value[basic]))
            entering = min(movable) if pivots > _FREE_PIVOTS else min(movable, key=self._unfitness)
            self._move(entering, _divide(target - self.value[basic], row[entering]))
            self._pivot(basic, entering)
        return None

    def _unfitness(self, name: int) -> tuple[bool, bool, int, int]:
        """Slack of inequalities first (it need not be whole), then what has no bounds (once basic it never fails
        again), then what few rows use."""
        bounded = self.low[name] is not None or self.high[name] is not None
        return name < self.cells, bounded, len(self.columns[name]), name

    def maximise(self, goal: int) -> tuple[bool, tuple[tuple[int, Number], ...]]:
        """Raise the basic variable ``goal`` as far as it goes from a feasible point.

        Returns (bounded, blockers): the nonbasic variables that hold it, each with its gain.
        """
        pivots = 0
        while True:
            self.clock.check()
            pivots += 1
            row = self.rows[goal]
            movable = [j for j, a in row.items() if self.room(j, a > 0) != 0]
            if not movable:
                return True, tuple(row.items())
            entering = min(movable) if pivots > _FREE_PIVOTS else min(movable, key=self._unfitness)
            upward = row[entering] > 0
            limit, leaving = self.room(entering, upward), entering
            for basic in sorted(self.columns[entering]):
                room = self.room(basic, (self.rows[basic][entering] > 0) == upward)
                if room is None:
                    continue
                step = _divide(room, _size(self.rows[basic][entering]))
                if limit is None or step < limit:
                    limit, leaving = step, basic
            if limit is None:
                return False, ()
            self._move(entering, limit if upward else -limit)
            if leaving != entering:
                self._pivot(leaving, entering)


# --- a region of the network --------------------------------------------------------------------------------------

_GOAL = -1


class _Region:
    """Some rows of the system around a fault; cells that rows outside also use are pinned to the point.

    A solution of the region is a solution of the whole, since what is outside does not move. Grows by ``_release``.
    """

    def __init__(self, system: _System, point: Point, free: Collection[int], clock: _Clock):
        self.system, self.point, self.free, self.clock = system, point, free, clock
        self.tableau = _Tableau(clock, len(system.quantities))
        self.undecided = False  # whole numbers were left to the real relaxation
        self.inside: set[int] = set()
        self.pinned: set[int] = set()

    def include(self, rows: Iterable[int]) -> None:
        """Add rows (those active); then pin exactly the cells that rows outside still use."""
        fresh = [k for k in rows if k not in self.inside and self.system.active(k, self.free)]
        self.inside.update(fresh)
        cells = {i for k in fresh for i, _ in self.system.rows[k].terms}
        for i in sorted(cells):
            if i not in self.tableau.value:
                self.tableau.add_variable(i, self.point[i], self.point[i], self.point[i])
                self.pinned.add(i)
        for k in fresh:
            row = self.system.rows[k]
            self.tableau.add_row(len(self.system.quantities) + k, row.terms, row.low, row.high)
        for i in sorted(cells & self.pinned):
            if all(k in self.inside or not self.system.active(k, self.free) for k in self.system.rows_of[i]):
                self.pinned.discard(i)
                self.tableau.set_bounds(i, *self.box(i))

    def box(self, cell: int) -> tuple[Bound, Bound]:
        return (None, None) if cell in self.free else (self.system.low[cell], self.system.high[cell])

    def _slack(self, cell: int, upward: bool) -> Bound:
        """How far a pinned cell could move if it were not pinned."""
        low, high = self.box(cell)
        edge = high if upward else low
        return None if edge is None else _size(edge - self.point[cell])

    def _releasable(self, blockers: Iterable[tuple[int, Number]]) -> list[tuple[Number | None, int]]:
        """Pinned blockers with what releasing each would gain, the greatest gain (None: no end) first."""
        gains: list[tuple[Number | None, int]] = []
        for name, gain in blockers:
            slack = self._slack(name, gain > 0) if name in self.pinned else 0
            if slack != 0:
                gains.append((None if slack is None else slack * _size(gain), name))
        return sorted(gains, key=lambda pair: (pair[0] is not None, -(pair[0] or 0), pair[1]))

    def _release(self, cells: Iterable[int]) -> None:
        self.include([k for i in cells for k in self.system.rows_of[i]])

    def conflict(self, infeasible: Iterable[_Infeasible]) -> _Conflict:
        """The implied edit of certificates: their cells and rate cells, less the suspected ones."""
        names = {name for one in infeasible for name, _ in one.blockers}
        size = len(self.system.quantities)
        rows = [self.system.rows[name - size] for name in names if name >= size]
        rates = {row.rate for row in rows if row.rate is not None}
        cells = {name for name in names if 0 <= name < size} | rates
        return _Conflict(frozenset(cells - set(self.free)), frozenset(row.relation for row in rows))

    def solve(self) -> _Conflict | None:
        """Find a point of the region in whole numbers where units are whole, growing it as needed; or the conflict."""
        while True:
            failures = self._branch([_BRANCHES])
            cures = [self._cure(failure) for failure in failures]
            if not failures:
                return None
            if not any(cures):
                return self.conflict(failures)
            self._release(sorted({i for cells in cures for i in cells}))

    def _branch(self, budget: list[int]) -> list[_Infeasible]:
        """Branch on whole cells with fractional values: the certificates of all leaves, or nothing once solved."""
        failure = self.tableau.check()
        if failure is not None:
            return [failure]
        cell = self._fractional()
        if cell is None:
            return []
        if budget[0] == 0:
            self.undecided = True
            return []
        budget[0] -= 1
        low, high, below = self.tableau.low[cell], self.tableau.high[cell], floor(self.tableau.value[cell])
        failures: list[_Infeasible] = []
        for bounds in ((low, below), (below + 1, high)):
            self.tableau.set_bounds(cell, *bounds)
            found = self._branch(budget)
            self.tableau.set_bounds(cell, low, high)
            if not found:
                return []
            failures += found
        return failures

    def _fractional(self) -> int | None:
        whole, size = self.system.whole, len(self.system.quantities)
        for name, value in self.tableau.value.items():
            if 0 <= name < size and whole[name] and name not in self.pinned and not _is_whole(value):
                return name
        return None

    def _cure(self, failure: _Infeasible) -> list[int]:
        """Pinned cells whose release could close the gap; none where all of them together could not."""
        chosen, gap = [], failure.gap
        for gain, name in self._releasable(failure.blockers):
            chosen.append(name)
            if gain is None or gain >= gap:
                return chosen
            gap -= gain
        return []

    def optimise(self, terms: Sequence[tuple[int, Number]]) -> Bound:
        """The greatest value of ``sum(terms)`` over the real points of the whole network; None: without end."""
        rows_of = self.system.rows_of
        self.include(k for i, _ in terms for k in rows_of[i])
        for i, _ in terms:
            if i not in self.tableau.value:  # no active row binds it
                self.tableau.add_variable(i, self.point[i], *self.box(i))
        self.tableau.add_row(_GOAL, terms, None, None)
        while True:
            bounded, blockers = self.tableau.maximise(_GOAL)
            release = self._releasable(blockers)
            if not bounded:
                return None
            if not release:
                return self.tableau.value[_GOAL]
            self._release(name for _, name in release[:_RELEASED_AT_ONCE])

    def attain(self, cell: int, value: Number) -> bool:
        """Whether the cell can take the value while all whole cells are whole."""
        self.tableau.set_bounds(cell, value, value)
        return self.solve() is None

    def values(self) -> dict[int, Number]:
        size = len(self.system.quantities)
        return {name: _plain(value) for name, value in self.tableau.value.items() if 0 <= name < size}


def _plain(value: Number) -> Number:
    return value.numerator if value.denominator == 1 else value


def _settle(
    system: _System, point: Point, free: Collection[int], rows: Iterable[int], clock: _Clock
) -> _Conflict | None:
    """Move ``point`` until the given rows hold, breaking no other; or return the first conflict found."""
    for k in rows:
        if system.active(k, free) and system.violated(k, point):
            region = _Region(system, point, free, clock)
            region.include([k])
            conflict = region.solve()
            if conflict is not None:
                return conflict
            clock.undecided |= region.undecided
            for cell, value in region.values().items():
                point[cell] = value
    return None


def _confine(
    system: _System,
    point: Point,
    free: Collection[int],
    cells: Collection[int],
    clock: _Clock,
    start: Mapping[int, Number] | None = None,
) -> _Conflict | None:
    """Bring those of ``cells`` that are not free back into print and repair ``point`` around them.

    ``start``: values to begin with, known to do in a like case.
    """
    moved = start or {}
    for i, value in moved.items():
        point[i] = value
    held = [i for i in cells if i not in free]
    for i in held:
        point[i] = min(max(point[i], system.low[i]), system.high[i])
    return _settle(system, point, free, system.touching({*held, *moved}), clock)


def _irreducible(system: _System, relations: Iterable[int], clock: _Clock) -> tuple[str, ...]:
    """Drop relations one by one while the rest still fails jointly (deletion filter, Chinneck and Dravnieks 1991)."""
    kept = sorted(relations)
    for candidate in list(kept):
        fewer = [i for i in kept if i != candidate]
        if _fails(system, fewer, clock):
            kept = fewer
    return tuple(system.relations[i].name for i in kept)


def _fails(system: _System, relations: Sequence[int], clock: _Clock) -> bool:
    chosen = [system.relations[i] for i in relations]
    named = {a for r in chosen for a, _ in (*r.terms, *r.denominator)} | {r.rate for r in chosen if r.rate}
    part = _System.build([q for q in system.quantities if q.address in named], chosen, {})
    return _settle(part, part.printed(), frozenset(), range(len(part.rows)), clock) is not None


# --- a starting point (doubles, trusted in nothing) ----------------------------------------------------------------

#: Below this many unequal rows the exact simplex is as fast alone.
_PROPOSE_FROM = 40
#: Price of a unit of violation against a unit of movement (in half-widths) in the proposal. Bears on speed only.
_VIOLATION_PRICE = 1e4


def _propose(system: _System, point: Point, free: Collection[int], clock: _Clock) -> None:
    """Move ``point`` to where HiGHS thinks that all rows hold, near print; nothing depends on its being right.

    Works on differences from print, scaled by half-widths, so that 10^15 fen leave no trace in the doubles.
    """
    uneven = [k for k in range(len(system.rows)) if system.active(k, free) and system.violated(k, point)]
    if len(uneven) < _PROPOSE_FROM:
        return
    rows = _connected(system, uneven, free)
    cells = sorted({i for k in rows for i, _ in system.rows[k].terms})
    cells = [i for i in cells if i in free or system.low[i] != system.high[i]]
    scale = {i: _divide(system.high[i] - system.low[i], 2) or 1 for i in cells}
    if not cells:
        return
    step = _linear_program(system, point, free, rows, cells, scale, clock)
    for i, moved in zip(cells, step, strict=True):
        if moved == 0:
            continue
        exact = point[i] + scale[i] * Fraction(moved)
        value = round(exact) if system.whole[i] else exact.limit_denominator(10**9)
        point[i] = value if i in free else min(max(value, system.low[i]), system.high[i])


def _connected(system: _System, seeds: Iterable[int], free: Collection[int]) -> list[int]:
    """Active rows that share cells, directly or through others, with the seeds."""
    seen = set(seeds)
    stack = list(seen)
    while stack:
        for i, _ in system.rows[stack.pop()].terms:
            fresh = [k for k in system.rows_of[i] if k not in seen and system.active(k, free)]
            seen.update(fresh)
            stack.extend(fresh)
    return sorted(seen)


def _linear_program(
    system: _System,
    point: Point,
    free: Collection[int],
    rows: Sequence[int],
    cells: Sequence[int],
    scale: Mapping[int, Number],
    clock: _Clock,
) -> list[float]:
    """Least movement (L1) plus priced violation; movement by cell in units of ``scale``, all zero if HiGHS gives up."""
    place = {i: n for n, i in enumerate(cells)}
    across, down, entries, lower, upper = [], [], [], [], []
    for n, k in enumerate(rows):
        row = system.rows[k]
        value = sum(c * point[i] for i, c in row.terms)
        weights = [(place[i], float(c) * float(scale[i])) for i, c in row.terms if i in place]
        size = max((abs(w) for _, w in weights), default=1.0)
        for at, weight in weights:
            down += [n, n]
            across += [at, len(cells) + at]
            entries += [weight / size, -weight / size]
        down += [n, n]
        across += [2 * len(cells) + n, 2 * len(cells) + len(rows) + n]
        entries += [1.0, -1.0]
        lower.append(-np.inf if row.low is None else float(row.low - value) / size)
        upper.append(np.inf if row.high is None else float(row.high - value) / size)
    width = 2 * (len(cells) + len(rows))
    reach = [np.inf if i in free else 1.0 for i in cells]
    result = milp(
        np.array([1.0] * (2 * len(cells)) + [_VIOLATION_PRICE] * (2 * len(rows))),
        constraints=LinearConstraint(csr_array((entries, (down, across)), shape=(len(rows), width)), lower, upper),
        bounds=Bounds(np.zeros(width), np.array(reach + reach + [np.inf] * (2 * len(rows)))),
        options={"time_limit": clock.left() / 2},
    )
    if result.x is None:
        return [0.0] * len(cells)
    return [float(result.x[n] - result.x[len(cells) + n]) for n in range(len(cells))]


# --- the search ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    """What the search knows of one fault: sets of cells, cheapest first found."""

    answers: list[frozenset[int]]
    at_least: Number
    complete: bool = True
    capped: bool = False
    minimal: bool = True


class _Search:
    """All cheapest hitting sets of the conflicts of one fault that also let every relation hold.

    Deepens by cost. At each node the conflict with the fewest affordable cells is branched on; a set of disjoint
    conflicts not yet hit bounds the rest of the cost from below. Cells tried by an earlier sibling are banned.
    """

    def __init__(
        self,
        system: _System,
        conflicts: list[_Conflict],
        check: Callable[[frozenset[int]], _Conflict | None],
        clock: _Clock,
        cap: int,
    ):
        self.system, self.conflicts, self.check, self.clock, self.cap = system, conflicts, check, clock, cap
        self.bound: Number = 0
        self.next: Bound = 0
        self.answers: list[frozenset[int]] = []

    def run(self) -> _Found:
        complete, capped = True, False
        try:
            while self.next is not None and not self.answers:
                self.bound, self.next = self.next, None
                self._descend(frozenset(), 0, frozenset())
        except TimeoutError:
            complete = False
        except _CapReachedError:
            capped = True
        return _Found(self.answers, self.bound, complete and not self.clock.undecided, capped)

    def _descend(self, chosen: frozenset[int], cost: Number, banned: frozenset[int]) -> None:
        self.clock.check()
        unhit = [c.cells - banned for c in self.conflicts if c.cells.isdisjoint(chosen)]
        if not unhit:
            conflict = self.check(chosen)
            if conflict is None:
                self._accept(chosen)
                return
            self.conflicts.append(conflict)
            unhit = [conflict.cells - banned]
        price = self.system.cost
        rest: Number = 0
        packed: dict[int, Number] = {}  # cell -> its share of the lower bound ``rest``
        for cells in sorted(unhit, key=len):
            if not cells:
                return
            if packed.keys().isdisjoint(cells):
                least = min(price[i] for i in cells)
                rest += least
                packed.update(dict.fromkeys(cells, least))
        slack = self.bound - cost - rest
        branch = min(unhit, key=lambda cells: sum(price[i] - packed.get(i, 0) <= slack for i in cells))
        for i in sorted(branch):
            over = price[i] - packed.get(i, 0) - slack
            if over <= 0:
                self._descend(chosen | {i}, cost + price[i], banned)
                banned |= {i}
            elif self.next is None or self.bound + over < self.next:
                self.next = self.bound + over

    def _accept(self, chosen: frozenset[int]) -> None:
        if len(self.answers) == self.cap:
            raise _CapReachedError
        self.answers.append(chosen)


class _CapReachedError(Exception):
    """One answer more than may be listed."""


class _Localiser:
    """Conflicts, split into faults that share no cell; the search of each; and the proof that they hold together."""

    def __init__(self, system: _System, clock: _Clock, cap: int):
        self.system, self.clock, self.cap = system, clock, cap
        broken = {system.rows[k].relation: system.conflict_of(k) for k in system.broken_rows()}
        self.conflicts = list(broken.values())
        self.seeds = len(self.conflicts)
        self.point = system.printed()
        self.found: dict[frozenset[int], _Found] = {}  # by the conflicts of the fault
        self.verified: dict[frozenset[int], dict[int, Number]] = {}  # by answer: its moves from the base point

    def run(self) -> Localisation:
        try:
            self._base()
        except TimeoutError:
            return Localisation(tuple(self._unsolved(group) for group in self._groups()), complete=False)
        while True:
            groups = self._solve_groups()
            try:
                joint = self._first_point(groups)
                settled = joint is not None and self._others_hold(groups, joint)
            except TimeoutError:
                return self._result(groups, None)
            if settled:
                return self._result(groups, joint)

    def _unsolved(self, group: list[int]) -> Fault:
        return Fault(self._relations(group), (), Fraction(0), complete=False)

    def _cells(self, group: Iterable[int]) -> frozenset[int]:
        return frozenset().union(*(self.conflicts[n].cells for n in group))

    def _all_cells(self) -> frozenset[int]:
        return self._cells(range(len(self.conflicts)))

    def _base(self) -> None:
        """Find a point at which all relations hold, every cell of a conflict being free; note what else conflicts."""
        point = self.system.printed()
        _propose(self.system, point, self._all_cells(), self.clock)
        while True:
            conflict = _settle(self.system, point, self._all_cells(), range(len(self.system.rows)), self.clock)
            if conflict is None:
                self.point = point
                return
            if conflict not in self.conflicts:
                self.conflicts.append(conflict)
            if not conflict.cells:  # relations that no cell can mend: leave them out, and say so
                self.system.rows = [
                    _Row(r.relation, (), None, None, None) if r.relation in conflict.relations else r
                    for r in self.system.rows
                ]

    def _groups(self) -> list[list[int]]:
        """Conflicts that share cells, directly or through others; the smallest group first."""
        leader: dict[int, list[int]] = {}
        groups: dict[int, list[int]] = {}
        for n, conflict in enumerate(self.conflicts):
            merged = [n]
            for old in {id(leader[i]): leader[i] for i in conflict.cells if i in leader}.values():
                merged += old
                del groups[id(old)]
            groups[id(merged)] = merged
            for m in merged:
                leader.update(dict.fromkeys(self.conflicts[m].cells, merged))
        return sorted((sorted(group) for group in groups.values()), key=lambda g: (len(self._cells(g)), g))

    def _solve_groups(self) -> list[list[int]]:
        """Search every fault not searched yet. Its new conflicts stay within it: the others' cells are free."""
        solved = []
        groups = self._groups()
        for done, group in enumerate(groups):
            if frozenset(group) not in self.found:
                others = self._all_cells() - self._cells(group)
                clock = self.clock.share(len(groups) - done + 1)
                conflicts = [self.conflicts[n] for n in group]
                found = self._search(conflicts, others, clock)
                fresh = conflicts[len(group) :]
                group = group + list(range(len(self.conflicts), len(self.conflicts) + len(fresh)))
                self.conflicts += fresh
                self.found[frozenset(group)] = found
            solved.append(group)
        return solved

    def _search(self, conflicts: list[_Conflict], others: frozenset[int], clock: _Clock) -> _Found:
        def check(chosen: frozenset[int]) -> _Conflict | None:
            point = list(self.point)
            cells = frozenset().union(*(c.cells for c in conflicts))
            conflict = _confine(self.system, point, chosen | others, cells, clock)
            if conflict is None:
                self.verified[chosen] = self._moves(point)
            return conflict

        found = _Search(self.system, conflicts, check, clock, self.cap).run()
        if not found.answers and not found.complete:
            cells = frozenset().union(*(c.cells for c in conflicts))
            chosen = frozenset(i for i in cells if self._displaced(i))
            self.verified[chosen] = {}
            return _Found([chosen], found.at_least, complete=False, minimal=False)
        return found

    def _start(self, group: list[int], chosen: frozenset[int]) -> dict[int, Number]:
        """The moves that verified an answer, less those that the search allowed because other faults were open."""
        foreign = self._all_cells() - self._cells(group)
        return {i: value for i, value in self.verified[chosen].items() if i not in foreign}

    def _moves(self, point: Point) -> dict[int, Number]:
        return {i: new for i, (old, new) in enumerate(zip(self.point, point, strict=True)) if new != old}

    def _displaced(self, cell: int) -> bool:
        """Whether the base point, at which everything holds, needs the cell to be wrong."""
        rows = self.system.rated_by.get(cell, ())
        return self.system.outside(cell, self.point[cell]) or any(self.system.violated(k, self.point) for k in rows)

    def _first_choice(self, groups: Sequence[list[int]]) -> frozenset[int]:
        return frozenset().union(*(self._answers(g)[0] for g in groups if self._answers(g)))

    def _answers(self, group: list[int]) -> list[frozenset[int]]:
        return self.found[frozenset(group)].answers

    def _first_point(self, groups: Sequence[list[int]]) -> Point | None:
        """The proof that the first answers of all faults hold together; None where a conflict bars it (now noted)."""
        point = list(self.point)
        free = self._all_cells()
        for group in groups:
            if self._answers(group):
                free = (free - self._cells(group)) | self._answers(group)[0]
                start = self._start(group, self._answers(group)[0])
                conflict = _confine(self.system, point, free, self._cells(group), self.clock, start)
                if conflict is not None:
                    self.conflicts.append(conflict)
                    return None
        return point

    def _variant(
        self, groups: Sequence[list[int]], group: list[int], chosen: frozenset[int], joint: Point
    ) -> tuple[Point, frozenset[int], _Conflict | None]:
        """The point, the free cells and any conflict when one fault takes another of its answers."""
        point, first = list(joint), self._answers(group)[0]
        free = (self._first_choice(groups) - first) | chosen
        if chosen == first:
            return point, free, None
        start = {i: self.point[i] for i in self._start(group, first)} | self._start(group, chosen)
        return point, free, _confine(self.system, point, free, self._cells(group), self.clock, start)

    def _others_hold(self, groups: Sequence[list[int]], joint: Point) -> bool:
        for group in groups:
            for chosen in self._answers(group)[1:]:
                conflict = self._variant(groups, group, chosen, joint)[2]
                if conflict is not None:
                    self.conflicts.append(conflict)
                    return False
        return True

    def _relations(self, group: list[int]) -> tuple[str, ...]:
        broken = {i for n in group if n < self.seeds for i in self.conflicts[n].relations}
        if broken:
            return tuple(self.system.relations[i].name for i in sorted(broken))
        joint = self.conflicts[group[0]].relations
        try:
            return _irreducible(self.system, joint, self.clock)
        except TimeoutError:
            return tuple(self.system.relations[i].name for i in sorted(joint))

    def _result(self, groups: Sequence[list[int]], joint: Point | None) -> Localisation:
        """``joint``: the point at which the first answers hold together; None where the time ran out before it."""
        order = sorted(groups, key=lambda g: min(self.conflicts[g[0]].relations, default=0))
        faults = tuple(self._fault(groups, group, joint) for group in order)
        exact = all(change.exact for fault in faults for answer in fault.answers for change in answer.changes)
        return Localisation(faults, exact and not self.clock.undecided and all(fault.complete for fault in faults))

    def _fault(self, groups: Sequence[list[int]], group: list[int], joint: Point | None) -> Fault:
        found = self.found[frozenset(group)]
        answers = []
        for chosen in found.answers:
            cost = Fraction(sum(self.system.cost[i] for i in chosen))
            answers.append(Answer(self._changes(groups, group, chosen, joint), cost, found.minimal))
        complete = found.complete and joint is not None and not self.clock.undecided
        return Fault(self._relations(group), tuple(answers), Fraction(found.at_least), complete, found.capped)

    def _changes(
        self, groups: Sequence[list[int]], group: list[int], chosen: frozenset[int], joint: Point | None
    ) -> tuple[Change, ...]:
        known = self.verified[chosen]
        try:
            if joint is None:
                raise TimeoutError
            point, free, _ = self._variant(groups, group, chosen, joint)
            return tuple(self._change(i, point, free) for i in sorted(chosen))
        except TimeoutError:
            address = [q.address for q in self.system.quantities]
            return tuple(
                Change(address[i], None, None, Fraction(known.get(i, self.point[i])), exact=False)
                for i in sorted(chosen)
            )

    def _change(self, cell: int, point: Point, free: frozenset[int]) -> Change:
        low, high, exact = _implied(self.system, cell, point, free, self.clock)
        edges = [None if edge is None else Fraction(edge) for edge in (low, high)]
        return Change(self.system.quantities[cell].address, edges[0], edges[1], Fraction(point[cell]), exact)


# --- implied intervals --------------------------------------------------------------------------------------------


def _implied(
    system: _System, cell: int, point: Point, free: frozenset[int], clock: _Clock
) -> tuple[Bound, Bound, bool]:
    """(low, high, exact) of a suspected cell over all points of the network."""
    low, sure_low = _edge(system, cell, point, free, -1, clock)
    high, sure_high = _edge(system, cell, point, free, 1, clock)
    for relation in sorted({system.rows[k].relation for k in system.rated_by.get(cell, ())}):
        if system.relations[relation].operator == "=":
            least, most = _quotient(system, relation, point, free, clock)
            low = least if low is None or (least is not None and least > low) else low
            high = most if high is None or (most is not None and most < high) else high
    return low, high, sure_low and sure_high


def _edge(
    system: _System, cell: int, point: Point, free: frozenset[int], sense: int, clock: _Clock
) -> tuple[Bound, bool]:
    """The least (``sense`` -1) or greatest (1) value of a cell, and whether it is attained in whole numbers."""
    region = _Region(system, point, free, clock)
    best = region.optimise([(cell, sense)])
    if best is None:
        return None, True
    if not system.whole[cell]:
        return sense * best, True
    first = floor(best)
    for step in range(_STEPS):
        if region.attain(cell, sense * (first - step)):
            return sense * (first - step), not region.undecided
    return sense * first, False


def _quotient(system: _System, relation: int, point: Point, free: frozenset[int], clock: _Clock) -> tuple[Bound, Bound]:
    """Least and greatest quotient that a suspected rate can state (Dinkelbach 1967); None if its divisor can be 0."""
    stated = system.relations[relation]
    above = [(system.index[a], _number(w)) for a, w in stated.terms]
    below = [(system.index[a], _number(w)) for a, w in stated.denominator]
    constant = _number(stated.constant)
    least = _Region(system, point, free, clock).optimise([(i, -w) for i, w in below])
    if least is None or least >= 0:
        return None, None

    def at(values: Mapping[int, Number]) -> Number:
        top = constant + sum(w * values.get(i, point[i]) for i, w in above)
        return _divide(top, sum(w * values.get(i, point[i]) for i, w in below))

    def furthest(sense: int) -> Bound:
        ratio = at({})
        while True:
            region = _Region(system, point, free, clock)
            terms = _collect([(i, sense * w) for i, w in above] + [(i, -sense * ratio * w) for i, w in below])
            gain = region.optimise(terms)
            if gain is None:
                return None
            if gain + sense * constant <= 0:
                return ratio
            ratio = at(region.values())

    return furthest(-1), furthest(1)
