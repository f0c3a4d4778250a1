"""A starting point from doubles, trusted in nothing: where HiGHS thinks that all rows hold.

It is rounded, and repaired exactly where it fails, so it bears on speed alone. The only place with doubles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

from orchestration.localisation.solver.exact import Number, divide
from orchestration.localisation.solver.system import Clock, Point, System

#: Below this many unequal rows the exact simplex is as fast alone.
_PROPOSE_FROM = 40
#: Price of a unit of violation against a unit of movement (in half-widths) in the proposal. Bears on speed only.
_VIOLATION_PRICE = 1e4


def initial_point(system: System, point: Point, free: Collection[int], clock: Clock) -> None:
    """Move ``point`` to where HiGHS thinks that all rows hold, near print; nothing depends on its being right.

    Works on differences from print, scaled by half-widths, so that 10^15 fen leave no trace in the doubles.
    """
    uneven = [k for k in range(len(system.rows)) if system.active(k, free) and system.violated(k, point)]
    if len(uneven) < _PROPOSE_FROM:
        return
    rows = _connected(system, uneven, free)
    cells = _movable(system, rows, free)
    scale = {i: divide(system.high[i] - system.low[i], 2) or 1 for i in cells}
    if not cells:
        return
    step = _linear_program(system, point, free, rows, cells, scale, clock)
    for i, moved in zip(cells, step, strict=True):
        if moved != 0:
            value = _rounded(system, i, point[i] + scale[i] * Fraction(moved))
            point[i] = value if i in free else min(max(value, system.low[i]), system.high[i])


def _movable(system: System, rows: Iterable[int], free: Collection[int]) -> list[int]:
    cells = sorted({i for k in rows for i, _ in system.rows[k].terms})
    return [i for i in cells if i in free or system.low[i] != system.high[i]]


def _rounded(system: System, i: int, value: Fraction) -> Number:
    return round(value) if system.whole[i] else value.limit_denominator(10**9)


def _connected(system: System, seeds: Iterable[int], free: Collection[int]) -> list[int]:
    """Active rows that share cells, directly or through others, with the seeds."""
    seen = set(seeds)
    stack = list(seen)
    while stack:
        for i, _ in system.rows[stack.pop()].terms:
            fresh = [k for k in system.rows_of[i] if k not in seen and system.active(k, free)]
            seen.update(fresh)
            stack.extend(fresh)
    return sorted(seen)


def _linear_program(
    system: System,
    point: Point,
    free: Collection[int],
    rows: Sequence[int],
    cells: Sequence[int],
    scale: Mapping[int, Number],
    clock: Clock,
) -> list[float]:
    """Least movement (L1) plus priced violation; movement by cell in units of ``scale``, all zero if HiGHS gives up."""
    import numpy as np  # here: most years need no proposal, and the imports take longer than their localisation
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    place = {i: n for n, i in enumerate(cells)}
    across, down, entries, lower, upper = [], [], [], [], []
    for n, k in enumerate(rows):
        row = system.rows[k]
        value = sum(c * point[i] for i, c in row.terms)
        weights = [(place[i], float(c) * float(scale[i])) for i, c in row.terms if i in place]
        size = max((abs(w) for _, w in weights), default=1.0)
        for at, weight in weights:
            down += [n, n]
            across += [at, len(cells) + at]
            entries += [weight / size, -weight / size]
        down += [n, n]
        across += [2 * len(cells) + n, 2 * len(cells) + len(rows) + n]
        entries += [1.0, -1.0]
        lower.append(-np.inf if row.low is None else float(row.low - value) / size)
        upper.append(np.inf if row.high is None else float(row.high - value) / size)
    width = 2 * (len(cells) + len(rows))
    reach = [np.inf if i in free else 1.0 for i in cells]
    result = milp(
        np.array([1.0] * (2 * len(cells)) + [_VIOLATION_PRICE] * (2 * len(rows))),
        constraints=LinearConstraint(csr_array((entries, (down, across)), shape=(len(rows), width)), lower, upper),
        bounds=Bounds(np.zeros(width), np.array(reach + reach + [np.inf] * (2 * len(rows)))),
        options={"time_limit": clock.left() / 2},
    )
    if result.x is None:
        return [0.0] * len(cells)
    return [float(result.x[n] - result.x[len(cells) + n]) for n in range(len(cells))]
