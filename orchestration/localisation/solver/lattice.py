"""Whether equations can hold in whole numbers: by the Hermite normal form of their coefficients, without search.

Branching alone never ends on 2x + 4y = 1 where x and y have no bounds. What does not belong here: bounds and
inequalities (``region``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from orchestration.localisation.solver.exact import Number, is_whole, magnitude

#: ``sum(coefficient * variable) = right side``
Equation = tuple[Mapping[int, Number], Number]


def indivisible(equations: Sequence[Equation], check: Callable[[], None]) -> dict[int, Fraction] | None:
    """Multipliers (by place of the equation) with which the equations add up to whole coefficients and a right side
    that is not whole: proof that no whole numbers satisfy them. None where some do, or where not even fractions do.

    ``check`` is called once an equation, and may raise.
    """
    columns = _columns(equations)
    pivots: list[tuple[int, dict[int, Number]]] = []  # (equation, column), lower triangular
    values: list[int] = []
    for row, (_, right) in enumerate(equations):
        check()
        column = _reduce(columns, row)
        rest = right - sum(value * known[row] for value, (_, known) in zip(values, pivots, strict=True) if row in known)
        if column is None:
            continue  # settled by the pivots, or not to be satisfied at all
        pivots.append((row, column))
        value = Fraction(rest) / column[row]
        values.append(value.numerator)  # whole, or what follows is the proof that it is not
        if not is_whole(value):
            found = {row: _fraction_of(by, equations[row]) for row, by in _certificate(pivots).items()}
            return {row: by for row, by in found.items() if by != 0}
    return None


def _columns(equations: Sequence[Equation]) -> list[dict[int, Number]]:
    """The coefficients of each variable, by equation; only their span in whole numbers matters from here on."""
    columns: dict[int, dict[int, Number]] = {}
    for row, (terms, _) in enumerate(equations):
        for variable, coefficient in terms.items():
            columns.setdefault(variable, {})[row] = coefficient
    return list(columns.values())


def _reduce(columns: list[dict[int, Number]], row: int) -> dict[int, Number] | None:
    """Combine the columns (Euclid) until one alone has the equation; take that one out of them."""
    users = [column for column in columns if row in column]
    while len(users) > 1:
        least = min(users, key=lambda column: magnitude(column[row]))
        for column in users:
            if column is not least:
                _subtract(column, least, column[row] // least[row])
        users = [column for column in users if row in column]
    if users:
        columns[:] = [column for column in columns if column is not users[0]]
    return users[0] if users else None


def _subtract(column: dict[int, Number], other: Mapping[int, Number], times: Number) -> None:
    for row, coefficient in other.items():
        left = column.get(row, 0) - times * coefficient
        if left == 0:
            column.pop(row, None)
        else:
            column[row] = left


def _certificate(pivots: Sequence[tuple[int, Mapping[int, Number]]]) -> dict[int, Fraction]:
    """Multipliers that give the last pivot's column 1 and every other 0."""
    multipliers: dict[int, Fraction] = {}
    for row, column in reversed(pivots):
        goal = 0 if multipliers else 1
        rest = goal - sum(by * multipliers[other] for other, by in column.items() if other in multipliers)
        multipliers[row] = rest / Fraction(column[row])
    return multipliers


def _fraction_of(by: Fraction, equation: Equation) -> Fraction:
    """A multiplier less its whole part, where the equation is whole and whole multiples of it prove nothing."""
    terms, right = equation
    return by % 1 if is_whole(right) and all(map(is_whole, terms.values())) else by
