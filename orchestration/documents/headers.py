"""The header of a table in lines of text: the longest run of a contract's column names, with nothing between them, over
as many lines as it is broken over. Reads no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.documents.columns import Span, spans_of
from orchestration.documents.lines import TextLine
from orchestration.ledgers.contract import Column, Contract
from orchestration.ledgers.texts import fold

_MOST_LINES = 12
_MOST_CHARACTERS = 400


@dataclass(frozen=True)
class HeaderLines:
    """A run of column names."""

    columns: list[Column]  # in the order in which they are printed
    below: int  # the first line below them
    spans: list[Span] | None  # where each stands, where lines have boxes


def longest_header(lines: Sequence[TextLine], first: int, contract: Contract) -> HeaderLines | None:
    """The longest run of column names that begins with a line."""
    joined = ""
    found: HeaderLines | None = None
    for at in range(first, min(first + _MOST_LINES, len(lines))):
        joined += fold(lines[at].text)
        if len(joined) > _MOST_CHARACTERS:
            break
        named = _named(joined, contract)
        if named is not None:
            spans = spans_of(lines[first : at + 1], [(begin, end) for _, begin, end in named])
            found = HeaderLines([column for column, _, _ in named], at + 1, spans)
        elif found:
            break
    return found


def _named(text: str, contract: Contract) -> list[tuple[Column, int, int]] | None:
    """The columns that a text names, each with its stretch of it; None where it is anything else."""
    found: list[tuple[Column, int, int]] = []
    at = 0
    while at < len(text):
        candidates = [
            (len(header), column)
            for column in contract.printed_columns
            if all(column is not other for other, _, _ in found)
            for header in column.paths
            if text.startswith(header, at)
        ]
        if not candidates:
            return None
        length, column = max(candidates, key=lambda each: each[0])
        found.append((column, at, at + length))
        at += length
    return found
