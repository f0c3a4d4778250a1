"""Implied intervals: where the right value of a suspected cell must lie, given everything that is not suspected.

``implied`` answers for a cell of a solved network, ``free_interval`` for any one cell and a few relations. What does
not belong here: which cells are suspected (``search``, ``localise``), wording (``suspects``, ``explanation``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from orchestration.localisation.solver.exact import Bound, Number, divide, exact
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.solver.region import NetworkRegion, settle
from orchestration.localisation.solver.system import Clock, Point, System, collect

#: Seconds that the question for one cell may take; past them the answer is "not decided".
TIME_LIMIT = 10.0
#: Whole numbers tried beside the optimum of the real relaxation.
_STEPS = 20


@dataclass(frozen=True, slots=True)
class ImpliedInterval:
    """Where one cell would have to lie, in its base unit (fen, ones, fractions, days).

    ``possible``: None where the time ran out (the bounds then hold, but need not be the tightest). A bound of None:
    no limit on that side. ``open_low``/``open_high``: the bound itself is excluded (a rule with < or >).
    """

    possible: bool | None
    low: Fraction | None = None
    high: Fraction | None = None
    open_low: bool = False
    open_high: bool = False

    def meets(self, low: Fraction, high: Fraction) -> bool:
        """Whether a closed interval has a point inside."""
        above = self.low is None or high > self.low or (high == self.low and not self.open_low)
        below = self.high is None or low < self.high or (low == self.high and not self.open_high)
        return self.possible is not False and above and below

    def both(self, other: ImpliedInterval) -> ImpliedInterval:
        """What satisfies both."""
        if self.possible is False or other.possible is False:
            return IMPOSSIBLE
        low, open_low = _tighter(self.low, self.open_low, other.low, other.open_low, 1)
        high, open_high = _tighter(self.high, self.open_high, other.high, other.open_high, -1)
        if low is not None and high is not None and (low > high or (low == high and (open_low or open_high))):
            return IMPOSSIBLE
        possible = None if None in (self.possible, other.possible) else True
        return ImpliedInterval(possible, low, high, open_low, open_high)


IMPOSSIBLE = ImpliedInterval(False)


def free_interval(
    cells: Mapping[str, Quantity],
    relations: Sequence[Relation],
    address: str,
    strict: Collection[str] = (),
    time_limit: float = TIME_LIMIT,
) -> ImpliedInterval:
    """All values of one cell with which the relations hold together, every other cell within its print. Exact.

    ``strict``: names of relations that are really < or >. Base units.
    """
    found = _solved(cells, relations, address, Clock(time_limit))
    if found.possible is False:
        return found
    # A strict relation opens the bounds that it sets by itself; all of them bound what was not decided together.
    alone = relations if found.possible is None else [relation for relation in relations if relation.name in strict]
    for relation in alone:
        own = _solved(cells, [relation], address, Clock(time_limit))
        found = found.both(_opened(own) if relation.name in strict else own)
    return found


def _solved(
    cells: Mapping[str, Quantity], relations: Sequence[Relation], address: str, clock: Clock
) -> ImpliedInterval:
    names = sorted({address, *(name for relation in relations for name in relation.addresses)})
    system = System.build([cells[name] for name in names], relations, {})
    cell, point = system.index[address], system.printed()
    free = frozenset({cell})
    try:
        conflict = settle(system, point, free, range(len(system.rows)), clock)
        if conflict is not None:
            return IMPOSSIBLE
        low, high, sure = implied(system, cell, point, free, clock)
    except TimeoutError:
        return ImpliedInterval(None)
    low, high = (None if edge is None else Fraction(edge) for edge in (low, high))
    return ImpliedInterval(True if sure and not clock.undecided else None, low, high)


def _opened(interval: ImpliedInterval) -> ImpliedInterval:
    return replace(interval, open_low=interval.low is not None, open_high=interval.high is not None)


def _tighter(
    a: Fraction | None, a_open: bool, b: Fraction | None, b_open: bool, sense: int
) -> tuple[Fraction | None, bool]:
    """The tighter of two bounds: the greater for ``sense`` 1, the smaller for -1; open where they are equal and one
    is."""
    if a is None or b is None:
        return (b, b_open) if a is None else (a, a_open)
    if a == b:
        return a, a_open or b_open
    return (a, a_open) if (a - b) * sense > 0 else (b, b_open)


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
    region = NetworkRegion(system, point, free, clock)
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
    least = NetworkRegion(system, point, free, clock).optimise([(i, -w) for i, w in below])
    if least is None or least >= 0:
        return None, None

    def at(values: Mapping[int, Number]) -> Number:
        top = constant + sum(w * values.get(i, point[i]) for i, w in above)
        return divide(top, sum(w * values.get(i, point[i]) for i, w in below))

    def furthest(sense: int) -> Bound:
        ratio = at({})
        while True:
            region = NetworkRegion(system, point, free, clock)
            terms = collect([(i, sense * w) for i, w in above] + [(i, -sense * ratio * w) for i, w in below])
            gain = region.optimise(terms)
            if gain is None:
                return None
            if gain + sense * constant <= 0:
                return ratio
            ratio = at(region.values())

    return furthest(-1), furthest(1)
