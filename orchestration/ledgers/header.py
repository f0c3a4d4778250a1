"""Where a table's header stands in a grid, and which of its columns is which. Reads no figure."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.contract import Column, Contract
from orchestration.ledgers.money import MONEY_UNITS, squeeze
from orchestration.ledgers.spreadsheet import Grid, reference
from orchestration.ledgers.texts import fold, is_among, shown, without_remark, without_unit

_HEADER_DEPTH = 2
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)年度?", re.ASCII)
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
        bare = [without_unit(text)[0] for text in self.path[:-1]] + list(self.path[-1:])
        paths = [path[n:] for n in range(len(self.path)) for path in (list(self.path), bare)]
        return list(dict.fromkeys("".join(path) for path in paths))


def paths_of(grid: Grid, first: int, depth: int) -> list[tuple[str, ...]]:
    """For each column the texts of a header from the top down, as printed."""
    return [label.path for label in _labels(grid, first, depth, shown)]


def _labels(grid: Grid, first: int, depth: int, read: Callable[[str], str] = fold) -> list[_Label]:
    """For each column its label. A text of an upper row reaches over the columns to its right that have none of their
    own there but one below, as far as what it stands under reaches.
    """
    rows = [list(map(read, row)) for row in grid.rows[first : first + depth]]
    texts = [""] * depth
    labels = []
    for own in itertools.zip_longest(*rows, fillvalue=""):
        texts = _over_column(own, texts)
        labels.append(_Label(tuple(text for text, _ in itertools.groupby(filter(None, texts)))))
    return labels


def _over_column(own: Sequence[str], left: Sequence[str]) -> list[str]:
    """What stands over one column, from the top down: its own texts, and in rows above these those of the column to its
    left, down to the row where an own text begins anew.
    """
    begin = next((d for d, text in enumerate(own) if text), len(own))
    return [text or (left[d] if d < begin < len(own) else "") for d, text in enumerate(own)]


def line_of(row: list[str]) -> tuple[str, ...]:
    texts = [squeeze(text) for text in row]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


@dataclass(frozen=True)
class _Candidate:
    """Rows that may be the header, and what its columns would be."""

    first: int
    depth: int
    labels: list[_Label]
    columns: dict[str, int]
    units: dict[str, str]

    @property
    def last(self) -> int:
        return self.first + self.depth - 1


def find_header(grid: Grid, contract: Contract, year: int = 0) -> Header:
    """``year``: the fiscal year, by which 2023年决算数 is 上年决算数.

    Raises ``InputError`` where no row has all the columns that must be there, or one has others beside them.
    """
    required = contract.required_columns
    missing, nearest = required, 0  # of the row that has most of them
    unknown: list[Problem] = []
    for candidate in _candidates(grid, contract, year):
        lacking = tuple(c for c in required if c.name not in candidate.columns)
        if not lacking:
            problems = _unknown_columns(grid, candidate, contract)
            if not problems:
                return _as_header(grid, candidate, contract)
            unknown = unknown or problems
        elif len(lacking) < len(missing):
            missing, nearest = lacking, candidate.first
    raise InputError(unknown or [_no_header(grid, contract, nearest, missing)])


def _candidates(grid: Grid, contract: Contract, year: int) -> Iterator[_Candidate]:
    """One row is tried everywhere before two: a title line would pass for the upper half of a two-row header."""
    begin = next((r for r, row in enumerate(grid.rows) if any(row)), 0)
    for depth in [contract.header.rows] if contract.header else range(1, _HEADER_DEPTH + 1):
        for first in range(begin, min(len(grid.rows) - depth + 1, begin + TITLE_LINES)):
            labels = _labels(grid, first, depth)
            yield _Candidate(first, depth, labels, *_assign(labels, contract, year))


def _as_header(grid: Grid, found: _Candidate, contract: Contract) -> Header:
    units = _group_units(grid, found, contract) | found.units
    lines = frozenset(line_of(row) for row in grid.rows[: found.last + 1])
    return Header(found.first, found.last, found.columns, units, len(found.labels), lines)


def _no_header(grid: Grid, contract: Contract, nearest: int, missing: Sequence[Column]) -> Problem:
    texts = map(squeeze, grid.rows[nearest] if grid.rows else [])
    return Problem(
        grid.file,
        grid.sheet,
        f"第{nearest + 1}行" if grid.rows else "",
        "、".join(filter(None, texts)) or "空表",
        f"{contract.title}的表头，缺：{'、'.join(column.header for column in missing)}",
    )


class _Name(NamedTuple):
    """One way to call a column; a header of several rows (决算数/小计) without what parts them."""

    whole: str
    bare: str  # without the unit behind it
    unit: str

    @classmethod
    def of(cls, text: str) -> _Name:
        bare, unit = without_unit(text)
        return cls(_joined(text), _joined(bare), unit)


def _assign(labels: list[_Label], contract: Contract, year: int) -> tuple[dict[str, int], dict[str, str]]:
    """Which column is which. A text that names several columns names the first; 项目#2 names the second."""
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    wanted = {path: column.name for column in contract.printed_columns for path in column.paths}
    passed: Counter[str] = Counter()  # how many columns before this one a text could have named
    for c, label in enumerate(labels):
        names = [_Name.of(text) for text in _with_years_named(label.names, year)]
        named = ((name, _column_named(name, passed[name.bare] + 1, wanted)) for name in names)
        name, column = next(((n, column) for n, column in named if column and column not in columns), (None, ""))
        if name is None:
            passed.update(each.bare for each in names)
            continue
        columns[column] = c
        passed[name.bare] += 1
        if name.unit:
            units[column] = name.unit
    return columns | _left_of_figures(columns, contract), units


def _with_years_named(names: list[str], year: int) -> list[str]:
    """The names of a column, and those that say 本年 and 上年 where it prints the fiscal year and the year before."""
    named = [
        _YEAR.sub(lambda found: {year: "本年", year - 1: "上年"}.get(int(found[1]), found[0]), name) for name in names
    ]
    return list(dict.fromkeys([*names, *named]))


def _left_of_figures(columns: dict[str, int], contract: Contract) -> dict[str, int]:
    """The key that has no header, and the column left of all figures that it stands in."""
    first = min((columns[measure.name] for measure in contract.measures if measure.name in columns), default=0)
    return {key.name: first - 1 for key in contract.keys if key.left_of and first}


def _column_named(name: _Name, nth: int, wanted: dict[str, str]) -> str:
    """The contract's column that the ``nth`` column of this name is; empty where it is none."""
    behind = "" if nth == 1 else f"#{nth}"
    return wanted.get(f"{name.whole}{behind}") or wanted.get(f"{name.bare}{behind}") or ""


def _joined(name: str) -> str:
    return name.replace("/", "")


def _group_units(grid: Grid, found: _Candidate, contract: Contract) -> dict[str, str]:
    """Money units printed over groups of columns, in the rows above the lowest header row: 预算（万元）, 决算（元）."""
    units = {}
    for r in range(max(0, found.last - max(found.depth - 1, 1)), found.last):
        above = [squeeze(text) for text in grid.rows[r]]
        for measure in contract.measures:
            c = found.columns.get(measure.name)
            if c is None or measure.kind != "money":
                continue
            group = next((text for text in reversed(above[: c + 1]) if text), "")
            if (unit := without_unit(group)[1]) in MONEY_UNITS:
                units[measure.name] = unit
    return units


def _unknown_columns(grid: Grid, found: _Candidate, contract: Contract) -> list[Problem]:
    """A column that no contract column claims, and that holds something, would be lost in silence: an error. Where
    others are to be ignored, it is one if it goes by the part of a header that another column was taken for.
    """
    claimed = _claimed(grid, found, contract)
    others = [
        c
        for c, label in enumerate(found.labels)
        if c not in claimed
        and not any(is_among(text, contract.ignored) for text in (label.whole, without_remark(label.whole)))
    ]
    if contract.others == "ignore":
        expected = "只合一列的表头：写全各层表头，用 / 隔开"
        wrong = _taken_alike(found, others, contract)
    else:
        expected = f"契约里的列：{'、'.join(column.header for column in contract.printed_columns)}"
        filled = filled_columns(grid, found.last + 1)
        wrong = [c for c in others if found.labels[c].path or c in filled]
    return [
        Problem(
            grid.file, grid.sheet, reference(found.first, c), _as_printed(grid, found, c) or "没有表头的一列", expected
        )
        for c in wrong
    ]


def _claimed(grid: Grid, found: _Candidate, contract: Contract) -> Set[int]:
    """The columns that are known, and those that are part of one."""
    claimed = set(found.columns.values())
    claimed |= {c for key in contract.keys if key.left_of for c in range(found.columns[key.name])}
    return claimed | {c for c in range(len(found.labels)) if _is_merged_into(grid, found, c, claimed)}


def _is_merged_into(grid: Grid, found: _Candidate, c: int, claimed: Set[int]) -> bool:
    """Whether a column's header is part of a merged cell over a column that is known: several tables of one sheet share
    its columns.
    """
    name = grid.merged.get(reference(found.last, c))
    return name is not None and any(grid.merged.get(reference(found.last, each)) == name for each in claimed)


def _taken_alike(found: _Candidate, others: list[int], contract: Contract) -> list[int]:
    """The other columns that go by a part of their header by which a column was taken for one of the contract's."""
    paths = {column.name: column.paths for column in contract.printed_columns}
    taken = {found.labels[c].whole for c in found.columns.values()}
    parts = {
        _joined(part)
        for column, c in found.columns.items()
        if _joined(found.labels[c].whole) not in paths[column]
        for part in found.labels[c].names[1:]
        if _joined(part) in paths[column]
    }
    return [
        c for c in others
        if found.labels[c].whole not in taken and not parts.isdisjoint(map(_joined, found.labels[c].names))
    ]  # fmt: skip


def filled_columns(grid: Grid, first: int) -> frozenset[int]:
    """The columns that hold anything from a row on: one pass, for a sheet may reach over 16,384 of them."""
    return frozenset(c for row in grid.rows[first:] for c, text in enumerate(row) if text and squeeze(text))


def _as_printed(grid: Grid, found: _Candidate, c: int) -> str:
    """A column's header with the spaces that it is printed with, from the top down."""
    rows = grid.rows[found.first : found.last + 1]
    return "".join(dict.fromkeys(shown(row[c]) for row in rows if c < len(row)))
