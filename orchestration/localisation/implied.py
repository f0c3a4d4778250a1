"""Implied intervals: where the right value of a suspected cell must lie, given everything that is not suspected.

What does not belong here: which cells are suspected (``search``, ``localise``), wording (``suspects``, ``explain``).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

from orchestration.localisation.solver.exact import Bound, Number, divide, exact
from orchestration.localisation.solver.region import Region
from orchestration.localisation.solver.system import Clock, Point, System, collect

#: Whole numbers tried beside the optimum of the real relaxation.
_STEPS = 20


def implied(system: System, cell: int, point: Point, free: frozenset[int], clock: Clock) -> tuple[Bound, Bound, bool]:
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
    system: System, cell: int, point: Point, free: frozenset[int], sense: int, clock: Clock
) -> tuple[Bound, bool]:
    """The least (``sense`` -1) or greatest (1) value of a cell, and whether it is attained in whole numbers."""
    region = Region(system, point, free, clock)
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


def _quotient(system: System, relation: int, point: Point, free: frozenset[int], clock: Clock) -> tuple[Bound, Bound]:
    """Least and greatest quotient that a suspected rate can state (Dinkelbach 1967); None if its divisor can be 0."""
    stated = system.relations[relation]
    above = [(system.index[a], exact(w)) for a, w in stated.terms]
    below = [(system.index[a], exact(w)) for a, w in stated.denominator]
    constant = exact(stated.constant)
    least = Region(system, point, free, clock).optimise([(i, -w) for i, w in below])
    if least is None or least >= 0:
        return None, None

    def at(values: Mapping[int, Number]) -> Number:
        top = constant + sum(w * values.get(i, point[i]) for i, w in above)
        return divide(top, sum(w * values.get(i, point[i]) for i, w in below))

    def furthest(sense: int) -> Bound:
        ratio = at({})
        while True:
            region = Region(system, point, free, clock)
            terms = collect([(i, sense * w) for i, w in above] + [(i, -sense * ratio * w) for i, w in below])
            gain = region.optimise(terms)
            if gain is None:
                return None
            if gain + sense * constant <= 0:
                return ratio
            ratio = at(region.values())

    return furthest(-1), furthest(1)
