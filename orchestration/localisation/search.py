"""The search for answers: all cheapest sets of cells that hit every conflict of a fault and let everything hold.

What does not belong here: deciding whether a set suffices (that is asked of ``region`` by way of ``check``), splitting
conflicts into faults (``localise``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestration.localisation.solver.exact import Bound, Number
from orchestration.localisation.solver.system import Clock, Conflict, System


@dataclass(slots=True)
class Found:
    """What the search knows of one fault: sets of cells, cheapest first found."""

    answers: list[frozenset[int]]
    at_least: Number
    complete: bool = True
    capped: bool = False
    minimal: bool = True


class Search:
    """All cheapest hitting sets of the conflicts of one fault that also let every relation hold.

    Deepens by cost. At each node the conflict with the fewest affordable cells is branched on; a set of disjoint
    conflicts not yet hit bounds the rest of the cost from below. Cells tried by an earlier sibling are banned.
    """

    def __init__(
        self,
        system: System,
        conflicts: list[Conflict],
        check: Callable[[frozenset[int]], Conflict | None],
        clock: Clock,
        cap: int,
    ):
        self.system, self.conflicts, self.check, self.clock, self.cap = system, conflicts, check, clock, cap
        self.bound: Number = 0
        self.next: Bound = 0
        self.answers: list[frozenset[int]] = []

    def run(self) -> Found:
        complete, capped = True, False
        try:
            while self.next is not None and not self.answers:
                self.bound, self.next = self.next, None
                self._descend(frozenset(), 0, frozenset())
        except TimeoutError:
            complete = False
        except CapReachedError:
            capped = True
        return Found(self.answers, self.bound, complete and not self.clock.undecided, capped)

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
            raise CapReachedError
        self.answers.append(chosen)


class CapReachedError(Exception):
    """One answer more than may be listed."""
