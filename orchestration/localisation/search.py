"""The search for answers: all cheapest sets of cells that hit every conflict of a fault and let everything hold.

What does not belong here: deciding whether a set suffices (that is asked of ``region`` by way of ``check``), splitting
conflicts into faults (``localise``), guessing an answer (``oracle``, by way of ``propose``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestration.localisation.solver.exact import Bound, Number
from orchestration.localisation.solver.system import Clock, Conflict, System

#: Nodes of the search after which it asks for a proposal: some quarter of a second. Bears on speed only.
_PROPOSE_AFTER = 5000
#: Proposals that may fail before the search goes on without.
_PROPOSALS = 5


@dataclass(slots=True)
class Found:
    """What the search knows of one fault: sets of cells, cheapest first found."""

    answers: list[frozenset[int]]
    at_least: Number
    complete: bool = True
    capped: bool = False
    minimal: bool = True


@dataclass(frozen=True, slots=True)
class _Branch:
    """A place in the search: cells chosen at a cost, and cells banned (as bits); ``left``: of the first ``known``
    conflicts, what may still hit those that are not hit."""

    chosen: frozenset[int]
    bits: int
    cost: Number
    banned: int
    left: list[int]
    known: int


class Search:
    """All cheapest hitting sets of the conflicts of one fault that also let every relation hold.

    Deepens by cost. At each node the conflict with the fewest affordable cells is branched on; a set of disjoint
    conflicts not yet hit bounds the rest of the cost from below. Cells tried by an earlier sibling are banned.
    Where that takes long, ``propose`` is asked for cells, given conflicts. What ``check`` finds to suffice is the
    answer where the time runs out, and minimal where everything cheaper was ruled out by then.
    """

    def __init__(
        self,
        system: System,
        conflicts: list[Conflict],
        check: Callable[[frozenset[int]], Conflict | None],
        propose: Callable[[list[Conflict]], frozenset[int] | None],
        clock: Clock,
        cap: int,
    ):
        self.system, self.conflicts, self.clock, self.cap = system, conflicts, clock, cap
        self.check, self.propose = check, propose
        self.seeds = len(conflicts)
        self.nodes = 0
        self.places: dict[int, int] = {}  # cell -> its bit
        self.cells: list[int] = []  # by bit
        self.priced: dict[Number, int] = {}  # price -> cells of it, as bits
        self.masks = [self._mask(conflict) for conflict in conflicts]
        self.incumbent: frozenset[int] | None = None
        self.bound: Number = 0
        self.next: Bound = 0
        self.answers: list[frozenset[int]] = []

    def run(self) -> Found:
        complete, capped = True, False
        try:
            while self.next is not None and not self.answers:
                self.bound, self.next = self.next, None
                self._descend(_Branch(frozenset(), 0, 0, 0, [], 0))
        except TimeoutError:
            complete = False
        except CapReachedError:
            capped = True
        minimal = complete or self._fall_back()
        return Found(self.answers, self.bound, complete and not self.clock.undecided, capped, minimal)

    def _fall_back(self) -> bool:
        """Let the verified proposal be an answer where the search was cut short; whether the answers are minimal."""
        if self.incumbent is None:
            return True
        minimal = self._cost(self.incumbent) == self.bound
        if self.incumbent not in self.answers and (minimal or not self.answers):
            self.answers.append(self.incumbent)
        return minimal or self.answers != [self.incumbent]

    def _cost(self, cells: frozenset[int]) -> Number:
        return sum(self.system.cost[i] for i in cells)

    def _mask(self, conflict: Conflict) -> int:
        mask = 0
        for i in conflict.cells:
            if i not in self.places:
                self.places[i] = len(self.cells)
                self.cells.append(i)
                price = self.system.cost[i]
                self.priced[price] = self.priced.get(price, 0) | 1 << self.places[i]
            mask |= 1 << self.places[i]
        return mask

    def _cells(self, mask: int) -> list[int]:
        cells = []
        while mask:
            bit = mask & -mask
            cells.append(self.cells[bit.bit_length() - 1])
            mask ^= bit
        return cells

    def _learn(self, conflict: Conflict) -> None:
        self.conflicts.append(conflict)
        self.masks.append(self._mask(conflict))

    def _unhit(self, node: _Branch) -> list[int]:
        return node.left + [mask & ~node.banned for mask in self.masks[node.known :] if not mask & node.bits]

    def _packed(self, unhit: list[int]) -> list[tuple[int, Number]]:
        """Disjoint ones of the conflicts, the smallest first, each with the least that hitting it costs."""
        packed: list[tuple[int, Number]] = []
        taken = 0
        for mask in sorted(unhit, key=int.bit_count):
            if not mask & taken:
                taken |= mask
                packed.append((mask, min(price for price, cells in self.priced.items() if cells & mask)))
        return packed

    def _affordable(self, packed: list[tuple[int, Number]], slack: Number) -> int:
        """Cells that may be chosen within the bound, as bits; of one in a packed conflict, its share is paid."""
        affordable = taken = 0
        for mask, share in packed:
            taken |= mask
            for price, cells in self.priced.items():
                if price - share <= slack:
                    affordable |= mask & cells
        for price, cells in self.priced.items():
            if price <= slack:
                affordable |= cells & ~taken
        return affordable

    def _descend(self, node: _Branch) -> None:
        self.clock.check()
        self.nodes += 1
        if self.nodes == _PROPOSE_AFTER:
            self._take_proposal()
        unhit, known = self._unhit(node), len(self.masks)
        if not unhit:
            conflict = self.check(node.chosen)
            if conflict is None:
                self._accept(node.chosen)
                return
            self._learn(conflict)
            unhit = [self.masks[-1] & ~node.banned]
            known = len(self.masks)
        if not all(unhit):
            return
        packed = self._packed(unhit)
        slack = self.bound - node.cost - sum(share for _, share in packed)
        affordable = self._affordable(packed, slack)
        branch = min(unhit, key=lambda mask: (mask & affordable).bit_count())
        banned = node.banned
        for i in sorted(self._cells(branch)):
            price, bit = self.system.cost[i], 1 << self.places[i]
            over = price - next((share for mask, share in packed if mask & bit), 0) - slack
            if over <= 0:
                left = [mask & ~banned for mask in unhit if not mask & bit]
                self._descend(_Branch(node.chosen | {i}, node.bits | bit, node.cost + price, banned, left, known))
                banned |= bit
            elif self.next is None or self.bound + over < self.next:
                self.next = self.bound + over

    def _take_proposal(self) -> None:
        """Ask for cells until some do, and leave out those that are not needed; each failure is one more conflict.

        Told are the first conflicts and those that its proposals failed on: more of them make it slower and worse.
        """
        failed = self.conflicts[: self.seeds]
        for _ in range(_PROPOSALS):
            proposed = self.propose(failed)
            if proposed is None:
                return
            conflict = self.check(proposed)
            if conflict is None:
                self._thin(proposed)
                return
            self._learn(conflict)
            failed.append(conflict)

    def _thin(self, cells: frozenset[int]) -> None:
        self.incumbent = cells
        for i in sorted(cells):
            fewer = self.incumbent - {i}
            conflict = self.check(fewer)
            if conflict is None:
                self.incumbent = fewer
            else:
                self._learn(conflict)

    def _accept(self, chosen: frozenset[int]) -> None:
        if len(self.answers) == self.cap:
            raise CapReachedError
        self.answers.append(chosen)


class CapReachedError(Exception):
    """One answer more than may be listed."""
