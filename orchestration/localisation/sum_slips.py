"""Slips of sums: a row that is left out of its total, counted twice, printed twice, or missing.

One total at a time; what several columns show together is in ``patterns``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

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
    broken: Iterable[str], quantities: Sequence[Quantity], relations: Sequence[Relation], knowledge: Knowledge
) -> tuple[SumSlip, ...]:
    """Rows that explain broken sums (by relation name): the difference of a total equals a row within rounding.

    The row that explains most sums comes first: a row doubled as a whole explains the total of each of its columns.
    Cells that are zero or blank explain nothing.
    """
    cells = {q.address: q for q in quantities}
    wanted = set(broken)
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for relation in relations:
        parts = plain_sum(relation) if relation.name in wanted else None
        if parts is not None:
            for kind, address in _explained(parts[0], parts[1], Fraction(relation.constant), cells):
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
    total: str, rows: Sequence[str], constant: Fraction, cells: Mapping[str, Quantity]
) -> Iterator[tuple[str, str]]:
    """(kind, address of the cell) of whatever equals the difference between the rows and their total."""
    over = Fraction(sum(cells[a].value for a in rows)) - Fraction(cells[total].value) + constant
    spread = Fraction(sum(cells[a].half_width for a in rows) + cells[total].half_width)
    own = list(_own_rows(rows, over, spread, cells))
    yield from own or _missing_rows(total, rows, over, spread, cells)


def _own_rows(
    rows: Sequence[str], over: Fraction, spread: Fraction, cells: Mapping[str, Quantity]
) -> Iterator[tuple[str, str]]:
    """Rows of the sum itself that it does not count, or counts twice."""
    for address in rows:
        row = cells[address]
        value, half = Fraction(row.value), Fraction(row.half_width)
        if value == 0:
            continue
        if abs(over - value) <= spread - half:
            twin = any(a != address and cells[a].value == row.value for a in rows)
            yield ("row_duplicated" if twin else "row_left_out"), address
        if abs(over + value) <= spread + half:
            yield "row_counted_twice", address


def _missing_rows(
    total: str, rows: Sequence[str], over: Fraction, spread: Fraction, cells: Mapping[str, Quantity]
) -> Iterator[tuple[str, str]]:
    """Detail rows of any ledger that the sum would need, and lacks."""
    known = {total, *rows}
    for address, other in cells.items():
        like = other.unit == cells[total].unit and other.measure == cells[total].measure
        counts = like and other.value != 0 and other.row_kind == "detail" and address not in known
        if counts and abs(over + Fraction(other.value)) <= spread + Fraction(other.half_width):
            yield "row_missing", address
