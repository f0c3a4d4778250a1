"""Rows that are sums of rows below them: which row is part of which, by codes, by numbering or by how far a name is set
in. Knows the names of rows and reads no figure.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestration.ledgers.contract import Contract
from orchestration.ledgers.layout import Hierarchy
from orchestration.ledgers.texts import fold

if TYPE_CHECKING:
    from orchestration.ledgers.rows import Row

_DIGITS = "一二三四五六七八九十百"
#: 一、 above （一） above 1. above （1） above ①, as official documents number.
_NUMBERING = tuple(
    re.compile(pattern)
    for pattern in (rf"[{_DIGITS}]+、", rf"\([{_DIGITS}]+\)", r"\d+[.、](?!\d)", r"\(\d+\)|\d+\)", r"[①-⑳]")
)
_WIDE_SPACE = "\u3000"


def numbered(text: str) -> int | None:
    """How deep the number before a name stands; None where there is none."""
    folded = fold(text)
    return next((n for n, pattern in enumerate(_NUMBERING) if pattern.match(folded)), None)


def set_in(printed: str) -> int:
    """How far a text is set in, in half characters."""
    blank = printed[: len(printed) - len(printed.lstrip())]
    return sum(2 if character == _WIDE_SPACE else 1 for character in blank)


def with_hierarchy(rows: list[Row], contract: Contract) -> tuple[list[Row], list[tuple[str, str, str]]]:
    """The rows with what each is part of; a row that others are part of is a ``group``. And what is wrong, as place,
    found, expected.
    """
    hierarchy = contract.hierarchy
    if hierarchy is None:
        return rows, []
    places = [n for n, row in enumerate(rows) if row.kind == "detail"]
    if hierarchy.prefixes:
        parents, wrong = _by_prefix([rows[n] for n in places], hierarchy)
    else:
        parents, wrong = _by_level([rows[n] for n in places], hierarchy), []
    groups = {(rows[places[n]].group, rows[places[parent]].key) for n, parent in parents.items()}
    placed = list(rows)
    for n, at in enumerate(places):
        row = rows[at]
        kind = "group" if (row.group, row.key) in groups else "detail"
        parent = rows[places[parents[n]]].key if n in parents else ""
        cells = [replace(cell, row_kind=kind, parent=parent) for cell in row.cells]
        placed[at] = replace(row, kind=kind, parent=parent, cells=cells)
    return placed, wrong


def _by_prefix(rows: list[Row], hierarchy: Hierarchy) -> tuple[dict[int, int], list[tuple[str, str, str]]]:
    """Row -> the row with the longest shorter code that its own begins with, in the same group."""
    found = {(row.group, fold(row.names[hierarchy.key])): n for n, row in enumerate(rows)}
    parents: dict[int, int] = {}
    wrong = []
    lengths = "、".join(map(str, hierarchy.prefixes))
    for n, row in enumerate(rows):
        code = fold(row.names[hierarchy.key])
        if len(code) not in hierarchy.prefixes:
            wrong.append((row.at, f"{code}（{len(code)} 位）", f"编码 {lengths} 位"))
            continue
        shorter = [length for length in reversed(hierarchy.prefixes) if length < len(code)]
        above = [found[row.group, code[:length]] for length in shorter if (row.group, code[:length]) in found]
        if above:
            parents[n] = above[0]
    return parents, wrong


def _by_level(rows: list[Row], hierarchy: Hierarchy) -> dict[int, int]:
    """Row -> the last row above it, in its group, that stands less deep. A name without a number stands alone."""
    parents: dict[int, int] = {}
    open_rows: list[tuple[int, int]] = []  # level and row, from the top down
    for n, row in enumerate(rows):
        level = row.indent if hierarchy.by == "indent" else numbered(row.names[hierarchy.key])
        if level is None or (open_rows and rows[open_rows[-1][1]].group != row.group):
            open_rows = []
        if level is None:
            continue
        while open_rows and open_rows[-1][0] >= level:
            open_rows.pop()
        if open_rows:
            parents[n] = open_rows[-1][1]
        open_rows.append((level, n))
    return parents
