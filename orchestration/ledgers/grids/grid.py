"""The grid itself, what bounds it, and the names of its places. Reads no file."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from orchestration.base.problems import InputError, Problem

#: What a file may ask for; beyond it, it is refused by name. A ledger of 342,000 figures stays far below.
MOST_BYTES = 256 * 2**20  # of the file
MOST_EXPANDED = 512 * 2**20  # of one part of it, unpacked
MOST_STRINGS = 128 * 2**20  # of its table of texts
MOST_PLACES = 4_000_000  # cells of a sheet, padded to its width
MOST_TEXT = 32_767  # characters in a cell: what spreadsheets themselves allow
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
_NAMED = 3


@dataclass(frozen=True)
class Grid:
    """One sheet. ``rows[r][c]`` is the printed text of row r + 1, column c + 1 (``""`` where blank)."""

    file: str
    sheet: str  # "" for CSV
    rows: list[list[str]]
    problems: list[Problem] = field(default_factory=list)  # cells that print nothing that can be trusted
    #: Where a workbook holds a number (A1): the decimals that its format rounds to, None where none does.
    places: dict[str, int | None] = field(default_factory=dict)
    notices: list[Problem] = field(default_factory=list)  # what was read, or left out, and should be looked at
    merged: dict[str, str] = field(default_factory=dict)  # A1 of each cell of a merged range -> the range

    separator: str = ","  # what parts the fields of a delimited file: where it is no comma, numbers may hold one
    marks: dict[str, str] = field(
        default_factory=dict
    )  # A1 -> what the file says of a cell beside its text: 划了删除线
    indents: dict[str, int] = field(default_factory=dict)  # A1 -> how many steps a workbook sets its text in

    def within(self, top: int, left: int, bottom: int, right: int) -> Grid:
        """The grid with nothing outside these zero-based rows and columns (the last ones are outside). Each cell keeps
        its name; what is noticed stays with the whole sheet.
        """

        def holds(cell: str) -> bool:
            at = position(cell)
            return at is None or (top <= at[0] < bottom and left <= at[1] < right)

        rows = [
            [""] * min(left, len(row)) + row[left:right] if top <= r < bottom else [] for r, row in enumerate(self.rows)
        ]
        while rows and not any(rows[-1]):
            rows.pop()
        return replace(
            self, rows=rows, problems=[p for p in self.problems if holds(p.cell)],
            places={cell: n for cell, n in self.places.items() if holds(cell)},
            merged={cell: name for cell, name in self.merged.items() if holds(cell)},
        )  # fmt: skip


def reference(row: int, column: int) -> str:
    """The A1 reference of a zero-based row and column."""
    return f"{column_name(column)}{row + 1}"


@functools.cache  # every cell is named by its column's
def column_name(column: int) -> str:
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def position(name: str) -> tuple[int, int] | None:
    """The zero-based row and column of an A1 reference; None where it is none that a sheet has."""
    letters = name.rstrip("0123456789")
    digits = name[len(letters) :]
    if not (0 < len(letters) <= 3 and letters.isascii() and letters.isalpha() and 0 < len(digits) <= 7):
        return None
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    row = int(digits)
    return (row - 1, column - 1) if 1 <= row <= MOST_ROWS and column <= MOST_COLUMNS else None


def refused(file: str, found: str, expected: str, sheet: str = "", cell: str = "") -> InputError:
    return InputError([Problem(file, sheet, cell, found, expected)])


def named(places: Iterable[str]) -> str:
    """A few of many places, and how many there are: C5、C7、C9 等 12 处."""
    known = list(places)
    return "、".join(known[:_NAMED]) + (f" 等 {len(known)} 处" if len(known) > _NAMED else "")


def spread(rows: list[list[str]], ranges: Iterable[tuple[int, int, int, int]], merged: dict[str, str]) -> None:
    """A merged range (first and last row and column) prints its text in each of its cells, as far as the rows reach."""
    left = MOST_PLACES
    for top, first, bottom, last in ranges:
        if top >= len(rows) or first >= len(rows[top]) or not rows[top][first]:
            continue
        name = f"{reference(top, first)}:{reference(bottom, last)}"
        for r in range(top, min(bottom + 1, len(rows))):
            for c in range(first, min(last + 1, len(rows[r]))):
                left -= 1
                if left < 0:
                    return
                if not rows[r][c] or (r, c) == (top, first):
                    rows[r][c] = rows[top][first]
                    merged[reference(r, c)] = name
