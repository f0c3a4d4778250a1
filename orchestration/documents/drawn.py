"""Tables whose cells the format itself parts (DOCX, ruled PDF), matched to contracts by the title above them; and those
that no contract knows. A table that a page break parts is one table again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestration.documents.lines import Document, DrawnTable, Place, TextLine
from orchestration.documents.loose import (
    LooseTable,
    by_headers,
    holds_figures,
    said_above,
    side_by_side,
    with_whole_codes,
)
from orchestration.documents.solve import is_figure
from orchestration.documents.tables import FoundTable, title_of
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.grids.grid import Grid
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.regions import begins_at
from orchestration.ledgers.texts import fold

_LOOK_BACK = 3
_NEAR = 3  # points between two edges that are one
_BETWEEN = re.compile(r"[-—－– ]*\d{0,4}[-—－– ]*|(?:续表|接上页|[（(]续[)）]).*|.*[（(]续表?[)）]")


@dataclass
class _OpenTable:
    """A table that may go on behind a page break."""

    contract: Contract | None  # None: no contract knows it
    title: str
    rows: list[list[str]]
    places: list[list[Place]]
    header: list[str]
    merged: dict[tuple[int, int], str] = field(default_factory=dict)

    def add(self, table: DrawnTable) -> None:
        below = len(self.rows)
        self.rows += table.rows
        self.places += table.places
        self.merged |= {(r + below, c): name for (r, c), name in table.merged.items()}

    def go_on(self, table: DrawnTable) -> bool:
        """Whether a table goes on with this one: under the same header, or in as many columns with figures in its
        first row. A row that the break parted is joined. What no contract knows goes on behind a page break only.
        """
        if self.contract is None:
            pages = [rows[0].page for rows in (self.places[-1], table.places[0])]
            if not pages[0] or pages[1] != pages[0] + 1:
                return False
            table = _aligned(table, self.places)
        first = [fold(text) for text in table.rows[0]]
        again = first == self.header
        if not again and (len(first) != len(self.header) or not self._follows(table.rows)):
            return False
        body = 1 if again else 0
        if body < len(table.rows) and _is_rest(table.rows[body]):
            last = self.rows[-1]
            if len(last) == len(first):
                self.rows[-1] = [a + b for a, b in zip(last, table.rows[body], strict=True)]
            body += 1
        self.add(DrawnTable(table.rows[body:], table.places[body:]))
        return True

    def _follows(self, rows: list[list[str]]) -> bool:
        """Whether rows without a header go on: they hold figures, below what a break left of a name; or the table has
        none yet, where the break stands below its header.
        """
        body = rows[1:] if len(rows) > 1 and _is_rest(rows[0]) else rows
        if any(map(is_figure, body[0])):
            return True
        return self.contract is None and not any(is_figure(squeeze(text)) for row in self.rows for text in row)


def _aligned(table: DrawnTable, places: list[list[Place]]) -> DrawnTable:
    """A table that goes on with fewer cells a row (its header parted more), each in the column that begins where it
    does; as it is where one begins elsewhere.
    """
    begins = [place.box[0] for place in max(places, key=len) if place.box]
    at = [_where(place, begins) for place in table.places[0]]
    told = [c for c in at if c is not None]
    if len(at) == len(begins) or len(told) < len(at) or told != sorted(set(told)):
        return table
    rows = [[""] * len(begins) for _ in table.rows]
    where = [[row[0]] * len(begins) for row in table.places]
    for r, (texts, found) in enumerate(zip(table.rows, table.places, strict=True)):
        for c, text, place in zip(told, texts, found, strict=True):
            rows[r][c], where[r][c] = text, place
    return DrawnTable(rows, where, {(r, told[c]): name for (r, c), name in table.merged.items()})


def _where(place: Place, begins: list[int]) -> int | None:
    """The column that begins where a cell does."""
    return next((c for c, begin in enumerate(begins) if place.box and abs(begin - place.box[0]) <= _NEAR), None)


def _is_rest(row: list[str]) -> bool:
    """The rest of a name whose row stands above the break: no number, no figure."""
    return not squeeze(row[0]) and any(map(squeeze, row)) and not any(is_figure(squeeze(text)) for text in row)


def drawn_tables(
    document: Document, contracts: dict[str, Contract]
) -> tuple[list[FoundTable], list[LooseTable], list[TextLine]]:
    """The tables that a contract knows, all others that hold figures, and all lines that are no part of one."""
    lines: list[TextLine] = []
    found: list[_OpenTable] = []
    last: _OpenTable | None = None
    for block in document.blocks:
        if isinstance(block, TextLine):
            lines.append(block)
            if not _BETWEEN.fullmatch(squeeze(block.text)):
                last = None
            continue
        if last and last.go_on(block):
            continue
        last = _begun(lines, block, _beginning_in(block, contracts))
        found.append(last)
    known = [
        FoundTable(each.contract.ledger, each.title, each.rows, each.places, 0, 0, merged=each.merged)
        for each in found if each.contract
    ]  # fmt: skip
    loose = [
        with_whole_codes(part)
        for each in found if each.contract is None and holds_figures(each.rows)
        for one in by_headers(LooseTable(each.title, each.rows, each.places, each.merged))
        for part in side_by_side(one)
    ]  # fmt: skip
    return known, loose, lines


def _beginning_in(table: DrawnTable, contracts: dict[str, Contract]) -> dict[str, Contract]:
    """The contracts, of those for a part of a form only whose part begins in the table."""
    whole = Grid("", "", table.rows)
    return {name: each for name, each in contracts.items() if not each.region or begins_at(whole, each.region)}


def _begun(lines: list[TextLine], table: DrawnTable, contracts: dict[str, Contract]) -> _OpenTable:
    """The table under the last title above it; the title's lines become its first rows. A title may also stand in the
    table's own first row.
    """
    above = lines[-_LOOK_BACK:]
    header = [fold(text) for text in table.rows[0]]
    title = next((line for line in reversed(above) if title_of(line, contracts)), None)
    contract = title_of(title, contracts) if title else None
    if title is None or contract is None:
        told, unit = said_above(above)
        said = [text for text in (told, unit) if text]
        place = above[-1].place if above else table.places[0][0]
        opened = _OpenTable(None, told, [[text] for text in said], [[place] for _ in said], header)
    else:
        heads = lines[above.index(title) - len(above) :]
        del lines[above.index(title) - len(above) :]
        rows, places = [[line.text] for line in heads], [[line.place] for line in heads]
        opened = _OpenTable(contract, title.text, rows, places, header)
    opened.add(table)
    return opened
