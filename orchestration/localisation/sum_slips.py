"""Slips of sums: a row that is left out of its total, counted twice, printed twice, or missing.

One total at a time; what several columns show together is in ``patterns``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from orchestration.localisation.knowledge import Knowledge
from orchestration.localisation.solver.network import Quantity, Relation, plain_sum


@dataclass(frozen=True, slots=True)
class SumSlip:
    """A row that explains broken sums: left out, doubled or missing. ``row``: ledger and row key of that row."""

    kind: str
    name: str
    row: tuple[str, str]
    relations: tuple[str, ...]
    addresses: tuple[str, ...]  # one a relation: the cell whose value equals the difference


def sum_slips(
    broken: Iterable[str],
    quantities: Sequence[Quantity],
    relations: Sequence[Relation],
    knowledge: Knowledge,
    details: DetailFigures | None = None,
) -> tuple[SumSlip, ...]:
    """Rows that explain broken sums (by relation name): the difference of a total equals a row within rounding.

    The row that explains most sums comes first: a row doubled as a whole explains the total of each of its columns.
    Cells that are zero or blank explain nothing. ``details``: those of the quantities, where many faults ask.
    """
    cells = {q.address: q for q in quantities}
    details = details or DetailFigures(quantities)
    wanted = set(broken)
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for relation in relations:
        parts = plain_sum(relation) if relation.name in wanted else None
        if parts is not None:
            for kind, address in _explained(parts[0], parts[1], Fraction(relation.constant), cells, details):
                cell = cells[address]
                found.setdefault((kind, cell.ledger, cell.row_key), []).append((relation.name, address))
    order = list(knowledge.sums)
    slips = [
        SumSlip(kind, knowledge.sums[kind], (ledger, row), tuple(r for r, _ in hits), tuple(a for _, a in hits))
        for (kind, ledger, row), hits in found.items()
        if kind in knowledge.sums
    ]
    return tuple(sorted(slips, key=lambda slip: (-len(slip.relations), order.index(slip.kind), slip.row)))


def _explained(
    total: str, rows: Sequence[str], constant: Fraction, cells: Mapping[str, Quantity], details: DetailFigures
) -> Iterator[tuple[str, str]]:
    """(kind, address of the cell) of whatever equals the difference between the rows and their total."""
    over = Fraction(sum(cells[a].middle for a in rows)) - Fraction(cells[total].middle) + constant
    spread = Fraction(sum(cells[a].half_width for a in rows) + cells[total].half_width)
    own = list(_own_rows(rows, over, spread, cells))
    yield from own or _missing_rows(cells[total], {total, *rows}, over, spread, details)


def _own_rows(
    rows: Sequence[str], over: Fraction, spread: Fraction, cells: Mapping[str, Quantity]
) -> Iterator[tuple[str, str]]:
    """Rows of the sum itself that it does not count, or counts twice."""
    for address in rows:
        row = cells[address]
        value, half = Fraction(row.middle), Fraction(row.half_width)
        if row.value == 0:
            continue
        if abs(over - value) <= spread - half:
            twin = any(a != address and cells[a].value == row.value for a in rows)
            yield ("row_duplicated" if twin else "row_left_out"), address
        if abs(over + value) <= spread + half:
            yield "row_counted_twice", address


def _missing_rows(
    total: Quantity, known: Set[str], over: Fraction, spread: Fraction, details: DetailFigures
) -> Iterator[tuple[str, str]]:
    """Detail rows of any ledger that the sum would need, and lacks."""
    for other in details.near(total, -over, spread):
        if other.address not in known and abs(over + Fraction(other.middle)) <= spread + Fraction(other.half_width):
            yield "row_missing", other.address


class DetailFigures:
    """Figures of detail rows that are not zero, by unit and measure, in order of middles; sorted when first asked."""

    def __init__(self, quantities: Sequence[Quantity]):
        self._quantities = quantities

    @cached_property
    def _columns(self) -> dict[tuple[str, str], tuple[list[Decimal], list[tuple[int, Quantity]], Decimal]]:
        """Middles, the cells with their places among all, and the widest half-width of each column."""
        columns: dict[tuple[str, str], list[tuple[int, Quantity]]] = {}
        for n, cell in enumerate(self._quantities):
            if cell.value != 0 and cell.row_kind == "detail":
                columns.setdefault((cell.unit, cell.measure), []).append((n, cell))
        ordered = {name: sorted(cells, key=lambda each: each[1].middle) for name, cells in columns.items()}
        return {
            name: ([cell.middle for _, cell in cells], cells, max(cell.half_width for _, cell in cells))
            for name, cells in ordered.items()
        }

    def near(self, like: Quantity, value: Fraction, spread: Fraction) -> list[Quantity]:
        """Those of the same unit and measure whose interval may come as near to a value as ``spread``, in the order of
        all cells.
        """
        values, cells, widest = self._columns.get((like.unit, like.measure), ([], [], Decimal(0)))
        reach = spread + Fraction(widest)
        first, last = bisect_left(values, value - reach), bisect_right(values, value + reach)
        return [cell for _, cell in sorted(cells[first:last], key=lambda each: each[0])]
