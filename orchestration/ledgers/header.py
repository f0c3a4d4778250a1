"""Where a table's header stands in a grid, and which of its columns is which. Reads no figure."""

from __future__ import annotations

import re
from collections import Counter
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


@dataclass(frozen=True)
class _Label:
    """What a column is called: the texts of its header from the top down, folded, each once."""

    path: tuple[str, ...]

    @property
    def whole(self) -> str:
        return "".join(self.path)

    @property
    def names(self) -> list[str]:
        """The whole path first, then ever less of it, down to the lowest text alone; with and without the units that
        are printed in upper rows.
        """
        bare = [_without_unit(text)[0] for text in self.path[:-1]] + list(self.path[-1:])
        paths = [path[n:] for n in range(len(self.path)) for path in (list(self.path), bare)]
        return list(dict.fromkeys("".join(path) for path in paths))


def _labels(grid: Grid, first: int, depth: int) -> list[_Label]:
    """For each column its label. A text of an upper row reaches over the columns to its right that have none of their
    own there but one below, as far as what it stands under reaches.
    """
    rows = [[fold(text) for text in grid.rows[first + d]] for d in range(depth)]
    width = max(len(row) for row in rows)
    for row in rows:
        row += [""] * (width - len(row))
    carried = [""] * depth
    labels = []
    for c in range(width):
        path: list[str] = []
        fresh = False  # an upper row begins anew here: what lower rows carried ends
        for d in range(depth):
            own = rows[d][c]
            below = d + 1 < depth and any(rows[n][c] for n in range(d + 1, depth))
            kept = carried[d] if below and not own and not fresh else ""
            carried[d] = own or kept
            fresh = fresh or bool(own)
            if carried[d] and (not path or path[-1] != carried[d]):
                path.append(carried[d])
        labels.append(_Label(tuple(path)))
    return labels


def line_of(row: list[str]) -> tuple[str, ...]:
    texts = [squeeze(text) for text in row]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def find_header(grid: Grid, contract: Contract) -> Header:
    """Raises ``InputError`` where no row has all the columns that must be there, or one has others beside them."""
    free = [text for text in contract.texts if not text.required]
    needed = [column for column in contract.printed_columns if not column.optional and column not in free]
    best: list[Column] = needed
    best_row = 0
    unknown: list[Problem] = []
    begin = next((r for r, row in enumerate(grid.rows) if any(row)), 0)
    # One row is tried everywhere before two: a title line would pass for the upper half of a two-row header.
    depths = [contract.header.rows] if contract.header else range(1, _HEADER_DEPTH + 1)
    for depth in depths:
        for first in range(begin, min(len(grid.rows) - depth + 1, begin + TITLE_LINES)):
            labels = _labels(grid, first, depth)
            columns, units = _assign(labels, contract)
            missing = [column for column in needed if column.name not in columns]
            if not missing:
                last = first + depth - 1
                problems = _unknown_columns(grid, first, depth, labels, columns, contract)
                if not problems:
                    lines = frozenset(line_of(row) for row in grid.rows[: last + 1])
                    group_units = _group_units(grid, last, depth, columns, contract)
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


def _assign(labels: list[_Label], contract: Contract) -> tuple[dict[str, int], dict[str, str]]:
    """Which column is which. A text that names several columns names the first; 项目#2 names the second."""
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    wanted = {path: column for column in contract.printed_columns for path in column.paths}
    passed: Counter[str] = Counter()  # how many columns before this one a text could have named
    for c, label in enumerate(labels):
        called = [(name, *_without_unit(name)) for name in label.names]
        for whole, bare, unit in called:
            plain = {name.replace("/", "") for name in (whole, bare)}
            nth = passed[bare.replace("/", "")] + 1
            names = plain if nth == 1 else {f"{name}#{nth}" for name in plain}
            column = next((wanted[name] for name in names if name in wanted), None)
            if column and column.name not in columns:
                columns[column.name] = c
                passed[bare.replace("/", "")] += 1
                if unit:
                    units[column.name] = unit
                break
        else:
            passed.update(bare.replace("/", "") for _, bare, _ in called)
    return columns, units


def _without_unit(name: str) -> tuple[str, str]:
    """A header without the unit behind it, and that unit."""
    unit = _HEADER_UNIT.search(name)
    return (name[: unit.start()], unit[1].replace("％", "%")) if unit else (name, "")


def _group_units(grid: Grid, last: int, depth: int, columns: dict[str, int], contract: Contract) -> dict[str, str]:
    """Money units printed over groups of columns, in the rows above the lowest header row: 预算（万元）, 决算（元）."""
    units = {}
    for r in range(max(0, last - max(depth - 1, 1)), last):
        above = [squeeze(text) for text in grid.rows[r]]
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
    grid: Grid, first: int, depth: int, labels: list[_Label], columns: dict[str, int], contract: Contract
) -> list[Problem]:
    """A column that no contract column claims, and that holds something, would be lost in silence: an error. Where
    others are to be ignored, it is one if it goes by the part of a header that another column was taken for.
    """
    taken = {labels[c].whole for c in columns.values()}
    parts = {column.name: column.paths for column in contract.printed_columns}
    by_part = {
        name.replace("/", "")
        for column, c in columns.items()
        for name in labels[c].names[1:]
        if name.replace("/", "") in parts[column] and labels[c].whole.replace("/", "") not in parts[column]
    }
    expected = "、".join(column.header for column in contract.printed_columns)
    problems = []
    for c, label in enumerate(labels):
        if c in columns.values() or is_among(label.whole, contract.ignored):
            continue
        shown_as = _as_printed(grid, first, depth, c)
        at = reference(first, c)
        if contract.others == "ignore":
            if label.whole not in taken and by_part & {name.replace("/", "") for name in label.names}:
                problems.append(Problem(grid.file, grid.sheet, at, shown_as, "只合一列的表头：写全各层表头，用 / 隔开"))
        elif label.path or any(squeeze(row[c]) for row in grid.rows[first + depth :] if c < len(row)):
            problems.append(Problem(grid.file, grid.sheet, at, shown_as or "没有表头的一列", f"契约里的列：{expected}"))
    return problems
