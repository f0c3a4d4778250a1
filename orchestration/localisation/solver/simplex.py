"""The exact simplex: a tableau of sparse rational rows whose variables keep to bounds (Dutertre and de Moura 2006).

Knows variables by number alone. What does not belong here: cells, relations, whole numbers (``region``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.localisation.solver.exact import Bound, Number, divide, magnitude
from orchestration.localisation.solver.system import Clock

#: Pivots chosen for sparsity before Bland's rule, which always ends, takes over. Bears on speed only.
_FREE_PIVOTS = 200


@dataclass(frozen=True, slots=True)
class Infeasible:
    """A simplex row that cannot reach its bound: each of ``blockers`` moves as far as it may and ``gap`` is left.

    ``blockers``: (variable, gain of the row in its favour when the variable rises by one).
    """

    blockers: tuple[tuple[int, Number], ...]
    gap: Number


class Tableau:
    """Rational bounded simplex on sparse rows; variables enter at any value within their bounds."""

    def __init__(self, clock: Clock, cells: int):
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
        return None if edge is None else magnitude(edge - self.value[name])

    def _pivot(self, leaving: int, entering: int) -> None:
        row = self.rows.pop(leaving)
        factor = row.pop(entering)
        fresh = {part: divide(-coefficient, factor) for part, coefficient in row.items()}
        fresh[leaving] = divide(1, factor)
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

    def check(self) -> Infeasible | None:
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
                return Infeasible((*blockers, (basic, -1 if upward else 1)), magnitude(target - self.value[basic]))
            entering = min(movable) if pivots > _FREE_PIVOTS else min(movable, key=self._unfitness)
            self._move(entering, divide(target - self.value[basic], row[entering]))
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
                step = divide(room, magnitude(self.rows[basic][entering]))
                if limit is None or step < limit:
                    limit, leaving = step, basic
            if limit is None:
                return False, ()
            self._move(entering, limit if upward else -limit)
            if leaving != entering:
                self._pivot(leaving, entering)
