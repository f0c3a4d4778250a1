"""Which part of a sheet a contract reads, and what the sheet says above all of its parts. Reads no figure."""

from __future__ import annotations

from orchestration.ledgers.contract import Region
from orchestration.ledgers.grids.grid import Grid, refused
from orchestration.ledgers.texts import fold

_TITLE_TEXTS = 3  # more than so many different texts in a line: a header or a row, no title


def cut(grid: Grid, region: Region | None) -> Grid:
    """The part of the sheet that the contract reads. Raises ``InputError`` where its first cell is not there.

    The part begins in the column of that cell where something stands left of it, as beside another part.
    """
    if region is None:
        return grid
    at = _place(grid, region.begin)
    if at is None:
        raise refused(
            grid.file, f"没有写着“{region.begin}”的一格", "契约里 region 的 from：这张表从哪一格起", grid.sheet
        )
    top, left = at
    beside = any(fold(text) for text in grid.rows[top][:left])
    bottom, right = len(grid.rows), max(map(len, grid.rows))
    for text in region.until:
        end = _place(grid, text, top, left + 1)
        if end is None:
            raise refused(
                grid.file, f"“{region.begin}”之后没有写着“{text}”的一格", "契约里 region 的 until", grid.sheet
            )
        if end[0] == top:
            right = min(right, end[1])
        else:
            bottom = min(bottom, end[0])
    return grid.within(top, left if beside else 0, bottom, right)


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


def _place(grid: Grid, text: str, top: int = 0, left: int = 0) -> tuple[int, int] | None:
    """The first cell that prints a text: in the row ``top`` from the column ``left`` on, then in the rows below."""
    wanted = fold(text)
    for r in range(top, len(grid.rows)):
        for c in range(left if r == top else 0, len(grid.rows[r])):
            if grid.rows[r][c] and fold(grid.rows[r][c]) == wanted:
                return r, c
    return None
