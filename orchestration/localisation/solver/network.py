"""The network that localisation works on: printed quantities, and the relations that bind them.

The dbt models under ``reconciliation/`` are the judge; this is the same content (``rule_term`` and ``reconciliation``)
as Python values, for the one question that SQL cannot answer: which cells would have to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orchestration.ledgers.rounding import Rounding
from orchestration.localisation.solver.exact import Number, exact

#: A closed interval.
Span = tuple[Number, Number]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A printed figure: the true value lies in the closed interval ``middle ± half_width`` unless the cell is wrong.

    Values are in the cell's base unit (fen for money; ones, fractions, points or days for the rest).
    """

    address: str
    value: Decimal
    half_width: Decimal
    ledger: str
    row_key: str
    row_kind: str  # detail | total | memo
    measure: str
    unit: str  # yuan | person | count | point | ratio | date
    printed_unit: str  # 万元, 亿元, %, ...
    text: str  # as printed
    skew: Decimal = Decimal(0)
    rounding: Rounding = "half_up"

    @property
    def middle(self) -> Decimal:
        return self.value + self.skew

    @property
    def low(self) -> Decimal:
        return self.middle - self.half_width

    @property
    def high(self) -> Decimal:
        return self.middle + self.half_width


@dataclass(frozen=True, slots=True)
class Relation:
    """One instance of a linear rule: ``sum(weight * x) + constant`` ``operator`` 0, or a printed rate.

    A rate relation has ``rate`` (the address of the printed rate r) and ``denominator``; it states
    ``terms = r * denominator``, that is the pair lo*b <= a <= hi*b for r printed in [lo, hi] and b >= 0.
    A relation whose rate cell is suspected binds nothing.

    ``counted``: the ledgers whose rows were counted into ``constant``, each with the weight of a row.
    """

    rule_id: str
    instance: str
    terms: tuple[tuple[str, Decimal], ...]  # (address, weight); for a rate: the numerator
    operator: str = "="  # = | <= | >=
    constant: Decimal = Decimal(0)
    rate: str | None = None
    denominator: tuple[tuple[str, Decimal], ...] = ()
    counted: tuple[tuple[str, Decimal], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.rule_id}/{self.instance}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every cell that the relation binds; one that stands in it twice, twice."""
        named = tuple(address for address, _ in (*self.terms, *self.denominator))
        return (*named, self.rate) if self.rate else named


def holds(relation: Relation, spans: Mapping[str, Span]) -> bool:
    """Whether some values within the closed intervals of its cells satisfy the relation."""
    if relation.rate is None:
        return _meets(relation, 0, spans, relation.operator)
    low, high = spans[relation.rate]
    above = relation.operator == "<=" or _meets(relation, low, spans, ">=")
    return above and (relation.operator == ">=" or _meets(relation, high, spans, "<="))


def _meets(relation: Relation, edge: Number, spans: Mapping[str, Span], operator: str) -> bool:
    """Whether ``sum(terms) - edge * sum(denominator) + constant operator 0`` can be."""
    weights: dict[str, Number] = {}
    for address, weight in relation.terms:
        weights[address] = weights.get(address, 0) + exact(weight)
    for address, weight in relation.denominator:
        weights[address] = weights.get(address, 0) - exact(weight) * edge
    least: Number = exact(relation.constant)
    most = least
    for address, net in weights.items():
        low, high = spans[address]
        least += net * (low if net > 0 else high)
        most += net * (high if net > 0 else low)
    return (operator == ">=" or least <= 0) and (operator == "<=" or most >= 0)


def plain_sum(relation: Relation) -> tuple[str, tuple[str, ...]] | None:
    """(total, rows) of a relation that says that one cell is the plain sum of two or more others."""
    if relation.operator != "=" or relation.rate is not None or relation.constant != 0:
        return None
    for sign in (1, -1):
        totals = [a for a, w in relation.terms if w == sign]
        rows = tuple(a for a, w in relation.terms if w == -sign)
        if len(totals) == 1 and len(rows) > 1 and len(rows) + 1 == len(relation.terms):
            return totals[0], rows
    return None
