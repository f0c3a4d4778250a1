"""What localisation finds, as typed rows: a finding, its suspect cells, its suspect entries. Built once and passed on.

``warehouse.suspects`` writes them as tables of the same names; what is a list here is a table of its own there
(``finding_rule``, ``suspect_witness``). Money is in yuan. What does not belong here: how anything is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Label:
    """What people call a cell: 表3, 第17行, 本年调整. ``place``: its turn as the ledgers are read. ``mark``: what its
    file says of it, 划了删除线."""

    ledger: str
    row: str
    column: str
    place: int = 0
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.ledger} {self.row} {self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What broken rules mean together. ``relations``: their names, ``rule id/instance``, in the judge's order."""

    fiscal_year: int
    fault: int
    kind: str  # broken | joint: each rule holds by itself, only all of them together do not
    severity: str  # error | warning
    relations: tuple[str, ...]
    answers: int
    is_unique: bool
    is_complete: bool
    pattern: str | None  # what it looks like, where whole rows or columns are out of place
    pattern_kind: str | None
    statement: str

    @property
    def rules(self) -> str:
        """For people to read; a rule's instance may hold any character, so nothing splits this again."""
        return "、".join(self.relations)


@dataclass(frozen=True, slots=True)
class SuspectCell:
    """One cell of one answer. ``corroborating``: what shows the right value: addresses, or names of relations."""

    fiscal_year: int
    fault: int
    answer: int
    rank: int
    address: str
    ledger: str
    row_key: str
    measure: str
    unit: str
    printed_text: str
    printed_yuan: Decimal
    implied_low_yuan: Decimal | None
    implied_high_yuan: Decimal | None
    corroborating: tuple[str, ...]
    slip: str | None
    statement: str

    @property
    def witnesses(self) -> str:
        """For people to read."""
        return "、".join(self.corroborating)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectEntry:
    """A file, a month or a line of entries. ``account``: the combination of dimensions, as people read it.

    ``fiscal_year`` and ``fault`` are those of the finding that it is put into.
    """

    fiscal_year: int = 0
    fault: int = 0
    rank: int = 1
    kind: str
    ledger: str
    file: str | None = None
    line: int | None = None
    month: int | None = None
    account: str | None = None
    amount_yuan: Decimal | None = None
    implied_low_yuan: Decimal | None = None
    implied_high_yuan: Decimal | None = None
    statement: str

    @property
    def place(self) -> tuple[str | None, int | None, str | None]:
        return self.file, self.line, self.account


def yuan_of(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen).scaleb(-2)


@dataclass(frozen=True)
class Findings:
    """All that was found of a year."""

    findings: tuple[Finding, ...] = ()
    suspects: tuple[SuspectCell, ...] = ()
    entries: tuple[SuspectEntry, ...] = ()
