"""What entries must sum to so that every printed figure of a year is right at once: whole fen, found exactly.

Printed totals differ from the sums of their printed rows, so no ledger of entries can equal them all. But where a year
reconciles there are amounts within every printed interval for which every rule holds: the point from which error
localisation starts, too. That point, found by the same exact simplex, gives the sum of each printed cell; a joint
allocation over unit, project and category gives the sums of single accounts. What does not belong here: entries.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.localisation.solver.exact import is_whole
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.solver.region import settle
from orchestration.localisation.solver.system import Clock, System

#: The measures that entries carry, as ``entry_kind``; the others of a printed table follow from these.
KINDS = ("carryover", "initial_budget", "adjustment", "final_expenditure")
#: What the entries of a fund are called whose report prints a total and no items.
NO_ITEM = "未分项"
#: Seconds that the exact point may take; 2024 takes less than one.
TIME_LIMIT = 120.0

Margin = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Target:
    """One account: the columns that all its entries share (as codes), and the fen that they sum to, never zero."""

    ledger: str  # budget_entry | fund_entry
    columns: tuple[tuple[str, str], ...]
    fen: int

    @property
    def values(self) -> dict[str, str]:
        return dict(self.columns)


@dataclass(frozen=True)
class ReportedYear:
    """A year's printed figures after corrections, the rules that bind them, and words that stand beside them."""

    quantities: list[Quantity]
    relations: list[Relation]
    pooling_levels: dict[str, str]  # row key of fund_statement -> as printed


def read_printed(settings: Settings, year: int) -> ReportedYear:
    """The printed figures of a year, judged in a build of their own. Raises ``InputError``."""
    from orchestration.warehouse.check import check_paths
    from orchestration.warehouse.suspects import read_network

    with tempfile.TemporaryDirectory(prefix="ledgergate-") as folder:
        found = check_paths(settings, [settings.ledgers(year)], Path(folder), year=year)
        quantities, relations = read_network(found.build)
        levels = found.build.rows(
            "select row_key, text from raw.cell where ledger = 'fund_statement' and measure = 'pooling_level'"
        )
    return ReportedYear(quantities, relations, {row["row_key"]: row["text"] for row in levels})


def point(printed: ReportedYear, year: int) -> dict[str, int]:
    """Whole fen within the printed interval of each money cell, for which every rule holds. Verified, not hoped.

    An amount that entries sum to is at least zero, and at least a fen where one is printed (``0.00`` is too little to
    print, not nothing); only an adjustment may fall below. Raises ``InputError`` where the
    printed ledgers contradict one another: then no entries can agree with them.
    """
    system = _bounded(printed)
    values = [max(value, low) for value, low in zip(system.printed(), system.low, strict=True)]
    clock = Clock(TIME_LIMIT)
    conflict = settle(system, values, frozenset(), range(len(system.rows)), clock)
    wrong = [i for i, value in enumerate(values) if system.outside(i, value)]
    if conflict or wrong or any(system.violated(k, values) for k in range(len(system.rows))):
        raise InputError([Problem(f"raw/{year}", "", "", "各账互相矛盾", "先更正：ledgergate check 指出有误的单元格")])
    money = [i for i, quantity in enumerate(printed.quantities) if quantity.unit == "yuan"]
    if not all(is_whole(values[i]) for i in money):
        raise InputError([Problem(f"raw/{year}", "", "", "没有找到整分的数", "各账在四舍五入尾差范围内有整分的解")])
    return {printed.quantities[i].address: int(values[i]) for i in money}


def _bounded(printed: ReportedYear) -> System:
    """The year's network, in which what entries sum to is not below zero, nor nothing where an amount is printed."""
    system = System.build(printed.quantities, printed.relations, {})
    for i, quantity in enumerate(printed.quantities):
        if quantity.measure in (*KINDS, "actual") and quantity.measure != "adjustment" and quantity.value >= 0:
            system.low[i] = max(system.low[i], 1 if quantity.half_width else 0)
    return system


def targets(settings: Settings, year: int) -> list[Target]:
    """Every account of the year's entries with its sum, in a fixed order. Raises ``InputError``."""
    return targets_of(read_printed(settings, year), year)


def targets_of(printed: ReportedYear, year: int) -> list[Target]:
    """The accounts of printed figures at hand."""
    fen = point(printed, year)
    details = [
        (q.ledger, q.row_key, q.measure, fen[q.address])
        for q in printed.quantities
        if q.row_kind == "detail" and q.address in fen
    ]
    totals = {
        q.row_key: fen[q.address]
        for q in printed.quantities
        if (q.ledger, q.measure) == ("fund_statement", "actual") and q.address in fen
    }
    return [*_basic(details), *_project(details, year), *_fund(details, printed.pooling_levels, totals)]


Detail = tuple[str, str, str, int]  # ledger, row key, measure, fen


def _basic(details: Iterable[Detail]) -> list[Target]:
    return [
        _budget("basic", measure, (unit, "", ""), fen)
        for ledger, unit, measure, fen in details
        if ledger == "unit_basic_expenditure" and measure in KINDS and fen
    ]


def _project(details: Sequence[Detail], year: int) -> list[Target]:
    """Project expenditure: a joint allocation of each measure over units, projects and categories."""
    found = []
    for measure in KINDS:
        margins = [
            {row: fen for ledger, row, name, fen in details if ledger == wanted and name == measure}
            for wanted in ("unit_project_expenditure", "project_expenditure", "category_expenditure")
        ]
        if len({sum(margin.values()) for margin in margins}) != 1:
            raise InputError(
                [Problem(f"raw/{year}", "", measure, "表2、表3、分类的和不相等", "规则 project_tables_agree 等成立")]
            )
        found += [_budget("project", measure, keys, fen) for keys, fen in spread(margins).items() if fen]
    return found


def _budget(kind: str, measure: str, keys: tuple[str, ...], fen: int) -> Target:
    unit, project, category = keys
    columns = (
        ("expenditure_kind", kind), ("entry_kind", measure), ("unit_name", unit), ("project_no", project),
        ("category", category),
    )  # fmt: skip
    return Target("budget_entry", columns, fen)


def _fund(details: Sequence[Detail], levels: Mapping[str, str], totals: Mapping[str, int]) -> list[Target]:
    """Each printed item of a fund; the total itself where no items are printed."""
    items = {row: amount for ledger, row, name, amount in details if ledger == "fund_statement" and name == "actual"}
    itemised = {row.rsplit(":", 1)[0] for row in items}
    for row in levels:
        side, _, item = row.rpartition(":")
        if item == "total" and side not in itemised:
            items[f"{side}:{NO_ITEM}"] = totals.get(row, 0)
    found = []
    for row, amount in items.items():
        fund, side, item = row.split(":")
        level = levels.get(row) or levels[f"{fund}:{side}:total"]
        columns = (("fund", fund), ("side", side), ("item", item), ("pooling_level", level))
        if amount:
            found.append(Target("fund_entry", columns, amount))
    return found


def spread(margins: Sequence[Margin]) -> dict[tuple[str, ...], int]:
    """A joint allocation with the given margins, all of one sum: one key from each margin -> fen.

    The north-west corner rule, in as many dimensions as there are margins. It wants amounts of one sign, so positive
    and negative parts are allocated apart; a margin that has less of both gets the difference added to both parts of
    its largest member (a reduction of one project paid for by another of the same unit).
    """
    negative = max(-sum(min(fen, 0) for fen in margin.values()) for margin in margins)
    parts: list[tuple[dict[str, int], dict[str, int]]] = []
    for margin in margins:
        above = {key: max(fen, 0) for key, fen in margin.items()}
        below = {key: max(-fen, 0) for key, fen in margin.items()}
        largest = max(margin, key=lambda key: above[key])
        lacking = negative - sum(below.values())
        above[largest] += lacking
        below[largest] += lacking
        parts.append((above, below))
    joint: dict[tuple[str, ...], int] = {}
    for sign, members in ((1, [above for above, _ in parts]), (-1, [below for _, below in parts])):
        for keys, fen in _corner(members):
            joint[keys] = joint.get(keys, 0) + sign * fen
    return joint


def _corner(margins: Sequence[Margin]) -> list[tuple[tuple[str, ...], int]]:
    """The north-west corner rule for amounts of at least zero and one sum."""
    queues = [[(key, fen) for key, fen in margin.items() if fen][::-1] for margin in margins]
    cells: list[tuple[tuple[str, ...], int]] = []
    while all(queues):
        fen = min(queue[-1][1] for queue in queues)
        cells.append((tuple(queue[-1][0] for queue in queues), fen))
        for queue in queues:
            key, left = queue.pop()
            if left > fen:
                queue.append((key, left - fen))
    return cells
