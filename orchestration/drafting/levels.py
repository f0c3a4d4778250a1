"""Rows that are sums of rows below or above them: subtotals, and the levels that codes, numbering or indents make. What
is a level is told by the names, and believed by the figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestration.drafting.columns import DraftColumn, at
from orchestration.drafting.lines import surprise
from orchestration.drafting.rule import SUMMED, Amounts, Break, DraftRule, believed, break_at, joined, shown
from orchestration.drafting.tables import DraftTable
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.hierarchy import numbered, set_in, with_hierarchy
from orchestration.ledgers.layout import Hierarchy
from orchestration.ledgers.rows import Row
from orchestration.ledgers.spreadsheet import reference
from orchestration.ledgers.texts import fold

#: Bits that the sums of a hierarchy must say together: a chance of one in a million.
_CONVINCES = 20
_MOST_LENGTHS = 6
_Judged = tuple[int, int, list[Break]]  # kept, bits, breaks


def with_levels(table: DraftTable, amounts: Amounts) -> DraftTable:
    """The table with the hierarchy that its names tell and its figures keep, if there is one."""
    if not table.keys:
        return table
    for column, said in _candidates(table):
        hierarchy = Hierarchy.model_validate({"key": _named(table, column), **said})
        parents = _parents(table, column, hierarchy)
        kept, bits, breaks = _judge(table, amounts, _children(parents))
        if kept and bits >= _CONVINCES and (believed(kept, len(breaks)) or _told_by_codes(said, kept, breaks)):
            return replace(table, hierarchy=hierarchy, parents=parents)
    return table


def _told_by_codes(said: Mapping[str, Any], kept: int, breaks: Sequence[Break]) -> bool:
    """Codes that begin with each other say by themselves that rows are parts: that most sums hold suffices."""
    return "prefixes" in said and kept > len(breaks)


def level_rules(table: DraftTable, amounts: Amounts) -> Iterator[DraftRule]:
    """Each row that others are part of as their sum: subtotals and the groups of a hierarchy."""
    children = {**_of_subtotals(table), **_children(table.parents)}
    kept, _, breaks = _judge(table, amounts, children)
    by_codes = table.hierarchy is not None and bool(table.hierarchy.prefixes)
    if not believed(kept, len(breaks)) and not (by_codes and kept > len(breaks)):
        return
    row = joined([f"{{{key.name}}}" for key in table.keys])
    measures = [column for column in table.measures if column.kind in SUMMED]
    yield DraftRule(
        id=f"{table.name}_levels",
        title="小计、汇总行＝所含各行之和",
        check=f"{table.name}/{row}/{{measure}} = children({table.name}/{row}/{{measure}})",
        kept=kept,
        tried=kept + len(breaks),
        breaks=tuple(breaks),
        variables={"measure": tuple(column.name for column in measures)},
        operands=tuple((table.name, r, column.at) for column in measures for r in children),
    )


def _candidates(table: DraftTable) -> Iterator[tuple[DraftColumn, dict[str, Any]]]:
    """Columns whose texts tell levels, and how."""
    names = [column for column in table.columns if column.role in ("key", "text")]
    details = [r for r in table.rows if table.kind(r) == "detail"]
    for column in names:
        if lengths := _code_lengths([fold(table.text(r, column)) for r in details]):
            yield column, {"prefixes": lengths}
    for column in names:
        depths = {numbered(table.text(r, column)) for r in details} - {None}
        if len(depths) > 1:
            yield column, {"by": "numbering"}
    for column in names:
        if len({_indent(table, r, column) for r in details}) > 1:
            yield column, {"by": "indent"}


def _code_lengths(texts: Sequence[str]) -> list[int]:
    """The lengths of codes, where all are codes and there are a few lengths."""
    lengths = sorted({len(text) for text in texts})
    return lengths if all(text.isdecimal() for text in texts) and 1 < len(lengths) <= _MOST_LENGTHS else []


def _named(table: DraftTable, column: DraftColumn) -> str:
    """How the contract calls a column: a joined key by the key's name."""
    return next((key.name for key in table.keys if key.columns == (column,)), column.name)


def _indent(table: DraftTable, r: int, column: DraftColumn) -> int:
    printed = at(table.grid, r, column.at)
    return set_in(printed) + 2 * table.grid.indents.get(reference(r, column.at), 0)


def _parents(table: DraftTable, column: DraftColumn, hierarchy: Hierarchy) -> dict[int, int]:
    """Row -> the row that it is part of, as the reader will have it."""
    row_of = {joined(table.key(r)): r for r in table.rows}
    rows = [
        Row(table.key(r), table.kind(r), "", [], "", {hierarchy.key: table.text(r, column)}, _indent(table, r, column))
        for r in table.rows
    ]
    contract = Contract.model_validate(
        {"ledger": table.name, "title": table.title, "short": table.title,
         "keys": [{"name": hierarchy.key, "header": "行"}], "hierarchy": hierarchy.model_dump()}
    )  # fmt: skip
    placed, _ = with_hierarchy(rows, contract)
    return {row_of[row.key]: row_of[row.parent] for row in placed if row.parent}


def _children(parents: Mapping[int, int]) -> dict[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for r, parent in parents.items():
        children[parent].append(r)
    return children


def _of_subtotals(table: DraftTable) -> dict[int, list[int]]:
    """Subtotal -> the rows that are part of it: those above it in its group; below, where the group begins with one."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for r in table.rows:
        if table.kind(r) in ("detail", "subtotal"):
            groups[table.key(r)[:-1]].append(r)
    children: dict[int, list[int]] = {}
    for rows in groups.values():
        ordered = rows if table.kind(rows[0]) == "subtotal" else rows[::-1]
        current: list[int] | None = None
        for r in ordered:
            if table.kind(r) == "subtotal":
                current = children.setdefault(r, [])
            elif current is not None:
                current.append(r)
    return children


def _judge(table: DraftTable, amounts: Amounts, children: Mapping[int, Sequence[int]]) -> _Judged:
    """How many figures of these rows are the sum of their children's, how surprising that is, and which are not."""
    figures = amounts.figures
    index = {r: i for i, r in enumerate(table.rows)}
    kept, bits = 0, 0
    breaks: list[Break] = []
    for m, column in enumerate(table.measures):
        if column.kind not in SUMMED:
            continue
        for parent, parts in children.items():
            i, own = index[parent], [index[r] for r in parts]
            value = figures.values[i][m]
            if value is None or all(figures.values[j][m] is None for j in own):
                continue
            total = sum(figures.values[j][m] or 0 for j in own)
            allowed = figures.halves[i][m] + sum(figures.halves[j][m] for j in own)
            if abs(total - value) > allowed:
                expected = shown(table, column, total, figures.scale, table.text(parent, column))
                breaks.append(break_at(table, parent, column, f"{expected}（所含 {len(parts)} 行之和）"))
                continue
            kept += 1
            if value and len(own) > 1:
                bits += surprise(value, abs(total - value), max(1, 2 * figures.halves[i][m]))
    return kept, bits, breaks
