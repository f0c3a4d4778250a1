"""Where a table's header stands in a grid, and which of its columns is which. Reads no figure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.contract import Column, Contract
from orchestration.ledgers.money import MONEY_UNITS, squeeze
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.texts import fold, is_among, shown

_HEADER_UNIT = re.compile(r"[（(]((?:千|万|百万|亿)?元|%|％|人|万人|个|分)[）)]$")
_HEADER_DEPTH = 2
TITLE_LINES = 30


@dataclass(frozen=True)
class Header:
    """Where the header stands and which column is which."""

    first: int
    last: int
    columns: dict[str, int]  # column name -> zero-based position
    units: dict[str, str]  # column name -> unit printed in its header
    width: int
    lines: frozenset[tuple[str, ...]]  # the header's rows and what stands above them

    def repeats(self, row: list[str]) -> bool:
        """A line of the header, or of the title above it, printed again at a page break."""
        return line_of(row) in self.lines


def _labels(grid: Grid, first: int, depth: int) -> list[list[str]]:
    """For each column, what its header may be called: joined rows first, then the lowest row alone."""
    rows = [[fold(text) for text in grid.rows[first + d]] for d in range(depth)]
    width = max(len(row) for row in rows)
    for row in rows:
        row += [""] * (width - len(row))
    if depth == 1:
        return [[text] for text in rows[0]]
    above, below = rows
    carried, labels = "", []
    for c in range(width):
        carried = above[c] or (carried if below[c] else "")
        same = carried == below[c]
        labels.append([carried if same else carried + below[c], below[c]])
    return labels


def line_of(row: list[str]) -> tuple[str, ...]:
    texts = [squeeze(text) for text in row]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def find_header(grid: Grid, contract: Contract) -> Header:
    free = [text for text in contract.texts if not text.required]
    needed = [column for column in contract.columns if not column.optional and column not in free]
    best: list[Column] = needed
    best_row = 0
    unknown: list[Problem] = []
    # One row is tried everywhere before two: a title line would pass for the upper half of a two-row header.
    for depth in range(1, _HEADER_DEPTH + 1):
        for first in range(min(len(grid.rows) - depth + 1, TITLE_LINES)):
            labels = _labels(grid, first, depth)
            columns, units = _assign(labels, contract)
            missing = [column for column in needed if column.name not in columns]
            if not missing:
                last = first + depth - 1
                problems = _unknown_columns(grid, first, depth, labels, columns, contract)
                if not problems:
                    lines = frozenset(line_of(row) for row in grid.rows[: last + 1])
                    group_units = _group_units(grid, last, columns, contract)
                    return Header(first, last, columns, group_units | units, len(labels), lines)
                unknown = unknown or problems
            elif len(missing) < len(best):
                best, best_row = missing, first
    if unknown:
        raise InputError(unknown)
    found = "、".join(text for text in map(squeeze, grid.rows[best_row] if grid.rows else []) if text) or "空表"
    raise InputError(
        [
            Problem(
                grid.file,
                grid.sheet,
                f"第{best_row + 1}行" if grid.rows else "",
                found,
                f"{contract.title}的表头，缺：{'、'.join(column.header for column in best)}",
            )
        ]
    )


def _assign(labels: list[list[str]], contract: Contract) -> tuple[dict[str, int], dict[str, str]]:
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    for c, variants in enumerate(labels):
        for variant in variants:
            unit = _HEADER_UNIT.search(variant)
            names = {variant, variant[: unit.start()] if unit else variant}
            column = next((x for x in contract.columns if x.headers & names and x.name not in columns), None)
            if column:
                columns[column.name] = c
                if unit:
                    units[column.name] = unit[1].replace("％", "%")
                break
    return columns, units


def _group_units(grid: Grid, last: int, columns: dict[str, int], contract: Contract) -> dict[str, str]:
    """Money units printed over groups of columns, in the row above the lowest header row: 预算（万元）, 决算（元）."""
    if last == 0:
        return {}
    above = [squeeze(text) for text in grid.rows[last - 1]]
    units = {}
    for measure in contract.measures:
        c = columns.get(measure.name)
        if c is None or measure.kind != "money":
            continue
        group = next((text for text in reversed(above[: c + 1]) if text), "")
        if (match := _HEADER_UNIT.search(group)) and match[1] in MONEY_UNITS:
            units[measure.name] = match[1]
    return units


def _as_printed(grid: Grid, first: int, depth: int, c: int) -> str:
    """A column's header with the spaces that it is printed with, from the top down."""
    return "".join(dict.fromkeys(shown(row[c]) for row in grid.rows[first : first + depth] if c < len(row)))


def _unknown_columns(
    grid: Grid, first: int, depth: int, labels: list[list[str]], columns: dict[str, int], contract: Contract
) -> list[Problem]:
    """A column that no contract column claims, and that holds something, would be lost in silence: an error."""
    expected = "、".join(column.header for column in contract.columns)
    return [
        Problem(
            grid.file,
            grid.sheet,
            reference(first, c),
            _as_printed(grid, first, depth, c) or "没有表头的一列",
            f"契约里的列：{expected}",
        )
        for c, label in enumerate(labels)
        if c not in columns.values()
        and not is_among(label[0], contract.ignored)
        and (label[0] or any(squeeze(row[c]) for row in grid.rows[first + depth :] if c < len(row)))
    ]
