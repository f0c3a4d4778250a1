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

The parts: ``exact`` (numbers), ``system`` (the network compiled), ``simplex``, ``region`` (whether a set suffices),
``search`` (hitting sets), ``implied`` (intervals), ``proposal`` (a starting point) and ``oracle`` (cells that may
suffice; doubles occur in these two alone, and nothing rests on them). They are put together here. What does not belong
here: reading cells, judging relations (dbt does), ranking (``ranking``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from orchestration.localisation.implied import implied
from orchestration.localisation.oracle import propose_cells
from orchestration.localisation.proposal import initial_point
from orchestration.localisation.search import Found, Search
from orchestration.localisation.solver.exact import Number
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.solver.region import confine, irreducible, settle
from orchestration.localisation.solver.system import Clock, Conflict, Point, System


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

    ``time_limit`` in seconds of processor time; ``cap``: most answers listed for one fault; ``weights``: cost of
    changing one cell, by ledger (1 where not given, must be positive). Raises ``ValueError`` for a relation on an
    unknown cell, an unknown operator, an address given twice or a weight that is not positive.
    """
    return _Localiser(System.build(quantities, relations, weights or {}), Clock(time_limit), cap).run()


def joint_conflict(
    quantities: Sequence[Quantity], relations: Sequence[Relation], *, time_limit: float = 60
) -> tuple[str, ...] | None:
    """Names of an irreducible set of relations that each hold within rounding but not together; None if there is none.

    Relations broken by themselves are left out. Irreducible: without any one of its relations, the set holds.
    Raises ``TimeoutError`` where the question is not decided in ``time_limit`` seconds.
    """
    clock = Clock(time_limit)
    whole = System.build(quantities, relations, {})
    broken = {whole.rows[k].relation for k in whole.broken_rows()}
    system = System.build(quantities, [r for i, r in enumerate(relations) if i not in broken], {})
    point = system.printed()
    initial_point(system, point, frozenset(), clock)
    conflict = settle(system, point, frozenset(), range(len(system.rows)), clock)
    if conflict is None:
        return None
    names = tuple(system.relations[i].name for i in irreducible(system, conflict.relations, clock))
    clock.check()
    return names


class _Localiser:
    """Conflicts, split into faults that share no cell; the search of each; and the proof that they hold together."""

    def __init__(self, system: System, clock: Clock, cap: int):
        self.system, self.clock, self.cap = system, clock, cap
        self.conflicts = self._broken()
        self.seeds = len(self.conflicts)
        self.contradictions: list[Fault] = []
        self.point = system.printed()
        self.found: dict[frozenset[int], Found] = {}  # by the conflicts of the fault
        self.verified: dict[frozenset[int], dict[int, Number]] = {}  # by answer: its moves from the base point

    def run(self) -> Localisation:
        try:
            self._base()
        except TimeoutError:
            unsolved = (self._unsolved(group) for group in self._groups())
            return Localisation((*self.contradictions, *unsolved), complete=False)
        while True:
            groups = self._solve_groups()
            try:
                joint = self._first_point(groups)
                settled = joint is not None and self._others_hold(groups, joint)
            except TimeoutError:
                return self._result(groups, None)
            if settled:
                return self._result(groups, joint)

    def _broken(self) -> list[Conflict]:
        """The conflicts to begin with: relations that no values within print satisfy."""
        found = {self.system.rows[k].relation: self.system.conflict_of(k) for k in self.system.broken_rows()}
        return list(found.values())

    def _unsolved(self, group: list[int]) -> Fault:
        return Fault(self._relations(group), (), Fraction(0), complete=False)

    def _cells(self, group: Iterable[int]) -> frozenset[int]:
        return frozenset().union(*(self.conflicts[n].cells for n in group))

    def _all_cells(self) -> frozenset[int]:
        return self._cells(range(len(self.conflicts)))

    def _base(self) -> None:
        """Find a point at which all relations hold, every cell of a conflict being free; note what else conflicts."""
        point = self.system.printed()
        initial_point(self.system, point, self._all_cells(), self.clock)
        while True:
            conflict = settle(self.system, point, self._all_cells(), range(len(self.system.rows)), self.clock)
            if conflict is None:
                self.point = point
                return
            if not conflict.cells:
                self._leave_out(conflict)
                point = self.system.printed()
            elif conflict not in self.conflicts:
                self.conflicts.append(conflict)

    def _leave_out(self, conflict: Conflict) -> None:
        """Relations that contradict one another whatever the cells are: a fault without answers. The rest begins anew,
        without them."""
        relations = irreducible(self.system, conflict.relations, self.clock, helpless=True)
        names = tuple(self.system.relations[i].name for i in relations)
        self.contradictions.append(Fault(names, (), Fraction(0)))
        self.system.leave_out(relations)
        self.conflicts = self._broken()
        self.seeds = len(self.conflicts)

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

    def _search(self, conflicts: list[Conflict], others: frozenset[int], clock: Clock) -> Found:
        def check(chosen: frozenset[int]) -> Conflict | None:
            point = list(self.point)
            cells = frozenset().union(*(c.cells for c in conflicts))
            conflict = confine(self.system, point, chosen | others, cells, clock)
            if conflict is None:
                self.verified[chosen] = self._moves(point)
            return conflict

        def propose(known: list[Conflict]) -> frozenset[int] | None:
            return propose_cells(self.system, self.point, known, others, clock)

        found = Search(self.system, conflicts, check, propose, clock, self.cap).run()
        if not found.answers and not found.complete:
            cells = frozenset().union(*(c.cells for c in conflicts))
            chosen = frozenset(i for i in cells if self._displaced(i))
            self.verified[chosen] = {}
            return Found([chosen], found.at_least, complete=False, minimal=False)
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
                conflict = confine(self.system, point, free, self._cells(group), self.clock, start)
                if conflict is not None:
                    self.conflicts.append(conflict)
                    return None
        return point

    def _variant(
        self, groups: Sequence[list[int]], group: list[int], chosen: frozenset[int], joint: Point
    ) -> tuple[Point, frozenset[int], Conflict | None]:
        """The point, the free cells and any conflict when one fault takes another of its answers."""
        point, first = list(joint), self._answers(group)[0]
        free = (self._first_choice(groups) - first) | chosen
        if chosen == first:
            return point, free, None
        start = {i: self.point[i] for i in self._start(group, first)} | self._start(group, chosen)
        return point, free, confine(self.system, point, free, self._cells(group), self.clock, start)

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
        joint = irreducible(self.system, self.conflicts[group[0]].relations, self.clock)
        return tuple(self.system.relations[i].name for i in joint)

    def _result(self, groups: Sequence[list[int]], joint: Point | None) -> Localisation:
        """``joint``: the point at which the first answers hold together; None where the time ran out before it."""
        order = sorted(groups, key=lambda g: min(self.conflicts[g[0]].relations, default=0))
        faults = (*self.contradictions, *(self._fault(groups, group, joint) for group in order))
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
        low, high, exact = implied(self.system, cell, point, free, self.clock)
        edges = [None if edge is None else Fraction(edge) for edge in (low, high)]
        return Change(self.system.quantities[cell].address, edges[0], edges[1], Fraction(point[cell]), exact)
