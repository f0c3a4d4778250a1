"""Where the tables of a sheet begin and end, and what their columns and rows are: header, title, unit, measures, texts,
the smallest key, totals. Reads grids and no files; knows nothing of relations between figures.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from orchestration.drafting.figures import Notation, read_figure
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.money import MONEY_UNITS, is_dash, squeeze
from orchestration.ledgers.spreadsheet import Grid

Role = Literal["key", "text", "measure", "ignored"]
#: What offices call the row that is the sum of others.
TOTAL_WORDS = ("合计", "总计", "小计", "总额", "共计", "累计", "Total", "TOTAL", "total", "Grand Total")
_UNIT_NOTE = re.compile(r"单\s*位\s*[：:]\s*(?:人民币)?\s*([\u4e00-\u9fff]{1,3})|[（(]((?:千|万|百万|亿)?元)[）)]")
_HEADER_UNIT = re.compile(r"[（(]((?:千|万|百万|亿)?元|%|％|人|万人|个|分)[）)]$")
_UNITED = re.compile(r"(?:千|万|百万|亿)?(?:元|人|个|件|户|名|项)?(?:以上)?$")
_RATE = re.compile(r"率|比例|占比|比重|百分比|%|％|增幅|增长")
_PERSONS = re.compile(r"人数|人次|编制|实有")
_NUMBERING = frozenset({"序号", "编号", "行次", "No", "No.", "NO", "#"})
_PLAIN = Notation()
#: A column is of figures where so many of its filled cells are.
_MOSTLY = (3, 5)


@dataclass(frozen=True)
class DraftColumn:
    """One column as drafted."""

    at: int
    header: str
    name: str
    role: Role
    kind: str = ""  # of a measure, or of a key: integer, text
    unit: str = ""
    why: str = ""


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
    totals: tuple[str, ...]  # what its total rows are called
    undecided: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[DraftColumn, ...]:
        return tuple(column for column in self.columns if column.role == "measure")

    @property
    def keys(self) -> tuple[DraftColumn, ...]:
        return tuple(column for column in self.columns if column.role == "key")

    def text(self, r: int, column: DraftColumn) -> str:
        row = self.grid.rows[r]
        return squeeze(row[column.at]) if column.at < len(row) else ""

    def is_total(self, r: int) -> bool:
        return any(self.text(r, c) in self.totals for c in self.columns if c.role in ("key", "text"))

    def key(self, r: int) -> tuple[str, ...]:
        """The row's key as the reader makes it: the last part of a total row is ``total``."""
        parts = [self.text(r, column) for column in self.keys]
        if self.is_total(r):
            parts[-1] = "total"
        return tuple(
            str(int(part)) if column.kind == "integer" and part.isdecimal() else part
            for part, column in zip(parts, self.keys, strict=True)
        )


def is_figure(text: str) -> bool:
    plain = squeeze(text)
    return read_figure(plain, _PLAIN) is not None or (
        bool(plain) and plain[0] in "-(（0123456789" and read_figure(_UNITED.sub("", plain), _PLAIN) is not None
    )


def find_tables(grid: Grid, stem: str, vocabulary: dict[str, str]) -> list[DraftTable]:
    """All tables of a sheet, from the top. ``vocabulary``: header -> name, of ledgers that are known already; headers
    that are new are added to it, so that the same header has the same name in every table of a draft.
    """
    spans = list(_spans(grid))
    names = [_ledger_name(stem, grid.sheet, number if len(spans) > 1 else 0) for number in range(1, len(spans) + 1)]
    tables = [
        _table(grid, name, stem, above, header, rows, vocabulary)
        for name, (above, header, rows) in zip(names, spans, strict=True)
    ]
    return [table for table in tables if table is not None]


def vocabulary_of(contracts: Mapping[str, Contract]) -> dict[str, str]:
    """How the columns of ledgers that are known already are called: header -> the name that most of them give it."""
    names: dict[str, Counter[str]] = {}
    for contract in contracts.values():
        for column in contract.columns:
            for header in column.headers:
                names.setdefault(header, Counter())[column.name] += 1
    return {header: found.most_common(1)[0][0] for header, found in names.items()}


def _cells(row: Sequence[str]) -> list[str]:
    return [text for text in map(squeeze, row) if text]


def _is_header(row: Sequence[str]) -> bool:
    """A row of names: at least two different, none of them a figure (a year may be one)."""
    texts = _cells(row)
    return len(set(texts)) >= 2 and not any(
        is_figure(text) and not re.fullmatch(r"(?:19|20)\d\d年?", text) for text in texts
    )


def _holds_figures(row: Sequence[str]) -> bool:
    texts = _cells(row)
    return any(is_figure(text) and not re.fullmatch(r"(?:19|20)\d\d年?", text) for text in texts)


def _spans(grid: Grid) -> Iterator[tuple[range, tuple[int, int], list[int]]]:
    """The rows of each table: what stands above it, its header, and what stands below that."""
    rows = grid.rows
    heads = _headers(rows)
    if not heads:
        return
    starts = [0, *(_title_start(rows, first) for first, _ in heads[1:])]
    ends = [*starts[1:], len(rows)]
    for (first, last), start, end in zip(heads, starts, ends, strict=True):
        below = [r for r in range(last + 1, end) if _cells(rows[r]) and rows[r] not in rows[first : last + 1]]
        yield range(start, first), (first, last), below


def _headers(rows: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """First and last row of each header that begins a table: it is not the header above it, repeated on a page."""
    heads: list[tuple[int, int]] = []
    r = 0
    while r < len(rows):
        if not _is_header(rows[r]):
            r += 1
            continue
        last = _header_end(rows, r)
        repeated = heads and rows[heads[-1][1]] == rows[last]
        if not repeated and (not heads or _stands_apart(rows, r)) and _figures_follow(rows, last):
            heads.append((r, last))
        r = last + 1
    return heads


def _header_end(rows: Sequence[Sequence[str]], first: int) -> int:
    last = first
    while last + 1 < len(rows) and _is_header(rows[last + 1]) and last - first < 3:
        last += 1
    return last


def _stands_apart(rows: Sequence[Sequence[str]], first: int) -> bool:
    """A row of names within the table (all its figures blank) has no title or blank row above it."""
    return len(set(_cells(rows[first - 1]))) <= 1


def _figures_follow(rows: Sequence[Sequence[str]], last: int) -> bool:
    """Whether the next row that is not blank holds figures."""
    follows = next((row for row in rows[last + 1 :] if _cells(row)), None)
    return follows is not None and _holds_figures(follows)


def _title_start(rows: Sequence[Sequence[str]], first: int) -> int:
    start = first
    while start > 0 and len(set(_cells(rows[start - 1]))) == 1:
        start -= 1
    return start


def _table(
    grid: Grid, name: str, stem: str, above: range, header: tuple[int, int], below: list[int],
    vocabulary: dict[str, str],
) -> DraftTable | None:  # fmt: skip
    trailing = _notes_below(grid, below)
    rows = [r for r in below if r not in trailing]
    if not rows:
        return None
    lines = [text for r in above for text in dict.fromkeys(each.strip() for each in grid.rows[r]) if text]
    unit = next((found for text in lines if (found := _unit_of(text))), "")
    title = next((text for text in lines if not _UNIT_NOTE.fullmatch(text)), "") or grid.sheet or stem
    columns = _columns(grid, header, rows, vocabulary, unit)
    totals = _total_words(grid, rows, columns)
    table = DraftTable(grid, name, title, unit, header, tuple(rows), tuple(sorted(trailing)), tuple(columns), totals)
    return _with_keys(table)


def _notes_below(grid: Grid, below: Sequence[int]) -> set[int]:
    """The rows of one text and no figure that stand behind the last row of the table."""
    notes = [r for r in below if len(set(_cells(grid.rows[r]))) == 1 and not _holds_figures(grid.rows[r])]
    last = max((r for r in below if r not in notes), default=-1)
    return {r for r in notes if r > last}


def _total_words(grid: Grid, rows: Sequence[int], columns: Sequence[DraftColumn]) -> tuple[str, ...]:
    """What the table's total rows are called, in the order in which they stand."""
    texts = [squeeze(_at(grid, r, c.at)) for r in rows for c in columns if c.role != "measure"]
    return tuple(dict.fromkeys(text for text in texts if text in TOTAL_WORDS))


def _at(grid: Grid, r: int, c: int) -> str:
    return grid.rows[r][c] if c < len(grid.rows[r]) else ""


def _unit_of(text: str) -> str:
    match = _UNIT_NOTE.search(text)
    unit = (match[1] or match[2]) if match else ""
    return unit if unit in MONEY_UNITS else ""


def _labels(grid: Grid, header: tuple[int, int], width: int) -> list[str]:
    """What each column is called: the lowest row, with the group above it where there is one."""
    first, last = header
    below = [squeeze(_at(grid, last, c)) for c in range(width)]
    if first == last:
        return below
    above = [squeeze(_at(grid, last - 1, c)) for c in range(width)]
    carried, labels = "", []
    for upper, lower in zip(above, below, strict=True):
        carried = upper or (carried if lower else "")
        labels.append(carried if carried == lower else carried + lower)
    return labels


def _columns(
    grid: Grid, header: tuple[int, int], rows: Sequence[int], vocabulary: dict[str, str], unit: str
) -> list[DraftColumn]:
    width = max(len(grid.rows[r]) for r in (*range(header[0], header[1] + 1), *rows))
    columns: list[DraftColumn] = []
    used: Counter[str] = Counter()
    for c, label in enumerate(_labels(grid, header, width)):
        cells = [squeeze(_at(grid, r, c)) for r in rows]
        label = label.strip()
        if not label and not any(cells):
            continue
        match = _HEADER_UNIT.search(label)
        bare = label[: match.start()] if match else label
        name = vocabulary.get(bare) or vocabulary.get(label) or _slug(bare) or f"column_{len(vocabulary) + 1}"
        if bare:
            vocabulary.setdefault(bare, name)
        used[name] += 1
        if used[name] > 1:
            name = f"{name}_{_letter(c)}"
        columns.append(_described(DraftColumn(c, bare, name, "text"), cells, match[1] if match else "", unit))
    return columns


def _described(column: DraftColumn, cells: Sequence[str], header_unit: str, unit: str) -> DraftColumn:
    """A column with its role and kind, from what stands in it."""
    filled = [text for text in cells if text and not is_dash(text)]
    figures = [text for text in filled if is_figure(text)]
    if not filled:
        # A column without one figure: an amount column of a year in which nothing happened, if the table has amounts.
        return column
    numbers = [int(text) for text in filled if text.isdecimal()]
    if column.header in _NUMBERING or (column.at <= 1 and _counts_rows(numbers, len(filled))):
        return replace(column, kind="integer" if len(numbers) >= len(filled) - 1 else "text")
    if len(figures) * _MOSTLY[1] < len(filled) * _MOSTLY[0]:
        return replace(column, kind="text")
    return _measure(column, figures, header_unit.replace("％", "%"), unit)


def _counts_rows(numbers: Sequence[int], filled: int) -> bool:
    """1, 2, 3 … in all rows but one at most (the total's)."""
    return list(numbers) == list(range(1, len(numbers) + 1)) and len(numbers) >= max(2, filled - 1)


def _measure(column: DraftColumn, figures: Sequence[str], header_unit: str, unit: str) -> DraftColumn:
    """A column of figures with its kind and unit: what the header says, then what it is called, then the figures."""
    percent = sum(text.endswith(("%", "％")) for text in figures)
    if percent * 2 > len(figures) or header_unit == "%":
        return replace(column, role="measure", kind="ratio", unit="" if percent else "%", why="百分比")
    if header_unit in ("人", "万人") or (_PERSONS.search(column.header) and not unit):
        return replace(column, role="measure", kind="person", unit=header_unit)
    if _RATE.search(column.header) and header_unit not in MONEY_UNITS:
        return replace(column, role="measure", kind="ratio", why="表头是比率")
    if header_unit in MONEY_UNITS:
        return replace(column, role="measure", kind="money", unit=header_unit)
    if unit or any("." in text for text in figures):
        return replace(column, role="measure", kind="money", unit="")
    return replace(column, role="measure", kind="count", unit="个" if header_unit == "个" else "")


def _with_keys(table: DraftTable) -> DraftTable:
    """The table with the smallest set of columns that tells its rows apart, the leftmost of those. A running number
    does so only where no name does: next year it may number other rows.
    """
    texts = [c for c in table.columns if c.role == "text" and any(table.text(r, c) for r in table.rows)]
    texts.sort(key=lambda c: c.kind == "integer" or c.header in _NUMBERING)
    for size in range(1, 4):
        for chosen in itertools.combinations(texts, size):
            if _tells_apart(table, chosen):
                keys = {c.at for c in chosen}
                columns = tuple(
                    replace(c, role="key") if c.at in keys else replace(c, kind="") if c.role == "text" else c
                    for c in table.columns
                )
                return replace(table, columns=columns)
    undecided = "没有一至三列能把各行区分开，行键待定"
    return replace(table, undecided=(*table.undecided, undecided))


def _tells_apart(table: DraftTable, chosen: Sequence[DraftColumn]) -> bool:
    seen: set[tuple[str, ...]] = set()
    for r in table.rows:
        parts = [table.text(r, c) for c in chosen]
        total = table.is_total(r)
        if total:
            parts[-1] = "total"
        if not all(parts) or tuple(parts) in seen:
            return False
        if not total and chosen[-1].kind == "integer" and not parts[-1].isdecimal():
            return False
        seen.add(tuple(parts))
    return True


def _letter(c: int) -> str:
    letters, number = "", c + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(97 + rest) + letters
    return letters


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") if text.isascii() else ""
    return slug if re.match(r"[a-z]", slug) else ""


def _ledger_name(stem: str, sheet: str, number: int) -> str:
    base = _slug(sheet) or _slug(stem) or "ledger"
    if sheet and _slug(stem) and not _slug(sheet):
        base = _slug(stem)
    return f"{base}_{number}" if number else base
