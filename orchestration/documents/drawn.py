"""Tables whose cells the format itself parts (DOCX, ruled PDF), matched to contracts by the title above them. A table
that a page break parts is one table again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestration.documents.lines import Document, DrawnTable, Place, TextLine
from orchestration.documents.solve import is_figure
from orchestration.documents.tables import FoundTable, title_of
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.texts import fold

_LOOK_BACK = 3
_BETWEEN = re.compile(r"[-—－– ]*\d{0,4}[-—－– ]*|(?:续表|接上页|[（(]续[)）]).*|.*[（(]续表?[)）]")


@dataclass
class _OpenTable:
    """A table that may go on behind a page break."""

    contract: Contract
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
        first row. A row that the break parted is joined.
        """
        first = [fold(text) for text in table.rows[0]]
        again = first == self.header
        if not again and (len(first) != len(self.header) or not any(map(is_figure, table.rows[0]))):
            return False
        body = 1 if again else 0
        if body < len(table.rows) and _is_rest(table.rows[body]):
            last = self.rows[-1]
            if len(last) == len(first):
                self.rows[-1] = [a + b for a, b in zip(last, table.rows[body], strict=True)]
            body += 1
        self.add(DrawnTable(table.rows[body:], table.places[body:]))
        return True


def _is_rest(row: list[str]) -> bool:
    """The rest of a name whose row stands above the break: no number, no figure."""
    return not squeeze(row[0]) and any(map(squeeze, row)) and not any(is_figure(squeeze(text)) for text in row)


def drawn_tables(document: Document, contracts: dict[str, Contract]) -> tuple[list[FoundTable], list[TextLine]]:
    """The tables that a contract knows, and all lines that are no part of one."""
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
        last = _begun(lines, block, contracts)
        if last:
            found.append(last)
    return [
        FoundTable(each.contract.ledger, each.title, each.rows, each.places, 0, 0, merged=each.merged) for each in found
    ], lines


def _begun(lines: list[TextLine], table: DrawnTable, contracts: dict[str, Contract]) -> _OpenTable | None:
    """The table under the last title above it; the title's lines become its first rows. A title may also stand in the
    table's own first row.
    """
    above = lines[-_LOOK_BACK:]
    title = next((line for line in reversed(above) if title_of(line, contracts)), None)
    contract = title_of(title, contracts) if title else None
    if title is None or contract is None or not table.rows:
        return None
    heads = lines[above.index(title) - len(above) :]
    del lines[above.index(title) - len(above) :]
    header = [fold(text) for text in table.rows[0]]
    opened = _OpenTable(contract, title.text, [[line.text] for line in heads], [[line.place] for line in heads], header)
    opened.add(table)
    return opened
