"""Which cells HiGHS thinks suffice, where the exact search alone takes long: a proposal, verified before it counts.

A mixed-integer program in doubles over the rows around a fault: each cell may move or not, rows are loosened by what
print allows, known conflicts are covers. It errs (tolerances are typed in, and it has claimed bounds that are wrong),
so nothing that it says about bounds is read, and whether its cells suffice is decided exactly by whoever asks.

HiGHS runs in a process of its own: it prints to the process's output whatever one asks, and a crash of it must not
be one of ours. What does not belong here: verifying (``localise``), a starting point for the simplex (``proposal``).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from typing import Any

from orchestration.localisation.solver.exact import Number, divide, magnitude
from orchestration.localisation.solver.system import Clock, Conflict, Inequality, Point, System

#: Nodes of HiGHS's tree: the same ledger gives the same proposal on a busy machine. Bears on speed alone.
_NODES = 200


def propose_cells(
    system: System, point: Point, conflicts: Sequence[Conflict], others: Collection[int], clock: Clock
) -> frozenset[int] | None:
    """Cells that hit all ``conflicts`` and whose change HiGHS thinks suffices where ``others`` may change as well.

    None where it gives up, or has died. ``point``: values of the others.
    """
    model = _Program(system, point, conflicts, others)
    left = clock.left()
    asked = json.dumps(model.program() | {"nodes": _NODES, "seconds": left / 2, "most": ceil(left)})
    command = [sys.executable, "-P", "-m", __name__]  # -P: nothing that lies in the working folder is imported
    ran = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return None
    support = json.loads(ran.stdout.splitlines()[-1])  # the lines before are HiGHS's own
    return None if support is None else frozenset(model.cells[n] for n in support)


@dataclass(slots=True)
class _ProgramRows:
    """Sparse rows of a program: ``low <= sum(entry * variable) <= high``."""

    down: list[int] = field(default_factory=list)
    across: list[int] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, terms: Iterable[tuple[int, float]], low: float, high: float) -> None:
        for at, entry in terms:
            self.down.append(len(self.low))
            self.across.append(at)
            self.entries.append(entry)
        self.low.append(low)
        self.high.append(high)


class _Program:
    """The program around a fault. Variables: how far each cell moves, in units of the greatest violation (so within
    [-1, 1]: what is far beyond print keeps its scale, what is within is a row's looseness), then whether it does."""

    def __init__(self, system: System, point: Point, conflicts: Sequence[Conflict], others: Collection[int]):
        self.system, self.others, self.conflicts = system, others, conflicts
        at_fault = frozenset[int]().union(*(c.cells for c in conflicts))
        self.rows = [
            row for k in system.touching(at_fault) if (row := system.rows[k]).terms and system.active(k, others)
        ]
        rates = {row.rate for row in self.rows if row.rate is not None}
        self.cells = sorted({i for row in self.rows for i, _ in row.terms} | rates | at_fault)
        self.place = {i: n for n, i in enumerate(self.cells)}
        self.middle = {i: point[i] if i in others else divide(system.low[i] + system.high[i], 2) for i in self.cells}
        self.reach = self._reach()

    def _gap(self, row: Inequality) -> tuple[Number | None, Number | None]:
        """How far the row's sides lie from its value at print, loosened by what print allows its cells."""
        value = sum(c * self.middle[i] for i, c in row.terms)
        ours = [(i, c) for i, c in row.terms if i not in self.others]
        loose = sum(magnitude(c) * divide(self.system.high[i] - self.system.low[i], 2) for i, c in ours)
        low = None if row.low is None else row.low - value - loose
        return low, None if row.high is None else row.high - value + loose

    def _reach(self) -> dict[int, float]:
        """How far a cell may move: by the greatest violation of a row, over the cell's least coefficient."""
        worst = 1.0
        least: dict[int, float] = {}
        for row in self.rows:
            low, high = self._gap(row)
            worst = max(worst, float(low or 0), -float(high or 0))
            for i, c in row.terms:
                least[i] = min(least.get(i, inf), abs(float(c)))
        return {i: worst / least.get(i, 1.0) for i in self.cells}

    def program(self) -> dict[str, Any]:
        """The program as what can be sent to a process."""
        rows, size = _ProgramRows(), len(self.cells)
        for row in self.rows:
            self._add(rows, row)
        for n, i in enumerate(self.cells):
            if i not in self.others:
                rows.add([(n, 1.0), (size + n, -1.0)], -inf, 0.0)
                rows.add([(n, 1.0), (size + n, 1.0)], 0.0, inf)
        for conflict in self.conflicts:
            rows.add([(size + self.place[i], 1.0) for i in conflict.cells], 1.0, inf)
        return {
            "prices": [float(self.system.cost[i]) for i in self.cells],
            "ours": [i not in self.others for i in self.cells],
            "down": rows.down, "across": rows.across, "entries": rows.entries, "low": rows.low, "high": rows.high,
        }  # fmt: skip

    def _add(self, rows: _ProgramRows, row: Inequality) -> None:
        """A row in units in which its greatest entry is 1; a side of a rate binds nothing where the rate changes."""
        moves = [(self.place[i], float(c) * self.reach[i]) for i, c in row.terms]
        unit = max(abs(entry) for _, entry in moves)
        terms = [(at, entry / unit) for at, entry in moves]
        low, high = (None if edge is None else float(edge) / unit for edge in self._gap(row))
        if row.rate is not None:
            most = sum(abs(entry) for _, entry in terms)
            freed = most + max(0.0, low or 0.0) if low is not None else -most - max(0.0, -(high or 0.0))
            terms.append((len(self.cells) + self.place[row.rate], freed))
        rows.add(terms, -inf if low is None else low, inf if high is None else high)


def _answer(asked: dict[str, Any]) -> list[int] | None:
    """Places of the cells that HiGHS would change at the least price."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    size = len(asked["ours"])
    ours = np.array(asked["ours"])
    reach = np.where(ours, 1.0, np.inf)
    matrix = csr_array((asked["entries"], (asked["down"], asked["across"])), shape=(len(asked["low"]), 2 * size))
    found = milp(
        np.array([0.0] * size + asked["prices"]),
        constraints=LinearConstraint(matrix, asked["low"], asked["high"]),
        bounds=Bounds(np.concatenate([-reach, np.zeros(size)]), np.concatenate([reach, ours.astype(float)])),
        integrality=[0] * size + [1] * size,
        options={"node_limit": asked["nodes"], "time_limit": asked["seconds"], "presolve": False},
    )
    return None if found.x is None else [n for n in range(size) if found.x[size + n] > 0.5]


def _answer_within(asked: dict[str, Any]) -> None:
    """HiGHS looks at its own limit now and then, and by the wall's clock: past all that is left, the system ends it."""
    resource.setrlimit(resource.RLIMIT_CPU, (asked["most"], asked["most"]))
    print("\n" + json.dumps(_answer(asked)))  # noqa: T201 (the answer to the process that asks)


if __name__ == "__main__":
    _answer_within(json.load(sys.stdin))
