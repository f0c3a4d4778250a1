"""The cell: a printed figure with its place. Nothing here reads files or knows Dagster.

Money is held in fen (分) as an integral ``Decimal``; every other unit in ones (persons, counts, points,
fractions, days since 1970-01-01). No float ever stands for a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

#: What a value is counted in. ``yuan`` names the money unit of published tables; cells hold it in fen.
UNITS = ("yuan", "person", "count", "point", "ratio", "date", "text")


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed figure (or name) of one ledger, with the place that it was read from."""

    fiscal_year: int
    ledger: str
    row_key: str
    row_kind: str  # detail | total | subtotal | of_which | memo (printed beside the total, not in it)
    row_label: str  # how a person calls the row: 第17行 流动人员人事档案管理基本公共服务专项
    measure: str
    text: str  # as printed
    value: Decimal | None  # fen for money; None for text
    unit: str  # one of UNITS
    half_width: Decimal  # half the last printed place, in the unit of ``value``
    printed_unit: str  # 万元, 亿元, 人, % ... ; "" where none applies
    file: str
    sheet: str
    cell: str  # A1 reference
    parent: str = ""  # row key of the row that this one is part of: its subtotal, or the row that it is “of which” of
    mark: str = ""  # what the file says of it beside its text: 划了删除线, 在隐藏列
    skew: Decimal = Decimal(
        0
    )  # how far the middle of the interval lies from ``value``: not at it where digits were cut
    department: str = ""  # its code; empty where ledgers lie in no department's folder

    @property
    def address(self) -> str:
        """``year/department/ledger/row key/measure``: the name by which rules, corrections and people call the cell."""
        return f"{self.fiscal_year}/{folder_of(self.department)}{self.ledger}/{self.row_key}/{self.measure}"


def folder_of(department: str) -> str:
    """What stands of a department in an address, or in the name of a file: nothing where there is none."""
    return f"{department}/" if department else ""
