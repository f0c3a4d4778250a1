"""Tables whose cells the format itself parts (DOCX, ruled PDF), matched to contracts by the title above them."""

from __future__ import annotations

from orchestration.documents.lines import Document, DrawnTable, TextLine
from orchestration.documents.tables import FoundTable, title_of
from orchestration.ledgers.contract import Contract

_LOOK_BACK = 3


def drawn_tables(document: Document, contracts: dict[str, Contract]) -> tuple[list[FoundTable], list[TextLine]]:
    """The tables that a contract knows, and all lines that are no part of one."""
    lines: list[TextLine] = []
    found: list[FoundTable] = []
    for block in document.blocks:
        if isinstance(block, DrawnTable):
            above = lines[-_LOOK_BACK:]
            title = next((line for line in reversed(above) if title_of(line, contracts)), None)
            contract = title_of(title, contracts) if title else None
            if contract and title:
                at = above.index(title) - len(above)
                heads = lines[at:]
                del lines[at:]
                rows = [[line.text] for line in heads] + block.rows
                places = [[line.place] for line in heads] + block.places
                found.append(FoundTable(contract.ledger, title.text, rows, places, 0, 0))
            continue
        lines.append(block)
    return found, lines
