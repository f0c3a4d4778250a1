"""Which part of a sheet a contract reads, what the sheet says above all of its parts, and what no part holds. Reads no
figure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from orchestration.base.years import fiscal_year
from orchestration.ledgers.grids.grid import Grid, reference, refused
from orchestration.ledgers.layout import Region, SheetName
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.ledgers.texts import fold, shown, without_remark, without_unit

Rectangle = tuple[int, int, int, int]  # first row and column, and those behind the last

_FIGURE = re.compile(r"[-+(]?[\d,]+(?:\.\d+)?[%)]?")
_HEAD = 6  # rows at the head of a sheet that may hold its title
_TITLE_TEXTS = 3  # more than so many different texts in a line: a header or a row, no title


def cut(grid: Grid, region: Region | None) -> Grid:
    """The part of the sheet that the contract reads. Raises ``InputError`` where its first cell is not there.

    The part begins in the column of that cell where something stands left of it, as beside another part.
    """
    return grid if region is None else grid.within(*bounds_of(grid, region))


def bounds_of(grid: Grid, region: Region) -> Rectangle:
    """Where the part stands. Raises ``InputError`` where its first cell or its end is not there."""
    at = begins_at(grid, region)
    named = "”或“".join(region.begin)
    if at is None:
        raise refused(grid.file, f"没有写着“{named}”的一格", "契约里 region 的 from：这张表从哪一格起", grid.sheet)
    top, left = at
    beside = any(fold(text) for text in grid.rows[top][:left])
    bottom, right = len(grid.rows), max(map(len, grid.rows))
    for text in region.until:
        end = place_of(grid, text, top, left + 1)
        if end is None:
            raise refused(grid.file, f"“{named}”之后没有写着“{text}”的一格", "契约里 region 的 until", grid.sheet)
        if end[0] == top:
            right = min(right, end[1])
        else:
            bottom = min(bottom, end[0])
    for texts, included in ((region.before, 0), (region.through, 1)):
        ends = (end[0] + included for text in texts if (end := place_of(grid, text, top + 1)))
        bottom = min(bottom, *ends, bottom)
    return top, left if beside and not region.whole_rows else 0, bottom, right


def begins_at(grid: Grid, region: Region) -> tuple[int, int] | None:
    """The first cell of the part, by the first of its texts that stands anywhere; None where none does."""
    return next((at for text in region.begin if (at := place_of(grid, text))), None)


def unit_of_part(grid: Grid, region: Region | None) -> str:
    """The money unit behind the text of the part's first cell: 项目资金（万元）. Empty where it prints none."""
    at = begins_at(grid, region) if region else None
    unit = without_unit(grid.rows[at[0]][at[1]])[1] if at else ""
    return unit if unit in MONEY_UNITS else ""


def sheet_name(grid: Grid, by: SheetName) -> str:
    """What the whole sheet is called: by the cell beside a label, else by a title. Empty where neither says it."""
    for text in by.beside:
        if at := place_of(grid, text):
            row = grid.rows[at[0]]
            label = fold(row[at[1]])
            if name := next((shown(each) for each in row[at[1] + 1 :] if fold(each) and fold(each) != label), ""):
                return name
    return next((match[1] for text in _titles(grid) if (match := re.fullmatch(by.title, fold(text)))), "")


def is_titled(grid: Grid, names: Sequence[str], by: SheetName) -> bool:
    """Whether the sheet, its file (``names``) or a line at its head is called as such sheets are."""
    return any(re.fullmatch(by.title, fold(text)) for text in (*names, *_titles(grid)))


def _titles(grid: Grid) -> list[str]:
    """The texts of the lines at the head of a sheet, each of which says one thing, and the sheet's name."""
    begin = next((r for r, row in enumerate(grid.rows) if any(row)), 0)
    return [*filter(None, map(_said_alone, grid.rows[begin : begin + _HEAD])), grid.sheet]


def _said_alone(row: Sequence[str]) -> str:
    """The one text of a line, folded; empty where it says several things or none."""
    texts = list(dict.fromkeys(filter(None, map(fold, row))))
    return texts[0] if len(texts) == 1 else ""


def forms_on(grid: Grid, titles: Sequence[str]) -> list[Grid]:
    """The forms that stand below each other on one sheet, each from its title to the next; the sheet itself where it
    holds fewer than two. ``titles``: what the titles of such forms are like.
    """
    begins = [
        r
        for r, row in enumerate(grid.rows)
        if any(row) and (text := _said_alone(row)) and any(re.fullmatch(title, text) for title in titles)
    ]
    if len(begins) < 2:
        return [grid]
    width = max(map(len, grid.rows))
    ends = [*begins[1:], len(grid.rows)]
    return [grid.within(top, 0, end, width) for top, end in zip([0, *begins[1:]], ends, strict=True)]


def outside(grid: Grid, regions: Sequence[Region]) -> list[tuple[str, str]]:
    """What a sheet holds outside of all its parts: each block of rows by its range, with its first text. Titles and
    notes at its head are looked at for the unit, and are no block.
    """
    parts = [bounds_of(grid, region) for region in regions]
    head = min((top for top, *_ in parts), default=0)
    lines = title_lines(grid, grid.within(head, 0, len(grid.rows), max(map(len, grid.rows), default=0))).rows
    titles = next((r for r, line in enumerate(lines) if any(_is_figure(fold(text)) for text in line)), len(lines))
    blocks: list[list[tuple[int, int]]] = []
    before = -2
    for r in range(titles, len(grid.rows)):
        cells = [
            (r, c)
            for c, text in enumerate(grid.rows[r])
            if fold(text) and not any(a <= r < b and left <= c < right for a, left, b, right in parts)
        ]
        if not cells:
            continue
        if r > before + 1:
            blocks.append([])
        blocks[-1] += cells
        before = r
    return [(_range(block), shown(grid.rows[block[0][0]][block[0][1]])) for block in blocks]


def _is_figure(text: str) -> bool:
    return bool(_FIGURE.fullmatch(text)) and fiscal_year(text) is None


def _range(cells: list[tuple[int, int]]) -> str:
    first = reference(cells[0][0], min(c for _, c in cells))
    last = reference(cells[-1][0], max(c for _, c in cells))
    return first if first == last else f"{first}:{last}"


def title_lines(grid: Grid, part: Grid) -> Grid:
    """The lines at the head of the sheet, above the part: titles and notes, before the first header or row of any."""
    begin = next((r for r, row in enumerate(part.rows) if any(row)), 0)
    lines = []
    for row in grid.rows[:begin]:
        texts = {fold(text) for text in row if fold(text)}
        if len(texts) > _TITLE_TEXTS:
            break
        lines.append(row)
    return Grid(grid.file, grid.sheet, lines)


def place_of(grid: Grid, text: str, top: int = 0, left: int = 0) -> tuple[int, int] | None:
    """The first cell that prints a text: in the row ``top`` from the column ``left`` on, then in the rows below. Where
    none does, the first that prints it with a remark in brackets behind: 楼堂馆所控制情况（2024年完工项目）.
    """
    wanted = without_unit(text)[0]
    return _place(grid, lambda cell: wanted in (fold(cell), without_unit(cell)[0]), top, left) or _place(
        grid, lambda cell: wanted == without_remark(cell), top, left
    )


def _place(grid: Grid, is_it: Callable[[str], bool], top: int, left: int) -> tuple[int, int] | None:
    for r in range(top, len(grid.rows)):
        for c in range(left if r == top else 0, len(grid.rows[r])):
            if grid.rows[r][c] and is_it(grid.rows[r][c]):
                return r, c
    return None
