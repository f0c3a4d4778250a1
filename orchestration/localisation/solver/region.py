"""Deciding near a fault: a small region of the network, its border pinned, that grows only where a pin is to blame.

``NetworkRegion`` solves one (whole numbers by branching) or certifies that it can't be; ``settle`` and ``confine``
repair a point of the whole network with regions; ``irreducible`` thins a set of relations that fail together. What does
not belong here: choosing which cells to free (``search``, ``localise``), pivoting (``simplex``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from math import floor, lcm

from orchestration.localisation.solver.exact import Bound, Number, is_whole, magnitude, plain
from orchestration.localisation.solver.lattice import Equation, indivisible
from orchestration.localisation.solver.simplex import Infeasible, Tableau
from orchestration.localisation.solver.system import Clock, Conflict, Inequality, Point, System

#: Pinned cells released at once where an optimum, not an infeasibility, runs into them. Bears on speed only.
_RELEASED_AT_ONCE = 4
#: Branches on whole numbers tried for one region before the real relaxation has to do.
_BRANCHES = 200
_GOAL = -1


class NetworkRegion:
    """Some rows of the system around a fault; cells that rows outside also use are pinned to the point.

    A solution of the region is a solution of the whole, since what is outside does not move. Grows by ``_release``.
    """

    def __init__(self, system: System, point: Point, free: Collection[int], clock: Clock):
        self.system, self.point, self.free, self.clock = system, point, free, clock
        self.tableau = Tableau(clock, len(system.quantities))
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
        return None if edge is None else magnitude(edge - self.point[cell])

    def _releasable(self, blockers: Iterable[tuple[int, Number]]) -> list[tuple[Number | None, int]]:
        """Pinned blockers with what releasing each would gain, the greatest gain (None: no end) first."""
        gains: list[tuple[Number | None, int]] = []
        for name, gain in blockers:
            slack = self._slack(name, gain > 0) if name in self.pinned else 0
            if slack != 0:
                gains.append((None if slack is None else slack * magnitude(gain), name))
        return sorted(gains, key=lambda pair: (pair[0] is not None, -(pair[0] or 0), pair[1]))

    def _release(self, cells: Iterable[int]) -> None:
        self.include([k for i in cells for k in self.system.rows_of[i]])

    def conflict(self, infeasible: Iterable[Infeasible]) -> Conflict:
        """The implied edit of certificates: their cells and rate cells, less the suspected ones."""
        names = {name for one in infeasible for name, _ in one.blockers}
        size = len(self.system.quantities)
        rows = [self.system.rows[name - size] for name in names if name >= size]
        rates = {row.rate for row in rows if row.rate is not None}
        cells = {name for name in names if 0 <= name < size} | rates
        return Conflict(frozenset(cells - set(self.free)), frozenset(row.relation for row in rows))

    def solve(self) -> Conflict | None:
        """Find a point of the region in whole numbers where units are whole, growing it as needed; or the conflict."""
        while True:
            if self.tableau.check() is None and self._fractional() is not None:
                conflict = self._indivisible()
                if conflict is not None:
                    return conflict
            failures = self._branch([_BRANCHES])
            cures = [self._cure(failure) for failure in failures]
            if not failures:
                return None
            if not any(cures):
                return self.conflict(failures)
            self._release(sorted({i for cells in cures for i in cells}))

    def _indivisible(self) -> Conflict | None:
        """The conflict where the equations inside cannot hold in whole numbers, whatever the bounds."""
        names, equations = [], []
        for k in sorted(self.inside):
            equation = self._equation(self.system.rows[k])
            if equation is not None:
                names.append(k)
                equations.append(equation)
        multipliers = indivisible(equations, self.clock.check)
        if multipliers is None:
            return None
        total: dict[int, Number] = {}
        for place, by in multipliers.items():
            for i, c in self._whole_terms(self.system.rows[names[place]]):
                total[i] = total.get(i, 0) + by * c
        cells = {i for i, c in total.items() if c != 0 and not (self.system.whole[i] and is_whole(c))}
        relations = frozenset(self.system.rows[names[place]].relation for place in multipliers)
        return Conflict(frozenset(cells), relations)

    def _equation(self, row: Inequality) -> Equation | None:
        """A row as an equation of whole cells, what may not change moved to the right; None where it is none."""
        if row.low is None or row.low != row.high:
            return None
        terms, right = {}, self._scale(row) * row.low
        for i, c in self._whole_terms(row):
            low, high = self.box(i)
            if low is not None and low == high:
                right -= c * low
            elif self.system.whole[i]:
                terms[i] = c
            else:
                return None
        return terms, right

    def _scale(self, row: Inequality) -> int:
        return lcm(*(Fraction(c).denominator for _, c in row.terms))

    def _whole_terms(self, row: Inequality) -> list[tuple[int, Number]]:
        """The terms of a row times what makes all their coefficients whole."""
        scale = self._scale(row)
        return [(i, plain(c * scale)) for i, c in row.terms]

    def _branch(self, budget: list[int]) -> list[Infeasible]:
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
        failures: list[Infeasible] = []
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
            if 0 <= name < size and whole[name] and name not in self.pinned and not is_whole(value):
                return name
        return None

    def _cure(self, failure: Infeasible) -> list[int]:
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
        return {name: plain(value) for name, value in self.tableau.value.items() if 0 <= name < size}


def settle(system: System, point: Point, free: Collection[int], rows: Iterable[int], clock: Clock) -> Conflict | None:
    """Move ``point`` until the given rows hold, breaking no other; or return the first conflict found."""
    for k in rows:
        if system.active(k, free) and system.violated(k, point):
            region = NetworkRegion(system, point, free, clock)
            region.include([k])
            conflict = region.solve()
            if conflict is not None:
                return conflict
            clock.undecided |= region.undecided
            for cell, value in region.values().items():
                point[cell] = value
    return None


def confine(
    system: System,
    point: Point,
    free: Collection[int],
    cells: Collection[int],
    clock: Clock,
    start: Mapping[int, Number] | None = None,
) -> Conflict | None:
    """Bring those of ``cells`` that are not free back into print and repair ``point`` around them.

    ``start``: values to begin with, known to do in a like case.
    """
    moved = start or {}
    for i, value in moved.items():
        point[i] = value
    held = [i for i in cells if i not in free]
    for i in held:
        point[i] = min(max(point[i], system.low[i]), system.high[i])
    return settle(system, point, free, system.touching({*held, *moved}), clock)


def irreducible(system: System, relations: Iterable[int], clock: Clock, *, helpless: bool = False) -> tuple[int, ...]:
    """Drop relations one by one while the rest still fails jointly (deletion filter, Chinneck and Dravnieks 1991).

    ``helpless``: fails even where every cell may change. Where the time runs out, what is left by then.
    """
    kept = sorted(relations)
    try:
        for candidate in list(kept):
            fewer = [i for i in kept if i != candidate]
            if _fails(system, fewer, clock, helpless):
                kept = fewer
    except TimeoutError:
        pass
    return tuple(kept)


def _fails(system: System, relations: Sequence[int], clock: Clock, helpless: bool) -> bool:
    chosen = [system.relations[i] for i in relations]
    named = {a for r in chosen for a, _ in (*r.terms, *r.denominator)} | {r.rate for r in chosen if r.rate}
    part = System.build([q for q in system.quantities if q.address in named], chosen, {})
    free = frozenset(range(len(part.quantities))) if helpless else frozenset()
    return settle(part, part.printed(), free, range(len(part.rows)), clock) is not None
