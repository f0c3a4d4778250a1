"""Where the tables of a sheet begin and end: title, unit, header, rows, notes. Reads grids and no files; knows nothing
of relations between figures. What columns and keys are is in ``columns`` and ``keys``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from orchestration.drafting.columns import PERIOD, DraftColumn, at, find_columns, is_figure, slug
from orchestration.drafting.keys import DraftKey, Keying, find_keys
from orchestration.drafting.known import as_known, fitting, is_called, keys_of
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.layout import Hierarchy, Region
from orchestration.ledgers.money import MONEY_UNITS, squeeze
from orchestration.ledgers.regions import place_of
from orchestration.ledgers.row_kinds import is_beside, is_continued
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.texts import shown

_UNIT_NOTE = re.compile(r"单\s*位\s*[：:]\s*(?:人民币)?\s*([\u4e00-\u9fff]{1,3})|[（(]((?:千|万|百万|亿)?元)[）)]")
#: A line above a header: what names the office or the unit stands side by side there.
_SAID = re.compile(r"(?:编制|填报|金额|预算|部门|单)?(?:单位|部门)(?:名称)?\s*[：:].*")
_MOST_HEADER_ROWS = 6


@dataclass(frozen=True)
class DraftTable:
    """One table of a sheet as drafted: zero-based rows of the grid."""

    grid: Grid
    name: str
    title: str
    unit: str
    header: tuple[int, int]  # first, last
    rows: tuple[int, ...]
    notes: tuple[int, ...]
    columns: tuple[DraftColumn, ...]
    keying: Keying | None
    region: Region | None = None  # where it is one of several of its sheet
    hierarchy: Hierarchy | None = None
    parents: Mapping[int, int] = field(default_factory=dict)  # row -> the row that it is part of, in a hierarchy
    undecided: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[DraftColumn, ...]:
        return tuple(column for column in self.columns if column.role == "measure")

    @property
    def keys(self) -> tuple[DraftKey, ...]:
        return self.keying.keys if self.keying else ()

    @property
    def totals(self) -> tuple[str, ...]:
        """What its total rows are called."""
        return self.keying.totals if self.keying else ()

    def text(self, r: int, column: DraftColumn) -> str:
        return squeeze(at(self.grid, r, column.at))

    def kind(self, r: int) -> str:
        """detail, total, subtotal, of_which; group: a row that others are part of."""
        if r in self.groups:
            return "group"
        return self.keying.kinds[r] if self.keying else "detail"

    @cached_property
    def groups(self) -> frozenset[int]:
        return frozenset(self.parents.values())

    def label(self, r: int) -> str:
        """The row's names as people read them."""
        columns = [column for key in self.keys for column in key.columns]
        return " ".join(filter(None, (shown(at(self.grid, r, column.at)) for column in columns)))

    def is_total(self, r: int) -> bool:
        return self.kind(r) == "total"

    def key(self, r: int) -> tuple[str, ...]:
        """The row's key as the reader makes it: the last part of a total row is ``total``."""
        return self.keying.parts[r] if self.keying else ()


def find_tables(
    grid: Grid, stem: str, vocabulary: dict[str, str], contracts: Mapping[str, Contract] | None = None
) -> list[DraftTable]:
    """All tables of a sheet, from the top. ``vocabulary``: header -> name, of ledgers that are known already; headers
    that are new are added to it, so that the same header has the same name in every table of a draft. ``contracts``: of
    those ledgers; a table that has the columns of one is described by it.
    """
    known = contracts or {}
    spans = list(_spans(grid, known))
    several = len(spans) > 1
    tables = []
    for number, span in enumerate(spans):
        name = _ledger_name(stem, grid.sheet, number + 1 if several else 0)
        table = _table(grid, name, stem, span, vocabulary, known)
        if table and several:
            table = _in_region(table, spans, number)
        tables.append(table)
    return [table for table in tables if table is not None]


@dataclass(frozen=True)
class _Span:
    """The rows of a table: what stands above it, its header, and what stands below that."""

    above: range
    header: tuple[int, int]
    below: tuple[int, ...]


def _first_texts(grid: Grid, span: _Span) -> list[str]:
    """The texts that a table may be said to begin with: its titles, then those of its header's first row."""
    titles = [text for r in span.above for text in _cells(grid.rows[r]) if not _is_unit_note(text)]
    return list(dict.fromkeys([*titles, *_cells(grid.rows[span.header[0]])]))


def _in_region(table: DraftTable, spans: Sequence[_Span], number: int) -> DraftTable:
    """One of several tables of a sheet, as the part from a text of its own to the next one's: each is the first place
    that the reader finds for it.
    """
    grid, span = table.grid, spans[number]
    begin = _own(grid, span, (0, 0))
    if begin is None:
        return _without_region(table, _first_texts(grid, span)[0])
    text, (r, c) = begin
    beside = any(_cells(grid.rows[r][:c]))
    if number + 1 == len(spans):
        return replace(table, region=Region.model_validate({"from": text, "whole_rows": beside}))
    end = _own(grid, spans[number + 1], (r, c + 1))
    if end is None:
        return _without_region(table, _first_texts(grid, spans[number + 1])[0])
    return replace(table, region=Region.model_validate({"from": text, "until": end[0], "whole_rows": beside}))


def _own(grid: Grid, span: _Span, after: tuple[int, int]) -> tuple[str, tuple[int, int]] | None:
    """The first text of a table that stands nowhere between ``after`` and the table, with its place."""
    head = (*span.above, span.header[0])
    places = ((text, place_of(grid, text, *after)) for text in _first_texts(grid, span))
    return next(((text, at) for text, at in places if at and at[0] in head), None)


def _without_region(table: DraftTable, text: str) -> DraftTable:
    told = f"同一张表上有几个表，“{text}”不止一处，region 待定"
    return replace(table, undecided=(*table.undecided, told))


def _cells(row: Sequence[str]) -> list[str]:
    return [text for text in map(squeeze, row) if text]


def _is_header(row: Sequence[str]) -> bool:
    """A row of names: at least two different, none of them a figure (a year may be one), or what is said above it."""
    texts = _cells(row)
    return (
        len(set(texts)) >= 2
        and not any(map(_is_unit_note, texts))
        and not any(is_figure(text) and not PERIOD.fullmatch(text) for text in texts)
    )


def _holds_figures(row: Sequence[str]) -> bool:
    texts = _cells(row)
    return any(is_figure(text) and not re.fullmatch(r"(?:19|20)\d\d年?", text) for text in texts)


def _is_unit_note(text: str) -> bool:
    return bool(_SAID.fullmatch(text)) or bool(_UNIT_NOTE.fullmatch(text))


def _spans(grid: Grid, known: Mapping[str, Contract]) -> Iterator[_Span]:
    rows = grid.rows
    heads = _headers(rows, known)
    if not heads:
        return
    starts = [0, *(_title_start(rows, first) for first, _ in heads[1:])]
    ends = [*starts[1:], len(rows)]
    for (first, last), start, end in zip(heads, starts, ends, strict=True):
        below = [r for r in range(last + 1, end) if _cells(rows[r]) and rows[r] not in rows[first : last + 1]]
        yield _Span(range(start, first), (first, last), tuple(below))


def _headers(rows: Sequence[Sequence[str]], known: Mapping[str, Contract]) -> list[tuple[int, int]]:
    """First and last row of each header that begins a table: it is not the header above it, repeated on a page."""
    heads: list[tuple[int, int]] = []
    r = 0
    while r < len(rows):
        if not _is_header(rows[r]):
            r += 1
            continue
        last = r if fitting(rows[r], known) else _header_end(rows, r)
        repeated = heads and rows[heads[-1][1]] == rows[last] and not _has_title_of_its_own(rows, r, heads[-1][0])
        if not repeated and (not heads or _stands_apart(rows, r)) and _is_read(rows, last, known):
            heads.append((r, last))
        r = last + 1
    return heads


def _has_title_of_its_own(rows: Sequence[Sequence[str]], first: int, before: int) -> bool:
    """Whether the line above a header is a title, and neither 续表 nor what stands above the header before."""
    titles = [text for text in dict.fromkeys(_cells(rows[first - 1])) if not _is_unit_note(text)]
    above = {text for row in rows[:before] for text in _cells(row)}
    return len(titles) == 1 and not is_figure(titles[0]) and not is_continued(titles[0]) and titles[0] not in above


def _header_end(rows: Sequence[Sequence[str]], first: int) -> int:
    last = first
    while last + 1 < len(rows) and _is_header(rows[last + 1]) and last - first + 1 < _MOST_HEADER_ROWS:
        last += 1
    return last


def _stands_apart(rows: Sequence[Sequence[str]], first: int) -> bool:
    """A row of names within the table (all its figures blank) has no title or blank row above it."""
    return len(set(_cells(rows[first - 1]))) <= 1


def _is_read(rows: Sequence[Sequence[str]], last: int, known: Mapping[str, Contract]) -> bool:
    """Whether the next row that is not blank holds figures, or the columns are those of a ledger that is known."""
    follows = next((row for row in rows[last + 1 :] if _cells(row) and not is_beside(list(row))), None)
    return follows is not None and (_holds_figures(follows) or fitting(rows[last], known) is not None)


def _title_start(rows: Sequence[Sequence[str]], first: int) -> int:
    start = first
    while start > 0 and len(set(_cells(rows[start - 1]))) == 1:
        start -= 1
    return start


def _table(
    grid: Grid, name: str, stem: str, span: _Span, vocabulary: dict[str, str], known: Mapping[str, Contract]
) -> DraftTable | None:
    trailing = _notes_below(grid, span.below)
    rows = tuple(r for r in span.below if r not in trailing)
    if not rows:
        return None
    title, unit = _said_above(grid, span, grid.sheet or stem)
    columns = find_columns(grid, span.header, rows, vocabulary, unit)
    names = (grid.sheet, stem, title)
    contract = fitting([column.header for column in columns], known, names)
    if contract:
        columns = as_known(columns, contract)
        name = contract.ledger if is_called(contract, names) else name
    table = DraftTable(
        grid, name, title, unit, span.header, rows, tuple(sorted(trailing)), tuple(columns), None,
        undecided=tuple(f"第 {c.at + 1} 列：{c.why}，未读" for c in columns if c.role == "ignored"),
    )  # fmt: skip
    return _with_keys(table, keys_of(columns, contract) if contract else [])


def _said_above(grid: Grid, span: _Span, otherwise: str) -> tuple[str, str]:
    """The title and the unit that stand above a table's header."""
    lines = [text for r in span.above for text in dict.fromkeys(each.strip() for each in grid.rows[r]) if text]
    unit = next((found for text in lines if (found := _unit_of(text))), "")
    return next((text for text in lines if not _is_unit_note(squeeze(text))), "") or otherwise, unit


def _with_keys(table: DraftTable, first: Sequence[DraftColumn]) -> DraftTable:
    keying = find_keys(table.columns, table.rows, table.text, first)
    if keying is None:
        return replace(table, undecided=(*table.undecided, "没有几列能把各行区分开，行键待定"))
    keys = {column.at for key in keying.keys for column in key.columns}
    columns = tuple(
        replace(c, role="key") if c.at in keys else replace(c, kind="") if c.role == "text" else c
        for c in table.columns
    )
    return replace(table, keying=keying, columns=columns)


def _notes_below(grid: Grid, below: Sequence[int]) -> set[int]:
    """The rows of one text and no figure that stand behind the last row of the table; column numbers, and notes."""
    notes = [r for r in below if len(set(_cells(grid.rows[r]))) == 1 and not _holds_figures(grid.rows[r])]
    last = max((r for r in below if r not in notes), default=-1)
    return {r for r in notes if r > last} | {r for r in below if is_beside(grid.rows[r])}


def _unit_of(text: str) -> str:
    match = _UNIT_NOTE.search(text)
    unit = (match[1] or match[2]) if match else ""
    return unit if unit in MONEY_UNITS else ""


def _ledger_name(stem: str, sheet: str, number: int) -> str:
    base = slug(sheet) or slug(stem) or "ledger"
    if sheet and slug(stem) and not slug(sheet):
        base = slug(stem)
    return f"{base}_{number}" if number else base
