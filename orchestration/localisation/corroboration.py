"""Corroborating cells: whoever else shows the value that a wrong cell should have, in print or by a sum.

What does not belong here: how much a witness counts (``ranking``), and how it is worded.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orchestration.localisation.localise import Change
from orchestration.localisation.solver.exact import Number, exact
from orchestration.localisation.solver.network import Quantity, Relation, plain_sum


@dataclass(frozen=True, slots=True)
class Witness:
    """A printed cell, or the value that a relation implies for one, inside the implied interval of ``suspect``."""

    suspect: str
    address: str
    low: Number
    high: Number
    same_measure: bool
    relation: str = ""  # the sum that implies the value; empty: the cell is printed so


@dataclass(frozen=True, slots=True)
class _Testimony:
    low: Number
    high: Number
    address: str
    relation: str
    involved: frozenset[str]


class Corroboration:
    """All printed cells and all values that sums imply, by unit and lower end, to be asked for many answers.

    A value implied by a sum ignores the print of the cell that it is implied for. Blanks, zeros and dates bear no
    witness; nor do cells of the same ledger that no rules bind to the suspect, over any number of others: in a ledger
    of 30,000 figures in 500 groups, equal amounts of other groups stand there by chance.
    """

    def __init__(self, quantities: Sequence[Quantity], relations: Sequence[Relation]):
        self.cells = {q.address: q for q in quantities}
        self.terms = {r.name: frozenset(a for a, _ in (*r.terms, *r.denominator)) for r in relations}
        self._groups = _groups(relations)
        heard: dict[str, list[_Testimony]] = {}
        for q in quantities:
            if q.value != 0 and q.unit != "date":
                alone = frozenset({q.address})
                heard.setdefault(q.unit, []).append(_Testimony(exact(q.low), exact(q.high), q.address, "", alone))
        for relation in relations:
            for testimony in self._implied(relation):
                heard.setdefault(self.cells[testimony.address].unit, []).append(testimony)
        self.heard = {unit: sorted(all_, key=lambda t: (t.low, t.high, t.address)) for unit, all_ in heard.items()}
        self.starts = {unit: [t.low for t in all_] for unit, all_ in self.heard.items()}

    def _implied(self, relation: Relation) -> Iterator[_Testimony]:
        parts = plain_sum(relation)
        if parts is None or any(self.cells[a].unit == "date" for a, _ in relation.terms):
            return
        total, rows = parts
        low = exact(sum((self.cells[a].low for a in rows), Decimal(0)))
        high = exact(sum((self.cells[a].high for a in rows), Decimal(0)))
        told = sum(self.cells[a].value for a in rows) != 0
        if told and sum(self.cells[a].value != 0 for a in rows) > 1:
            yield _Testimony(low, high, total, relation.name, frozenset({total, *rows}))

    def witnesses(self, change: Change, answer: Iterable[str], broken: Iterable[str]) -> tuple[Witness, ...]:
        """Who shows a value inside the implied interval of one cell of an answer; same measure first, print first.

        Cells of the answer do not count. Nor do the cells of the only broken relation (by name) that the suspect is
        in: they are the other party to the dispute, and agree with the implied value because it was implied by them.
        """
        if change.low is None or change.high is None:
            return ()
        suspect = self.cells[change.address]
        disputes = [self.terms[name] for name in broken if change.address in self.terms[name]]
        barred = frozenset(answer).union(*disputes[:1] if len(disputes) == 1 else ())
        starts = self.starts.get(suspect.unit, [])
        near = self.heard.get(suspect.unit, [])[bisect_left(starts, change.low) : bisect_right(starts, change.high)]
        found = [
            Witness(
                change.address,
                t.address,
                t.low,
                t.high,
                self.cells[t.address].measure == suspect.measure,
                t.relation,
            )
            for t in near
            if t.high <= change.high and t.involved.isdisjoint(barred) and self._may_know(t.address, suspect)
        ]
        return tuple(sorted(found, key=lambda w: (not w.same_measure, w.relation != "", w.address)))

    def _may_know(self, address: str, suspect: Quantity) -> bool:
        """Whether a cell is of another ledger, or of the suspect's own group in this one."""
        same_ledger = self.cells[address].ledger == suspect.ledger
        return not same_ledger or self._groups.get(address) == self._groups.get(suspect.address)


def _groups(relations: Iterable[Relation]) -> dict[str, str]:
    """Of every cell that a relation binds, one cell that stands for all that relations bind to it."""
    above: dict[str, str] = {}

    def head(address: str) -> str:
        while (higher := above.setdefault(address, address)) != address:
            above[address] = address = above[higher]
        return address

    for relation in relations:
        bound = [head(address) for address in relation.addresses]
        for address in bound[1:]:
            above[head(address)] = bound[0]
    return {address: head(address) for address in list(above)}
