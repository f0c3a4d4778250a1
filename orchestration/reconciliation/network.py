"""The network that localisation works on: printed quantities, and the relations that bind them.

The dbt models under ``reconciliation/`` are the judge; this is the same content (``rule_term`` and ``reconciliation``)
as Python values, for the one question that SQL cannot answer: which cells would have to change.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Quantity:
    """A printed figure: the true value lies in the closed interval ``value ± half_width`` unless the cell is wrong.

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

    @property
    def low(self) -> Decimal:
        return self.value - self.half_width

    @property
    def high(self) -> Decimal:
        return self.value + self.half_width


@dataclass(frozen=True, slots=True)
class Relation:
    """One instance of a linear rule: ``sum(weight * x) + constant`` ``operator`` 0, or a printed rate.

    A rate relation has ``rate`` (the address of the printed rate r) and ``denominator``; it states
    ``terms = r * denominator``, that is the pair lo*b <= a <= hi*b for r printed in [lo, hi] and b >= 0.
    A relation whose rate cell is suspected binds nothing.
    """

    rule_id: str
    instance: str
    terms: tuple[tuple[str, Decimal], ...]  # (address, weight); for a rate: the numerator
    operator: str = "="  # = | <= | >=
    constant: Decimal = Decimal(0)
    rate: str | None = None
    denominator: tuple[tuple[str, Decimal], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.rule_id}/{self.instance}"
