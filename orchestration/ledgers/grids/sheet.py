"""What every kind of workbook tells of a sheet, and the grid that it makes: texts by place, numbers' decimals, merged
ranges, and what is hidden or struck out. Reads no file.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.base.problems import Problem
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.grid import Grid, column_name, named, position, reference, refused, spread


class SheetParts:
    """One sheet while it is read. Rows and columns are zero-based."""

    def __init__(self, file: str, sheet: str) -> None:
        self.file, self.sheet = file, sheet
        self.cells: dict[int, dict[int, str]] = {}
        self.problems: list[Problem] = []
        self.places: dict[str, int | None] = {}
        self.ranges: list[tuple[int, int, int, int]] = []  # first and last row and column of merged ranges
        self.hidden_rows: set[int] = set()
        self.hidden_columns: list[tuple[int, int]] = []
        self.struck: list[str] = []
        self.indents: dict[str, int] = {}

    def problem(self, cell: str, found: str, expected: str) -> None:
        self.problems.append(Problem(self.file, self.sheet, cell, found, expected))

    def grid(self) -> Grid:
        notices = [*self._hidden_rows_left_out(), *self._hidden_columns_read(), *self._struck_out()]
        for row in self.hidden_rows:
            self.cells.pop(row, None)
        problems = [problem for problem in self.problems if not self._hides(problem.cell)]
        width = self._width()
        rows: list[list[str]] = []
        for r in range(max(self.cells, default=-1) + 1):
            texts = self.cells.get(r)
            rows.append([texts.get(c, "") for c in range(width)] if texts else [])
        self._lengthen_merged(rows, width)
        merged: dict[str, str] = {}
        spread(rows, self.ranges, merged)
        return Grid(
            self.file,
            self.sheet,
            rows,
            problems,
            self.places,
            notices,
            merged,
            marks=self._marks(),
            indents=self.indents,
        )

    def _marks(self) -> dict[str, str]:
        """What the file says of cells that are read: they stand in a hidden column, or are struck out."""
        said: dict[str, list[str]] = {}
        ranges = ((max(low, 0), min(high + 1, bounds.MOST_COLUMNS)) for low, high in self.hidden_columns)
        hidden = {c for low, end in ranges for c in range(low, end)}
        for r, row in self.cells.items() if hidden else ():
            for c in hidden & row.keys():
                said[reference(r, c)] = ["在隐藏列"]
        for at in self.struck:
            said.setdefault(at, []).append("划了删除线")
        return {at: "、".join(dict.fromkeys(marks)) for at, marks in said.items()}

    def _width(self) -> int:
        """How many columns the table has. Raises ``InputError`` where it would hold too many places."""
        filled = [row for row in self.cells.values() if row]
        width = max((max(row) + 1 for row in filled), default=0)
        width = max([width, *(last + 1 for top, first, _, last in self.ranges if self._heads(top, first, last, width))])
        if len(filled) * width > bounds.MOST_PLACES:
            row = next(r for r, texts in self.cells.items() if max(texts, default=0) + 1 >= width)
            at = reference(row, width - 1)
            expected = f"不超过 {bounds.MOST_PLACES:,} 格；删去 {at} 一带的内容"
            raise refused(self.file, f"{len(filled):,} 行 × {width:,} 列", expected, self.sheet, at)
        return width

    def _lengthen_merged(self, rows: list[list[str]], width: int) -> None:
        """Give the rows that a merged range covers and that hold no text of their own the table's width."""
        for top, _, bottom, _ in self.ranges:
            for r in range(top + 1, min(bottom + 1, len(rows))):
                if not rows[r] and r not in self.hidden_rows and width * (bottom - top) <= bounds.MOST_TEXT:
                    rows[r] = [""] * width

    def _heads(self, top: int, first: int, last: int, width: int) -> bool:
        """Whether a merged range widens the table: it holds a text, and is no wider than a table can be."""
        return bool(self.cells.get(top, {}).get(first)) and width <= last < 256

    def _hides(self, cell: str) -> bool:
        at = position(cell)
        return at is not None and at[0] in self.hidden_rows

    def _hidden_rows_left_out(self) -> Iterator[Problem]:
        hidden = [r for r in sorted(self.hidden_rows) if self.cells.get(r)]
        if hidden:
            texts = "、".join(dict.fromkeys(text for text in self.cells[hidden[0]].values() if not text[:1].isdigit()))
            found = f"隐藏行 {named(str(r + 1) for r in hidden)}（{texts[:60]}）"
            place = reference(hidden[0], min(self.cells[hidden[0]]))
            yield Problem(self.file, self.sheet, place, found, "未读；要计入请取消隐藏")

    def _hidden_columns_read(self) -> Iterator[Problem]:
        used = {c for r, row in self.cells.items() if r not in self.hidden_rows for c in row}
        columns = sorted(c for c in used if any(low <= c <= high for low, high in self.hidden_columns))
        if columns:
            found = f"隐藏列 {named(column_name(c) for c in columns)}"
            yield Problem(self.file, self.sheet, f"{column_name(columns[0])}1", found, "照读；不应计入的请删去")

    def _struck_out(self) -> Iterator[Problem]:
        if self.struck:
            found = f"划了删除线的 {named(self.struck)}"
            yield Problem(self.file, self.sheet, self.struck[0], found, "照读；已作废的请删去")
