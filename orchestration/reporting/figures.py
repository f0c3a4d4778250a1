"""A figure as a report prints it, the rows and ledgers that hold figures, and how a number is written out.

What is read from a version, and what each figure is called, belongs in ``fields``; sentences in ``prose``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from orchestration.ledgers.money import MONEY_UNITS

if TYPE_CHECKING:
    from orchestration.reporting.fields import Fields

#: A figure's text is wrapped in these (private-use characters) on its way through a template, so that whoever lays the
#: text out knows which figure was printed where. They never reach a document.
OPEN, CLOSE, END = "\ue000", "\ue001", "\ue002"
RATE = re.compile(r"-?[\d,]+(\.\d+)?%")
TOKEN = re.compile(f"{OPEN}(\\d+){CLOSE}([^{END}]*){END}")
#: How a figure that was not simply reported is marked, and what the mark says; the same in every file.
BASES = {
    "corrected": ("＊", "已经更正"),
    "derived": ("△", "依列示的数计算"),
    "inferred": ("◇", "为推定"),
}
MARKS = "".join(mark for mark, _ in BASES.values())
_FEN = Decimal("0.01")
_PUBLISHED = Fraction(1, 2 * 10**6)  # half the last place of a published rate


class FieldError(Exception):
    """A template, form or narrative names what is not there. ``where``: the file and place that names it."""

    def __init__(self, message: str, where: str = ""):
        super().__init__(f"{where}：{message}" if where else message)
        self.message, self.where = message, where


@dataclass(frozen=True)
class ReportFigure:
    """A published figure, as a report prints it.

    ``value``: as published (yuan, fractions, ones). ``place``: published table, row, column. ``addresses``: the printed
    cells that it is, or is computed from; none where the scoring rules made it. ``note``: what a correction changed.
    """

    value: Decimal
    unit: str
    place: tuple[str, str, str]
    addresses: tuple[str, ...]
    text: str
    money_unit: str = "万元"
    note: str = ""
    inferred: str = ""  # from what it was inferred, where no ledger reports it
    basis: str = "reported"  # or one of BASES
    recomputed: str = ""  # of a reported rate: its quotient, where that differs beyond print
    exact: Fraction | None = None  # of a rate: the quotient itself, which is published to six places
    record: Callable[[ReportFigure], str] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.record(self) if self.record else self.text

    def __lt__(self, other: object) -> bool:
        return self.value < _number(other)

    def __gt__(self, other: object) -> bool:
        return self.value > _number(other)

    def __le__(self, other: object) -> bool:
        return self.value <= _number(other)

    def __ge__(self, other: object) -> bool:
        return self.value >= _number(other)

    def __bool__(self) -> bool:
        return True

    @property
    def is_missing(self) -> bool:
        return False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said wherever the figure is shown: that it was corrected, that it is inferred."""
        corrected = f"＊{self.note}" if self.note else ""
        return tuple(filter(None, (corrected, f"◇推定：{self.inferred}" if self.inferred else "")))

    @property
    def mark(self) -> str:
        """＊ △ ◇, or nothing for a figure that stands as it was reported."""
        return BASES[self.basis][0] if self.basis in BASES else ""


@dataclass(frozen=True)
class MissingFigure:
    """A figure that the year's ledgers don't hold."""

    name: str
    record: Callable[[MissingFigure], str] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.record(self) if self.record else "未提供"

    def __bool__(self) -> bool:
        return False

    @property
    def is_missing(self) -> bool:
        return True


@dataclass(frozen=True)
class ReportRow:
    """A row of a ledger or table: its columns by name. ``columns`` is what may be asked of any row of it."""

    name: str  # 表1.合计
    key: str
    label: str
    kind: str
    values: Mapping[str, Any]
    columns: frozenset[str]
    fields: Fields = field(repr=False)
    order: tuple[int, ...] = ()
    published: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, column: str) -> Any:
        if column in self.values:
            return self.values[column]
        if column in _OF_ROWS:
            return _OF_ROWS[column](self)
        if column == "项目" and "item" in self.published:
            return self.published["item"]
        if column in self.columns:
            return self.fields.missing(f"{self.name}.{column}")
        raise FieldError(f"{self.name} 没有“{column}”这一栏{perhaps(column, self.columns)}")

    def __getattr__(self, column: str) -> Any:
        if column.startswith("__"):
            raise AttributeError(column)
        return self[column]

    def __str__(self) -> str:
        """A row with one figure stands for that figure."""
        figures = [value for value in self.values.values() if isinstance(value, ReportFigure)]
        if len(figures) != 1:
            raise FieldError(f"{self.name} 有 {len(figures)} 个数，须写明栏目{perhaps('', self.columns)}")
        return str(figures[0])


@dataclass(frozen=True)
class ReportLedger:
    """All rows of a ledger, in printed order."""

    name: str
    rows: tuple[ReportRow, ...]
    names: Mapping[str, ReportRow]
    columns: frozenset[str]
    fields: Fields = field(repr=False)
    published: frozenset[str] = frozenset()  # columns of the table that the rows are published in, where one is known
    open_to_templates: ClassVar = frozenset({"明细", "行"})

    def __getitem__(self, row: str) -> ReportRow:
        found = self.names.get(row) or self.names.get(bare(row))
        return found or self._absent(row)

    def __getattr__(self, row: str) -> ReportRow:
        if row.startswith("__"):
            raise AttributeError(row)
        return self[row]

    def 明细(self, 不含: str = "", **where: str) -> list[ReportRow]:  # noqa: N802, N803
        """Detail rows in printed order; ``where``: published columns that must have this value."""
        self._check_filter(where)
        left_out = set(不含.split("、")) if 不含 else set()
        return [
            row
            for row in self.rows
            if row.kind == "detail" and _matches(row, where) and not left_out & {row.label, row.published.get("item")}
        ]

    def 行(self, **where: str) -> ReportRow:  # noqa: N802
        """The one row with these published values; a row of missing figures where there is none."""
        self._check_filter(where)
        found = [row for row in self.rows if _matches(row, where)]
        return found[0] if len(found) == 1 else self._absent("、".join(where.values()))

    def _check_filter(self, where: Mapping[str, str]) -> None:
        """A filter on a column that the table has not would find no row, and nothing would say so."""
        for column in where:
            if self.published and column not in self.published:
                near = perhaps(column, self.published)
                raise FieldError(f"{self.name} 不能按“{column}”筛选：发布的表没有这一列{near}")

    def _absent(self, row: str) -> ReportRow:
        return ReportRow(f"{self.name}.{row}", row, row, "detail", {}, self.columns, self.fields)


# --- how figures are written ----------------------------------------------------------------------------------------


def amount(yuan: Decimal, unit: str) -> str:
    """Exact money in a unit: at least two decimals, more where the figure needs them."""
    number = yuan * 100 / Decimal(MONEY_UNITS[unit])
    return f"{number:,.{max(2, places(number))}f}"


def places(number: Decimal) -> int:
    """Decimals that a number needs."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def percent(fraction: Decimal) -> str:
    """Two decimals, half up as the published rates are."""
    return f"{(fraction * 100).quantize(_FEN, rounding=ROUND_HALF_UP)}%"


def rounded_once(figure: ReportFigure, row: Mapping[str, Any], of: Sequence[str]) -> ReportFigure:
    """A rate rounded once, from its quotient: 0.79844961 is published as 0.798450, but is 79.84% and not 79.85%."""
    if len(of) != 2 or not row.get(of[1]) or row.get(of[0]) is None:
        return figure
    exact = Fraction(row[of[0]]) / Fraction(row[of[1]])
    if abs(exact - Fraction(figure.value)) > _PUBLISHED:  # another formula, or a rate that is not this quotient
        return figure
    return replace(figure, text=percent(half_up(exact, 4)), exact=exact)


def half_up(exact: Fraction, decimals: int) -> Decimal:
    """A quotient at so many decimals, half up away from zero, in one step."""
    scaled = abs(exact) * 10**decimals
    nearest = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-nearest if exact < 0 else nearest).scaleb(-decimals)


def plain(number: Decimal) -> str:
    """No decimals where none are needed, else two at least."""
    whole = number == number.to_integral_value()
    return f"{number:,.{0 if whole else max(2, places(number))}f}"


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def row_name(row: ReportRow) -> str:
    return str(row.published.get("project_name") or row.published.get("unit_name") or row.label)


#: What may be asked of any row: its name, its key, the last part of its key.
_OF_ROWS: Mapping[str, Callable[[ReportRow], str]] = {
    "名称": row_name, "键": lambda row: row.key, "末键": lambda row: row.key.rsplit(":", 1)[-1],
}  # fmt: skip


def _number(other: object) -> Decimal:
    return other.value if isinstance(other, ReportFigure) else Decimal(str(other))


def _matches(row: ReportRow, where: Mapping[str, str]) -> bool:
    return all(str(row.published.get(column)) == value for column, value in where.items())


def bare(name: str) -> str:
    """A name as an identifier: 基本养老保险参保人数（七（一）2） -> 基本养老保险参保人数七一2."""
    return re.sub(r"\W", "", name)


def perhaps(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4) if name else []
    return f"；相近的有：{'、'.join(near)}" if near else f"；有：{'、'.join(sorted(known))}"
