"""Tables from the lines that a page draws: which lines form one grid, which of its cells are merged, which text stands
in which cell. Geometry only, in points from the page's top left; reads no file.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orchestration.documents.lines import DrawnTable, Place

#: How far ends and lines that are meant to meet may lie apart, and how long a line is at least.
_NEAR, _SHORTEST = 2.5, 4.0
Box = tuple[float, float, float, float]


class Glyph(NamedTuple):
    """A character as it stands on a page (a page has thousands: a tuple is made at a third of the cost of a record).
    ``base``: the height of the line that it stands on.
    """

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    base: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line: across where ``at`` is its height, down where it is its distance from the left."""

    across: bool
    at: float
    begin: float
    end: float


def stroke(a: tuple[float, float], b: tuple[float, float]) -> Stroke | None:
    """The line between two points, where it runs across or down."""
    (ax, ay), (bx, by) = a, b
    if abs(ay - by) <= 1 and abs(ax - bx) >= _SHORTEST:
        return Stroke(True, (ay + by) / 2, min(ax, bx), max(ax, bx))
    if abs(ax - bx) <= 1 and abs(ay - by) >= _SHORTEST:
        return Stroke(False, (ax + bx) / 2, min(ay, by), max(ay, by))
    return None


@dataclass(frozen=True)
class Ruled:
    """A grid of lines: where its columns and rows begin and end, and which lines there are."""

    xs: list[float]
    ys: list[float]
    strokes: list[Stroke]

    @property
    def box(self) -> Box:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        r, c = bisect.bisect_right(self.ys, y) - 1, bisect.bisect_right(self.xs, x) - 1
        return (r, c) if 0 <= r < len(self.ys) - 1 and 0 <= c < len(self.xs) - 1 else None

    def parted(self, *, across: bool, at: float, middle: float) -> bool:
        """Whether a line stands at a place: between two cells, at their middle."""
        return any(
            each.across == across and abs(each.at - at) <= _NEAR and each.begin - _NEAR <= middle <= each.end + _NEAR
            for each in self.strokes
        )


def ruled_grids(strokes: Sequence[Stroke]) -> list[Ruled]:
    """The grids of at least two columns that lines form, from the top down. One row is one too: a header may stand
    alone above a page break.
    """
    found = []
    for group in _connected(strokes):
        xs = _merged_places(each.at for each in group if not each.across)
        ys = _merged_places(each.at for each in group if each.across)
        if len(xs) >= 3 and len(ys) >= 2:
            found.append(Ruled(xs, ys, group))
    return sorted(found, key=lambda grid: grid.ys[0])


def _merged_places(places: Iterable[float]) -> list[float]:
    merged: list[float] = []
    for place in sorted(places):
        if not merged or place - merged[-1] > _NEAR:
            merged.append(place)
    return merged


def _connected(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """Lines that touch, directly or through others."""
    parent = list(range(len(strokes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    down = sorted((i for i, each in enumerate(strokes) if not each.across), key=lambda i: strokes[i].at)
    places = [strokes[i].at for i in down]
    for i, each in enumerate(strokes):
        if not each.across:
            continue
        first = bisect.bisect_left(places, each.begin - _NEAR)
        last = bisect.bisect_right(places, each.end + _NEAR)
        for j in down[first:last]:
            if strokes[j].begin - _NEAR <= each.at <= strokes[j].end + _NEAR:
                parent[root(i)] = root(j)
    groups: dict[int, list[Stroke]] = defaultdict(list)
    for i, each in enumerate(strokes):
        groups[root(i)].append(each)
    return list(groups.values())


def table_of(grid: Ruled, glyphs: Iterable[Glyph], page: int) -> DrawnTable:
    """The texts of a grid's cells, each with its box. A cell merged over rows stands in each, and is said to be."""
    owner, spans = _owners(grid)
    inside: dict[tuple[int, int], list[Glyph]] = defaultdict(list)
    for glyph in glyphs:
        at = grid.cell_at(*glyph.middle)
        if at:
            inside[owner[at]].append(glyph)
    rows: list[list[str]] = []
    places: list[list[Place]] = []
    merged: dict[tuple[int, int], str] = {}
    for r in range(len(grid.ys) - 1):
        texts, where = [], []
        for c in range(len(grid.xs) - 1):
            first = owner[r, c]
            bottom, right = spans[first]
            text = text_of(inside[first])
            texts.append(text if c == first[1] else "")
            box = (grid.xs[first[1]], grid.ys[first[0]], grid.xs[right + 1], grid.ys[bottom + 1])
            where.append(Place(page, r + 1, rounded(box)))
            if bottom > first[0] and c == first[1]:
                merged[r, c] = f"第{first[0] + 1}至{bottom + 1}行第{c + 1}格"
        rows.append(texts)
        places.append(where)
    return DrawnTable(rows, places, merged)


def _owners(grid: Ruled) -> tuple[dict[tuple[int, int], tuple[int, int]], dict[tuple[int, int], tuple[int, int]]]:
    """The first cell of the merged range that each cell is part of, and the last of each range."""
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for r in range(len(grid.ys) - 1):
        y = (grid.ys[r] + grid.ys[r + 1]) / 2
        for c in range(len(grid.xs) - 1):
            x = (grid.xs[c] + grid.xs[c + 1]) / 2
            if c and not grid.parted(across=False, at=grid.xs[c], middle=y):
                owner[r, c] = owner[r, c - 1]
            elif r and not grid.parted(across=True, at=grid.ys[r], middle=x):
                owner[r, c] = owner[r - 1, c]
            else:
                owner[r, c] = (r, c)
            bottom, right = spans.get(owner[r, c], (r, c))
            spans[owner[r, c]] = (max(bottom, r), max(right, c))
    return owner, spans


def rounded(box: Box) -> tuple[int, int, int, int]:
    return int(box[0]), int(box[1]), int(box[2]) + 1, int(box[3]) + 1


def lines_of(glyphs: Iterable[Glyph]) -> list[list[Glyph]]:
    """Characters in lines, from the top down and left to right."""
    lines: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda each: each.base):
        last = lines[-1][-1] if lines else None
        if last and glyph.base - last.base < 0.3 * (glyph.bottom - glyph.top):
            lines[-1].append(glyph)
        else:
            lines.append([glyph])
    return [sorted(line, key=lambda each: each.x0) for line in lines]


def text_of(glyphs: Iterable[Glyph]) -> str:
    """A cell's text: what a line break parts is one again."""
    return "".join("".join(glyph.text for glyph in line).strip() for line in lines_of(glyphs))
